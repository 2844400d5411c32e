"""The compact dialect at run time: grammars of its frames, and reading what a model wrote."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random

import pytest

from foreframe_models.dialects.base import MalformedFrame
from foreframe_models.dialects.compact import CompactDialect, reach
from foreframe_models.dialects.compact_grammar import CompactWriter
from foreframe_models.dialects.compact_text import Place, write_frame
from foreframe_models.dialects.listing import Listing
from foreframe_models.engines.base import (
    Chunk,
    Engine,
    ModelInfo,
    PromptTooLong,
    Request,
    VocabularyMismatch,
)
from foreframe_models.engines.constraint import Constraint, GrammarVocabulary
from foreframe_models.grammar import GrammarTooLarge, walk_grammar
from foreframe_models.program.control_flow import Program
from foreframe_models.training.documents import TraceLimits, Untraceable, trace
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_models.vocabulary import Vocabulary
from foreframe_protocol.states import Action, Event, Frame, Goal, Part, Provenance, Trace, Value

VOCABULARY = Vocabulary.standard()
END = VOCABULARY.special["<pad>"]
IDS = GrammarVocabulary.of_ids(len(VOCABULARY), END)
LIMITS = TraceLimits(frames=120, seconds=2)
INFO = ModelInfo("small", "compact", 2048, VOCABULARY.special)
TO_THE_END = Goal(Action.RUN_TO)


class Silent(Engine):
    """An engine that is never asked."""

    name = "silent"

    async def open(self) -> ModelInfo:
        return INFO

    async def stream(self, request: Request) -> AsyncIterator[Chunk]:
        raise NotImplementedError
        yield Chunk()

    async def encode(self, text: str) -> tuple[int, ...]:
        raise NotImplementedError

    async def decode(self, ids: tuple[int, ...]) -> str:
        raise NotImplementedError

    async def health(self) -> str:
        return ""

    async def close(self) -> None:
        return None


def tokens_after_the_call(listing: Listing, frames: list[Frame]) -> list[list[int]]:
    _, place = write_frame(listing, Place(), frames[0])
    found = []
    for frame in frames[1:]:
        ids, place = write_frame(listing, place, frame)
        found.append(ids)
    return found


def joined(parts: list[list[int]]) -> list[int]:
    return [token for part in parts for token in part]


def constraint_for(sample: Sample, first: Frame, listing: Listing) -> Constraint:
    program = Program.parse(sample.source, "x.py")
    state = Trace().append(first).state
    grammar = walk_grammar(program, state, TO_THE_END, CompactWriter(listing), exceptions="all")
    return IDS.constraint(grammar)


def accepts(constraint: Constraint, ids: list[int]) -> bool:
    return all(constraint._matcher.consume_tokens([token]) for token in ids)


def usable(count: int, seed: int) -> list[tuple[Sample, list[Frame]]]:
    rng = Random(seed)
    found: list[tuple[Sample, list[Frame]]] = []
    while len(found) < count:
        sample = draw(rng, 1.0)
        try:
            frames, finished = trace(sample, LIMITS)
        except Untraceable:
            continue
        if finished and len(frames) > 3:
            found.append((sample, frames))
    return found


def test_true_traces_of_generated_programs_are_accepted() -> None:
    refused = 0
    for sample, frames in usable(150, seed=3):
        listing = Listing(sample.source, VOCABULARY)
        try:
            constraint = constraint_for(sample, frames[0], listing)
        except GrammarTooLarge:
            continue
        ids = joined(tokens_after_the_call(listing, frames))
        refused += not (accepts(constraint, ids) and constraint.complete)
    assert refused == 0


def test_frames_in_the_wrong_place_are_refused() -> None:
    sample = Sample("def f(x):\n    y = x + 1\n    z = y * 2\n    return z\n", "f", "1")
    frames, _ = trace(sample, LIMITS)
    listing = Listing(sample.source, VOCABULARY)
    parts = tokens_after_the_call(listing, frames)
    assert accepts(constraint_for(sample, frames[0], listing), joined(parts))
    skipped = joined(parts[:1] + parts[2:])
    unbound = [*parts[0], VOCABULARY.special["<line>"], VOCABULARY.line(3)]
    early = [*parts[0], VOCABULARY.special["<ret>"], *VOCABULARY.value("1"), VOCABULARY.line(2)]
    for wrong in (skipped, unbound, early, parts[1]):
        assert not accepts(constraint_for(sample, frames[0], listing), wrong)


def test_parts_and_next_elements_may_be_left_out_but_never_be_wrong() -> None:
    source = (
        "def g(a):\n    return a\n"
        "def f(xs):\n    t = 0\n    for x in sorted(xs):\n        t += g(x + 1) * 2\n    return t\n"
    )
    sample = Sample(source, "f", "[2, 1]")
    frames, _ = trace(sample, LIMITS)
    listing = Listing(source, VOCABULARY)

    def taken(changed: list[Frame]) -> bool:
        ids = joined(tokens_after_the_call(listing, changed))
        constraint = constraint_for(sample, changed[0], listing)
        return accepts(constraint, ids) and constraint.complete

    assert taken(frames)
    rng = Random(2)
    for _ in range(8):
        thinned = [
            replace(
                frame,
                parts=tuple(part for part in frame.parts if rng.random() < 0.5),
                upcoming=frame.upcoming if rng.random() < 0.5 else None,
            )
            for frame in frames
        ]
        assert taken(thinned)
    told = [index for index, frame in enumerate(frames) if frame.parts]
    assert {frames[index].event for index in told} == {Event.CALL, Event.LINE}
    for index in told:
        frame = frames[index]
        beyond = (*frame.parts, Part(9, Value("1")))
        twice = (*frame.parts, frame.parts[-1])
        for wrong in (beyond, twice):
            assert not taken([*frames[:index], replace(frame, parts=wrong), *frames[index + 1 :]])
    plain = next(i for i, frame in enumerate(frames) if frame.line == 4 and i)
    late = replace(frames[plain], parts=(Part(0, Value("1")),))
    assert not taken([*frames[:plain], late, *frames[plain + 1 :]])


async def test_parts_and_next_elements_have_a_confidence_of_their_own() -> None:
    source = "def f(xs):\n    for x in xs:\n        y = len(xs) + x\n    return y\n"
    frames, _ = trace(Sample(source, "f", "[1]"), LIMITS)
    program = Program.parse(source, "x.py")
    dialect = CompactDialect(Silent(), INFO)
    root = Trace().append(frames[0])
    reader = dialect.reader(program, root)
    ids = tuple(joined(tokens_after_the_call(dialect.listing(program, root), frames)))
    count = len(ids)
    read = await reader.feed(Chunk(ids, ("",) * count, (-0.5,) * count, (False,) * count))
    first, _, again = (frame for frame, _ in read[:3])
    assert first.upcoming is not None
    assert first.upcoming == Value("1", confidence=pytest.approx(math.exp(-0.5 * 2)))
    assert [part.index for part in again.parts] == [0]
    sure = again.parts[0].value.confidence
    assert sure is not None
    assert 0 < sure <= math.exp(-0.5 * 2)  # its own two tokens at least


async def test_a_streamed_answer_becomes_frames_with_confidence() -> None:
    sample = Sample("def f(x):\n    y = [x]\n    y.append(2)\n    return y\n", "f", "1")
    frames, _ = trace(sample, LIMITS)
    program = Program.parse(sample.source, "x.py")
    dialect = CompactDialect(Silent(), INFO)
    root = Trace().append(frames[0])
    reader = dialect.reader(program, root)
    listing = dialect.listing(program, root)
    read: list[Frame] = []
    for ids in tokens_after_the_call(listing, frames):
        for token in ids:
            chunk = Chunk((token,), ("",), (-0.5,), (False,))
            for frame, tokens in await reader.feed(chunk):
                read.append(frame)
                assert list(tokens) == ids
    assert [f.line for f in read] == [f.line for f in frames[1:]]
    assert read[-1].value is not None
    assert read[-1].value.text == "[1, 2]"
    values = read[2].locals
    assert values is not None
    assert values["y"].provenance is Provenance.PREDICTED
    assert values["y"].confidence == pytest.approx(2.718281828 ** (-0.5 * 4))  # y <+> 2 <;>
    assert values["x"].provenance is Provenance.OBSERVED
    assert read[2].confidence == pytest.approx(2.718281828**-1.0)


async def test_what_is_written_goes_on_where_an_answer_ended() -> None:
    source = "def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n    return t\n"
    frames, _ = trace(Sample(source, "f", "[1, 2]"), LIMITS)
    program = Program.parse(source, "x.py")
    dialect = CompactDialect(Silent(), INFO)
    node = Trace()
    shown = []
    for frame in frames:
        node = node.append(frame)
        shown.append(VOCABULARY.show(await dialect.write(program, node)))
    assert shown[4] == "<line> t <=> 1 <;> <it> 2 <;> <L3>"
    context = await dialect.context(program, node)
    assert VOCABULARY.tokens[context[-1]] == "<trace>"
    middle = Trace(node.parent.state) if node.parent else node
    assert VOCABULARY.tokens[(await dialect.context(program, middle))[-1]] == "<L5>"


async def test_a_long_file_is_shown_as_what_the_entry_reaches() -> None:
    filler = "".join(f"def g{n}(a):\n    b = a + {n}\n    return b\n\n" for n in range(200))
    source = (
        filler + "LIMIT = 5\n\ndef h(a):\n    return a + LIMIT\n\ndef f(a):\n    return h(a) + 1\n"
    )
    program = Program.parse(source, "x.py")
    dialect = CompactDialect(Silent(), INFO)
    scope = program.find("f")
    call = Frame(Event.CALL, "f", scope.scope_line, scope.def_line, "def f(a):", {"a": Value("1")})
    root = Trace().append(call)
    listing = dialect.listing(program, root)
    assert {scope.def_line, program.find("h").def_line, 801} <= set(listing.number)
    assert len(listing.number) < 20
    assert "z0" in dialect.grammar(program, root, TO_THE_END, one_frame=False)


async def test_a_scope_that_reaches_too_much_is_refused_with_advice() -> None:
    source = "def f(a):\n" + "    a += 1\n" * 400 + "    return a\n"
    program = Program.parse(source, "big.py")
    dialect = CompactDialect(Silent(), INFO)
    root = Trace().append(Frame(Event.CALL, "f", 1, 1, "def f(a):", {"a": Value("1")}))
    with pytest.raises(PromptTooLong, match=r"big\.py: what f can reach has over 320 lines"):
        dialect.listing(program, root)


def test_a_model_of_another_vocabulary_is_refused() -> None:
    with pytest.raises(VocabularyMismatch, match="another vocabulary"):
        CompactDialect(Silent(), ModelInfo("other", "compact", 2048, {"<call>": 3}))


async def test_tokens_that_are_no_frame_are_told_apart() -> None:
    program = Program.parse("def f(x):\n    return x\n", "x.py")
    dialect = CompactDialect(Silent(), INFO)
    root = Trace().append(Frame(Event.CALL, "f", 1, 1, "def f(x):", {"x": Value("1")}))
    ids = (VOCABULARY.special["<it>"], VOCABULARY.line(2))
    with pytest.raises(MalformedFrame):
        await dialect.reader(program, root).feed(Chunk(ids, ("", ""), (None, None), (False,) * 2))


def test_a_function_of_a_file_with_hundreds_of_others_is_listed_by_what_it_reads():
    others = "".join(f"def other_{n}(x):\n    return x\n\n" for n in range(400))
    source = f"LIMIT = 3\nUNUSED = 4\n\n{others}def f(n):\n    return min(n, LIMIT)\n"
    program = Program.parse(source, "/p.py")
    lines = reach(program, program.find("f"))
    assert {1, source.count("\n") - 1, source.count("\n")} <= lines
    assert 2 not in lines
    assert len(lines) < 10


async def test_a_call_is_written_in_a_file_too_long_to_be_listed_whole():
    dialect = CompactDialect(Silent(), INFO)
    rows = "".join(f"DATA_{n} = {n}\n" for n in range(400))
    program = Program.parse(f"{rows}def f(n):\n    return n\n", "/p.py")
    call = Frame(Event.CALL, "f", 401, 401, "def f(n):", {"n": Value("1")})
    assert dialect.vocabulary.show(await dialect.write(program, Trace().append(call))) == (
        "<call> n <=> 1 <;> <L2>"
    )
