"""An action under way."""

from __future__ import annotations

from dataclasses import dataclass

from foreframe.timeline import NO_USAGE, Reason, Stop
from foreframe_protocol.states import Frame, Goal, Trace, Usage


@dataclass(slots=True)
class Run:
    """Where an action began, what it goes for, what has been found."""

    goal: Goal
    reason: Reason  # of a stop at the goal itself
    start: Stop
    node: Trace  # the last finished frame
    model: Trace  # the same, as the world model is to go on from it
    frames: int = 0
    found: Stop | None = None
    usage: Usage = NO_USAGE  # of frames that were predicted ahead and taken

    def append(self, frame: Frame) -> None:
        """One more frame is finished."""
        is_whole = self.model is self.node
        self.node = self.node.append(frame)
        self.model = self.node if is_whole else self.model.append(frame)
        self.frames += 1

    def take(self, model: Trace, usage: Usage) -> None:
        """The world model has predicted the next frame already: it ends `model`."""
        assert model.frame is not None
        self.node = model if self.model is self.node else self.node.append(model.frame)
        self.model = model
        self.frames += 1
        self.usage += usage

    def follow(self, model: Trace) -> None:
        """The world model has walked to the end of `model`."""
        if self.model is self.node:
            self.node = model
        self.model = model
