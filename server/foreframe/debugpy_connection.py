"""One connection to debugpy: requests out, responses and events in, without delay."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable, Mapping
from typing import cast

from foreframe.debugpy_quirks import SUPPORTED
from foreframe.errors import DebuggeeLost, NotSupportedByDebugpy, RefusedByDebugpy
from foreframe_protocol.wire import Decoder, Malformed, Message, encode

Body = dict[str, object]
OnEvent = Callable[[str, Body], None]


class DebugpyConnection(asyncio.Protocol):
    """A client's end. Requests that debugpy would not answer are refused here."""

    def __init__(self, on_event: OnEvent) -> None:
        self._on_event = on_event
        self._decoder = Decoder()
        self._numbers = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Body]] = {}
        self._transport: asyncio.Transport | None = None
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        for message in self._decoder.feed(data):
            if not isinstance(message, Malformed):
                self._receive(message)

    def _receive(self, message: Message) -> None:
        body = message.get("body")
        content = cast(Body, body) if isinstance(body, dict) else {}
        if message.get("type") == "event":
            self._on_event(str(message.get("event")), content)
            return
        number = message.get("request_seq")
        waiting = self._pending.pop(number, None) if isinstance(number, int) else None
        if waiting is None or waiting.done():
            return
        if message.get("success"):
            waiting.set_result(content)
        else:
            command, reason = message.get("command"), message.get("message")
            waiting.set_exception(RefusedByDebugpy(f"debugpy refused {command}: {reason}"))

    def connection_lost(self, error: Exception | None) -> None:
        for waiting in self._pending.values():
            if not waiting.done():
                waiting.set_exception(DebuggeeLost("the program has ended"))
        self._pending.clear()
        if not self.lost.done():
            self.lost.set_result(None)

    def send(self, command: str, arguments: Mapping[str, object]) -> asyncio.Future[Body]:
        """The response's body, later. Raises NotSupportedByDebugpy, or DebuggeeLost."""
        if command not in SUPPORTED:
            raise NotSupportedByDebugpy(f"debugpy does not know {command!r}: it was not asked")
        if self._transport is None or self._transport.is_closing():
            raise DebuggeeLost("the program has ended")
        number = next(self._numbers)
        answer: asyncio.Future[Body] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(seen)
        self._pending[number] = answer
        message = {
            "seq": number,
            "type": "request",
            "command": command,
            "arguments": dict(arguments),
        }
        self._transport.write(encode(message))
        return answer

    async def request(self, command: str, arguments: Mapping[str, object] | None = None) -> Body:
        """The response's body. Raises RefusedByDebugpy, NotSupportedByDebugpy or DebuggeeLost."""
        return await self.send(command, arguments or {})

    def close(self) -> None:
        """Ends the connection at once."""
        if self._transport is not None:
            self._transport.abort()


def seen(answer: asyncio.Future[Body]) -> None:
    """A failure that nobody waits for any more is nobody's."""
    if not answer.cancelled():
        answer.exception()
