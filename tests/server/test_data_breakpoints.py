"""Stopping where a predicted value changes, and searching visited ground backward."""

from __future__ import annotations

from pathlib import Path

import pytest
from dap_client import Client, Failed, in_process
from person import BACK, OVER, RUN, Person
from rule_world import SOURCE, RuleWorld
from tape import marks

from foreframe.editing import Target
from foreframe.stopping import Breakpoint, Variable
from foreframe.timeline import Reason

MARKS = marks(SOURCE)
RAISING = """\
def f(n):
    for i in range(n):
        try:
            1 // i % 2
        except ZeroDivisionError:
            pass
    return n
"""


def person(n: str = "3") -> Person:
    return Person(SOURCE, n, RuleWorld())


def watch(one: Person, name: str, function: str = "f", scope_line: int = 5, **options) -> None:
    variable = Variable(function, scope_line, name)
    made = Breakpoint(9, frozenset(), reason=Reason.DATA_BREAKPOINT, variable=variable, **options)
    one.session.stopping.variables.append(made)


async def stops(one: Person, *directions) -> list[str]:
    """The texts of all stops until the start or the end."""
    found = []
    while (stop := await one.step(RUN, *directions)).reason is Reason.DATA_BREAKPOINT:
        found.append(stop.text)
    return found


async def test_a_change_of_a_watched_variable_stops_and_says_what_it_was():
    one = person()
    await one.begin()
    watch(one, "total")
    stop = await one.step(RUN)
    assert (stop.reason, stop.breakpoints) == (Reason.DATA_BREAKPOINT, (9,))
    assert (stop.text, one.at(stop)) == ("total: no value → 0", "loop")
    assert await stops(one) == ["total: 0 → 3", "total: 3 → 5", "total: 5 → 6"]


async def test_the_same_changes_stop_backward():
    one = person()
    await one.begin()
    watch(one, "n")
    forward = await stops(one)
    assert forward == ["n: 3 → 2", "n: 2 → 1", "n: 1 → 0"]
    assert await stops(one, BACK) == forward[::-1]
    assert await stops(one) == forward


async def test_a_change_ends_a_step_over_the_call_that_makes_it():
    one = person()
    await one.begin()
    await one.step(OVER)
    watch(one, "c", "add", 1)
    await one.step(OVER)
    stop = await one.step(OVER)
    assert (one.at(stop), stop.text) == ("add_return", "c: no value → 3")


async def test_each_activation_has_its_own_value():
    one = person()
    await one.begin()
    watch(one, "c", "add", 1)
    assert await stops(one) == [f"c: no value → {c}" for c in (3, 5, 6)]


async def test_a_data_breakpoint_has_conditions_and_hits_in_both_directions():
    one = person("6")
    await one.begin()
    watch(one, "n", condition="n % 2 == 0", hit_condition=">1")
    forward = await stops(one)
    assert forward == ["n: 3 → 2", "n: 1 → 0"]
    assert await stops(one, BACK) == forward[::-1]


async def test_an_edit_counts_as_a_change_when_it_is_come_by():
    one = person("1")
    await one.begin()
    await one.step(OVER)
    one.session.edit(0, Target("total"), "50")
    await one.step(RUN, BACK)
    watch(one, "total")
    assert await stops(one) == ["total: no value → 50", "total: 50 → 51"]


async def test_a_long_value_is_shortened():
    one = person("1")
    await one.begin()
    await one.step(OVER)
    one.session.edit(0, Target("total"), "1" + "0" * 200)
    await one.step(RUN, BACK)
    watch(one, "total")
    assert len((await one.step(RUN)).text) < 150


