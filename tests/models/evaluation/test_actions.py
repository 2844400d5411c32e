"""Debuggers' actions at places of a real trace, and how right a model is in each."""

from __future__ import annotations

from dataclasses import replace

from truth import real_frames

from foreframe_models.engines.base import CannotJump
from foreframe_models.entry import Entry
from foreframe_models.evaluation.actions import Act, acts, stops, stops_back
from foreframe_models.evaluation.cruxeval import Item
from foreframe_models.evaluation.metrics import actions, backward
from foreframe_models.evaluation.outcomes import Outcome, Walk
from foreframe_models.jumps import aim_of, landing
from foreframe_models.program.control_flow import Program
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import (
    Action,
    Direction,
    End,
    Frame,
    Goal,
    Prediction,
    State,
    Trace,
    Usage,
)

CALLS = "def g(a):\n    return a + 1\n\ndef f(a):\n    b = g(a)\n    c = g(b)\n    return c\n"
ITEM = Item("calls", Program.parse(CALLS, "calls"), Entry("f", "1"), "3")
FRAMES = real_frames(CALLS, "f", "1")


class Knows(WorldModel):
    """Answers with the truth from any state of a trace. `blind`: neither jumps nor past."""

    def __init__(self, frames: list[Frame], *, blind: bool = False, wrong: bool = False) -> None:
        self.frames, self.blind, self.wrong = frames, blind, wrong
        self.states: list[State] = []
        for frame in frames:
            self.states.append((self.states[-1] if self.states else State()).after(frame))

    def answer(self, at: int) -> Prediction:
        frame = self.frames[at]
        if self.wrong:
            frame = replace(frame, line=frame.line + 1)
        return Prediction(Trace(), (frame,), End.REACHED)

    async def predict(  # type: ignore[override]
        self, program: Program, trace: Trace, goal: Goal
    ) -> Prediction:
        at = self.states.index(trace.state)
        if goal.direction is Direction.BACKWARD:
            if self.blind:
                raise CannotJump("no past")
            return self.answer(stops_back(self.frames, at, trace.state, goal))
        end = stops(self.frames, at, trace.state, goal)
        assert end is not None
        return self.answer(end)

    async def jump(  # type: ignore[override]
        self, program: Program, trace: Trace, goal: Goal
    ) -> Prediction:
        if self.blind:
            raise CannotJump("no jumps")
        there = landing(self.frames, self.states.index(trace.state), aim_of(goal, trace.state))
        assert there is not None
        return self.answer(there)


async def asked(model: Knows) -> list[Act]:
    return await acts(model, ITEM, Trace().append(FRAMES[0]), FRAMES)


async def test_who_knows_the_truth_is_right_in_every_action_each_way() -> None:
    found = actions(await asked(Knows(FRAMES)))
    assert {way: list(counted) for way, counted in found.items()} == {
        "walk": ["run_to", "step_out", "step_over"],
        "jump": ["run_to", "step_out", "step_over"],
        "back": ["step_out", "step_over"],
    }
    for by_action in found.values():
        for counted in by_action.values():
            assert (counted["exact"], counted["action_exact"], counted["cut_off"]) == (1, 1, 0)


async def test_a_wrong_stop_is_wrong_and_the_same_places_are_asked_again() -> None:
    first, second = await asked(Knows(FRAMES)), await asked(Knows(FRAMES, wrong=True))
    assert [one.real for one in first] == [one.real for one in second]
    assert all(c["exact"] == 0 for part in actions(second).values() for c in part.values())


async def test_what_a_model_cannot_do_is_left_out() -> None:
    assert list(actions(await asked(Knows(FRAMES, blind=True)))) == ["walk"]


async def test_the_past_is_told_by_event_and_by_operation() -> None:
    found = Outcome(ITEM, Walk((), End.FINISHED), tuple(FRAMES[1:]), (), tuple(
        await asked(Knows(FRAMES))))  # fmt: skip
    told = backward([found])
    assert told is not None
    assert (told["frame_exact"], told["previous_line"], told["previous_values"]) == (1, 1, 1)
    events, operations = told["events"], told["operations"]
    assert isinstance(events, dict)
    assert isinstance(operations, dict)
    assert set(events) <= {"line", "call"}
    assert "g()" in operations
    assert backward([replace(found, acts=())]) is None


def test_actions_really_stop_where_a_debugger_does() -> None:
    states: list[State] = []
    for frame in FRAMES:
        states.append((states[-1] if states else State()).after(frame))
    lines = [(f.event.value, f.line) for f in FRAMES]
    at = lines.index(("line", 5))
    over = stops(FRAMES, at, states[at], Goal(Action.STEP_OVER))
    assert over is not None
    assert lines[over] == ("line", 6)
    out = stops(FRAMES, at + 2, states[at + 2], Goal(Action.STEP_OUT))
    assert out is not None
    assert lines[out] == ("return", 2)
    back = Goal(Action.STEP_OVER, Direction.BACKWARD)
    assert lines[stops_back(FRAMES, lines.index(("line", 6)), states[over], back)] == ("line", 5)
    assert stops_back(FRAMES, at, states[at], back) == 0


def test_cut_off_actions_are_counted_apart() -> None:
    act = Act("walk", Action.STEP_OUT, State(), FRAMES[-1], None, End.CUT_OFF, Usage())
    found = actions([act])["walk"]["step_out"]
    assert (found["frames"], found["exact"], found["cut_off"]) == (1, 0, 1)
