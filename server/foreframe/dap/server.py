"""Editors over stdio or TCP: bytes in, bytes out, one adapter for each client."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable

from foreframe.dap.adapter import Adapter
from foreframe.dap.launch import OpenWorld, open_model
from foreframe.errors import BadOption
from foreframe_protocol.wire import Decoder, Message, encode

CHUNK = 1 << 16


def serve_stdio(engine: str = "auto", *, open_world: OpenWorld = open_model) -> None:
    """Serves the one client on stdin and stdout; returns when it disconnects.

    Whatever else writes to stdout in this process goes to stderr: the protocol is alone there.
    """
    sys.stdout.flush()
    answers = os.dup(1)
    os.dup2(2, 1)
    asyncio.run(_stdio(0, answers, engine, open_world))


def serve_tcp(
    port: int,
    engine: str = "auto",
    *,
    host: str = "127.0.0.1",
    open_world: OpenWorld = open_model,
) -> None:
    """Serves any number of clients, each with a session of its own, until interrupted.

    Port 0 takes a free one; the address is told on stderr. Raises BadOption when the port cannot
    be listened on.
    """
    asyncio.run(_tcp(host, port, engine, open_world))


class _Client:
    """An adapter between a decoder and a writer."""

    def __init__(self, write: Callable[[bytes], None], engine: str, open_world: OpenWorld) -> None:
        self._decoder = Decoder()
        self._write = write
        self.adapter = Adapter(self._send, open_world, engine)
        self.is_done = asyncio.Event()

    def feed(self, data: bytes) -> None:
        """What the client has sent; empty at its end."""
        if not data:
            self.is_done.set()
        for message in self._decoder.feed(data):
            if not self.is_done.is_set():
                self.adapter.receive(message)
            if self.adapter.is_closed:
                self.is_done.set()

    def _send(self, message: Message) -> None:
        if self.is_done.is_set():
            return
        try:
            self._write(encode(message))
        except OSError:  # the client has gone
            self.is_done.set()


async def _stdio(requests: int, answers: int, engine: str, open_world: OpenWorld) -> None:
    """`requests` and `answers` are file descriptors."""

    def write(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(answers, view) :]

    client = _Client(write, engine, open_world)
    loop = asyncio.get_running_loop()

    def read() -> None:
        # A thread, as event loops cannot wait for stdin on every system, nor for files on any.
        data = b"-"
        while data:
            try:
                data = os.read(requests, CHUNK)
            except OSError:
                data = b""
            try:
                loop.call_soon_threadsafe(client.feed, data)
            except RuntimeError:  # the loop has ended
                return

    threading.Thread(target=read, name="stdin", daemon=True).start()
    await client.is_done.wait()
    await client.adapter.close()


async def _tcp(host: str, port: int, engine: str, open_world: OpenWorld) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(writer.write, engine, open_world)
        ended = asyncio.ensure_future(client.is_done.wait())
        try:
            while not client.is_done.is_set():
                read = asyncio.ensure_future(reader.read(CHUNK))
                await asyncio.wait([read, ended], return_when=asyncio.FIRST_COMPLETED)
                if read.done():
                    client.feed(read.result())
                else:
                    read.cancel()
        except ConnectionError:
            pass
        finally:
            ended.cancel()
            await client.adapter.close()
            writer.close()

    try:
        server = await asyncio.start_server(serve, host, port)
    except OSError as error:
        why = error.strerror or error
        raise BadOption(f"--port {port} cannot be listened on ({why}): choose another") from error
    bound = server.sockets[0].getsockname()
    print(f"foreframe dap: listening on {bound[0]}:{bound[1]}", file=sys.stderr, flush=True)
    async with server:
        await server.serve_forever()
