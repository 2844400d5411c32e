"""A session on recorded frames: where actions lead, both ways, and what faults do to it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from person import BACK, INTO, OUT, OVER, RUN, Person

from foreframe.errors import SessionEnded
from foreframe.timeline import Reason
from foreframe_models.engines.base import EngineAborted
from foreframe_protocol.states import Action, Direction, End, Event

NESTED = """\
def g(x):
    y = x * 2  # @g_first
    return y  # @g_return

def f(n):
    total = 0  # @f_first
    for i in range(n):  # @loop
        total += g(i)  # @call
        print("total", total)  # @print
    return total  # @f_return
"""
RAISING = """\
def inner(n):
    return 1 // n  # @raise

def f(n):
    try:
        inner(n)  # @guarded
    except ZeroDivisionError:
        n = 5  # @handler
    return inner(n - 5)  # @again
"""


async def test_it_stops_on_entry_before_the_first_line_runs():
    person = Person(NESTED, "2")
    stop = await person.begin()
    assert (person.at(stop), stop.reason) == ("f_first", Reason.ENTRY)
    assert stop.state.top.locals["n"].text == "2"


async def test_stepping_over_passes_calls_and_stepping_into_enters_them():
    person = Person(NESTED, "2")
    await person.begin()
    assert person.at(await person.walk(OVER, OVER)) == "call"
    assert person.at(await person.step(OVER)) == "print"
    assert person.at(await person.walk(OVER, OVER)) == "call"
    stop = await person.step(INTO)
    assert person.at(stop) == "g_first"
    assert [scope.function for scope in stop.state.stack] == ["f", "g"]


async def test_stepping_out_shows_the_caller_and_what_was_returned():
    person = Person(NESTED, "2")
    await person.begin()
    await person.walk(OVER, OVER, INTO)
    stop = await person.step(OUT)
    assert person.at(stop) == "call"
    assert stop.state.event is Event.RETURN
    assert stop.state.value is not None
    assert stop.state.value.text == "0"
    assert person.at(await person.step(OVER)) == "print"


async def test_one_action_is_one_request():
    person = Person(NESTED, "4")
    await person.begin()
    person.set("g_first", condition="x == 3")
    asked = len(person.world.goals)
    stop = await person.step(RUN)
    assert stop.state.top.locals["x"].text == "3"
    assert len(person.world.goals) == asked + 1


async def test_plain_breakpoints_are_part_of_what_the_model_is_asked_for():
    person = Person(NESTED, "2")
    person.set("g_return")
    stop = await person.begin(stop_on_entry=False)
    assert (person.at(stop), stop.reason, stop.breakpoints) == ("g_return", Reason.BREAKPOINT, (1,))
    assert person.world.goals[0].lines == person.session.stopping.plain_places()


async def test_a_breakpoint_ends_any_step():
    person = Person(NESTED, "2")
    await person.begin()
    await person.walk(OVER, OVER)
    person.set("g_return")
    stop = await person.step(OVER)
    assert (person.at(stop), stop.reason) == ("g_return", Reason.BREAKPOINT)


async def test_a_step_goes_on_over_a_breakpoint_whose_condition_is_false():
    person = Person(NESTED, "2")
    await person.begin()
    await person.walk(OVER, OVER)
    person.set("g_return", condition="y == 99")
    assert person.at(await person.step(OVER)) == "print"


@pytest.mark.parametrize(
    ("hit_condition", "values"),
    [("2", ["1"]), (">= 3", ["2", "3"]), ("%2", ["1", "3"]), ("<2", ["0"]), ("> 9", [])],
)
async def test_hits_are_counted(hit_condition, values):
    person = Person(NESTED, "4")
    person.set("g_first", hit_condition=hit_condition)
    stop = await person.begin(stop_on_entry=False)
    found = []
    while stop.reason is Reason.BREAKPOINT:
        found.append(stop.state.top.locals["x"].text)
        stop = await person.step(RUN)
    assert found == values


async def test_hits_are_the_same_after_going_back():
    person = Person(NESTED, "4")
    person.set("g_first", hit_condition="3")
    first = await person.begin(stop_on_entry=False)
    await person.step(RUN)
    back = await person.step(RUN, BACK)
    assert back.trace is first.trace


async def test_logpoints_log_once_and_do_not_stop():
    person = Person(NESTED, "3")
    person.set("g_return", log_message="y of {x} is {y}, {{z}}, {zz}")
    stop = await person.begin(stop_on_entry=False)
    assert stop.description == "At the end"
    lines = person.text("log").splitlines()
    assert lines[2].startswith("y of 2 is 4, {z}, <there is no variable 'zz'")
    await person.step(RUN, BACK)
    await person.step(RUN)
    assert len(person.text("log").splitlines()) == 3


async def test_a_condition_that_cannot_be_judged_stops_and_says_why():
    person = Person(NESTED, "2")
    person.set("g_return", condition="zz > 3")
    stop = await person.begin(stop_on_entry=False)
    assert person.at(stop) == "g_return"
    assert "cannot be judged" in stop.text
    assert "zz" in stop.text


async def test_prints_are_predicted_once():
    person = Person(NESTED, "3")
    await person.begin(stop_on_entry=False)
    assert person.text("stdout") == "total 0\ntotal 2\ntotal 6\n"
    await person.step(RUN, BACK)
    await person.step(RUN)
    assert person.text("stdout") == "total 0\ntotal 2\ntotal 6\n"


async def test_the_end_is_shown_once_then_the_session_is_over():
    person = Person(NESTED, "1")
    stop = await person.begin(stop_on_entry=False)
    assert (stop.description, stop.text) == ("At the end", "returns 0")
    assert stop.state.value is not None
    person.session.step(OVER)
    await person.wait()
    assert person.exit_codes == [0]
    with pytest.raises(SessionEnded):
        person.session.step(OVER)


async def test_an_uncaught_exception_stops_where_it_was_raised():
    person = Person(RAISING, "0")
    stop = await person.begin(stop_on_entry=False)
    assert (stop.reason, stop.description) == (Reason.EXCEPTION, "Uncaught exception")
    assert person.at(stop) == "raise"
    assert [scope.function for scope in stop.state.stack] == ["f", "inner"]
    assert stop.text.startswith("ZeroDivisionError")
    assert person.session.exception_origin() is stop.trace
    await person.step(RUN)
    assert person.exit_codes == [1]


async def test_after_an_uncaught_exception_its_way_out_can_be_stepped():
    person = Person(RAISING, "0")
    await person.begin(stop_on_entry=False)
    stop = await person.step(OVER)
    assert (person.at(stop), stop.state.event) == ("again", Event.RETURN)
    person.session.step(OVER)
    await person.wait()
    assert person.exit_codes == [1]
    assert person.text("stderr").startswith("ZeroDivisionError")


async def test_without_the_filter_an_uncaught_exception_stops_at_the_end():
    person = Person(RAISING, "0")
    person.session.stopping.uncaught = False
    stop = await person.begin(stop_on_entry=False)
    assert stop.reason is Reason.EXCEPTION
    assert len(stop.state.stack) == 1
    await person.step(RUN)
    assert person.exit_codes == [1]


async def test_raised_exceptions_stop_where_they_are_raised_and_not_on_their_way_out():
    person = Person(RAISING, "0")
    person.session.stopping.raised = True
    stop = await person.begin(stop_on_entry=False)
    assert (person.at(stop), stop.reason) == ("raise", Reason.EXCEPTION)
    second = await person.step(RUN)
    assert (person.at(second), second.state.stack[0].line) == ("raise", person.marks["again"])
    await person.step(RUN)
    assert person.exit_codes == [1]


async def test_a_raised_filter_can_have_a_condition():
    person = Person(RAISING, "0")
    person.session.stopping.raised = True
    person.session.stopping.raised_condition = "n == 1"
    stop = await person.begin(stop_on_entry=False)
    assert stop.description == "Uncaught exception"


async def test_stepping_back_goes_over_calls():
    person = Person(NESTED, "2")
    await person.begin()
    await person.walk(OVER, OVER, OVER)
    assert person.at(await person.step(OVER, BACK)) == "call"
    assert person.at(await person.step(OVER, BACK)) == "loop"
    assert person.at(await person.step(OVER, BACK)) == "f_first"
    stop = await person.step(OVER, BACK)
    assert (person.at(stop), stop.description) == ("f_first", "At the start")


async def test_stepping_back_in_a_call_leaves_it_at_the_calling_line():
    person = Person(NESTED, "2")
    await person.begin()
    await person.walk(OVER, OVER, INTO)
    assert person.at(await person.step(OVER, BACK)) == "call"


async def test_going_forward_over_visited_ground_asks_no_model():
    person = Person(NESTED, "3")
    await person.begin()
    await person.walk(OVER, OVER, OVER, OVER)
    asked = len(person.world.goals)
    for _ in range(3):
        await person.step(OVER, BACK)
    for expected in ("call", "print", "loop"):
        assert person.at(await person.step(OVER)) == expected
    assert len(person.world.goals) == asked


async def test_an_action_goes_on_with_the_model_where_visited_ground_ends():
    person = Person(NESTED, "3")
    await person.begin()
    await person.walk(OVER, OVER, INTO, OVER)
    await person.step(OVER, BACK)
    await person.step(OVER, BACK)
    stop = await person.step(OVER)  # from the call, over what is known of g and beyond it
    assert person.at(stop) == "print"


async def test_an_engine_that_fails_ends_the_step_and_the_next_try_works():
    person = Person(NESTED, "2")
    await person.begin()
    await person.walk(OVER, OVER)
    here = person.session.timeline.cursor.trace
    person.world.failures[here.length + 2] = EngineAborted("the server went away")
    stop = await person.step(OVER)
    assert (stop.trace, stop.reason, stop.description) == (here, Reason.PAUSE, "Prediction failed")
    assert "the server went away" in stop.text
    assert "1005" in person.text("error")
    assert person.session.timeline.branch.tip.end is End.FAILED
    assert person.at(await person.step(OVER)) == "print"


async def test_a_fault_of_our_own_does_not_end_the_session():
    person = Person(NESTED, "2")
    await person.begin()
    person.world.failures[2] = RuntimeError("a bug")
    stop = await person.step(OVER)
    assert stop.description == "Internal error"
    assert person.at(await person.step(OVER)) == "loop"


async def test_a_prediction_that_is_cut_off_says_so():
    person = Person(NESTED, "9", max_frames=12)
    stop = await person.begin(stop_on_entry=False)
    assert (stop.reason, stop.description) == (Reason.PAUSE, "Cut off")
    assert stop.trace.length == 12
    assert "cut off after 12 frames" in person.text("limit")
    again = await person.step(RUN)
    assert again.trace is stop.trace


async def test_pause_stops_at_the_last_finished_frame():
    person = Person(NESTED, "50")
    await person.begin()
    await person.run_until_held(5)
    assert person.session.frames_done == 5
    assert person.session.pause()
    stop = await person.wait()
    assert (stop.reason, stop.description) == (Reason.PAUSE, "Paused")
    assert stop.trace is person.session.timeline.tip
    assert stop.trace.length == 7
    assert person.world.cancelled == 1
    person.world.go.set()
    assert (await person.step(RUN)).description == "At the end"


async def test_pause_before_the_first_frame_stops_too():
    person = Person(NESTED, "2")
    start = await person.begin()
    person.session.step(RUN)
    assert person.session.pause()
    stop = await person.wait()
    assert stop.trace is start.trace
    assert not person.session.pause()


async def test_another_action_cancels_the_one_under_way_and_tells_one_stop():
    person = Person(NESTED, "50")
    await person.begin()
    await person.run_until_held(3)
    told = len(person.stops)
    stop = await person.step(OVER)
    assert person.at(stop) == "loop"
    assert person.world.cancelled == 1
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(person.stops) == told + 1


async def test_a_closed_session_tells_nothing_any_more():
    person = Person(NESTED, "50")
    await person.begin()
    await person.run_until_held(3)
    told = len(person.stops)
    await person.session.close()
    assert len(person.stops) == told
    assert not person.session.is_running


async def test_a_breakpoint_set_while_predicting_is_kept_to():
    person = Person(NESTED, "50")
    await person.begin()
    await person.run_until_held(3)
    person.set("f_return")
    person.world.go.set()
    assert person.at(await person.wait()) == "f_return"


STEPS: Sequence[tuple[Action, Direction]] = [
    *((action, Direction.FORWARD) for action in (INTO, OVER, OUT, RUN)),
    *((action, BACK) for action in (INTO, OVER, OUT, RUN)),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=25), st.booleans())
def test_any_walk_visits_what_a_plain_list_of_frames_would(steps, has_breakpoint):
    """The same actions on the list of all frames, known from the start, lead to the same place."""

    async def walk() -> None:
        person = Person(NESTED, "3")
        known = Person(NESTED, "3")
        for one in (person, known):
            if has_breakpoint:
                one.set("g_return", condition="y == 2")
        known.session.begin(stop_on_entry=True)
        await known.wait()
        breakpoints, known.session.stopping.lines = known.session.stopping.lines, []
        await known.step(RUN)  # all is visited now
        known.session.stopping.lines = breakpoints
        while known.stops[-1].description != "At the start":
            await known.step(RUN, BACK)
        await person.begin()
        asked = len(known.world.goals)
        for action, direction in steps:
            stops = [await one.step(action, direction) for one in (person, known)]
            if person.session.is_over:
                assert known.session.is_over
                break
            assert stops[0].trace.length == stops[1].trace.length
            assert stops[0].state == stops[1].state
        assert len(known.world.goals) == asked

    asyncio.run(walk())
