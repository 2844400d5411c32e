"""A debug session and the HTTP API before an engine that is slow, dies or lies: a step is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from dap_client import in_process
from hostile_engine import COMPLETIONS, FAULTS, SLOW, HostileEngine

from foreframe.web.app import create_app
from foreframe.web.settings import ServeSettings
from foreframe_models.engines.vllm import VllmEngine
from foreframe_models.world_model import WorldModel

PROGRAM = "def f(n):\n    a = n + 1\n    b = a * 2\n    return b\n"
DEADLINE = 60  # seconds, of what hangs
TELLING = [  # one of each kind: all of them are the engine's own tests
    *("silent", "dripping head", "closed", "cut", "unavailable", "no JSON", "another shape"),
    *("ids beyond the vocabulary", "ids that the grammar forbids", "an empty answer"),
    *("tokens for ever", "empty events for ever", "endless line", "too short", "a redirect"),
]


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HostileEngine]:
    monkeypatch.setattr("foreframe_models.engines.vllm.RETRY_SECONDS", 0.0)
    async with HostileEngine() as server:
        yield server


async def test_a_debug_session_loses_a_step_and_goes_on(server: HostileEngine, tmp_path: Path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    engine = VllmEngine(server.url, answer_seconds=30)
    client, adapter = in_process(lambda _, frames: WorldModel(engine, max_frames=frames or 100))
    async with asyncio.timeout(DEADLINE * len(TELLING)):
        await client.start(
            str(program), function="f", args="3", stopOnEntry=True, lookAheadTokens=0
        )
        await client.event("stopped")
        for fault in TELLING:
            server.faults[COMPLETIONS] = FAULTS[fault]
            engine._answer_seconds = 0.2 if fault in SLOW else 30
            before = len(client.events("output"))
            stopped = await client.step("next")
            told = [e["output"] for e in client.events("output")[before:]]
            assert any("error 10" in text for text in told), (fault, told, stopped)
            assert await client.line() == 2, fault
        server.faults.clear()
        engine._answer_seconds = 30
        await client.step("next")
        assert await client.line() == 3
        assert "a" in await client.locals()
        await adapter.close()


async def test_the_http_api_tells_a_problem_and_the_session_goes_on(
    server: HostileEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("foreframe_models.engines.vllm.ANSWER_SECONDS", 30)
    app = create_app(ServeSettings(engine=server.url, keeps=False))
    begun = asyncio.Event()
    ending = asyncio.Event()

    async def receive() -> dict[str, str]:
        if not begun.is_set():
            begun.set()
            return {"type": "lifespan.startup"}
        await ending.wait()
        return {"type": "lifespan.shutdown"}

    started = asyncio.Event()

    async def send(event: object) -> None:
        started.set()

    life = asyncio.ensure_future(app({"type": "lifespan"}, receive, send))
    await started.wait()
    transport = httpx.ASGITransport(app)
    async with (
        asyncio.timeout(DEADLINE * len(TELLING)),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8642") as client,
    ):
        body = {"source": PROGRAM, "function": "f", "args": "3", "look_ahead_tokens": 0}
        answer = await client.post("/api/v1/sessions", json=body)
        assert answer.status_code == 201, answer.text
        session = answer.json()["id"]
        step = {"kind": "step", "action": "step_over"}
        where = f"/api/v1/sessions/{session}/actions"
        for fault in TELLING:
            if fault in SLOW:
                continue  # takes the engine's whole time, which the session above has shortened
            server.faults[COMPLETIONS] = FAULTS[fault]
            answer = await client.post(where, json=step, params={"wait": 50})
            assert answer.status_code < 500 or answer.json()["code"] in range(1001, 1007)
            told = json.dumps(answer.json())
            assert "error 10" in told, (fault, told)
            alone = {"source": PROGRAM, "function": "f", "args": "3"}
            answer = await client.post("/api/v1/predict", json=alone)
            assert answer.json()["code"] in range(1001, 1007), (fault, answer.text)
        server.faults.clear()
        answer = await client.post(where, json=step, params={"wait": 50})
        assert answer.status_code == 200
        top = answer.json()["session"]["stop"]["state"]["stack"][-1]
        assert (top["line"], [*top["locals"]]) == (3, ["n", "a"])
    ending.set()
    await life
