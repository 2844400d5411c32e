"""What can be wrong, each with a stable number: what it is, where, and what to do about it.

Numbers: 1000-1099 engines (`foreframe_models.engines.base`), 2000-2099 what a session is launched
with, 2100-2199 what is asked of a session in the wrong moment, 2200-2299 expressions, 2300-2399
the protocol (2330-2349 what is kept on disk), 2600-2629 what is asked over HTTP, 2650-2659 a
client of a server, 2900 a fault of Foreframe's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foreframe_protocol.api import Problem


class ForeframeError(Exception):
    """Told to a person as it stands.

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
    │   │   ├── TokenNeeded     2640  to be reached from other machines
    │   │   └── TokenUnreadable 2641  or too short to be one
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

    code = 2900


class LaunchError(ForeframeError):
    code = 2000


class NoSuchProgram(LaunchError):
    code = 2001


class NotUtf8(LaunchError):
    code = 2002


class NotPython(LaunchError):
    code = 2003


class BadEntry(LaunchError):
    code = 2004


class EmptyProgram(LaunchError):
    code = 2005


class ModeNotAvailable(LaunchError):
    code = 2006


class RunFailed(LaunchError):
    code = 2008


class ExtraMissing(LaunchError):
    code = 2009


class BadOption(LaunchError):
    code = 2010


class TokenNeeded(BadOption):
    code = 2640


class TokenUnreadable(BadOption):
    code = 2641


class BadOutcome(LaunchError):
    code = 2320


class NoGuess(LaunchError):
    code = 2321


class BadState(LaunchError):
    code = 2380


class SessionError(ForeframeError):
    code = 2100


class NotLaunched(SessionError):
    code = 2101


class NotStopped(SessionError):
    code = 2102


class StaleReference(SessionError):
    code = 2103


class SessionEnded(SessionError):
    code = 2104


class NoSuchPlace(SessionError):
    code = 2105


class ExpressionError(ForeframeError):
    code = 2200


class BadExpression(ExpressionError):
    code = 2201


class NotAllowed(ExpressionError):
    code = 2202


class NotKnown(ExpressionError):
    code = 2203


class Raises(ExpressionError):
    code = 2204


class NotALiteral(ExpressionError):
    code = 2205


class TooLarge(ExpressionError):
    code = 2206


class CannotSet(ExpressionError):
    code = 2207


class ProtocolError(ForeframeError):
    code = 2300


class UnknownCommand(ProtocolError):
    code = 2301


class BadArguments(ProtocolError):
    code = 2302


class MalformedMessage(ProtocolError):
    code = 2303


class OnlyForward(ProtocolError):
    code = 2350


class KeepingError(ForeframeError):
    code = 2330


class StoreUnusable(KeepingError):
    code = 2331


class StoreLocked(KeepingError):
    code = 2332


class StoreFull(KeepingError):
    code = 2333


class StoreDamaged(KeepingError):
    code = 2334


class StoreTooNew(KeepingError):
    code = 2335


class NoSuchSession(KeepingError):
    code = 2336


class ValueNotWhole(KeepingError):
    code = 2337


class NotWritten(KeepingError):
    code = 2338


class ProgramChanged(KeepingError):
    code = 2339


class DebuggeeError(ForeframeError):
    code = 2400


class CannotStart(DebuggeeError):
    code = 2401


class CannotAttach(DebuggeeError):
    code = 2402


class DebuggeeLost(DebuggeeError):
    code = 2403


class RefusedByDebugpy(DebuggeeError):
    code = 2404


class NotSupportedByDebugpy(DebuggeeError):
    code = 2405


class DebuggeeSilent(DebuggeeError):
    code = 2406


class RealityDied(DebuggeeError):
    code = 2430


class RealityHangs(DebuggeeError):
    code = 2431


class HttpError(ForeframeError):
    """`status`: of HTTP; `retry_after`: seconds after which it may go better."""

    code = 2600
    status = 400
    retry_after: int | None = None


class NoSuchLiveSession(HttpError):
    code, status = 2601, 404


class TooManySessions(HttpError):
    code, status, retry_after = 2602, 503, 30


class RunNotAllowed(HttpError):
    code, status = 2603, 403


class OutsideFolders(HttpError):
    code, status = 2604, 403


class BadRequest(HttpError):
    code, status = 2605, 422


class KeyReused(HttpError):
    code, status = 2606, 422


class NoSuchResource(HttpError):
    code, status = 2607, 404


class ShuttingDown(HttpError):
    code, status, retry_after = 2608, 503, 5


class ClientLeft(HttpError):
    code, status = 2609, 499


class OpenElsewhere(HttpError):
    code, status = 2610, 409


class ServerRefusal(ForeframeError):
    """`status`: of HTTP; `retry_after`: seconds after which it may go better."""

    code = 2630
    status = 403
    retry_after: int | None = None


class WrongToken(ServerRefusal):
    code, status = 2631, 401


class WrongHost(ServerRefusal):
    code, status = 2632, 421


class WrongOrigin(ServerRefusal):
    code, status = 2633, 403


class BodyTooLarge(ServerRefusal):
    code, status = 2634, 413


class TookTooLong(ServerRefusal):
    code, status = 2635, 504


class BodyTooSlow(ServerRefusal):
    code, status = 2636, 408


class ServerBusy(ServerRefusal):
    code, status, retry_after = 2637, 503, 1


class TooManyStreams(ServerRefusal):
    code, status, retry_after = 2638, 503, 5


class NotTheProtocol(ServerRefusal):
    code, status = 2639, 400


class ClientError(ForeframeError):
    code = 2650


class ServerUnreachable(ClientError):
    code = 2651


class BadAnswer(ClientError):
    code = 2652


class BadServer(ClientError):
    code = 2653


class ApiError(ClientError):
    """A server's problem. `code` is the number that the server gave."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title)
        self.problem, self.code = problem, problem.code


class ServingError(ForeframeError):
    code = 2500


class NoSuchModel(ServingError):
    code = 2501


class CheckpointUnusable(ServingError):
    code = 2502


class DoesNotFit(ServingError):
    code = 2503


class NoGpu(ServingError):
    code = 2504


class BadLayout(ServingError):
    code = 2505


class ServerMissing(ServingError):
    code = 2506


class ServerFailed(ServingError):
    code = 2507


class InternalError(ForeframeError):
    code = 2900
