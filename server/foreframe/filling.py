"""Filling `??` holes: candidates, each tried by predicting what the wanted examples would give."""

from __future__ import annotations

import ast
import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from foreframe.candidates import Basis, Candidate, Evidence, judge, outcome_of
from foreframe.combinations import candidate_of, guessed, is_new, joined, left_open, nearest
from foreframe.combining import WORD, Combining
from foreframe.examples import Example
from foreframe.holes import Hole, holes_of
from foreframe.narrowing import callers_of, names_bound, narrowed
from foreframe.trying import Trying, by_rules, traced
from foreframe_models.engines.base import (
    EngineAborted,
    EngineError,
    EngineRefused,
    PromptTooLong,
)
from foreframe_models.entry import EntryError
from foreframe_models.program.control_flow import Program
from foreframe_models.program.source import ProgramError, fill_holes
from foreframe_models.program.syntax import parse
from foreframe_protocol.states import Verdict

if TYPE_CHECKING:
    from foreframe_models.proposals import Proposal
    from foreframe_models.world_model import WorldModel

__all__ = [
    "Basis",
    "Budget",
    "Candidate",
    "Evidence",
    "Filling",
    "Proposes",
    "holes_in_function",
    "judge",
    "outcome_of",
    "wanted_for",
]
SECONDS_AT_ONCE = 1.0  # to ask a model what it thinks of guesses before any is walked
SCREENED = 64  # guesses, or combinations of them, at least
SECONDS_SEARCHED = 4.0  # for texts of several holes that rules show to be right
SECONDS_FOR_MORE = 0.5  # after one
SECONDS_A_SLICE = 0.1
OPENED = 12  # combinations of what a run by rules does not come to
COMBINED = 4  # combinations of several holes' candidates for each that is tried
NO_PROPOSALS = (PromptTooLong, EngineRefused, EngineAborted)


class Parsed(Protocol):
    """What has a syntax tree, of whose lines nothing is asked."""

    @property
    def tree(self) -> ast.Module: ...


class Proposes(Protocol):
    """Gives a model's answers for one hole, likeliest first."""

    def __call__(self, program: Program, hole: Hole) -> AsyncIterator[Proposal]: ...


@dataclass(slots=True)
class Budget:
    """What a fill may cost."""

    proposals: int = 4  # of the model, for each hole
    candidates: int = 24  # that are tried
    runs: bool = False  # also run the examples for real, in a limited child process
    reasoning: bool = False  # a model that can thinks before it proposes
    rules: bool = True  # work out by rules what can be; False: by prediction alone


