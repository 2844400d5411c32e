"""Arguments of Debug Adapter Protocol requests, named after their commands, checked by pydantic.

Python's names here, camelCase on the wire. Unknown fields are allowed, as the protocol grows;
types are strict. A module of its own: `initialize` is answered before pydantic has been imported.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """What all arguments share. Validators are built at first use."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="allow",
        strict=True,
        defer_build=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _nulls_are_absent(cls, given: object) -> object:
        """Some clients send null for what they have nothing to say about."""
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if value is not None}


class NoArguments(Model):
    """For commands whose arguments say nothing to this adapter."""


class StateAtLine(Model):
    """What is known of a state: a line, and the values of some variables as Python literals."""

    line: int
    variables: dict[str, str] = Field(default_factory=dict)


class StackScope(Model):
    """A scope of a real stop: its variables as `repr` texts, and those that are cut off."""

    name: str
    line: int
    variables: dict[str, str] = Field(default_factory=dict)
    cut: list[str] = Field(default_factory=list)


class LaunchArguments(Model):
    """`args`: Python literals as they stand in a call, or a JSON list of values.

    With `start` "end", one of `returned` (a literal's text, or a JSON value), `raised` and `state`
    is the outcome, and the arguments are guessed. With `start` "state", `stack` (innermost first)
    is where it begins, and `raised` what was raised there.
    """

    program: str
    function: str | None = None
    args: str | list[object] | None = None
    stop_on_entry: bool = False
    mode: str = "imagine"
    engine: str | None = None
    max_frames: int | None = Field(default=None, ge=1)
    look_ahead_tokens: int | None = Field(default=None, ge=0)
    resume: int | None = Field(default=None, ge=1)
    cwd: str | None = None
    no_debug: bool = False
    start: str = "entry"
    returned: object | None = None
    raised: str | None = None
    state: StateAtLine | None = None
    stack: list[StackScope] | None = Field(default=None, max_length=1000)
    guesses: int = Field(default=4, ge=1, le=100)
    resync: str | None = None  # of mode "check": "reality" or "free"
    python: str | None = None
    env: dict[str, str | None] | None = None
    just_my_code: bool = True


class Address(Model):
    host: str = "127.0.0.1"
    port: int


class LiveArguments(Model):
    """Of `launch` with the mode "live", and of `attach`. What is not named here is debugpy's.

    `args`: what the program finds in `sys.argv`; of a function, its arguments as in a call.
    """

    program: str | None = None
    module: str | None = None
    function: str | None = None
    args: str | list[object] | None = None
    python: str | None = None
    cwd: str | None = None
    env: dict[str, str | None] | None = None
    just_my_code: bool = True
    stop_on_entry: bool = False
    no_debug: bool = False
    engine: str | None = None
    max_frames: int | None = Field(default=None, ge=1)
    connect: Address | None = None
    host: str | None = None
    port: int | None = None
    process_id: int | str | None = None


class LookAheadArguments(Model):
    """How far: a number of stops, or a line of the file that is shown."""

    frames: int = Field(default=1, ge=1, le=1000)
    line: int | None = None


class AheadArguments(Model):
    """How many frames at most; `wait`: until no more are under way."""

    frames: int = Field(default=100, ge=1, le=1000)
    wait: bool = False


class PassedArguments(Model):
    """The frame whose lines are asked for."""

    frame_id: int


class RestartArguments(Model):
    arguments: LaunchArguments | None = None


class SourceArgument(Model):
    path: str | None = None
    source_reference: int | None = None


class SourceBreakpoint(Model):
    line: int
    condition: str | None = None
    hit_condition: str | None = None
    log_message: str | None = None


class SetBreakpointsArguments(Model):
    source: SourceArgument
    breakpoints: list[SourceBreakpoint] | None = None
    lines: list[int] | None = None  # deprecated, still sent by some clients

    def wanted(self) -> list[SourceBreakpoint]:
        """What is asked for, in either way."""
        if self.breakpoints is not None:
            return self.breakpoints
        return [SourceBreakpoint(line=line) for line in self.lines or ()]


class FunctionBreakpoint(Model):
    name: str
    condition: str | None = None
    hit_condition: str | None = None


class SetFunctionBreakpointsArguments(Model):
    breakpoints: list[FunctionBreakpoint]


class DataBreakpointInfoArguments(Model):
    name: str
    variables_reference: int | None = None
    frame_id: int | None = None


class DataBreakpoint(Model):
    data_id: str
    condition: str | None = None
    hit_condition: str | None = None


class SetDataBreakpointsArguments(Model):
    breakpoints: list[DataBreakpoint]


class ExceptionFilterOptions(Model):
    filter_id: str
    condition: str | None = None


class SetExceptionBreakpointsArguments(Model):
    filters: list[str]
    filter_options: list[ExceptionFilterOptions] | None = None


class BreakpointLocationsArguments(Model):
    source: SourceArgument
    line: int
    end_line: int | None = None


class ThreadArguments(Model):
    thread_id: int


class StepInArguments(ThreadArguments):
    target_id: int | None = None


class GotoArguments(ThreadArguments):
    target_id: int


class GotoTargetsArguments(Model):
    source: SourceArgument
    line: int


class FrameArguments(Model):
    frame_id: int


class TimelineArguments(Model):
    start: int | None = Field(default=None, ge=0)
    count: int | None = Field(default=None, ge=0)


class DirectionArguments(Model):
    direction: Literal["forward", "backward"]


class GoToArguments(Model):
    step: int
    branch: int | None = None


class SearchArguments(Model):
    """`condition` for that kind; `name` (and `frame_id`) for a change; `line` for a line."""

    kind: Literal["breakpoint", "condition", "change", "exception", "line"]
    direction: Literal["backward", "forward"] = "backward"
    condition: str | None = None
    name: str | None = None
    frame_id: int | None = None
    line: int | None = None


class StackTraceArguments(ThreadArguments):
    start_frame: int | None = Field(default=None, ge=0)
    levels: int | None = Field(default=None, ge=0)


class ScopesArguments(Model):
    frame_id: int


class VariablesArguments(Model):
    variables_reference: int
    filter: Literal["indexed", "named"] | None = None
    start: int | None = Field(default=None, ge=0)
    count: int | None = Field(default=None, ge=0)


class SetVariableArguments(Model):
    variables_reference: int
    name: str
    value: str


class SetExpressionArguments(Model):
    expression: str
    value: str
    frame_id: int | None = None


class EvaluateArguments(Model):
    expression: str
    frame_id: int | None = None
    context: str | None = None


class CompletionsArguments(Model):
    text: str
    column: int
    line: int | None = None
    frame_id: int | None = None


class SourceRequestArguments(Model):
    source: SourceArgument | None = None
    source_reference: int | None = None


class CancelArguments(Model):
    request_id: int | None = None
    progress_id: str | None = None


class ExplainArguments(Model):
    detail: Literal["steps", "changes", "calls"] | None = None
    all: bool = False
    retell: bool = False
