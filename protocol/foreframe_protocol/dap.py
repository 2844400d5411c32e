"""The Debug Adapter Protocol as sent here: types of what answers and events are made of.

TypedDicts in the wire's own names: they cost nothing at start-up and nothing a message.
What is read is in `dap_arguments`.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


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
    presentationHint: NotRequired[str]


class Scope(TypedDict):
    name: str
    presentationHint: str
    variablesReference: int
    namedVariables: int
    expensive: bool


class PresentationHint(TypedDict):
    kind: str
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
    "supportsDataBreakpoints": True,
    "supportsStepBack": True,
    "supportsForeframeReverseStepIn": True,  # foreframe/reverseStepIn; so with the next ones
    "supportsForeframeReverseStepOut": True,
    "supportsForeframeSetDirection": True,
    "supportsRestartFrame": True,
    "supportsGotoTargetsRequest": True,
    "supportsStepInTargetsRequest": True,
    "supportsSetVariable": True,
    "supportsSetExpression": True,
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
