"""A server on a port, from its start to a clean end."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn

from foreframe.dap.launch import OpenWorld, open_model
from foreframe.errors import BadOption
from foreframe.web.app import build
from foreframe.web.connections import Connection
from foreframe.web.settings import ServeSettings

END_SECONDS = 5  # that requests in work have when the server is stopped
IDLE_SECONDS = 20  # of a connection; clients drop it after 5 or so, and must be the first
BACKLOG = 512


class Server(uvicorn.Server):
    """Says where it listens, once it does. `ending` is awaited before connections are closed."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self.ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            where = address(sockets[0])
            print(f"foreframe serve: listening on {where}", file=sys.stderr, flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Streams end with their sessions, which are kept: nobody has to be waited for."""
        await self.ending()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends cleanly when asked to; asked again, at once."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(settings: ServeSettings, *, open_world: OpenWorld = open_model) -> None:
    """Serves until SIGTERM or SIGINT; sessions are on disk when it returns. Raises BadOption."""
    app, serving = build(settings, open_world)
    listening = listen(settings)
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="websockets-sansio",
        ws_max_size=settings.most_body,
        ws_per_message_deflate=False,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=END_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
    )
    try:
        asyncio.run(Server(config, serving.registry.close).serve([listening]))
    finally:
        listening.close()


def listen(settings: ServeSettings) -> socket.socket:
    """The socket of the address that was asked for. Raises BadOption."""
    try:
        found = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, place = found[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(BACKLOG)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise BadOption(
            f"{settings.host}:{settings.port} cannot be listened on ({why}): choose another --port"
        ) from error
    return listening


def address(listening: socket.socket) -> str:
    """Where a socket listens, as a URL."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
