"""The way back from a known state: which scopes are alive before each frame, and what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from foreframe_protocol.states import Event, Frame, Scope, State, Value


@dataclass(frozen=True, slots=True)
class Past:
    """One activation on the way back.

    `locals` are those of the line or call frame that was read last, None where none was yet.
    `following` is that frame's line; None where the locals are the ones of the frame to come.
    `raised`: an exception frame stands between.
    """

    function: str
    scope_line: int
    line: int
    locals: Mapping[str, Value] | None = None
    following: int | None = None
    raised: bool = False


@dataclass(frozen=True, slots=True)
class PastPlace:
    """Where a way back stands: the stack of the frame that was read last, and its event."""

    stack: tuple[Past, ...] = ()
    event: Event | None = None

    @classmethod
    def of(cls, state: State) -> PastPlace:
        """The place of a known stop."""
        stack = [Past(s.function, s.scope_line, s.line, s.locals) for s in state.stack]
        if stack and state.event in (Event.LINE, Event.CALL, None):
            stack[-1] = replace(stack[-1], following=stack[-1].line)
        return cls(tuple(stack), state.event)

    @property
    def live(self) -> tuple[Past, ...]:
        """The stack of the frame before: a scope whose call was read is gone."""
        return self.stack[:-1] if self.event is Event.CALL else self.stack

    def state(self) -> State:
        """The state of a line or call frame that was read last, all scopes below being known."""
        scopes = (Scope(p.function, p.scope_line, p.line, p.locals or {}) for p in self.stack)
        return State(tuple(scopes), self.event)


def retreat(place: PastPlace, frame: Frame) -> PastPlace:
    """The place once `frame` was read on the way back. Raises ValueError when it cannot be there.

    A return frame opens its scope; all others belong to the scope on top.
    """
    stack = place.live
    if frame.event is Event.RETURN:
        opened = Past(frame.function, frame.scope_line, frame.line)
        return PastPlace((*stack, opened), frame.event)
    if not stack:
        raise ValueError(f"a {frame.event} frame needs a scope, and the entry's call was passed")
    top = replace(stack[-1], line=frame.line)
    if frame.event is Event.EXCEPTION:
        top = replace(top, raised=top.following is not None)
    else:
        top = replace(top, locals=frame.locals or {}, following=frame.line, raised=False)
    return PastPlace((*stack[:-1], top), frame.event)


def leaves(raised: Frame, returned: Frame) -> bool:
    """Whether the two frames are one way out of a scope, by an exception."""
    return (
        raised.event is Event.EXCEPTION
        and returned.event is Event.RETURN
        and (raised.depth, raised.line) == (returned.depth, returned.line)
        and returned.value is not None
        and returned.value.text == "None"
    )
