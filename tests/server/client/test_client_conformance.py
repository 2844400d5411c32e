"""The client and the server's own description of its API: nothing is missing on either side."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
from tape import TapeWorld, record

from foreframe.client import Client, ClientError
from foreframe.client.address import Address
from foreframe.client.in_process import AppTransport, lifespan
from foreframe.web.app import create_app
from foreframe.web.settings import ServeSettings
from foreframe_models.engines.base import EngineRefused
from foreframe_protocol.api import (
    PREFIX,
    CompareRequest,
    EvaluateRequest,
    ExplainRequest,
    FillRequest,
    InputsRequest,
    PredictRequest,
    RunRequest,
)

SOURCE = "def f(n):\n    return n + 1\n"
CALL = {"source": SOURCE, "function": "f", "args": "1"}
NOT_CALLED = {f"GET {PREFIX}/openapi.json", "GET /"}  # descriptions, and the page


class OnlyATape(TapeWorld):
    """Has neither arguments nor expressions to propose."""

    async def guess_inputs(self, *args: Any, **options: Any) -> list[Any]:
        return []

    async def open(self) -> Any:
        raise EngineRefused("a tape proposes nothing")


class Noting(httpx.AsyncBaseTransport):
    """Notes what is asked of an application, and with which parameters."""

    def __init__(self, app: Any) -> None:
        self._inner = AppTransport(app)
        self.asked: list[tuple[str, str, set[str]]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.method, request.url.path, set(request.url.params)))
        return await self._inner.handle_async_request(request)


async def ask_everything(client: Client) -> None:
    """Uses each method once; what the server says to it does not matter here."""
    async with client.session(**CALL) as session:
        await session.step_over()
        await session.timeline(0, 5)
        await session.evaluate("n + 1", scope=0)
        await session.explain("steps")
        await session.halts()
        trace = (await session.export("cwm")).decode()
        await session.refresh()
        async for _ in session.events():
            break
        await client.find_session(session.id)
    bodies = (
        client.predict(PredictRequest.model_validate(CALL)),
        client.inputs(InputsRequest(source=SOURCE, function="f", returned="2")),
        client.compare(CompareRequest.model_validate(CALL)),
        client.fill(FillRequest(source="# f(1) -> 2\ndef f(n):\n    return ??\n", candidates=1)),
        client.halts(RunRequest.model_validate(CALL)),
        client.explain(ExplainRequest.model_validate(CALL)),
        client.evaluate(EvaluateRequest(predicted=trace, real=trace)),
        client.plot("small", "calibration.png"),
        client.sessions(),
        client.kept(),
        client.open_kept(1),
        client.models(),
        client.health(),
        client.metrics(),
    )
    for answer in await asyncio.gather(*bodies, return_exceptions=True):
        if isinstance(answer, Exception):
            assert isinstance(answer, ClientError), answer
            assert answer.code != 2605, f"the server did not understand: {answer}"


async def test_the_client_reaches_every_path_that_the_server_describes() -> None:
    frames = record(SOURCE, "f", "1")
    settings = ServeSettings(keeps=False, engine="tape", allows_run=True)
    app = create_app(settings, lambda engine, most: OnlyATape(frames, max_frames=most or 100))
    transport = Noting(app)
    async with lifespan(app), Client(Address("http://127.0.0.1"), transport=transport) as client:
        await ask_everything(client)
        asked = transport.asked[:]
        http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        description = (await http.get(f"{PREFIX}/openapi.json")).json()
    reached: set[str] = set()
    for template, operations in description["paths"].items():
        pattern = re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template)))
        for method, operation in operations.items():
            name = f"{method.upper()} {template}"
            taken = {p["name"] for p in operation.get("parameters", []) if p["in"] == "query"}
            for asked_method, path, query in asked:
                if asked_method.lower() == method and pattern.fullmatch(path):
                    reached.add(name)
                    assert query <= taken, name
    described = {
        f"{method.upper()} {template}"
        for template, operations in description["paths"].items()
        for method in operations
    }
    assert len(described) > 15
    assert described - NOT_CALLED == reached
