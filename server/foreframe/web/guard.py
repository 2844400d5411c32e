"""What stands around the application: who is let in, how much is taken, what answers carry.

**Who.** A request's `Host` must be a name of the server, its `Origin` (if any) that of the server's
own page or one that was named at start. Where there is a token, all but the page's files needs it,
as `Authorization: Bearer TOKEN`. A page cannot send headers with a WebSocket: it offers the
subprotocols `foreframe.v1` and `foreframe.token.` + base64url(token), and the first one is chosen.
The application sees no token.

**How much.** A body, a WebSocket's message, the time until an answer is complete (of a stream:
until it begins), requests in work, open streams. Refusals are `application/problem+json` with a
number (2630-2649), also to a WebSocket's handshake.

What answers carry is in `exchange.py`.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from pathlib import Path
from typing import Any

from foreframe.errors import (
    BodyTooLarge,
    BodyTooSlow,
    InternalError,
    ServerBusy,
    ServerRefusal,
    TookTooLong,
    TooManyStreams,
)
from foreframe.tokens import check_address
from foreframe.web.exchange import (
    App,
    ClientGone,
    Event,
    Exchange,
    Headers,
    Receive,
    Send,
    dressed,
    problem,
)
from foreframe.web.settings import ServeSettings
from foreframe.web.visitors import (
    SUBPROTOCOL,
    check_host,
    check_origin,
    check_token,
    header_of,
    headers_of,
    without_token,
)
from foreframe_protocol.api import PREFIX

SEND_SECONDS = 60.0  # for a client to take what is sent to it
STATIC = Path(__file__).parent / "static"
NEVER_WAITS = frozenset({f"{PREFIX}/health", "/metrics"})  # told also when there is much to do

ALLOWED: Headers = [  # to pages of other origins that were named at start
    (b"access-control-allow-methods", b"GET, POST, DELETE"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, idempotency-key, last-event-id",
    ),
    (b"access-control-max-age", b"600"),
]


class Guard:
    """An ASGI application around another one. Raises TokenNeeded where a token is missing.

    `send_seconds`: how long a client may take to read what is sent. `page`: the folder of files
    that need no token.
    """

    def __init__(
        self,
        app: App,
        settings: ServeSettings,
        *,
        send_seconds: float = SEND_SECONDS,
        page: Path = STATIC,
    ) -> None:
        check_address(settings.host, settings.token)
        self.app, self.settings, self.send_seconds = app, settings, send_seconds
        self.waiting = 0  # requests in work
        self.streams = 0  # event streams and WebSockets that are open
        self.most_streams = 2 * settings.most_sessions + 16
        self._page = page_paths(page)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case _:
                await self.app(scope, receive, send)

    # Requests

    async def _http(self, scope: Any, receive: Receive, send: Send) -> None:
        exchange = Exchange(self, scope, receive, send)
        try:
            self._let_in(scope)
            if is_preflight(scope):
                await exchange.answer(204, ALLOWED, b"")
                return
            self._find_room(scope)
        except ServerRefusal as refusal:
            await exchange.refuse(refusal)
            return
        counts = scope["path"] not in NEVER_WAITS and not self._is_page(scope)
        exchange.take_place(self, counts)
        try:
            await self._run(exchange)
        finally:
            exchange.leave_place()

    async def _run(self, exchange: Exchange) -> None:
        """The application's answer, within its time."""
        try:
            async with asyncio.timeout(self.settings.most_seconds) as limit:
                exchange.limit = limit
                await self.app(without_token(exchange.scope), exchange.receive, exchange.send)
        except TimeoutError:
            if not limit.expired():
                raise
            if exchange.is_reading:
                exchange.refusal = BodyTooSlow("the rest of the request did not come in time")
            else:
                exchange.refusal = TookTooLong(
                    f"there was no answer within {self.settings.most_seconds:g} s: ask for less, "
                    "or for a stream (Accept: text/event-stream)"
                )
        except Exception as error:
            if exchange.refusal is None and not exchange.is_gone:
                if exchange.is_started:
                    raise
                traceback.print_exception(error, file=sys.stderr)
                exchange.refusal = InternalError(
                    f"internal error, please report it: {type(error).__name__}"
                )
        if exchange.refusal is not None and not exchange.is_started:
            await exchange.refuse(exchange.refusal)

    def _let_in(self, scope: Any) -> None:
        """Raises ServerRefusal."""
        check_host(scope, self.settings)
        check_origin(scope, self.settings)
        if not is_preflight(scope) and not self._is_page(scope):
            check_token(scope, self.settings)

    def _find_room(self, scope: Any) -> None:
        """Raises ServerRefusal."""
        length = header_of(scope, b"content-length")
        if length is not None and length.isdecimal() and int(length) > self.settings.most_body:
            raise self.too_large()
        if scope["path"] in NEVER_WAITS or self._is_page(scope):
            return
        if self.waiting >= self.settings.most_waiting:
            raise ServerBusy(f"{self.waiting} requests are in work: come back in a second")
        if b"text/event-stream" in b",".join(
            value for name, value in scope["headers"] if name.lower() == b"accept"
        ):
            self._find_stream()

    def _find_stream(self) -> None:
        """Raises TooManyStreams."""
        if self.streams >= self.most_streams:
            raise TooManyStreams(f"{self.streams} streams are open: close one")

    def too_large(self) -> BodyTooLarge:
        """The refusal of a body, or of a message."""
        return BodyTooLarge(f"at most {self.settings.most_body:,} bytes are read at once")

    def _is_page(self, scope: Any) -> bool:
        return scope.get("method") in ("GET", "HEAD") and scope["path"] in self._page

    # WebSockets

    async def _websocket(self, scope: Any, receive: Receive, send: Send) -> None:
        try:
            self._let_in(scope)
            self._find_stream()
        except ServerRefusal as refusal:
            await receive()  # "websocket.connect"
            await self._deny(scope, refusal, send)
            return
        is_closed = False

        async def limited() -> Event:
            nonlocal is_closed
            if is_closed:
                return {"type": "websocket.disconnect", "code": 1009}
            event = await receive()
            size = len(event.get("bytes") or b"") or len((event.get("text") or "").encode())
            if size > self.settings.most_body:
                is_closed = True
                reason = f"at most {self.settings.most_body:,} bytes a message"
                await send({"type": "websocket.close", "code": 1009, "reason": reason})
                return {"type": "websocket.disconnect", "code": 1009}
            return event

        async def told(event: Event) -> None:
            if is_closed:
                return
            if event["type"] == "websocket.accept" and SUBPROTOCOL in scope["subprotocols"]:
                event = {**event, "subprotocol": SUBPROTOCOL}
            await self.within_reason(send, event)

        self.streams += 1
        try:
            await self.app(without_token(scope), limited, told)
        except ClientGone:
            pass
        finally:
            self.streams -= 1

    async def _deny(self, scope: Any, refusal: ServerRefusal, send: Send) -> None:
        """An answer to the handshake, where the server can give one; else it is closed (403)."""
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        status, headers, body = problem(refusal)
        kind = "websocket.http.response"
        headers = dressed(headers, scope, self.settings)
        await send({"type": f"{kind}.start", "status": status, "headers": headers})
        await send({"type": f"{kind}.body", "body": body})

    async def within_reason(self, send: Send, event: Event) -> None:
        """Sends to a client that reads. Raises ClientGone for one that does not."""
        try:
            async with asyncio.timeout(self.send_seconds):
                await send(event)
        except TimeoutError:
            raise ClientGone(f"nothing was read for {self.send_seconds:g} s") from None


def page_paths(folder: Path) -> frozenset[str]:
    """The paths of the page's files, as they are at start."""
    found = {"/"}
    if folder.is_dir():
        for file in folder.rglob("*"):
            if file.is_file():
                name = file.relative_to(folder).as_posix()
                found |= {f"/{name}", f"/static/{name}"}
    return frozenset(found)


def is_preflight(scope: Any) -> bool:
    """Whether a browser asks if a page of another origin may ask."""
    asked = headers_of(scope, b"access-control-request-method")
    return scope.get("method") == "OPTIONS" and bool(asked and headers_of(scope, b"origin"))
