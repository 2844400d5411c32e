"""The small model's way back: one request for each frame, limited to those that may come before."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from foreframe_models.confidence import AS_IS
from foreframe_models.dialects.base import MalformedFrame
from foreframe_models.dialects.compact_backward import (
    ParsedPast,
    is_whole,
    read_past,
    write_known,
    write_partly,
)
from foreframe_models.dialects.compact_backward_grammar import past_grammar
from foreframe_models.dialects.compact_text import head, write_scopes
from foreframe_models.dialects.way_back import GREEDY, NoPast, Sampling, WayBack, usage_of
from foreframe_models.engines.base import EngineAborted, PromptTooLong, Request
from foreframe_models.past import Past, PastPlace
from foreframe_models.program.retracing import Retracing
from foreframe_protocol.states import Event, Frame, Provenance, Scope, State, Trace, Usage, Value

if TYPE_CHECKING:
    from foreframe_models.dialects.compact import CompactDialect
    from foreframe_models.program.control_flow import Function, Program

SURE = (Provenance.GIVEN, Provenance.OBSERVED, Provenance.EDITED)


class CompactWayBack(WayBack):
    """Before a state (`before`), before an outcome (`ending`), or before a line known in part."""

    def __init__(
        self,
        dialect: CompactDialect,
        program: Program,
        entry: State,
        place: PastPlace,
        retracing: Retracing,
        sampling: Sampling = GREEDY,
    ) -> None:
        super().__init__()
        self.dialect, self.program, self.sampling = dialect, program, sampling
        self.listing = dialect.listing(program, Trace(entry))
        self.place, self.retracing = place, retracing
        self.to_call = False  # the next step goes straight to the call of the scope on top
        self._context: list[int] = []
        self._written: list[int] = []
        self._known: list[int] = []  # the beginning of the next frame, told in the prompt
        self._kind = ""
        self._values: Mapping[str, Value] = {}  # of the next frame, told as well
        self._requests = 0

    @classmethod
    def before(
        cls, dialect: CompactDialect, program: Program, state: State, sampling: Sampling = GREEDY
    ) -> CompactWayBack:
        """From a state whose stack is known."""
        retracing = Retracing.from_state(program, state)
        way = cls(dialect, program, state, PastPlace.of(state), retracing, sampling)
        way._start(state)
        return way

    @classmethod
    def ending(
        cls,
        dialect: CompactDialect,
        program: Program,
        function: Function,
        value: Value,
        *,
        raised: bool,
        sampling: Sampling = GREEDY,
    ) -> CompactWayBack:
        """From what a call of `function` returned or raised."""
        retracing = Retracing.from_end(program, function)
        way = cls(dialect, program, _entry(function), PastPlace(), retracing, sampling)
        way._context = [*head(way.listing), way.listing.vocabulary.special["<rev>"]]
        way._kind = "<unwind>" if raised else "<ret>"
        lines = [b.shown for b in retracing.before() if b.unwinds is raised]
        if not lines:
            how = "raise an exception" if raised else "return"
            raise NoPast(f"{function.qualname} cannot {how}: there is no line on which it could")
        way._known = write_known(
            way.listing, function.qualname, function.scope_line, lines[0], value, raised=raised
        )
        return way

    @classmethod
    def standing(
        cls,
        dialect: CompactDialect,
        program: Program,
        function: Function,
        line: int,
        known: Mapping[str, Value],
        sampling: Sampling = GREEDY,
    ) -> CompactWayBack:
        """From a line of a call of which some variables are known. It is the first step's frame."""
        past = Past(function.qualname, function.scope_line, line)
        place = PastPlace((past,), Event.RETURN)
        retracing = Retracing.from_line(program, function, line)
        way = cls(dialect, program, _entry(function), place, retracing, sampling)
        listing = way.listing
        partly = write_partly(listing, function.qualname, function.scope_line, line, known)
        way._context = [*head(listing), listing.vocabulary.special["<rev>"], *partly]
        way._values = known
        return way

    def _start(self, state: State) -> None:
        """Forgets how it came to `state`."""
        special = self.listing.vocabulary.special
        self._context = [*head(self.listing), *write_scopes(self.listing, state), special["<rev>"]]
        self._written = []

    def forget(self) -> None:
        """Goes on from the place alone where its history would not fit the context much longer."""
        room = self.dialect.info.context_tokens * 3 // 4
        if len(self._context) + len(self._written) > room:
            self._start(self.place.state())

    async def step(self, *, max_tokens: int, priority: int = 0) -> tuple[Frame, ...]:
        kind = "call" if self.to_call else self._kind
        grammar = past_grammar(
            self.listing, self.retracing, self.place, kind=kind, known=self._values
        )
        if grammar is None:
            raise NoPast("no line of the program can have led here")
        prompt = (*self._context, *self._written, *self._known)
        info = self.dialect.info
        room = info.context_tokens - len(prompt)
        if room < 1:
            if self._written:
                return ()
            raise PromptTooLong(
                f"{self.program.path}: the program and its variables do not fit the "
                f"{info.context_tokens} tokens that {info.name} reads"
            )
        seed = self.sampling.seed
        request = Request(
            prompt,
            min(room, max_tokens),
            grammar,
            temperature=self.sampling.temperature,
            seed=None if seed is None else seed + self._requests,
            priority=priority,
        )
        self._requests += 1
        ids, logprobs = await self._ask(request)
        ids = [*self._known, *ids]
        logprobs = [*[None] * len(self._known), *logprobs]
        if not is_whole(self.listing, ids):
            if len(ids) - len(self._known) >= request.max_tokens:
                return ()
            raise EngineAborted("the model ended its answer before a frame was complete")
        return self._take(ids, logprobs)

    async def _ask(self, request: Request) -> tuple[list[int], list[float | None]]:
        """The tokens of one frame."""
        ids: list[int] = []
        logprobs: list[float | None] = []
        self.usage += Usage(requests=1)
        stream = self.dialect.engine.stream(request)
        known = self._known
        try:
            async for chunk in stream:
                self.usage += usage_of(chunk)
                for token, logprob in zip(chunk.ids, chunk.logprobs, strict=True):
                    if not is_whole(self.listing, [*known, *ids]):
                        ids.append(token)
                        logprobs.append(logprob)
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()
        return ids, logprobs

    def _take(self, ids: list[int], logprobs: list[float | None]) -> tuple[Frame, ...]:
        """The frames that were read, and the way back goes on from them."""
        try:
            found = read_past(self.listing, self.place, ids, strict=False)
        except MalformedFrame as error:
            raise EngineAborted(f"the model's answer is no legal frame: {error}") from error
        first = found[0].frame
        before = self.retracing.find(first, unwinds=len(found) == 2)
        if before is None and self.to_call:
            before = self.retracing.find_call(first)
        if before is None:
            raise EngineAborted(
                f"the model's answer is no legal frame: a {first.event} frame on line "
                f"{first.line} cannot come before"
            )
        changed = before.function.changes(before.line)
        frames = [self._with_confidence(parsed, logprobs, changed) for parsed in found]
        self.place = replace_locals(found[-1].place, frames[-1])
        self.retracing = self.retracing.after(before)
        self.logprob += sum(p for p in logprobs if p is not None)
        self._written += ids
        self._known, self._kind, self._values, self.to_call = [], "", {}, False
        return tuple(frames)

    def _with_confidence(
        self, parsed: ParsedPast, logprobs: list[float | None], changed: frozenset[str]
    ) -> Frame:
        """How sure the model was; what only it says to be as it is later is predicted too."""

        scales = self.dialect.info.scales
        told, told_place = scales.get("past_values", AS_IS), scales.get("past_places", AS_IS)

        def confidence(start: int, end: int) -> float | None:
            known = [p for p in logprobs[start:end] if p is not None]
            return told(math.exp(sum(known))) if known else None

        # That a name is left out is said by what stands there in its place: all but the values.
        written = {at for span in parsed.spans.values() for at in range(*span)}
        others = [p for at, p in enumerate(logprobs) if p is not None and at not in written]
        sure = told(math.exp(sum(others))) if others else None
        line = [p for p in (logprobs[0], *logprobs[slice(*parsed.line)]) if p is not None]
        frame = parsed.frame
        values = frame.locals
        if values is not None:
            values = dict(values)
            for name, old in values.items():
                if name in self._values:
                    values[name] = self._values[name]
                elif name in parsed.spans:
                    values[name] = replace(old, confidence=confidence(*parsed.spans[name]))
                elif name in changed and old.provenance in SURE:
                    values[name] = replace(old, provenance=Provenance.PREDICTED, confidence=sure)
        value = frame.value
        if value is not None and parsed.value is not None:
            value = replace(value, confidence=confidence(*parsed.value))
        ends = told_place(math.exp(sum(line))) if line else None
        return replace(frame, locals=values, value=value, confidence=ends)


def replace_locals(place: PastPlace, frame: Frame) -> PastPlace:
    """The place with the frame's own values, which say how sure they are."""
    if frame.locals is None:
        return place
    return replace(place, stack=(*place.stack[:-1], replace(place.stack[-1], locals=frame.locals)))


def _entry(function: Function) -> State:
    """A stack that holds a function alone, of which nothing more is known."""
    scope = Scope(function.qualname, function.scope_line, function.def_line)
    return State((scope,), Event.CALL)
