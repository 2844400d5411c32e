"""A server that is killed: what anybody has seen of its sessions is there when it is back."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from served import Served, serve_tape
from tape import record, save

from foreframe_protocol.api import PREFIX, TimelineView

SOURCE = """\
def total(numbers):
    result = 0
    for number in numbers:
        result += number
    return result
"""
CALL = {"source": SOURCE, "function": "total", "args": f"{[*range(300)]}"}
SESSIONS = 50
ENOUGH = 4 * SESSIONS  # steps that have been answered when it is killed
ACTIONS = ("step_over", "step_into", "run_to")


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("killed") / "total.tape"
    save(record(SOURCE, "total", CALL["args"]), path)
    return path


@pytest.fixture
def server(tape: Path, tmp_path: Path) -> Iterator[Served]:
    with serve_tape(tape, FOREFRAME_STATE=str(tmp_path)) as server:
        yield server


class Walk:
    """One session as its client has seen it."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.ident = ""
        self.seen: dict[int, Any] = {}  # number of a step → the stop that it led to
        self.place: Any = None

    async def begin(self) -> None:
        answer = await self.http.post(f"{PREFIX}/sessions", json=CALL)
        self.ident = answer.raise_for_status().json()["id"]
        self.note(answer.json())

    def note(self, view: Any) -> None:
        assert view["status"] == "stopped"
        self.place = view["cursor"]["frame"], view["stop"]["state"]
        self.seen[view["steps"] - 1] = view["stop"]["state"]["stack"][-1]

    async def go_on(self, counted: asyncio.Semaphore) -> None:
        """Steps until the server is gone."""
        for number in range(1_000_000):
            step = {"kind": "step", "action": ACTIONS[number % 2]}
            try:
                answer = await self.http.post(f"{PREFIX}/sessions/{self.ident}/actions", json=step)
            except httpx.TransportError:
                return
            self.note(answer.raise_for_status().json()["session"])
            counted.release()


async def test_after_a_kill_in_the_middle_of_50_sessions_every_finished_step_is_there(
    server: Served, tape: Path, tmp_path: Path
) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        walks = [Walk(http) for _ in range(SESSIONS)]
        await asyncio.gather(*(walk.begin() for walk in walks))
        counted = asyncio.Semaphore(0)
        tasks = [asyncio.create_task(walk.go_on(counted)) for walk in walks]
        for _ in range(ENOUGH):
            await counted.acquire()
        server.kill()
        await asyncio.gather(*tasks)
    with serve_tape(tape, FOREFRAME_STATE=str(tmp_path)) as again:
        async with httpx.AsyncClient(base_url=again.url, timeout=60) as http:
            assert sum(len(walk.seen) for walk in walks) >= ENOUGH
            for walk in walks:
                await is_all_there(walk, http)


async def is_all_there(walk: Walk, http: httpx.AsyncClient) -> None:
    """Holds what the server has of a session against what its client has seen."""
    answer = await http.get(f"{PREFIX}/sessions/{walk.ident}/timeline")
    timeline = TimelineView.model_validate(answer.raise_for_status().json())
    assert [step.number for step in timeline.steps] == list(range(timeline.total))
    assert timeline.total > max(walk.seen)
    for number, scope in walk.seen.items():
        step = timeline.steps[number]
        assert step.line == scope["line"]
        assert {n: v.text for n, v in step.locals.items()} == {
            name: value["text"] for name, value in scope["locals"].items()
        }
    view = (await http.get(f"{PREFIX}/sessions/{walk.ident}")).json()
    assert view["cursor"]["frame"] >= walk.place[0]  # its last answer may have been on the way
    step = {"kind": "step", "action": "step_over"}
    answer = await http.post(f"{PREFIX}/sessions/{walk.ident}/actions", json=step)
    assert answer.json()["session"]["steps"] == view["steps"] + 1


async def test_a_server_that_is_asked_to_end_ends_cleanly_with_all_steps(
    server: Served, tape: Path, tmp_path: Path
) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        walk = Walk(http)
        await walk.begin()
        events = http.stream("GET", f"{PREFIX}/sessions/{walk.ident}/events")
        async with events as stream:  # somebody follows: that holds nothing up
            await anext(stream.aiter_bytes())
            server.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(server.process.wait, 90) == 0
    assert "Traceback" not in server.said
    with serve_tape(tape, FOREFRAME_STATE=str(tmp_path)) as again:
        async with httpx.AsyncClient(base_url=again.url, timeout=60) as http:
            await is_all_there(walk, http)
