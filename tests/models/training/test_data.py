"""Generated programs, their traces, documents and batches."""

from __future__ import annotations

import ast
import re
from itertools import islice
from random import Random
from types import ModuleType

import pytest

from foreframe_models.dialects.listing import Listing
from foreframe_models.training.batches import batches, bucket, collate, documents
from foreframe_models.training.coverage import compare, of_generated
from foreframe_models.training.documents import Document, Run, TraceLimits, Untraceable, trace
from foreframe_models.training.forward_documents import middle, traces
from foreframe_models.training.fresh import fresh_document
from foreframe_models.training.programs import (
    comparisons,
    control,
    dicts,
    idioms,
    lists,
    methods,
    numbers,
    objects,
    rarities,
    strings,
)
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_models.vocabulary import Vocabulary
from foreframe_protocol.states import Event

VOCABULARY = Vocabulary.standard()
LIMITS = TraceLimits(seconds=2)


def test_generated_programs_parse_and_nearly_all_run() -> None:
    rng = Random(1)
    failed = 0
    for _ in range(300):
        sample = draw(rng, rng.random())
        ast.parse(sample.source)
        frames, finished = trace(sample, LIMITS)
        failed += finished and len(frames) > 1 and frames[-2].event is Event.EXCEPTION
    assert failed < 60


def test_no_generated_program_can_swallow_what_stops_its_trace() -> None:
    rng = Random(2)
    for _ in range(800):
        for node in ast.walk(ast.parse(draw(rng, 1.0).source)):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None
                assert "BaseException" not in ast.dump(node.type)


@pytest.mark.parametrize(
    "room", [comparisons, strings, lists, dicts, numbers, control, methods, objects, rarities]
)
def test_every_idiom_gives_programs_that_run(room: ModuleType) -> None:
    rng = Random(3)
    found = ["> " + part for part in re.split(r"^> ", room.IDIOMS, flags=re.MULTILINE)[1:]]
    assert len(found) > 4
    for idiom in found:
        for _ in range(3):
            sample = idioms.fill(rng, idiom)
            assert "$" not in sample.source
            frames, _ = trace(sample, LIMITS)
            assert len(frames) > 2


def test_a_program_that_never_ends_is_stopped() -> None:
    loop = Sample("def f():\n    while True:\n        x = 1\n", "f")
    frames, finished = trace(loop, TraceLimits(frames=50, seconds=5))
    assert (len(frames), finished) == (50, False)
    busy = Sample("def f():\n    return sum(1 for i in iter(int, 1) if i)\n", "f")
    frames, finished = trace(busy, TraceLimits(frames=10**9, seconds=0.2))
    assert not finished


def test_a_program_that_fails_before_its_first_frame_is_untraceable() -> None:
    with pytest.raises(Untraceable):
        trace(Sample("1 / 0\n\ndef f():\n    pass\n", "f"), LIMITS)


def test_deep_recursion_breaks_nothing() -> None:
    sample = Sample("def f(n):\n    return f(n + 1)\n", "f", "0")
    frames, _ = trace(sample, TraceLimits(frames=10**6, seconds=10))
    assert len(frames) > 200
    assert len(trace(sample, TraceLimits(frames=50))[0]) == 50


def test_a_document_marks_what_counts_and_where_frames_start() -> None:
    sample = Sample("def f(a):\n    b = a + 1\n    return b\n", "f", "1")
    run, listing = Run(*trace(sample, LIMITS)), Listing(sample.source, VOCABULARY)
    whole = traces(listing, [run])
    events = [VOCABULARY.tokens[whole.ids[at]] for at in whole.frames]
    assert events == ["<call>", "<line>", "<line>", "<ret>"]
    assert whole.start == whole.frames[1]
    assert VOCABULARY.tokens[whole.ids[-1]] == "<end>"
    short = traces(listing, [run], context=len(whole.ids) - 2)
    assert short.ids == whole.ids[: len(short.ids)]
    assert VOCABULARY.special["<end>"] not in short.ids


def test_a_document_from_the_middle_starts_with_the_stack() -> None:
    sample = Sample(
        "def g(a):\n    b = a\n    return b\n\ndef f(a):\n    return g(a) + 1\n", "f", "1"
    )
    run, listing = Run(*trace(sample, LIMITS)), Listing(sample.source, VOCABULARY)
    seen = set()
    for seed in range(20):
        doc = middle(Random(seed), sample, [run], listing, 2048)
        assert doc is not None
        scopes = doc.ids.count(VOCABULARY.special["<scope>"])
        assert scopes in (1, 2)
        assert doc.start == doc.frames[0]
        seen.add(scopes)
    assert seen == {1, 2}


def test_batches_hold_documents_of_like_length_and_count_frames_only() -> None:
    batch = collate([Document([5, 6, 7, 8], 2, [2]), Document([5, 9, 8], 2, [2])], 6)
    assert batch.ids.tolist() == [[5, 6, 7, 8, 0, 0], [5, 9, 8, 0, 0, 0]]
    assert batch.labels.tolist() == [[-100, 7, 8, -100, -100, -100], [-100, 8] + [-100] * 4]
    assert batch.tokens == 7
    stream = batches(documents(Random(4), VOCABULARY, 1.0, 512), 1500)
    for batch in islice(stream, 4):
        rows, length = batch.ids.shape
        assert rows >= 2
        assert bucket(length) == length
        assert (batch.labels >= 0).sum() > 0


def test_the_same_seed_gives_the_same_documents() -> None:
    one, two = Random(6), Random(6)
    for _ in range(20):
        texts = []
        for rng in (one, two):
            doc = fresh_document(rng, 1.0, VOCABULARY, 1024)
            texts.append(doc and re.sub(r"0x[0-9a-f]+", "0x", VOCABULARY.decode(doc.ids)))
        assert texts[0] == texts[1]


def test_coverage_tells_what_generated_programs_lack() -> None:
    generated = of_generated(40, 7, VOCABULARY)
    other = of_generated(40, 8, VOCABULARY)
    other.calls["frobnicate"] = 20
    told = compare(generated, other)
    assert "call frobnicate" in told["rarer than a third"]  # type: ignore[operator]
    assert generated.report()["programs"] == 40
