"""The predicted past: frames before a trace's beginning, as a new trace that ends on the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from foreframe_models.dialects.way_back import WayBack
from foreframe_models.engines.base import EngineError
from foreframe_models.past import PastPlace, retreat
from foreframe_protocol.states import (
    End,
    Event,
    Frame,
    Goal,
    Prediction,
    State,
    Trace,
)

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

OnFrame = Callable[[Frame], bool | None]
BEGINNING = "this is where it begins: the call of {name}"


@dataclass(slots=True)
class Retreat:
    """The frames found so far, nearest first, on the way back from `present`."""

    program: Program
    present: Trace
    place: PastPlace
    known: int  # scopes whose callers are known: no past may begin in others
    frames: list[tuple[Frame, bool]] = field(default_factory=list)  # and whether calls are left out
    whole: int = 0  # of the frames: those before a place where all scopes are known
    begin: PastPlace = field(default_factory=PastPlace)  # that place

    @classmethod
    def of(cls, program: Program, present: Trace) -> Retreat:
        """From the first frame that a trace knows."""
        place = PastPlace.of(front(present))
        return cls(program, present, place, max(1, len(place.stack)))

    @property
    def is_over(self) -> bool:
        """Whether the entry's call was passed."""
        return not self.place.live and self.place.event is Event.CALL

    def add(self, frame: Frame, *, skips: bool = False) -> None:
        """One more frame, before all others."""
        self.place = retreat(self.place, frame)
        self.frames.append((frame, skips))
        complete = frame.event in (Event.LINE, Event.CALL)
        if complete and len(self.place.stack) <= self.known:
            self.whole, self.begin = len(self.frames), self.place

    def trace(self) -> Trace:
        """The past and the present as one trace: it begins earlier and ends on the same frame."""
        if not self.whole:
            return self.present
        first = self.frames[self.whole - 1][0]
        made = Trace(self.begin.state(), first, Trace(), 1)
        for index in range(self.whole - 2, -1, -1):
            made = made.append(self.frames[index][0], skipped=self.frames[index + 1][1])
        skipped = self.frames[0][1]
        return onto(made, self.program, self.present, skipped=skipped)


def onto(past: Trace, program: Program, present: Trace, *, skipped: bool = False) -> Trace:
    """The frames of `present` after `past`, their states as they were."""
    made = past
    root = present.root()
    if root.state.stack:  # begun from a state: a frame that shows it
        frame = frame_of(program, root.state)
        made = Trace(root.state, frame, made, made.length + 1, skipped)
        skipped = False
    for node in present.nodes():
        made = Trace(node.state, node.frame, made, made.length + 1, node.skipped or skipped)
        skipped = False
    return made


def front(trace: Trace) -> State:
    """The earliest state that a trace knows: before that, all is unknown."""
    root = trace.root()
    if root.state.stack:
        return root.state
    nodes = trace.nodes()
    if not nodes:
        raise ValueError("a trace without frames and without a state has no past")
    return nodes[0].state


def frame_of(program: Program, state: State) -> Frame:
    """The frame that a state is shown by: it stands for whatever led there."""
    top, event = state.top, state.event or Event.LINE
    shows = event in (Event.LINE, Event.CALL)
    return Frame(
        event,
        top.function,
        top.scope_line,
        top.line,
        program.line_text(top.line),
        top.locals if shows else None,
        None if shows else state.value,
        len(state.stack) - 1,
    )


async def predict_past(
    way: WayBack,
    program: Program,
    present: Trace,
    goal: Goal,
    *,
    max_frames: int,
    max_tokens: int,
    on_frame: OnFrame | None = None,
    priority: int = 0,
) -> Prediction:
    """Frames before the first one of `present`, until the goal, the entry's call or a limit.

    A past never begins within a call whose caller is not known: where the goal is reached there,
    the walk goes on to the line that called. `frames` of the answer are nearest first; `trace`
    begins with the last of them and ends as `present` does. Raises EngineError; what was found
    before it is its `partial`.
    """
    began = time.monotonic()
    found = Retreat.of(program, present)
    start, wanted, ended = present.state, False, False

    def prediction(end: End, message: str = "") -> Prediction:
        frames = tuple(frame for frame, _ in found.frames[: found.whole])
        usage = replace(way.usage, seconds=time.monotonic() - began)
        return Prediction(found.trace(), frames, end, message, usage)

    try:
        while not found.is_over:
            if found.whole == len(found.frames) and (wanted or ended):
                return prediction(End.REACHED if wanted else End.CANCELLED)
            if found.whole == len(found.frames):
                way.forget()
            if len(found.frames) >= max_frames:
                return prediction(End.CUT_OFF, f"cut off after {max_frames} frames")
            left = max_tokens - way.usage.generated_tokens - way.usage.forced_tokens
            if left <= 0:
                return prediction(End.CUT_OFF, f"cut off after {max_tokens} tokens")
            frames = await way.step(max_tokens=left, priority=priority)
            if not frames:
                spent = way.usage.generated_tokens + way.usage.forced_tokens >= max_tokens
                why = f"after {max_tokens} tokens" if spent else "by the model's context"
                return prediction(End.CUT_OFF, f"cut off {why}")
            for frame in frames:
                found.add(frame, skips=way.skips)
                wanted = wanted or goal.reached_backward(start, frame)
                if on_frame is not None and on_frame(frame):
                    ended = True
    except EngineError as error:
        error.partial = prediction(End.FAILED, str(error))
        raise
    name = found.place.stack[-1].function if found.frames else front(present).top.function
    return prediction(End.FINISHED, BEGINNING.format(name=name))
