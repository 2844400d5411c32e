"""The timeline through the adapter: its steps and branches, lines and functions to go to."""

from __future__ import annotations

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
    """At the call in the first round of the loop."""
    client, _ = in_process(lambda engine, frames: RuleWorld())
    await client.start(path, function="f", args="3", stopOnEntry=True)
    await client.event("stopped")
    for _ in range(2):
        await client.step("next")
    return client


async def set_total(client: Client, value: str) -> None:
    await client.setExpression(expression="total", value=value)


async def test_the_timeline_lists_steps_with_what_changed(client: Client):
    await set_total(client, "100")
    await client.step("next")
    body = await client.ask("foreframe/timeline")
    assert [s["reason"] for s in body["steps"]] == [
        "launch",
        "step_into",
        "step_over",
        "step_over",
        "edit",
        "step_over",
    ]
    edit, last = body["steps"][4:]
    assert (edit["change"], edit["branch"], edit["parent"]) == ("total = 100", 1, 2)
    assert edit["changed"] == [{"name": "total", "value": "100", "provenance": "edited"}]
    assert (last["line"], last["function"], last["end"]) == (MARKS["down"], "f", "reached")
    assert [c["name"] for c in last["changed"]] == ["total"]
    assert body["cursor"] == {"branch": 1, "step": 5, "frame": last["frame"]}
    page = await client.ask("foreframe/timeline", {"start": 4, "count": 1})
    assert (page["steps"], page["totalSteps"]) == ([edit], 6)


async def test_the_future_that_was_left_can_be_returned_to(client: Client):
    await set_total(client, "100")
    await client.step("next")
    branches = (await client.ask("foreframe/branches"))["branches"]
    assert [b["isCurrent"] for b in branches] == [False, True]
    assert (branches[1]["parent"], branches[1]["change"]) == (0, "total = 100")
    await client.ask("foreframe/goTo", {"step": branches[0]["tip"]})
    assert (await client.event("stopped"))["reason"] == "goto"
    assert await client.locals() == {"n": "3", "total": "0"}
    assert await client.line() == MARKS["call"]
    branches = (await client.ask("foreframe/branches"))["branches"]
    assert [b["isCurrent"] for b in branches] == [True, False]


async def test_a_jump_goes_on_before_it_stops_so_that_its_own_reason_is_shown(client: Client):
    assert not client.events("continued")
    await client.ask("foreframe/goTo", {"step": 1})
    assert await client.event("continued") == {"threadId": 1, "allThreadsContinued": True}
    assert (await client.event("stopped"))["description"] == "On the timeline"
    told = [message.get("event") or message["command"] for message in client.log]
    assert told[-3:] == ["continued", "foreframe/goTo", "stopped"]
    # A step is known to go on.
    await client.step("next")
    assert len(client.events("continued")) == 1


async def test_a_step_that_is_not_there_is_an_error(client: Client):
    for arguments in ({"step": 99}, {"step": 1, "branch": 7}):
        with pytest.raises(Failed) as failed:
            await client.ask("foreframe/goTo", arguments)
        assert failed.value.code == 2105
    with pytest.raises(Failed) as failed:
        await client.ask("foreframe/fly")
    assert failed.value.code == 2301


async def test_a_frame_is_restarted(client: Client):
    await client.step("stepIn")
    await client.step("next")
    stack = await client.stack()
    await client.restartFrame(frameId=stack[0]["id"])
    assert (await client.event("stopped"))["description"] == "Frame restarted"
    assert await client.line() == MARKS["add_first"]
    with pytest.raises(Failed) as failed:
        await client.restartFrame(frameId=stack[0]["id"])
    assert failed.value.code == 2103


async def test_a_line_of_the_same_scope_is_jumped_to(client: Client, path: str):
    source = {"path": path}
    targets = (await client.gotoTargets(source=source, line=MARKS["f_return"]))["targets"]
    assert [t["line"] for t in targets] == [MARKS["f_return"]]
    await client.goto(threadId=1, targetId=targets[0]["id"])
    assert (await client.event("stopped"))["reason"] == "goto"
    assert await client.line() == MARKS["f_return"]
    await client.step("continue")
    assert (await client.locals())["(return) f"] == "0"


async def test_a_line_elsewhere_is_an_error_that_says_so(client: Client, path: str):
    for source, line in (({"path": path}, MARKS["add_first"]), ({"path": "/other.py"}, 1)):
        with pytest.raises(Failed, match="only lines of the") as failed:
            await client.gotoTargets(source=source, line=line)
        assert failed.value.code == 2105
    with pytest.raises(Failed):
        await client.goto(threadId=1, targetId=MARKS["add_first"])


async def test_a_function_that_a_line_calls_can_be_stepped_into_by_name(client: Client):
    frame = (await client.stack())[0]["id"]
    targets = (await client.stepInTargets(frameId=frame))["targets"]
    assert [t["label"] for t in targets] == ["add"]
    await client.ask("stepIn", {"threadId": 1, "targetId": targets[0]["id"]})
    await client.event("stopped")
    assert await client.line() == MARKS["add_first"]
    stack = await client.stack()
    assert (await client.stepInTargets(frameId=stack[0]["id"]))["targets"] == []
    assert (await client.stepInTargets(frameId=stack[1]["id"]))["targets"] == []
    with pytest.raises(Failed) as failed:
        await client.ask("stepIn", {"threadId": 1, "targetId": targets[0]["id"]})
    assert failed.value.code == 2302


async def test_these_are_announced(path: str):
    client, _ = in_process(lambda engine, frames: RuleWorld())
    capabilities = await client.initialize(adapterID="x")
    names = "SetVariable SetExpression RestartFrame GotoTargetsRequest StepInTargetsRequest"
    assert all(capabilities[f"supports{name}"] for name in names.split())
