"""A server that speaks like vLLM, over the small model in this process, and misbehaves when told.

`faults` are by path: called with the connection in place of a true answer, once each or for ever.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any

from foreframe_models import catalog
from foreframe_models.engines.base import EngineError, Finish, Request
from foreframe_models.engines.embedded import EmbeddedEngine
from foreframe_models.vocabulary import Vocabulary

COMPLETIONS = "/v1/completions"
Fault = Callable[["Connection", Mapping[str, Any]], Awaitable[None]]


class Connection:
    """What an answer is written to."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: int = 200, **headers: object) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.raw("\r\n".join([*lines, "", ""]).encode())

    async def answer(self, body: object, status: int = 200) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        await self.head(status, content_length=len(data), content_type="application/json")
        await self.raw(data)

    async def events(self) -> None:
        await self.head(content_type="text/event-stream; charset=utf-8")

    async def event(self, body: object) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        await self.raw(b"data: " + data + b"\n\n")


class HostileEngine:
    """`async with HostileEngine() as engine: engine.url`."""

    def __init__(self) -> None:
        self.model = EmbeddedEngine(catalog.SHIPPED)
        self.vocabulary = Vocabulary.standard()
        self.faults: dict[str, Fault] = {}
        self.asked: list[str] = []
        self.open = 0  # requests in work
        self.url = ""

    async def __aenter__(self) -> HostileEngine:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self.model.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(writer)
        self.open += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lengths = [
                int(line.partition(":")[2])
                for line in head.split("\r\n")
                if line.lower().startswith("content-length:")
            ]
            body = json.loads(await reader.readexactly(lengths[0])) if lengths else {}
            path = head.split(" ", 2)[1]
            self.asked.append(path)
            fault = self.faults.get(path)
            working = asyncio.ensure_future(
                fault(connection, body) if fault else self._true(path, connection, body)
            )
            gone = asyncio.ensure_future(reader.read())
            await asyncio.wait([working, gone], return_when=asyncio.FIRST_COMPLETED)
            for task in (working, gone):
                task.cancel()
            await asyncio.gather(working, gone, return_exceptions=True)
        except (OSError, EOFError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _true(self, path: str, connection: Connection, body: Mapping[str, Any]) -> None:
        """What vLLM would answer, served with the small model."""
        match path:
            case "/v1/models":
                info = await self.model.open()
                served = {"id": "small", "max_model_len": info.context_tokens}
                await connection.answer({"data": [served]})
            case "/tokenize":
                await connection.answer({"tokens": [1, 2, 3]})  # no separators of CWM's in it
            case "/detokenize":
                tokens = self.vocabulary.tokens
                await connection.answer({"prompt": "".join(tokens[t] for t in body["tokens"])})
            case "/v1/completions":
                await self._complete(connection, body)
            case _:
                await connection.answer({})

    async def _complete(self, connection: Connection, body: Mapping[str, Any]) -> None:
        grammar = body.get("structured_outputs", {}).get("grammar")
        request = Request(
            tuple(body["prompt"]),
            body["max_tokens"],
            grammar,
            stop_ids=frozenset(body["stop_token_ids"]),
        )
        await connection.events()
        finish = None
        try:
            async for chunk in self.model.stream(request):
                finish = chunk.finish or finish
                if chunk.ids:
                    await connection.event(told(chunk.ids, chunk.texts, chunk.logprobs))
        except EngineError as error:
            await connection.event({"error": {"message": str(error)}})
            return
        reason = "stop" if finish is Finish.STOP else "length"
        await connection.event({"choices": [{"token_ids": [], "finish_reason": reason}]})
        await connection.event({"choices": [], "usage": {"prompt_tokens": len(request.prompt)}})
        await connection.event(b"[DONE]")


def told(ids: Any, texts: Any = None, logprobs: Any = None) -> dict[str, Any]:
    """An event of a completion stream."""
    said = {
        "tokens": list(texts or ["x"] * len(ids)),
        "token_logprobs": [
            0.0 if value is None else value for value in logprobs or [-1] * len(ids)
        ],
        "top_logprobs": [{"a": -0.5, "b": -1.0}] * len(ids),
    }
    return {"choices": [{"token_ids": list(ids), "logprobs": said}]}


# Slow


async def silent(connection: Connection, body: Mapping[str, Any]) -> None:
    await asyncio.Event().wait()


async def dripping_head(connection: Connection, body: Mapping[str, Any]) -> None:
    """A header that goes on for ever, a byte at a time: no read takes long."""
    await connection.raw(b"HTTP/1.1 200 OK\r\nx: ")
    while True:
        await connection.raw(b"x")
        await asyncio.sleep(0.01)


async def dripping_body(connection: Connection, body: Mapping[str, Any]) -> None:
    await connection.head(content_length=1 << 30, content_type="application/json")
    while True:
        await connection.raw(b" ")
        await asyncio.sleep(0.01)


async def only_comments(connection: Connection, body: Mapping[str, Any]) -> None:
    await connection.events()
    while True:
        await connection.raw(b": still here\n\n")
        await asyncio.sleep(0.01)


# Dead


async def closed(connection: Connection, body: Mapping[str, Any]) -> None:
    connection.writer.transport.abort()


async def cut(connection: Connection, body: Mapping[str, Any]) -> None:
    """In the middle of an event."""
    await connection.events()
    await connection.raw(b'data: {"choices": [{"token_')


async def cut_chunk(connection: Connection, body: Mapping[str, Any]) -> None:
    await connection.head(transfer_encoding="chunked", content_type="text/event-stream")
    await connection.raw(b"ffff\r\ndata: {}\n\n")


async def unavailable(connection: Connection, body: Mapping[str, Any]) -> None:
    await connection.answer({"error": {"message": "engine core died"}}, 500)


# Lying


def saying(body: object, status: int = 200) -> Fault:
    """A whole answer of one's own."""

    async def fault(connection: Connection, _: Mapping[str, Any]) -> None:
        await connection.answer(body, status)

    return fault


def events(*bodies: object) -> Fault:
    """A stream of these events, with an end."""

    async def fault(connection: Connection, _: Mapping[str, Any]) -> None:
        await connection.events()
        for body in bodies:
            await connection.event(body)
        await connection.event(b"[DONE]")

    return fault


def for_ever(body: object) -> Fault:
    """A stream of one event again and again."""

    async def fault(connection: Connection, _: Mapping[str, Any]) -> None:
        await connection.events()
        while True:
            for _each in range(100):
                await connection.event(body)
            await asyncio.sleep(0)

    return fault


async def endless_line(connection: Connection, body: Mapping[str, Any]) -> None:
    await connection.events()
    await connection.raw(b"data: ")
    while True:
        await connection.raw(b"x" * 65_536)


async def endless_body(connection: Connection, body: Mapping[str, Any]) -> None:
    await connection.head(content_type="application/json")
    while True:
        await connection.raw(b" " * 65_536)


@cache
def compressed() -> bytes:
    packer = zlib.compressobj(wbits=31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()


async def bomb(connection: Connection, body: Mapping[str, Any]) -> None:
    """A few bytes that stand for a hundred megabytes."""
    data = compressed()
    await connection.head(
        content_length=len(data), content_encoding="gzip", content_type="text/event-stream"
    )
    await connection.raw(data)


async def too_short(connection: Connection, body: Mapping[str, Any]) -> None:
    """Fewer bytes than were announced."""
    await connection.head(content_length=1000, content_type="text/event-stream")
    await connection.raw(b"data: [DONE]\n\n"[:5])


async def no_http(connection: Connection, body: Mapping[str, Any]) -> None:
    await connection.raw(b"\x00\x01 this is no HTTP \r\n\r\n" * 10)


SLOW: dict[str, Fault] = {
    "silent": silent,
    "dripping head": dripping_head,
    "dripping body": dripping_body,
    "only comments": only_comments,
}
DEAD: dict[str, Fault] = {
    "closed": closed,
    "cut": cut,
    "cut chunk": cut_chunk,
    "unavailable": unavailable,
}
DEEP = b'{"choices": ' + b"[" * 50_000
LYING: dict[str, Fault] = {
    "no JSON": events(b"{nonsense"),
    "nested too deeply": events(DEEP),
    "other JSON": events(b"[1, 2]"),
    "another shape": events({"choices": "x"}, {"choices": [3]}, {"choices": [{"token_ids": 5}]}),
    "ids that are texts": events({"choices": [{"token_ids": ["a"], "logprobs": None}]}),
    "ids that are none": events(told([-1, 10**9])),
    "ids beyond the vocabulary": events(told([15_000_000])),
    "ids that the grammar forbids": events(
        told([7, 7, 7]), {"choices": [{"token_ids": [], "finish_reason": "stop"}]}
    ),
    "probabilities that are none": events(told([7], logprobs=[3.5])),
    "not a number": events(told([7], logprobs=[float("nan")])),
    "an empty answer": events({"choices": [{"token_ids": [], "finish_reason": "stop"}]}),
    "no finish": events(told([7])),
    "another finish": events({"choices": [{"token_ids": [], "finish_reason": "abort"}]}),
    "tokens for ever": for_ever(told([7])),
    "empty events for ever": for_ever({"choices": [{"token_ids": []}]}),
    "totals for ever": for_ever({"choices": [], "usage": {"prompt_tokens": 3}}),
    "strange totals": events({"choices": [], "usage": [1]}),
    "endless line": endless_line,
    "endless body": endless_body,
    "bomb": bomb,
    "too short": too_short,
    "no HTTP": no_http,
    "a redirect": saying({}, 302),
    "a refusal of a megabyte": saying({"error": {"message": "x" * 1_000_000}}, 400),
}
FAULTS = SLOW | DEAD | LYING
