"""What is asked when holes are to be filled, and a candidate as clients get it. Pure."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from foreframe.candidates import Basis, Candidate, Evidence
from foreframe.errors import BadExample, NoHole
from foreframe.examples import Example, examples_in
from foreframe.filling import wanted_for
from foreframe.holes import Hole
from foreframe.language.analysis import Analysis
from foreframe_protocol.api import CandidateView, EvidenceView


def holes_meant(
    analysis: Analysis, line: int | None = None, function: str | None = None
) -> list[Hole]:
    """The holes of a line (1-based), of a function (dotted name), of both, or all.

    Raises NoHole where there are none.
    """
    holes = analysis.holes
    if line is not None:
        holes = [hole for hole in holes if hole.line == line]
    if function is not None:
        holes = [hole for hole in holes if hole.function == function]
    if not holes:
        there = ", ".join(dict.fromkeys(f"line {hole.line}" for hole in analysis.holes[:8]))
        others = f"holes are in {there}" if there else "the program has none"
        raise NoHole(f"no `??` hole is there: {others}")
    return holes


def given_examples(texts: Sequence[str]) -> list[Example]:
    """Examples as a person writes them, `f(1, [2]) -> 3`. Raises BadExample for one that is none.

    Nothing of them is executed: literals count alone.
    """
    given: list[Example] = []
    for text in texts:
        found = examples_in(f"# {' '.join(text.split())}", ast.Module([], []))
        if not found:
            raise BadExample(
                f"examples: {text[:80]!r} is none: write a call with literals and what it is to "
                "give, as in `f(1, [2]) -> 3`"
            )
        given += found
    return given


def examples_for(
    analysis: Analysis, holes: Sequence[Hole], given: Sequence[Example] = ()
) -> list[Example]:
    """The examples that can tell about these holes: those that were given, then the file's."""
    assert analysis.program is not None
    program, all_of_them = analysis.program, [*given, *analysis.examples]
    known = (one for hole in holes for one in wanted_for(hole, program, all_of_them))
    return list(dict.fromkeys(known))


def candidate_view(one: Candidate, analysis: Analysis, holes: Sequence[Hole]) -> CandidateView:
    return CandidateView(
        texts=list(one.texts),
        origin=one.origin,
        logprob=one.logprob,
        right=one.right,
        evidence=[evidence_view(evidence) for evidence in one.evidence],
        source=one.filled(analysis.source, holes),
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
