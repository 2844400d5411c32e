"""What can be predicted without a session: an action, the inputs of an outcome."""

from __future__ import annotations

from math import exp
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from foreframe.dap.state_launch import trace_of
from foreframe.errors import BadRequest
from foreframe.outcome import read_outcome
from foreframe.web.launching import entry_of, program_of
from foreframe.web.one_action import OneAction, state_of
from foreframe.web.serving import Served
from foreframe.web.working import STREAMED, Counter, Tell, work
from foreframe_models.inputs import Guess, Verified, check_guessable
from foreframe_protocol.api import (
    GuessView,
    InputsAnswer,
    InputsRequest,
    PredictedStep,
    PredictRequest,
)
from foreframe_protocol.states import Goal

router = APIRouter(tags=["predicting"])


@router.post("/predict", response_model=PredictedStep, responses=STREAMED)
async def predict(
    request: Request, serving: Served, asked: Annotated[PredictRequest, Body()]
) -> Response:
    """One action from a state, or from the entry. Nothing is executed, and nothing is kept."""
    program = await program_of(asked, serving.settings)
    world = serving.worlds.of(asked.max_frames)
    state = None
    if asked.state is None:
        start = await world.start(program, entry_of(asked))
    else:
        if asked.function is not None or asked.args:
            raise BadRequest("`function` and `args` begin a call: leave them where a state is")
        state = state_of(program, asked.state)
        start = trace_of(program, state)
    action = OneAction(
        program,
        world,
        start,
        Goal(asked.action, asked.direction),
        tuple(asked.breakpoints),
        state,
    )

    async def job(tell: Tell) -> PredictedStep:
        async with Counter(tell) as counter:
            return await action.predict(counter)

    return await work(request, job)


@router.post("/inputs", response_model=InputsAnswer, responses=STREAMED)
async def inputs(
    request: Request, serving: Served, asked: Annotated[InputsRequest, Body()]
) -> Response:
    """Arguments that may lead to an outcome, each verified by predicting forward; best first."""
    program = await program_of(asked, serving.settings)
    reached = None if asked.reached is None else str(asked.reached)
    outcome = read_outcome(asked.returned, asked.raised, reached, asked.function)
    function = asked.function or ""
    if asked.args:
        raise BadRequest("`args` are what is guessed: leave them")
    check_guessable(program, function, outcome)
    world = serving.worlds.of(asked.max_frames)

    async def job(tell: Tell) -> InputsAnswer:
        found = await world.guess_inputs(
            program,
            function,
            outcome,
            asked.guesses,
            on_guess=lambda one: tell("candidate", guess_view(one)),
        )
        return InputsAnswer(guesses=[guess_view(one) for one in found])

    return await work(request, job)


def guess_view(one: Guess) -> GuessView:
    return GuessView(
        args=one.args,
        probability=min(1.0, exp(one.logprob)),
        predicted=one.verified.value if one.forward is None else one.forward.text,
        verified=one.verified is Verified.MATCH,
    )
