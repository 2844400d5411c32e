"""Filling `??` holes: candidates, each tried by predicting what the wanted examples would give."""

from __future__ import annotations

import ast
import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from foreframe.examples import Example
from foreframe.guesses import guesses
from foreframe.holes import Hole, Missing, fill, holes_of
from foreframe.reality import Limits, observe
from foreframe_models.engines.base import EngineError
from foreframe_models.entry import Entry, EntryError
from foreframe_models.program.control_flow import Program
from foreframe_models.program.source import ProgramError
from foreframe_protocol.states import Action, End, Event, Frame, Goal, Trace, Verdict
from foreframe_protocol.values import compare

if TYPE_CHECKING:
    from foreframe_models.proposals import Proposal
    from foreframe_models.world_model import WorldModel

MOST_FRAMES = 200  # of an example's predicted run
MOST_TOKENS = 600
RUN_LIMITS = Limits(frames=100_000, seconds=2.0, memory_mb=512)


class Proposes(Protocol):
    """Gives a model's answers for one hole, likeliest first."""

    def __call__(self, program: Program, hole: Hole) -> AsyncIterator[Proposal]: ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an example is predicted to give with the hole filled.

    `predicted`: the repr of what is returned, or "raises X"; None when cut off or not predicted.
    `ran`: the same from a real run, where a person allowed it.
    """

    example: Example
    predicted: str | None
    verdict: Verdict
    confidence: float | None = None
    trace: Trace | None = None
    ran: str | None = None
    ran_right: bool | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to fill the holes that were asked for. `origin`: "model" or "scope" (a cheap guess).

    `texts` are in the order of those holes.
    """

    texts: tuple[str, ...]
    origin: str
    logprob: float | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def right(self) -> int:
        """How many examples come out as wanted: as really run, where they were, or as predicted."""
        return sum(
            e.verdict is Verdict.MATCH if e.ran_right is None else e.ran_right
            for e in self.evidence
        )

    @property
    def rank(self) -> tuple[int, float, int]:
        """To sort by: more examples right, then likelier, then shorter."""
        likely = self.logprob if self.logprob is not None else -1e6
        return -self.right, -likely, sum(map(len, self.texts))

    def filled(self, source: str, holes: Sequence[Hole]) -> str:
        """The source with these holes filled."""
        places = tuple((hole.line, hole.column) for hole in holes)
        return fill(source, places, self.texts)


@dataclass(slots=True)
class Budget:
    """What a fill may cost."""

    proposals: int = 4  # of the model, for each hole
    candidates: int = 24  # that are tried
    runs: bool = False  # also run the examples for real, in a limited child process


