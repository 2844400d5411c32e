"""CWM's way back: candidates from control flow, scored by how well the known present follows."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

import pytest
from truth import real_frames

from foreframe_models.dialects.cwm import CwmDialect
from foreframe_models.dialects.cwm_backward import MOST_CANDIDATES, CwmWayBack
from foreframe_models.engines.base import Chunk, EngineRefused, Finish, Request
from foreframe_models.engines.recorded import BYTE_MODEL, RecordedEngine, byte_text
from foreframe_models.program.control_flow import Program
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import (
    Action,
    Direction,
    End,
    Event,
    Frame,
    Goal,
    Provenance,
    Scope,
    State,
    Trace,
    Value,
)

SOURCE = """\
def f(n, flag):
    total = 1
    if flag:
        total = total + n
    else:
        total = 0
    return total
"""
PROGRAM = Program.parse(SOURCE, "program.py")
FRAMES = real_frames(SOURCE, "f", "4, True")
BACK = Direction.BACKWARD


class Judge(RecordedEngine):
    """Writes the values it is given, and finds present frames likely by a rule of its own."""

    def __init__(self, likely: dict[str, float], written: tuple[str, ...] = ()) -> None:
        super().__init__([])
        self.likely = likely  # a part of what comes before → log-probability of each token
        self.written = list(written)
        self.scored: list[str] = []
        self.asked: list[Request] = []

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        self.asked.append(request)
        assert request.grammar is not None
        constraint = self._constraint(request.grammar)
        texts = iter(self.written.pop(0) if self.written else "7")
        ids: list[int] = []
        while not constraint.finished:
            forced = constraint.forced()
            if not forced:
                token = next((t for t in texts), '"').encode()[0]
                forced = [token]
                assert constraint.allowed()[token], (byte_text(tuple(ids)), chr(token))
            constraint.advance(forced)
            ids += forced
        shown = tuple(self._text(i) for i in ids)
        yield Chunk(tuple(ids), shown, (None,) * len(ids), (False,) * len(ids), Finish.STOP)

    async def score(self, ids: tuple[int, ...], start: int) -> tuple[float, ...]:
        before = byte_text(ids[:start]).rsplit("<|line_sep|>", 1)[-1]
        self.scored.append(before)
        value = next((v for part, v in self.likely.items() if part in before), -3.0)
        return (value / (len(ids) - start),) * (len(ids) - start)


def known(count: int) -> State:
    """The state after the first frames, without what led there."""
    state = State()
    for frame in FRAMES[:count]:
        state = state.after(frame)
    return state


def way(engine: Judge, state: State) -> CwmWayBack:
    return CwmWayBack(CwmDialect(engine, BYTE_MODEL), PROGRAM, state)


def shown(frame: Frame) -> tuple[object, ...]:
    texts = None if frame.locals is None else {n: v.text for n, v in frame.locals.items()}
    return frame.event, frame.line, texts


async def step(found: CwmWayBack) -> Frame:
    (frame,) = await found.step(max_tokens=1000)
    return frame


async def test_the_best_candidate_is_the_one_after_which_the_present_is_likeliest() -> None:
    engine = Judge({"total + n": -0.1})
    found = way(engine, known(5))  # before `return total`: which branch was it?
    frame = await step(found)
    assert (frame.event, frame.line) == (Event.LINE, 4)
    assert {c.frame.line for c in found.candidates} == {4, 6}
    logprobs = [c.logprob for c in found.candidates]
    assert logprobs == sorted(logprobs, reverse=True)
    assert sum(c.share for c in found.candidates) == pytest.approx(1)
    assert frame.confidence == pytest.approx(found.candidates[0].share)


async def test_old_values_are_those_of_later_or_as_the_model_writes_them() -> None:
    engine = Judge({'"total": "1"': -0.01}, written=("1", "9"))
    found = way(engine, known(5))
    frame = await step(found)
    olds = {c.frame.locals["total"].text for c in found.candidates if c.frame.locals}
    assert {"1", "9", "5"} <= olds  # written, written, as later
    assert shown(frame) == (Event.LINE, 4, {"n": "4", "flag": "True", "total": "1"})
    assert frame.locals is not None
    assert frame.locals["total"].provenance is Provenance.PREDICTED
    assert frame.locals["n"].provenance is Provenance.OBSERVED


async def test_a_way_that_control_flow_fixes_costs_no_request() -> None:
    engine = Judge({})
    state = State((Scope("f", 1, 7, {"n": Value("1")}),), Event.RETURN, Value("5"))
    frame = await step(way(engine, state))
    assert (frame.event, frame.line, frame.confidence) == (Event.LINE, 7, None)
    start = way(engine, known(2))
    assert shown(await step(start)) == (Event.CALL, 1, {"n": "4", "flag": "True"})
    assert not engine.scored
    assert not engine.asked


async def test_a_whole_past_is_found_by_an_engine_that_knows_the_rules() -> None:
    engine = Judge({'"total": "1"<|action_sep|>        total = total + n': -0.01,
                    '"total": ".."<|action_sep|>    if flag': -0.01,
                    "    total = 1": -0.02}, written=("1", "1", "1", "1"))  # fmt: skip
    world = WorldModel(engine)
    present = world.begin(PROGRAM, known(6))
    prediction = await world.predict(PROGRAM, present, Goal(Action.RUN_TO, BACK))
    assert prediction.end is End.FINISHED
    assert [f.line for f in prediction.trace.frames()] == [1, 2, 3, 4, 7, 7]
    assert prediction.trace.state is present.state
    assert prediction.usage.requests < 30


async def test_calls_are_passed_over_and_said_to_be() -> None:
    source = "def g(a):\n    return a\n\ndef f(n):\n    m = g(n)\n    return m\n"
    program = Program.parse(source, "program.py")
    values = {"n": Value("1"), "m": Value("1")}
    state = State((Scope("f", 4, 6, values),), Event.LINE)
    engine = Judge({})
    world = WorldModel(engine)
    present = Trace(state)
    prediction = await world.predict(program, present, Goal(Action.STEP_INTO, BACK))
    assert [f.line for f in prediction.frames] == [5]
    nodes = prediction.trace.nodes()
    assert [node.skipped for node in nodes] == [False, True]
    assert list(nodes[0].state.top.locals) == ["n"]


async def test_the_requests_of_one_step_are_bounded() -> None:
    branches = "".join(f"    elif n == {i}:\n        x = {i}\n" for i in range(1, 40))
    source = f"def f(n, x):\n    if n == 0:\n        x = 0\n{branches}    return x\n"
    program = Program.parse(source, "program.py")
    line = len(source.splitlines())
    state = State((Scope("f", 1, line, {"n": Value("1"), "x": Value("1")}),), Event.LINE)
    engine = Judge({})
    found = CwmWayBack(CwmDialect(engine, BYTE_MODEL), program, state)
    await step(found)
    assert len(engine.scored) <= MOST_CANDIDATES
    assert len(engine.asked) <= 8


async def test_an_engine_that_cannot_score_says_so() -> None:
    class Mute(Judge):
        async def score(self, ids: tuple[int, ...], start: int) -> tuple[float, ...]:
            raise EngineRefused("the mute engine cannot score tokens")

    with pytest.raises(EngineRefused, match="cannot score"):
        await step(way(Mute({}), known(5)))


async def test_text_of_values_never_becomes_a_separator() -> None:
    values = {"n": Value("'<|frame_sep|>'"), "flag": Value("1"), "total": Value("0")}
    state = State((Scope("f", 1, 7, values),), Event.LINE)
    engine = Judge({}, written=("'<|frame_sep|>'", "1"))
    frame = await step(way(engine, state))
    assert json.loads(json.dumps([v.text for v in (frame.locals or {}).values()]))
    assert len(engine.scored) > 1
