"""Sessions over HTTP that are closed, kept on disk, found again or deleted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from person import Person
from web_person import WebPerson, at_web
from web_setting import CALL, SOURCE, shown, tape

from foreframe.memory.folder import workspace_file
from foreframe.memory.keeper import Keeper, Subject


@pytest.fixture
async def person(tmp_path: Path) -> AsyncIterator[WebPerson]:
    async with at_web(tape(), folders=(tmp_path,)) as person:
        yield person


def claims(workspace: Path) -> list[Path]:
    """The files that say which sessions are open."""
    file = workspace_file(Path(os.environ["FOREFRAME_STATE"]), workspace)
    return list(file.with_suffix(".open").glob("*"))


async def test_a_session_that_nobody_uses_is_closed_and_opened_again_as_it_was() -> None:
    async with at_web(tape(), idle_minutes=0.0) as person:
        view = await person.begin(**CALL)
        await person.step(view["id"])
        await person.serving.registry.close_idle()
        assert (await person.get("/health"))["sessions"] == 0
        again = await person.get(f"/sessions/{view['id']}")
        assert (again["steps"], again["status"]) == (3, "stopped")
        assert shown(again["stop"])["line"] == 3
        assert again["kept"] == (await person.get("/kept"))["sessions"][-1]["id"]
        await person.serving.registry.close_idle()
        stop = await person.step(view["id"])  # an action opens it as well
        assert shown(stop)["line"] == 4


async def test_a_session_in_use_is_not_closed() -> None:
    world = tape()
    async with at_web(world, idle_minutes=0.0) as person:
        ident = (await person.begin(**CALL))["id"]
        async with person.events(f"/sessions/{ident}/events") as events:
            await anext(events)
            await person.serving.registry.close_idle()
            assert (await person.get("/health"))["sessions"] == 1


async def test_a_deleted_session_is_gone_from_the_disk_too(person: WebPerson) -> None:
    view = await person.begin(**CALL)
    kept = view["kept"]
    assert kept in [one["id"] for one in (await person.get("/kept"))["sessions"]]
    await person.ask("DELETE", f"/sessions/{view['id']}", 204)
    assert kept not in [one["id"] for one in (await person.get("/kept"))["sessions"]]
    assert await person.problem("GET", f"/sessions/{view['id']}", 404) == 2601
    assert await person.problem("DELETE", f"/sessions/{view['id']}", 404) == 2601


async def test_a_kept_session_is_gone_on_with_under_another_name(person: WebPerson) -> None:
    view = await person.begin(**CALL)
    await person.step(view["id"])
    again = await person.begin(resume=view["kept"])
    assert again["id"] != view["id"]
    assert (again["function"], again["args"], again["steps"]) == ("total", "[1, 2]", 3)
    assert shown(await person.step(again["id"]))["line"] == 4
    other = {**CALL, "source": SOURCE + "\n", "resume": view["kept"]}
    assert await person.problem("POST", "/sessions", 422, json=other) == 2339


async def test_sessions_on_disk_tell_their_names_and_are_opened_by_their_numbers(
    person: WebPerson,
) -> None:
    view = await person.begin(**CALL)
    await person.step(view["id"])
    (kept,) = (await person.get("/kept"))["sessions"]
    assert (kept["session"], kept["id"], kept["steps"]) == (view["id"], view["kept"], 3)
    await person.serving.registry.close_idle()
    again = await person.post(f"/kept/{kept['id']}", None, 201)
    assert (again["id"], again["steps"]) == (view["id"], 3)
    assert await person.problem("POST", "/kept/77", 404) == 2336


async def test_an_editors_session_is_opened_as_a_new_one(tmp_path: Path) -> None:
    async with at_web(tape(), folders=(tmp_path,)) as person:
        edited = Person(SOURCE, "[1, 2]", tape())
        file = workspace_file(Path(os.environ["FOREFRAME_STATE"]), tmp_path)
        subject = Subject(str(tmp_path / "f.py"), SOURCE, "total", "[1, 2]", "tape")
        keeper = Keeper(file, tmp_path, subject, lambda text: None)
        keeper.follow(edited.session.timeline)
        await edited.begin()
        await asyncio.to_thread(keeper.close)
        (kept,) = (await person.get("/kept"))["sessions"]
        assert kept["session"] is None
        view = await person.post(f"/kept/{kept['id']}", None, 201)
        assert (view["name"], view["function"], view["steps"]) == ("f.py", "total", 2)
        assert shown(await person.step(view["id"]))["line"] == 3


async def test_a_closed_session_is_deleted_without_being_opened() -> None:
    async with at_web(tape(), idle_minutes=0.0, most_sessions=1) as person:
        first = await person.begin(**CALL)
        await person.serving.registry.close_idle()
        await person.begin(**CALL)  # there is room for this one only
        await person.ask("DELETE", f"/sessions/{first['id']}", 204)
        assert first["kept"] not in [one["id"] for one in (await person.get("/kept"))["sessions"]]


async def test_breakpoints_are_there_again_with_their_session() -> None:
    async with at_web(tape(), idle_minutes=0.0) as person:
        ident = (await person.begin(**CALL, breakpoints=[{"line": 5}]))["id"]
        await person.act(ident, "set_breakpoints", breakpoints=[{"line": 9}])
        await person.serving.registry.close_idle()
        view = await person.get(f"/sessions/{ident}")
        assert [one["line"] for one in view["breakpoints"]] == [9]
        assert shown(await person.step(ident, "run_to"))["line"] == 9


async def test_many_who_ask_for_a_closed_session_at_once_get_the_same() -> None:
    async with at_web(tape(), idle_minutes=0.0) as person:
        ident = (await person.begin(**CALL))["id"]
        await person.serving.registry.close_idle()
        found = await asyncio.gather(
            *(person.serving.registry.find(ident) for _ in range(5)),
            person.serving.registry.close_idle(),
        )
        assert len({id(live) for live in found[:5]}) == 1


async def test_a_step_that_is_asked_for_again_after_a_restart_is_taken_once() -> None:
    key = {"headers": {"Idempotency-Key": "the answer was lost"}}
    async with at_web(tape()) as person:
        ident = (await person.begin(**CALL))["id"]
        actions = f"/sessions/{ident}/actions"
        before = await person.post(actions, {"kind": "step"}, **key)
    async with at_web(tape()) as person:  # the same folder, another server
        again = await person.post(actions, {"kind": "step"}, **key)
        assert again["session"]["cursor"] == before["session"]["cursor"]
        assert again["session"]["steps"] == 3
        other = {"headers": {"Idempotency-Key": "another"}}
        further = await person.post(actions, {"kind": "step"}, **other)
        assert further["session"]["steps"] == 4


async def test_what_another_server_has_open_is_told_with_its_process_and_opened_when_it_ends(
    tmp_path: Path,
) -> None:
    async with at_web(tape(), folders=(tmp_path,)) as other:
        ident = (await other.begin(**CALL))["id"]
        async with at_web(tape(), folders=(tmp_path,)) as person:
            answer = await person.http.get(f"/api/v1/sessions/{ident}")
            assert (answer.status_code, answer.json()["code"]) == (409, 2610)
            assert len(claims(tmp_path)) == 1
            assert f"process {os.getpid()}" in answer.json()["detail"]
            assert await person.problem("DELETE", f"/sessions/{ident}", 409) == 2610
            assert shown(await other.step(ident))["line"] == 3
            await other.serving.registry.close()
            assert (await person.get(f"/sessions/{ident}"))["steps"] == 3
            await person.ask("DELETE", f"/sessions/{ident}", 204)
    assert not claims(tmp_path)


async def test_a_session_that_cannot_be_read_is_nobodys(tmp_path: Path) -> None:
    async with at_web(tape(), folders=(tmp_path,)) as person:
        for _ in range(2):
            assert await person.problem("GET", "/sessions/../../nobody", 404) == 2607
            assert await person.problem("GET", "/sessions/nobody", 404) == 2601
    assert not claims(tmp_path)


async def test_a_session_whose_client_leaves_before_the_answer_leaves_nothing_behind(
    person: WebPerson,
) -> None:
    world = person.world
    world.hold = 1
    asked = asyncio.create_task(person.begin(**CALL))
    await world.is_held.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert world.is_cancelled.is_set()
    assert len(person.serving.registry) == 0
    world.hold = None
    await person.begin(**CALL)
    assert len((await person.get("/kept"))["sessions"]) == 1


async def test_a_session_that_is_asked_for_with_a_key_waits_for_its_client(
    person: WebPerson,
) -> None:
    world = person.world
    world.hold = 1
    key = {"headers": {"Idempotency-Key": "again"}}
    asked = asyncio.create_task(person.post("/sessions", CALL, 201, **key))
    await world.is_held.wait()
    asked.cancel()
    again = asyncio.create_task(person.post("/sessions", CALL, 201, **key))
    await asyncio.sleep(0)
    world.go.set()
    assert (await again)["id"] in [one["id"] for one in (await person.get("/sessions"))["sessions"]]
    assert len(person.serving.registry) == 1