@dataclass(slots=True)
class Filling:
    """One request to fill holes: what is asked, and what has been found.

    Other holes of the same function are tried along, where rules can try so many: no example comes
    out right with one of them open.
    """

    world: WorldModel
    source: str
    path: str
    asked: Sequence[Hole]
    examples: Sequence[Example]
    budget: Budget = field(default_factory=Budget)
    _program: Program | None = None  # of what matters of the source
    _cut: frozenset[str] = frozenset()  # names that are bound in what does not
    _trying: Trying = field(init=False)
    holes: Sequence[Hole] = field(init=False)  # those that are asked for, then those tried along

    def __post_init__(self) -> None:
        self._trying = Trying(self.world)
        self.holes = self.asked

    async def candidates(self, propose: Proposes | None) -> AsyncIterator[Candidate]:
        """Candidates as they are tried, the likelier first; to be `ranked` in the end.

        Without examples they come untried. What rules alone show to be right comes before what has
        to be predicted, and what they show to be wrong last. Raises EngineError when not even one
        could be tried.
        """
        program = await self._parsed()
        self.holes = [*self.asked, *self._along(program)]
        tried: set[tuple[str, ...]] = set()
        failure: EngineError | None = None
        async for candidate in self._ordered(program, propose):
            if len(tried) >= self.budget.candidates:
                break
            try:
                verified = candidate if candidate.evidence else await self.verify(candidate)
            except EngineError as error:
                failure = error
                continue
            if verified is not None:
                part = verified.part(len(self.asked))
                tried.add(part.texts)
                yield part
        if failure is not None and not tried:
            raise failure

    def _along(self, program: Program) -> list[Hole]:
        """The other holes of the function that all that are asked for are in."""
        functions = {hole.function for hole in self.asked}
        calls = any(example.stop is None for example in self.examples)
        if not self._has_rules or not calls or len(functions) > 1 or None in functions:
            return []
        places = {(hole.line, hole.column) for hole in self.asked}
        return [
            hole
            for hole in holes_of(program)
            if hole.function in functions and (hole.line, hole.column) not in places
        ]

    @property
    def _has_rules(self) -> bool:
        return self.budget.rules and not self.budget.runs and bool(self.examples)

    async def _ordered(
        self, program: Program, propose: Proposes | None
    ) -> AsyncIterator[Candidate]:
        """Each candidate once, with the evidence that rules alone give, if they do for all of it.

        What is right by rules comes first, and then no other guess is predicted any more; then the
        model's own answers, guesses in the order of what it thinks of them, and what is wrong.
        """
        open_: list[Candidate] = []
        wrong: list[Candidate] = []
        guessed: list[Candidate] = []
        right = 0
        async for candidate in self._all(program, propose):
            if candidate.evidence and candidate.right == len(self.examples):
                traced = await self._traced(candidate)
                if traced is not None:
                    right += 1
                    yield traced
            elif candidate.evidence:
                wrong.append(candidate)
            else:
                (guessed if candidate.origin == "scope" else open_).append(candidate)
        for candidate in open_:
            yield candidate
        if not right:
            for candidate in await self._likelier_first(guessed):
                yield candidate
        for candidate in wrong:
            if not right or candidate.origin != "scope":
                yield candidate

    async def _all(self, program: Program, propose: Proposes | None) -> AsyncIterator[Candidate]:
        """Candidates with what rules tell of them.

        Of one hole the guesses come before a model has been asked: rules try them in no time.
        """
        if len(self.holes) > 1:
            lists = []
            for hole in self.holes:
                seen: set[str] = set()
                answers = [one async for one in self._proposed(program, hole, propose, seen)]
                lists.append([*answers, *guessed(hole, seen)])
            async for candidate in self._searched(program, lists):
                yield candidate
            return
        (hole,) = self.holes
        seen = set()
        async for candidate in self._searched(program, [guessed(hole, seen)]):
            yield candidate
        async for answer in self._proposed(program, hole, propose, set()):
            evidence = await self._reckoned(answer)
            yield replace(answer, evidence=evidence) if evidence else answer

    async def _searched(
        self, program: Program, lists: list[list[Candidate]]
    ) -> AsyncIterator[Candidate]:
        """Texts for all holes, tried by rules where these apply, for as long as it is worth it."""
        most = max(SCREENED, self.budget.candidates * COMBINED)
        if not self._has_rules or not all(lists):
            for parts in nearest(lists, most):
                yield joined(parts)
            return
        texts = [[one.texts[0] for one in answers] for answers in lists]
        places = [(hole.line, hole.column) for hole in self.holes]
        search = Combining(program, places, texts, self.examples, self._cut)
        end = time.monotonic() + SECONDS_SEARCHED
        unsure = right = 0
        while right < self.budget.candidates / 2 and time.monotonic() < end:
            found = await asyncio.to_thread(search.within, SECONDS_A_SLICE)
            if found is None:
                break
            for one in found:
                right += one.is_right
                if one.is_right:
                    end = min(end, time.monotonic() + SECONDS_FOR_MORE)
                if one.evidence:
                    yield candidate_of(one, lists)
                elif unsure < most:
                    left = left_open(one, lists, most if not any(one.texts) else OPENED)
                    unsure += len(left)
                    for candidate in left:
                        yield candidate

    async def _likelier_first(self, candidates: list[Candidate]) -> list[Candidate]:
        """Guesses in the order of what the model thinks of their examples at once.

        Where it cannot say so, and once that takes long, they stay in the order that they are in.
        """
        end = time.monotonic() + SECONDS_AT_ONCE
        sure: list[tuple[float, Candidate]] = []
        left = candidates[::-1]
        while left and self.examples and time.monotonic() < end:
            candidate = left[-1]
            try:
                weakest = await self._trying.weakest(await self._filled(candidate), self.examples)
            except ProgramError:
                left.pop()
                continue
            except (EngineError, EntryError):
                return candidates
            if weakest is None:
                return candidates
            sure.append((weakest, left.pop()))
        sure.sort(key=lambda one: -one[0])
        return [*(candidate for _, candidate in sure), *reversed(left)]

    async def _proposed(
        self, program: Program, hole: Hole, propose: Proposes | None, seen: set[str]
    ) -> AsyncIterator[Candidate]:
        """A model's answers for one hole, each once.

        Left aside are a model that cannot answer, as for a program that is too long for it, and
        texts with names that mean nothing where the hole is.
        """
        if propose is None:
            return
        try:
            at = program.holes.index((hole.line, hole.column))
            async for proposal in propose(program, replace(hole, index=at)):
                if is_new(proposal.text, seen) and hole.knows(proposal.text):
                    origin = "model" if proposal.form is None else "form"
                    yield Candidate((proposal.text,), origin, proposal.logprob)
        except NO_PROPOSALS:
            pass

    async def _parsed(self) -> Program:
        if self._program is None:
            self._program = await asyncio.to_thread(self._parse)
        return self._program

    def _parse(self) -> Program:
        """The program that is asked about: of a large one what these holes and examples need."""
        if self.budget.runs:
            return Program.parse(self.source, self.path)
        whole = parse(fill_holes(self.source.removeprefix("\ufeff"))[0])
        names = {e.function for e in self.examples} | {h.function for h in self.holes if h.function}
        lines = [hole.line for hole in self.holes]
        program = Program.parse(narrowed(self.source, whole, names, lines), self.path)
        self._cut = names_bound(whole) - names_bound(program.tree)
        return program

    async def _filled(self, candidate: Candidate) -> Program:
        """The program with a candidate in it: whole, if that names what else is there of it.

        Raises ProgramError.
        """
        program = await self._parsed()
        words = set(WORD.findall(" ".join(candidate.texts)))
        source = self.source if words & self._cut else program.source
        return await asyncio.to_thread(
            Program.parse, candidate.filled(source, self.holes), self.path
        )

    async def _reckoned(self, candidate: Candidate) -> tuple[Evidence, ...]:
        """The evidence that rules alone give, up to the first wrong example; empty if not all."""
        if not self._has_rules:
            return ()
        program = await self._parsed()
        places = [(hole.line, hole.column) for hole in self.holes]
        given = dict(zip(places, candidate.texts, strict=True))
        if self._cut & set(WORD.findall(" ".join(candidate.texts))):
            return ()
        texts = [given.get(place) for place in program.holes]
        return await asyncio.to_thread(by_rules, program, texts, self.examples)

    async def _traced(self, candidate: Candidate) -> Candidate | None:
        """A candidate with the traces that rules tell; None when it makes no program."""
        try:
            program = await self._filled(candidate)
        except ProgramError:
            return None
        told = [await asyncio.to_thread(traced, program, one) for one in candidate.evidence]
        return replace(candidate, evidence=tuple(told))

    async def verify(self, candidate: Candidate) -> Candidate | None:
        """The candidate with evidence; None when it makes no program.

        What is predicted wrong at once is not walked further: of the other examples only their
        probability is asked.
        """
        known = await self._reckoned(candidate)
        if known:
            return await self._traced(replace(candidate, evidence=known))
        try:
            program = await self._filled(candidate)
        except ProgramError:
            return None
        found: list[Evidence] = []
        wrong = False
        for example in self.examples:
            evidence = await self._trying.evidence(
                program, example, walks=not wrong, runs=self.budget.runs
            )
            wrong = wrong or (evidence.verdict is not Verdict.MATCH and not evidence.ran_right)
            if evidence.predicted is not None or evidence.probability or evidence.ran or not found:
                found.append(evidence)
        return replace(candidate, evidence=tuple(found))


def wanted_for(hole: Hole, program: Parsed, examples: Sequence[Example]) -> list[Example]:
    """The examples that can tell about a hole: those that say what comes out of its function.

    Or of one around it; where there are none, of functions that lead to it. A value that was
    chosen at a stop tells about its own hole alone.
    """
    place = hole.line, hole.column
    stops = [e for e in examples if e.stop and (e.stop.line, e.stop.column) == place]
    calls = [e for e in examples if e.stop is None and (e.returned or e.raised)]
    own = [e for e in calls if e.function in hole.within]
    if not own and hole.within and calls:
        callers = callers_of(program.tree, hole.within[0])
        own = [e for e in calls if e.function in callers]
    return [*stops, *own]


def holes_in_function(program: Program, hole: Hole) -> list[Hole]:
    """All holes of the function that a hole is in."""
    return [other for other in holes_of(program) if other.function == hole.function]
