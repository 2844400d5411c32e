"""Setting variables through the adapter; every message is checked against the schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from dap_client import Client, Failed, in_process
from rule_world import SOURCE, RuleWorld
from tape import TapeWorld, marks, record

MARKS = marks(SOURCE)
VALUES = """\
def f(rows, point):
    first = rows[0]  # @first
    return g(first)

def g(row):
    return row  # @g
"""


def written(path: Path, source: str) -> None:
    path.write_text(source)


async def started(path: Path, *breakpoints: int, refreshes: bool = True) -> Client:
    """At the first breakpoint, or the first line."""
    written(path, SOURCE)
    client, _ = in_process(lambda engine, frames: RuleWorld())
    if refreshes:
        initialize = client.initialize
        client.initialize = lambda **given: initialize(supportsInvalidatedEvent=True, **given)
    await client.start(str(path), breakpoints, function="f", args="3", stopOnEntry=not breakpoints)
    await client.event("stopped")
    return client


async def locals_reference(client: Client, frame: int = 0) -> int:
    frames = await client.stack()
    scopes = (await client.scopes(frameId=frames[frame]["id"]))["scopes"]
    return scopes[0]["variablesReference"]


@pytest.fixture
async def rows(tmp_path: Path) -> Client:
    """In g, with f's variables below it."""
    path = tmp_path / "program.py"
    written(path, VALUES)
    args = "[[1, 2], {'a': (3, 4)}], 5"
    tape = TapeWorld(record(VALUES, "f", args))
    client, _ = in_process(lambda engine, frames: tape)
    await client.start(str(path), [marks(VALUES)["g"]], function="f", args=args)
    await client.event("stopped")
    return client


async def test_a_variable_is_set_and_what_follows_is_predicted_from_there(tmp_path: Path):
    client = await started(tmp_path / "p.py", MARKS["call"])
    reference = await locals_reference(client)
    body = await client.setVariable(variablesReference=reference, name="n", value=" 0x5")
    assert (body["value"], body["foreframe"]) == ("5", {"provenance": "edited"})
    assert (await client.event("invalidated"))["areas"] == ["all"]
    assert (await client.locals())["n"] == "5"
    assert "edited" in (await client.local_variables())[0]["type"]
    await client.set_breakpoints(str(tmp_path / "p.py"))
    await client.step("continue")
    assert (await client.locals())["(return) f"] == "15"


async def test_the_response_comes_before_the_event(tmp_path: Path):
    client = await started(tmp_path / "p.py")
    reference = await locals_reference(client)
    await client.setVariable(variablesReference=reference, name="n", value="5")
    await client.event("invalidated")
    kinds = [m.get("event") or m["command"] for m in client.log]
    assert kinds.index("setVariable") < kinds.index("invalidated")


async def test_a_client_that_cannot_refresh_is_not_told(tmp_path: Path):
    client = await started(tmp_path / "p.py", refreshes=False)
    reference = await locals_reference(client)
    await client.setVariable(variablesReference=reference, name="n", value="5")
    assert (await client.locals())["n"] == "5"
    assert client.events("invalidated") == []


async def test_frames_and_references_of_the_stop_stay_good_after_an_edit(tmp_path: Path):
    client = await started(tmp_path / "p.py")
    frame = (await client.stack())[0]["id"]
    reference = await locals_reference(client)
    for value in ("5", "6"):
        await client.setVariable(variablesReference=reference, name="n", value=value)
        assert (await client.evaluate(expression="n", frameId=frame))["result"] == value


async def test_parts_of_a_variable_are_set_in_any_frame(rows: Client):
    variables = {v["name"]: v for v in await rows.local_variables(1)}
    inner = await rows.variables(variablesReference=variables["rows"]["variablesReference"])
    mapping = inner["variables"][1]["variablesReference"]
    body = await rows.setVariable(variablesReference=mapping, name="'a'", value="[7]")
    assert body["value"] == "[7]"
    assert body["indexedVariables"] == 1
    assert (await rows.locals(1))["rows"] == "[[1, 2], {'a': [7]}]"
    again = await rows.variables(variablesReference=body["variablesReference"])
    assert [v["value"] for v in again["variables"]] == ["7"]
    await rows.setVariable(variablesReference=body["variablesReference"], name="0", value="8")
    assert (await rows.locals(1))["rows"] == "[[1, 2], {'a': [8]}]"


async def test_an_expression_is_set_in_the_frame_that_it_is_meant_in(rows: Client):
    frame = (await rows.stack())[1]["id"]
    body = await rows.setExpression(expression="rows[0][1]", value="'x'", frameId=frame)
    assert body["value"] == "'x'"
    assert (await rows.locals(1))["rows"].startswith("[[1, 'x']")
    await rows.setExpression(expression="row", value="None")
    assert (await rows.locals())["row"] == "None"


@pytest.mark.parametrize(
    ("expression", "value", "code"),
    [
        ("row", "g(1)", 2205),
        ("row", repr("x" * 1_000_001), 2206),
        ("row.x", "1", 2207),
        ("row[9]", "1", 2207),
        ("missing", "1", 2203),
        ("row[", "1", 2201),
    ],
)
async def test_what_cannot_be_set_says_why_by_number(rows: Client, expression, value, code):
    with pytest.raises(Failed) as failed:
        await rows.setExpression(expression=expression, value=value)
    assert failed.value.code == code
    assert (await rows.locals())["row"] == "[1, 2]"


async def test_what_was_returned_or_is_not_there_cannot_be_set(rows: Client):
    await rows.step("stepOut")
    reference = await locals_reference(rows)
    for name in ("(return) g", "nothing"):
        with pytest.raises(Failed) as failed:
            await rows.setVariable(variablesReference=reference, name=name, value="1")
        assert failed.value.code == 2207
    with pytest.raises(Failed) as failed:
        await rows.setVariable(variablesReference=99999, name="x", value="1")
    assert failed.value.code == 2103
