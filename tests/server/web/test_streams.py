"""What is told while it happens: events of a session, streams of long requests, the WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from served import Served, serve_tape
from tape import record, save
from web_person import WebTape, at_web
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from foreframe.client import Client
from foreframe_models.engines.base import EngineAborted
from foreframe_protocol.api import NewSession
from foreframe_protocol.states import Frame

SOURCE = """\
def total(numbers):
    result = 0
    for number in numbers:
        print(number)
        result += number
    return result
"""
CALL = {"source": SOURCE, "function": "total", "args": "[1, 2]"}


@cache
def frames() -> list[Frame]:
    return record(SOURCE, "total", "[1, 2]")


async def take(events: Any, count: int) -> list[Any]:
    return [await anext(events) for _ in range(count)]


async def test_a_lost_stream_goes_on_after_the_last_event_that_came() -> None:
    async with at_web(WebTape(frames())) as person:
        ident = (await person.begin(**CALL))["id"]
        path = f"/sessions/{ident}/events"
        async with person.events(f"{path}?after=0") as events:
            first = await take(events, 2)
        assert [(name, number) for name, number, _ in first] == [("running", 1), ("stopped", 2)]
        await person.step(ident, "run_to")
        async with person.events(path, headers={"Last-Event-ID": "2"}) as events:
            rest = await take(events, 4)
        assert [name for name, _, _ in rest] == ["running", "output", "output", "stopped"]
        assert [number for _, number, _ in rest] == [3, 4, 5, 6]
        assert [body["text"] for _, _, body in rest[1:3]] == ["1\n", "2\n"]
        assert all(body["sequence"] == number for _, number, body in rest)
        async with person.events(path) as events:
            (now,) = await take(events, 1)
        assert now == rest[-1]


async def test_events_go_on_over_a_restart_with_higher_numbers() -> None:
    async with at_web(WebTape(frames())) as person:
        ident = (await person.begin(**CALL))["id"]
        last = (await person.get(f"/sessions/{ident}"))["sequence"]
    async with at_web(WebTape(frames())) as person:
        async with person.events(f"/sessions/{ident}/events?after={last}") as events:
            ((name, number, body),) = await take(events, 1)
            assert (name, body["steps"]) == ("stopped", 2)
            assert number > last
            await person.step(ident)
            more = await take(events, 2)
        assert [name for name, _, _ in more] == ["running", "stopped"]


async def test_a_deleted_session_ends_its_streams() -> None:
    async with at_web(WebTape(frames())) as person:
        ident = (await person.begin(**CALL))["id"]
        async with person.events(f"/sessions/{ident}/events") as events:
            await anext(events)
            await person.ask("DELETE", f"/sessions/{ident}", 204)
            async with asyncio.timeout(60):
                assert [event async for event in events] == []


async def test_a_long_request_tells_its_progress_and_then_its_answer() -> None:
    world = WebTape(frames())
    world.delay = 0.06
    asked = {**CALL, "action": "run_to"}
    async with (
        at_web(world) as person,
        person.events("/predict", method="POST", json=asked) as events,
    ):
        told = [event async for event in events]
    assert {name for name, _, _ in told[:-1]} == {"progress"}
    assert told[-1][0] == "answer"
    assert told[-1][2]["end"] == "finished"
    counts = [body["frames"] for _, _, body in told[:-1]]
    assert counts == sorted(set(counts))


async def test_a_stream_that_fails_ends_with_the_problem() -> None:
    world = WebTape(frames())
    world.failures = {3: EngineAborted("it fell over")}
    async with at_web(world) as person:
        async with person.events("/explain", method="POST", json=CALL) as events:
            ((name, _, body),) = [event async for event in events]
        assert (name, body["code"], body["status"]) == ("problem", 1005, 502)


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_who_goes_away_has_the_engine_stop(accept: str) -> None:
    world = WebTape(frames())
    async with at_web(world) as person:
        world.hold = 4
        asked = person.http.stream(
            "POST",
            "/api/v1/predict",
            json={**CALL, "action": "run_to"},
            headers={"accept": accept},
        )

        async def ask() -> None:
            async with asked as answer:
                await answer.aread()

        task = asyncio.create_task(ask())
        await world.is_held.wait()
        task.cancel()
        await asyncio.wait([task])
        async with asyncio.timeout(60):
            await world.is_cancelled.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    path = tmp_path / "total.tape"
    save(frames(), path)
    with serve_tape(path) as server:
        yield server


async def said(socket: Any) -> Any:
    async with asyncio.timeout(60):
        return json.loads(await socket.recv())


async def begun(server: Served) -> str:
    async with Client(server.url) as client:
        return (await client.create_session(NewSession(**CALL))).view.id


async def test_a_socket_tells_events_and_answers_actions(server: Served) -> None:
    url = f"{server.url.replace('http', 'ws')}/api/v1/sessions/{await begun(server)}/socket"
    async with connect(f"{url}?after=0") as socket:
        assert [(await said(socket))["kind"] for _ in range(2)] == ["running", "stopped"]
        for text in ("nonsense", '{"request": 5, "action": {"kind": "dance"}}', "[1]"):
            await socket.send(text)
            told = await said(socket)
            assert told["problem"]["code"] == 2605
            assert told["request"] in ("", 5)
        await socket.send('{"request": "a", "action": {"kind": "step"}}')
        heard = [await said(socket) for _ in range(3)]
        answer = next(one for one in heard if one["kind"] == "answer")
        assert (answer["request"], answer["problem"]) == ("a", None)
        stopped = next(one for one in heard if one["kind"] == "stopped")
        assert stopped["stop"]["state"]["stack"][0]["line"] == 3
    async with connect(f"{url}?after={stopped['sequence'] - 1}") as socket:
        assert await said(socket) == stopped
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url.replace("/sessions/", "/sessions/x")):
            pass
    assert refused.value.response.status_code == 404
