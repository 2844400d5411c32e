"""The legal continuations of a trace as a context-free grammar, which ends where an action does.

Every state of an activation is a nonterminal that derives the frames leading there ("this
invocation of function 1, so far, ending on line 9"), so rules are left-recursive:

    f1_9:  f1_8 t4 | f1_9 c1k      an edge of control flow | a call that came back
    f1k:   f1_12 t7                k: returned; e: left by an exception; b: stopped within

A frame on which the action ends leads to the state `b`, from which nothing continues. The scopes
of the stack that a walk starts from are activations z0, z1, ... that begin in mid-way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from foreframe_models.flow import CALLED, LineFlow
from foreframe_models.lark import Grammar, GrammarTooLarge
from foreframe_models.walker import Standing, entries, may_swallow, moves, shown_line, standings
from foreframe_protocol.states import Action, Event, Goal, State

if TYPE_CHECKING:
    from foreframe_models.control_flow import Function, Program

__all__ = ["Exceptions", "FrameWriter", "GrammarTooLarge", "frame_grammar", "walk_grammar"]

MAX_CALLEES = 100  # of one line
Exceptions = Literal["all", "likely", "none"]


class FrameWriter(Protocol):
    """How a dialect writes frames: each method gives a lark expression of one whole frame.

    Rules and terminals that expressions name come from `prelude`, which is asked for last. Rule
    names that start with `w` and terminals (upper case) are the writer's own. `previous` is the
    line that the same activation stood on before, None after its call frame, so that an edge of
    control flow can have a rule of its own:

        class Tokens:
            def line(self, function, line, previous):
                names = function.binds.get(previous, ()) if previous else ()
                changes = " | ".join(f"<[{self.id(name)}]> wvalue" for name in sorted(names))
                return f"<[1]> ({changes})* <[{self.line_id(line)}]>" if changes else ...
            def prelude(self):
                return "wvalue: <[20-90]>+ <[91]>"
    """

    def call(self, function: Function, line: int | None) -> str:
        """A call frame; `line` is where a generator is resumed, None at a function's start."""

    def line(self, function: Function, line: int, previous: int | None) -> str:
        """A line frame."""

    def returned(self, function: Function, line: int) -> str:
        """A return frame, also of a scope that an exception left."""

    def raised(self, function: Function, line: int) -> str:
        """An exception frame."""

    def prelude(self) -> str:
        """The rules and terminals that the expressions given so far need."""


def walk_grammar(
    program: Program, state: State, goal: Goal, writer: FrameWriter, *, exceptions: Exceptions
) -> str:
    """A lark grammar of every walk from `state` that ends on the goal, or with the entry scope.

    `exceptions`: "all" lets any line raise that can; "likely" those with `raise` or `assert` and
    those under a `try` with handlers; "none" no line, unless nothing else is possible. What a
    callee raises goes on in its caller in any case, and so does the StopIteration of what is
    awaited. Raises GrammarTooLarge, also where no walk ends.
    """
    text = _Builder(program, state, goal, writer, exceptions).text()
    if text is None and exceptions == "none":
        text = _Builder(program, state, goal, writer, "likely").text()
    if text is None:
        text = _Builder(program, state, goal, writer, "all").text()
    if text is None:  # an endless loop, say: it can be walked, but never as a whole
        raise GrammarTooLarge("no walk from here ends")
    return text


def frame_grammar(
    program: Program, state: State, goal: Goal, writer: FrameWriter, *, exceptions: Exceptions
) -> str:
    """A lark grammar of the single frame that comes next. The goal is the caller's to look for.

    Raises ValueError for a state after which no frame comes.
    """
    frames = _next_frames(program, state, writer, exceptions)
    if not frames:
        frames = _next_frames(program, state, writer, "all")
    if not frames:
        raise ValueError("no frame can come after this state: the trace is over")
    return f"start: {' | '.join(f'({f})' for f in frames)}\n{writer.prelude()}\n"


