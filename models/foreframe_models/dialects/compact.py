"""The small model's dialect at run time: what `compact_text` writes, for programs of any length."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from types import CodeType
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from foreframe_models.confidence import AS_IS, Scales
from foreframe_models.dialects.base import Asked, Dialect, Reader
from foreframe_models.dialects.compact_grammar import CompactWriter
from foreframe_models.dialects.compact_jump import aim_ids, answered, jump_grammar, write_jump
from foreframe_models.dialects.compact_text import (
    Parsed,
    Place,
    advance,
    head,
    read_frame,
    write_frame,
    write_parts,
    write_scopes,
)
from foreframe_models.dialects.compact_way_back import CompactWayBack
from foreframe_models.dialects.listing import Listing, TooLong
from foreframe_models.engines.base import (
    Chunk,
    Engine,
    ModelInfo,
    PromptTooLong,
    VocabularyMismatch,
)
from foreframe_models.grammar import Exceptions, frame_grammar, walk_grammar
from foreframe_models.jumps import Aim, targets, usual_aim
from foreframe_models.program.source import fill_holes
from foreframe_models.vocabulary import LINES, Vocabulary
from foreframe_protocol.states import Frame, Goal, Part, State, Trace

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Function, Program

Scope = tuple[str, int]  # qualified name and first line


class CompactDialect(Dialect):
    """Traces as the small model was trained on them."""

    name = "compact"
    tells_upcoming = True
    exceptions: Exceptions = "likely"

    def __init__(self, engine: Engine, info: ModelInfo) -> None:
        super().__init__(engine, info)
        self.vocabulary = Vocabulary.standard()
        specials = sorted(info.specials.items(), key=lambda item: item[1])
        told = [text for text, _ in specials]
        if [i for _, i in specials] != [*range(len(told))] or not self.vocabulary.continues(told):
            raise VocabularyMismatch(
                f"{info.name} was trained with another vocabulary than this version's "
                f"({self.vocabulary.version}): use the model that came with it, or train one"
            )
        self._listings: WeakKeyDictionary[Program, dict[Scope | None, Listing]] = (
            WeakKeyDictionary()
        )
        self._places: WeakKeyDictionary[Trace, Place] = WeakKeyDictionary()

    def listing(self, program: Program, trace: Trace) -> Listing:
        """The program as this trace's documents show it: whole, or what its entry can reach.

        Raises PromptTooLong when even that has too many lines.
        """
        known = self._listings.setdefault(program, {})
        if None in known:
            return known[None]
        entry = entry_of(trace)
        if entry not in known:
            room = self.info.context_tokens // 2
            whole = self._listing(program, None)
            if whole is not None and len(whole.tokens) <= room:
                known[None] = whole
                return whole
            part = self._listing(program, reach(program, program.function_for(*entry)))
            if part is None:
                raise PromptTooLong(
                    f"{program.path}: what {entry[0]} can reach has over {LINES} lines of code, "
                    f"more than {self.info.name} can read: trace a smaller part of it"
                )
            known[entry] = part
        return known[entry]

    def _listing(self, program: Program, lines: Iterable[int] | None) -> Listing | None:
        source = "\n".join(program.lines)
        try:
            code = fill_holes(source)[0]
            return Listing(source, self.vocabulary, lines=lines, code=code)
        except TooLong:
            return None

    def place(self, program: Program, trace: Trace) -> Place:
        """Where a trace stands."""
        if not trace.state.stack:  # before the first call: nothing tells which listing it is of
            return Place()
        listing = self.listing(program, trace)
        missing: list[Trace] = []
        node = trace
        while node not in self._places and node.parent is not None:
            missing.append(node)
            node = node.parent
        place = self._places.get(node)
        if place is None:
            place = self._places[node] = Place.of(node.state)
        for node in reversed(missing):
            assert node.frame is not None
            place = self._places[node] = advance(listing, place, node.frame)
        return place

    async def context(self, program: Program, trace: Trace) -> tuple[int, ...]:
        # In a thread: a file of thousands of lines takes a second.
        listing = await asyncio.to_thread(self.listing, program, trace)
        state = trace.root().state
        return (*head(listing), *(write_scopes(listing, state) if state.stack else ()))

    async def write(self, program: Program, node: Trace) -> tuple[int, ...]:
        assert node.frame is not None
        assert node.parent is not None
        listing, frame = self.listing(program, node), node.frame
        before = self.place(program, node.parent)
        if node.skipped:
            asked, ids, place = write_jump(listing, before, usual_aim(frame), frame)
            ids = asked + ids
        else:
            if frame.upcoming is None:  # as of what a debugger has observed
                frame = replace(frame, upcoming=program.loops.upcoming(node))
            ids, place = write_frame(listing, before, frame)
        self._places[node] = place
        return tuple(ids)

    def write_parts(self, program: Program, trace: Trace, parts: Sequence[Part]) -> tuple[int, ...]:
        return tuple(write_parts(self.listing(program, trace), parts))

    def grammar(self, program: Program, trace: Trace, goal: Goal, *, one_frame: bool) -> str:
        make = frame_grammar if one_frame else walk_grammar
        writer = CompactWriter(self.listing(program, trace))
        return make(program, trace.state, goal, writer, exceptions=self.exceptions)

    def reader(self, program: Program, trace: Trace) -> Reader:
        listing, place = self.listing(program, trace), self.place(program, trace)
        return CompactReader(listing, place, self.info.scales)

    def jump(self, program: Program, trace: Trace, aim: Aim) -> Asked:
        listing = self.listing(program, trace)
        grammar = jump_grammar(listing, aim, targets(program, trace.state, aim))
        reader = JumpReader(listing, self.place(program, trace), aim, self.info.scales)
        return Asked(tuple(aim_ids(listing, aim)), grammar, reader)

    def way_back(self, program: Program, state: State) -> CompactWayBack:
        return CompactWayBack.before(self, program, state)


class CompactReader(Reader):
    """Reads the small model's answers. A line token ends every frame.

    `kind`: which of `scales` its values are told by.
    """

    def __init__(
        self, listing: Listing, place: Place, scales: Scales, kind: str = "values"
    ) -> None:
        self._listing, self._place = listing, place
        self._sure = scales.get(kind, AS_IS)
        self._sure_of_place = scales.get("places", AS_IS)
        self._ids: list[int] = []
        self._logprobs: list[float | None] = []

    async def feed(self, chunk: Chunk) -> Sequence[tuple[Frame, tuple[int, ...]]]:
        frames: list[tuple[Frame, tuple[int, ...]]] = []
        vocabulary = self._listing.vocabulary
        for token, logprob in zip(chunk.ids, chunk.logprobs, strict=True):
            if not self._ids and token == vocabulary.special["<end>"]:
                continue
            self._ids.append(token)
            self._logprobs.append(logprob)
            if vocabulary.line_number(token) is None:
                continue
            parsed = read_frame(self._listing, self._place, self._ids, strict=False)
            frame = self._with_confidence(parsed)
            frames.append((frame, tuple(self._ids)))
            self._place = advance(self._listing, self._place, frame)
            self._ids.clear()
            self._logprobs.clear()
        return frames

    def _with_confidence(self, parsed: Parsed) -> Frame:
        """How sure the model is of each thing, the parts that it may follow from included."""

        def sure(start: int, end: int) -> float | None:
            parts = probability(self._logprobs, range(min(start, parsed.event)))
            return self._sure(following(parts, probability(self._logprobs, range(start, end))))

        frame = parsed.frame
        values = frame.locals
        if values is not None:
            values = {
                name: replace(value, confidence=sure(*parsed.spans[name]))
                if name in parsed.spans
                else value
                for name, value in values.items()
            }
        value, upcoming = frame.value, frame.upcoming
        if value is not None and parsed.value is not None:
            value = replace(value, confidence=sure(*parsed.value))
        if upcoming is not None and parsed.upcoming is not None:
            upcoming = replace(upcoming, confidence=sure(*parsed.upcoming))
        parts = tuple(
            replace(part, value=replace(part.value, confidence=sure(*span)))
            for part, span in zip(frame.parts, parsed.parts, strict=True)
        )
        last = len(self._logprobs) - 1
        place = probability(self._logprobs, (parsed.event, last))
        if place is not None and self._logprobs[last] is not None:  # parts decide on a branch
            place = following(probability(self._logprobs, range(parsed.event)), place)
        return replace(
            frame, locals=values, value=value, parts=parts, upcoming=upcoming,
            confidence=self._sure_of_place(place),
        )  # fmt: skip


def probability(logprobs: Sequence[float | None], places: Iterable[int]) -> float | None:
    """The probability of the tokens there; None where the grammar left no choice in any."""
    found = [logprobs[at] for at in places]
    known = [p for p in found if p is not None]
    return math.exp(sum(known)) if known else None


def following(parts: float | None, own: float | None) -> float | None:
    """The probability of what may follow from parts: with a wrong one, half as much as alone.

    Half is what held-out programs show: often the wrong part is not what decides.
    """
    if own is None or parts is None:
        return own if parts is None else (1 + parts) / 2
    return own * (1 + parts) / 2


class JumpReader(Reader):
    """Reads the answer to a jump: a frame whose event the aim may have said already."""

    def __init__(self, listing: Listing, place: Place, aim: Aim, scales: Scales) -> None:
        self._listing, self._aim = listing, aim
        self._reader = CompactReader(listing, place, scales, "jumps")
        self._ids: list[int] = []

    async def feed(self, chunk: Chunk) -> Sequence[tuple[Frame, tuple[int, ...]]]:
        if chunk.ids and not self._ids:
            whole = answered(self._listing, self._aim, chunk.ids)
            if len(whole) > len(chunk.ids):
                said = Chunk(ids=(whole[0],), texts=("",), logprobs=(None,), forced=(True,))
                await self._reader.feed(said)
        self._ids += chunk.ids
        found = await self._reader.feed(chunk)
        asked = aim_ids(self._listing, self._aim)
        return [(frame, (*asked, *self._ids)) for frame, _ in found]


def entry_of(trace: Trace) -> Scope:
    """The outermost scope of a trace."""
    scope = trace.state.stack[0]
    return scope.function, scope.scope_line


def reach(program: Program, entry: Function) -> set[int]:
    """The lines of a scope and of all that it may call, their classes' heads, and what they read.

    Of the module's own lines those that bind a name which this code reads: a file of hundreds of
    functions binds as many names that do not matter here.
    """
    found: dict[int, Function] = {}
    todo = [entry]
    while todo:
        function = todo.pop()
        if function.id in found:
            continue
        found[function.id] = function
        called = set().union(*function.calls.values()) if function.calls else set()
        todo += (program.functions[ident] for ident in called)
    lines: set[int] = set()
    for function in found.values():
        body = function.lines
        first = function.scope_line or 1
        lines |= {*range(first, max([first, *body]) + 1)} if not function.is_module else {*body}
        for other in program.functions:  # the heads of the classes around it
            if function.qualname.startswith(f"{other.qualname}.") and not other.is_module:
                lines.add(other.def_line)
    module = program.functions[0]
    read = {name for function in found.values() for name in names_of(function.codes)}
    lines |= {line for line in module.lines if module.binds.get(line, frozenset()) & read}
    return lines


def names_of(codes: Iterable[CodeType]) -> Iterator[str]:
    """The global names and attributes that code reads, inner functions' too."""
    for code in codes:
        yield from code.co_names
        yield from names_of(c for c in code.co_consts if isinstance(c, CodeType))
