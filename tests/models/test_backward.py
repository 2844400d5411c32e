"""Predicted pasts: traces that begin earlier and end on the same present."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from random import Random

import pytest

from foreframe_models.backward import front, predict_past
from foreframe_models.dialects.compact import CompactDialect
from foreframe_models.dialects.compact_backward import write_past
from foreframe_models.dialects.compact_way_back import CompactWayBack
from foreframe_models.dialects.listing import Listing
from foreframe_models.engines.base import (
    Chunk,
    Engine,
    EngineAborted,
    EngineUnreachable,
    Finish,
    ModelInfo,
    Request,
)
from foreframe_models.engines.constraint import GrammarVocabulary
from foreframe_models.past import PastPlace
from foreframe_models.program.control_flow import Program
from foreframe_models.training.documents import TraceLimits, Untraceable, trace
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_models.vocabulary import Vocabulary
from foreframe_protocol.states import (
    Action,
    Direction,
    End,
    Event,
    Frame,
    Goal,
    Prediction,
    Provenance,
    Trace,
    Value,
)

VOCABULARY = Vocabulary.standard()
IDS = GrammarVocabulary.of_ids(len(VOCABULARY), VOCABULARY.special["<pad>"])
INFO = ModelInfo("small", "compact", 2048, VOCABULARY.special)
LIMITS = TraceLimits(frames=120, seconds=2)
BACK = Direction.BACKWARD
SOURCE = """\
def g(a):
    a += 1
    return a

def f(n):
    total = []
    for i in range(n):
        total.append(g(i))
    return total
