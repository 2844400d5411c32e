"""Asks a guard around an application: requests and sockets without a network."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from foreframe.web.guard import Guard
from foreframe.web.settings import ServeSettings

TOKEN = "correct-horse-battery-staple"
OWN = ("host", "127.0.0.1:8642")
BEARER = ("authorization", f"Bearer {TOKEN}")
API = "/api/v1/sessions"
Pairs = list[tuple[str, str]]


@dataclass
class Answer:
    """What the guard and the application behind it sent."""

    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> int:
        (start,) = [e for e in self.events if e["type"].endswith("response.start")]
        return start["status"]

    @property
    def headers(self) -> dict[str, str]:
        (start,) = [e for e in self.events if e["type"].endswith("response.start")]
        return {name.decode(): value.decode() for name, value in start["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(e.get("body", b"") for e in self.events if e["type"].endswith(".body"))

    @property
    def code(self) -> int:
        assert self.headers["content-type"] == "application/problem+json"
        told = json.loads(self.body)
        assert told["status"] == self.status
        assert told["detail"]
        return told["code"]


def scope_of(
    kind: str, method: str, path: str, headers: Pairs, subprotocols: list[str]
) -> dict[str, Any]:
    scope: dict[str, Any] = {
        "type": kind,
        "path": path,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "server": ("127.0.0.1", 8642),
        "extensions": {"websocket.http.response": {}},
    }
    return scope | ({"method": method} if kind == "http" else {"subprotocols": subprotocols})


async def ask(
    guard: Guard,
    method: str = "GET",
    path: str = API,
    headers: Pairs | None = None,
    body: tuple[bytes, ...] = (b"",),
    *,
    stalls: bool = False,
) -> Answer:
    """One request; `stalls`: the end of its body never comes."""
    answer = Answer()
    parts = list(body)

    async def receive() -> dict[str, Any]:
        if parts:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts) or stalls}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(event: Any) -> None:
        answer.events.append(event)

    await guard(scope_of("http", method, path, headers or [OWN], []), receive, send)
    return answer


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Reads the whole body, as FastAPI does, and gives it back."""
    assert scope["type"] == "http"
    body, more = b"", True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise RuntimeError("the client has gone")
        body += event["body"]
        more = event["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def guarded(app: Callable[..., Any] = echo, **options: Any) -> Guard:
    return Guard(app, ServeSettings(**options))


async def talk(
    guard: Guard, headers: Pairs, subprotocols: list[str], *messages: dict[str, Any]
) -> Answer:
    answer = Answer()

    async def events() -> AsyncIterator[dict[str, Any]]:
        yield {"type": "websocket.connect"}
        for message in messages:
            yield {"type": "websocket.receive", **message}
        yield {"type": "websocket.disconnect", "code": 1000}

    source = events()

    async def send(event: Any) -> None:
        answer.events.append(event)

    scope = scope_of("websocket", "GET", f"{API}/1/socket", headers, subprotocols)
    await guard(scope, source.__anext__, send)
    return answer


async def echo_socket(scope: Any, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"]})


def offered(token: str) -> list[str]:
    coded = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
    return ["foreframe.v1", f"foreframe.token.{coded}"]
