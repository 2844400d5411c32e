"""A kept session is gone on with: where it was left, with all its branches, as a new one."""

from __future__ import annotations

from pathlib import Path

import pytest
from dap_client import Client, Failed, in_process
from rule_world import SOURCE, RuleWorld
from tape import TapeWorld, marks, record

from foreframe.memory.folder import VARIABLE
from foreframe.memory.library import listed, load

MARKS = marks(SOURCE)


@pytest.fixture
async def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A program with a session in which `n` was edited, left in mid-loop."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "state"))
    (tmp_path / "p.py").write_text(SOURCE)
    client = await launched(str(tmp_path / "p.py"))
    for _ in range(3):
        await client.step("next")
    await client.setExpression(expression="n", value="5")
    await client.step("next")
    await client.step("stepBack")
    await client.adapter.close()
    return str(tmp_path / "p.py")


async def launched(path: str, **more: object) -> Client:
    client, adapter = in_process(lambda engine, frames: RuleWorld())
    client.adapter = adapter
    await client.start(path, **{"function": "f", "args": "3", "stopOnEntry": True, **more})
    await client.event("stopped")
    return client


async def test_a_session_goes_on_where_it_was_left(path: str):
    client = await launched(path, resume=1)
    assert await client.locals() == {"n": "5", "total": "3"}
    assert await client.line() == MARKS["down"]
    await client.step("next")
    assert await client.locals() == {"n": "4", "total": "3"}
    await client.step("continue")
    assert (await client.locals())["(return) f"] == "13"
    await client.step("reverseContinue")
    assert await client.line() == MARKS["f_first"]


async def test_its_branches_are_there_and_can_be_taken(path: str):
    client = await launched(path, resume=1)
    branches = (await client.ask("foreframe/branches"))["branches"]
    assert [(b["id"], b["isCurrent"]) for b in branches] == [(0, False), (1, True)]
    await client.ask("foreframe/goTo", {"step": branches[0]["tip"]})
    await client.event("stopped")
    await client.step("continue")
    assert (await client.locals())["(return) f"] == "6"
    await client.ask("foreframe/goTo", {"step": 0, "branch": 1})
    await client.event("stopped")
    await client.set_breakpoints(path, [MARKS["loop"]])
    await client.step("continue")
    await client.setExpression(expression="total", value="50")
    assert len((await client.ask("foreframe/branches"))["branches"]) == 3


async def test_it_is_kept_as_a_new_session_once_it_has_a_new_step(path: str):
    client = await launched(path, resume=1)
    await client.step("next")
    assert len(listed(Path(path).parent)) == 1  # known ground
    await client.step("continue")
    await client.adapter.close()
    old, new = (load(number, Path(path).parent).timeline for number in (1, 2))
    assert len(new.steps) == len(old.steps) + 1
    assert [s.number for s in new.branches[0].steps()] == [
        s.number for s in old.branches[0].steps()
    ]
    assert new.branches[1].tip.trace.state.event == "return"


async def test_what_was_printed_before_is_not_printed_again(path: str):
    source = "for i in range(3):\n    print(i)\n"
    write(path, source)
    tape = record(source)
    printed = []
    for more in ({}, {"resume": 2}):
        client, adapter = in_process(lambda engine, frames: TapeWorld(tape))
        await client.start(path, stopOnEntry=True, **more)
        await client.event("stopped")
        for _ in range(3):  # the first time into a print, which the second one ends
            await client.step("next")
        printed.append(client.printed())
        await adapter.close()
    assert printed == ["0\n", "1\n2\n"]


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        ({"resume": 9}, 2336, "no session 9"),
        ({"resume": 0}, 2302, "resume"),
        ({"resume": 1, "args": "4"}, 2010, r"session 1 is of f\(3\): launch the same"),
        ({"resume": 1, "cwd": "/"}, 2331, "no sessions have been kept for /"),
    ],
)
async def test_what_cannot_be_gone_on_with_says_why(path: str, options, code, why):
    client, _ = in_process(lambda engine, frames: RuleWorld())
    await client.initialize(adapterID="x")
    with pytest.raises(Failed, match=why) as failed:
        await client.launch(program=path, **{"function": "f", "args": "3", **options})
    assert failed.value.code == code


async def test_a_program_that_has_changed_is_not_gone_on_with(path: str):
    write(path, SOURCE + "# more\n")
    client, _ = in_process(lambda engine, frames: RuleWorld())
    await client.initialize(adapterID="x")
    with pytest.raises(Failed, match="another text") as failed:
        await client.launch(program=path, function="f", args="3", resume=1)
    assert failed.value.code == 2339


def write(path: str, text: str) -> None:
    Path(path).write_text(text)
