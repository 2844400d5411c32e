"""One request and its answer, between the application and the network.

No more of a body is read than may be, no client is waited for that does not read, and every answer
carries a policy that lets the page load and ask nothing but its own server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from foreframe.errors import ForeframeError
from foreframe.web.visitors import allowed_origin, header_of, headers_of
from foreframe_protocol.api import PREFIX, Problem

if TYPE_CHECKING:
    from foreframe.web.guard import Guard
    from foreframe.web.settings import ServeSettings

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]  # ASGI
Headers = list[tuple[bytes, bytes]]

SECURITY: Headers = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        b"connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
        b"frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), usb=()"),
]
OWN = frozenset(name for name, _ in SECURITY) | {b"cross-origin-resource-policy", b"server"}


class ClientGone(OSError):
    """Nobody reads any more."""


class Exchange:
    """One request and its answer, between the application and the network."""

    def __init__(self, guard: Guard, scope: Any, receive: Receive, send: Send) -> None:
        self.guard, self.scope = guard, scope
        self._receive, self._send = receive, send
        self.limit: asyncio.Timeout | None = None
        self.refusal: ForeframeError | None = None
        self.is_started = self.is_gone = self.is_reading = False
        self._taken = 0  # bytes of the body
        self._has_body = True
        self._counter: str | None = None

    def take_place(self, guard: Guard, counts: bool) -> None:
        """Among the requests in work, until it is left."""
        if counts:
            guard.waiting += 1
            self._counter = "waiting"

    def leave_place(self) -> None:
        """At the end."""
        match self._counter:
            case "waiting":
                self.guard.waiting -= 1
            case "streams":
                self.guard.streams -= 1
        self._counter = None

    async def receive(self) -> Event:
        """What the application reads: no more than the limit, whatever was announced."""
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        self.is_reading = self._has_body
        event = await self._receive()
        self.is_reading = False
        if event["type"] == "http.request":
            self._taken += len(event.get("body", b""))
            self._has_body = event.get("more_body", False)
            if self._taken > self.guard.settings.most_body:
                self.refusal = self.guard.too_large()
                return {"type": "http.disconnect"}
        return event

    async def send(self, event: Event) -> None:
        """What the application answers, unless it has been refused meanwhile."""
        if event["type"] == "http.response.start":
            if self.refusal is not None:
                return
            self.is_started = True
            headers = list(event.get("headers", ()))
            if any(k.lower() == b"content-type" and b"event-stream" in v for k, v in headers):
                self._become_stream()
            headers = dressed(headers, self.scope, self.guard.settings)
            event = {**event, "headers": headers}
        elif not self.is_started:
            return
        try:
            await self.guard.within_reason(self._send, event)
        except ClientGone:
            self.is_gone = True
            raise

    def _become_stream(self) -> None:
        """It may go on for as long as somebody reads; it is no longer waited for."""
        if self.limit is not None:
            self.limit.reschedule(None)
        if self._counter == "waiting":
            self.leave_place()
            self.guard.streams += 1
            self._counter = "streams"

    async def refuse(self, refusal: ForeframeError) -> None:
        """Answers with a problem; the connection is not used again where a body may be left."""
        status, headers, body = problem(refusal)
        has_body = headers_of(self.scope, b"content-length") not in ([], ["0"])
        if has_body or headers_of(self.scope, b"transfer-encoding"):
            headers.append((b"connection", b"close"))
        await self.answer(status, headers, body)

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer of our own."""
        self.is_started = True
        if body:
            headers = [*headers, (b"content-length", b"%d" % len(body))]
        headers = dressed(headers, self.scope, self.guard.settings)
        try:
            for event in (
                {"type": "http.response.start", "status": status, "headers": headers},
                {"type": "http.response.body", "body": body},
            ):
                await self.guard.within_reason(self._send, event)
        except ClientGone:
            pass


def problem(error: ForeframeError) -> tuple[int, Headers, bytes]:
    """Status, headers and body of a refusal."""
    status = getattr(error, "status", 500)
    told = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=str(error), code=error.code
    )
    headers: Headers = [(b"content-type", b"application/problem+json")]
    after = getattr(error, "retry_after", None)
    if after is not None:
        headers.append((b"retry-after", b"%d" % after))
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return status, headers, told.model_dump_json(exclude_none=True).encode()


def dressed(headers: Headers, scope: Any, settings: ServeSettings) -> Headers:
    """The headers of an answer with those that keep a browser from harm."""
    kept = [(name, value) for name, value in headers if name.lower() not in OWN]
    if not any(name.lower() == b"cache-control" for name, _ in kept):
        # Answers are somebody's values; files change with the version that is installed.
        is_private = scope["path"].startswith(PREFIX)
        kept.append((b"cache-control", b"no-store" if is_private else b"no-cache"))
    origin = header_of(scope, b"origin")
    if origin is not None and allowed_origin(origin, settings):
        kept += [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", b"location, retry-after"),
            (b"vary", b"origin"),
            (b"cross-origin-resource-policy", b"cross-origin"),
        ]
    else:
        kept.append((b"cross-origin-resource-policy", b"same-origin"))
    return kept + SECURITY
