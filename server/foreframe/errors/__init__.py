"""What can be wrong, each with a stable number: what it is, where, and what to do about it.

Numbers: 1000-1099 engines (`foreframe_models.engines.base`), 2000-2099 what a session is launched
with, 2100-2199 what is asked of a session in the wrong moment, 2200-2299 expressions, 2300-2399
the protocol (2330-2349 what is kept on disk), 2400-2499 the real program, 2500-2599 models that are
served, 2600-2629 what is asked over HTTP, 2630-2641 who may ask on a port, 2650-2659 a client of a
server, 2900 a fault of Foreframe's own.

ForeframeError
├── LaunchError
│   ├── NoSuchProgram       2001
│   ├── NotUtf8             2002
│   ├── NotPython           2003
│   ├── BadEntry            2004  no such function, or arguments that do not fit it
│   ├── EmptyProgram        2005
│   ├── ModeNotAvailable    2006
│   ├── RunFailed           2008  a program that was to be checked could not be run
│   ├── ExtraMissing        2009  a part of Foreframe that was not installed
│   ├── BadOption           2010  an option that means nothing, or contradicts another
│   │   ├── NoHole          2051  where holes are to be filled
│   │   ├── BadExample      2052  no call with literals and what it is to give
│   │   ├── TokenNeeded     2640  to be reached from other machines
│   │   └── TokenUnreadable 2641  or too short to be one
│   ├── NotFilled           2053  nothing was found that may be written, or the file has changed
│   ├── BadOutcome          2320  what a session is to begin from the end of
│   ├── NoGuess             2321  of the inputs of an outcome
│   └── BadState            2380  a stack that is none of the program's
├── SessionError
│   ├── NotLaunched         2101
│   ├── NotStopped          2102
│   ├── StaleReference      2103  of a stop that has been left
│   ├── SessionEnded        2104
│   └── NoSuchPlace         2105  a step, a branch or a line that cannot be gone to
├── ExpressionError
│   ├── BadExpression       2201  not valid Python
│   ├── NotAllowed          2202  would need to run code
│   ├── NotKnown            2203  not among the predicted values
│   ├── Raises              2204  evaluating it raises an exception
│   ├── NotALiteral         2205  a variable can be set to literals only
│   ├── TooLarge            2206  more than can be set
│   └── CannotSet           2207  no variable, nor a part of one that can be set
├── ProtocolError
│   ├── UnknownCommand      2301
│   ├── BadArguments        2302
│   ├── MalformedMessage    2303
│   └── OnlyForward         2350  what has no meaning going backward
├── KeepingError            2330  of sessions that are kept on disk
│   ├── StoreUnusable       2331  it cannot be opened, read or written to
│   ├── StoreLocked         2332  by another process, for too long
│   ├── StoreFull           2333
│   ├── StoreDamaged        2334
│   ├── StoreTooNew         2335
│   ├── NoSuchSession       2336
│   ├── ValueNotWhole       2337  too long to be kept: only its beginning is
│   ├── NotWritten          2338  a file to export to
│   └── ProgramChanged      2339  since a session that is to be gone on with
├── DebuggeeError
│   ├── CannotStart         2401  the program, or the debugger in it, did not start
│   ├── CannotAttach        2402  nothing that can be attached to
│   ├── DebuggeeLost        2403  the program has ended, or the connection to it
│   ├── RefusedByDebugpy    2404
│   ├── NotSupportedByDebugpy 2405  asking would leave it without an answer for ever
│   ├── DebuggeeSilent      2406  no thread of the program's answers
│   ├── RealityDied         2430  the program that predictions were checked against
│   └── RealityHangs        2431  it does not stop when it is asked to
├── HttpError               2600  of what is asked over HTTP
│   ├── NoSuchLiveSession   2601  nor a kept one with this name
│   ├── TooManySessions     2602
│   ├── RunNotAllowed       2603  without --allow-run
│   ├── OutsideFolders      2604  a file that may not be read
│   ├── BadRequest          2605  a body, a parameter or a header that means nothing
│   ├── KeyReused           2606  an Idempotency-Key, with another body
│   ├── NoSuchResource      2607
│   ├── ShuttingDown        2608
│   ├── ClientLeft          2609  before its answer: nobody reads this
│   └── OpenElsewhere       2610  a session that another process has open
├── ServerRefusal           2630  of a port: who may talk to it, and how much may be asked
│   ├── WrongToken          2631  none, or another one
│   ├── WrongHost           2632  a name that this server is not known by
│   ├── WrongOrigin         2633  a page of somebody else's
│   ├── BodyTooLarge        2634
│   ├── TookTooLong         2635
│   ├── BodyTooSlow         2636
│   ├── ServerBusy          2637  too many requests at once
│   ├── TooManyStreams      2638
│   └── NotTheProtocol      2639  something else than what is spoken on this port
├── ClientError             2650  of a client of `foreframe serve`
│   ├── ServerUnreachable   2651  nobody answers, or the connection was lost
│   ├── BadAnswer           2652  what answers is no Foreframe server, or of another version
│   ├── BadServer           2653  an address or a token that cannot be used
│   └── ApiError                  what the server refused, under the number that it gave
├── ServingError            2500  of models that are served
│   ├── NoSuchModel         2501  no card and no folder of that name
│   ├── CheckpointUnusable  2502  not what can be served, or not in that form
│   ├── DoesNotFit          2503  the GPUs' memory does not suffice
│   ├── NoGpu               2504  for a model that a CPU is too slow for
│   ├── BadLayout           2505  GPUs, machines or degrees that it cannot be laid out on
│   ├── ServerMissing       2506  vLLM is not installed here
│   └── ServerFailed        2507  vLLM ended, or did not become ready
└── InternalError           2900
"""

