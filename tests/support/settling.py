"""Real frames to put guesses right beside."""

from __future__ import annotations

from foreframe_models.training.documents import TraceLimits, trace
from foreframe_models.training.programs.generator import Sample
from foreframe_protocol.states import Frame, Value

LIMITS = TraceLimits(seconds=20.0)
UNSURE = Value("?", confidence=0.5)


def frames_of(source: str, args: str) -> list[Frame]:
    """The frames of a call of `f`, with parts and the elements that loops take next."""
    return trace(Sample(source, "f", args), LIMITS)[0]