def _next_frames(
    program: Program, state: State, writer: FrameWriter, exceptions: Exceptions
) -> list[str]:
    found: dict[str, None] = {}
    builder = _Builder(program, state, Goal(Action.STEP_INTO), writer, exceptions)

    def add(function: Function, line: int, standing: Standing) -> None:
        raising = builder.may_raise(function, line)
        for move in moves(function, line, standing, raising=raising):
            found[write_frame(writer, function, move.event, move.line, line)] = None
        if standing is Standing.LINE and line != CALLED:
            for ident in sorted(function.calls.get(line, ())):
                callee = program.functions[ident]
                for entry in entries(callee):
                    found[write_frame(writer, callee, Event.CALL, entry.line, CALLED)] = None
        if standing is Standing.EXCEPTION and line in function.flow.swallows:
            add(function, line, Standing.LINE)

    depth = len(state.stack) - 1
    top = program.function_for(state.top.function, state.top.scope_line)
    for line, standing in standings(top, state, depth):
        if standing in (Standing.LINE, Standing.EXCEPTION):
            add(top, line, standing)
        elif depth > 0:
            scope = state.stack[depth - 1]
            caller = program.function_for(scope.function, scope.scope_line)
            for at, _ in standings(caller, state, depth - 1):
                if standing is Standing.LEFT:
                    found[write_frame(writer, caller, Event.EXCEPTION, at, at)] = None
                if standing is Standing.RETURNED or may_swallow(caller, at, top):
                    add(caller, at, Standing.LINE)
    return list(found)


def write_frame(
    writer: FrameWriter, function: Function, event: Event, line: int, previous: int
) -> str:
    """The expression of one frame; lines as the function's maps have them, CALLED included."""
    match event:
        case Event.CALL:
            return writer.call(function, None if line == CALLED else line)
        case Event.LINE:
            return writer.line(function, line, None if previous == CALLED else previous)
        case Event.RETURN:
            return writer.returned(function, shown_line(function, line))
        case Event.EXCEPTION:
            return writer.raised(function, shown_line(function, line))


@dataclass(frozen=True, slots=True)
class _Scope:
    """An activation in the grammar: a scope of the stack, or any call of a function.

    `depth` is None where it is beyond the level of the step. `thrown`: a generator that is resumed
    by an exception, as when it is dropped.
    """

    prefix: str
    function: Function
    depth: int | None

    def state(self, line: int, standing: Standing) -> str:
        """The nonterminal of a state."""
        return f"{self.prefix}_{'x' if standing is Standing.EXCEPTION else ''}{line}"


_Place = tuple[_Scope, str, int, Standing]  # a scope, the nonterminal of its state, that state


