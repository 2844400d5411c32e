"""Holes in a session: what comes out of one, and what would give a chosen value."""

from __future__ import annotations

from pathlib import Path

import pytest
from dap_client import Client, in_process
from oracle_world import OracleWorld

from foreframe.hole_values import FromHole, expressions_giving, from_holes, resting_on_holes
from foreframe.holes import holes_of
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import Event, Frame, Trace, Value

SOURCE = "def f(nums):\n    low, n = 0, ??\n    return n\n"


@pytest.fixture
async def client(tmp_path: Path) -> Client:
    (tmp_path / "p.py").write_text(SOURCE)
    client, _ = in_process(lambda engine, frames: OracleWorld())
    await client.start(str(tmp_path / "p.py"), function="f", args="[4, 5, 6]", stopOnEntry=True)
    await client.event("stopped")
    await client.step("next")
    return client


async def test_a_value_from_a_hole_is_said_to_be_from_one(client: Client):
    frame = (await client.ask("stackTrace", {"threadId": 1}))["stackFrames"][0]["id"]
    scopes = (await client.ask("scopes", {"frameId": frame}))["scopes"]
    expression = next(s for s in scopes if s["name"] == "Expression")
    shown = await client.ask("variables", {"variablesReference": expression["variablesReference"]})
    assert ("?? for n", "None") in [(v["name"], v["value"]) for v in shown["variables"]]


async def test_choosing_a_value_at_a_hole_proposes_expressions_that_give_it(client: Client):
    await client.setExpression(expression="n", value="3")
    told = await client.event("foreframe/holeProposals")
    assert told["expressions"][0] == "len(nums)"
    assert told["expressions"][-1] == "3"
    assert (told["line"], told["column"], told["name"]) == (2, 17, "n")


async def test_a_value_can_be_chosen_where_the_hole_is_shown(client: Client):
    frame = (await client.ask("stackTrace", {"threadId": 1}))["stackFrames"][0]["id"]
    scopes = (await client.ask("scopes", {"frameId": frame}))["scopes"]
    reference = next(s for s in scopes if s["name"] == "Expression")["variablesReference"]
    await client.setVariable(variablesReference=reference, name="?? for n", value="3")
    told = await client.event("foreframe/holeProposals")
    assert (told["name"], told["expressions"][0]) == ("n", "len(nums)")
    assert (await client.locals())["n"] == "3"


async def test_what_is_not_from_a_hole_proposes_nothing(client: Client):
    await client.setExpression(expression="low", value="3")
    await client.ask("threads")
    assert not [m for m in client.log if m.get("event") == "foreframe/holeProposals"]


def test_expressions_are_told_apart_by_what_they_give_where_the_hole_is():
    program = Program.parse(SOURCE, "/p.py")
    (hole,) = holes_of(program)
    one = FromHole(hole, "n", Value("None"), {"nums": Value("[4, 5, 6]")})
    assert "nums[0]" in expressions_giving(one, "4")
    assert expressions_giving(one, "99") == ["99"]
    assert "nums[::-1]" in expressions_giving(one, "[6, 5, 4]")


WHOLE = "def f(nums):\n    low = 0\n    ??\n    return low\n"


def test_what_a_hole_of_a_whole_statement_changed_is_told_to_be_from_it():
    program = Program.parse(WHOLE, "/p.py")
    nums, low = Value("[4, 5, 6]"), Value("0")
    seen = {"nums": nums}
    frames = [
        Frame(Event.CALL, "f", 1, 1, "", seen),
        Frame(Event.LINE, "f", 1, 2, "", seen),
        Frame(Event.LINE, "f", 1, 3, "", {**seen, "low": low}),
    ]
    after = {"nums": nums, "low": Value("3"), "high": Value("6")}
    trace = Trace()
    for frame in (*frames, Frame(Event.LINE, "f", 1, 4, "", after)):
        trace = trace.append(frame)
    found = from_holes(program, trace, 0)
    assert [(one.name, one.value.text) for one in found] == [("low", "3"), ("high", "6")]
    assert "low = len(nums)" in expressions_giving(found[0], "3")
    assert expressions_giving(found[1], "'x'") == ["high = 'x'"]
    assert from_holes(program, trace.parent, 0) == []


async def test_a_value_that_a_hole_of_a_whole_line_gave_is_said_to_be_from_one(tmp_path: Path):
    (tmp_path / "p.py").write_text(WHOLE)

    class Sets(OracleWorld):
        """Knows that the hole sets `low`."""

        async def predict(self, program, trace, goal, **options):
            known = Program.parse(WHOLE.replace("??", "low = 3"), program.path)
            return await super().predict(known, trace, goal, **options)

    client, _ = in_process(lambda engine, frames: Sets())
    await client.start(str(tmp_path / "p.py"), function="f", args="[4, 5, 6]", stopOnEntry=True)
    await client.event("stopped")
    await client.step("next")
    await client.step("next")
    frame = (await client.ask("stackTrace", {"threadId": 1}))["stackFrames"][0]["id"]
    scopes = (await client.ask("scopes", {"frameId": frame}))["scopes"]
    expression = next(s for s in scopes if s["name"] == "Expression")
    shown = await client.ask("variables", {"variablesReference": expression["variablesReference"]})
    assert ("?? for low", "3") in [(v["name"], v["value"]) for v in shown["variables"]]
    await client.setExpression(expression="low", value="4")
    told = await client.event("foreframe/holeProposals")
    assert told["expressions"][0] == "low = nums[0]"
    assert told["expressions"][-1] == "low = 4"


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("b = [??]", ["b"]),
        ("b = f'{??}'", ["b"]),
        ("b, c = a + ??, ??", ["b"]),
        ("a += ??", ["a"]),
        ("b: int = 1 + ??", ["b"]),
        ("a[??] = 1", []),
        ("b = ??", []),
        ("??", []),
    ],
)
def test_what_a_hole_is_only_a_part_of_is_told_to_rest_on_it(line: str, names: list[str]):
    program = Program.parse(f"def f(a):\n    {line}\n    return a\n", "/p.py")
    seen = {"a": Value("1")}
    trace = Trace().append(Frame(Event.CALL, "f", 1, 1, "", seen))
    trace = trace.append(Frame(Event.LINE, "f", 1, 2, "", seen))
    assert resting_on_holes(program, trace, 0) == []
    after = {name: Value("2") for name in "abc"}
    trace = trace.append(Frame(Event.LINE, "f", 1, 3, "", after))
    assert [name for name, _ in resting_on_holes(program, trace, 0)] == names


LOOP = """def f(nums):
    last = 0
    for x in nums:
        n = ??
        last = n
    return last
"""


async def chosen_in_a_loop(tmp_path: Path) -> list[dict]:
    """What is proposed as 4 and then 5 are chosen behind the hole of a loop over [4, 5]."""
    (tmp_path / "p.py").write_text(LOOP)
    client, _ = in_process(lambda engine, frames: OracleWorld())
    await client.start(str(tmp_path / "p.py"), function="f", args="[4, 5]", stopOnEntry=True)
    await client.event("stopped")
    told = []
    for value in ("4", "5"):
        for _ in range(3):
            await client.step("next")
        await client.setExpression(expression="n", value=value)
        told.append(await client.event("foreframe/holeProposals"))
    return told


async def test_expressions_give_what_was_chosen_at_every_stop_behind_a_hole(tmp_path: Path):
    first, second = await chosen_in_a_loop(tmp_path)
    assert {"x", "nums[0]"} <= set(first["expressions"])
    assert "x" in second["expressions"]
    assert not {"nums[0]", "4", "5"} & set(second["expressions"])
