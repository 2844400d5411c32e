"""The `??` holes of a program, filled."""

from __future__ import annotations

from asyncio import to_thread
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, Body, Request, Response

from foreframe.candidates import Candidate, ranked
from foreframe.errors import BadExample, BadRequest, NoHole
from foreframe.fill_asked import candidate_view, examples_for, given_examples, holes_meant
from foreframe.filling import Budget
from foreframe.language.analysis import Analysis
from foreframe.language.predictor import Predictor
from foreframe.web.launching import PASTED, must_allow_run, parsed
from foreframe.web.serving import Served
from foreframe.web.working import STREAMED, Tell, work
from foreframe_protocol.api import FillAnswer, FillRequest

if TYPE_CHECKING:
    from foreframe_models.world_model import WorldModel

MAX_FRAMES = 1000

router = APIRouter(tags=["filling"])


@router.post("/fill", response_model=FillAnswer, responses=STREAMED)
async def fill(
    request: Request, serving: Served, asked: Annotated[FillRequest, Body()]
) -> Response:
    """Candidates for holes, each tried by predicting what its examples would give; best first."""
    if asked.runs:
        must_allow_run(serving.settings, "`runs` runs the examples")
    await to_thread(parsed, asked.source, PASTED)  # says what is wrong with it
    analysis = await to_thread(Analysis.of, PASTED, asked.source, None)
    try:
        holes = holes_meant(analysis, asked.line, asked.function)
        examples = examples_for(analysis, holes, given_examples(asked.examples))
    except (NoHole, BadExample) as error:
        raise BadRequest(str(error)) from error
    budget = Budget(candidates=asked.candidates, runs=asked.runs)
    world = cast("WorldModel", serving.worlds.of(MAX_FRAMES))  # proposals ask its engine
    predictor = Predictor(world)

    async def job(tell: Tell) -> FillAnswer:
        found: list[Candidate] = []
        async for candidate in predictor.fill(analysis, holes, examples, budget):
            found.append(candidate)
            tell("candidate", candidate_view(candidate, analysis, holes))
        best = ranked(found)
        return FillAnswer(
            candidates=[candidate_view(one, analysis, holes) for one in best],
            holes=[(hole.line, hole.column) for hole in holes],
        )

    return await work(request, job)
