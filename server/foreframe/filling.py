"""Filling `??` holes: candidates, each tried by predicting what the wanted examples would give."""

from __future__ import annotations

import ast
import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from foreframe.candidates import Basis, Candidate, Evidence, judge, outcome_of
from foreframe.combining import WORD, Combination, Combining
from foreframe.examples import Example
from foreframe.guesses import guesses
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
    """One request to fill holes: what is asked, and what has been found."""

    world: WorldModel
    source: str
    path: str
    holes: Sequence[Hole]
    examples: Sequence[Example]
    budget: Budget = field(default_factory=Budget)
    _program: Program | None = None  # of what matters of the source
    _cut: frozenset[str] = frozenset()  # names that are bound in what does not
    _trying: Trying = field(init=False)

    def __post_init__(self) -> None:
        self._trying = Trying(self.world)

    async def candidates(self, propose: Proposes | None) -> AsyncIterator[Candidate]:
        """Candidates as they are tried, the likelier first; to be `ranked` in the end.

        Without examples they come untried. What rules alone show to be right comes before what has
        to be predicted, and what they show to be wrong last. Raises EngineError when not even one
        could be tried.
        """
        tried = 0
        failure: EngineError | None = None
        async for candidate in self._ordered(propose):
            if tried >= self.budget.candidates:
                break
            try:
                verified = candidate if candidate.evidence else await self.verify(candidate)
            except EngineError as error:
                failure = error
                continue
            if verified is not None:
                tried += 1
                yield verified
        if failure is not None and not tried:
            raise failure

    @property
    def _has_rules(self) -> bool:
        return self.budget.rules and not self.budget.runs and bool(self.examples)

    async def _ordered(self, propose: Proposes | None) -> AsyncIterator[Candidate]:
        """Each candidate once, with the evidence that rules alone give, if they do for all of it.

        What is right by rules comes first, and then no other guess is predicted any more; then the
        model's own answers, guesses in the order of what it thinks of them, and what is wrong.
        """
        program = await self._parsed()
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
                lists.append([*answers, *_guessed(hole, seen)])
            async for candidate in self._searched(program, lists):
                yield candidate
            return
        (hole,) = self.holes
        seen = set()
        async for candidate in self._searched(program, [_guessed(hole, seen)]):
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
            for parts in _nearest(lists, most):
                yield _joined(parts)
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
                    yield _candidate(one, lists)
                elif unsure < most:
                    left = _left_open(one, lists, most if not any(one.texts) else OPENED)
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
                if _is_new(proposal.text, seen) and hole.knows(proposal.text):
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


def _guessed(hole: Hole, seen: set[str]) -> list[Candidate]:
    """Guesses from what is in scope, each once."""
    texts = [text for text in guesses(hole) if _is_new(text, seen) and hole.knows(text)]
    return [Candidate((text,), "scope", order=order) for order, text in enumerate(texts)]


def _is_new(text: str, seen: set[str]) -> bool:
    """Whether a text is Python, and none of the same syntax tree has come before."""
    try:
        key = ast.dump(parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if key in seen:
        return False
    seen.add(key)
    return True


def _left_open(one: Combination, lists: list[list[Candidate]], most: int) -> list[Candidate]:
    """What a search cannot tell of, with texts for the holes that it did not come to."""
    chosen = [
        [answer for answer in answers if text in (None, answer.texts[0])]
        for text, answers in zip(one.texts, lists, strict=True)
    ]
    return [_joined(parts) for parts in _nearest(chosen, most)]


def _candidate(one: Combination, lists: list[list[Candidate]]) -> Candidate:
    """What a search has found; where no run comes to a hole, its likeliest text."""
    parts = [
        next(answer for answer in answers if text in (None, answer.texts[0]))
        for text, answers in zip(one.texts, lists, strict=True)
    ]
    return replace(_joined(tuple(parts)), evidence=one.evidence)


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
    origins = {part.origin for part in parts}
    origin = next((one for one in ("scope", "form") if one in origins), "model")
    logprob = sum(known) if len(known) == len(parts) else None
    texts = tuple(part.texts[0] for part in parts)
    return Candidate(texts, origin, logprob, order=sum(part.order for part in parts))


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
