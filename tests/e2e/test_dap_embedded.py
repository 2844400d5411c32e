"""`foreframe dap` with the model that ships: whatever it predicts, it is legal and nothing runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from dap_client import SUPPORT, Piped, in_process
from rule_world import SOURCE
from tape import marks

from foreframe.dap.launch import open_model
from foreframe_models.catalog import SHIPPED

HOSTILE = """\
import pathlib
import sibling

def count(word, letter):
    found = 0
    for character in word:
        if character == letter:
            found += 1
    return found

pathlib.Path(__file__).with_name("was-run").write_text("x")
result = count("banana", "a")
print(result, sibling.value)
"""


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="needs the weights that ship")
async def test_a_session_with_the_shipped_model_runs_nothing_of_the_users(tmp_path: Path):
    folder = tmp_path / "users"
    folder.mkdir()
    (folder / "sibling.py").write_text("value = 3\n")
    program = folder / "program.py"
    program.write_text(HOSTILE)
    log = tmp_path / "audit.log"
    command = (str(SUPPORT / "audited.py"), str(log), str(program), "foreframe.cli", "dap")
    client = await Piped.open(sys.executable, *command)
    await client.start(str(program), [8], stopOnEntry=True, maxFrames=60)
    assert (await client.event("stopped"))["reason"] == "entry"
    assert await client.line() == 1
    seen = set()
    for command_ in ("next", "next", "next", "next", "stepIn", "stepIn", "stepBack", "continue"):
        stopped = await client.step(command_)
        assert stopped["reason"] in ("step", "breakpoint", "exception", "pause"), stopped
        assert stopped.get("description") not in ("Prediction failed", "Internal error"), stopped
        seen.add((await client.stack())[0]["name"])
        for variable in await client.local_variables():
            assert variable["foreframe"]["provenance"] in ("given", "predicted")
    assert "<module>" in seen
    await client.close()
    assert log.read_text() == ""
    assert sorted(path.name for path in folder.iterdir()) == ["program.py", "sibling.py"]


@pytest.fixture
def program(tmp_path: Path) -> str:
    (tmp_path / "program.py").write_text(SOURCE)
    return str(tmp_path / "program.py")


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="needs the weights that ship")
async def test_the_shipped_model_goes_on_from_an_edit_and_from_a_jump(program: str):
    client, adapter = in_process(open_model)
    await client.start(program, function="f", args="3", stopOnEntry=True)
    await client.event("stopped")
    await client.step("next")
    await client.setExpression(expression="n", value="1")
    await client.goto(threadId=1, targetId=marks(SOURCE)["f_return"])
    assert (await client.event("stopped"))["reason"] == "goto"
    variables = {v["name"]: v["foreframe"]["provenance"] for v in await client.local_variables()}
    assert variables["n"] == "edited"
    stopped = await client.step("continue")
    assert stopped["description"] == "At the end"
    assert "(return) f" in await client.locals()
    assert await client.step("stepBack")
    assert (await client.stack())[0]["line"] == marks(SOURCE)["f_return"]
    assert len((await client.ask("foreframe/branches"))["branches"]) == 3
    await adapter.close()
