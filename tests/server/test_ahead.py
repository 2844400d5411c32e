"""What is predicted before it is asked for: nobody sees it until a step takes it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from dap_client import Failed, in_process
from person import BACK, INTO, OUT, OVER, RUN, Person
from rule_world import SOURCE as RULES
from rule_world import RuleWorld

from foreframe.ahead import FEWEST, FRAMES, PRIORITY
from foreframe.editing import Target
from foreframe.timeline import Reason
from foreframe_models.engines.base import EngineUnreachable

SOURCE = """\
def double(n):
    m = n * 2  # @inside
    return m  # @double_return

def f(n):
    total = 0  # @first
    for i in range(n):  # @loop
        total += double(i)  # @call
        print(i, total)  # @print
    return total  # @return
"""
TOKENS = 10_000


async def stopped(args: str = "3", **options: int) -> Person:
    """At the first line, with all predicted that is worth it."""
    person = Person(SOURCE, args, look_ahead_tokens=TOKENS, **options)
    await person.begin()
    await person.session.ahead.settled()
    return person


def known(person: Person) -> int:
    return person.session.timeline.tip.length


async def test_a_step_takes_what_is_there_and_asks_for_nothing():
    person = await stopped()
    person.world.starts.clear()
    person.session.ahead.tokens = 0  # nothing more from here on
    await person.walk(OVER, OVER, INTO)
    assert person.at(person.stops[-1]) == "inside"
    assert person.world.starts == []
    assert person.session.ahead.taken == known(person) - 2


async def test_a_person_sees_the_same_with_it_and_without():
    actions = [OVER, INTO, INTO, OUT, OVER, INTO, OVER, RUN]
    seen = []
    for tokens in (0, 3, TOKENS):
        person = Person(SOURCE, "3", look_ahead_tokens=tokens)
        person.world.tokens = 1
        person.set("print", log_message="i is {i}")
        person.set("call", hit_condition="3")
        await person.begin()
        for action in actions:
            await person.session.ahead.settled()
            await person.step(action)
        timeline = person.session.timeline
        steps = [(s.action, s.trace.length) for s in timeline.steps]
        stops = [(stop.trace.length, stop.reason, stop.breakpoints) for stop in person.stops]
        spent = sum(s.usage.generated_tokens for s in timeline.steps)
        seen.append((stops, person.outputs, steps, spent))
    assert seen[0] == seen[1] == seen[2]


async def test_the_timeline_shows_nothing_of_it_until_it_is_taken():
    person = await stopped()
    timeline = person.session.timeline
    assert max(person.world.starts) > known(person)
    assert [(s.number, s.trace.length) for s in timeline.steps] == [(0, 1), (1, 2)]
    assert timeline.cursor.trace is timeline.tip
    assert person.session.frames_done == 0


async def test_predicted_prints_and_logpoints_speak_only_when_a_step_passes_them():
    person = Person(SOURCE, "3", look_ahead_tokens=TOKENS)
    person.set("print", log_message="i is {i}")
    await person.begin()
    await person.session.ahead.settled()
    assert max(person.world.starts) > 12
    assert person.outputs == []
    await person.walk(OVER, OVER, OVER, OVER)
    assert (person.text("log"), person.text("stdout")) == ("i is 0\n", "0 0\n")


async def test_it_asks_behind_everyone_who_waits():
    person = await stopped()
    assert person.world.priorities == [0] + [PRIORITY] * (len(person.world.priorities) - 1)


async def test_a_step_joins_the_prediction_of_its_frames_that_is_under_way():
    person = Person(SOURCE, "3", look_ahead_tokens=TOKENS)
    person.world.hold = 3
    await person.begin()
    await person.world.is_held.wait()
    person.session.step(OVER)
    await asyncio.sleep(0)
    person.session.step(OVER)  # the first one is taken back, and joined again
    await asyncio.sleep(0)
    assert person.session.is_running
    person.session.ahead.tokens = 0
    person.world.hold = None
    person.world.go.set()
    stop = await person.wait()
    assert person.at(stop) == "loop"
    assert (person.world.starts.count(3), person.world.cancelled) == (1, 0)


async def test_a_step_that_waits_too_long_asks_by_itself():
    person = Person(SOURCE, "3", look_ahead_tokens=TOKENS)
    person.session.ahead.patience = 0.01
    person.world.hold = 3
    await person.begin()
    await person.world.is_held.wait()
    person.world.hold = None
    person.session.ahead.tokens = 0
    await person.step(OVER)
    await person.step(OVER)
    assert (person.world.starts[-1], person.world.priorities[-1]) == (3, 0)
    assert person.world.cancelled == 1


async def test_stepping_back_ends_what_is_under_way_at_the_engine():
    person = Person(SOURCE, "3", look_ahead_tokens=TOKENS)
    person.world.hold = 6
    await person.begin()
    await person.world.is_held.wait()
    await person.step(OVER)
    person.session.ahead.tokens = 0
    await person.step(INTO, BACK)
    await asyncio.sleep(0)
    assert person.world.cancelled == 1


async def test_what_is_ready_outlives_a_walk_over_visited_ground():
    person = await stopped()
    person.session.ahead.tokens = 0
    await person.walk(OVER, OVER)
    asked = len(person.world.goals)
    await person.step(OVER, BACK)
    await person.walk(OVER, OVER)
    assert len(person.world.goals) == asked
    assert person.at(person.stops[-1]) == "print"


async def test_a_breakpoint_set_in_the_meantime_stops_in_what_was_predicted_before():
    person = await stopped()
    made = person.set("double_return", condition="m > 0")
    stop = await person.step(RUN)
    assert (person.at(stop), stop.breakpoints) == ("double_return", (made.id,))
    assert stop.state.top.locals["m"].text == "2"


async def test_an_edit_leaves_it_behind():
    person = Person(RULES, "3", RuleWorld(), look_ahead_tokens=TOKENS)
    await person.begin()
    await person.session.ahead.settled()
    person.session.edit(0, Target("n"), "0")
    await person.session.ahead.settled()
    stop = await person.walk(OVER, OVER)
    assert person.at(stop) == "f_return"


async def test_going_to_another_branch_leaves_it_behind():
    person = Person(RULES, "3", RuleWorld(), look_ahead_tokens=TOKENS)
    await person.begin()
    person.session.edit(0, Target("n"), "0")
    await person.session.ahead.settled()
    person.session.go_to(1)
    await person.wait()
    await person.session.ahead.settled()
    stop = await person.walk(OVER, OVER)
    assert person.at(stop) == "call"


async def test_an_error_is_kept_from_the_person_until_the_step_that_meets_it():
    person = Person(SOURCE, "3", look_ahead_tokens=TOKENS)
    person.world.failures = {4: EngineUnreachable("gone")}
    await person.begin()
    await person.session.ahead.settled()
    assert person.outputs == []
    stop = await person.walk(OVER, OVER, OVER)
    assert (person.at(stop), person.outputs) == ("print", [])


async def test_an_error_that_stays_is_told_when_a_step_asks():
    person = Person(SOURCE, "3", look_ahead_tokens=TOKENS)
    person.world.hold = 3
    await person.begin()
    await person.world.is_held.wait()
    person.world.failures = {3: EngineUnreachable("gone")}
    person.session.step(OVER)
    await person.wait()
    person.session.ahead.tokens = 0
    person.session.ahead.drop()
    stop = await person.step(OVER)
    assert (stop.reason, stop.description) == (Reason.PAUSE, "Prediction failed")
    assert "gone" in person.text("error")


@pytest.mark.parametrize(("tokens", "frames"), [(1, 1), (5, 5), (0, 0)])
async def test_tokens_bound_it(tokens: int, frames: int):
    person = Person(SOURCE, "3", look_ahead_tokens=tokens)
    person.world.tokens = 1
    await person.begin()
    await person.session.ahead.settled()
    assert person.session.ahead.usage.generated_tokens == frames
    assert person.session.ahead.usage.generated_tokens <= tokens


async def test_frames_bound_it_when_there_is_far_to_go():
    person = Person(SOURCE, "40", look_ahead_tokens=TOKENS)
    person.set("return")
    await person.begin()
    await person.session.ahead.settled()
    assert FRAMES <= max(person.world.starts) + 1 - known(person) <= FRAMES + 2


async def test_it_goes_further_for_someone_who_takes_long_steps():
    person = Person(SOURCE, "40", look_ahead_tokens=TOKENS)
    await person.begin()
    await person.session.ahead.settled()
    few = max(person.world.starts) + 1 - known(person)
    assert FEWEST <= few <= FEWEST + 2
    await person.walk(OVER, OVER, OVER)  # the last one over a call
    await person.session.ahead.settled()
    assert max(person.world.starts) + 1 - known(person) >= 3 * 5 > few


async def test_what_was_taken_is_paid_by_the_step_that_took_it():
    person = Person(SOURCE, "3", look_ahead_tokens=TOKENS)
    person.world.tokens = 7
    await person.begin()
    await person.session.ahead.settled()
    await person.walk(OVER, OVER)
    step = person.session.timeline.steps[-1]
    assert (step.usage.requests, step.usage.generated_tokens) == (1, 7)
    spent = person.session.ahead.usage.generated_tokens
    told = sum(s.usage.generated_tokens for s in person.session.timeline.steps[2:])
    assert spent > told


async def test_the_end_of_the_program_is_reached_over_what_was_predicted():
    person = await stopped("0")
    person.session.ahead.tokens = 0
    stop = await person.walk(OVER, OVER, OVER)
    assert (stop.description, stop.text) == ("At the end", "returns 0")
    assert person.world.priorities == [0] + [PRIORITY] * 3
    person.session.step(RUN)
    await person.wait()
    assert person.exit_codes == [0]


async def test_pausing_a_step_that_waits_for_it_keeps_what_was_taken():
    person = Person(SOURCE, "3", look_ahead_tokens=TOKENS)
    person.world.hold = 5
    await person.begin()
    await person.world.is_held.wait()
    person.session.step(RUN)
    await asyncio.sleep(0)
    assert person.session.pause()
    stop = await person.wait()
    assert (stop.reason, stop.trace.length) == (Reason.PAUSE, 4)


async def test_a_session_that_is_closed_ends_it():
    person = Person(SOURCE, "3", look_ahead_tokens=TOKENS)
    person.world.hold = 5
    await person.begin()
    await person.world.is_held.wait()
    await person.session.close()
    assert person.world.cancelled == 1


class Careless(RuleWorld):
    """Breaks in a way that no engine does."""

    async def predict(self, *args: object, priority: int = 0, **options: object):  # type: ignore[override]
        if priority:
            raise ZeroDivisionError
        return await super().predict(*args, **options)  # type: ignore[arg-type]


async def test_a_fault_of_our_own_in_it_does_not_reach_the_person(
    capfd: pytest.CaptureFixture[str],
):
    person = Person(RULES, "3", Careless(), look_ahead_tokens=TOKENS)
    await person.begin()
    await person.session.ahead.settled()
    stop = await person.step(OVER)
    assert (person.at(stop), person.outputs) == ("loop", [])
    assert "ZeroDivisionError" in capfd.readouterr().err


class Alike(RuleWorld):
    """Its kind of engine is named as those are that answer anything."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0

    async def predict(self, *args: object, priority: int = 0, **options: object):  # type: ignore[override]
        self.ahead += priority == PRIORITY
        return await super().predict(*args, priority=priority, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("engine", "asked", "is_ahead"),
    [
        ("embedded", {}, True),
        ("http://127.0.0.1:1", {}, True),
        ("recorded:answers.jsonl", {}, False),
        ("embedded", {"lookAheadTokens": 0}, False),
        ("recorded:answers.jsonl", {"lookAheadTokens": 9}, True),
    ],
)
async def test_a_launch_says_how_far_to_look_ahead(
    tmp_path: Path, engine: str, asked: dict[str, int], is_ahead: bool
):
    path = tmp_path / "p.py"
    path.write_text(RULES)
    world = Alike()
    client, adapter = in_process(lambda engine, frames: world)
    launch = {"function": "f", "args": "3", "stopOnEntry": True, "engine": engine, **asked}
    await client.start(str(path), **launch)
    await client.event("stopped")
    assert adapter._current.live is not None
    await adapter._current.live.ahead.settled()
    assert (world.ahead > 0) is is_ahead
    await client.step("next")
    assert await client.line() == 7
    await adapter.close()


async def test_a_number_of_tokens_below_zero_is_refused(tmp_path: Path):
    path = tmp_path / "p.py"
    path.write_text(RULES)
    client, _ = in_process(lambda engine, frames: RuleWorld())
    with pytest.raises(Failed) as failed:
        await client.start(str(path), lookAheadTokens=-1)
    assert failed.value.code == 2302
