"""Searching known ground, both ways, and going there."""

from __future__ import annotations

from pathlib import Path

import pytest
from dap_client import Client, Failed, in_process
from person import BACK, OVER, RUN, Person
from rule_world import SOURCE, RuleWorld
from tape import TapeWorld, marks, record

from foreframe.editing import Target
from foreframe.errors import BadExpression
from foreframe.stopping import Breakpoint, Variable
from foreframe.timeline import Reason
from foreframe.timeline_search import AnyBreakpoint, AnyException, Condition, Line, ValueChange
from foreframe_protocol.states import Direction

FORWARD = Direction.FORWARD
MARKS = marks(SOURCE)
RAISING = """\
def f(values):
    total = 0  # @begin
    for value in values:  # @loop
        try:
            total += divided(value)  # @call
        except ZeroDivisionError:  # @handler
            total -= 1  # @down
    name = str(total)  # @name
    return name  # @last

def divided(by):
    return 12 // by  # @divide
"""
RAISED = marks(RAISING)


async def at_end(n: str = "3") -> Person:
    """A session that has gone to its end: all is known."""
    person = Person(SOURCE, n, RuleWorld())
    await person.begin()
    await person.step(RUN)
    return person


async def raised() -> Person:
    person = Person(RAISING, "[4, 0, 3, 0]", max_frames=200)
    await person.begin()
    await person.step(RUN)
    return person


async def places(person: Person, wanted, direction=BACK, name: str = "n") -> list[tuple[str, str]]:
    """Where a search leads, again and again: the mark there, and a value."""
    found = []
    while person.session.search(wanted, direction) is not None:
        stop = await person.wait()
        assert stop.reason is Reason.GOTO
        values = stop.state.stack[0].locals
        found.append((person.at(stop), values[name].text if name in values else ""))
    return found


async def test_a_condition_is_searched_in_both_directions():
    person = await at_end()
    backward = await places(person, Condition("n == 2 and total > 0"))
    assert backward == [("down", "2"), ("call", "2"), ("loop", "2")]
    assert await places(person, Condition("n == 2 and total > 0"), FORWARD) == backward[1::-1]


async def test_a_condition_on_an_integer_alone_finds_what_the_evaluator_would():
    for text in ("n < 2", "n <= 1", "n == 2", "n != 3", "n > 2", "n >= 3", "n > -1"):
        quick = await places(await at_end(), Condition(text))
        slow = await places(await at_end(), Condition(f"({text}) and True"))
        assert quick == slow
        assert quick


async def test_where_a_condition_cannot_be_judged_it_does_not_hold():
    person = await at_end()
    assert await places(person, Condition("missing > 1")) == []
    assert await places(person, Condition("f(n)")) == []
    assert [mark for mark, _ in await places(person, Condition("c == 6"))] == ["add_return"]
    with pytest.raises(BadExpression):
        Condition("n >")


async def test_the_line_that_gave_a_variable_its_value_is_found_backward():
    person = await at_end()
    changes = await places(person, ValueChange(0, "total"), name="n")
    assert changes == [("call", "1"), ("call", "2"), ("call", "3"), ("f_first", "3")]
    assert person.session.timeline.cursor.text == "total: no value → 0"


async def test_the_next_changes_are_found_forward():
    person = await at_end()
    await person.step(RUN, BACK)
    changes = await places(person, ValueChange(0, "n"), FORWARD)
    assert changes == [("down", "3"), ("down", "2"), ("down", "1")]
    assert person.session.timeline.cursor.text == "n: 1 → 0"


async def test_the_next_change_of_a_variable_is_not_one_in_another_activation():
    person = await at_end()
    await person.step(RUN, BACK)
    person.session.search(Line(frozenset({(1, 2)})), FORWARD)
    await person.wait()
    assert await places(person, ValueChange(1, "c"), FORWARD) == []  # it is set by this line itself
    assert await places(person, ValueChange(1, "a"), FORWARD) == []


async def test_an_argument_was_given_by_the_line_that_called():
    person = await at_end()
    person.session.search(Line(frozenset({(1, 3)})), BACK)
    await person.wait()
    person.session.search(ValueChange(1, "a"), BACK)
    stop = await person.wait()
    assert (person.at(stop), stop.text) == ("call", "a: passed as 5")


async def test_an_argument_of_the_launch_has_no_line_that_gave_it():
    person = await at_end()
    await person.step(RUN, BACK)
    assert person.session.search(ValueChange(0, "n"), BACK) is None
    assert person.at(person.session.timeline.cursor) == "f_first"


