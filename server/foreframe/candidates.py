"""A way to fill holes, and what speaks for it: what its examples give, and how that is known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from foreframe.examples import Example, literal
from foreframe.holes import Hole, fill, fitted
from foreframe_protocol.states import Event, Trace, Verdict
from foreframe_protocol.values import compare

LEAST = 1e-12  # a probability no less than this counts


class Basis(StrEnum):
    """What the outcome of an example rests on."""

    RULES = "rules"  # worked out from literals by the safe evaluator: certain, nothing predicted
    MODEL = "model"  # predicted by the world model


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an example is foreseen to give with the hole filled.

    `predicted`: the repr of what is returned, or "raises X"; None when cut off or not predicted.
    `basis` says by what. `probability`: that the example comes out as wanted; 0 or 1 by rules,
    of a model its own. `ran`: the outcome of a real run, where a person allowed it.
    """

    example: Example
    predicted: str | None
    verdict: Verdict
    confidence: float | None = None
    trace: Trace | None = None
    ran: str | None = None
    ran_right: bool | None = None
    basis: Basis = Basis.MODEL
    probability: float | None = None

    @property
    def likely(self) -> float:
        """How probable it is that the example comes out as wanted, as a number in any case."""
        if self.ran_right is not None:
            return float(self.ran_right)
        if self.probability is not None:
            return self.probability
        return float(self.verdict is Verdict.MATCH)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to fill the holes that were asked for.

    `origin`: "model"; "form", a statement's form read off the code with an expression of the
    model's; or "scope", a cheap guess.

    `texts` are in the order of those holes. `order`: how far back they stand among the guesses.
    """

    texts: tuple[str, ...]
    origin: str
    logprob: float | None = None
    evidence: tuple[Evidence, ...] = ()
    order: int = 0
    along: tuple[str, ...] = ()  # what stood in the function's other holes when it was tried

    def part(self, asked: int) -> Candidate:
        """The same for the first `asked` of its holes; the others were tried along."""
        if asked == len(self.texts):
            return self
        return replace(self, texts=self.texts[:asked], along=self.texts[asked:])

    @property
    def right(self) -> int:
        """How many examples come out as wanted: as really run, where they were, or as foreseen."""
        return sum(
            e.verdict is Verdict.MATCH if e.ran_right is None else e.ran_right
            for e in self.evidence
        )

    @property
    def is_wrong(self) -> bool:
        """Whether an example is certain not to come out as wanted."""
        return any(e.basis is Basis.RULES and e.verdict is not Verdict.MATCH for e in self.evidence)

    @property
    def rank(self) -> tuple[int, float, float, bool, float, int, int]:
        """To sort by: more examples likely right, then likelier so, then likelier, then shorter.

        How likely guesses are their order tells. (Measured: of expressions that one example bears
        out 34 of 36 first choices are right by it, 29 by their size or a small model's likelihood.)
        The example that is the least likely to come out counts: all of them have to. (Measured:
        more right first choices than by the product.) Where all that is known is what a person
        chose at stops, a literal says no more than that, and comes after expressions.
        """
        surely = sum(e.likely >= 0.5 for e in self.evidence)
        wanted = [math.log(max(e.likely, LEAST)) for e in self.evidence]
        likely = self.logprob if self.logprob is not None else -1e6
        size = sum(map(len, self.texts))
        return (
            -surely,
            -min(wanted, default=0.0),
            -sum(wanted),
            self._repeats,
            -likely,
            self.order,
            size,
        )

    @property
    def _repeats(self) -> bool:
        """Whether it only says again what was chosen at stops."""
        stops = bool(self.evidence) and all(e.example.stop is not None for e in self.evidence)
        values = (text.rpartition(" = ")[2] for text in self.texts)
        return stops and any(literal(value) is not None for value in values)

    def fitted(self, source: str, holes: Sequence[Hole]) -> list[str]:
        """What takes the place of each of these holes, as it can stand there."""
        lines = source.split("\n")
        pairs = zip(holes, self.texts, strict=True)
        return [fitted(lines[hole.line - 1], hole.column, text) for hole, text in pairs]

    def filled(self, source: str, holes: Sequence[Hole]) -> str:
        """The source with these holes filled."""
        places = tuple((hole.line, hole.column) for hole in holes)
        return fill(source, places, self.texts)


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Candidates, the best first, each text once: a model may say what has been guessed."""
    found: dict[tuple[str, ...], Candidate] = {}
    for candidate in sorted(candidates, key=lambda one: one.rank):
        found.setdefault(candidate.texts, candidate)
    return list(found.values())


def sure_of(trace: Trace) -> float | None:
    """The probability that a whole trace is right: each confidence is given all before it."""
    known: dict[int, float | None] = {}  # values that stay are the same objects: each counts once
    for frame in trace.frames():
        known[id(frame)] = frame.confidence
        values = [*(frame.locals or {}).values(), *([frame.value] if frame.value else [])]
        known |= {id(value): value.confidence for value in values}
    found = [confidence for confidence in known.values() if confidence is not None]
    return math.prod(found) if found else None


def mixed(verdict: Verdict, sure: float | None, at_once: float | None) -> float | None:
    """The probability of what is wanted, by a walk that is right with `sure`, and at once.

    A walk that is wrong says nothing: then what is thought at once is left.
    """
    if at_once is None:
        return None
    walked = 0.0 if sure is None or verdict is Verdict.NOT_COMPARABLE else sure
    return walked * (verdict is Verdict.MATCH) + (1 - walked) * at_once


def outcome_of(trace: Trace) -> str:
    """What a finished run gave: a repr, or "raises X"."""
    last = trace.frame
    before = trace.parent.frame if trace.parent else None
    if before is not None and before.event is Event.EXCEPTION and before.depth == 0:
        return f"raises {before.value.text if before.value else ''}"
    return last.value.text if last is not None and last.value is not None else "None"


def judge(example: Example, outcome: str | None) -> Verdict:
    """Whether an outcome is what an example wants."""
    if outcome is None:
        return Verdict.NOT_COMPARABLE
    if example.raised is not None:
        kind = outcome.removeprefix("raises ").split(":")[0] if "raises " in outcome[:7] else ""
        return Verdict.MATCH if kind == example.raised else Verdict.DIFFERS
    if outcome.startswith("raises "):
        return Verdict.DIFFERS
    return compare(outcome, example.returned or "None")