async def test_conditions_and_raised_exceptions_stop_backward():
    one = Person(RAISING, "2")
    await one.begin(stop_on_entry=False)
    one.session.stopping.raised = True
    stop = await one.step(RUN, BACK)
    assert (stop.reason, stop.state.top.locals["i"].text) == (Reason.EXCEPTION, "0")
    assert (await one.step(RUN, BACK)).description == "At the start"
    one.session.stopping.raised = False
    one = person()
    await one.begin(stop_on_entry=False)
    one.set("down", condition="total == 5")
    stop = await one.step(RUN, BACK)
    assert (one.at(stop), stop.state.top.locals["n"].text) == ("down", "2")


@pytest.fixture
async def client(tmp_path: Path) -> Client:
    """In add, at its first line."""
    path = tmp_path / "p.py"
    path.write_text(SOURCE)
    client, _ = in_process(lambda engine, frames: RuleWorld())
    await client.start(str(path), [MARKS["add_first"]], function="f", args="3")
    await client.event("stopped")
    await client.set_breakpoints(str(path))
    return client


async def info(client: Client, frame: int, name: str) -> dict:
    frame_id = (await client.stack())[frame]["id"]
    return await client.dataBreakpointInfo(name=name, frameId=frame_id)


async def test_a_variable_of_any_frame_is_watched_through_the_adapter(client: Client):
    found = await info(client, 1, "total")
    assert found["accessTypes"] == ["write"]
    body = await client.setDataBreakpoints(breakpoints=[{"dataId": found["dataId"]}])
    assert [b["verified"] for b in body["breakpoints"]] == [True]
    stopped = await client.step("continue")
    assert (stopped["reason"], stopped["text"]) == ("data breakpoint", "total: 0 → 3")
    assert stopped["hitBreakpointIds"] == [body["breakpoints"][0]["id"]]
    assert (await client.step("reverseContinue"))["text"] == "total: no value → 0"
    await client.setDataBreakpoints(breakpoints=[])
    assert (await client.step("continue"))["description"] == "At the end"


async def test_a_variable_is_watched_by_its_place_in_a_list(client: Client):
    stack = await client.stack()
    scopes = (await client.scopes(frameId=stack[0]["id"]))["scopes"]
    reference = scopes[0]["variablesReference"]
    found = await client.dataBreakpointInfo(name="a", variablesReference=reference)
    assert found["dataId"] is not None
    found = await client.dataBreakpointInfo(name="zz", variablesReference=reference)
    assert (found["dataId"], found["description"]) == (None, "there is no 'zz' here (error 2207)")


async def test_what_never_exists_or_is_a_part_cannot_be_watched(client: Client):
    for name, why in (("zz", "can never change"), ("a[0]", "only a whole one")):
        found = await info(client, 0, name)
        assert found["dataId"] is None
        assert why in found["description"]
    wanted = ['["add", 1, "zz"]', '["gone", 1, "a"]', "nonsense", "[[], {}, 3]"]
    body = await client.setDataBreakpoints(breakpoints=[{"dataId": data} for data in wanted])
    assert [b["verified"] for b in body["breakpoints"]] == [False] * 4
    assert "no variable 'zz'" in body["breakpoints"][0]["message"]


async def test_a_bad_condition_of_a_data_breakpoint_is_told(client: Client):
    data = (await info(client, 0, "a"))["dataId"]
    body = await client.setDataBreakpoints(breakpoints=[{"dataId": data, "condition": "a >"}])
    assert not body["breakpoints"][0]["verified"]


async def test_data_breakpoints_stay_over_a_restart(client: Client):
    data = (await info(client, 1, "n"))["dataId"]
    await client.setDataBreakpoints(breakpoints=[{"dataId": data}])
    await client.restart()
    assert (await client.event("stopped"))["text"] == "n: 3 → 2"


async def test_nothing_is_watched_before_there_is_a_stop():
    client, _ = in_process(lambda engine, frames: RuleWorld())
    with pytest.raises(Failed) as failed:
        await client.dataBreakpointInfo(name="n")
    assert failed.value.code == 2101
    body = await client.setDataBreakpoints(breakpoints=[{"dataId": "[]"}])
    assert "before the launch" in body["breakpoints"][0]["message"]
