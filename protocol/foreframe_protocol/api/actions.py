"""What can be asked of a session, and what it tells."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from foreframe_protocol.api.bodies import MOST_TEXT, Asked, FrameView, Problem, Told
from foreframe_protocol.api.programs import BreakpointSpec
from foreframe_protocol.api.sessions import CursorView, SessionView, StopView
from foreframe_protocol.states import (
    Action,
    Direction,
)


class Step(Asked):
    """Step over, into, out, or run to a breakpoint, forward or backward."""

    kind: Literal["step"] = "step"
    action: Action = Action.STEP_OVER
    direction: Direction = Direction.FORWARD


class Pause(Asked):
    kind: Literal["pause"] = "pause"


class GoTo(Asked):
    """To the end of a step, following the branch that it was made on or the one that is given."""

    kind: Literal["go_to"] = "go_to"
    step: int = Field(ge=0)
    branch: int | None = Field(None, ge=0)


class SetVariable(Asked):
    """A variable of a scope, or a part of it (`path`: keys and indexes), to a literal: a branch."""

    kind: Literal["set_variable"] = "set_variable"
    name: str = Field(max_length=1000)
    value: str = Field(max_length=MOST_TEXT)
    scope: int | None = Field(None, ge=0, description="the one that is shown if not said")
    path: list[int | str] = Field(default_factory=list, max_length=100)


class SetLine(Asked):
    """Goes on at another line of the shown function; what is between does not run: a branch."""

    kind: Literal["set_line"] = "set_line"
    line: int = Field(ge=1)


class RestartFrame(Asked):
    kind: Literal["restart_frame"] = "restart_frame"
    scope: int | None = Field(None, ge=0)


class SearchTimeline(Asked):
    """The nearest place on known ground that is looked for; goes there if there is one."""

    kind: Literal["search"] = "search"
    wanted: Literal["breakpoint", "condition", "change", "exception", "line"]
    direction: Direction = Direction.BACKWARD
    condition: str | None = Field(None, max_length=MOST_TEXT)
    name: str | None = Field(None, max_length=1000)
    line: int | None = Field(None, ge=1)


class LookAhead(Asked):
    """What is likely to come, without going there."""

    kind: Literal["look_ahead"] = "look_ahead"
    frames: int = Field(10, ge=1, le=1000)


class SetBreakpoints(Asked):
    """In place of all there are."""

    kind: Literal["set_breakpoints"] = "set_breakpoints"
    breakpoints: list[BreakpointSpec] = Field(max_length=1000)


Act = Annotated[
    Step
    | Pause
    | GoTo
    | SetVariable
    | SetLine
    | RestartFrame
    | SearchTimeline
    | LookAhead
    | SetBreakpoints,
    Field(discriminator="kind"),
]


class ActionAnswer(Told):
    """The session after an action. `found`: of a search; `text`: what a person should know."""

    session: SessionView
    found: bool | None = None
    text: str = ""
    ahead: list[FrameView] = Field(default_factory=list)


class ActionMessage(Asked):
    """An action over the WebSocket; `request` comes back with its answer."""

    request: int | str
    action: Act


class ActionMessageAnswer(Told):
    kind: Literal["answer"] = "answer"
    request: int | str
    answer: ActionAnswer | None = None
    problem: Problem | None = None


class RunningEvent(Told):
    """An action has begun, or has come further."""

    kind: Literal["running"] = "running"
    sequence: int
    frames_done: int = 0


class StoppedEvent(Told):
    kind: Literal["stopped"] = "stopped"
    sequence: int
    stop: StopView
    cursor: CursorView
    steps: int
    branches: int


class OutputEvent(Told):
    """What the program prints, as predicted (`stdout`, `stderr`), a logpoint's text, or a note."""

    kind: Literal["output"] = "output"
    sequence: int
    stream: str
    text: str
    line: int | None = None


class EndedEvent(Told):
    kind: Literal["ended"] = "ended"
    sequence: int
    exit_code: int


EventView = Annotated[
    RunningEvent | StoppedEvent | OutputEvent | EndedEvent, Field(discriminator="kind")
]
