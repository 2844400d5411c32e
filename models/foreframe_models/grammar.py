"""The legal continuations of a trace as a context-free grammar, which ends where an action does.

Every state of an activation is a nonterminal that derives the frames leading there ("this
invocation of function 1, so far, ending on line 9, with these names bound"), so rules are
left-recursive:

    f1_9:  f1_8 t4 | f1_9 c1k      an edge of control flow | a call that came back
    f1k:   f1_12 t7                k: returned; e: left by an exception; b: stopped within

A frame on which the action ends leads to the state `b`, from which nothing continues. The scopes
of the stack that a walk starts from are activations z0, z1, ... that begin in mid-way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from foreframe_models.frame_writer import (
    FrameWriter,
    called_orders,
    following_orders,
    shown_order,
    write_frame,
)
from foreframe_models.lark import MAX_ITEMS, Grammar, GrammarTooLarge
from foreframe_models.program.flow import CALLED, LineFlow
from foreframe_models.program.walker import (
    Move,
    Standing,
    entries,
    may_swallow,
    moves,
    standings,
)
from foreframe_protocol.states import Action, Event, Goal, State

if TYPE_CHECKING:
    from foreframe_models.program.binding import Names
    from foreframe_models.program.control_flow import Function, Program

__all__ = [
    "Exceptions",
    "FrameWriter",
    "GrammarTooLarge",
    "NothingFollows",
    "frame_grammar",
    "walk_grammar",
]

MAX_CALLEES = 100  # of one line
Exceptions = Literal["all", "likely", "none"]


class NothingFollows(ValueError):
    """The trace is over, or a line goes on for ever without a frame: `while True: pass`."""


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

    Raises NothingFollows for a state after which no frame comes.
    """
    frames = _next_frames(program, state, writer, exceptions)
    if not frames:
        frames = _next_frames(program, state, writer, "all")
    if not frames:
        raise NothingFollows("no frame can come after this state: the trace is over, or hangs")
    return f"start: {' | '.join(f'({f})' for f in frames)}\n{writer.prelude()}\n"


def _next_frames(
    program: Program, state: State, writer: FrameWriter, exceptions: Exceptions
) -> list[str]:
    found: dict[str, None] = {}
    builder = _Builder(program, state, Goal(Action.STEP_INTO), writer, exceptions)

    def add(function: Function, line: int, standing: Standing, order: Names | None) -> None:
        raising = builder.may_raise(function, line)
        for move in moves(function, line, standing, raising=raising):
            for after in following_orders(function, move, line, order):
                frame = write_frame(writer, function, move.event, move.line, line, order, after)
                found[frame] = None
        if standing is Standing.LINE and line != CALLED:
            for ident in sorted(function.calls.get(line, ())):
                callee = program.functions[ident]
                for entry in entries(callee):
                    for names in called_orders(callee, entry.line):
                        frame = write_frame(
                            writer, callee, Event.CALL, entry.line, CALLED, None, names
                        )
                        found[f"{writer.evaluated(line)} {frame}".lstrip()] = None
        if standing is Standing.EXCEPTION and line in function.flow.swallows:
            add(function, line, Standing.LINE, order)

    depth = len(state.stack) - 1
    top = program.function_for(state.top.function, state.top.scope_line)
    for line, standing in standings(top, state, depth):
        if standing in (Standing.LINE, Standing.EXCEPTION):
            add(top, line, standing, shown_order(top, line, state.top))
        elif depth > 0:
            scope = state.stack[depth - 1]
            caller = program.function_for(scope.function, scope.scope_line)
            for at, _ in standings(caller, state, depth - 1):
                if standing is Standing.LEFT:
                    frame = write_frame(writer, caller, Event.EXCEPTION, at, at, None, None)
                    found[frame] = None
                if standing is Standing.RETURNED or may_swallow(caller, at, top):
                    add(caller, at, Standing.LINE, shown_order(caller, at, scope))
    return list(found)


@dataclass(frozen=True, slots=True)
class _Scope:
    """An activation in the grammar: a scope of the stack, or any call of a function.

    `depth` is None where it is beyond the level of the step. `thrown`: a generator that is resumed
    by an exception, as when it is dropped.
    """

    prefix: str
    function: Function
    depth: int | None


@dataclass(frozen=True, slots=True)
class _At:
    """A state of a scope: its line, what its last frame was, and the names it shows if known."""

    line: int
    standing: Standing
    order: Names | None


