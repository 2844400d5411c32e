"""A session's steps and branches."""

from __future__ import annotations

from pydantic import Field

from foreframe_protocol.api.bodies import LocalsView, Told, UsageView, ValueView
from foreframe_protocol.api.sessions import CursorView
from foreframe_protocol.states import (
    End,
    Event,
    Verdict,
)


class StepView(Told):
    """One column of the timeline: an action and where it led. `locals`: of the shown scope."""

    number: int
    parent: int | None = None
    branch: int
    reason: str = Field(description="launch, edit, goto, past, or the action")
    change: str | None = None
    end: End
    message: str = ""
    frame: int
    event: Event | None = None
    function: str
    line: int
    depth: int
    value: ValueView | None = None
    locals: LocalsView
    changed: list[str]
    right: bool | None = None
    verdicts: dict[str, Verdict] = Field(default_factory=dict)
    real: LocalsView | None = None
    confidence: float | None = None
    usage: UsageView = UsageView()


class BranchView(Told):
    """One known future; `parent`: the branch that it leaves."""

    number: int
    parent: int | None = None
    first: int
    tip: int
    change: str | None = None
    frames: int
    is_current: bool


class TimelineView(Told):
    steps: list[StepView]
    total: int
    branches: list[BranchView]
    cursor: CursorView
