"""A TCP port for the debug adapter or the language server: who may talk to it, and how much.

Both speak headers, a blank line and JSON. The first header tells whether a connection speaks this
at all: a web page can make a browser send a request here, whose body would hold messages, and
that begins with a line of HTTP. Where there is a token, the first header has one line more:

    Content-Length: 119
    Authorization: Bearer TOKEN

An address that other machines reach needs a token. Editors that cannot send one reach a distant
port through a tunnel to its loopback (`ssh -L`), or start `ssh HOST foreframe dap` without a port.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from foreframe.errors import BadOption, NotTheProtocol, ServerBusy, ServerRefusal, WrongToken
from foreframe.tokens import check_address, is_right
from foreframe_protocol.wire import MAX_HEADER, Message, encode

CHUNK = 1 << 16
PAUSE = 0.02  # seconds
_FIRST_LINE = re.compile(rb"(?:content-length|content-type|authorization)[ \t]*:", re.IGNORECASE)
_BEARER = re.compile(
    rb"^authorization[ \t]*:[ \t]*bearer[ \t]+(\S+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a port. Seconds until the first header is there, and for a client to read; bytes."""

    clients: int = 32
    first_seconds: float = 30.0
    read_seconds: float = 60.0
    most_message: int = 16 << 20
    most_unread: int = 64 << 20  # sent, and not read by the client
    most_pending: int = 1000  # requests of a client whose answers are still to come


class Visitor:
    """A connection that was let in. `talk` reads, writes and waits with it."""

    def __init__(
        self,
        first: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limits: Limits,
    ) -> None:
        self._first, self._reader, self._writer = first, reader, writer
        self.limits = limits

    async def read(self) -> bytes:
        """What has come; empty at the end."""
        first, self._first = self._first, b""
        return first or await self._reader.read(CHUNK)

    def write(self, data: bytes) -> None:
        """Sends soon. Raises ConnectionError for a client that does not read, and leaves it."""
        transport = self._writer.transport
        if transport.get_write_buffer_size() > self.limits.most_unread:
            transport.abort()
            raise ConnectionAbortedError("the client does not read what is sent to it")
        self._writer.write(data)

    async def drain(self) -> None:
        """Waits until the client has read most of it. Raises ConnectionError as `write` does."""
        try:
            async with asyncio.timeout(self.limits.read_seconds):
                await self._writer.drain()
        except TimeoutError:
            self._writer.transport.abort()
            raise ConnectionAbortedError("the client does not read") from None

    async def caught_up(self, pending: Callable[[], int]) -> None:
        """Waits while too many requests are still to be answered, so that no more are read."""
        most = self.limits.most_pending
        while pending() > most and not self._writer.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(PAUSE)


Talk = Callable[[Visitor], Awaitable[None]]
Refuse = Callable[[ServerRefusal], Message]


class Door:
    """A port that is listened on. `refuse` words a refusal in what the clients speak."""

    def __init__(
        self, name: str, talk: Talk, refuse: Refuse, *, token: str | None, limits: Limits
    ) -> None:
        self.name, self._talk, self._refuse = name, talk, refuse
        self._token, self.limits = token, limits
        self.clients = 0  # that were let in and are still there
        self._waiting = 0  # whose first header is not there yet

    async def serve(self, host: str, port: int) -> None:
        """Until cancelled. Raises BadOption; the address is told on stderr."""
        server = await self.open(host, port)
        bound = server.sockets[0].getsockname()
        told = f"foreframe {self.name}: listening on {bound[0]}:{bound[1]}"
        print(told, file=sys.stderr, flush=True)
        async with server:
            await server.serve_forever()

    async def open(self, host: str, port: int) -> asyncio.Server:
        """Begins to listen; port 0 takes a free one. Raises BadOption."""
        check_address(host, self._token)
        try:
            return await asyncio.start_server(self._connected, host, port)
        except OSError as error:
            why = error.strerror or error
            raise BadOption(
                f"--port {port} cannot be listened on ({why}): choose another"
            ) from error

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            visitor = Visitor(await self._first(reader), reader, writer, self.limits)
            if self.clients >= self.limits.clients:
                raise ServerBusy(f"{self.clients} clients are connected: come back later")
            self.clients += 1
            try:
                await self._talk(visitor)
            finally:
                self.clients -= 1
        except NotTheProtocol:
            pass  # a browser, or somebody who looks for ports: nothing is said
        except ServerRefusal as refusal:
            with contextlib.suppress(OSError):
                writer.write(encode(self._refuse(refusal)))
        except (OSError, EOFError):
            pass  # the client has gone
        finally:
            writer.close()

    async def _first(self, reader: asyncio.StreamReader) -> bytes:
        """The first header with the blank line after it. Raises ServerRefusal, EOFError."""
        if self._waiting >= 4 * self.limits.clients:
            raise NotTheProtocol("too many connections say nothing")
        self._waiting += 1
        try:
            async with asyncio.timeout(self.limits.first_seconds):
                first = await reader.readuntil(b"\r\n\r\n")
        except (TimeoutError, asyncio.LimitOverrunError):
            raise NotTheProtocol("no header") from None
        finally:
            self._waiting -= 1
        if len(first) > MAX_HEADER or not _FIRST_LINE.match(first):
            raise NotTheProtocol("no header of the protocol")
        if self._token is not None:
            given = [found.decode("latin-1") for found in _BEARER.findall(first)]
            if len(given) != 1 or not is_right(given[0], self._token):
                raise WrongToken(
                    "this port needs a token: send `Authorization: Bearer TOKEN` among the "
                    "headers of the first message"
                )
        return first
