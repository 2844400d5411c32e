"""Sessions: begun, listed, and where they stand."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from foreframe_protocol.api import examples
from foreframe_protocol.api.bodies import MOST_TEXT, StateView, Told, shown
from foreframe_protocol.api.programs import BreakpointSpec, RunRequest
from foreframe_protocol.states import (
    Verdict,
)


class BreakpointView(Told):
    """A breakpoint as placed; `line` may be the next one with code."""

    id: int
    verified: bool
    line: int | None = None
    message: str = ""


class NewSession(RunRequest):
    """A session to begin.

    `mode` "check" runs the program beside its prediction: only on a server started with
    `--allow-run`. `returned`, `raised`: begin at an end with this outcome, and go backward.
    `resume`: the number of a kept session, which the same program goes on with; without `source`
    and `file` it is that program and that call.
    """

    model_config = shown(examples.SESSION)

    mode: Literal["imagine", "check"] = "imagine"
    stop_on_entry: bool = True
    breakpoints: list[BreakpointSpec] = Field(default_factory=list, max_length=1000)
    look_ahead_tokens: int | None = Field(None, ge=0, le=100_000)
    returned: str | None = Field(None, max_length=MOST_TEXT)
    raised: str | None = Field(None, max_length=MOST_TEXT)
    resume: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _one_program(self) -> Self:
        is_given = self.source is not None or self.file is not None
        if self.source is not None and self.file is not None:
            raise ValueError("give either `source` or `file`")
        if not is_given and self.resume is None:
            raise ValueError("give either `source` or `file`")
        if not is_given and (self.function is not None or self.args):
            raise ValueError("`function` and `args` are those of the session to `resume`")
        return self


class StopView(Told):
    """Where a session stands, and why.

    `changed`: the variables of the shown scope that differ from those at the stop before.
    `real`, `verdicts`, `right`: in a session that checks.
    """

    reason: str
    description: str = ""
    text: str = ""
    state: StateView
    shown: int = Field(description="the scope that is shown, counted from the outermost")
    changed: list[str] = Field(default_factory=list)
    breakpoints: list[int] = Field(default_factory=list)
    real: StateView | None = None
    verdicts: dict[str, Verdict] = Field(default_factory=dict)
    right: bool | None = None


class CursorView(Told):
    """A place on the timeline: a branch, the last step at or before it, the frame's number."""

    branch: int
    step: int | None = None
    frame: int


class SessionView(Told):
    """A session. `sequence`: the number of its last event."""

    id: str
    name: str
    source: str
    function: str | None
    args: str
    mode: str
    engine: str
    status: Literal["running", "stopped", "ended"]
    created: str = Field(description="ISO 8601, UTC")
    frames_done: int = Field(0, description="of the action under way")
    stop: StopView | None = None
    cursor: CursorView
    steps: int
    branches: int
    breakpoints: list[BreakpointView] = Field(default_factory=list)
    exit_code: int | None = None
    sequence: int
    kept: int | None = Field(None, description="its number among the kept sessions")


class SessionSummary(Told):
    """A session in a list."""

    id: str
    name: str
    function: str | None
    args: str
    mode: str
    status: Literal["running", "stopped", "ended"]
    created: str
    steps: int


class SessionList(Told):
    sessions: list[SessionSummary]


class KeptSession(Told):
    """A session on disk, also of another process or of earlier days.

    `session`: the name under which a server's is opened again.
    """

    id: int
    workspace: str
    begun: str
    program: str
    function: str | None
    args: str
    engine: str
    steps: int
    session: str | None = None


class KeptList(Told):
    sessions: list[KeptSession]
