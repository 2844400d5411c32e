"""What an agent is told of values and programs: short answers, made from the API's views. Pure.

A view holds all there is; an agent is told what it needs to go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from foreframe.mcp.words import shortened, trace_lines
from foreframe_protocol.api import (
    CandidateView,
    CompareAnswer,
    ComparedFrame,
    EvaluateAnswer,
    FillAnswer,
    FrameView,
    InputsAnswer,
    LocalsView,
    PredictedStep,
    ValueView,
)
from foreframe_protocol.states import End, Event, Provenance, Verdict


class ValueTold(BaseModel):
    """`text`: its repr, or the beginning when `cut`. `confidence`: that it is right, given all
    before it; none where it is not a prediction."""

    text: str
    provenance: Provenance
    confidence: float | None = None
    cut: bool = False


class CallTold(BaseModel):
    """One whole call, predicted. `least_confidence`: the lowest on the way to the end."""

    outcome: Literal["returns", "raises", "unknown"]
    value: ValueTold | None = Field(
        default=None, description="what is returned or raised, at the end"
    )
    least_confidence: float | None = None
    end: End
    note: str = ""
    frames: int
    trace: list[str] = Field(description="lines with what changed on them; ... where some are left")
    executed: Literal[False] = False


class GuessTold(BaseModel):
    """Arguments for an outcome. `verified`: predicting forward from them gives that outcome."""

    args: str
    verified: bool
    predicted: str
    probability: float | None = None


class InputsTold(BaseModel):
    """Best first. All are guesses of a model's."""

    guesses: list[GuessTold]
    executed: Literal[False] = False


class CandidateTold(BaseModel):
    """What could stand in the holes. `right`: of the `examples`, how many are predicted to come
    out; `ran_right`: how many really did, where they were run."""

    texts: list[str]
    origin: str
    right: int
    examples: int
    ran_right: int | None = None


class FillTold(BaseModel):
    """Best first. `source`: the program with the first candidate in its holes."""

    candidates: list[CandidateTold]
    total: int
    source: str = ""


class DifferenceTold(BaseModel):
    """A frame that was predicted otherwise than it was."""

    frame: int
    place: str
    predicted: str
    real: str
    verdicts: dict[str, Verdict]


class CompareTold(BaseModel):
    """A prediction beside a real run: frames by position, and the first that differ."""

    total: int
    right: int
    differences: list[DifferenceTold]
    end: End
    note: str = ""
    output: str = Field(default="", description="what the real run printed")
    executed: Literal[True] = True


class TracesTold(BaseModel):
    """A predicted trace beside the real one: frames by position, and the first that differ."""

    total: int
    right: int
    metrics: dict[str, float]
    differences: list[DifferenceTold]


def value_told(view: ValueView) -> ValueTold:
    return ValueTold(
        text=view.text, provenance=view.provenance, confidence=view.confidence, cut=view.cut
    )


def locals_told(views: LocalsView) -> dict[str, ValueTold]:
    return {name: value_told(view) for name, view in views.items()}


def call_told(step: PredictedStep, most_lines: int) -> CallTold:
    """A whole call, from its predicted frames."""
    outcome, value = outcome_of(step)
    return CallTold(
        outcome=outcome,
        value=None if value is None else value_told(value),
        least_confidence=least_confidence(step.frames),
        end=step.end,
        note=step.message,
        frames=len(step.frames),
        trace=shortened(trace_lines(step.frames), most_lines),
    )


def outcome_of(
    step: PredictedStep,
) -> tuple[Literal["returns", "raises", "unknown"], ValueView | None]:
    """How a run ended; the walk stops where an exception was raised that leaves the program."""
    last = step.frames[-1] if step.frames else None
    if last is None or step.end not in (End.FINISHED, End.REACHED):
        return "unknown", None
    if last.event is Event.EXCEPTION:
        return "raises", last.value
    if last.event is Event.RETURN and last.depth == 0:
        return "returns", last.value
    return "unknown", None


def least_confidence(frames: Sequence[FrameView]) -> float | None:
    """The lowest confidence of anything that was predicted; along a trace errors add up."""
    found = [frame.confidence for frame in frames]
    for frame in frames:
        values = [*(frame.locals or {}).values(), *([] if frame.value is None else [frame.value])]
        found += [value.confidence for value in values]
    known = [confidence for confidence in found if confidence is not None]
    return min(known, default=None)


def inputs_told(answer: InputsAnswer) -> InputsTold:
    guesses = [GuessTold.model_validate(guess, from_attributes=True) for guess in answer.guesses]
    return InputsTold(guesses=guesses)


def fill_told(answer: FillAnswer, most: int) -> FillTold:
    best = answer.candidates[:most]
    return FillTold(
        candidates=[candidate_told(candidate) for candidate in best],
        total=len(answer.candidates),
        source=best[0].source if best else "",
    )


def candidate_told(view: CandidateView) -> CandidateTold:
    ran = [evidence.ran_right for evidence in view.evidence if evidence.ran_right is not None]
    return CandidateTold(
        texts=view.texts,
        origin=view.origin,
        right=view.right,
        examples=len(view.evidence),
        ran_right=sum(ran) if ran else None,
    )


def compare_told(answer: CompareAnswer, most: int) -> CompareTold:
    return CompareTold(
        total=answer.total,
        right=answer.right,
        differences=differences_told(answer.frames, most),
        end=answer.end,
        note=answer.message,
        output=answer.output,
    )


def traces_told(answer: EvaluateAnswer, most: int) -> TracesTold:
    return TracesTold(
        total=answer.total,
        right=answer.right,
        metrics=answer.metrics,
        differences=differences_told(answer.frames, most),
    )


def differences_told(frames: Sequence[ComparedFrame], most: int) -> list[DifferenceTold]:
    """The first frames that are not right."""
    wrong = [(number, frame) for number, frame in enumerate(frames) if not frame.right]
    return [difference_told(number, frame) for number, frame in wrong[:most]]


def difference_told(number: int, frame: ComparedFrame) -> DifferenceTold:
    at = frame.real or frame.predicted
    return DifferenceTold(
        frame=number,
        place="" if at is None else f"{at.function}:{at.line}",
        predicted=frame_told(frame.predicted),
        real=frame_told(frame.real),
        verdicts={n: v for n, v in frame.verdicts.items() if v is not Verdict.MATCH},
    )


def frame_told(frame: FrameView | None) -> str:
    """A frame's event, place and values, in one line."""
    if frame is None:
        return "nothing"
    values = [f"{name} = {value.text}" for name, value in (frame.locals or {}).items()]
    result = [] if frame.value is None else [frame.value.text]
    return f"{frame.event.value} {frame.function}:{frame.line} {', '.join(values + result)}".strip()
