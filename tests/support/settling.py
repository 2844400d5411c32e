"""Real frames to put guesses right beside."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from foreframe_models.program.control_flow import Program
from foreframe_models.training.documents import TraceLimits, Untraceable, trace
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_protocol.states import Frame, Value

LIMITS = TraceLimits(seconds=20.0)
UNSURE = Value("?", confidence=0.5)


def frames_of(source: str, args: str) -> list[Frame]:
    """The frames of a call of `f`, with parts and the elements that loops take next."""
    return trace(Sample(source, "f", args), LIMITS)[0]


def generated_runs(rng: Random, count: int) -> Iterator[tuple[Program, list[Frame]]]:
    """Generated programs and their real frames; of `count` drawn, those that can be traced."""
    for _ in range(count):
        sample = draw(rng, 1.0)
        try:
            frames, _ = trace(sample, LIMITS)
        except (Untraceable, SyntaxError):
            continue
        yield Program.parse(sample.source, "/p.py"), frames
