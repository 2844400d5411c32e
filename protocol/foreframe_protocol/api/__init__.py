"""What travels over HTTP and the WebSocket of `foreframe serve`: bodies of requests and answers.

JSON in snake_case; lines count from 1, steps, branches and scopes (outermost first) from 0.
Unknown fields of a request are refused. All paths begin with `/api/v1`:

=======  ================================  ==========================  =======================
POST     /sessions                         NewSession                  201 SessionView
GET      /sessions                         -                           SessionList
GET      /sessions/{id}                    -                           SessionView
DELETE   /sessions/{id}                    -                           204
POST     /sessions/{id}/actions            Act (?wait=SECONDS)         ActionAnswer
GET      /sessions/{id}/timeline           ?start=&count=              TimelineView
GET      /sessions/{id}/evaluate           ?expression=&scope=         ValueView
GET      /sessions/{id}/explain            ?detail=                    Explanation
GET      /sessions/{id}/halts              -                           HaltingView
GET      /sessions/{id}/export             ?form=jsonl|cwm|perfetto    the file
GET      /sessions/{id}/events             Last-Event-ID or ?after=    server-sent events: EventView
WS       /sessions/{id}/socket             ?after=, ActionMessage      EventView, or an answer
GET      /kept                             -                           KeptList
POST     /kept/{number}                    -                           201 SessionView
POST     /predict                          PredictRequest              PredictedStep
POST     /inputs                           InputsRequest               InputsAnswer
POST     /compare                          CompareRequest              CompareAnswer
POST     /fill                             FillRequest                 FillAnswer
POST     /halts                            RunRequest                  HaltingView
POST     /explain                          ExplainRequest              Explanation
POST     /evaluate                         EvaluateRequest             EvaluateAnswer
GET      /models, /models/{name}/{plot}    -                           ModelList, image/png
GET      /health                           -                           Health
=======  ================================  ==========================  =======================

An action that goes on for longer than `wait` answers 202, and its events tell the rest.
`GET /metrics` (no prefix) is Prometheus' text. The POSTs from `/predict` to `/explain`, asked with
`Accept: text/event-stream`, answer with a stream: `progress`, `candidate`, ... and a last `answer`.
`Idempotency-Key` on a POST that creates: the same key with the same body gives the same answer;
with another body, 422. Errors are `application/problem+json`: Problem.
"""

from __future__ import annotations

from foreframe_protocol.api.actions import (
    Act,
    ActionAnswer,
    ActionMessage,
    ActionMessageAnswer,
    EndedEvent,
    EventView,
    GoTo,
    LookAhead,
    OutputEvent,
    Pause,
    RestartFrame,
    RunningEvent,
    SearchTimeline,
    SetBreakpoints,
    SetLine,
    SetVariable,
    Step,
    StoppedEvent,
)
from foreframe_protocol.api.bodies import (
    MOST_SOURCE,
    MOST_TEXT,
    PREFIX,
    Asked,
    FrameView,
    LocalsView,
    Problem,
    ScopeView,
    StateView,
    Told,
    UsageView,
    ValueView,
    locals_view,
)
from foreframe_protocol.api.predicting import (
    CandidateView,
    CompareAnswer,
    ComparedFrame,
    CompareRequest,
    EvaluateAnswer,
    EvaluateRequest,
    EvidenceView,
    ExplainRequest,
    Explanation,
    FillAnswer,
    FillRequest,
    GuessView,
    HaltingView,
    InputsAnswer,
    InputsRequest,
    PredictedStep,
    PredictRequest,
    SentenceView,
)
from foreframe_protocol.api.programs import BreakpointSpec, RunRequest
from foreframe_protocol.api.server import (
    Accuracy,
    ConfidenceBin,
    Health,
    Learned,
    Measured,
    ModelList,
    ModelView,
    Reliability,
)
from foreframe_protocol.api.sessions import (
    BreakpointView,
    CursorView,
    KeptList,
    KeptSession,
    NewSession,
    SessionList,
    SessionSummary,
    SessionView,
    StopView,
)
from foreframe_protocol.api.timelines import BranchView, StepView, TimelineView

__all__ = [
    "MOST_SOURCE",
    "MOST_TEXT",
    "PREFIX",
    "Accuracy",
    "Act",
    "ActionAnswer",
    "ActionMessage",
    "ActionMessageAnswer",
    "Asked",
    "BranchView",
    "BreakpointSpec",
    "BreakpointView",
    "CandidateView",
    "CompareAnswer",
    "CompareRequest",
    "ComparedFrame",
    "ConfidenceBin",
    "CursorView",
    "EndedEvent",
    "EvaluateAnswer",
    "EvaluateRequest",
    "EventView",
    "EvidenceView",
    "ExplainRequest",
    "Explanation",
    "FillAnswer",
    "FillRequest",
    "FrameView",
    "GoTo",
    "GuessView",
    "HaltingView",
    "Health",
    "InputsAnswer",
    "InputsRequest",
    "KeptList",
    "KeptSession",
    "Learned",
    "LocalsView",
    "LookAhead",
    "Measured",
    "ModelList",
    "ModelView",
    "NewSession",
    "OutputEvent",
    "Pause",
    "PredictRequest",
    "PredictedStep",
    "Problem",
    "Reliability",
    "RestartFrame",
    "RunRequest",
    "RunningEvent",
    "ScopeView",
    "SearchTimeline",
    "SentenceView",
    "SessionList",
    "SessionSummary",
    "SessionView",
    "SetBreakpoints",
    "SetLine",
    "SetVariable",
    "StateView",
    "Step",
    "StepView",
    "StopView",
    "StoppedEvent",
    "TimelineView",
    "Told",
    "UsageView",
    "ValueView",
    "locals_view",
]
