"""The server itself: what it serves, and how it is."""

from __future__ import annotations

from pydantic import Field

from foreframe_protocol.api.bodies import Told


class ConfidenceBin(Told):
    """Predictions that were told with a confidence in [low, high), the last bin's in [low, high].

    `confidence`: their mean; `right`: the share of them that was right.
    """

    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)
    count: int = Field(ge=0)
    confidence: float = Field(ge=0, le=1)
    right: float = Field(ge=0, le=1)


class Reliability(Told):
    """Whether confidences of one kind are probabilities.

    `error`: the expected calibration error; `by_chance`: what it would be for so many predictions,
    were each right exactly as often as it says, null where that was not reckoned. Bins without a
    prediction are left out.
    """

    name: str = Field(max_length=100)
    count: int = Field(ge=0)
    error: float | None = Field(None, ge=0, le=1)
    by_chance: float | None = Field(None, ge=0, le=1)
    bins: list[ConfidenceBin] = Field(default_factory=list, max_length=100)


class Accuracy(Told):
    """Shares that were right, of frames by event or operation, or of actions."""

    class Row(Told):
        """`right`: the share of `count`."""

        name: str = Field(max_length=100)
        count: int = Field(ge=0)
        right: float = Field(ge=0, le=1)

    name: str = Field(max_length=100)
    rows: list[Row] = Field(default_factory=list, max_length=1000)


class Learned(Told):
    """One evaluation during training, after so many tokens.

    `generated`: of held-out generated programs, `programs`: of given ones. `exact`: the share of
    frames, given the true past; `loss`: nats a token.
    """

    tokens: int = Field(ge=0)
    generated_exact: float = Field(ge=0, le=1)
    generated_loss: float | None = None
    programs_exact: float | None = Field(None, ge=0, le=1)
    programs_loss: float | None = None


class Measured(Told):
    """What was measured of a model, beyond the figures of its card: for plots."""

    reliability: list[Reliability] = Field(default_factory=list, max_length=100)
    accuracy: list[Accuracy] = Field(default_factory=list, max_length=100)
    curve: list[Learned] = Field(default_factory=list, max_length=10_000)


class ModelView(Told):
    """A model that is served or known. `figures`: of its card, numbers by name.

    `measured`: null where nothing was measured.
    """

    name: str
    dialect: str
    context_tokens: int | None = None
    parameters: int | None = None
    served: bool
    about: str = ""
    figures: dict[str, float] = Field(default_factory=dict)
    measured: Measured | None = None
    plots: list[str] = Field(default_factory=list, description="names of images at /models/{name}/")


class ModelList(Told):
    models: list[ModelView]


class Health(Told):
    """`engine`: as named at start; `ok`: it answers."""

    ok: bool
    version: str
    python: str
    engine: str
    model: str | None = None
    detail: str = ""
    sessions: int
    most_sessions: int
    allows_run: bool
    folders: list[str] = Field(default_factory=list)
    uptime_seconds: float
