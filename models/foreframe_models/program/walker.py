"""Following a trace frame by frame: where it may stand, and which frames may come next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from foreframe_models.program.flow import CALLED, LineFlow
from foreframe_protocol.states import Event, State

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Function, Program


class Standing(Enum):
    """What the last frame of an activation was."""

    LINE = "line"  # a call or line frame, or a call that it made and that came back
    EXCEPTION = "exception"
    RETURNED = "returned"
    LEFT = "left by an exception"  # its caller has yet to show that


@dataclass(frozen=True, slots=True)
class Move:
    """A frame that one activation may show next, and where that leaves it.

    `line` is the line as the function's maps have it: CALLED (0) on the call frame.
    """

    event: Event
    line: int
    standing: Standing


def moves(
    function: Function,
    line: int,
    standing: Standing,
    *,
    raising: bool = True,
    flow: LineFlow | None = None,
) -> list[Move]:
    """The frames that an activation itself may show next. Calls it makes are not among them.

    `raising`: whether a new exception may come up on its line. `flow`: instead of the function's.
    """
    flow = flow or function.flow
    found: list[Move] = []
    if standing is Standing.LINE:
        following = flow.successors.get(line, ())
        found += (Move(Event.LINE, after, Standing.LINE) for after in sorted(following))
        if line in flow.returns or line in flow.yields:
            found.append(Move(Event.RETURN, line, Standing.RETURNED))
        if line in flow.reraises:
            found.append(Move(Event.RETURN, line, Standing.LEFT))
        if raising and line in flow.raises:
            found.append(Move(Event.EXCEPTION, line, Standing.EXCEPTION))
    elif standing is Standing.EXCEPTION:
        following = flow.handlers.get(line, ())
        found += (Move(Event.LINE, after, Standing.LINE) for after in sorted(following))
        # An observed exception, an interrupt say, may stand where none was foreseen.
        if line in flow.unwinds or not (found or line in flow.swallows):
            found.append(Move(Event.RETURN, line, Standing.LEFT))
    return found


def entries(function: Function) -> list[Move]:
    """The call frames of a function: its start, and the lines that a generator is resumed on."""
    found = [Move(Event.CALL, CALLED, Standing.LINE)]
    found += (Move(Event.CALL, line, Standing.LINE) for line in sorted(function.yields))
    return found


def ahead(function: Function, line: int) -> set[int]:
    """Every line that an activation may come to from `line`, `line` itself among them."""
    found, todo = {line}, [line]
    while todo:
        at = todo.pop()
        for ways in (function.flow.successors, function.flow.handlers):
            fresh = ways.get(at, set()) - found
            found |= fresh
            todo += fresh
    return found


def shown_line(function: Function, line: int) -> int:
    """The line that a frame shows: that of the `def` for a call frame."""
    return line if line != CALLED else function.def_line


def standings(function: Function, state: State, depth: int) -> list[tuple[int, Standing]]:
    """Where the scope at `depth` of a state's stack may stand, as (line, standing)."""
    scope = state.stack[depth]
    if depth < len(state.stack) - 1:
        return [(line, Standing.LINE) for line in _on_line(function, scope.line)]
    match state.event:
        case Event.CALL:
            called = [CALLED] if scope.line == function.def_line else []
            called += [scope.line] if scope.line in function.yields else []
            return [(line, Standing.LINE) for line in called or [CALLED]]
        case Event.EXCEPTION:
            return [(line, Standing.EXCEPTION) for line in _on_line(function, scope.line)]
        case Event.RETURN:
            return [
                (line, standing)
                for line in _on_line(function, scope.line)
                for standing in (Standing.RETURNED, Standing.LEFT)
                if standing is Standing.RETURNED or _may_be_left(function, line, state)
            ]
        case _:
            return [(line, Standing.LINE) for line in _on_line(function, scope.line)]


def _on_line(function: Function, line: int) -> list[int]:
    """A line, and the call frame when that stands there too and shows no line of its own."""
    if line in function.flow.places:
        return [line]
    return [CALLED] if line == function.def_line else [line]


def _may_be_left(function: Function, line: int, state: State) -> bool:
    """Whether a return frame there may be that of a scope that an exception left."""
    if state.value is not None and state.value.text != "None":
        return False
    flow = function.flow
    return line in flow.unwinds or line in flow.reraises or line in flow.swallows


@dataclass(frozen=True, slots=True, eq=False)
class _Activation:
    """An activation on a possible stack, linked to the one that called it."""

    function: Function
    line: int
    standing: Standing
    caller: _Activation | None

    @property
    def key(self) -> tuple[int, int, Standing, int]:
        return self.function.id, self.line, self.standing, id(self.caller)


