"""The `??` holes of a program, filled."""

from __future__ import annotations

import ast
from asyncio import to_thread
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, Body, Request, Response

from foreframe.candidates import Basis, Candidate, Evidence
from foreframe.errors import BadRequest
from foreframe.examples import Example, examples_in
from foreframe.filling import Budget, wanted_for
from foreframe.holes import Hole
from foreframe.language.analysis import Analysis
from foreframe.language.predictor import Predictor
from foreframe.web.launching import PASTED, must_allow_run, parsed
from foreframe.web.serving import Served
from foreframe.web.working import STREAMED, Tell, work
from foreframe_protocol.api import CandidateView, EvidenceView, FillAnswer, FillRequest

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
    holes = chosen(analysis, asked)
    examples = wanted(analysis, holes, asked)
    budget = Budget(candidates=asked.candidates, runs=asked.runs)
    world = cast("WorldModel", serving.worlds.of(MAX_FRAMES))  # proposals ask its engine
    predictor = Predictor(world)

    async def job(tell: Tell) -> FillAnswer:
        found: list[Candidate] = []
        async for candidate in predictor.fill(analysis, holes, examples, budget):
            found.append(candidate)
            tell("candidate", candidate_view(candidate, analysis, holes))
        best = sorted(found, key=lambda candidate: candidate.rank)
        return FillAnswer(
            candidates=[candidate_view(one, analysis, holes) for one in best],
            holes=[(hole.line, hole.column) for hole in holes],
        )

    return await work(request, job)


def chosen(analysis: Analysis, asked: FillRequest) -> list[Hole]:
    """The holes that are meant. Raises BadRequest where there are none."""
    holes = analysis.holes
    if asked.line is not None:
        holes = [hole for hole in holes if hole.line == asked.line]
    if asked.function is not None:
        holes = [hole for hole in holes if hole.function == asked.function]
    if not holes:
        there = ", ".join(f"line {hole.line}" for hole in analysis.holes[:8])
        raise BadRequest(f"no `??` hole is there: {there or 'the program has none'}")
    return holes


def wanted(analysis: Analysis, holes: list[Hole], asked: FillRequest) -> list[Example]:
    """The examples that can tell about these holes. Raises BadRequest for one that is none."""
    given: list[Example] = []
    for text in asked.examples:
        found = examples_in(f"# {' '.join(text.split())}", ast.Module([], []))
        if not found:
            raise BadRequest(
                f"examples: {text[:80]!r} is none: write a call with literals and what it is to "
                "give, as in `f(1, [2]) -> 3`"
            )
        given += found
    assert analysis.program is not None
    program, all_of_them = analysis.program, [*given, *analysis.examples]
    known = (one for hole in holes for one in wanted_for(hole, program, all_of_them))
    return list(dict.fromkeys(known))


def candidate_view(one: Candidate, analysis: Analysis, holes: list[Hole]) -> CandidateView:
    return CandidateView(
        texts=list(one.texts),
        origin=one.origin,
        logprob=one.logprob,
        right=one.right,
        evidence=[evidence_view(evidence) for evidence in one.evidence],
        source=one.filled(analysis.text, holes),
    )


def evidence_view(one: Evidence) -> EvidenceView:
    return EvidenceView(
        example=one.example.call,
        wanted=one.example.wanted,
        predicted=one.predicted,
        verdict=one.verdict,
        confidence=one.confidence,
        basis="worked out" if one.basis is Basis.RULES else "predicted",
        probability=None if one.probability is None else min(1.0, one.probability),
        ran=one.ran,
        ran_right=one.ran_right,
    )