@dataclass(slots=True)
class Filling:
    """One request to fill holes: what is asked, and what has been found."""

    world: WorldModel
    source: str
    path: str
    holes: Sequence[Hole]
    examples: Sequence[Example]
    budget: Budget = field(default_factory=Budget)

    async def candidates(self, propose: Proposes | None) -> AsyncIterator[Candidate]:
        """Candidates as they are tried, the likelier first; to be sorted by `rank` in the end.

        Without examples they come untried. Raises EngineError when not even one could be tried.
        """
        tried = 0
        failure: EngineError | None = None
        async for candidate in self._untried(propose):
            if tried >= self.budget.candidates:
                break
            try:
                verified = await self.verify(candidate)
            except EngineError as error:
                failure = error
                break
            if verified is not None:
                tried += 1
                yield verified
        if failure is not None and not tried:
            raise failure

    async def _untried(self, propose: Proposes | None) -> AsyncIterator[Candidate]:
        """Texts for all holes, each combination once: the model's answers first."""
        program = Program.parse(self.source, self.path)
        lists: list[list[Candidate]] = []
        seen: set[tuple[str, ...]] = set()
        for hole in self.holes:
            answers: list[Candidate] = []
            if propose is not None and hole.missing is not Missing.STATEMENT:
                async for proposal in propose(program, hole):
                    answers.append(Candidate((proposal.text,), "model", proposal.logprob))
                    if len(self.holes) == 1 and self._is_new(answers[-1], seen):
                        yield answers[-1]
            answers += (Candidate((text,), "scope") for text in guesses(hole))
            lists.append(answers)
        for parts in _nearest(lists, self.budget.candidates * 4):
            joined = _joined(parts)
            if self._is_new(joined, seen):
                yield joined

    def _is_new(self, candidate: Candidate, seen: set[tuple[str, ...]]) -> bool:
        """Whether no candidate of the same syntax tree has come before."""
        try:
            key = tuple(ast.dump(ast.parse(text)) for text in candidate.texts)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        if key in seen:
            return False
        seen.add(key)
        return True

    async def verify(self, candidate: Candidate) -> Candidate | None:
        """The candidate with evidence; None when it makes no program.

        What is predicted wrong at once is not tried further: the other examples are left out.
        """
        try:
            program = await asyncio.to_thread(
                Program.parse, candidate.filled(self.source, self.holes), self.path
            )
        except ProgramError:
            return None
        found: list[Evidence] = []
        for example in self.examples:
            evidence = await self._try(program, example)
            found.append(evidence)
            if evidence.verdict is not Verdict.MATCH and not evidence.ran_right:
                break
        return Candidate(candidate.texts, candidate.origin, candidate.logprob, tuple(found))

    async def _try(self, program: Program, example: Example) -> Evidence:
        entry = Entry(example.function, example.args)
        try:
            start = await self.world.start(program, entry)
        except EntryError:
            return Evidence(example, None, Verdict.NOT_COMPARABLE)
        prediction = await self.world.predict(
            program,
            start,
            Goal(Action.RUN_TO),
            on_frame=_until(MOST_FRAMES),
            max_tokens=MOST_TOKENS,
        )
        trace = prediction.trace
        outcome = outcome_of(trace) if prediction.end is End.FINISHED else None
        verdict = judge(example, outcome)
        sure = trace.frame.value.confidence if trace.frame and trace.frame.value else None
        evidence = Evidence(example, outcome, verdict, sure, trace)
        if not self.budget.runs or program.holes:
            return evidence
        run = await observe(program, entry, RUN_LIMITS)
        real = Trace()
        for frame in run.frames:
            real = real.append(frame)
        ran = outcome_of(real) if run.end is End.FINISHED else None
        right = judge(example, ran) is Verdict.MATCH
        return Evidence(example, outcome, verdict, sure, trace, ran or run.message, right)


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


def _until(limit: int) -> Callable[[Frame], bool]:
    """Ends a walk after so many frames."""
    numbers = itertools.count(1)
    return lambda frame: next(numbers) >= limit


def _nearest(lists: list[list[Candidate]], most: int) -> list[tuple[Candidate, ...]]:
    """Combinations, those of the first answers first, at most `most`."""
    depth = 1
    while depth ** len(lists) < most and depth < max(map(len, lists), default=0):
        depth += 1
    short = [list(enumerate(answers[:depth])) for answers in lists]
    ways = sorted(itertools.product(*short), key=lambda way: sum(at for at, _ in way))
    return [tuple(candidate for _, candidate in way) for way in ways[:most]]


def _joined(parts: tuple[Candidate, ...]) -> Candidate:
    """One candidate for several holes."""
    known = [part.logprob for part in parts if part.logprob is not None]
    origin = "model" if all(part.origin == "model" for part in parts) else "scope"
    logprob = sum(known) if len(known) == len(parts) else None
    return Candidate(tuple(part.texts[0] for part in parts), origin, logprob)


def wanted_for(hole: Hole, program: Program, examples: Sequence[Example]) -> list[Example]:
    """The examples that can tell about a hole: those of its function that say what comes out."""
    return [e for e in examples if e.function == hole.function and (e.returned or e.raised)]


def holes_in_function(program: Program, hole: Hole) -> list[Hole]:
    """All holes of the function that a hole is in."""
    return [other for other in holes_of(program) if other.function == hole.function]