@dataclass(frozen=True, slots=True)
class Landing:
    """A frame that may come next: its event, and the function and line that it shows."""

    event: Event
    function: Function
    line: int


class Walker:
    """Follows a trace through a program along every way that fits what was seen so far."""

    def __init__(self, program: Program, tops: Iterable[_Activation | None]) -> None:
        self.program = program
        self._tops = list(tops)

    @classmethod
    def from_state(cls, program: Program, state: State) -> Walker:
        """Follows from any state. An empty one is followed by a call of any function."""
        tops: list[_Activation | None] = [None]
        for depth, scope in enumerate(state.stack):
            function = program.function_for(scope.function, scope.scope_line)
            places = standings(function, state, depth)
            tops = [_Activation(function, *place, top) for top in tops for place in places]
        return cls(program, tops)

    @classmethod
    def ahead(cls, program: Program, state: State) -> Walker:
        """Follows from anywhere that the innermost scope of a state may come to by itself."""
        tops: dict[tuple[int, int, Standing, int], _Activation] = {}
        for top in cls.from_state(program, state)._tops:
            if top is not None and top.standing is Standing.RETURNED:
                top = top.caller
            if top is not None and top.standing is Standing.LINE:
                for line in ahead(top.function, top.line):
                    there = _Activation(top.function, line, Standing.LINE, top.caller)
                    tops[there.key] = there
        return cls(program, tops.values())

    def copy(self) -> Walker:
        """Another one at the same place."""
        return Walker(self.program, self._tops)

    def stacks(self) -> list[tuple[tuple[Function, int], ...]]:
        """The possible stacks, outermost scope first; 0 is the call frame's line."""
        found = []
        for top in self._tops:
            stack: list[tuple[Function, int]] = []
            while top is not None:
                stack.append((top.function, top.line))
                top = top.caller
            found.append(tuple(reversed(stack)))
        return found

    def possible(self) -> list[Landing]:
        """The frames that may come next, each once."""
        found = {
            Landing(event, after.function, shown_line(after.function, after.line)): None
            for top in self._tops
            for event, after in self._next(top)
        }
        return list(found)

    def advance(
        self, event: Event, *, line: int | None = None, source: str | None = None,
        function: str | None = None,
    ) -> Landing | None:  # fmt: skip
        """Goes on to the next frame, told by its line or its source text, and says where that is.

        Of several places that fit, all are followed and the first one is named. None when no such
        frame can come next; the walker then stays where it was.
        """
        found: dict[tuple[int, int, Standing, int], _Activation] = {}
        first: Landing | None = None
        text = None if source is None else source.rstrip("\n")
        for top in self._tops:
            for kind, after in self._next(top):
                shown = shown_line(after.function, after.line)
                if (
                    kind is event
                    and (line is None or shown == line)
                    and (text is None or self.program.line_text(shown) == text)
                    and (function is None or after.function.qualname == function)
                ):
                    first = first or Landing(kind, after.function, shown)
                    found.setdefault(after.key, after)
        if first is not None:
            self._tops = list(found.values())
        return first

    def _next(self, top: _Activation | None) -> Iterator[tuple[Event, _Activation]]:
        """The frames after one possible stack, as the activation on top of it then."""
        if top is None:
            yield from self._called((f.id for f in self.program.functions), None)
            return
        if top.standing in (Standing.RETURNED, Standing.LEFT):
            caller = top.caller
            if caller is None:
                return
            if top.standing is Standing.LEFT:
                raised = _Activation(
                    caller.function, caller.line, Standing.EXCEPTION, caller.caller
                )
                yield Event.EXCEPTION, raised
                if not may_swallow(caller.function, caller.line, top.function):
                    return
            yield from self._next(caller)
            return
        for move in moves(top.function, top.line, top.standing):
            yield move.event, _Activation(top.function, move.line, move.standing, top.caller)
        if top.standing is Standing.EXCEPTION:
            if top.line not in top.function.flow.swallows:
                return
            top = _Activation(top.function, top.line, Standing.LINE, top.caller)
            yield from self._next(top)
            return
        if top.line != CALLED:
            called = top.function.calls.get(top.line, frozenset())
            yield from self._called(sorted(called | self.program.resumable), top)

    def _called(
        self, functions: Iterable[int], caller: _Activation | None
    ) -> Iterator[tuple[Event, _Activation]]:
        for ident in functions:
            function = self.program.functions[ident]
            for entry in entries(function):
                yield Event.CALL, _Activation(function, entry.line, entry.standing, caller)


def may_swallow(caller: Function, line: int, callee: Function) -> bool:
    """Whether what a callee raises may end between it and its caller, in other code."""
    return callee.is_generator or callee.id in caller.implicit_calls.get(line, ())
