"""The timeline: a tree of frozen steps that only grows, and a cursor on one of its frames.

Ground that has been visited is walked without a model, in both directions: a stop is a frame of a
step's trace, and traces share all that they have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from foreframe_protocol.states import Action, End, Event, Goal, State, Trace, Usage

NO_USAGE = Usage()


class Reason(StrEnum):
    """Why the session stands where it does, in DAP's words."""

    ENTRY = "entry"
    STEP = "step"
    BREAKPOINT = "breakpoint"
    FUNCTION_BREAKPOINT = "function breakpoint"
    EXCEPTION = "exception"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One action and all that was predicted for it. `action` is None for the launch."""

    number: int
    parent: Step | None
    action: Action | None
    trace: Trace  # up to the last frame that was predicted
    end: End
    message: str = ""
    usage: Usage = NO_USAGE


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the session stands: the last frame of `trace`, and why it stops there."""

    trace: Trace
    reason: Reason
    description: str = ""  # for a person, in a few words
    text: str = ""  # more of it: an exception, an error, a limit
    breakpoints: tuple[int, ...] = ()

    @property
    def state(self) -> State:
        return self.trace.state


Subscriber = Callable[[Stop], None]


class Timeline:
    """The steps of one session. Subscribers are told each new stop, once.

    `branch` is the step at whose end the known future ends; the cursor is on its trace, or on the
    way to it.
    """

    def __init__(self, start: Trace) -> None:
        self.branch = Step(0, None, None, start, End.REACHED)
        self.steps = [self.branch]
        self.cursor = Stop(start, Reason.ENTRY)
        self._subscribers: list[Subscriber] = []

    @property
    def tip(self) -> Trace:
        """The furthest frame known on the cursor's branch."""
        return self.branch.trace

    def subscribe(self, subscriber: Subscriber) -> None:
        """`subscriber` is called with every new stop from now on."""
        self._subscribers.append(subscriber)

    def append(
        self, action: Action, trace: Trace, end: End, message: str = "", usage: Usage = NO_USAGE
    ) -> Step:
        """A step that goes on from the tip, up to `trace`. The cursor stays where it is."""
        self.branch = Step(len(self.steps), self.branch, action, trace, end, message, usage)
        self.steps.append(self.branch)
        return self.branch

    def stop(self, stop: Stop) -> None:
        """Moves the cursor, and tells the subscribers."""
        self.cursor = stop
        for subscriber in self._subscribers:
            subscriber(stop)

    def ahead(self) -> list[Trace]:
        """What is known after the cursor on its branch, nearest first; O(its length)."""
        nodes: list[Trace] = []
        node: Trace | None = self.tip
        while node is not None and node is not self.cursor.trace:
            nodes.append(node)
            node = node.parent
        nodes.reverse()
        return nodes

    def behind(self) -> Iterator[Trace]:
        """What lies before the cursor, nearest first, without the frameless root."""
        node = self.cursor.trace.parent
        while node is not None and node.frame is not None:
            yield node
            node = node.parent


def level(state: State) -> int:
    """The depth of the scope that is shown: after a return, the caller's if there is one."""
    return max(0, len(state.stack) - (2 if state.event is Event.RETURN else 1))


def remaining(goal: Goal, start: State, here: State) -> Goal:
    """The goal that is left of `goal`, begun at `start`, when a walk has to go on from `here`.

    A goal counts levels from where it begins: from deeper down, the scopes in between are
    stepped out of first. The result may be reached more than once before `goal` is.
    """
    if goal.action is not Action.RUN_TO and level(here) > level(start):
        return Goal(Action.STEP_OUT, goal.direction, goal.lines, goal.events, goal.exceptions)
    return goal


def is_reached_backward(goal: Goal, start: State, node: Trace) -> bool:
    """Whether a walk back from `start` over visited ground ends on `node`.

    Only line frames end a step back; calls are passed over from behind, as forward. A scope that
    is entered backward is entered at its return.
    """
    frame = node.frame
    if frame is None or frame.event is not Event.LINE:
        return False
    match goal.action:
        case Action.STEP_INTO:
            return True
        case Action.STEP_OVER:
            return frame.depth <= level(start)
        case Action.STEP_OUT:
            return frame.depth < level(start)
        case Action.RUN_TO:
            return False