"""


class Rememberer(Engine):
    """A small model that knows what really came before, and keeps to the grammar."""

    name = "rememberer"
    raw_logprobs = True

    def __init__(self, listing: Listing, present: Trace, way: Sequence[Frame]) -> None:
        self.answers: list[list[int]] = []
        place, at = PastPlace.of(front(present)), 0
        while at < len(way):
            ids, count, place = write_past(listing, place, way[at:])
            self.answers.append(ids)
            at += count
        self.asked = 0
        self.failure: tuple[int, Exception] | None = None
        self.prompts: list[tuple[int, ...]] = []

    async def open(self) -> ModelInfo:
        return INFO

    async def stream(self, request: Request) -> AsyncIterator[Chunk]:
        self.prompts.append(request.prompt)
        await asyncio.sleep(0)
        if self.failure is not None and self.failure[0] == self.asked:
            self.asked += 1
            raise self.failure[1]
        ids = self.answers[self.asked]
        self.asked += 1
        assert request.grammar is not None
        constraint = IDS.constraint(request.grammar)
        for token in ids:
            allowed = constraint.allowed()
            assert allowed[token], (
                f"{VOCABULARY.tokens[token]} of {VOCABULARY.show(ids)}\n{request.grammar}"
            )
            constraint.advance((token,))
        assert constraint.finished
        ids = ids[: request.max_tokens]
        yield Chunk(tuple(ids), ("",) * len(ids), (-0.1,) * len(ids), (False,) * len(ids))
        yield Chunk(finish=Finish.STOP, prompt_tokens=len(request.prompt))

    async def encode(self, text: str) -> tuple[int, ...]:
        raise NotImplementedError

    async def decode(self, ids: tuple[int, ...]) -> str:
        raise NotImplementedError

    async def health(self) -> str:
        return ""

    async def close(self) -> None:
        return None


class Case:
    """A real run that stands somewhere, its past forgotten."""

    def __init__(self, sample: Sample, stop: int, *, later: int = 0) -> None:
        self.frames, _ = trace(sample, LIMITS)
        self.program = Program.parse(sample.source, "program.py")
        node = Trace()
        for frame in self.frames[: stop + 1]:
            node = node.append(frame)
        self.stop = stop
        self.present = Trace(node.state)
        for frame in self.frames[stop + 1 : stop + 1 + later]:
            self.present = self.present.append(frame)
        self.engine = Rememberer(
            Listing(sample.source, VOCABULARY), self.present, self.frames[:stop][::-1]
        )

    async def back(self, action: Action, **options: object) -> Prediction:
        dialect = CompactDialect(self.engine, INFO)
        way = CompactWayBack.before(dialect, self.program, front(self.present))
        lines = options.pop("lines", frozenset())
        limits: dict[str, object] = {"max_frames": 500, "max_tokens": 50_000, **options}
        goal = Goal(action, BACK, lines)  # type: ignore[arg-type]
        return await predict_past(way, self.program, self.present, goal, **limits)  # type: ignore[arg-type]


def essence(frame: Frame) -> tuple[object, ...]:
    shown = None if frame.locals is None else [(n, v.text) for n, v in frame.locals.items()]
    value = frame.value and frame.value.text
    return frame.event, frame.function, frame.line, frame.depth, shown, value


def at(event: Event, line: int, frames: Sequence[Frame], number: int = 0) -> int:
    return [i for i, f in enumerate(frames) if (f.event, f.line) == (event, line)][number]


FRAMES, _ = trace(Sample(SOURCE, "f", "2"), LIMITS)
SECOND = at(Event.LINE, 7, FRAMES, 1)  # the header of the loop, after its first turn


async def test_the_whole_past_is_predicted_to_the_entrys_call() -> None:
    case = Case(Sample(SOURCE, "f", "2"), len(FRAMES) - 2)
    prediction = await case.back(Action.RUN_TO)
    assert prediction.end is End.FINISHED
    assert "the call of f" in prediction.message
    assert [essence(f) for f in prediction.frames] == [
        essence(f) for f in case.frames[: case.stop][::-1]
    ]
    assert [essence(f) for f in prediction.trace.frames()] == [
        essence(f) for f in case.frames[: case.stop + 1]
    ]


async def test_the_states_of_a_predicted_past_are_those_of_the_real_one() -> None:
    case = Case(Sample(SOURCE, "f", "2"), len(FRAMES) - 2)
    prediction = await case.back(Action.RUN_TO)
    real = Trace()
    for frame in case.frames[: case.stop + 1]:
        real = real.append(frame)
    for made, true in zip(prediction.trace.nodes(), real.nodes(), strict=True):
        shown = [(s.function, s.line, {n: v.text for n, v in s.locals.items()})
                 for s in made.state.stack]  # fmt: skip
        assert shown == [
            (s.function, s.line, {n: v.text for n, v in s.locals.items()}) for s in true.state.stack
        ]


@pytest.mark.parametrize(("action", "line"), [(Action.STEP_INTO, 8), (Action.STEP_OVER, 8)])
async def test_a_step_back_ends_on_a_line_whose_callers_are_known(
    action: Action, line: int
) -> None:
    case = Case(Sample(SOURCE, "f", "2"), SECOND)
    prediction = await case.back(action)
    assert prediction.end is End.REACHED
    begin = prediction.trace.nodes()[0]
    assert (begin.frame and begin.frame.line, begin.length) == (line, 1)
    assert [f.depth for f in prediction.frames] == [1, 1, 1, 1, 0]
    assert begin.state.top.locals["total"].text == "[]"
    assert prediction.trace.length == 6


async def test_stepping_out_backward_goes_to_the_line_that_called() -> None:
    inside = at(Event.LINE, 3, FRAMES, 1)
    case = Case(Sample(SOURCE, "f", "2"), inside)
    prediction = await case.back(Action.STEP_OUT)
    assert prediction.end is End.REACHED
    assert [f.line for f in prediction.frames] == [2, 1, 8]


async def test_a_breakpoint_ends_a_walk_back() -> None:
    case = Case(Sample(SOURCE, "f", "2"), len(FRAMES) - 2)
    prediction = await case.back(Action.RUN_TO, lines=frozenset({(5, 7)}))
    assert prediction.end is End.REACHED
    assert prediction.frames[-1].line == 7
    assert len(prediction.frames) == 1


async def test_frames_that_are_known_stay_what_they_are_behind_the_past() -> None:
    case = Case(Sample(SOURCE, "f", "2"), SECOND, later=3)
    prediction = await case.back(Action.STEP_OVER)
    made, old = prediction.trace.nodes(), case.present.nodes()
    assert [n.frame for n in made[-3:]] == [n.frame for n in old]
    assert [n.state for n in made[-3:]] == [n.state for n in old]
    assert made[-4].state is case.present.root().state
    assert made[-4].frame is not None
    assert essence(made[-4].frame) == essence(FRAMES[SECOND])


async def test_what_the_model_says_is_predicted_and_what_no_line_could_change_is_not() -> None:
    case = Case(Sample(SOURCE, "f", "2"), SECOND)
    prediction = await case.back(Action.STEP_OVER)
    values = prediction.trace.nodes()[0].state.top.locals
    assert values["i"].provenance is Provenance.OBSERVED
    assert values["total"].provenance is Provenance.PREDICTED
    assert values["total"].confidence is not None
    assert values["total"].confidence < 1


async def test_a_past_that_is_cut_off_begins_where_every_scope_is_known() -> None:
    case = Case(Sample(SOURCE, "f", "2"), len(FRAMES) - 2)
    prediction = await case.back(Action.RUN_TO, max_frames=4)
    assert prediction.end is End.CUT_OFF
    assert [f.line for f in prediction.frames] == [7]
    assert "4 frames" in prediction.message
    again = await Case(Sample(SOURCE, "f", "2"), len(FRAMES) - 2).back(Action.RUN_TO, max_tokens=10)
    assert again.end is End.CUT_OFF
    assert "10 tokens" in again.message


async def test_nothing_is_before_the_entrys_call() -> None:
    case = Case(Sample(SOURCE, "f", "2"), 0)
    prediction = await case.back(Action.STEP_INTO)
    assert (prediction.end, prediction.frames) == (End.FINISHED, ())
    assert prediction.trace is case.present
    assert case.engine.asked == 0


async def test_an_engine_that_fails_leaves_the_past_that_was_found() -> None:
    case = Case(Sample(SOURCE, "f", "2"), len(FRAMES) - 2)
    case.engine.failure = (1, EngineUnreachable("gone"))
    with pytest.raises(EngineUnreachable) as caught:
        await case.back(Action.RUN_TO)
    assert caught.value.partial is not None
    assert [f.line for f in caught.value.partial.frames] == [7]


async def test_an_answer_that_ends_too_early_is_the_engines_fault() -> None:
    case = Case(Sample(SOURCE, "f", "2"), SECOND)
    case.engine.answers[0] = case.engine.answers[0][:1]
    with pytest.raises((EngineAborted, AssertionError)):
        await case.back(Action.STEP_OVER)


async def test_a_walk_back_ends_where_the_caller_says() -> None:
    case = Case(Sample(SOURCE, "f", "2"), len(FRAMES) - 2)
    prediction = await case.back(Action.RUN_TO, on_frame=lambda frame: frame.line == 3)
    assert prediction.end is End.CANCELLED
    assert prediction.frames[-1].line == 8


async def test_each_prompt_goes_on_from_the_one_before() -> None:
    case = Case(Sample(SOURCE, "f", "2"), SECOND)
    await case.back(Action.STEP_OVER)
    prompts = case.engine.prompts
    assert all(b[: len(a)] == a for a, b in pairwise(prompts))


async def test_real_pasts_of_generated_programs_are_within_the_grammar() -> None:
    rng, count = Random(8), 0
    while count < 60:
        sample = draw(rng, 1.0)
        try:
            frames, _ = trace(sample, LIMITS)
            case = Case(sample, rng.randrange(len(frames)))
        except (Untraceable, SyntaxError):
            continue
        prediction = await case.back(Action.RUN_TO)
        assert prediction.end is End.FINISHED
        if not case.stop:
            continue
        texts = [essence(f) for f in prediction.trace.frames()]
        assert texts == [essence(f) for f in case.frames[: case.stop + 1]]
        count += 1


def test_a_state_that_no_frame_shows_gets_one() -> None:
    from foreframe_models.backward import frame_of
    from foreframe_protocol.states import Scope, State

    program = Program.parse(SOURCE, "program.py")
    state = State((Scope("g", 1, 3, {"a": Value("1")}),), Event.RETURN, Value("1"))
    frame = frame_of(program, state)
    assert (frame.event, frame.line, frame.locals, frame.value) == (
        Event.RETURN, 3, None, Value("1"),
    )  # fmt: skip


async def test_the_model_that_ships_goes_back_in_legal_frames() -> None:
    from foreframe_models import catalog
    from foreframe_models.engines.embedded import EmbeddedEngine
    from foreframe_models.world_model import WorldModel

    pytest.importorskip("onnxruntime")
    world = WorldModel(EmbeddedEngine(catalog.SHIPPED, threads=1), max_tokens=2000)
    program = Program.parse(SOURCE, "program.py")
    case = Case(Sample(SOURCE, "f", "2"), SECOND)
    try:
        prediction = await world.predict(program, case.present, Goal(Action.STEP_OUT, BACK))
        inside = Case(Sample(SOURCE, "f", "2"), at(Event.LINE, 3, FRAMES))
        again = await world.predict(program, inside.present, Goal(Action.STEP_OVER, BACK))
    finally:
        await world.close()
    assert prediction.end in (End.FINISHED, End.CUT_OFF)
    for frame in prediction.frames:
        function = program.function_for(frame.function, frame.scope_line)
        assert frame.line in (*function.lines, function.def_line)
        assert set(frame.locals or {}) <= set(function.names)
    assert again.end is End.REACHED
    assert [essence(f)[:3] for f in again.frames] == [(Event.LINE, "g", 2)]
