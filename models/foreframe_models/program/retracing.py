"""Control flow backward: which frames may come right before a known one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from foreframe_models.program.flow import CALLED
from foreframe_models.program.walker import may_swallow, shown_line, standings
from foreframe_protocol.states import Event, Frame, State

if TYPE_CHECKING:
    from foreframe_models.program.binding import Names
    from foreframe_models.program.control_flow import Function, Program

_NONE = "None"


@dataclass(frozen=True, slots=True)
class Before:
    """A frame that may come before: its event, its function, and the line as its maps have it.

    `unwinds`: a return frame by which an exception leaves its scope, with the exception before it.
    """

    event: Event
    function: Function
    line: int
    unwinds: bool = False

    @property
    def shown(self) -> int:
        """The line that the frame shows."""
        return shown_line(self.function, self.line)


@dataclass(frozen=True, slots=True)
class Opened:
    """An activation on the way back, and where its own frame before may stand.

    `lines`: those of its line frame, CALLED for its call frame; a generator's line on which it was
    resumed stands for both. `raises`: those of an exception frame. `raised`: one was read.
    """

    function: Function
    lines: frozenset[int]
    raises: frozenset[int] = frozenset()
    raised: bool = False


@dataclass(frozen=True, slots=True)
class Retracing:
    """The activations that are alive before the frame that was read last, outermost first.

    `ends`: where no stack is known, the function whose end was told.
    """

    program: Program
    stack: tuple[Opened, ...] = ()
    end: Function | None = None

    @classmethod
    def from_state(cls, program: Program, state: State) -> Retracing:
        """Goes back from any state."""
        found: list[Opened] = []
        for depth, scope in enumerate(state.stack):
            function = program.function_for(scope.function, scope.scope_line)
            places = frozenset(line for line, _ in standings(function, state, depth))
            if depth < len(state.stack) - 1:
                found.append(Opened(function, places, places & _going_on(function)))
            elif state.event is Event.EXCEPTION:
                found.append(Opened(function, places, raised=True))
            elif state.event is Event.RETURN:
                found.append(Opened(function, places, _unwound(function, places, state)))
            elif state.event is not Event.CALL:
                found.append(_standing_on(function, places))
        return cls(program, tuple(found))

    @classmethod
    def from_end(cls, program: Program, function: Function) -> Retracing:
        """Goes back from the end of a call that nothing else is known of."""
        return cls(program, end=function)

    @classmethod
    def from_line(cls, program: Program, function: Function, line: int) -> Retracing:
        """Goes back to a line frame of a call that is known in part, and on from there."""
        return cls(program, (Opened(function, frozenset({line})),))

    def before(self) -> list[Before]:
        """The frames that may come before, those of the scope on top first; each once."""
        if not self.stack:
            return [] if self.end is None else [*_ends(self.end, raised=True)]
        top = self.stack[-1]
        function, flow = top.function, top.function.flow
        found = [Before(Event.LINE, function, line) for line in sorted(top.lines) if line != CALLED]
        found += (Before(Event.EXCEPTION, function, line) for line in sorted(top.raises))
        starts = {CALLED} | flow.yields
        found += (Before(Event.CALL, function, line) for line in sorted(top.lines & starts))
        for line in sorted(top.lines - {CALLED}):
            for ident in sorted(function.calls.get(line, ())):
                callee = self.program.functions[ident]
                found += _ends(callee, raised=top.raised or may_swallow(function, line, callee))
        return list(dict.fromkeys(found))

    def find(self, frame: Frame, *, unwinds: bool = False) -> Before | None:
        """The one of these frames that `frame` is; None when it cannot come before."""
        for before in self.before():
            place = before.function.qualname, before.function.scope_line, before.shown
            if (
                before.event is frame.event
                and before.unwinds is unwinds
                and place == (frame.function, frame.scope_line, frame.line)
            ):
                return before
        return None

    def find_call(self, frame: Frame) -> Before | None:
        """The call of the scope on top that `frame` is, if it is one."""
        if not self.stack:
            return None
        function = self.stack[-1].function
        calls = (Before(Event.CALL, function, at) for at in sorted({CALLED} | function.yields))
        return next((call for call in calls if call.shown == frame.line), None)

    def after(self, read: Before) -> Retracing:
        """The same once one of these frames was read."""
        function, line = read.function, read.line
        if read.event is Event.RETURN:
            opened = Opened(function, frozenset({line}), raised=read.unwinds)
            return replace(self, stack=(*self._called(function), opened), end=None)
        rest, top = self.stack[:-1], self.stack[-1]
        match read.event:
            case Event.CALL:
                return replace(self, stack=rest)
            case Event.EXCEPTION:
                again = frozenset({line}) & _swallows(function)
                top = replace(top, lines=frozenset({line}), raises=again, raised=True)
            case Event.LINE:
                top = _standing_on(function, frozenset({line}))
        return replace(self, stack=(*rest, top))

    def _called(self, callee: Function) -> tuple[Opened, ...]:
        """The stack, now that the scope on top is known to have called `callee`."""
        if not self.stack:
            return ()
        top = self.stack[-1]
        calls = top.function.calls
        lines = frozenset(line for line in top.lines if callee.id in calls.get(line, ()))
        raises = lines & _going_on(top.function)
        return (*self.stack[:-1], replace(top, lines=lines, raises=raises))


def _standing_on(function: Function, lines: frozenset[int]) -> Opened:
    """An activation whose line frame on one of `lines` was read."""
    flow = function.flow
    before = {at for at, following in flow.successors.items() if not lines.isdisjoint(following)}
    raises = {at for at, following in flow.handlers.items() if not lines.isdisjoint(following)}
    return Opened(function, frozenset(before), frozenset(raises | (before & _swallows(function))))


def _swallows(function: Function) -> frozenset[int]:
    """The lines on which an exception frame may be of no consequence.

    What has no frames of its own, a built-in iterator say, ends without one.
    """
    flow = function.flow
    return frozenset(
        line for line in flow.swallows if line in flow.awaits or function.calls.get(line)
    )


def _going_on(function: Function) -> frozenset[int]:
    """The lines that may call something after an exception frame, with no other frame between.

    They are those that swallow it, as an `await` does, and `with` statements that are left by it.
    """
    graphs = function.graphs
    leaving = {
        line
        for line, places in function.flow.places.items()
        if any(graphs[g].instructions[i].name == "WITH_EXCEPT_START" for g, i in places)
    }
    return frozenset(leaving | _swallows(function))


def _unwound(function: Function, lines: frozenset[int], state: State) -> frozenset[int]:
    """The lines on which an exception frame may come before a return frame."""
    if state.value is not None and state.value.text != _NONE:
        return lines & _swallows(function)
    return lines & (function.flow.unwinds | _swallows(function))


def _ends(function: Function, *, raised: bool) -> Iterator[Before]:
    """The return frames of a function; those that an exception leaves by if `raised`."""
    flow = function.flow
    for line in sorted(flow.returns | flow.yields | flow.reraises):
        yield Before(Event.RETURN, function, line)
    if raised:
        for line in sorted(flow.unwinds):
            yield Before(Event.RETURN, function, line, unwinds=True)


def earlier_orders(
    function: Function, before: Before, following: int, later: Names
) -> tuple[Names, ...] | None:
    """The names that a frame may show, given the next one of its activation; None: not known."""
    if before.event is Event.CALL:
        orders = function.call_orders(before.line)
    else:
        orders = function.orders(before.line)
    if orders is None:
        return None
    fitting = [
        order for order in orders
        if later in (function.next_orders(before.line, order, following) or ())
    ]  # fmt: skip
    return tuple(fitting) or None


def whole_orders(function: Function, before: Before) -> tuple[Names, ...] | None:
    """The names that a frame may show when nothing of its activation is known yet."""
    if before.event is Event.CALL:
        return function.call_orders(before.line)
    return function.orders(before.line)
