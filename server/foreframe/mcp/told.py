"""What an agent is told: short structured answers, made from the views of the API. Pure.

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
    FillAnswer,
    FrameView,
    InputsAnswer,
    LocalsView,
    PredictedStep,
    SessionList,
    SessionView,
    StateView,
    StepView,
    TimelineView,
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


class Place(BaseModel):
    """One activation on the stack."""

    function: str
    line: int


class StopTold(BaseModel):
    """Where a session stands. `locals`: of `function`, before `line` runs."""

    session: str
    status: Literal["running", "stopped", "ended"]
    reason: str = ""
    note: str = Field(default="", description="what went wrong, or should be known")
    function: str = ""
    line: int = 0
    source: str = Field(default="", description="the line's text")
    event: Event | None = None
    value: ValueTold | None = Field(default=None, description="what is returned or raised here")
    locals: dict[str, ValueTold] = Field(default_factory=dict)
    changed: list[str] = Field(default_factory=list, description="since the stop before")
    stack: list[Place] = Field(default_factory=list, description="outermost first")
    step: int | None = Field(default=None, description="the number of this step on the timeline")
    branch: int = 0
    branches: int = 1
    steps: int = 0
    exit_code: int | None = None
    real: dict[str, ValueTold] | None = Field(
        default=None, description='in the mode "check": observed'
    )
    differs: list[str] = Field(default_factory=list, description="where real and predicted differ")


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


class StepTold(BaseModel):
    """A column of the timeline."""

    step: int
    branch: int
    action: str
    function: str
    line: int
    changed: dict[str, ValueTold]
    change: str | None = Field(default=None, description="the edit that it begins with")
    right: bool | None = None


class TimelineTold(BaseModel):
    """Steps of a session, some of `total`."""

    session: str
    steps: list[StepTold]
    total: int
    branches: int
    current_branch: int
    current_step: int | None


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


class SessionTold(BaseModel):
    """A session in a list."""

    session: str
    program: str
    call: str
    status: str
    steps: int


class SessionsTold(BaseModel):
    sessions: list[SessionTold]


class AheadTold(BaseModel):
    """What is likely to come; the session has not moved."""

    session: str
    trace: list[str]
    frames: int
    least_confidence: float | None = None


def value_told(view: ValueView) -> ValueTold:
    return ValueTold(
        text=view.text, provenance=view.provenance, confidence=view.confidence, cut=view.cut
    )


def locals_told(views: LocalsView) -> dict[str, ValueTold]:
    return {name: value_told(view) for name, view in views.items()}


def stop_told(view: SessionView) -> StopTold:
    """Where a session stands."""
    told = StopTold(
        session=view.id,
        status=view.status,
        step=view.cursor.step,
        branch=view.cursor.branch,
        branches=view.branches,
        steps=view.steps,
        exit_code=view.exit_code,
    )
    stop = view.stop
    if stop is None:
        return told
    state = stop.state
    real = state if stop.real is None else stop.real  # where it is, in a session that checks
    value = state.value
    return told.model_copy(
        update={
            "reason": stop.reason,
            "note": ": ".join(filter(None, (stop.description, stop.text))),
            "event": state.event,
            "value": None if value is None else value_told(value),
            "changed": stop.changed,
            "stack": [Place(function=scope.function, line=scope.line) for scope in real.stack],
            "real": None if stop.real is None else shown_locals(real, stop.shown),
            "differs": [n for n, v in stop.verdicts.items() if v is not Verdict.MATCH],
            "locals": shown_locals(state, stop.shown),
            **place_told(real, stop.shown, view.source),
        }
    )


def place_told(state: StateView, shown: int, source: str) -> dict[str, object]:
    """The fields of a stop that say where it is."""
    if shown >= len(state.stack):
        return {}
    scope, lines = state.stack[shown], source.splitlines()
    text = lines[scope.line - 1].strip() if 0 < scope.line <= len(lines) else ""
    return {"function": scope.function, "line": scope.line, "source": text}


def shown_locals(state: StateView, shown: int) -> dict[str, ValueTold]:
    """The variables of the scope that is shown; none where there is no such scope."""
    return {} if shown >= len(state.stack) else locals_told(state.stack[shown].locals)


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
    """How a run ended: where an exception leaves the program, the walk stops where it was raised."""
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


def timeline_told(session: str, view: TimelineView) -> TimelineTold:
    current = next((b.number for b in view.branches if b.is_current), view.cursor.branch)
    return TimelineTold(
        session=session,
        steps=[step_told(step) for step in view.steps],
        total=view.total,
        branches=len(view.branches),
        current_branch=current,
        current_step=view.cursor.step,
    )


def step_told(step: StepView) -> StepTold:
    return StepTold(
        step=step.number,
        branch=step.branch,
        action=step.reason,
        function=step.function,
        line=step.line,
        changed={n: value_told(step.locals[n]) for n in step.changed if n in step.locals},
        change=step.change,
        right=step.right,
    )


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
    wrong = [(n, frame) for n, frame in enumerate(answer.frames) if not frame.right]
    return CompareTold(
        total=answer.total,
        right=answer.right,
        differences=[difference_told(number, frame) for number, frame in wrong[:most]],
        end=answer.end,
        note=answer.message,
        output=answer.output,
    )


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


def sessions_told(views: SessionList) -> SessionsTold:
    return SessionsTold(
        sessions=[
            SessionTold(
                session=view.id,
                program=view.name,
                call=view.name if view.function is None else f"{view.function}({view.args})",
                status=view.status,
                steps=view.steps,
            )
            for view in views.sessions
        ]
    )
