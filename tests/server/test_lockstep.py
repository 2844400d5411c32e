"""A session that takes each step with a prediction and a real program, both played here."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from any_tape import AnyTape
from person import BACK, INTO, OUT, OVER, RUN, Person, frames_of, program_of
from rule_world import SOURCE, RuleWorld
from tape import TapeWorld, record
from tape_reality import TapeReality

from foreframe.checking import where
from foreframe.editing import Target
from foreframe.lockstep import Lockstep, Resync
from foreframe.timeline import Reason, Stop
from foreframe_models.engines.base import EngineAborted
from foreframe_protocol.states import Direction, Provenance, Verdict

WRONG_VALUE = SOURCE.replace("c = a + b", "c = a * b")  # the model knows SOURCE, and no other
WRONG_WAY = SOURCE.replace("while n > 0", "while n > 1")
NESTED = """\
def fact(n):
    if n < 2:
        return 1
    return n * fact(n - 1)

def f(n):
    x = fact(n)
    return x
"""
RAISES = """\
def g(n):
    return 1 // n

def f(n):
    x = g(n)
    return x
"""
CATCHES = """\
def f(n):
    try:
        x = 1 // n
    except ZeroDivisionError:
        x = 0
    return x
"""


class Checked(Person):
    """A person whose session has a real program too: one of another source, if there is one."""

    def __init__(
        self, source: str, args: str, real: str = "", world: Any = None, **options: Any
    ) -> None:
        super().__init__(source, args, world)
        self.reality = TapeReality(record(real or source, "f", args))
        self.lockstep = Lockstep(self.session.walker, self.reality, **options)
        self.session.lockstep = self.lockstep

    async def to_the_end(self, action: Any = INTO) -> list[Stop]:
        """Every stop from the entry on."""
        await self.begin()
        while not self.exit_codes:
            await self.step(action)
        return self.stops

    def report(self) -> str:
        return "\n".join(self.lockstep.scores.report().lines())


def told(stop: Stop) -> dict[str, Verdict]:
    """Verdicts on the values of the scope that is shown."""
    assert stop.comparison is not None
    return {name: check.verdict for name, check in stop.comparison.scopes[-1].values.items()}


@pytest.mark.parametrize("source", [SOURCE, NESTED, RAISES, CATCHES])
@pytest.mark.parametrize("resync", list(Resync))
@pytest.mark.parametrize("action", [INTO, OVER, OUT, RUN])
@pytest.mark.parametrize("args", ["0", "3"])
async def test_a_model_that_is_right_is_found_right_at_every_stop(source, resync, action, args):
    me = Checked(source, args, world=AnyTape(frames_of(source, args)), resync=resync)
    stops = await me.to_the_end(action)
    compared = [stop.comparison for stop in stops if stop.comparison is not None]
    assert compared
    assert all(one.right and one.frame.same_place for one in compared)
    assert me.exit_codes == [int(source == RAISES and args == "0")]
    assert me.lockstep.scores.report().frames == len(compared)


async def test_a_wrong_value_is_told_beside_the_real_one_and_the_next_step_starts_from_reality():
    me = Checked(SOURCE, "3", WRONG_VALUE, RuleWorld())
    stops = await me.to_the_end()
    wrong = next(stop for stop in stops if stop.comparison and not stop.comparison.right)
    assert where(wrong.trace) == "add:3"
    check = wrong.comparison.frame.locals["c"]
    assert (check.predicted.text, check.real.text, check.verdict) == ("3", "0", Verdict.DIFFERS)
    assert wrong.state.top.locals["c"].provenance is Provenance.OBSERVED
    assert "c predicted as 3, really 0" in wrong.text
    after = stops[stops.index(wrong) + 1]
    assert after.comparison.right  # what add returns is 0, as c is 0 really
    assert "first divergence at stop" in me.report()
    assert "wrong by variable: add: c 3/3" in me.report()


async def test_free_shows_how_far_a_model_gets_alone():
    me = Checked(SOURCE, "3", WRONG_VALUE, RuleWorld(), resync=Resync.FREE)
    stops = await me.to_the_end()
    wrong = [stop for stop in stops if stop.comparison and not stop.comparison.right]
    assert where(wrong[0].trace) == "add:3"
    last = stops[-1].comparison
    assert last.value.predicted.text == "6"
    assert last.value.real.text == "0"
    assert len(wrong) > 3  # a mistake stays


async def test_when_they_stop_at_different_places_both_are_told():
    me = Checked(SOURCE, "1", WRONG_WAY, RuleWorld())
    await me.begin()
    await me.step(OVER)
    stop = await me.step(OVER)
    assert stop.comparison.place is Verdict.DIFFERS
    assert where(stop.comparison.predicted) == "f:8"
    assert where(stop.trace) == where(stop.comparison.real) == "f:10"
    assert "predicted f:8, really f:10" in stop.text


async def test_each_may_end_before_the_other():
    early = Checked(SOURCE, "2", WRONG_WAY, RuleWorld(), resync=Resync.FREE)
    stops = await early.to_the_end()
    assert stops[-1].description == "At the end"
    assert where(stops[-1].comparison.predicted) != "the end"
    late = Checked(WRONG_WAY, "2", SOURCE, Shorter(), resync=Resync.FREE)
    stops = await late.to_the_end()
    assert any(stop.comparison and where(stop.comparison.predicted) == "the end" for stop in stops)
    assert stops[-1].comparison is None
    assert "as predicted, the program has ended before" in late.text("note")


class Shorter(RuleWorld):
    """Predicts that the loop ends one round early."""

    async def predict(self, program, trace, goal, **options):
        scope = trace.state.top
        if scope.function == "f" and scope.line == 7 and scope.locals["n"].text == "1":
            changed = {**scope.locals, "n": replace(scope.locals["n"], text="0")}
            stack = (*trace.state.stack[:-1], replace(scope, locals=changed))
            trace = replace(trace, state=replace(trace.state, stack=stack))
        return await super().predict(program, trace, goal, **options)


async def test_stepping_back_walks_the_visited_stops_and_runs_nothing():
    me = Checked(SOURCE, "2", WRONG_VALUE, RuleWorld())
    await me.begin()
    stops = [await me.step(OVER) for _ in range(4)]
    ran = len(me.reality.actions)
    back = [await me.step(OVER, BACK) for _ in range(3)]
    assert [stop.trace for stop in back] == [stop.trace for stop in reversed(stops[:3])]
    assert [stop.comparison for stop in back] == [stop.comparison for stop in reversed(stops[:3])]
    assert all(stop.observation is not None for stop in back)
    again = [await me.step(OVER) for _ in range(3)]
    assert [stop.trace for stop in again] == [stop.trace for stop in stops[1:]]
    assert len(me.reality.actions) == ran
    await me.step(OVER)
    assert len(me.reality.actions) == ran + 1


async def test_a_continue_from_the_past_goes_on_with_both_where_the_visited_ends():
    me = Checked(SOURCE, "2", world=RuleWorld())
    await me.begin()
    await me.walk(OVER, OVER, OVER)
    await me.step(RUN, Direction.BACKWARD)
    stop = await me.step(RUN)
    assert stop.description == "At the end"
    assert stop.comparison.right


async def test_the_trace_of_reality_has_the_frames_that_a_trace_would_have():
    me = Checked(SOURCE, "2", world=RuleWorld())
    await me.to_the_end()
    model = me.session.timeline.branch.model
    real = me.reality.frames
    assert [plain(frame) for frame in model.frames()] == [plain(frame) for frame in real[:-1]]
    assert model.root().state.stack == ()


def plain(frame: Any) -> object:
    values = {n: v.text for n, v in (frame.locals or {}).items()}
    return frame.event, frame.function, frame.line, frame.depth, values, list(values), frame.value


async def test_a_step_into_a_chosen_call_stops_both_there():
    me = Checked(SOURCE, "2", world=RuleWorld())
    await me.begin()
    await me.walk(OVER, OVER)
    me.session.step(OVER, places=frozenset({(1, me.marks["add_first"])}))
    stop = await me.wait()
    assert (stop.reason, where(stop.trace)) == (Reason.STEP, "add:2")
    assert stop.comparison.right
    assert where((await me.step(OUT)).trace) == "f:8 (add has returned)"


async def test_a_call_that_is_stepped_over_is_as_if_it_were_untraced():
    me = Checked(SOURCE, "2", world=RuleWorld())
    await me.begin()
    await me.walk(OVER, OVER, OVER)
    model = me.session.timeline.branch.model
    assert [frame.line for frame in model.frames()] == [5, 6, 7, 8, 9]


async def test_where_nothing_was_seen_in_between_the_model_begins_from_the_observed_state():
    me = Checked(SOURCE, "3", world=RuleWorld())
    line = me.set("add_return")
    me.reality.lines = set(line.places)
    await me.begin()
    stop = await me.step(RUN)
    assert (stop.reason, stop.breakpoints) == (Reason.BREAKPOINT, (1,))
    assert stop.comparison.right
    model = me.session.timeline.branch.model
    assert model.frame is None
    assert [scope.function for scope in model.state.stack] == ["f", "add"]
    assert (await me.step(INTO)).comparison.right


async def test_a_program_that_dies_ends_the_step_and_the_session_goes_on_imagined():
    me = Checked(SOURCE, "2", world=RuleWorld())
    await me.begin()
    me.reality.killed_at = 2
    await me.step(OVER)
    stop = await me.step(OVER)
    assert stop.description == "The real program is lost"
    assert "killed by SIGKILL (error 2430)" in stop.text
    assert stop.observation is None
    assert where(stop.trace) == "f:8"  # as predicted
    stop = await me.step(OVER)
    assert where(stop.trace) == "f:9"
    assert stop.state.top.locals["total"].text == "2"
    assert "From here on all is imagined" in me.text("error")
    assert me.reality.is_closed
    await me.step(RUN)
    await me.step(RUN)
    assert me.exit_codes == [0]
    assert "the real program was lost" in me.report()


@pytest.mark.parametrize("resync", list(Resync))
async def test_a_connection_that_is_lost_at_any_step_leaves_a_session_that_works(resync):
    for number in range(12):
        me = Checked(SOURCE, "2", WRONG_VALUE, RuleWorld(), resync=resync)
        me.reality.lost_at = number
        stops = await me.to_the_end()
        assert me.exit_codes == [0]
        assert sum(stop.description == "The real program is lost" for stop in stops) == 1


async def test_a_program_that_hangs_is_paused_and_what_it_stands_at_is_shown():
    me = Checked(SOURCE, "2", world=RuleWorld())
    await me.begin()
    me.reality.hangs_at = 1
    me.session.step(OVER)
    await asyncio.sleep(0.01)
    assert me.session.pause()
    stop = await me.wait()
    assert stop.reason is Reason.PAUSE
    assert stop.observation is not None
    assert stop.comparison is None
    assert (await me.step(OVER)).comparison.right


async def test_a_program_that_does_not_answer_to_a_pause_is_given_up():
    me = Checked(SOURCE, "2", world=RuleWorld(), grace=0.01)
    await me.begin()
    me.reality.hangs_at = 1
    me.reality.answers_to_pause = False
    me.session.step(OVER)
    await asyncio.sleep(0.01)
    me.session.pause()
    stop = await me.wait()
    assert "did not stop within 0.01 s" in stop.text
    assert "(error 2431)" in stop.text
    assert where((await me.step(OVER)).trace) == "f:8"


async def test_that_the_real_program_still_runs_is_said():
    me = Checked(SOURCE, "2", world=RuleWorld(), patience=0.01)
    await me.begin()
    me.reality.delay = 0.05
    await me.step(OVER)
    assert "the real program still runs; predicted to stop at f:7" in me.text("note")


async def test_a_slow_prediction_does_not_keep_the_real_stop():
    world = TapeWorld(frames_of(SOURCE, "2"))
    me = Checked(SOURCE, "2", world=world, patience=0.01)
    await me.begin()
    world.hold = 2
    stop = await me.step(OVER)
    assert where(stop.trace) == "f:7"
    assert stop.observation is not None
    assert stop.comparison is None
    assert "not predicted: the prediction was not there in time" in me.text("note")
    assert me.lockstep.scores.report().not_predicted == 1


@pytest.mark.parametrize("resync", list(Resync))
async def test_an_engine_that_fails_leaves_the_observation(resync):
    world = AnyTape(frames_of(SOURCE, "2"))
    me = Checked(SOURCE, "2", world=world, resync=resync)
    world.failures[2] = EngineAborted("no answer")
    await me.begin()
    stop = await me.step(OVER)
    assert where(stop.trace) == "f:7"
    assert stop.comparison is None
    assert "not predicted: no answer" in me.text("note")
    assert (await me.step(OVER)).comparison.right


class Forgetful(RuleWorld):
    """Has no room for the oldest frames."""

    async def predict(self, program, trace, goal, **options):
        found = await super().predict(program, trace, goal, **options)
        return replace(found, left_out=max(0, trace.length - 3))


@pytest.mark.parametrize("resync", list(Resync))
async def test_that_the_past_has_outgrown_the_context_is_said_once(resync):
    me = Checked(SOURCE, "2", world=Forgetful(), resync=resync)
    await me.to_the_end()
    assert me.text("note").count("outgrown the model's context") == 1
    imagined = Person(SOURCE, "2", Forgetful())
    await imagined.begin()
    await imagined.walk(OVER, OVER, OVER, OVER, OVER)
    assert imagined.text("note").count("outgrown the model's context") == 1


async def test_a_pause_while_going_back_does_not_pause_the_next_step():
    me = Checked(SOURCE, "2", world=RuleWorld())
    await me.begin()
    await me.walk(OVER, OVER)
    me.session.step(OVER, BACK)
    me.session.pause()
    await me.wait()
    await asyncio.sleep(0)
    me.news.clear()
    await me.step(OVER)
    stop = await me.step(OVER)
    assert stop.comparison is not None


async def test_an_edit_begins_an_imagined_branch_and_the_real_program_waits():
    me = Checked(SOURCE, "2", world=RuleWorld())
    await me.begin()
    await me.walk(OVER, OVER)
    ran = len(me.reality.actions)
    real = me.session.timeline.here()
    me.session.edit(0, Target("n"), "7")
    stop = await me.walk(OVER, OVER)
    assert stop.state.top.locals["total"].text == "7"
    assert stop.observation is None
    assert len(me.reality.actions) == ran
    assert "From here on all is imagined" in me.text("note")
    me.session.go_to(real.number, 0)
    stop = await me.wait()
    assert stop.observation is not None
    stop = await me.walk(OVER, OVER)
    assert stop.state.top.locals["total"].text == "2"
    assert stop.comparison.right
    assert len(me.reality.actions) == ran + 2


async def test_an_uncaught_exception_is_compared_where_it_is_raised_and_ends_the_session():
    me = Checked(RAISES, "0")
    stops = await me.to_the_end(RUN)
    raised = stops[-1]
    assert raised.reason is Reason.EXCEPTION
    assert raised.text == "ZeroDivisionError: integer division or modulo by zero"
    assert raised.comparison.right
    assert me.exit_codes == [1]
    assert me.text("stderr") == ""


async def test_an_exception_that_was_not_predicted_is_a_divergence():
    quiet = RAISES.replace("1 // n", "1 + n")
    me = Checked(quiet, "0", RAISES)
    me.reality.raised = me.session.stopping.uncaught = False
    stops = await me.to_the_end(RUN)
    assert not stops[-1].comparison.right
    assert stops[-1].text.startswith("predicted the end, really f:5 (exception)")


async def test_what_is_predicted_to_be_printed_is_not_told_beside_what_is():
    source = "def f(n):\n    print(n)\n    return n\n"
    me = Checked(source, "2")
    await me.to_the_end()
    assert me.text("stdout") == ""


async def test_calibration_counts_each_value_once_that_was_predicted_anew():
    me = Checked(SOURCE, "2", resync=Resync.FREE)
    await me.to_the_end()
    report = me.lockstep.scores.report()
    assert report.calibrations["values"].count > 0
    assert report.calibrations["values"].error == pytest.approx(1 - 0.87)
    assert report.values == report.values_right


async def test_a_session_that_is_closed_in_mid_step_closes_the_program():
    me = Checked(SOURCE, "2", world=RuleWorld())
    await me.begin()
    me.reality.hangs_at = 1
    me.session.step(OVER)
    await asyncio.sleep(0)
    await me.session.close()
    assert me.reality.is_closed


async def test_an_action_that_was_left_for_another_is_brought_to_its_end_first():
    me = Checked(SOURCE, "2", world=RuleWorld())
    await me.begin()
    me.reality.hangs_at = 1
    me.session.step(OVER)
    await asyncio.sleep(0.01)
    stop = await me.step(OVER)
    assert stop.comparison.right
    assert me.session.timeline.tip is stop.trace


def test_a_program_of_two_sources_has_the_same_lines():
    for other in (WRONG_VALUE, WRONG_WAY):
        assert [f.lines for f in program_of(other).functions] == [
            f.lines for f in program_of(SOURCE).functions
        ]
