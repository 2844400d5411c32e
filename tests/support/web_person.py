"""Someone who talks to `foreframe serve` in this process, as plain HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from tape import TapeWorld

from foreframe.client.in_process import AppTransport, lifespan
from foreframe.web.app import create_app
from foreframe.web.settings import ServeSettings
from foreframe_models.engines.recorded import RecordedEngine
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_models.world_model import WorldModel as Model
from foreframe_protocol.api import PREFIX
from foreframe_protocol.states import Prediction, Trace

ADDRESS = "http://127.0.0.1:8642"


class WebTape(TapeWorld):
    """A tape that begins only with what the program has, and says when it is given up."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.is_cancelled = asyncio.Event()

    async def start(self, program: Program, entry: Entry) -> Trace:
        await Model(RecordedEngine([])).start(program, entry)
        return await super().start(program, entry)

    async def predict(self, *args: Any, **options: Any) -> Prediction:
        try:
            return await super().predict(*args, **options)
        except asyncio.CancelledError:
            self.is_cancelled.set()
            raise


class WebPerson:
    """Requests and their answers."""

    def __init__(self, http: httpx.AsyncClient, app: Any, world: Any) -> None:
        self.http, self.app, self.world = http, app, world

    @property
    def serving(self) -> Any:
        """What the application holds, behind its guard."""
        return self.app.app.state.serving

    async def ask(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """The JSON of an answer with this status."""
        answer = await self.http.request(method, PREFIX + path, **options)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def get(self, path: str, status: int = 200, **options: Any) -> Any:
        return await self.ask("GET", path, status, **options)

    async def post(self, path: str, body: object, status: int = 200, **options: Any) -> Any:
        return await self.ask("POST", path, status, json=body, **options)

    async def begin(self, status: int = 201, **asked: object) -> Any:
        """A new session."""
        return await self.post("/sessions", asked, status)

    async def act(self, ident: str, kind: str, status: int = 200, **asked: object) -> Any:
        return await self.post(f"/sessions/{ident}/actions", {"kind": kind, **asked}, status)

    async def step(self, ident: str, action: str = "step_over", **asked: object) -> Any:
        """The stop that a step leads to."""
        answer = await self.act(ident, "step", action=action, **asked)
        return answer["session"]["stop"]

    async def problem(self, method: str, path: str, status: int, **options: Any) -> int:
        """The number of the problem that a request comes to."""
        answer = await self.http.request(method, PREFIX + path, **options)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert told["status"] == status
        assert told["detail"]
        return int(told["code"])

    @asynccontextmanager
    async def events(self, path: str, **options: Any) -> AsyncIterator[AsyncIterator[Any]]:
        """A stream of (name, number, body)."""
        method = options.pop("method", "GET")
        headers = {"accept": "text/event-stream", **options.pop("headers", {})}
        stream = self.http.stream(method, PREFIX + path, headers=headers, **options)
        async with stream as answer:
            assert answer.status_code == 200
            yield parsed(answer)


async def parsed(answer: httpx.Response) -> AsyncIterator[Any]:
    """Server-sent events as (name, number, body)."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            number = fields.get("id")
            yield fields["event"], number and int(number), json.loads(fields["data"])
            fields = {}


@asynccontextmanager
async def at_web(world: Any, **settings: Any) -> AsyncIterator[WebPerson]:
    """A server whose sessions all ask `world`, which may be a function of the frames allowed.

    None: the model of the engine that the settings name.
    """

    def open_world(engine: str, max_frames: int | None) -> Any:
        return world(max_frames) if callable(world) else world

    asked = ServeSettings(**{"engine": "tape", **settings})
    app = create_app(asked) if world is None else create_app(asked, open_world)
    async with (
        lifespan(app),
        httpx.AsyncClient(transport=AppTransport(app), base_url=ADDRESS, timeout=60) as http,
    ):
        yield WebPerson(http, app, world)
