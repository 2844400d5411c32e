"""How sure a model is: the probability it gives itself, mapped to how often it is right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from foreframe_protocol.states import NO_LOCALS, Frame, Locals

KINDS = ("values", "places", "jumps", "past_values", "past_places")
"""What is told with a confidence: values with all before them known, where a frame stands, what a
jump says, and the same of the past."""
EDGE = 1e-6  # probabilities are kept this far from 0 and 1


@dataclass(frozen=True, slots=True)
class Scale:
    """A probability's log-odds divided by a temperature, and moved by a bias.

    Fitted on programs that no model was trained on (`evaluation/calibration.py`); it orders
    predictions as they were, and never changes which one is made.
    """

    temperature: float = 1.0
    bias: float = 0.0

    def __call__(self, probability: float | None) -> float | None:
        """The mapped probability; None of None."""
        if probability is None or (self.temperature, self.bias) == (1.0, 0.0):
            return probability
        return 1 / (1 + math.exp(-(log_odds(probability) / self.temperature + self.bias)))


AS_IS = Scale()
Scales = Mapping[str, Scale]  # by kind; a kind that is missing is told as it is


def log_odds(probability: float) -> float:
    """The logit, of a probability kept away from 0 and 1."""
    kept = min(max(probability, EDGE), 1 - EDGE)
    return math.log(kept / (1 - kept))


def of_way(frames: Iterable[Frame]) -> float | None:
    """The probability that nothing on a way is wrong, as each frame is told with all before known.

    A frame is as sure as the least sure of what it tells anew; beside others, what has no
    confidence is certain. None where nothing has one.
    """
    sure: float | None = None
    known: dict[int, Locals] = {}  # by depth
    for frame in frames:
        before = known.get(frame.depth, NO_LOCALS)
        shown = frame.locals or NO_LOCALS
        told = [value for name, value in shown.items() if before.get(name) is not value]
        told += [value for value in (frame.value, frame.upcoming) if value is not None]
        told += [part.value for part in frame.parts]
        confidences = [frame.confidence, *(value.confidence for value in told)]
        least = min((one for one in confidences if one is not None), default=None)
        sure = least if sure is None else sure * (1.0 if least is None else least)
        known[frame.depth] = shown
    return sure


def as_json(scales: Scales) -> dict[str, list[float]]:
    """For a model's metadata."""
    return {kind: [scale.temperature, scale.bias] for kind, scale in scales.items()}


def from_json(found: Mapping[str, object]) -> dict[str, Scale]:
    """What `as_json` made. Raises ValueError for anything else."""
    scales: dict[str, Scale] = {}
    for kind, numbers in found.items():
        match numbers:
            case [int() | float() as temperature, int() | float() as bias] if temperature > 0:
                scales[kind] = Scale(float(temperature), float(bias))
            case _:
                raise ValueError(f"no temperature and bias for {kind}: {numbers!r}")
    return scales
