"""Jumps at run time: which answers are legal, and what a prediction makes of one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from random import Random

import pytest
from truth import answer, real_frames

from foreframe_models.dialects.compact_jump import aim_ids, jump_grammar, write_jump
from foreframe_models.dialects.compact_text import Place, advance
from foreframe_models.dialects.listing import Listing
from foreframe_models.engines.base import CannotJump, Chunk, Engine, Finish, ModelInfo, Request
from foreframe_models.engines.constraint import GrammarVocabulary
from foreframe_models.engines.recorded import Exchange, RecordedEngine
from foreframe_models.jumps import Aim, aim_of, landing, targets
from foreframe_models.program.control_flow import Program
from foreframe_models.training.documents import TraceLimits, Untraceable, trace
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_models.vocabulary import Vocabulary
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import Action, Direction, End, Event, Frame, Goal, State, Trace

VOCABULARY = Vocabulary.standard()
IDS = GrammarVocabulary.of_ids(len(VOCABULARY), VOCABULARY.special["<pad>"])
INFO = ModelInfo("small", "compact", 2048, VOCABULARY.special)
OUT = Goal(Action.STEP_OUT)
SOURCE = """\
def g(a):
    b = a + 1
    if b > 9:
        raise ValueError(b)
    return b

def f(items):
    total = 0
    for item in items:
        total += g(item)
    return total
"""
PROGRAM = Program.parse(SOURCE, "program.py")
FRAMES = real_frames(SOURCE, "f", "[1, 2]")


class Knows(Engine):
    """Answers each request with the next of some texts, checked against the request's grammar."""

    name = "knows"

    def __init__(self, *answers: Sequence[int]) -> None:
        self.answers, self.requests = list(answers), list[Request]()

    async def open(self) -> ModelInfo:
        return INFO

    async def stream(self, request: Request) -> AsyncIterator[Chunk]:
        self.requests.append(request)
        assert request.grammar is not None
        legal = IDS.constraint(request.grammar)
        for token in self.answers.pop(0):
            legal.advance([token])
            yield Chunk((token,), (VOCABULARY.tokens[token],), (-0.1,), (False,))
        assert legal.complete
        yield Chunk(finish=Finish.STOP)

    async def encode(self, text: str) -> tuple[int, ...]:
        return VOCABULARY.value(text)

    async def decode(self, ids: tuple[int, ...]) -> str:
        return VOCABULARY.decode(ids)

    async def health(self) -> str:
        return ""

    async def close(self) -> None:
        return None


def after(frames: Sequence[Frame]) -> Trace:
    found = Trace()
    for frame in frames:
        found = found.append(frame)
    return found


def place_after(listing: Listing, frames: Sequence[Frame]) -> Place:
    place = Place()
    for frame in frames:
        place = advance(listing, place, frame)
    return place


def reply(at: int, goal: Goal) -> list[int]:
    """The true answer to a jump from FRAMES[at]."""
    listing = Listing(SOURCE, VOCABULARY)
    aim = aim_of(goal, after(FRAMES[: at + 1]).state)
    target = landing(FRAMES, at, aim)
    assert target is not None
    return write_jump(listing, place_after(listing, FRAMES[: at + 1]), aim, FRAMES[target])[1]


def run_to(line: int, scope_line: int = 7) -> Goal:
    return Goal(Action.RUN_TO, lines=frozenset({(scope_line, line)}))


async def test_a_jump_is_one_request_and_one_frame_and_the_trace_says_so() -> None:
    engine = Knows(reply(0, OUT))
    found = await WorldModel(engine).jump(PROGRAM, after(FRAMES[:1]), OUT)
    assert (found.end, len(found.frames), found.message) == (End.FINISHED, 1, "")
    value = found.frames[0].value
    assert value is not None
    assert value.text == "5"
    assert value.confidence is not None
    assert value.provenance.value == "predicted"
    assert found.trace.skipped
    assert found.trace.parent is not None
    assert not found.trace.parent.skipped
    asked = aim_ids(Listing(SOURCE, VOCABULARY), Aim(Action.STEP_OUT))
    assert list(engine.requests[0].prompt[-2:]) == asked


async def test_what_follows_a_jump_goes_on_from_its_state() -> None:
    listing = Listing(SOURCE, VOCABULARY)
    next_line = Goal(Action.STEP_OVER)
    place = place_after(listing, FRAMES[:1])
    place = advance(listing, place, FRAMES[3])
    _, over, _ = write_jump(listing, place, Aim(Action.STEP_OVER), FRAMES[9])
    engine = Knows(reply(0, run_to(10)), over, reply(0, OUT))
    world = WorldModel(engine)
    first = await world.jump(PROGRAM, after(FRAMES[:1]), run_to(10))
    assert first.end is End.REACHED
    assert {n: v.text for n, v in first.trace.state.top.locals.items()} == {
        "items": "[1, 2]", "total": "0", "item": "1",
    }  # fmt: skip
    second = await world.jump(PROGRAM, first.trace, next_line)
    assert (second.frames[0].line, second.frames[0].depth) == (9, 0)
    prompt = VOCABULARY.show(engine.requests[1].prompt)
    assert prompt.endswith("<jump> <L9> <line> total <=> 0 <;> item <=> 1 <;> <L9> <jump> <line>")
    # Written anew, without what was kept of the answer, it says the same.
    dialect = await WorldModel(Knows()).open()
    written = await dialect.write(PROGRAM, first.trace)
    assert engine.requests[1].prompt[-2 - len(written) : -2] == written
    await world.jump(PROGRAM, second.trace, OUT)


