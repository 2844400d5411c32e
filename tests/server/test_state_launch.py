"""Launching from a real stop's stack, and what is predicted ahead of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dap_client import Client, Failed, in_process
from state_tape import StateTape
from tape import marks, record

from foreframe.dap.state_launch import order_of, state_of
from foreframe.errors import BadState, NotStopped
from foreframe_models.program.control_flow import Program
from foreframe_protocol.dap_arguments import StackScope
from foreframe_protocol.states import Event, Provenance

SOURCE = """\
from math import floor

def area(w, h):
    size = w * h  # @size
    if size < 0:
        size = (
            -size  # @minus
        )
    elif size == 99:
        size = 0  # @never
    return floor(size)  # @return

def run(n):
    total = 0
    for i in range(n):
        total += area(i, 2)  # @call
    return total  # @total

class Shop:
    def greet(self):
        return "hello"  # @hello

result = run(3)  # @module
"""
MARKS = marks(SOURCE)
PROGRAM = Program.parse(SOURCE, "/program.py")
STACK = [
    {"name": "area", "line": MARKS["size"], "variables": {"h": "2", "w": "1"}},
    {"name": "run", "line": MARKS["call"], "variables": {"i": "1", "n": "3", "total": "0"}},
    {
        "name": "<module>",
        "line": MARKS["module"],
        "variables": {"__name__": "'__main__'", "area": "<function area>", "floor": "<built-in>"},
    },
]


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "program.py").write_text(SOURCE)
    return str(tmp_path / "program.py")


@pytest.fixture
def client() -> Client:
    client, _ = in_process(lambda engine, frames: StateTape(record(SOURCE)))
    return client


async def begin(client: Client, path: str, **arguments: Any) -> dict[str, Any]:
    await client.start(path, start="state", stack=STACK, **arguments)
    return await client.event("stopped")


async def test_a_session_stands_where_the_real_program_stopped(client: Client, path: str):
    stopped = await begin(client, path)
    assert (stopped["reason"], stopped["description"]) == ("entry", "At the real stop")
    assert [(f["name"], f["line"]) for f in await client.stack()] == [
        ("area", MARKS["size"]),
        ("run", MARKS["call"]),
        ("<module>", MARKS["module"]),
    ]
    assert [v["name"] for v in await client.local_variables()] == ["w", "h"]
    assert {v["foreframe"]["provenance"] for v in await client.local_variables()} == {"observed"}
    assert await client.locals(1) == {"n": "3", "total": "0", "i": "1"}
    assert await client.locals(2) == {}, "what a trace hides is hidden here, too"
    assert "it stays where it is" in client.printed("console")


async def test_steps_from_there_are_predicted_on_the_whole_stack(client: Client, path: str):
    await begin(client, path)
    await client.step("next")
    (w, h, size) = await client.local_variables()
    assert (size["value"], size["foreframe"]["provenance"]) == ("2", "predicted")
    assert (w["value"], h["value"]) == ("1", "2")
    await client.step("stepOut")
    assert await client.line() == MARKS["call"]
    await client.step("stepOut")
    await client.step("next")
    assert await client.line() == MARKS["module"]


async def test_going_back_leads_to_the_stop_again_and_then_into_a_predicted_past(
    client: Client, path: str
):
    await begin(client, path)
    await client.step("next")
    await client.step("stepBack")
    assert await client.line() == MARKS["size"]
    await client.step("stepBack")
    assert await client.line() == MARKS["call"]


async def test_an_exception_that_was_raised_there_is_shown(client: Client, path: str):
    await begin(client, path, raised="ValueError: too small")
    (raised, *_) = await client.local_variables()
    assert (raised["name"], raised["value"]) == ("(exception)", "ValueError: too small")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"start": "state"}, "needs a `stack`"),
        ({"stack": STACK}, 'set `start` to "state"'),
        ({"start": "state", "stack": STACK, "mode": "check"}, "is imagined"),
        ({"start": "state", "stack": STACK, "function": "run"}, "begin a call"),
        ({"start": "state", "stack": STACK, "returned": "3"}, "are outcomes"),
        ({"start": "state", "stack": []}, "nothing can be predicted from it"),
        ({"start": "state", "stack": [{"name": "area", "line": 1000}]}, "no code of area"),
        ({"start": "state", "stack": [{"name": "gone", "line": 4}]}, "changed since"),
        ({"start": "middle"}, '"entry", "end" or "state"'),
    ],
)
async def test_what_cannot_be_begun_with_is_refused_and_says_why(
    client: Client, path: str, arguments: dict[str, Any], told: str
):
    with pytest.raises(Failed, match=told):
        await client.start(path, **arguments)


def test_scopes_of_comprehensions_are_part_of_the_one_around_them():
    stack = [
        StackScope(name="<listcomp>", line=MARKS["call"], variables={"x": "1"}),
        StackScope(name="run", line=MARKS["call"], variables={"n": "3"}),
    ]
    state = state_of(PROGRAM, stack)
    assert [scope.function for scope in state.stack] == ["run"]
    with pytest.raises(BadState):
        state_of(PROGRAM, stack[:1])


def test_methods_are_found_by_their_own_name_or_the_dotted_one():
    for name in ("greet", "Shop.greet"):
        (scope,) = state_of(PROGRAM, [StackScope(name=name, line=MARKS["hello"])]).stack
        assert scope.function == "Shop.greet"


def test_a_value_that_is_cut_off_stays_so_and_names_the_code_does_not_bind_come_last():
    told = StackScope(
        name="run", line=MARKS["call"], variables={"z": "1", "total": "[0, 1", "n": "3"}, cut=["z"]
    )
    state = state_of(PROGRAM, [told])
    assert list(state.top.locals) == ["n", "total", "z"]
    assert state.top.locals["z"].cut
    assert state.top.locals["n"].provenance is Provenance.OBSERVED
    assert state.event is Event.LINE


def test_names_are_in_an_order_that_a_frame_on_the_line_can_have():
    function = PROGRAM.find("run")
    values = state_of(PROGRAM, [StackScope(**STACK[1])]).top.locals
    assert order_of(function, MARKS["call"], values) == ["n", "total", "i"]


async def ahead(client: Client, **arguments: Any) -> dict[str, Any]:
    return await client.ask("foreframe/ahead", arguments)


async def test_what_is_predicted_ahead_can_be_seen_before_a_step(client: Client, path: str):
    await begin(client, path, lookAheadTokens=200)
    body = await ahead(client, wait=True)
    assert body["isSettled"]
    lines = [(f["event"], f["line"]) for f in body["frames"][:3]]
    assert lines == [("line", 5), ("line", 9), ("line", MARKS["return"])]
    assert body["frames"][0]["changed"] == [
        {"name": "size", "value": "2", "provenance": "predicted", "confidence": 0.87}
    ]
    assert body["frames"][0]["depth"] == 0
    assert body["frames"][4]["depth"] == -1
    assert body["taken"] == [MARKS["size"], 5, 9, MARKS["return"]]
    assert body["skipped"] == [[6, 8], [MARKS["never"], MARKS["never"]]]


async def test_ground_that_was_visited_is_ahead_after_a_step_back(client: Client, path: str):
    await begin(client, path, lookAheadTokens=0)
    assert await ahead(client) == {
        "frames": [],
        "taken": [MARKS["size"]],
        "skipped": [],
        "isSettled": True,
    }
    for _ in range(3):
        await client.step("next")
    await client.step("stepBack")
    assert [f["line"] for f in (await ahead(client))["frames"]] == [MARKS["return"]]


async def test_who_waits_for_more_is_told_when_the_session_goes_on(path: str):
    world = StateTape(record(SOURCE))
    client, adapter = in_process(lambda engine, frames: world)
    await begin(client, path, lookAheadTokens=200)
    asked = client.post("foreframe/ahead", {"wait": True})
    stepped = client.post("next", {"threadId": 1})
    await client.response(stepped)
    response = await client.response(asked)
    assert response["success"] or response["body"]["error"]["id"] == NotStopped.code
    await adapter.close()
