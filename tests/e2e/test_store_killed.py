"""A server that is killed has lost no step that an editor has seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from dap_client import Piped
from kept import on_disk
from tape import record, save

from foreframe.memory.folder import VARIABLE, workspace_file

SOURCE = """\
def f(n):
    total = 0
    for i in range(n):
        total += i
    return total
"""


@pytest.mark.parametrize("steps", [0, 1, 7, 30])
async def test_a_killed_server_has_kept_every_step_that_it_told_of(tmp_path, monkeypatch, steps):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "state"))
    program = tmp_path / "p.py"
    prepare(program)
    client = await Piped.tape(tmp_path / "tape")
    await client.start(str(program), function="f", args="20", stopOnEntry=True)
    await client.event("stopped")
    for _ in range(steps):
        await client.step("next")
    client.process.kill()
    await client.process.wait()
    timeline = on_disk(workspace_file(tmp_path / "state", tmp_path))
    assert len(timeline.steps) == steps + 2  # and the launch, and the step to the first line
    assert timeline.cursor.trace.length == timeline.tip.length == steps + 2
    assert len(client.events("stopped")) == steps + 1


async def test_an_edit_is_kept_before_it_is_answered(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "state"))
    program = tmp_path / "p.py"
    prepare(program)
    client = await Piped.tape(tmp_path / "tape")
    await client.start(str(program), function="f", args="20", stopOnEntry=True)
    await client.event("stopped")
    await client.setExpression(expression="n", value="3")
    client.process.kill()
    await client.process.wait()
    timeline = on_disk(workspace_file(tmp_path / "state", tmp_path))
    assert timeline.cursor.state.top.locals["n"].text == "3"
    assert timeline.branch.number == 1


def prepare(program: Path) -> None:
    program.write_text(SOURCE)
    save(record(SOURCE, "f", "20"), program.with_name("tape"))
