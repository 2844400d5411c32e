"""The world model of split programs: one operation at a time, told in the user's frames."""

from __future__ import annotations

import pytest
from truth import answer, real_frames

from foreframe_models.engines.base import EngineError
from foreframe_models.engines.recorded import Exchange, RecordedEngine
from foreframe_models.micro import MicroWorldModel, SplitProgram
from foreframe_models.program.control_flow import Program
from foreframe_models.world_model import Entry, WorldModel
from foreframe_protocol.states import Action, End, Event, Frame, Goal, State, Trace

SOURCE = """\
def shout(s):
    return s.upper() + "!"

def f(s, sep):
    for w in s.split():
        last = len(w) * 2
    x = shout(s[:2]) + shout(s[2:]).strip()
    return sep.join(sorted(x.split())[::-1])
"""
PROGRAM = Program.parse(SOURCE, "program.py")
ENTRY = Entry("f", "'ab c', '-'")
REAL = real_frames(SOURCE, ENTRY.function, ENTRY.args)
SPLIT = real_frames(SplitProgram(PROGRAM).map.source, ENTRY.function, ENTRY.args)


def shown(frame: Frame) -> tuple[object, ...]:
    """A frame without what a prediction adds to it."""
    texts = None if frame.locals is None else {n: v.text for n, v in frame.locals.items()}
    value = frame.value and frame.value.text
    place = (frame.event, frame.function, frame.scope_line, frame.line, frame.source, frame.depth)
    return (*place, texts, value)


def engine(starts: list[int]) -> RecordedEngine:
    """It answers each request with the split trace from one of these frames on."""
    states = [State()]
    for frame in SPLIT:
        states.append(states[-1].after(frame))
    texts = [answer(SPLIT[start:], states[start]) for start in starts]
    return RecordedEngine([Exchange(text) for text in texts], check_grammar=True)


async def test_a_whole_walk_gives_the_users_frames_with_parts() -> None:
    world = MicroWorldModel(WorldModel(engine([1])))
    start = await world.start(PROGRAM, ENTRY)
    seen: list[Frame] = []
    prediction = await world.predict(PROGRAM, start, Goal(Action.RUN_TO), on_frame=seen.append)
    assert prediction.end is End.FINISHED
    assert [shown(f) for f in prediction.frames] == [shown(f) for f in REAL[1:]]
    assert seen == list(prediction.frames)
    last = prediction.frames[-1]
    assert [(part.index, part.value.text) for part in last.parts] == [
        (0, "['AB!C!']"),
        (1, "['AB!C!']"),
        (2, "['AB!C!']"),
    ]
    calls = [f for f in prediction.frames if f.event is Event.CALL]
    assert [[p.value.text for p in f.parts] for f in calls] == [["'ab'"], ["'AB!'", "' c'"]]


def at(line: int, nth: int = 1) -> int:
    """The index of the n-th line frame on a line of the split program."""
    found = [i for i, f in enumerate(SPLIT) if (f.event, f.line) == (Event.LINE, line)]
    return found[nth - 1]


async def test_a_step_passes_over_the_operations_of_its_line() -> None:
    halves = SplitProgram(PROGRAM)
    first, own = halves.map.first[8], halves.map.own[8]
    assert own - first == 3
    starts = [1, *(at(line) + 1 for line in range(first, own + 1))]
    world = MicroWorldModel(WorldModel(engine(starts)))
    start = await world.start(PROGRAM, ENTRY)
    goal = Goal(Action.RUN_TO, lines=frozenset({(4, 8)}))
    stop = await world.predict(PROGRAM, start, goal)
    assert (stop.end, stop.trace.state.top.line) == (End.REACHED, 8)
    after = await world.predict(PROGRAM, stop.trace, Goal(Action.STEP_OVER))
    assert after.end is End.FINISHED
    assert [shown(f) for f in after.frames] == [shown(REAL[-1])]
    assert after.usage.requests == 4
    assert len(after.frames[0].parts) == 3


async def test_a_breakpoint_on_a_loop_whose_iterable_is_split_is_reached_each_time() -> None:
    halves = SplitProgram(PROGRAM)
    first, own = halves.map.first[5], halves.map.own[5]
    world = MicroWorldModel(WorldModel(engine([1, at(first) + 1, at(own) + 1, at(own, 2) + 1])))
    trace = await world.start(PROGRAM, ENTRY)
    goal = Goal(Action.RUN_TO, lines=frozenset({(4, 5)}))
    expected = [f for f in REAL if (f.event, f.line) == (Event.LINE, 5)]
    for frame in expected[:2]:
        prediction = await world.predict(PROGRAM, trace, goal)
        assert prediction.end is End.REACHED
        trace = prediction.trace
        assert trace.frame is not None
        assert shown(trace.frame) == shown(frame)


async def test_a_listener_ends_the_walk_on_the_users_frame() -> None:
    world = MicroWorldModel(WorldModel(engine([1])))
    start = await world.start(PROGRAM, ENTRY)
    prediction = await world.predict(
        PROGRAM, start, Goal(Action.RUN_TO), on_frame=lambda frame: frame.line == 7
    )
    assert prediction.end is End.CANCELLED
    assert prediction.frames[-1].line == 7


async def test_what_was_finished_before_a_fault_is_told_in_the_users_frames() -> None:
    recorded = RecordedEngine([Exchange(answer(SPLIT[1:4], State().after(SPLIT[0])))])
    world = MicroWorldModel(WorldModel(recorded))
    start = await world.start(PROGRAM, ENTRY)
    with pytest.raises(EngineError) as caught:
        await world.predict(PROGRAM, start, Goal(Action.RUN_TO))
    partial = caught.value.partial
    assert partial is not None
    assert 0 < len(partial.frames) < 4
    expected = REAL[1 : 1 + len(partial.frames)]
    assert [shown(f) for f in partial.frames] == [shown(f) for f in expected]


async def test_a_state_without_history_goes_on_where_its_line_begins() -> None:
    halves = SplitProgram(PROGRAM)
    state = State()
    for frame in REAL[:-1]:
        state = state.after(frame)
    place = halves.begin(state)
    assert place.trace.state.top.line == halves.map.first[8]
    inside = Trace(State())
    for frame in REAL:
        inside = inside.append(frame)
        if frame.event is Event.CALL and frame.function == "shout":
            break
    stack = halves.begin(inside.state).trace.state.stack
    assert halves.split.lines[stack[0].line - 1].strip() == "_t1 = shout(_t0)"
