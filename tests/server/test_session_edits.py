"""Editing at a stop: the branch that begins there, its past, and the future that was left."""

from __future__ import annotations

import pytest
from person import BACK, INTO, OUT, OVER, RUN, Person
from rule_world import SOURCE, RuleWorld

from foreframe.editing import Target
from foreframe.errors import NotStopped, SessionEnded
from foreframe.timeline import Change
from foreframe_protocol.states import Event, Provenance


def person(n: str = "3") -> Person:
    return Person(SOURCE, n, RuleWorld())


async def test_an_edited_variable_changes_what_is_predicted():
    one = person()
    await one.begin()
    await one.walk(OVER, OVER)
    assert one.session.edit(0, Target("n"), "5").provenance is Provenance.EDITED
    here = one.session.timeline.cursor
    assert one.at(here) == "call"
    assert here.state.top.locals["n"].text == "5"
    stop = await one.step(RUN)
    assert stop.text == f"returns {5 + 4 + 3 + 2 + 1}"
    assert [state.top.locals["n"].text for state in one.world.begun] == ["5"]


async def test_the_past_before_an_edit_can_be_gone_back_to_and_come_from():
    one = person()
    await one.begin()
    await one.walk(OVER, OVER)
    one.session.edit(0, Target("n"), "5")
    edited = one.session.timeline.cursor.trace
    await one.step(OVER)
    assert (await one.step(OVER, BACK)).trace is edited
    stop = await one.step(OVER, BACK)
    assert (one.at(stop), stop.state.top.locals["n"].text) == ("loop", "3")
    asked = len(one.world.goals)
    assert (await one.step(OVER)).trace is edited
    assert len(one.world.goals) == asked


async def test_the_future_that_was_left_stays():
    one = person()
    await one.begin()
    left = await one.step(RUN)
    await one.step(RUN, BACK)
    one.session.edit(0, Target("n"), "1")
    timeline = one.session.timeline
    assert (await one.step(RUN)).text == "returns 1"
    assert [branch.tip.trace.state.value.text for branch in timeline.branches] == ["6", "1"]
    assert timeline.branches[0].tip.trace is left.trace
    assert timeline.branches[1].first.change == Change("edit", "n = 1")


async def test_an_edit_of_an_edit_is_a_branch_beside_it():
    one = person()
    await one.begin()
    await one.walk(OVER, OVER)
    before = one.session.timeline.cursor.trace
    one.session.edit(0, Target("n"), "5")
    one.session.edit(0, Target("total"), "100")
    trace = one.session.timeline.cursor.trace
    assert trace.parent is before.parent
    assert trace.length == before.length
    stop = await one.step(RUN)
    assert stop.text == "returns 115"


async def test_a_variable_of_a_caller_can_be_set():
    one = person()
    await one.begin()
    await one.walk(OVER, OVER, INTO)
    one.session.edit(0, Target("n"), "1")
    assert [s.function for s in one.session.timeline.cursor.state.stack] == ["f", "add"]
    assert (await one.step(RUN)).text == "returns 3"


async def test_a_variable_can_be_set_where_a_call_has_returned():
    one = person()
    await one.begin()
    await one.walk(OVER, OVER, INTO)
    stop = await one.step(OUT)
    assert stop.state.event is Event.RETURN
    one.session.edit(0, Target("n"), "1")
    assert one.session.timeline.cursor.state.event is Event.RETURN
    assert (await one.step(RUN)).text == "returns 3"


async def test_hits_are_counted_on_each_branch():
    one = person("4")
    one.set("down", hit_condition="3")
    await one.begin(stop_on_entry=False)
    first = one.session.timeline.cursor
    assert first.state.top.locals["n"].text == "2"
    await one.step(RUN, BACK)  # the first line
    one.session.edit(0, Target("n"), "9")
    stop = await one.step(RUN)
    assert (one.at(stop), stop.state.top.locals["n"].text) == ("down", "7")


async def test_nothing_can_be_set_while_predicting_or_at_the_end():
    one = person()
    await one.begin()
    one.session.step(OVER)
    with pytest.raises(NotStopped):
        one.session.edit(0, Target("n"), "1")
    await one.wait()
    assert (await one.step(RUN)).description == "At the end"
    with pytest.raises(SessionEnded, match="step back"):
        one.session.edit(0, Target("n"), "1")


async def test_an_edit_that_is_refused_changes_nothing():
    one = person()
    await one.begin()
    here = one.session.timeline.cursor
    with pytest.raises(Exception, match="literal"):
        one.session.edit(0, Target("n"), "f()")
    assert one.session.timeline.cursor is here
    assert len(one.session.timeline.branches) == 1
