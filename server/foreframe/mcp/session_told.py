"""What an agent is told of a session: where it stands, its steps. From the API's views; pure."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from foreframe.mcp.told import ValueTold, locals_told, value_told
from foreframe_protocol.api import SessionList, SessionView, StateView, StepView, TimelineView
from foreframe_protocol.states import Event, Verdict


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


class AheadTold(BaseModel):
    """What is likely to come; the session has not moved."""

    session: str
    trace: list[str]
    frames: int
    least_confidence: float | None = None


class SessionTold(BaseModel):
    """A session in a list."""

    session: str
    program: str
    call: str
    status: str
    steps: int


class SessionsTold(BaseModel):
    sessions: list[SessionTold]


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