async def test_a_line_that_is_never_come_to_is_answered_by_the_return() -> None:
    at = next(i for i, f in enumerate(FRAMES) if f.line == 11)
    found = await WorldModel(Knows(reply(at, run_to(10)))).jump(
        PROGRAM, after(FRAMES[: at + 1]), run_to(10)
    )
    assert found.end is End.FINISHED
    assert found.message == "f was left on line 11 before that"


async def test_a_scope_that_an_exception_leaves_shows_it_and_its_return() -> None:
    listing = Listing(SOURCE, VOCABULARY)
    inner = next(i for i, f in enumerate(FRAMES) if f.function == "g")
    trace_ = after(FRAMES[: inner + 1])
    ids = [VOCABULARY.special["<exc>"], *VOCABULARY.value("ValueError: 10"), VOCABULARY.line(4)]
    found = await WorldModel(Knows(ids)).jump(PROGRAM, trace_, OUT)
    assert [frame.event for frame in found.frames] == [Event.EXCEPTION, Event.RETURN]
    assert found.end is End.REACHED
    assert found.message == "g was left on line 4 before that"
    assert listing.number[4] == 4


async def test_goals_that_are_no_jumps_are_refused_with_what_to_do() -> None:
    world = WorldModel(Knows())
    start = after(FRAMES[:1])
    for goal in (
        Goal(Action.STEP_INTO),
        Goal(Action.RUN_TO),
        Goal(Action.RUN_TO, lines=frozenset({(7, 10), (7, 11)})),
        Goal(Action.STEP_OUT, Direction.BACKWARD),
        run_to(3, 1),
        run_to(6),
    ):
        with pytest.raises(CannotJump) as caught:
            await world.jump(PROGRAM, start, goal)
        assert caught.value.code == 1020
    assert "jump to a line with code" in str(caught.value)
    over = await world.jump(PROGRAM, after(FRAMES), OUT)
    assert (over.end, over.frames) == (End.FINISHED, ())


async def test_a_cwm_jumps_to_a_return_by_leaving_out_what_comes_before() -> None:
    text = answer(FRAMES[-1:], after(FRAMES[:1]).state)
    engine = RecordedEngine([Exchange(text)], check_grammar=True)
    found = await WorldModel(engine).jump(PROGRAM, after(FRAMES[:1]), OUT)
    assert found.end is End.FINISHED
    assert found.frames[0].value is not None
    assert found.frames[0].value.text == "5"
    with pytest.raises(CannotJump, match="to the return of a scope only"):
        await WorldModel(engine).jump(PROGRAM, after(FRAMES[:1]), run_to(10))


def states(frames: Sequence[Frame]) -> list[State]:
    found = [State()]
    for frame in frames:
        found.append(found[-1].after(frame))
    return found[1:]


def test_the_true_answer_to_every_jump_is_legal() -> None:
    rng, tried = Random(21), 0
    while tried < 700:
        sample = draw(rng, 1.0)
        try:
            frames, finished = trace(sample, TraceLimits(frames=120, seconds=2))
        except Untraceable:
            continue
        if not finished:
            continue
        program, listing = Program.parse(sample.source, "x.py"), Listing(sample.source, VOCABULARY)
        known = states(frames)
        for at in rng.sample(range(len(frames) - 1), min(6, len(frames) - 1)):
            if frames[at].event is Event.EXCEPTION or len(known[at].stack) < 1:
                continue
            tried += check(rng, sample, program, listing, frames, known[at], at)


def check(
    rng: Random,
    sample: Sample,
    program: Program,
    listing: Listing,
    frames: list[Frame],
    state: State,
    at: int,
) -> int:
    depth = len(state.stack) - (2 if state.event is Event.RETURN else 1)
    if depth < 0:
        return 0
    scope = state.stack[depth]
    lines = program.function_for(scope.function, scope.scope_line).lines
    aim = rng.choice(
        (Aim(Action.STEP_OUT), Aim(Action.STEP_OVER), Aim(Action.RUN_TO, rng.choice(lines)))
    )
    target = landing(frames, at, aim)
    if target is None or any(f.event is Event.EXCEPTION for f in frames[at : target + 1]):
        return 0  # exceptions are legal where they are likely: not on any line
    place = place_after(listing, frames[: at + 1])
    ids = write_jump(listing, place, aim, frames[target])[1]
    legal = IDS.constraint(jump_grammar(listing, aim, targets(program, state, aim)))
    for token in ids:
        assert legal._matcher.consume_tokens([token]), (
            f"{sample.source}\n{aim}: {VOCABULARY.show(ids)} at {VOCABULARY.tokens[token]}"
        )
    assert legal.complete
    return 1
