"""One prediction under way: the frames it has come to, and what it has cost."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from foreframe_models.engines.base import Chunk
from foreframe_protocol.states import End, Frame, Prediction, Trace, Usage


@dataclass(slots=True)
class Walk:
    """From `start` to `trace`, in the tokens that are allowed for it."""

    start: Trace
    trace: Trace
    usage: Usage
    began: float  # of the monotonic clock
    max_tokens: int
    ended: bool = False  # by the caller, at a frame
    forced: tuple[int, ...] = ()  # token ids that the next frame is certain to begin with
    left_out: int = 0  # frames that the last prompt has no room for

    def prediction(self, end: End, message: str = "") -> Prediction:
        """The frames since the start, oldest first, and why they end there."""
        frames: list[Frame] = []
        node = self.trace
        while node is not self.start:
            assert node.frame is not None
            assert node.parent is not None
            frames.append(node.frame)
            node = node.parent
        usage = replace(self.usage, seconds=time.monotonic() - self.began)
        return Prediction(self.trace, tuple(reversed(frames)), end, message, usage, self.left_out)


def given(ids: tuple[int, ...]) -> Chunk:
    """Token ids that an answer is begun with, as if they had come from the engine."""
    count = len(ids)
    return Chunk(ids, ("",) * count, (None,) * count, (True,) * count)
