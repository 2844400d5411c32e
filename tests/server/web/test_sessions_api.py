"""Sessions over HTTP: begun, stepped through, edited, searched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from web_person import WebPerson, at_web
from web_setting import CALL, SOURCE, shown, tape

from foreframe_models.engines.base import EngineAborted, EngineUnreachable


@pytest.fixture
async def person(tmp_path: Path) -> AsyncIterator[WebPerson]:
    async with at_web(tape(), folders=(tmp_path,)) as person:
        yield person


async def test_a_session_stands_on_the_first_line_and_says_all_about_itself(
    person: WebPerson,
) -> None:
    view = await person.begin(**CALL)
    assert view["status"] == "stopped"
    assert shown(view["stop"])["line"] == 2
    assert (view["function"], view["args"], view["source"]) == ("total", "[1, 2]", SOURCE)
    assert (view["mode"], view["engine"], view["steps"], view["branches"]) == (
        "imagine", "tape", 2, 1,
    )  # fmt: skip
    assert await person.get(f"/sessions/{view['id']}") == view
    (summary,) = (await person.get("/sessions"))["sessions"]
    assert summary == {name: view[name] for name in summary}
    assert len(view["id"]) >= 22  # nobody guesses it


async def test_each_kind_of_step_leads_where_a_debugger_goes(person: WebPerson) -> None:
    ident = (await person.begin(**CALL))["id"]
    stops = [
        await person.step(ident, "step_over"),
        await person.step(ident, "step_over"),
        await person.step(ident, "step_into"),
        await person.step(ident, "step_out"),
        await person.step(ident, "step_over", direction="backward"),
        await person.step(ident, "step_over", direction="backward"),
    ]
    assert [(shown(s)["function"], shown(s)["line"]) for s in stops] == [
        ("total", 3), ("total", 4), ("add", 9), ("total", 4), ("total", 4), ("total", 3),
    ]  # fmt: skip
    assert stops[1]["changed"] == ["number"]
    end = await person.step(ident, "run_to")
    assert end["text"] == "returns 3"
    timeline = await person.get(f"/sessions/{ident}/timeline")
    assert timeline["total"] == len(timeline["steps"])
    assert timeline["steps"][-1]["end"] == "finished"
    assert timeline["steps"][-1]["locals"]["result"]["text"] == "3"
    page = await person.get(f"/sessions/{ident}/timeline?start=1&count=2")
    assert [step["number"] for step in page["steps"]] == [1, 2]


async def test_breakpoints_are_placed_judged_and_replaced(person: WebPerson) -> None:
    breakpoints = [{"line": 6}, {"line": 4, "condition": "number == 2"}, {"line": 99}]
    view = await person.begin(**CALL, breakpoints=breakpoints)
    assert [(one["line"], one["verified"]) for one in view["breakpoints"]] == [
        (9, True), (4, True), (99, False),
    ]  # fmt: skip
    ident = view["id"]
    stop = await person.step(ident, "run_to")
    assert (shown(stop)["line"], stop["reason"]) == (9, "breakpoint")
    answer = await person.act(ident, "set_breakpoints", breakpoints=breakpoints[1:2])
    assert len(answer["session"]["breakpoints"]) == 1
    stop = await person.step(ident, "run_to")
    assert shown(stop)["locals"]["number"]["text"] == "2"


async def test_an_edit_begins_a_branch_and_one_can_go_back_to_the_other(person: WebPerson) -> None:
    ident = (await person.begin(**CALL))["id"]
    await person.step(ident)
    answer = await person.act(ident, "set_variable", name="result", value="40")
    assert shown(answer["session"]["stop"])["locals"]["result"]["provenance"] == "edited"
    assert answer["session"]["branches"] == 2
    answer = await person.act(ident, "go_to", step=1)
    assert shown(answer["session"]["stop"])["line"] == 2
    assert answer["session"]["cursor"]["branch"] == 0
    timeline = await person.get(f"/sessions/{ident}/timeline")
    assert [one["change"] for one in timeline["branches"]] == [None, "result = 40"]


async def test_rules_tell_whether_it_ends_only_of_what_was_launched(person: WebPerson) -> None:
    ident = (await person.begin(**CALL))["id"]
    await person.step(ident)
    assert (await person.get(f"/sessions/{ident}/halts"))["basis"] == "worked out"
    await person.act(ident, "set_variable", name="result", value="40")
    assert (await person.get(f"/sessions/{ident}/halts"))["basis"] == "predicted"
    await person.act(ident, "go_to", step=1)
    assert (await person.get(f"/sessions/{ident}/halts"))["basis"] == "worked out"


async def test_lines_are_set_frames_restarted_and_places_searched(person: WebPerson) -> None:
    ident = (await person.begin(**CALL))["id"]
    for action in ("step_over", "step_over", "step_into"):
        await person.step(ident, action)
    answer = await person.act(ident, "restart_frame", scope=0)
    assert shown(answer["session"]["stop"])["line"] == 2
    answer = await person.act(ident, "search", wanted="line", line=9, direction="forward")
    assert answer["found"] is True
    assert shown(answer["session"]["stop"])["line"] == 9
    answer = await person.act(ident, "search", wanted="exception")
    assert (answer["found"], answer["text"]) == (
        False,
        "not found in what is known before this stop",
    )
    answer = await person.act(ident, "set_line", line=10)
    assert shown(answer["session"]["stop"])["line"] == 10
    assert (await person.get(f"/sessions/{ident}/evaluate?expression=a%2Bb"))["text"] == "1"
    assert (await person.get(f"/sessions/{ident}/evaluate?expression=numbers&scope=0"))[
        "text"
    ] == "[1, 2]"


async def test_looking_ahead_tells_what_comes_and_goes_nowhere(person: WebPerson) -> None:
    ident = (await person.begin(**CALL))["id"]
    answer = await person.act(ident, "look_ahead", frames=3)
    assert [(frame["event"], frame["line"]) for frame in answer["ahead"]] == [
        ("line", 3), ("line", 4), ("call", 8),
    ]  # fmt: skip
    assert shown(answer["session"]["stop"])["line"] == 2
    assert answer["session"]["steps"] == 2


async def test_what_the_session_tells_in_words_and_as_files(person: WebPerson) -> None:
    ident = (await person.begin(**CALL))["id"]
    await person.step(ident, "run_to")
    told = await person.get(f"/sessions/{ident}/explain?detail=calls")
    assert "total" in told["text"]
    halts = await person.get(f"/sessions/{ident}/halts")
    assert (halts["answer"], halts["basis"]) == ("ends", "worked out")
    for form, kind, begin in (
        ("jsonl", "application/jsonl", '{"step": 0'),
        ("cwm", "text/plain", "<|call_sep|>"),
        ("perfetto", "application/json", '{"traceEvents"'),
    ):
        answer = await person.http.get(f"/api/v1/sessions/{ident}/export?form={form}")
        assert answer.headers["content-type"].startswith(kind)
        assert answer.text.startswith(begin)


async def test_an_action_that_goes_on_is_answered_202_and_can_be_paused(tmp_path: Path) -> None:
    world = tape()
    async with at_web(world) as person:
        ident = (await person.begin(**CALL))["id"]
        world.hold = 5
        step = {"kind": "step", "action": "run_to"}
        answer = await person.post(f"/sessions/{ident}/actions?wait=0", step, 202)
        assert answer["session"]["status"] == "running"
        await world.is_held.wait()
        answer = await person.act(ident, "pause")
        assert (answer["session"]["status"], answer["session"]["stop"]["reason"]) == (
            "stopped", "pause",
        )  # fmt: skip
        assert world.cancelled == 1
        answer = await person.act(ident, "pause")
        assert answer["text"] == "nothing was under way"


async def test_an_engine_that_fails_ends_the_step_and_not_the_session() -> None:
    world = tape()
    async with at_web(world) as person:
        ident = (await person.begin(**CALL))["id"]
        world.failures = {3: EngineAborted("it answered nonsense")}
        stop = await person.step(ident, "run_to")
        assert (stop["description"], stop["reason"]) == ("Prediction failed", "pause")
        assert "it answered nonsense" in stop["text"]
        assert (await person.step(ident, "run_to"))["text"] == "returns 3"


async def test_what_cannot_be_done_is_told_with_its_number(person: WebPerson) -> None:
    ident = (await person.begin(**CALL))["id"]
    actions = f"/sessions/{ident}/actions"
    for body, status, code in (
        ({"kind": "go_to", "step": 99}, 409, 2105),
        ({"kind": "set_line", "line": 9}, 409, 2105),
        ({"kind": "set_variable", "name": "nix", "value": "1"}, 422, 2203),
        ({"kind": "set_variable", "name": "numbers", "value": "f()"}, 422, 2205),
        ({"kind": "set_variable", "name": "numbers", "value": "1", "scope": 7}, 422, 2302),
        ({"kind": "search", "wanted": "condition", "condition": "1 +"}, 422, 2201),
        ({"kind": "search", "wanted": "line"}, 422, 2302),
        ({"kind": "dance"}, 422, 2605),
        ({"kind": "step", "action": "step_over", "extra": 1}, 422, 2605),
    ):
        assert await person.problem("POST", actions, status, json=body) == code, body
    assert await person.problem("GET", f"/sessions/{ident}/evaluate?expression=f()", 422) == 2202
    assert await person.problem("GET", f"/sessions/{ident}/evaluate", 422) == 2605
    assert await person.problem("GET", "/sessions/of-nobody", 404) == 2601
    assert await person.problem("GET", "/nothing", 404) == 2607
    assert await person.problem("PUT", "/sessions", 405) == 2607
    await person.step(ident, "run_to")
    answer = await person.act(ident, "step", action="run_to")
    assert (answer["session"]["status"], answer["session"]["exit_code"]) == ("ended", 0)
    step = {"kind": "step"}
    assert await person.problem("POST", actions, 409, json=step) == 2104


async def test_a_program_that_is_none_is_told_where_and_why(person: WebPerson) -> None:
    for asked, status, code in (
        ({"source": "def f(:\n"}, 422, 2003),
        ({"source": "  \n"}, 422, 2005),
        ({"source": SOURCE, "function": "tot"}, 422, 2004),
        ({"source": SOURCE, "function": "total", "args": "1, 2"}, 422, 2004),
        ({"source": SOURCE, "args": "1"}, 422, 2004),
        ({"source": SOURCE, "mode": "check"}, 403, 2603),
        ({"source": SOURCE, "file": "f.py"}, 422, 2605),
        ({}, 422, 2605),
        ({"resume": 999}, 404, 2336),
        ({"source": SOURCE, "function": "total", "returned": "f("}, 422, 2320),
        ({"source": 7}, 422, 2605),
    ):
        assert await person.problem("POST", "/sessions", status, json=asked) == code, asked
    text = {"content": b"{not json", "headers": {"content-type": "application/json"}}
    assert await person.problem("POST", "/sessions", 422, **text) == 2605


async def test_a_file_is_read_inside_the_folders_and_nowhere_else(
    person: WebPerson, tmp_path: Path
) -> None:
    (tmp_path / "inside.py").write_text(SOURCE)
    outside = tmp_path.parent / f"{tmp_path.name}-secret.py"
    outside.write_text(SOURCE)
    (tmp_path / "link.py").symlink_to(outside)
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    call = {"function": "total", "args": "[1, 2]"}
    for name in ("inside.py", str(tmp_path / "inside.py"), "./sub/../inside.py"):
        view = await person.begin(file=name, **call)
        assert view["name"] == "inside.py"
    for name in ("link.py", f"../{outside.name}", str(outside), "/etc/passwd", "loop.py", "a\0b"):
        code = await person.problem("POST", "/sessions", 403, json={"file": name, **call})
        assert code == 2604, name
    assert await person.problem("POST", "/sessions", 404, json={"file": "gone.py", **call}) == 2001


async def test_no_file_is_read_where_no_folder_was_named() -> None:
    async with at_web(tape()) as person:
        assert await person.problem("POST", "/sessions", 403, json={"file": "x.py"}) == 2604


async def test_an_idempotency_key_begins_one_session_and_takes_one_step(person: WebPerson) -> None:
    key = {"headers": {"Idempotency-Key": "once"}}
    first, second = await asyncio.gather(
        person.post("/sessions", CALL, 201, **key), person.post("/sessions", CALL, 201, **key)
    )
    assert first == second
    assert len((await person.get("/sessions"))["sessions"]) == 1
    other = {**CALL, "args": "[1]"}
    assert await person.problem("POST", "/sessions", 422, json=other, **key) == 2606
    actions = f"/sessions/{first['id']}/actions"
    answers = [await person.post(actions, {"kind": "step"}, **key) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["session"]["steps"] == 3
    bad = {"headers": {"Idempotency-Key": "x" * 300}}
    assert await person.problem("POST", "/sessions", 422, json=CALL, **bad) == 2605


async def test_what_failed_under_a_key_may_be_tried_again() -> None:
    async with at_web(tape(), most_sessions=1) as person:
        ident = (await person.begin(**CALL))["id"]
        key = {"headers": {"Idempotency-Key": "again"}}
        assert await person.problem("POST", "/sessions", 429, json=CALL, **key) == 2602
        await person.ask("DELETE", f"/sessions/{ident}", 204)
        await person.post("/sessions", CALL, 201, **key)


async def test_one_session_too_many_is_told_when_to_come_back() -> None:
    async with at_web(tape(), most_sessions=2) as person:
        asked = [person.http.post("/api/v1/sessions", json=CALL) for _ in range(4)]
        answers = await asyncio.gather(*asked)
        assert sorted(answer.status_code for answer in answers) == [201, 201, 429, 429]
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert int(refused.headers["retry-after"]) > 0


async def test_an_engine_that_nobody_reaches_is_told_at_the_stop_and_by_its_health() -> None:
    world = tape()
    world.failures = {1: EngineUnreachable("nothing answers at http://x: start it")}
    async with at_web(world) as person:
        view = await person.begin(**CALL)
        assert view["stop"]["description"] == "Prediction failed"
        assert "nothing answers" in view["stop"]["text"]


async def test_a_hundred_steps_of_ten_sessions_are_not_mixed_up() -> None:
    async with at_web(lambda limit: tape()) as person:

        async def walk() -> list[int]:
            ident = (await person.begin(**CALL))["id"]
            return [shown(await person.step(ident, "step_into"))["line"] for _ in range(10)]

        walks = await asyncio.gather(*(walk() for _ in range(10)))
        assert all(walk == walks[0] for walk in walks)
        assert walks[0][:5] == [3, 4, 9, 10, 4]


async def test_looking_ahead_is_given_up_when_nobody_waits_for_it() -> None:
    world = tape()
    async with at_web(world) as person:
        ident = (await person.begin(**CALL))["id"]
        world.hold = 5
        asked = asyncio.create_task(person.act(ident, "look_ahead", frames=10))
        await world.is_held.wait()
        asked.cancel()
        async with asyncio.timeout(60):
            await world.is_cancelled.wait()


async def test_a_persons_step_comes_before_what_is_predicted_ahead() -> None:
    world = tape()
    world.tokens = 1
    async with at_web(world) as person:
        ident = (await person.begin(**CALL, look_ahead_tokens=1))["id"]
        live = await person.serving.registry.find(ident)
        await live.session.ahead.settled()
        await person.step(ident, "run_to")
        assert world.priorities[0] == world.priorities[-1] == 0
        assert 10 in world.priorities
