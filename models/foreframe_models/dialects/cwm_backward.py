"""CWM's way back: it was never taught to go there, so what may have been is tried out forward.

Control flow says which lines may come before and which names they may have changed. For each, the
values are taken to be as they are later, or what the model itself writes at that place; each such
candidate is scored by how likely the model then makes what is known to follow. What a line has
called is passed over.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from foreframe_models.backward import frame_of
from foreframe_models.dialects.cwm_grammar import CwmWriter, literal
from foreframe_models.dialects.way_back import NoPast, Sampling, WayBack, usage_of
from foreframe_models.engines.base import EngineAborted, Request
from foreframe_models.program.retracing import Before, Retracing, earlier_orders
from foreframe_protocol.states import (
    Event,
    Frame,
    Locals,
    Provenance,
    Scope,
    State,
    Trace,
    Usage,
)
from foreframe_protocol.trace_parser import UNCHANGED_JSON
from foreframe_protocol.trace_text import Separator, json_string

if TYPE_CHECKING:
    from foreframe_models.dialects.cwm import CwmDialect
    from foreframe_models.program.binding import Names
    from foreframe_models.program.control_flow import Function, Program

MOST_CANDIDATES = 16  # scored for one step, a request each
MOST_PROPOSALS = 6  # of values, for one step, a request each
DRAWN = 2  # proposals for one place: the likeliest, and others by chance
TEMPERATURE = 0.8
PROPOSAL_TOKENS = 400


@dataclass(frozen=True, slots=True)
class Candidate:
    """A state that may have come before, the frame that shows it, and how well the rest follows.

    `logprob`: of the known frame after it, as a natural logarithm; `share`: of all candidates.
    """

    before: Before
    frame: Frame
    state: State
    logprob: float = 0.0
    share: float = 1.0


class CwmWayBack(WayBack):
    """Before a state whose stack is known. `candidates` are those of the last step, best first."""

    def __init__(self, dialect: CwmDialect, program: Program, state: State) -> None:
        super().__init__()
        self.dialect, self.program, self.state = dialect, program, state
        self.candidates: list[Candidate] = []
        self._skips = False
        self._tokens = self._priority = 0  # of the step under way

    @property
    def skips(self) -> bool:
        return self._skips

    async def step(self, *, max_tokens: int, priority: int = 0) -> tuple[Frame, ...]:
        self._tokens, self._priority = max_tokens, priority
        found = await self._candidates()
        if not found:
            raise NoPast("no line of the program can have led here")
        if len(found) > 1:
            found = await self._scored(found)
        self.candidates = found
        best = found[0]
        self.logprob += math.log(best.share) if best.share > 0 else 0.0
        called = best.before.function.calls.get(best.before.line)
        raised = best.before.event is Event.EXCEPTION
        self._skips = best.frame.event is Event.LINE and (bool(called) or raised)
        if self.state.event is Event.CALL:
            self._skips = False
        self.state = best.state
        return (with_confidence(best, certain=len(found) == 1),)

    # Candidates.

    async def _candidates(self) -> list[Candidate]:
        state = self.state
        ways = Retracing.from_state(self.program, state).before()
        ways = [before for before in ways if before.event is not Event.RETURN]
        if state.event is not Event.LINE and state.event is not None:
            return self._certain(ways)
        found: list[Candidate] = []
        proposals = 0
        for before in ways[:MOST_CANDIDATES]:
            for order in self._orders(before):
                if len(found) >= MOST_CANDIDATES:
                    break
                candidate = self._unchanged(before, order)
                if candidate is not None:
                    found.append(candidate)
                free = self._free(before, order)
                if free and before.event is Event.LINE and proposals < MOST_PROPOSALS:
                    proposals += DRAWN
                    found += await self._proposed(before, order, free)
        return list({_key(c): c for c in found}.values())[:MOST_CANDIDATES]

    def _certain(self, ways: list[Before]) -> list[Candidate]:
        """Before a call, a return or an exception the line is known, and its values are."""
        stack = self.state.stack[:-1] if self.state.event is Event.CALL else self.state.stack
        found = []
        for before in ways:
            top = stack[-1]
            if before.event is Event.EXCEPTION:
                continue  # which one it was, no one knows: the line before it is what counts
            event = Event.CALL if before.event is Event.CALL else Event.LINE
            state = State((*stack[:-1], replace(top, line=before.shown)), event)
            found.append(Candidate(before, frame_of(self.program, state), state))
        return found

    def _orders(self, before: Before) -> list[Names]:
        """The names that the frame before may show."""
        top = self.state.top
        later = tuple(top.locals)
        if before.event is Event.EXCEPTION:
            before = replace(before, event=Event.LINE)
            orders = before.function.orders(before.line)
            kept = tuple(n for n in later if n in before.function.names)
            return [o for o in orders if set(o) <= set(later)] if orders else [kept]
        found = earlier_orders(before.function, before, top.line, later)
        if found is not None:
            return list(found)
        if before.event is Event.CALL:
            given = {parameter.name for parameter in before.function.parameters}
            return [tuple(name for name in later if name in given)]
        bound = before.function.binds.get(before.line, frozenset())
        return list(dict.fromkeys([later, tuple(n for n in later if n not in bound)]))

    def _free(self, before: Before, order: Names) -> list[str]:
        """The names whose values may have been others."""
        changed = before.function.changes(before.line)
        later = self.state.top.locals
        return [name for name in order if name in changed or name not in later]

    def _unchanged(self, before: Before, order: Names) -> Candidate | None:
        """All values as they are later; None where some are not known."""
        later = self.state.top.locals
        if not set(order) <= set(later):
            return None
        sure = before.function.changes(before.line)
        shown = {
            n: replace(later[n], provenance=Provenance.PREDICTED, confidence=None)
            if n in sure
            else later[n]
            for n in order
        }
        return self._candidate(before, shown)

    def _candidate(self, before: Before, shown: Locals) -> Candidate:
        scope = replace(self.state.top, line=before.shown, locals=shown)
        event = Event.CALL if before.event is Event.CALL else Event.LINE
        state = State((*self.state.stack[:-1], scope), event)
        return Candidate(before, frame_of(self.program, state), state)

    async def _proposed(self, before: Before, order: Names, free: list[str]) -> list[Candidate]:
        """Values as the model writes them on that line, when it has just been called."""
        function = before.function
        later = self.state.top.locals
        given = {p.name: later[p.name] for p in function.parameters if p.name in later}
        called = Scope(function.qualname, function.scope_line, max(1, function.def_line), given)
        state = State((*self.state.stack[:-1], called), Event.CALL)
        context = await self.dialect.context(self.program, Trace(state))
        grammar = PastWriter(self.dialect.ids).line_known(
            function, before.shown, order, {n: v for n, v in later.items() if n not in free}, given
        )
        draws = [Sampling(), *(Sampling(TEMPERATURE, seed) for seed in range(1, DRAWN))]
        answers = await asyncio.gather(*(self._write(state, context, grammar, d) for d in draws))
        return [
            self._candidate(before, {n: later[n] if n not in free else v for n, v in shown.items()})
            for shown in answers
            if shown is not None
        ]

    async def _write(
        self, state: State, context: tuple[int, ...], grammar: str, sampling: Sampling
    ) -> Locals | None:
        """The locals of one frame that the model writes after `state`; None when it is cut off."""
        room = self.dialect.info.context_tokens - len(context)
        if room < 1:
            return None
        request = Request(
            context, min(room, PROPOSAL_TOKENS, self._tokens), grammar,
            temperature=sampling.temperature, seed=sampling.seed, priority=self._priority,
        )  # fmt: skip
        reader = self.dialect.reader_ahead(self.program, state)
        self.usage += Usage(requests=1)
        stream = self.dialect.engine.stream(request)
        found: Locals | None = None
        try:
            async for chunk in stream:
                self.usage += usage_of(chunk)
                for frame, _ in await reader.feed(chunk) if found is None else ():
                    found = frame.locals
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()
        return found

    # Scores.

    async def _scored(self, found: list[Candidate]) -> list[Candidate]:
        """The candidates with their scores, best first."""
        scores = await asyncio.gather(*(self._score(candidate) for candidate in found))
        best = max(scores)
        total = sum(math.exp(score - best) for score in scores)
        made = [
            replace(candidate, logprob=score, share=math.exp(score - best) / total)
            for candidate, score in zip(found, scores, strict=True)
        ]
        return sorted(made, key=lambda candidate: -candidate.logprob)

    async def _score(self, candidate: Candidate) -> float:
        """How likely the known frame is after a candidate, as a natural logarithm."""
        trace = Trace(candidate.state)
        context = await self.dialect.context(self.program, trace)
        known = frame_of(self.program, self.state)
        ids = await self.dialect.write(self.program, trace.append(known))
        self.usage += Usage(requests=1, prompt_tokens=len(context) + len(ids))
        values = await self.dialect.engine.score((*context, *ids), len(context))
        if len(values) != len(ids):
            raise EngineAborted("the engine's scores are not one for each token")
        return sum(values)


class PastWriter(CwmWriter):
    """Writes the one frame in which only the unknown values are left open."""

    def line_known(
        self, function: Function, line: int, order: Names, known: Locals, called: Locals
    ) -> str:
        """A grammar of the frame on `line`; `called`: the locals that a repeated value repeats."""
        parts = []
        for index, name in enumerate(order):
            key = ("{" if not index else ", ") + json_string(name) + ": "
            value = known.get(name)
            if value is None:
                parts.append(f"{literal(key)} V")
                continue
            old = called.get(name)
            same = old is not None and old.text == value.text
            parts.append(literal(key + (UNCHANGED_JSON if same else json_string(value.text))))
        shown = " ".join(parts) + ' "}"' if parts else '"{}"'
        event, end = self._token[Separator.LINE], self._token[Separator.FRAME]
        return f"start: {event} {shown} {self._source(function, line)} {end}\n{self.prelude()}\n"


def with_confidence(best: Candidate, *, certain: bool) -> Frame:
    """The candidate's frame, its share as the confidence in all that it alone says."""
    share = None if certain else best.share
    values = best.frame.locals
    if values is not None:
        values = {
            name: replace(value, confidence=share)
            if value.provenance is Provenance.PREDICTED and not certain
            else value
            for name, value in values.items()
        }
    return replace(best.frame, locals=values, confidence=share)


def _key(candidate: Candidate) -> tuple[object, ...]:
    frame = candidate.frame
    return frame.event, frame.line, *((n, v.text) for n, v in (frame.locals or {}).items())
