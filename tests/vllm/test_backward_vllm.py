"""Going back with a real vLLM: the scores of prompts, and guesses by completion."""

from __future__ import annotations

import pytest

from foreframe_models.engines.vllm import VllmEngine
from foreframe_models.inputs import Returned, guess_inputs
from foreframe_models.program.control_flow import Program
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import (
    Action,
    Direction,
    End,
    Event,
    Goal,
    Scope,
    State,
    Trace,
    Value,
)

pytestmark = pytest.mark.vllm

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


async def test_a_step_back_is_the_best_scored_candidate(engine: VllmEngine) -> None:
    values = {"n": Value("4"), "flag": Value("True"), "total": Value("5")}
    present = Trace(State((Scope("f", 1, 7, values),), Event.LINE))
    world = WorldModel(engine)
    prediction = await world.predict(PROGRAM, present, Goal(Action.STEP_INTO, Direction.BACKWARD))
    assert prediction.end is End.REACHED
    (frame,) = prediction.frames
    assert frame.line in (4, 6)
    assert frame.confidence is not None
    assert 0 < frame.confidence <= 1
    assert prediction.trace.state == present.state


async def test_guesses_of_a_model_that_knows_nothing_are_at_most_wrong(
    engine: VllmEngine,
) -> None:
    world = WorldModel(engine, max_tokens=600)
    found = await guess_inputs(world, PROGRAM, "f", Returned(Value("5")), 1)
    assert all(guess.args for guess in found)
