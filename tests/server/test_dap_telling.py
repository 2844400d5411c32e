"""What has been predicted, told in words through the adapter."""

from __future__ import annotations

from pathlib import Path

import pytest
from dap_client import Client, Failed, in_process
from rule_world import SOURCE, RuleWorld


@pytest.fixture
async def client(tmp_path: Path) -> Client:
    (tmp_path / "p.py").write_text(SOURCE)
    client, _ = in_process(lambda engine, frames: RuleWorld())
    await client.start(str(tmp_path / "p.py"), function="f", args="3", stopOnEntry=True)
    await client.event("stopped")
    for _ in range(3):
        await client.step("next")
    return client


async def test_the_steps_so_far_are_told_in_sentences(client: Client):
    body = await client.ask("foreframe/explain")
    assert body["detail"] == "steps"
    assert body["sentences"][0]["text"] == "f is called with n=3."
    assert [s["frame"] for s in body["sentences"]] == sorted(s["frame"] for s in body["sentences"])
    assert body["text"].splitlines()[0] == "f is called with n=3."


async def test_going_back_tells_less_and_all_tells_what_is_known(client: Client):
    before = await client.ask("foreframe/explain")
    await client.step("stepBack")
    after = await client.ask("foreframe/explain")
    assert len(after["sentences"]) < len(before["sentences"])
    assert (await client.ask("foreframe/explain", {"all": True})) == before


async def test_the_detail_can_be_chosen_and_a_wrong_one_is_refused(client: Client):
    body = await client.ask("foreframe/explain", {"detail": "calls"})
    assert body["sentences"][0]["text"] == "f(n=3) is not over."
    with pytest.raises(Failed, match="detail"):
        await client.ask("foreframe/explain", {"detail": "poems"})


async def test_only_a_model_that_chats_retells_a_run(client: Client):
    with pytest.raises(Failed, match="cannot retell"):
        await client.ask("foreframe/explain", {"retell": True})
    assert "retold" not in await client.ask("foreframe/explain")


async def test_whether_a_run_can_be_retold_is_known_before_it_is_asked_for(client: Client):
    body = await client.ask("foreframe/canRetell")
    assert not body["can"]
    assert "cannot retell" in body["why"]


async def test_whether_a_launched_call_ends_is_worked_out_from_its_literals(client: Client):
    body = await client.ask("foreframe/halts")
    assert (body["answer"], body["basis"]) == ("ends", "worked out")
    await client.step("continue")
    assert await client.ask("foreframe/halts") == body


async def test_whether_it_ends_after_an_edit_is_told_from_what_is_known(client: Client):
    await client.setExpression(expression="n", value="9")
    body = await client.ask("foreframe/halts")
    assert (body["answer"], body["basis"]) == ("unknown", "predicted")
    await client.step("continue")
    body = await client.ask("foreframe/halts")
    assert (body["answer"], body["basis"]) == ("ends", "predicted")
    assert body["frames"] > 4
