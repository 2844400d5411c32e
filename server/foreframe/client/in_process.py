"""A server in this process, without a port: its application asked directly.

Unlike `httpx.ASGITransport` an answer is read while it is written, so that streams are streams, and
one that nobody reads any more is told so and ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import httpx

from foreframe.client.address import Address
from foreframe.client.client import Client

if TYPE_CHECKING:
    from foreframe.web.settings import ServeSettings

Message = MutableMapping[str, Any]
App = Callable[[Any, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Any]

GRACE = 3.0  # seconds that an application has to end what nobody reads any more


@asynccontextmanager
async def in_process(settings: ServeSettings, **options: Any) -> AsyncIterator[Client]:
    """A client of a server of its own, which ends with it.

    `options`: what `foreframe.web.app.create_app` takes besides. Raises what that raises.
    """
    from foreframe.web.app import create_app

    app = create_app(settings, **options)
    async with lifespan(app):
        address = Address(f"http://127.0.0.1:{settings.port}", settings.token)
        async with Client(address, transport=AppTransport(app)) as client:
            yield client


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    """Starts an application, and ends it. Raises what its start raises."""
    said: asyncio.Queue[Message] = asyncio.Queue()
    heard: asyncio.Queue[Message] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    task = asyncio.create_task(app(scope, said.get, heard.put), name="lifespan")

    async def until(kind: str) -> None:
        answer = asyncio.create_task(heard.get())
        try:
            await asyncio.wait([answer, task], return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                message = answer.result()
                if message["type"] != f"lifespan.{kind}.complete":
                    await asyncio.wait([task], timeout=GRACE)
                    if task.done() and not task.cancelled() and (error := task.exception()):
                        raise error
                    raise RuntimeError(f"{kind} failed: {message.get('message', '')}")
            else:
                task.result()  # ended before it said anything: raises what it died of
        finally:
            answer.cancel()

    try:
        said.put_nowait({"type": "lifespan.startup"})
        await until("startup")
        yield
    finally:
        with anyio.CancelScope(shield=True):
            if not task.done():
                said.put_nowait({"type": "lifespan.shutdown"})
                await until("shutdown")
                await asyncio.wait([task], timeout=GRACE)
            task.cancel()


class AppTransport(httpx.AsyncBaseTransport):
    """Carries requests to an ASGI application in this process."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        exchange = _Exchange(self._app, request, body)
        try:
            status, headers = await exchange.begin()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await exchange.aclose()
            raise
        return httpx.Response(status, headers=headers, stream=exchange)


class _Exchange(httpx.AsyncByteStream):
    """One request, and the body of its answer."""

    def __init__(self, app: App, request: httpx.Request, body: bytes) -> None:
        self._body: bytes | None = body
        self._is_left = asyncio.Event()
        self._begun: asyncio.Future[tuple[int, list[tuple[bytes, bytes]]]]
        self._begun = asyncio.get_running_loop().create_future()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=1)
        self._has_failed = False
        url = request.url
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port or 80),
            "client": ("127.0.0.1", 1),
            "root_path": "",
        }
        self._task = asyncio.create_task(self._run(app, scope), name=f"{request.method} {url.path}")

    async def begin(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Status and headers, as soon as they are there."""
        return await self._begun

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece
        if self._has_failed:
            raise httpx.ReadError("the application failed while it answered")

    async def aclose(self) -> None:
        """Tells the application that nobody listens, and ends it if it goes on."""
        self._is_left.set()
        while not self._pieces.empty():
            self._pieces.get_nowait()
        done, _ = await asyncio.wait([self._task], timeout=GRACE)
        if not done:
            self._task.cancel()
            await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.exception()  # it was told, or there is nobody left to tell
        self._begun.cancel()

    async def _run(self, app: App, scope: dict[str, Any]) -> None:
        try:
            await app(scope, self._receive, self._send)
        except BaseException as error:
            self._has_failed = True
            if not self._begun.done():
                self._begun.set_exception(
                    httpx.RemoteProtocolError(f"the application failed: {error!r}")
                )
            raise
        finally:
            if not self._begun.done():
                self._begun.set_exception(httpx.RemoteProtocolError("there was no answer"))
            await self._put(None)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._is_left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._is_left.is_set():
            raise OSError("the client has gone")  # as a server's transport would
        if message["type"] == "http.response.start":
            self._begun.set_result((message["status"], list(message.get("headers", ()))))
        elif message["type"] == "http.response.body":
            if message.get("body"):
                await self._put(message["body"])
            if not message.get("more_body", False):
                await self._put(None)

    async def _put(self, piece: bytes | None) -> None:
        """Hands over a piece of the body, unless nobody takes it any more."""
        left = asyncio.ensure_future(self._is_left.wait())
        put = asyncio.ensure_future(self._pieces.put(piece))
        try:
            await asyncio.wait([left, put], return_when=asyncio.FIRST_COMPLETED)
        finally:
            left.cancel()
            put.cancel()
