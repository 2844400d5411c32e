"""What is asked over HTTP, 2600-2629, and who may ask on a port, 2630-2639."""

from __future__ import annotations

from foreframe.errors.base import ForeframeError


class HttpError(ForeframeError):
    """`status`: of HTTP; `retry_after`: seconds after which it may go better."""

    code = 2600
    status = 400
    retry_after: int | None = None


class NoSuchLiveSession(HttpError):
    code, status = 2601, 404


class TooManySessions(HttpError):
    code, status, retry_after = 2602, 429, 30


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
