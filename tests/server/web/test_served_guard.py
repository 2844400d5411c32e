"""The guard around the real server, on a real port: what a browser or a stranger would try."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from served import Served, serve_tape
from tape import record, save
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from foreframe.web.connections import Connection

TOKEN = "correct-horse-battery-staple"
SOURCE = "x = 1\nprint(x)\n"
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    tape = tmp_path_factory.mktemp("served") / "program.tape"
    save(record(SOURCE), tape)
    with serve_tape(tape, FOREFRAME_TOKEN=TOKEN) as server:
        yield server


@pytest.fixture
def client(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


BEARER = {"authorization": f"Bearer {TOKEN}"}


def code_of(answer: httpx.Response) -> int:
    assert answer.headers["content-type"] == "application/problem+json"
    return int(answer.json()["code"])


def test_the_page_comes_without_the_token_and_all_else_with_it(client: httpx.Client):
    assert client.get("/").status_code == 200
    for path in ("/api/v1/health", "/api/v1/sessions", "/metrics", "/api/v1/openapi.json"):
        answer = client.get(path)
        assert (answer.status_code, code_of(answer)) == (401, 2631)
        assert client.get(path, headers=BEARER).status_code == 200


def test_all_files_of_the_page_carry_the_policy(client: httpx.Client):
    page = client.get("/")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "server" not in page.headers
    assert "<script>" not in page.text


def test_a_name_that_points_here_is_not_enough(client: httpx.Client):
    answer = client.get("/", headers={"host": "evil.example"})
    assert (answer.status_code, code_of(answer)) == (421, 2632)


def test_another_page_may_not_ask(client: httpx.Client):
    headers = {**BEARER, "origin": "https://evil.example"}
    answer = client.post("/api/v1/sessions", json={"source": SOURCE}, headers=headers)
    assert (answer.status_code, code_of(answer)) == (403, 2633)


def test_a_body_without_an_end_is_cut_off(client: httpx.Client):
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(200):
            sent += 1
            yield b" " * MEGABYTE

    try:
        answer = client.post("/api/v1/predict", content=body(), headers=BEARER)
        assert (answer.status_code, code_of(answer)) == (413, 2634)
    except httpx.TransportError:  # the server has closed the connection meanwhile
        pass
    assert sent < 200
    assert client.get("/api/v1/health", headers=BEARER).status_code == 200


def test_the_token_is_nowhere_in_what_the_server_says(server: Served, client: httpx.Client):
    client.get("/api/v1/health", headers=BEARER)
    client.get("/api/v1/health", params={"token": TOKEN})
    assert TOKEN not in server.said


async def test_a_socket_needs_the_token_and_its_own_page(server: Served):
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        answer = await client.post("/api/v1/sessions", json={"source": SOURCE}, headers=BEARER)
        path = f"/api/v1/sessions/{answer.json()['id']}/socket"
    url = server.url.replace("http", "ws", 1) + path
    coded = base64.urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")
    offered = ["foreframe.v1", f"foreframe.token.{coded}"]
    async with connect(url, subprotocols=offered) as socket:
        assert socket.subprotocol == "foreframe.v1"
        assert json.loads(await socket.recv())["kind"] in ("running", "stopped")
    tries: tuple[tuple[int, dict[str, Any]], ...] = (
        (401, {}),
        (401, {"subprotocols": ["foreframe.v1", "foreframe.token.eA"]}),
        (403, {"subprotocols": offered, "origin": "https://evil.example"}),
        (421, {"subprotocols": offered, "uri": f"ws://evil.example{path}"}),
    )
    for status, options in tries:
        uri = options.pop("uri", url)
        with pytest.raises(InvalidStatus) as refused:
            await connect(uri, host="127.0.0.1", port=server.port, **options)
        response = refused.value.response
        assert response.status_code == status
        assert json.loads(response.body)["code"] in range(2631, 2634)


@pytest.mark.parametrize("command", ["serve", "dap", "lsp"])
def test_no_command_listens_on_other_addresses_without_a_token(command: str):
    environment = {k: v for k, v in os.environ.items() if k != "FOREFRAME_TOKEN"}
    foreframe = Path(sys.executable).with_name("foreframe")
    asked = [foreframe, command, "--host", "0.0.0.0", "--port", "0"]
    ended = subprocess.run(asked, capture_output=True, text=True, env=environment, timeout=100)
    assert ended.returncode == 2
    assert "error 2640" in ended.stderr
    assert "--token-file" in ended.stderr


async def test_headers_that_drip_and_connections_that_say_nothing_are_closed():
    class Hasty(Connection):
        header_seconds = 0.3
        most_connections = 3

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"well"})

    config = uvicorn.Config(app, http=Hasty, port=0, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(60):
            while not server.started:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]

            async def gone(*parts: bytes) -> bytes:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                try:
                    for part in parts:
                        writer.write(part)
                        await asyncio.sleep(0.05)
                    return await reader.read()
                except ConnectionError:
                    return b""
                finally:
                    writer.close()

            whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
            assert await gone() == b""
            assert await gone(b"GET / HT", *[b"x"] * 3) == b""
            answer = await gone(whole, whole[:9])  # a second request that does not come
            assert answer.count(b"well") == 1
            several = await asyncio.gather(*(gone() for _ in range(6)))
            assert several == [b""] * 6
            assert b"well" in await gone(whole, b"GET")
    finally:
        server.should_exit = True
        await serving
