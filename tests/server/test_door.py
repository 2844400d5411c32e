"""The ports of the debug adapter and the language server: who may talk to them, and how much."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from dap_client import Client
from oracle_world import OracleWorld
from tape import TapeWorld, record

from foreframe.dap import server as dap
from foreframe.door import Door, Limits
from foreframe.errors import TokenNeeded
from foreframe.language import port as lsp
from foreframe_protocol.wire import Decoder, encode

TOKEN = "correct-horse-battery-staple"
FRAMES = record("x = 1\nprint(x)\n")
HELLO = {"seq": 1, "type": "request", "command": "initialize", "arguments": {"adapterID": "x"}}
BEGIN = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"processId": None, "rootUri": None, "capabilities": {}},
}


def dap_door(**options: Any) -> Door:
    return dap.make_door(open_world=lambda engine, frames: TapeWorld(FRAMES), **options)


def lsp_door(**options: Any) -> Door:
    return lsp.make_door(world=lambda engine, frames: OracleWorld(max_frames=frames), **options)


@asynccontextmanager
async def connected(
    door: Door, count: int = 1
) -> AsyncIterator[list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]:
    server = await door.open("127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    try:
        yield pairs
    finally:
        for _, writer in pairs:
            writer.close()
        server.close()
        async with asyncio.timeout(60):
            while door.clients:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def told(reader: asyncio.StreamReader, count: int = 1) -> list[Any]:
    """The next messages; fewer where the connection is closed."""
    decoder, found = Decoder(), []
    async with asyncio.timeout(60):
        while len(found) < count and (data := await reader.read(1 << 16)):
            found += decoder.feed(data)
    return found


def with_token(message: Any, token: str) -> bytes:
    return b"Authorization: Bearer %b\r\n" % token.encode() + encode(message)


@pytest.mark.parametrize("door", [dap_door, lsp_door])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
async def test_another_address_than_loopback_needs_a_token(door: Any, host: str):
    with pytest.raises(TokenNeeded):
        await door().open(host, 0)


@pytest.mark.parametrize(("door", "hello"), [(dap_door, HELLO), (lsp_door, BEGIN)])
async def test_with_a_token_the_first_header_must_have_it(door: Any, hello: Any):
    async with connected(door(token=TOKEN), 4) as pairs:
        tries = [
            encode(hello),
            with_token(hello, "wrong"),
            with_token(hello, TOKEN).replace(b"\r\n", b"\r\nAuthorization: Bearer x\r\n", 1),
            with_token(hello, TOKEN),
        ]
        for (reader, writer), data in zip(pairs, tries, strict=True):
            writer.write(data)
            (answer, *_) = await told(reader)
            if data is tries[-1]:
                assert answer.get("success", "result" in answer)
            else:
                assert "2631" in str(answer)
                assert TOKEN not in str(answer)
                assert await reader.read() == b""


@pytest.mark.parametrize(("door", "hello"), [(dap_door, HELLO), (lsp_door, BEGIN)])
async def test_a_web_page_cannot_make_a_browser_speak_the_protocol(door: Any, hello: Any):
    body = encode(hello)
    request = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with connected(door(), 2) as pairs:
        for (reader, writer), data in zip(pairs, (request + body, b"\r\n" + body), strict=True):
            writer.write(data)
            assert await told(reader) == []


async def test_who_says_nothing_is_not_waited_for():
    door = dap_door(limits=Limits(first_seconds=0.05))
    async with connected(door, 2) as ((reader, _), (slow, writer)):
        writer.write(b"Content-Length: 1")
        assert await told(reader) == await told(slow) == []
        assert door.clients == 0


async def test_a_header_without_an_end_is_not_kept():
    async with connected(dap_door()) as ((reader, writer),):
        writer.write(b"Content-Type: " + b"x" * 300_000)
        with suppress(ConnectionResetError):  # or this, as not all was read
            assert await told(reader) == []


async def test_there_are_so_many_clients_and_no_more():
    door = dap_door(limits=Limits(clients=1))
    async with connected(door, 2) as ((_, first), (reader, second)):
        first.write(encode(HELLO))
        async with asyncio.timeout(60):
            while not door.clients:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        second.write(encode(HELLO))
        (answer,) = await told(reader)
        assert "2637" in answer["body"]["output"]


async def test_a_client_that_does_not_read_is_left():
    limits = Limits(read_seconds=0.2, most_unread=1 << 16)
    door = dap_door(limits=limits)
    async with connected(door) as ((_, writer),):
        loud = {"seq": 1, "type": "request", "command": "x" * 60_000}

        async def ask() -> None:
            async with asyncio.timeout(30):
                while True:
                    writer.write(encode(loud))
                    await writer.drain()

        with pytest.raises(ConnectionError):
            await ask()


async def test_a_message_beyond_the_limit_is_skipped_and_the_session_goes_on():
    async with connected(dap_door(limits=Limits(most_message=1000))) as ((reader, writer),):
        big = {**HELLO, "arguments": {"adapterID": "x" * 2000}}
        writer.write(encode(big) + encode(HELLO))
        problem, answer = await told(reader, 2)
        assert "at most 1,000 are read" in problem["body"]["output"]
        assert answer["success"]


async def test_a_session_over_a_port_with_a_token(tmp_path: Path):
    program = tmp_path / "program.py"
    program.write_text("x = 1\nprint(x)\n")
    async with connected(dap_door(token=TOKEN)) as ((reader, writer),):
        is_first = True

        def write(message: Any) -> None:
            nonlocal is_first
            writer.write(with_token(message, TOKEN) if is_first else encode(message))
            is_first = False

        client = Client(write)

        async def read() -> None:
            decoder = Decoder()
            while data := await reader.read(1 << 16):
                for message in decoder.feed(data):
                    client.receive(message)  # type: ignore[arg-type]

        reading = asyncio.ensure_future(read())
        await client.start(str(program), [2])
        await client.event("stopped")
        assert await client.locals() == {"x": "1"}
        await client.disconnect()
        await reading


async def test_editors_on_one_port_have_servers_of_their_own_and_exit_ends_only_one():
    async with connected(lsp_door(), 2) as ((one, first), (other, second)):
        first.write(encode(BEGIN))
        second.write(encode(BEGIN))
        assert "result" in (await told(one))[0]
        assert "result" in (await told(other))[0]
        first.write(encode({"jsonrpc": "2.0", "method": "exit"}))
        assert await told(one) == []
        second.write(encode({"jsonrpc": "2.0", "id": 2, "method": "shutdown"}))
        assert (await told(other))[0]["id"] == 2


async def test_the_language_server_survives_what_is_no_message():
    async with connected(lsp_door()) as ((reader, writer),):
        writer.write(encode(BEGIN))
        await told(reader)
        writer.write(b"Content-Length: 999999999999999999\r\n\r\n")
        writer.write(b"Content-Length: 3\r\n\r\n{{{" + encode({"no": "request"}))
        writer.write(encode({"jsonrpc": "2.0", "id": 2, "method": "shutdown"}))
        found = await told(reader, 4)
        assert [m["id"] for m in found if "id" in m] == [2]
