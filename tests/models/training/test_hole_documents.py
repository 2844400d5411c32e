"""Documents that teach filling holes."""

from __future__ import annotations

import ast
from random import Random

from foreframe_models.dialects.compact_hole import expression_ids, expression_text, hole_prompt
from foreframe_models.dialects.listing import Listing
from foreframe_models.program.source import fill_holes
from foreframe_models.training.documents import Run, TraceLimits, trace
from foreframe_models.training.hole_documents import candidates, hole, without
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_models.vocabulary import Vocabulary

VOCABULARY = Vocabulary.standard()
SOURCE = "def f(a):\n    if a > 2:\n        a = a * 2\n    return a + 1\n"


def test_any_candidate_can_be_left_out_and_put_back() -> None:
    rng = Random(5)
    seen = 0
    for _ in range(60):
        source = draw(rng, 1.0).source
        for _, node in candidates(source):
            holed, text = without(source, node)
            assert holed.replace("??", text, 1) == source
            Listing(holed, VOCABULARY, code=fill_holes(holed)[0])
            seen += 1
    assert seen > 100


def test_an_expression_comes_back_from_its_tokens_as_code() -> None:
    for text in ("a not in b and c", "f(x)[1:-2]", "'not in' if indexer else [0, None]", "-x"):
        back = expression_text(expression_ids(text, VOCABULARY), VOCABULARY)
        assert ast.dump(ast.parse(back)) == ast.dump(ast.parse(text))


def test_a_document_shows_the_hole_the_examples_and_then_the_expression() -> None:
    sample = Sample(SOURCE, "f", "3")
    runs = [Run(*trace(Sample(SOURCE, "f", args), TraceLimits(seconds=2))) for args in ("3", "1")]
    listing = Listing(SOURCE, VOCABULARY)
    for seed in range(20):
        doc = hole(Random(seed), sample, runs, listing, 512)
        assert doc is not None
        shown = VOCABULARY.show(doc.ids)
        assert shown.count("<hole>") == 2
        assert "<trace> <call> a <=> 3 <;> <L1>" in shown
        answer = expression_text(doc.ids[doc.start : -1], VOCABULARY)
        assert answer in {"a>2", "a", "2", "a*2", "a+1", "1"}
    ids = hole_prompt(listing, [(runs[0].frames[0], runs[0].frames[-1])])
    assert VOCABULARY.show(ids).endswith("<call> a <=> 3 <;> <L1> <ret> 7 <L4> <hole>")


def test_a_program_that_only_fails_gives_no_hole() -> None:
    source = "def f(a):\n    return a[5]\n"
    run = Run(*trace(Sample(source, "f", "[]"), TraceLimits(seconds=2)))
    assert (
        hole(Random(0), Sample(source, "f", "[]"), [run], Listing(source, VOCABULARY), 512) is None
    )