_Place = tuple[_Scope, str, _At]  # a scope, the nonterminal of its state, that state


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
        self.orders: dict[Names, int] = {}
        self.states: dict[str, int] = {}  # how many each scope has

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
            order = shown_order(functions[depth], line, state.top)
            seed = self.seed(scopes[depth], _At(line, standing, order))
            self.grammar.add(seed, ())
        for d in range(depth - 1, -1, -1):
            scope, inner = scopes[d], f"z{d + 1}"
            for line, _ in standings(functions[d], state, d):
                order = shown_order(functions[d], line, state.stack[d])
                seed = self.seed(scope, _At(line, Standing.LINE, order))
                self.grammar.add(seed, (f"{inner}k",))
                self.grammar.add(f"{scope.prefix}b", (f"{inner}b",))
                raised = (f"{inner}e", self.frame(scope, Event.EXCEPTION, line, line))
                at = _At(line, Standing.EXCEPTION, order)
                self.arrive(scope, raised, Event.EXCEPTION, at)
                if may_swallow(functions[d], line, functions[d + 1]):
                    self.grammar.add(seed, (f"{inner}e",))

    def seed(self, scope: _Scope, at: _At) -> str:
        """A nonterminal for a state that the walk starts in: unlike others it is no target."""
        if at.standing is Standing.RETURNED:
            return f"{scope.prefix}k"
        if at.standing is Standing.LEFT:
            return f"{scope.prefix}e"
        name = f"{self.state(scope, at)}s"
        self.visit(scope, name, at)
        return name

    # States and what leads out of them.

    def state(self, scope: _Scope, at: _At) -> str:
        """The nonterminal of a state."""
        caught = "x" if at.standing is Standing.EXCEPTION else ""
        if at.order is None:
            return f"{scope.prefix}_{caught}{at.line}"
        number = self.orders.setdefault(at.order, len(self.orders))
        return f"{scope.prefix}_{caught}{at.line}_{number}"

    def visit(self, scope: _Scope, name: str, at: _At) -> None:
        if name not in self.seen:
            self.seen.add(name)
            self.todo.append((scope, name, at))
            self.states[scope.prefix] = self.states.get(scope.prefix, 0) + 1
            if self.states[scope.prefix] > MAX_ITEMS:  # no use in building the rest
                raise GrammarTooLarge(f"{scope.function.qualname} has over {MAX_ITEMS} states")

    def frame(
        self,
        scope: _Scope,
        event: Event,
        line: int,
        previous: int,
        before: Names | None = None,
        after: Names | None = None,
    ) -> str:
        """The symbol of a frame."""
        text = write_frame(self.writer, scope.function, event, line, previous, before, after)
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

    def arrive(self, scope: _Scope, way: tuple[str, ...], event: Event, at: _At) -> None:
        """Adds `way`, which ends on a frame, to the state that this frame leads to."""
        if self.is_target(scope, event, at.line):
            self.grammar.add(f"{scope.prefix}b", way)
        elif at.standing is Standing.RETURNED:
            self.grammar.add(f"{scope.prefix}k", way)
        elif at.standing is Standing.LEFT:
            self.grammar.add(f"{scope.prefix}e", way)
        elif at.standing is Standing.EXCEPTION and self.only_unwinds(scope, at.line):
            left = (*way, self.frame(scope, Event.RETURN, at.line, at.line))
            self.arrive(scope, left, Event.RETURN, _At(at.line, Standing.LEFT, None))
        else:
            name = self.state(scope, at)
            self.grammar.add(name, way)
            self.visit(scope, name, at)

    def only_unwinds(self, scope: _Scope, line: int) -> bool:
        """Whether an exception there can but leave the scope: a state less in the grammar."""
        flow = self.flow(scope)
        return not flow.handlers.get(line) and line not in flow.swallows and line in flow.unwinds

    def leave(self, scope: _Scope, name: str, at: _At) -> None:
        """Every way out of a state."""
        function, line = scope.function, at.line
        flow = self.flow(scope)
        raising = self.may_raise(function, line)
        for move in moves(function, line, at.standing, raising=raising, flow=flow):
            for after in following_orders(function, move, line, at.order):
                frame = self.frame(scope, move.event, move.line, line, at.order, after)
                end = _At(move.line, move.standing, after)
                self.arrive(scope, (name, frame), move.event, end)
        if at.standing is Standing.EXCEPTION:
            if line in flow.swallows:
                again = _At(line, Standing.LINE, at.order)
                self.grammar.add(self.state(scope, again), (name,))
                self.visit(scope, self.state(scope, again), again)
        elif line != CALLED:
            self.call_from(scope, name, at)

    # Calls.

    def call_from(self, scope: _Scope, name: str, at: _At) -> None:
        """The calls that a line can make, and what their ends lead to."""
        function, program, line = scope.function, self.program, at.line
        called = function.calls.get(line, frozenset())
        depth = None
        if scope.depth is not None and scope.depth + 1 <= self.level:
            depth = scope.depth + 1
        told = self.writer.evaluated(line)
        start = (name, self.grammar.frame(told)) if told else (name,)
        if called:
            group = self.group(called, depth)
            self.grammar.add(name, (*start, f"{group}k"))
            self.grammar.add(f"{scope.prefix}b", (*start, f"{group}b"))
            raised = (*start, f"{group}e", self.frame(scope, Event.EXCEPTION, line, line))
            self.arrive(scope, raised, Event.EXCEPTION, _At(line, Standing.EXCEPTION, at.order))
            swallowed = frozenset(
                c for c in called if may_swallow(function, line, program.functions[c])
            )
            if swallowed:
                self.grammar.add(name, (*start, f"{self.group(swallowed, depth)}e"))
        if self.exceptions == "all" and program.resumable:
            group = self.group(program.resumable, depth, thrown=True)
            self.grammar.add(name, (*start, f"{group}k"))
            self.grammar.add(name, (*start, f"{group}e"))
            self.grammar.add(f"{scope.prefix}b", (*start, f"{group}b"))

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
                for order in called_orders(function, entry.line):
                    self.enter(scope, entry, order, thrown)
        return self.scopes[prefix]

    def enter(self, scope: _Scope, entry: Move, order: Names | None, thrown: bool) -> None:
        """A call frame, and the state that it leads to."""
        frame = self.frame(scope, Event.CALL, entry.line, CALLED, None, order)
        if not thrown:
            at = _At(entry.line, entry.standing, order)
            self.arrive(scope, (frame,), Event.CALL, at)
        elif self.is_target(scope, Event.CALL, entry.line):
            self.grammar.add(f"{scope.prefix}b", (frame,))
        elif entry.line != CALLED:
            raised = self.frame(scope, Event.EXCEPTION, entry.line, entry.line)
            at = _At(entry.line, Standing.EXCEPTION, order)
            self.arrive(scope, (frame, raised), Event.EXCEPTION, at)