from __future__ import annotations

from foreframe.errors.base import (
    ForeframeError,
    InternalError,
)
from foreframe.errors.client import (
    ApiError,
    BadAnswer,
    BadServer,
    ClientError,
    ServerUnreachable,
)
from foreframe.errors.debugging import (
    CannotAttach,
    CannotStart,
    DebuggeeError,
    DebuggeeLost,
    DebuggeeSilent,
    NotSupportedByDebugpy,
    RealityDied,
    RealityHangs,
    RefusedByDebugpy,
)
from foreframe.errors.keeping import (
    KeepingError,
    NoSuchSession,
    NotWritten,
    ProgramChanged,
    StoreDamaged,
    StoreFull,
    StoreLocked,
    StoreTooNew,
    StoreUnusable,
    ValueNotWhole,
)
from foreframe.errors.launching import (
    BadEntry,
    BadExample,
    BadOption,
    BadOutcome,
    BadState,
    EmptyProgram,
    ExtraMissing,
    LaunchError,
    ModeNotAvailable,
    NoGuess,
    NoHole,
    NoSuchProgram,
    NotFilled,
    NotPython,
    NotUtf8,
    RunFailed,
    TokenNeeded,
    TokenUnreadable,
)
from foreframe.errors.serving import (
    BadLayout,
    CheckpointUnusable,
    DoesNotFit,
    NoGpu,
    NoSuchModel,
    ServerFailed,
    ServerMissing,
    ServingError,
)
from foreframe.errors.stepping import (
    BadArguments,
    BadExpression,
    CannotSet,
    ExpressionError,
    MalformedMessage,
    NoSuchPlace,
    NotALiteral,
    NotAllowed,
    NotKnown,
    NotLaunched,
    NotStopped,
    OnlyForward,
    ProtocolError,
    Raises,
    SessionEnded,
    SessionError,
    StaleReference,
    TooLarge,
    UnknownCommand,
)
from foreframe.errors.web import (
    BadRequest,
    BodyTooLarge,
    BodyTooSlow,
    ClientLeft,
    HttpError,
    KeyReused,
    NoSuchLiveSession,
    NoSuchResource,
    NotTheProtocol,
    OpenElsewhere,
    OutsideFolders,
    RunNotAllowed,
    ServerBusy,
    ServerRefusal,
    ShuttingDown,
    TookTooLong,
    TooManySessions,
    TooManyStreams,
    WrongHost,
    WrongOrigin,
    WrongToken,
)

__all__ = [
    "ApiError",
    "BadAnswer",
    "BadArguments",
    "BadEntry",
    "BadExample",
    "BadExpression",
    "BadLayout",
    "BadOption",
    "BadOutcome",
    "BadRequest",
    "BadServer",
    "BadState",
    "BodyTooLarge",
    "BodyTooSlow",
    "CannotAttach",
    "CannotSet",
    "CannotStart",
    "CheckpointUnusable",
    "ClientError",
    "ClientLeft",
    "DebuggeeError",
    "DebuggeeLost",
    "DebuggeeSilent",
    "DoesNotFit",
    "EmptyProgram",
    "ExpressionError",
    "ExtraMissing",
    "ForeframeError",
    "HttpError",
    "InternalError",
    "KeepingError",
    "KeyReused",
    "LaunchError",
    "MalformedMessage",
    "ModeNotAvailable",
    "NoGpu",
    "NoGuess",
    "NoHole",
    "NoSuchLiveSession",
    "NoSuchModel",
    "NoSuchPlace",
    "NoSuchProgram",
    "NoSuchResource",
    "NoSuchSession",
    "NotALiteral",
    "NotAllowed",
    "NotFilled",
    "NotKnown",
    "NotLaunched",
    "NotPython",
    "NotStopped",
    "NotSupportedByDebugpy",
    "NotTheProtocol",
    "NotUtf8",
    "NotWritten",
    "OnlyForward",
    "OpenElsewhere",
    "OutsideFolders",
    "ProgramChanged",
    "ProtocolError",
    "Raises",
    "RealityDied",
    "RealityHangs",
    "RefusedByDebugpy",
    "RunFailed",
    "RunNotAllowed",
    "ServerBusy",
    "ServerFailed",
    "ServerMissing",
    "ServerRefusal",
    "ServerUnreachable",
    "ServingError",
    "SessionEnded",
    "SessionError",
    "ShuttingDown",
    "StaleReference",
    "StoreDamaged",
    "StoreFull",
    "StoreLocked",
    "StoreTooNew",
    "StoreUnusable",
    "TokenNeeded",
    "TokenUnreadable",
    "TooLarge",
    "TooManySessions",
    "TooManyStreams",
    "TookTooLong",
    "UnknownCommand",
    "ValueNotWhole",
    "WrongHost",
    "WrongOrigin",
    "WrongToken",
]
