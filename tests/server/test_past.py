"""A past that nobody has visited: predicted when it is asked for, known ground from then on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from person import BACK, INTO, OUT, OVER, RUN, Person, frames_of
from tape import TapeWorld

from foreframe.editing import Target
from foreframe.past import PREDICTED, UNKNOWN, VISITED
from foreframe.session import Session
from foreframe.timeline import Reason, Stop
from foreframe_models.backward import Retreat, front
from foreframe_models.engines.base import EngineUnreachable
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import (
    Direction,
    End,
    Event,
    Frame,
    Goal,
    Prediction,
    State,
    Trace,
    Usage,
)

SOURCE = """\
def g(a):  # @g
    b = a + 1  # @g_first
    return b  # @g_return

def f(n):  # @f
    total = 0  # @f_first
    for i in range(n):  # @loop
        total += g(i)  # @call
    return total  # @f_return
"""


class PastTape(TapeWorld):
    """A tape that is in the middle: it knows what comes, and what was before."""

    def __init__(self, frames: tuple[Frame, ...], at: int) -> None:
        super().__init__(frames)
        self.at = at  # the frame that the session begins with
        self.begun = 0  # frames that are known before that one
        self.most = 1000  # frames that it goes back at once
        self.failure: Exception | None = None
        self.asked_back: list[Goal] = []
        self.asked_forward = 0
        self.waits: asyncio.Event | None = None

    async def predict(self, program: Program, trace: Trace, goal: Goal, **how: Any) -> Prediction:
        if goal.direction is Direction.FORWARD:
            self.asked_forward += 1
            moved = Trace(trace.state, trace.frame, trace.parent, trace.length + self.at)
            made = await super().predict(program, moved, goal, on_frame=how.get("on_frame"))
            return self._onto(trace, made)
        self.asked_back.append(goal)
        found = Retreat.of(program, trace)
        known = self.at - self.begun
        wanted = False
        for frame in reversed(self.frames[:known]):
            if self.waits is not None:
                await self.waits.wait()
            if len(found.frames) >= self.most:
                break
            found.add(frame)
            wanted = wanted or goal.reached_backward(trace.state, frame)
            how["on_frame"](frame)
            if wanted and found.whole == len(found.frames):
                break
        frames = tuple(frame for frame, _ in found.frames[: found.whole])
        self.begun += len(frames)
        end = End.REACHED if wanted else End.FINISHED if found.is_over else End.CUT_OFF
        made = Prediction(found.trace(), frames, end, "cut off by the tape", Usage(1))
        if self.failure is not None:
            self.failure.partial = made  # type: ignore[attr-defined]
            raise self.failure
        return made

    def _onto(self, trace: Trace, made: Prediction) -> Prediction:
        for frame in made.frames:
            trace = trace.append(frame)
        return Prediction(trace, made.frames, made.end, made.message, made.usage)


class Newcomer(Person):
    """Someone who begins in the middle of a run, without knowing what led there."""

    def __init__(self, at: int, args: str = "2", *, frameless: bool = False) -> None:
        frames = frames_of(SOURCE, args)
        super().__init__(SOURCE, args, PastTape(frames, at))
        state = State()
        for frame in frames[: at + 1]:
            state = state.after(frame)
        start = Trace(state) if frameless else Trace(state, frames[at], Trace(), 1)
        self.session = Session(self.world, self.program, start, self)
        self.session.stopping.lines.clear()

    async def back(self, action: Any) -> Stop:
        return await self.step(action, BACK)


FRAMES = frames_of(SOURCE, "2")
SECOND = [i for i, f in enumerate(FRAMES) if f.line == 7 and f.event is Event.LINE][1]
LAST = len(FRAMES) - 2  # on `return total`


def values(stop: Stop) -> dict[str, str]:
    return {name: value.text for name, value in stop.state.top.locals.items()}


async def test_a_step_back_before_the_first_visited_line_is_predicted_and_says_so() -> None:
    one = Newcomer(SECOND)
    stop = await one.back(OVER)
    assert (one.at(stop), stop.reason, stop.description) == ("call", Reason.STEP, PREDICTED)
    assert values(stop) == {"n": "2", "total": "0", "i": "0"}
    again = await one.back(OVER)
    assert (one.at(again), again.description) == ("loop", PREDICTED)
    assert len(one.world.asked_back) == 2


async def test_going_forward_again_walks_known_ground_to_where_one_was() -> None:
    one = Newcomer(SECOND)
    start = values(one.session.timeline.cursor)
    await one.back(OVER)
    stop = await one.step(OVER)
    assert one.at(stop) == "loop"
    assert values(stop) == start
    assert one.world.asked_forward == 0
    stop = await one.step(OVER)
    assert one.at(stop) == "call"
    assert one.world.asked_forward == 1
    back = await one.back(OVER)
    assert (one.at(back), back.description) == ("loop", VISITED)


async def test_a_call_in_the_past_can_be_stepped_into_backward_and_out_of() -> None:
    one = Newcomer(SECOND)
    stop = await one.back(INTO)
    assert (one.at(stop), values(stop)) == ("g_return", {"a": "0", "b": "1"})
    stop = await one.back(OUT)
    assert one.at(stop) == "call"
    assert len(one.world.asked_back) == 1  # the caller's line came with the callee


async def test_a_reverse_continue_comes_to_the_beginning() -> None:
    one = Newcomer(LAST)
    stop = await one.back(RUN)
    assert (one.at(stop), stop.reason, stop.description) == (
        "f_first", Reason.ENTRY, "At the start",
    )  # fmt: skip
    assert stop.text == "this is the beginning of the call of f: nothing comes before it"
    again = await one.back(RUN)
    assert (one.at(again), len(one.world.asked_back)) == ("f_first", 1)


async def test_breakpoints_are_hit_in_a_predicted_past() -> None:
    one = Newcomer(LAST)
    breakpoint_ = one.set("call")
    stop = await one.back(RUN)
    assert (one.at(stop), stop.reason, stop.description) == (
        "call", Reason.BREAKPOINT, PREDICTED,
    )  # fmt: skip
    assert stop.breakpoints == (breakpoint_.id,)
    assert values(stop)["i"] == "1"
    stop = await one.back(RUN)
    assert values(stop)["i"] == "0"


async def test_conditions_are_judged_on_predicted_values() -> None:
    one = Newcomer(LAST)
    one.set("call", condition="i == 0")
    stop = await one.back(RUN)
    assert (one.at(stop), values(stop)["i"]) == ("call", "0")


async def test_the_past_is_a_branch_and_what_was_known_stays() -> None:
    one = Newcomer(SECOND)
    old = one.session.timeline.branch
    await one.walk(OVER, OVER)
    await one.back(RUN)
    timeline = one.session.timeline
    assert [b.number for b in timeline.branches] == [0, 1]
    assert timeline.branch.origin == 0
    assert timeline.branch.first.change is not None
    assert timeline.branch.first.change.kind == "past"
    assert timeline.branch.past == SECOND
    assert old.tip.trace.length == 7  # on the loop once more, through g
    assert [s.action for s in timeline.branch.steps()][:2] == [OVER, OVER]
    one.session.go_to(0, 0)
    stop = await one.wait()
    assert (one.at(stop), stop.trace.length) == ("loop", 1)


async def test_a_past_of_a_past_is_one_past() -> None:
    one = Newcomer(LAST)
    await one.back(OVER)
    await one.back(OVER)
    branch = one.session.timeline.branch
    assert branch.number == 2
    assert sum(s.change is not None for s in branch.steps()) == 1
    assert branch.past == one.world.begun


async def test_a_session_can_begin_from_a_state_that_no_frame_shows() -> None:
    one = Newcomer(SECOND, frameless=True)
    stop = await one.back(OVER)
    assert (one.at(stop), stop.description) == ("call", PREDICTED)
    stop = await one.step(OVER)
    assert one.at(stop) == "loop"
    assert one.world.asked_forward == 0


async def test_a_past_that_cannot_be_found_is_unknown_and_the_reason_is_told() -> None:
    one = Newcomer(LAST)
    one.world.most = 0
    stop = await one.back(OVER)
    assert (one.at(stop), stop.reason, stop.description) == ("f_return", Reason.PAUSE, UNKNOWN)
    assert "cut off by the tape" in one.text("limit")
    assert len(one.session.timeline.branches) == 1


async def test_a_past_that_was_cut_off_is_kept_as_far_as_it_goes() -> None:
    one = Newcomer(LAST)
    one.world.most = 8
    stop = await one.back(RUN)
    assert (stop.reason, stop.description) == (Reason.PAUSE, UNKNOWN)
    assert one.at(stop) == "loop"  # and not in the call before it, whose caller is not known yet
    one.world.most = 1000
    assert (await one.back(RUN)).description == "At the start"


async def test_an_engine_that_fails_leaves_the_session_and_the_past_it_found() -> None:
    one = Newcomer(LAST)
    one.world.failure, one.world.most = EngineUnreachable("nothing answers"), 8
    stop = await one.back(RUN)
    assert (one.at(stop), stop.description) == ("f_return", "Prediction failed")
    assert "1001" in one.text("error")
    assert one.session.timeline.branch.past > 0
    one.world.failure = None
    assert one.at(await one.back(OVER)) == "loop"


async def test_pausing_stays_where_the_way_back_began() -> None:
    one = Newcomer(LAST)
    one.world.waits = asyncio.Event()
    one.session.step(RUN, BACK)
    await asyncio.sleep(0)
    assert one.session.pause()
    stop = await one.wait()
    assert (one.at(stop), stop.description) == ("f_return", "Paused")
    one.world.waits = None
    assert (await one.back(RUN)).description == "At the start"


async def test_progress_counts_the_frames_found() -> None:
    one = Newcomer(LAST)
    seen: list[int] = []
    predict = one.world.predict

    async def watched(*given: Any, **how: Any) -> Prediction:
        count = how["on_frame"]

        def counted(frame: Frame) -> None:
            count(frame)
            seen.append(one.session.frames_done)

        return await predict(*given, **{**how, "on_frame": counted})

    one.world.predict = watched
    await one.back(RUN)
    assert seen == list(range(1, LAST + 1))


async def test_a_value_can_be_changed_in_a_predicted_past() -> None:
    one = Newcomer(LAST)
    await one.back(OVER)
    one.session.edit(0, Target("total"), "41")
    assert values(one.session.timeline.cursor)["total"] == "41"
    assert one.session.timeline.branch.first.change.kind == "edit"


async def test_at_the_call_of_the_entry_no_model_is_asked() -> None:
    one = Newcomer(1)
    stop = await one.back(OVER)
    assert (one.at(stop), stop.description) == ("f_first", "At the start")
    assert len(one.world.asked_back) == 1
    await one.back(OVER)
    assert len(one.world.asked_back) == 1


async def test_hits_of_breakpoints_are_counted_from_the_new_beginning() -> None:
    one = Newcomer(SECOND, "3")
    breakpoint_ = one.set("call")
    await one.step(RUN)
    assert breakpoint_.hits[0] == [2]
    await one.back(OVER)
    await one.back(OVER)
    shift = one.session.timeline.branch.past
    assert 2 + shift in breakpoint_.hits[one.session.timeline.branch.number]


@pytest.mark.parametrize("action", [INTO, OVER, OUT])
async def test_a_model_that_finds_no_past_is_no_error(action: Any) -> None:
    one = Newcomer(LAST)
    one.world.most = 0
    assert (await one.back(action)).description == UNKNOWN


def test_the_front_of_a_trace_is_its_earliest_state() -> None:
    state = State().after(FRAMES[0])
    assert front(Trace().append(FRAMES[0])) == state
    assert front(Trace(state)) is state
    with pytest.raises(ValueError, match="no past"):
        front(Trace())
