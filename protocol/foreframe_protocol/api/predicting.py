"""What can be asked without a session."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from foreframe_protocol.api import examples
from foreframe_protocol.api.bodies import (
    MOST_SOURCE,
    MOST_TEXT,
    Asked,
    FrameView,
    StateView,
    Told,
    UsageView,
    shown,
)
from foreframe_protocol.api.programs import BreakpointSpec, RunRequest
from foreframe_protocol.states import (
    Action,
    Direction,
    End,
    Verdict,
)


class PredictRequest(RunRequest):
    """One action from a state, or from the entry when there is none. Nothing is kept."""

    model_config = shown(examples.PREDICT)

    state: StateView | None = None
    action: Action = Action.STEP_INTO
    direction: Direction = Direction.FORWARD
    breakpoints: list[BreakpointSpec] = Field(default_factory=list, max_length=1000)


class PredictedStep(Told):
    """`frames`: those walked through, in the order of the walk; `state`: where it ended."""

    frames: list[FrameView]
    state: StateView
    end: End
    message: str = ""
    usage: UsageView


class InputsRequest(RunRequest):
    """Arguments that may lead to an outcome: one of `returned`, `raised`, `reached` (a line)."""

    model_config = shown(examples.INPUTS)

    returned: str | None = Field(None, max_length=MOST_TEXT)
    raised: str | None = Field(None, max_length=MOST_TEXT)
    reached: int | None = Field(None, ge=1)
    guesses: int = Field(4, ge=1, le=32)


class GuessView(Told):
    """Arguments, and whether predicting forward from them gives the outcome."""

    args: str
    probability: float | None = None
    predicted: str = ""
    verified: bool


class InputsAnswer(Told):
    guesses: list[GuessView]


class CompareRequest(RunRequest):
    """A prediction beside one real run. Executes the program: only with `--allow-run`."""

    model_config = shown(examples.COMPARE)

    resync: Literal["reality", "free"] = "reality"


class ComparedFrame(Told):
    predicted: FrameView | None
    real: FrameView | None
    right: bool
    verdicts: dict[str, Verdict]


class CompareAnswer(Told):
    frames: list[ComparedFrame]
    total: int
    right: int
    end: End
    message: str = ""
    output: str = Field("", description="what the real run printed")


class FillRequest(Asked):
    """Holes (`??`) of a program: those of a line, of a function, or all.

    `examples`: what is wanted besides what the source says, as `f(1) -> 2`. `runs`: also run the
    examples for real, only with `--allow-run`.
    """

    model_config = shown(examples.FILL)

    source: str = Field(max_length=MOST_SOURCE)
    line: int | None = Field(None, ge=1)
    function: str | None = Field(None, max_length=1000)
    examples: list[str] = Field(default_factory=list, max_length=50)
    candidates: int = Field(24, ge=1, le=100)
    runs: bool = False


class EvidenceView(Told):
    """What an example gives with the hole filled: foreseen, and really if it was run.

    `basis`: whether the outcome is "worked out" by rules from literals, which is certain, or
    "predicted" by the model. `probability`: that the example comes out as wanted, by either.
    """

    model_config = shown(examples.EVIDENCE)

    example: str
    wanted: str
    predicted: str | None
    verdict: Verdict
    confidence: float | None = None
    basis: Literal["worked out", "predicted"] = "predicted"
    probability: float | None = Field(None, ge=0, le=1)
    ran: str | None = None
    ran_right: bool | None = None


class CandidateView(Told):
    """One way to fill the holes, in their order.

    `origin`: "model"; "form" (a statement's form read off the code, its expression from the model);
    or "scope" (a cheap guess).
    """

    texts: list[str]
    origin: str
    logprob: float | None = None
    right: int
    evidence: list[EvidenceView]
    source: str = Field(description="the program with these holes filled")


class FillAnswer(Told):
    """Best first."""

    candidates: list[CandidateView]
    holes: list[tuple[int, int]] = Field(description="line and column of each, columns from 0")


class HaltingView(Told):
    """Does it end? `ends`, `repeats`, `grows` or `unknown`, with what that rests on.

    `basis`: whether its frames are "worked out" by rules from the call's literals, which is
    certain, or "predicted" by the model. `cycle`: two of these frames, from 1, between which
    nothing has changed.
    """

    model_config = shown(examples.HALTING)

    answer: str
    text: str
    frames: int | None = None
    line: int | None = None
    cycle: tuple[int, int] | None = None
    confidence: float | None = None
    basis: Literal["worked out", "predicted"] = "predicted"


class ExplainRequest(RunRequest):
    """A run to be told in words, by its length if not said how.

    `retell`: also in the words of the model, if it has a chat format (CWM does).
    """

    detail: Literal["steps", "changes", "calls"] | None = None
    retell: bool = False


class SentenceView(Told):
    text: str
    frame: int
    line: int
    depth: int
    confidence: float | None = None


class Explanation(Told):
    detail: str
    text: str
    sentences: list[SentenceView]
    retold: str | None = Field(
        default=None, description="in the model's own words, which may be wrong and predict nothing"
    )


class EvaluateRequest(Asked):
    """A predicted trace beside the real one, both in CWM's text. Runs nothing.

    Without `real`, the real one is traced from `source`: only with `--allow-run`.
    """

    model_config = shown(examples.EVALUATE)

    predicted: str = Field(max_length=MOST_SOURCE)
    real: str | None = Field(None, max_length=MOST_SOURCE)
    source: str | None = Field(None, max_length=MOST_SOURCE)
    function: str | None = Field(None, max_length=1000)
    args: str = Field("", max_length=MOST_TEXT)

    @model_validator(mode="after")
    def _something_real(self) -> EvaluateRequest:
        if (self.real is None) is (self.source is None):
            raise ValueError("give either `real` or `source`")
        return self


class EvaluateAnswer(Told):
    """Counts over the frames, by position, and each frame's verdicts."""

    frames: list[ComparedFrame]
    total: int
    right: int
    metrics: dict[str, float]
