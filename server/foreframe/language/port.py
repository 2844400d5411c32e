"""The language server on a TCP port: several editors, each with documents of its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Event

from pygls.io_ import run_async

from foreframe.door import Door, Limits, Visitor
from foreframe.errors import ServerRefusal
from foreframe.language.protocol import Protocol
from foreframe.language.server import OpenWorld, make_server, open_world
from foreframe_protocol.wire import Decoder, Malformed, Message, encode

LIMITS = Limits(clients=8)


def serve_tcp(
    port: int,
    engine: str = "auto",
    *,
    host: str = "127.0.0.1",
    token: str | None = None,
    limits: Limits = LIMITS,
    world: OpenWorld = open_world,
) -> None:
    """Serves several clients until interrupted; `door.py` says who is let in.

    Port 0 takes a free one; the address is told on stderr. Raises BadOption when the port cannot
    be listened on, or not without a token, and ValueError for an engine that there is not.
    """
    door = make_door(engine, token=token, limits=limits, world=world)
    asyncio.run(door.serve(host, port))


def make_door(
    engine: str = "auto",
    *,
    token: str | None = None,
    limits: Limits = LIMITS,
    world: OpenWorld = open_world,
) -> Door:
    """A port that is not listened on yet. Raises ValueError for an engine that there is not."""
    make_server(engine, world)  # so that it is told at once

    async def talk(visitor: Visitor) -> None:
        server = make_server(engine, world)
        server.protocol.set_writer(Answers(visitor))
        try:
            await run_async(
                Event(),
                Requests(visitor, server.protocol),
                server.protocol,
                error_handler=server.report_server_error,
            )
        except SystemExit:  # `exit` ends the client's server, not the others'
            pass
        finally:
            server.shutdown()  # type: ignore[no-untyped-call]
            await server.language.close()

    return Door("lsp", talk, _refused, token=token, limits=limits)


class Answers:
    """What pygls writes to."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor

    def write(self, data: bytes) -> None:
        """One message."""
        with suppress(ConnectionError):  # the reader finds out that nobody is there
            self._visitor.write(data)

    def close(self) -> None:
        """The door closes the connection."""


def _refused(refusal: ServerRefusal) -> Message:
    params = {"type": 1, "message": f"foreframe: error {refusal.code}: {refusal}"}
    return {"jsonrpc": "2.0", "method": "window/showMessage", "params": params}


class Requests:
    """What pygls reads: messages as `wire` finds them, so that its limits are kept."""

    def __init__(self, visitor: Visitor, protocol: Protocol) -> None:
        self._visitor, self._protocol = visitor, protocol
        self._decoder = Decoder(visitor.limits.most_message)
        self._lines: list[bytes] = []  # headers and bodies, in turn
        self._is_over = False

    async def readline(self) -> bytes:
        """The next line of a header; empty at the end."""
        while not self._lines and not self._is_over:
            await self._visitor.drain()
            await self._visitor.caught_up(lambda: self._protocol.pending)
            data = await self._visitor.read()
            self._is_over = not data
            for found in self._decoder.feed(data):
                if isinstance(found, Malformed):
                    self._put(b"{")  # pygls tells the person that a message cannot be read
                else:
                    self._put(encode(found).partition(b"\r\n\r\n")[2])
        return self._lines.pop(0) if self._lines else b""

    async def readexactly(self, count: int) -> bytes:
        """The body that the header before it was of."""
        return self._lines.pop(0)

    def _put(self, body: bytes) -> None:
        self._lines += [b"Content-Length: %d\r\n" % len(body), b"\r\n", body]
