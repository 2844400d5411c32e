"""Editors over stdio or TCP: bytes in, bytes out, one adapter for each client."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable

from foreframe.dap.adapter import Adapter
from foreframe.dap.launch import OpenWorld, open_model
from foreframe.door import CHUNK, Door, Limits, Visitor
from foreframe.errors import ServerRefusal
from foreframe_protocol.wire import MAX_BODY, Decoder, Message, encode

LIMITS = Limits()


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
    token: str | None = None,
    limits: Limits = LIMITS,
    open_world: OpenWorld = open_model,
) -> None:
    """Serves several clients, each with a session of its own, until interrupted.

    Port 0 takes a free one; the address is told on stderr. `door.py` says who is let in. Raises
    BadOption when the port cannot be listened on, or not without a token.
    """
    door = make_door(engine, token=token, limits=limits, open_world=open_world)
    asyncio.run(door.serve(host, port))


def make_door(
    engine: str = "auto",
    *,
    token: str | None = None,
    limits: Limits = LIMITS,
    open_world: OpenWorld = open_model,
) -> Door:
    """A port that is not listened on yet."""

    async def talk(visitor: Visitor) -> None:
        await _talk(visitor, engine, open_world)

    return Door("dap", talk, _refused, token=token, limits=limits)


class _Client:
    """An adapter between a decoder and a writer."""

    def __init__(
        self,
        write: Callable[[bytes], None],
        engine: str,
        open_world: OpenWorld,
        most: int = MAX_BODY,
    ) -> None:
        self._decoder = Decoder(most)
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


async def _talk(visitor: Visitor, engine: str, open_world: OpenWorld) -> None:
    """One client of the port, from its first message until it has gone."""
    client = _Client(visitor.write, engine, open_world, visitor.limits.most_message)
    ended = asyncio.ensure_future(client.is_done.wait())
    try:
        while not client.is_done.is_set():
            read = asyncio.ensure_future(visitor.read())
            await asyncio.wait([read, ended], return_when=asyncio.FIRST_COMPLETED)
            if not read.done():
                read.cancel()
                return
            client.feed(read.result())
            await visitor.drain()
            await visitor.caught_up(lambda: client.adapter.pending)
    finally:
        ended.cancel()
        await client.adapter.close()


def _refused(refusal: ServerRefusal) -> Message:
    text = f"foreframe: error {refusal.code}: {refusal}\n"
    body = {"category": "important", "output": text}
    return {"seq": 1, "type": "event", "event": "output", "body": body}
