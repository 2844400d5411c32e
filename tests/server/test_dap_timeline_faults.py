"""What cannot be done with a timeline: each has its number, says why, and changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dap_client import Client, Failed, in_process
from rule_world import SOURCE, RuleWorld
from tape import marks

MARKS = marks(SOURCE)


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "p.py").write_text(SOURCE)
    return str(tmp_path / "p.py")


@pytest.fixture
async def client(path: str) -> Client:
    """In the first call of add."""
    client, _ = in_process(lambda engine, frames: RuleWorld())
    await client.start(path, [MARKS["add_return"]], function="f", args="3")
    await client.event("stopped")
    return client


async def shown(client: Client) -> object:
    """All that a person sees."""
    frames = [(f["name"], f["line"]) for f in await client.stack()]
    values = [await client.locals(index) for index in range(len(frames))]
    timeline = await client.ask("foreframe/timeline")
    branches = await client.ask("foreframe/branches")
    return frames, values, timeline, branches


@pytest.mark.parametrize("mark", ["f_first", "call", "f_return"])
async def test_goto_into_another_scope_is_refused(client: Client, path: str, mark: str):
    before = await shown(client)
    with pytest.raises(Failed, match=r"only lines of the\s+function that is shown") as failed:
        await client.gotoTargets(source={"path": path}, line=MARKS[mark])
    assert failed.value.code == 2105
    with pytest.raises(Failed) as failed:  # a client that has not asked for targets
        await client.goto(threadId=1, targetId=MARKS[mark])
    assert failed.value.code == 2105
    assert await shown(client) == before


async def test_goto_a_line_that_no_function_has_is_refused(client: Client, path: str):
    for line in (0, 4, 999, -3):
        with pytest.raises(Failed) as failed:
            await client.gotoTargets(source={"path": path}, line=line)
        assert failed.value.code == 2105
        assert f"line {line} is no line to stop at in add" in str(failed.value)


async def test_a_data_breakpoint_on_a_name_that_never_exists_is_refused(client: Client):
    frame = (await client.stack())[0]["id"]
    info = await client.dataBreakpointInfo(name="ghost", frameId=frame)
    assert info["dataId"] is None
    assert info["description"] == "add has no variable 'ghost': it can never change (error 2201)"
    data = json.dumps(["add", 1, "ghost"])
    body = await client.setDataBreakpoints(breakpoints=[{"dataId": data}])
    (told,) = body["breakpoints"]
    assert (told["verified"], told["message"]) == (False, info["description"])
    assert (await client.step("continue"))["reason"] == "breakpoint"  # it stops nothing


async def test_an_edited_value_that_is_too_large_is_refused(client: Client):
    before = await shown(client)
    frame = (await client.stack())[0]["id"]
    scope = (await client.scopes(frameId=frame))["scopes"][0]["variablesReference"]
    huge = repr("x" * 1_000_000)
    for request in (
        client.setVariable(variablesReference=scope, name="a", value=huge),
        client.setExpression(expression="a", value=huge),
    ):
        with pytest.raises(Failed, match="at most 1,000,000 can be set") as failed:
            await request
        assert failed.value.code == 2206
    assert await shown(client) == before


async def test_a_value_that_would_become_too_large_by_one_of_its_parts_is_refused(client: Client):
    most = repr("x" * 900_000)
    await client.setExpression(expression="a", value=f"[{most}, 1]")
    before = await shown(client)
    with pytest.raises(Failed, match="would have") as failed:
        await client.setExpression(expression="a[1]", value=most)
    assert failed.value.code == 2206
    assert await shown(client) == before


async def test_a_step_back_from_the_very_first_frame_stays_there_and_says_so(client: Client):
    stopped = await client.step("reverseContinue")
    assert stopped["description"] == "At the start"
    before = await client.stack()
    assert (await client.step("stepBack"))["description"] == "At the start"
    assert [f["line"] for f in await client.stack()] == [f["line"] for f in before]
