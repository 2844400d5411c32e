"""Steps into and out of calls backward, and a direction for all steps."""

from __future__ import annotations

from pathlib import Path

import pytest
from dap_client import Client, Failed, in_process
from rule_world import SOURCE, RuleWorld
from tape import marks

MARKS = marks(SOURCE)


@pytest.fixture
async def client(tmp_path: Path) -> Client:
    """Behind the call in the first round of the loop, which was stepped over."""
    path = tmp_path / "p.py"
    path.write_text(SOURCE)
    client, _ = in_process(lambda engine, frames: RuleWorld())
    await client.start(str(path), function="f", args="3", stopOnEntry=True)
    await client.event("stopped")
    for _ in range(3):
        await client.step("next")
    assert await client.line() == MARKS["down"]
    return client


async def test_a_reverse_step_in_enters_a_call_from_behind(client: Client):
    stop = await client.step("foreframe/reverseStepIn")
    assert (stop["reason"], await client.line()) == ("step", MARKS["add_return"])
    assert await client.locals() == {"a": "0", "b": "3", "c": "3"}
    await client.step("foreframe/reverseStepIn")
    assert await client.line() == MARKS["add_first"]
    await client.step("foreframe/reverseStepIn")
    assert await client.line() == MARKS["call"]


async def test_a_reverse_step_out_goes_to_the_line_of_the_call(client: Client):
    await client.step("foreframe/reverseStepIn")
    await client.step("foreframe/reverseStepOut")
    assert await client.line() == MARKS["call"]
    assert [frame["name"] for frame in await client.stack()] == ["f"]


async def test_a_reverse_step_out_of_the_first_scope_ends_at_its_first_line(client: Client):
    stop = await client.step("foreframe/reverseStepOut")
    assert (stop["reason"], stop["description"]) == ("entry", "At the start")
    assert await client.line() == MARKS["f_first"]


async def test_backward_as_a_direction_turns_every_step_around(client: Client):
    body = await client.ask("foreframe/setDirection", {"direction": "backward"})
    assert body == {"direction": "backward"}
    for command, mark in (("stepIn", "add_return"), ("stepOut", "call"), ("next", "loop")):
        await client.step(command)
        assert await client.line() == MARKS[mark]
    stop = await client.step("continue")
    assert (stop["reason"], await client.line()) == ("entry", MARKS["f_first"])


async def test_steps_that_are_backward_by_name_stay_so(client: Client):
    await client.ask("foreframe/setDirection", {"direction": "backward"})
    await client.step("stepBack")
    assert await client.line() == MARKS["call"]
    await client.ask("foreframe/setDirection", {"direction": "forward"})
    await client.step("stepBack")
    assert await client.line() == MARKS["loop"]


async def test_forward_again_walks_the_same_ground(client: Client):
    await client.ask("foreframe/setDirection", {"direction": "backward"})
    await client.step("next")
    await client.ask("foreframe/setDirection", {"direction": "forward"})
    await client.step("next")
    assert await client.line() == MARKS["down"]


async def test_a_new_program_begins_forward(client: Client):
    await client.ask("foreframe/setDirection", {"direction": "backward"})
    await client.ask("restart")
    await client.event("stopped")
    await client.step("next")
    assert await client.line() == MARKS["loop"]


async def test_a_chosen_call_cannot_be_stepped_into_backward(client: Client):
    await client.step("stepBack")
    frame = (await client.stack())[0]["id"]
    target = (await client.stepInTargets(frameId=frame))["targets"][0]["id"]
    await client.ask("foreframe/setDirection", {"direction": "backward"})
    with pytest.raises(Failed) as failed:
        await client.stepIn(threadId=1, targetId=target)
    assert failed.value.code == 2350
    assert await client.line() == MARKS["call"]


async def test_a_direction_that_is_none_is_refused(client: Client):
    with pytest.raises(Failed) as failed:
        await client.ask("foreframe/setDirection", {"direction": "sideways"})
    assert failed.value.code == 2302


async def test_reverse_steps_are_announced():
    client, _ = in_process(lambda engine, frames: RuleWorld())
    body = await client.initialize(adapterID="foreframe")
    for name in ("ReverseStepIn", "ReverseStepOut", "SetDirection"):
        assert body[f"supportsForeframe{name}"]
