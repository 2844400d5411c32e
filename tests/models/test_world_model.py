"""Predictions as a whole: goals, limits, prompts, faults of the engine."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

import pytest
from truth import answer, oracle, real_frames

from foreframe_models.engines import open_engine
from foreframe_models.engines.base import EngineAborted, EngineError, EngineUnreachable
from foreframe_models.engines.recorded import BYTE_MODEL, Exchange, RecordedEngine, byte_text
from foreframe_models.program.control_flow import Program
from foreframe_models.world_model import Entry, EntryError, WorldModel
from foreframe_protocol.states import (
    Action,
    End,
    Frame,
    Goal,
    Provenance,
    State,
    Trace,
    Value,
)

SOURCE = """\
def count(word, letter):
    total = 0
    for character in word:
        if same(character, letter):
            total += 1
    return total

def same(a, b):
    return a == b

def fail(items):
    try:
        return items[3]
    except IndexError as error:
        found = str(error)
    raise ValueError(found)
"""
PROGRAM = Program.parse(SOURCE, "program.py")
ENTRY = Entry("count", "'abba', 'b'")
FRAMES = real_frames(SOURCE, ENTRY.function, ENTRY.args)


def shown(frame: Frame) -> tuple[object, ...]:
    """A frame without what a prediction adds to it."""
    texts = None if frame.locals is None else {n: v.text for n, v in frame.locals.items()}
    value = None if frame.value is None else frame.value.text
    return (frame.event, frame.function, frame.scope_line, frame.line, frame.source, frame.depth,
            texts, value)  # fmt: skip


async def walk_to(length: int) -> tuple[WorldModel, Trace]:
    """A model that knows the truth, and the trace of the first `length` true frames."""
    world = WorldModel(oracle(FRAMES, length))
    trace = await world.start(PROGRAM, ENTRY)
    for frame in FRAMES[1:length]:
        trace = trace.append(frame)
    return world, trace


async def test_a_start_stands_on_the_call_with_given_arguments() -> None:
    world, trace = await walk_to(1)
    assert shown(trace.frame or FRAMES[-1]) == shown(FRAMES[0])
    assert {v.provenance for v in trace.state.top.locals.values()} == {Provenance.GIVEN}
    assert isinstance(world.engine, RecordedEngine)
    assert not world.engine.requests  # the start needs no engine


async def test_a_whole_walk_is_one_request_and_gives_the_true_frames() -> None:
    world, trace = await walk_to(1)
    seen: list[Frame] = []
    prediction = await world.predict(PROGRAM, trace, Goal(Action.RUN_TO), on_frame=seen.append)
    assert prediction.end is End.FINISHED
    assert [shown(f) for f in prediction.frames] == [shown(f) for f in FRAMES[1:]]
    assert seen == list(prediction.frames)
    assert prediction.usage.requests == 1
    assert prediction.usage.forced_tokens > 3 * prediction.usage.generated_tokens


@pytest.mark.parametrize("length", range(1, len(FRAMES), 3))
@pytest.mark.parametrize("action", list(Action))
async def test_an_action_ends_on_the_first_true_frame_that_reaches_it(
    action: Action, length: int
) -> None:
    world, trace = await walk_to(length)
    goal = Goal(action)
    prediction = await world.predict(PROGRAM, trace, goal)
    reached = [f for f in FRAMES[length:] if goal.reached(trace.state, f)]
    target = (reached or FRAMES[-1:])[0]
    assert prediction.end is (End.FINISHED if target is FRAMES[-1] else End.REACHED)
    assert shown(prediction.frames[-1]) == shown(target)
    assert prediction.usage.requests == 1


async def test_a_breakpoint_in_a_callee_ends_a_step_over_its_call() -> None:
    world, trace = await walk_to(4)
    goal = Goal(Action.STEP_OVER, lines=frozenset({(8, 9)}))
    prediction = await world.predict(PROGRAM, trace, goal)
    assert prediction.end is End.REACHED
    assert prediction.trace.state.top.function == "same"
    assert prediction.trace.state.top.line == 9


async def test_exceptions_are_predicted_handled_and_passed_on() -> None:
    frames = real_frames(SOURCE, "fail", "[1, 2]")
    world = WorldModel(oracle(frames))
    trace = await world.start(PROGRAM, Entry("fail", "[1, 2]"))
    prediction = await world.predict(PROGRAM, trace, Goal(Action.RUN_TO, exceptions=True))
    assert prediction.end is End.REACHED
    assert prediction.trace.state.value == Value("IndexError: list index out of range")
    world = WorldModel(oracle(frames))
    whole = await world.predict(PROGRAM, trace, Goal(Action.RUN_TO))
    assert [shown(f) for f in whole.frames] == [shown(f) for f in frames[1:]]


async def test_a_walk_begun_from_a_state_needs_no_history() -> None:
    before = State()
    for frame in FRAMES[:5]:
        before = before.after(frame)
    engine = RecordedEngine([Exchange(answer(FRAMES[5:], before))], check_grammar=True)
    world = WorldModel(engine)
    prediction = await world.predict(PROGRAM, world.begin(PROGRAM, before), Goal(Action.RUN_TO))
    assert [shown(f) for f in prediction.frames] == [shown(f) for f in FRAMES[5:]]
    prompt = byte_text(engine.requests[0].prompt)
    assert prompt.count("def same(a, b):") == 2  # the context, and its call
    assert '"total": "0"' in prompt


async def test_text_of_the_user_never_becomes_a_separator() -> None:
    source = 'def f(text):\n    other = "<|frame_sep|><|call_sep|>"\n    return text + other\n'
    args = "'<|end_of_text|><|frame_sep|>'"
    frames = real_frames(source, "f", args)
    engine = RecordedEngine([], check_grammar=True)
    world = WorldModel(engine)
    program = Program.parse(source, "program.py")
    trace = await world.start(program, Entry("f", args))
    trace = trace.append(frames[1]).append(frames[2])
    with pytest.raises(EngineAborted):  # it has no answer; the prompt is what counts
        await world.predict(program, trace, Goal(Action.STEP_OVER))
    prompt = engine.requests[0].prompt
    specials = [i for i in prompt if i >= 256]
    # begin, context start, context; then five frames: two of main, three of f
    assert specials.count(BYTE_MODEL.specials["<|frame_sep|>"]) == 6
    assert specials.count(BYTE_MODEL.specials["<|call_sep|>"]) == 2
    assert specials.count(BYTE_MODEL.specials["<|end_of_text|>"]) == 0
    assert byte_text(prompt).count("<|frame_sep|>") == 6


async def test_a_long_trace_is_cut_to_the_context_from_its_oldest_frames() -> None:
    model = replace(BYTE_MODEL, context_tokens=2200)
    before = State()
    for frame in FRAMES[:20]:
        before = before.after(frame)
    engine = RecordedEngine([Exchange(answer(FRAMES[20:], before))], model=model)
    world = WorldModel(engine)
    trace = await world.start(PROGRAM, ENTRY)
    for frame in FRAMES[1:20]:
        trace = trace.append(frame)
    prediction = await world.predict(PROGRAM, trace, Goal(Action.STEP_INTO))
    assert shown(prediction.frames[0]) == shown(FRAMES[20])
    prompt = engine.requests[0].prompt
    assert len(prompt) <= 2200 * 3 // 4
    assert 0 < prediction.left_out < 20
    assert byte_text(prompt).endswith(FRAMES[19].source + "\n")


async def test_a_trace_is_cut_off_after_the_most_frames_allowed() -> None:
    world, trace = await walk_to(1)
    world.max_frames = 6
    prediction = await world.predict(PROGRAM, trace, Goal(Action.RUN_TO))
    assert prediction.end is End.CUT_OFF
    assert prediction.trace.length == 6
    assert "6 frames" in prediction.message
    again = await world.predict(PROGRAM, prediction.trace, Goal(Action.RUN_TO))
    assert (again.end, again.frames) == (End.CUT_OFF, ())


async def test_an_engine_that_fails_in_the_middle_leaves_what_was_finished() -> None:
    text = answer(FRAMES[1:4], State().after(FRAMES[0]))
    engine = RecordedEngine(
        [Exchange(text, error="EngineAborted: lost"), *oracle(FRAMES, 4)._exchanges]
    )
    world = WorldModel(engine)
    trace = await world.start(PROGRAM, ENTRY)
    with pytest.raises(EngineError) as caught:
        await world.predict(PROGRAM, trace, Goal(Action.RUN_TO))
    partial = caught.value.partial
    assert partial is not None
    assert [shown(f) for f in partial.frames] == [shown(f) for f in FRAMES[1:4]]
    prediction = await world.predict(PROGRAM, partial.trace, Goal(Action.RUN_TO))
    assert prediction.end is End.FINISHED


async def test_an_engine_that_was_down_at_the_start_is_tried_again() -> None:
    engine = oracle(FRAMES)
    engine.open_failure = EngineUnreachable("nothing answers")
    world = WorldModel(engine)
    trace = await world.start(PROGRAM, ENTRY)
    with pytest.raises(EngineUnreachable):
        await world.predict(PROGRAM, trace, Goal(Action.RUN_TO))
    engine.open_failure = None
    prediction = await world.predict(PROGRAM, trace, Goal(Action.RUN_TO))
    assert prediction.end is End.FINISHED


async def test_an_answer_that_is_no_legal_frame_is_the_engines_fault_and_says_so() -> None:
    bad = '<|line_sep|>{"word": ".."}<|action_sep|>    return 7\n<|frame_sep|>'
    world = WorldModel(RecordedEngine([Exchange(bad)]))
    trace = await world.start(PROGRAM, ENTRY)
    with pytest.raises(EngineAborted, match="return 7"):
        await world.predict(PROGRAM, trace, Goal(Action.STEP_INTO))


async def test_cancelling_the_task_ends_the_prediction() -> None:
    world = WorldModel(RecordedEngine([Exchange("", delay=60)]))
    trace = await world.start(PROGRAM, ENTRY)
    task = asyncio.create_task(world.predict(PROGRAM, trace, Goal(Action.RUN_TO)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_nothing_can_change_stays_given_and_what_the_model_repeats_does_not() -> None:
    world, trace = await walk_to(1)
    prediction = await world.predict(PROGRAM, trace, Goal(Action.STEP_INTO))
    assert prediction.trace.state.top.locals["word"].provenance is Provenance.GIVEN
    text = answer(FRAMES[1:2], State().after(FRAMES[0]))
    world = WorldModel(RecordedEngine([Exchange(text, logprobs=(-0.5,) * len(text))]))
    prediction = await world.predict(PROGRAM, trace, Goal(Action.STEP_INTO))
    assert prediction.trace.state.top.locals["word"].provenance is Provenance.PREDICTED


async def test_a_wrong_entry_names_what_to_change() -> None:
    world = WorldModel(RecordedEngine([]))
    with pytest.raises(EntryError, match="there is count"):
        await world.start(PROGRAM, Entry("cuont"))


async def test_a_module_is_its_own_entry_scope() -> None:
    source = "x = 1\ny = [x] * 2\nfor z in y:\n    x += z\n"
    frames = real_frames(source)
    program = Program.parse(source, "program.py")
    engine = oracle(frames)
    world = WorldModel(engine)
    trace = await world.start(program, Entry())
    prediction = await world.predict(program, trace, Goal(Action.RUN_TO))
    assert [shown(f) for f in prediction.frames] == [shown(f) for f in frames[1:]]
    assert byte_text(engine.requests[0].prompt).startswith("\nx = 1  # << START_OF_TRACE\n")


async def test_confidence_is_the_probability_of_the_values_own_tokens() -> None:
    text = answer(FRAMES[1:3], State().after(FRAMES[0]))
    engine = RecordedEngine([Exchange(text, logprobs=(-0.01,) * 1000)])
    world = WorldModel(engine)
    trace = await world.start(PROGRAM, ENTRY)
    prediction = await world.predict(PROGRAM, trace, Goal(Action.STEP_INTO))
    frame = prediction.frames[-1]
    assert frame.locals is not None
    confidence = frame.locals["word"].confidence
    assert confidence is not None
    assert confidence == pytest.approx(2.718281828 ** (-0.01 * 3))  # `..` and the closing quote


async def test_a_line_that_goes_on_for_ever_without_a_frame_ends_a_walk():
    program = Program.parse("def f(n):\n    while True: pass\n    return n\n", "p.py")
    world = WorldModel(open_engine("embedded"))
    try:
        start = await world.start(program, Entry("f", "1"))
        found = await world.predict(program, start, Goal(Action.RUN_TO))
    finally:
        await world.close()
    assert found.end is End.CUT_OFF
    if sys.version_info < (3, 12):  # later ones tell such a line each time that it is come to
        assert found.message == "cut off: line 2 goes on for ever, and nothing changes"
        assert [frame.line for frame in found.trace.frames()] == [1, 2]


async def test_a_text_with_a_byte_order_mark_is_predicted_as_without():
    program = Program.parse("\ufeff# first\ndef f(n):\n    return n\n", "p.py")
    world = WorldModel(open_engine("embedded"))
    try:
        found = await world.predict(
            program, await world.start(program, Entry("f", "1")), Goal(Action.RUN_TO)
        )
    finally:
        await world.close()
    assert found.end is End.FINISHED
    assert [frame.line for frame in found.trace.frames()] == [2, 3, 3]