async def test_a_value_that_was_edited_was_given_where_that_was_done():
    person = Person(SOURCE, "1", RuleWorld())
    await person.begin()
    await person.step(OVER)
    person.session.edit(0, Target("n"), "5")
    await person.step(OVER)
    person.session.search(ValueChange(0, "n"), BACK)
    stop = await person.wait()
    assert (person.at(stop), stop.text) == ("loop", "n: 1 → 5")


async def test_breakpoints_are_searched_with_their_conditions_and_hits():
    person = await at_end()
    person.set("down", condition="total > 3")
    person.set("add_first", hit_condition=">=3")
    assert await places(person, AnyBreakpoint(person.session.stopping)) == [
        ("down", "1"), ("add_first", "1"), ("down", "2"),
    ]  # fmt: skip


async def test_data_breakpoints_and_silent_logpoints_are_searched():
    person = await at_end("2")
    stopping = person.session.stopping
    person.set("loop", log_message="here")
    watched = Variable("f", 5, "n")
    stopping.variables.append(
        Breakpoint(9, frozenset(), reason=Reason.DATA_BREAKPOINT, variable=watched)
    )
    assert await places(person, AnyBreakpoint(stopping)) == [("loop", "0"), ("loop", "1")]
    assert person.text("log") == ""


async def test_exceptions_are_found_where_they_were_raised():
    person = await raised()
    found = []
    while person.session.search(AnyException(), BACK) is not None:
        stop = await person.wait()
        found.append((person.at(stop), stop.text))
    assert [mark for mark, _ in found] == ["divide", "divide"]
    assert all("ZeroDivisionError" in text for _, text in found)


async def test_a_text_is_searched_by_what_it_means():
    person = await raised()
    assert [m for m, _ in await places(person, Condition("name == '5'"))] == ["last"]
    found = await places(person, Condition("len(values) == 4 and value == 3"))
    assert [mark for mark, _ in found] == ["loop", "call", ""]


async def test_only_the_cursors_branch_is_searched():
    person = await at_end()
    person.session.search(Line(frozenset({(5, 9)})), BACK)
    await person.wait()
    person.session.edit(0, Target("n"), "5")
    await person.step(RUN)
    assert await places(person, Condition("n == 5")) == [("down", "5")]
    person.session.go_to(person.session.timeline.branches[0].tip.number)
    await person.wait()
    assert await places(person, Condition("n == 5")) == []


@pytest.fixture
async def client(tmp_path: Path) -> Client:
    """At the end of RAISING."""
    path = tmp_path / "p.py"
    path.write_text(RAISING)
    tape = TapeWorld(record(RAISING, "f", "[4, 0, 3, 0]"))
    client, _ = in_process(lambda engine, frames: tape)
    await client.start(str(path), function="f", args="[4, 0, 3, 0]")
    await client.event("stopped")
    return client


async def search(client: Client, kind: str, **arguments: object) -> dict:
    return await client.ask("foreframe/search", {"kind": kind, **arguments})


async def test_an_editor_searches_and_is_taken_there(client: Client):
    body = await search(client, "change", name="total")
    assert (body["found"], body["line"], body["function"]) == (True, RAISED["down"], "f")
    assert body["text"] == "total: 6 → 5"
    stopped = await client.event("stopped")
    assert (stopped["reason"], stopped["text"]) == ("goto", body["text"])
    assert await client.line() == RAISED["down"]
    for kind, arguments, mark in (
        ("exception", {}, "divide"),
        ("line", {"line": RAISED["handler"], "direction": "forward"}, "handler"),
        ("condition", {"condition": "value == 3"}, "loop"),
    ):
        assert (await search(client, kind, **arguments))["found"]
        await client.event("stopped")
        assert await client.line() == RAISED[mark]


async def test_what_is_not_found_moves_nothing_and_says_so(client: Client):
    before = await client.line()
    body = await search(client, "condition", condition="total > 1000")
    assert not body["found"]
    assert "before this stop" in body["text"]
    body = await search(client, "breakpoint", direction="forward")
    assert "after this stop" in body["text"]
    assert await client.line() == before


@pytest.mark.parametrize(
    ("kind", "arguments", "code"),
    [
        ("nothing", {}, 2302),
        ("condition", {"condition": "total >"}, 2201),
        ("condition", {}, 2201),
        ("change", {}, 2302),
        ("change", {"name": "missing"}, 2302),
        ("line", {}, 2302),
        ("line", {"line": 999}, 2302),
    ],
)
async def test_a_search_for_nothing_that_there_is_says_why(client: Client, kind, arguments, code):
    with pytest.raises(Failed) as failed:
        await search(client, kind, **arguments)
    assert failed.value.code == code
