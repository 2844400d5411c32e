"""The Debug Adapter Protocol as spoken here: arguments of requests, what answers are made of.

What is read is checked, by pydantic models: Python's names, camelCase on the wire, unknown fields
allowed as the protocol grows, types strict. What is written is typed, by TypedDicts in the wire's
own names: they cost nothing at start-up and nothing a message.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """What all arguments share. Validators are built at first use: start-up stays quick."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="allow",
        strict=True,
        defer_build=True,
    )


# Arguments of requests, named after their commands


class NoArguments(Model):
    """For commands whose arguments say nothing to this adapter."""


class InitializeArguments(Model):
    lines_start_at1: bool = True
    columns_start_at1: bool = True
    path_format: str = "path"
    supports_variable_type: bool = False
    supports_progress_reporting: bool = False


class LaunchArguments(Model):
    """`args`: Python literals as they stand in a call, or a JSON list of values."""

    program: str
    function: str | None = None
    args: str | list[object] | None = None
    stop_on_entry: bool = False
    mode: str = "imagine"
    engine: str | None = None
    max_frames: int | None = Field(default=None, ge=1)
    cwd: str | None = None


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


class FunctionBreakpoint(Model):
    name: str
    condition: str | None = None
    hit_condition: str | None = None


class SetFunctionBreakpointsArguments(Model):
    breakpoints: list[FunctionBreakpoint]


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


# What is sent


class Source(TypedDict):
    name: str
    path: str


class Breakpoint(TypedDict):
    id: int
    verified: bool
    message: NotRequired[str]
    source: NotRequired[Source]
    line: NotRequired[int]


class Thread(TypedDict):
    id: int
    name: str


class StackFrame(TypedDict):
    id: int
    name: str
    line: int
    column: int
    source: Source


class Scope(TypedDict):
    name: str
    presentationHint: str
    variablesReference: int
    namedVariables: int
    expensive: bool


class PresentationHint(TypedDict):
    attributes: list[str]


class Provenance(TypedDict):
    """Not in the protocol: what is known about a value, for clients that know this adapter."""

    provenance: str
    confidence: NotRequired[float]
    changed: NotRequired[bool]


class Shown(TypedDict):
    """What a variable and the result of an evaluation have in common."""

    variablesReference: int
    type: NotRequired[str]
    presentationHint: NotRequired[PresentationHint]
    namedVariables: NotRequired[int]
    indexedVariables: NotRequired[int]
    foreframe: NotRequired[Provenance]


class Variable(Shown):
    name: str
    value: str
    evaluateName: NotRequired[str]


class Evaluated(Shown):
    result: str


class CompletionItem(TypedDict):
    label: str
    type: str
    start: int
    length: int
    detail: NotRequired[str]


class ExceptionDetails(TypedDict):
    message: str
    typeName: str
    stackTrace: str


class ExceptionInfo(TypedDict):
    exceptionId: str
    description: str
    breakMode: Literal["never", "always", "unhandled", "userUnhandled"]
    details: ExceptionDetails


class ErrorMessage(TypedDict):
    """The protocol's `Message`: the number is stable, the text is for a person."""

    id: int
    format: str
    showUser: bool


class Stopped(TypedDict):
    reason: str
    threadId: int
    allThreadsStopped: bool
    description: NotRequired[str]
    text: NotRequired[str]
    hitBreakpointIds: NotRequired[list[int]]


class Output(TypedDict):
    category: str
    output: str
    source: NotRequired[Source]
    line: NotRequired[int]
    data: NotRequired[dict[str, object]]


CAPABILITIES: dict[str, object] = {
    "supportsConfigurationDoneRequest": True,
    "supportsFunctionBreakpoints": True,
    "supportsConditionalBreakpoints": True,
    "supportsHitConditionalBreakpoints": True,
    "supportsLogPoints": True,
    "supportsBreakpointLocationsRequest": True,
    "supportsExceptionFilterOptions": True,
    "supportsExceptionInfoRequest": True,
    "supportsStepBack": True,
    "supportsEvaluateForHovers": True,
    "supportsClipboardContext": True,
    "supportsCompletionsRequest": True,
    "completionTriggerCharacters": [".", "["],
    "supportsDelayedStackTraceLoading": True,
    "supportsLoadedSourcesRequest": True,
    "supportsRestartRequest": True,
    "supportsTerminateRequest": True,
    "supportsCancelRequest": True,
    "exceptionBreakpointFilters": [
        {
            "filter": "raised",
            "label": "Raised (predicted)",
            "description": "Stop wherever an exception is predicted to be raised.",
            "default": False,
            "supportsCondition": True,
            "conditionDescription": "An expression on the predicted variables, such as n > 3",
        },
        {
            "filter": "uncaught",
            "label": "Uncaught (predicted)",
            "description": "Stop where an exception is raised that is predicted to end it all.",
            "default": True,
        },
    ],
}
"""What the answer to `initialize` announces."""