class _Builder:
    """Collects the rules of one grammar."""

    def __init__(
        self,
        program: Program,
        state: State,
        goal: Goal,
        writer: FrameWriter,
        exceptions: Exceptions,
    ) -> None:
        self.program, self.start, self.goal, self.writer = program, state, goal, writer
        self.exceptions = exceptions
        self.level = len(state.stack) - (2 if state.event is Event.RETURN else 1)
        self.grammar = Grammar()
        self.todo: list[_Place] = []
        self.seen: set[str] = set()
        self.scopes: dict[str, _Scope] = {}
        self.groups: dict[tuple[frozenset[int], int | None], str] = {}

    def text(self) -> str | None:
        """The grammar, None when it has no walk."""
        if not self.start.stack:
            raise ValueError("a walk starts from a stack of scopes, and this one is empty")
        if self.start.event is Event.RETURN and len(self.start.stack) == 1:
            return None
        self.open_stack()
        while self.todo:
            self.leave(*self.todo.pop())
        starts = [("z0k",), ("z0e",), ("z0b",)]
        return self.grammar.text(starts, self.writer.prelude)

    def may_raise(self, function: Function, line: int) -> bool:
        """Whether this grammar lets a line raise by itself."""
        if line in function.flow.awaits or self.exceptions == "all":
            return True
        return self.exceptions == "likely" and function.raises(line)

    def flow(self, scope: _Scope) -> LineFlow:
        """The flow of a scope: that without handlers where nothing can raise."""
        if self.exceptions == "none" and scope.prefix[0] == "f":
            return scope.function.plain_flow
        return scope.function.flow

    # The stack that the walk starts from.

    def open_stack(self) -> None:
        """The states that the walk starts from: the top scope's, and each caller's after it."""
        state = self.start
        functions = [self.program.function_for(s.function, s.scope_line) for s in state.stack]
        depth = len(functions) - 1
        scopes = [_Scope(f"z{d}", function, d) for d, function in enumerate(functions)]
        for line, standing in standings(functions[depth], state, depth):
            seed = self.seed(scopes[depth], line, standing)
            self.grammar.add(seed, ())
        for d in range(depth - 1, -1, -1):
            scope, inner = scopes[d], f"z{d + 1}"
            for line, _ in standings(functions[d], state, d):
                seed = self.seed(scope, line, Standing.LINE)
                self.grammar.add(seed, (f"{inner}k",))
                self.grammar.add(f"{scope.prefix}b", (f"{inner}b",))
                raised = (f"{inner}e", self.frame(scope, Event.EXCEPTION, line, line))
                self.arrive(scope, raised, Event.EXCEPTION, line, Standing.EXCEPTION)
                if may_swallow(functions[d], line, functions[d + 1]):
                    self.grammar.add(seed, (f"{inner}e",))

    def seed(self, scope: _Scope, line: int, standing: Standing) -> str:
        """A nonterminal for a state that the walk starts in: unlike others it is no target."""
        if standing is Standing.RETURNED:
            return f"{scope.prefix}k"
        if standing is Standing.LEFT:
            return f"{scope.prefix}e"
        name = f"{scope.state(line, standing)}s"
        self.visit(scope, name, line, standing)
        return name

    # States and what leads out of them.

    def visit(self, scope: _Scope, name: str, line: int, standing: Standing) -> None:
        if name not in self.seen:
            self.seen.add(name)
            self.todo.append((scope, name, line, standing))

    def frame(self, scope: _Scope, event: Event, line: int, previous: int) -> str:
        """The symbol of a frame."""
        text = write_frame(self.writer, scope.function, event, line, previous)
        return self.grammar.frame(text)

    def is_target(self, scope: _Scope, event: Event, line: int) -> bool:
        """Whether the walk ends on this frame. See Goal.reached."""
        goal, function = self.goal, scope.function
        if event is Event.LINE and (function.scope_line, line) in goal.lines:
            return True
        if event is Event.EXCEPTION and goal.exceptions:
            return True
        near = scope.depth is not None and scope.depth <= self.level
        match goal.action:
            case Action.STEP_INTO:
                return event in goal.events
            case Action.STEP_OVER:
                return event in goal.events and near
            case Action.STEP_OUT:
                return event is Event.RETURN and near
            case Action.RUN_TO:
                return False

    def arrive(
        self, scope: _Scope, way: tuple[str, ...], event: Event, line: int, standing: Standing
    ) -> None:
        """Adds `way`, which ends on a frame, to the state that this frame leads to."""
        if self.is_target(scope, event, line):
            self.grammar.add(f"{scope.prefix}b", way)
        elif standing is Standing.RETURNED:
            self.grammar.add(f"{scope.prefix}k", way)
        elif standing is Standing.LEFT:
            self.grammar.add(f"{scope.prefix}e", way)
        elif standing is Standing.EXCEPTION and self.only_unwinds(scope, line):
            left = (*way, self.frame(scope, Event.RETURN, line, line))
            self.arrive(scope, left, Event.RETURN, line, Standing.LEFT)
        else:
            name = scope.state(line, standing)
            self.grammar.add(name, way)
            self.visit(scope, name, line, standing)

    def only_unwinds(self, scope: _Scope, line: int) -> bool:
        """Whether an exception there can but leave the scope: a state less in the grammar."""
        flow = self.flow(scope)
        return not flow.handlers.get(line) and line not in flow.swallows and line in flow.unwinds

    def leave(self, scope: _Scope, name: str, line: int, standing: Standing) -> None:
        """Every way out of a state."""
        function = scope.function
        flow = self.flow(scope)
        raising = self.may_raise(function, line)
        for move in moves(function, line, standing, raising=raising, flow=flow):
            frame = self.frame(scope, move.event, move.line, line)
            self.arrive(scope, (name, frame), move.event, move.line, move.standing)
        if standing is Standing.EXCEPTION:
            if line in flow.swallows:
                again = scope.state(line, Standing.LINE)
                self.grammar.add(again, (name,))
                self.visit(scope, again, line, Standing.LINE)
        elif line != CALLED:
            self.call_from(scope, name, line)

    # Calls.

    def call_from(self, scope: _Scope, name: str, line: int) -> None:
        """The calls that a line can make, and what their ends lead to."""
        function, program = scope.function, self.program
        called = function.calls.get(line, frozenset())
        depth = None
        if scope.depth is not None and scope.depth + 1 <= self.level:
            depth = scope.depth + 1
        if called:
            group = self.group(called, depth)
            self.grammar.add(name, (name, f"{group}k"))
            self.grammar.add(f"{scope.prefix}b", (name, f"{group}b"))
            raised = (name, f"{group}e", self.frame(scope, Event.EXCEPTION, line, line))
            self.arrive(scope, raised, Event.EXCEPTION, line, Standing.EXCEPTION)
            swallowed = frozenset(
                c for c in called if may_swallow(function, line, program.functions[c])
            )
            if swallowed:
                self.grammar.add(name, (name, f"{self.group(swallowed, depth)}e"))
        if self.exceptions == "all" and program.resumable:
            group = self.group(program.resumable, depth, thrown=True)
            self.grammar.add(name, (name, f"{group}k"))
            self.grammar.add(name, (name, f"{group}e"))
            self.grammar.add(f"{scope.prefix}b", (name, f"{group}b"))

    def group(self, functions: frozenset[int], depth: int | None, *, thrown: bool = False) -> str:
        """The start of the nonterminals of a call of any of these functions."""
        if len(functions) > MAX_CALLEES:
            raise GrammarTooLarge(f"a line that may call {len(functions)} functions")
        key = functions | {-1} if thrown else functions
        if (key, depth) not in self.groups:
            name = self.groups[key, depth] = f"c{len(self.groups)}"
            for ident in sorted(functions):
                prefix = self.activation(self.program.functions[ident], depth, thrown).prefix
                for end in "keb":
                    self.grammar.add(name + end, (prefix + end,))
        return self.groups[key, depth]

    def activation(self, function: Function, depth: int | None, thrown: bool) -> _Scope:
        """The scope of a call of `function`."""
        near = "" if depth is None else f"at{depth}_"
        prefix = f"f{'d' if thrown else ''}{near}{function.id}"
        if prefix not in self.scopes:
            scope = self.scopes[prefix] = _Scope(prefix, function, depth)
            for entry in entries(function):
                frame = self.frame(scope, Event.CALL, entry.line, CALLED)
                if not thrown:
                    self.arrive(scope, (frame,), Event.CALL, entry.line, entry.standing)
                elif self.is_target(scope, Event.CALL, entry.line):
                    self.grammar.add(f"{prefix}b", (frame,))
                elif entry.line != CALLED:
                    raised = self.frame(scope, Event.EXCEPTION, entry.line, entry.line)
                    self.arrive(
                        scope, (frame, raised), Event.EXCEPTION, entry.line, Standing.EXCEPTION
                    )
        return self.scopes[prefix]
