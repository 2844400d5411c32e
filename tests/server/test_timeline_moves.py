"""Going to steps, branches, lines and the beginnings of frames."""

from __future__ import annotations

import pytest
from person import BACK, INTO, OUT, OVER, RUN, Person
from rule_world import SOURCE, RuleWorld

from foreframe.editing import Target
from foreframe.errors import NoSuchPlace, NotStopped, SessionEnded
from foreframe.timeline import Change, Reason, changes
from foreframe_protocol.states import Event, Scope, State, Value


def person(n: str = "3") -> Person:
    return Person(SOURCE, n, RuleWorld())


async def branched() -> Person:
    """Steps 0 to 3 on branch 0; an edit at the end of step 2 (step 4), and one more on branch 1."""
    one = person()
    await one.begin()  # step 1
    await one.walk(OVER, OVER)  # steps 2, 3: at the call
    await one.step(OVER, BACK)
    one.session.edit(0, Target("total"), "100")  # step 4, in the place of the end of step 2
    await one.walk(OVER)  # step 5
    return one


async def test_steps_form_a_tree():
    one = await branched()
    parents = [step.parent and step.parent.number for step in one.session.timeline.steps]
    assert parents == [None, 0, 1, 2, 1, 4]
    assert [step.branch for step in one.session.timeline.steps] == [0, 0, 0, 0, 1, 1]


async def test_a_step_is_gone_to_and_its_branch_is_followed():
    one = await branched()
    asked = len(one.world.goals)
    one.session.go_to(2)
    stop = await one.wait()
    assert (stop.reason, one.at(stop)) == (Reason.GOTO, "loop")
    assert stop.state.top.locals["total"].text == "0"
    assert one.at(await one.step(OVER)) == "call"
    one.session.go_to(4)
    stop = await one.wait()
    assert stop.state.top.locals["total"].text == "100"
    assert (await one.step(OVER)).state.top.locals["total"].text == "100"
    assert len(one.world.goals) == asked
    assert (await one.step(RUN)).text == "returns 106"


async def test_common_ground_can_be_followed_into_any_branch():
    one = await branched()
    for branch, total in ((0, "0"), (1, "100")):
        one.session.go_to(1, branch)
        assert one.at(await one.wait()) == "f_first"
        assert (await one.step(OVER)).state.top.locals["total"].text == total


@pytest.mark.parametrize(("step", "branch"), [(6, None), (-1, None), (2, 1), (5, 0), (1, 2)])
async def test_what_is_not_on_the_timeline_cannot_be_gone_to(step, branch):
    one = await branched()
    here = one.session.timeline.cursor
    with pytest.raises(NoSuchPlace, match=r"no step|no branch|not on branch"):
        one.session.go_to(step, branch)
    assert one.session.timeline.cursor is here
    assert not one.session.is_running


async def test_going_to_a_step_cancels_the_action_under_way_and_keeps_its_frames():
    one = Person(SOURCE, "9")
    await one.begin()
    await one.run_until_held(4)
    one.session.go_to(1)
    stop = await one.wait()
    assert one.at(stop) == "f_first"
    kept = one.session.timeline.tip
    assert kept.length == stop.trace.length + 4
    one.world.go.set()
    assert (await one.step(RUN)).text == "returns 45"


async def test_an_action_right_behind_a_jump_begins_where_the_jump_leads():
    one = await branched()
    one.session.go_to(2)
    stop = await one.step(OVER)
    assert (one.at(stop), stop.state.top.locals["total"].text) == ("call", "0")


async def test_a_frame_is_restarted_over_visited_ground():
    one = person()
    await one.begin()
    one.set("add_return", condition="b == 2")
    await one.step(RUN)
    asked = len(one.world.goals)
    one.session.restart_frame(1)
    stop = await one.wait()
    assert (one.at(stop), stop.state.top.locals["b"].text) == ("add_first", "2")
    one.session.restart_frame(0)
    stop = await one.wait()
    assert (one.at(stop), len(stop.state.stack)) == ("f_first", 1)
    assert len(one.world.goals) == asked


async def test_a_frame_that_returned_is_not_restarted_in_its_callers_place():
    one = person()
    await one.begin()
    await one.walk(OVER, OVER, INTO, OUT)
    one.session.restart_frame(0)
    assert one.at(await one.wait()) == "f_first"
    with pytest.raises(NoSuchPlace):
        one.session.restart_frame(4)


async def test_a_jump_goes_to_a_line_without_running_what_is_between():
    one = person()
    await one.begin()
    await one.walk(OVER, OVER)
    one.session.set_line(one.marks["down"])
    stop = await one.wait()
    assert (one.at(stop), stop.reason) == ("down", Reason.GOTO)
    assert (await one.step(RUN)).text == "returns 3"  # 3 was left out
    branch = one.session.timeline.branch
    assert branch.first.change == Change("goto", f"line {one.marks['down']}")
    one.session.go_to(branch.first.number)
    await one.wait()
    assert one.at(await one.step(OVER, BACK)) == "loop"


async def test_a_jump_from_a_call_that_has_returned_is_one_in_the_caller():
    one = person()
    await one.begin()
    await one.walk(OVER, OVER, INTO, OUT)
    one.session.set_line(one.marks["f_return"])
    stop = await one.wait()
    assert (len(stop.state.stack), stop.state.event) == (1, Event.LINE)
    assert (await one.step(RUN)).text == "returns 0"


async def test_a_jump_into_another_scope_is_refused():
    one = person()
    await one.begin()
    for mark in ("add_first", "add_return"):
        with pytest.raises(NoSuchPlace, match="is no line to stop at in f"):
            one.session.set_line(one.marks[mark])
    assert len(one.session.timeline.branches) == 1


async def test_nothing_is_gone_to_while_predicting_or_when_all_is_over():
    one = person()
    await one.begin()
    one.session.step(OVER)
    with pytest.raises(NotStopped):
        one.session.set_line(6)
    with pytest.raises(NotStopped):
        one.session.restart_frame(0)
    await one.wait()
    await one.step(RUN)
    one.session.step(RUN)
    await one.wait()
    with pytest.raises(SessionEnded):
        one.session.go_to(0)


def test_what_changed_is_told_by_scope():
    before = State((Scope("f", 1, 2, {"a": Value("1"), "b": Value("2")}),), Event.LINE)
    after = State((Scope("f", 1, 3, {"a": Value("1"), "b": Value("3")}),), Event.LINE)
    other = State((Scope("g", 5, 6, {"a": Value("1")}),), Event.LINE)
    assert [name for name, _ in changes(before, after)] == ["b"]
    assert [name for name, _ in changes(other, after)] == ["a", "b"]
    assert [name for name, _ in changes(None, after)] == ["a", "b"]
