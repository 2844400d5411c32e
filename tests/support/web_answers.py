"""A server made of prepared answers, for tests of the client: what was asked is noted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import httpx

from foreframe.client import Client, Retries
from foreframe_protocol.api import CursorView, ScopeView, SessionView, StateView, StopView

AT_ONCE = Retries(attempts=4, first_wait=0.0, most_wait=2.0)
Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Answers:
    """Gives one prepared answer after the other."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def client(self, url: str = "http://127.0.0.1:8642", **options: Any) -> Client:
        transport = httpx.MockTransport(self.answer)
        return Client(url, transport=transport, **{"retries": AT_ONCE, **options})

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    @property
    def paths(self) -> list[str]:
        return [f"{r.method} {r.url.path}" for r in self.asked]

    def body(self, number: int) -> dict[str, Any]:
        """What the request with this number holds."""
        return dict(json.loads(self.asked[number].content))


class Pieces(httpx.AsyncByteStream):
    """A body that comes in pieces, and may break off."""

    def __init__(self, pieces: Iterable[str], then: Exception | None = None) -> None:
        self.pieces, self.then = list(pieces), then
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece.encode()
        if self.then is not None:
            raise self.then

    async def aclose(self) -> None:
        self.is_closed = True


def problem(status: int, code: int, detail: str = "no", **headers: str) -> httpx.Response:
    body = {"title": "Problem", "status": status, "detail": detail, "code": code}
    kind = {"content-type": "application/problem+json"}
    return httpx.Response(
        status,
        content=json.dumps(body),
        headers={**kind, **{k.replace("_", "-"): v for k, v in headers.items()}},
    )


def told(event: str, data: dict[str, Any], number: int | None = None) -> str:
    """A server-sent event."""
    identity = "" if number is None else f"id: {number}\n"
    return f"{identity}event: {event}\ndata: {json.dumps(data)}\n\n"


def stream(*events: str, then: Exception | None = None) -> httpx.Response:
    return httpx.Response(
        200, headers={"content-type": "text/event-stream"}, stream=Pieces(events, then)
    )


def view(status: str = "stopped", sequence: int = 1, line: int = 2) -> SessionView:
    state = StateView(stack=[ScopeView(function="f", scope_line=1, line=line)])
    stop = StopView(reason="step", state=state, shown=0) if status == "stopped" else None
    return SessionView.model_validate(
        {
            "id": "s 1",
            "name": "program.py",
            "source": "",
            "function": "f",
            "args": "",
            "mode": "imagine",
            "engine": "embedded",
            "status": status,
            "created": "2026-01-01T00:00:00Z",
            "stop": stop,
            "cursor": CursorView(branch=0, step=0, frame=1),
            "steps": 1,
            "branches": 1,
            "sequence": sequence,
        }
    )


def shown(status: str = "stopped", sequence: int = 1, line: int = 2) -> httpx.Response:
    return httpx.Response(201, content=view(status, sequence, line).model_dump_json())


def done(status: str = "stopped", sequence: int = 1, line: int = 2) -> httpx.Response:
    """An action's answer: 202 when it goes on."""
    session = view(status, sequence, line).model_dump(mode="json")
    return httpx.Response(202 if status == "running" else 200, json={"session": session})


def stopped(sequence: int, line: int = 3) -> str:
    at = view("stopped", sequence, line)
    data = {
        "kind": "stopped",
        "sequence": sequence,
        "stop": at.stop and at.stop.model_dump(mode="json"),
        "cursor": at.cursor.model_dump(mode="json"),
        "steps": 2,
        "branches": 1,
    }
    return told("stopped", data, sequence)


def running(sequence: int, frames: int = 0) -> str:
    data = {"kind": "running", "sequence": sequence, "frames_done": frames}
    return told("running", data, sequence)


def ended(sequence: int) -> str:
    return told("ended", {"kind": "ended", "sequence": sequence, "exit_code": 0}, sequence)
