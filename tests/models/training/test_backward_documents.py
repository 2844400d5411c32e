"""Documents of the past: what is given, what is learned, and that it is the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest

from foreframe_models.dialects.compact_backward import split_past
from foreframe_models.dialects.listing import Listing
from foreframe_models.training.backward_documents import backward, outcome
from foreframe_models.training.documents import Document, Run, TraceLimits, Untraceable, trace
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_models.vocabulary import Vocabulary

VOCABULARY = Vocabulary.standard()
LIMITS = TraceLimits(frames=100, seconds=2)
SOURCE = """\
def g(a):
    b = a + 1
    return b

def f(n):
    m = g(n)
    return [m]
"""
LISTING = Listing(SOURCE, VOCABULARY)
SAMPLE = Sample(SOURCE, "f", "3")


def run(sample: Sample) -> Run:
    return Run(*trace(sample, LIMITS))


def shown(document: Document) -> tuple[str, str]:
    """What is given after the program, and what is learned."""
    first = document.ids.index(VOCABULARY.special["<trace>"]) + 1
    given, learned = document.ids[first : document.start], document.ids[document.start :]
    return VOCABULARY.show(given), VOCABULARY.show(learned)


def drawn(write: Callable[..., Document | None], count: int) -> Iterator[tuple[str, str]]:
    """Different documents of one program."""
    rng, real = Random(1), run(SAMPLE)
    for _ in range(count):
        document = write(rng, SAMPLE, [real], LISTING, 2048)
        if document is not None:
            yield shown(document)


def test_a_way_back_starts_from_the_scopes_of_any_stop_and_ends_with_the_entrys_call() -> None:
    found = dict(drawn(backward, 200))
    inside = "<scope> n <=> 3 <;> <L5> <scope> a <=> 3 <;> b <=> 4 <;> <L3> <rev>"
    assert inside in found
    assert any(
        learned
        == "<line> <L2> b <del> <;> <;> <call> <L1> <;> <line> <L5> <;> <call> <L4> <;> <end>"
        for given, learned in drawn(backward, 200)
        if given == inside
    )
    assert all(learned.endswith("<end>") or "<jump> <call>" in learned for learned in
               found.values())  # fmt: skip


def test_calls_are_sometimes_passed_over() -> None:
    stop = "<scope> n <=> 3 <;> m <=> 4 <;> <L6> <rev>"
    found = {learned for given, learned in drawn(backward, 300) if given == stop}
    over = "<jump> <line> <L5> m <del> <;> <;> <call> <L4> <;> <end>"
    assert over in found
    assert "<jump> <call> <L4> n <=> 3 <;> <;> <end>" in found
    assert any(learned.startswith("<ret> 4 <L3>") for learned in found)


def test_an_outcome_is_given_and_all_that_led_there_is_learned() -> None:
    found = set(drawn(outcome, 300))
    assert ("<rev> <ret> [ 4 ]", "<L6> <jump> <call> <L4> n <=> 3 <;> <;> <end>") in found
    start = "<L6> <line> <L6> n <=> 3 <;> m <=> 4 <;> <;> "
    assert any(g == "<rev> <ret> [ 4 ]" and learned.startswith(start) for g, learned in found)
    partly = [learned for g, learned in found if g == "<rev> <scope> m <=> 4 <;> <L6>"]
    assert any(learned.startswith(start.removeprefix("<L6> ")) for learned in partly)


def test_an_exception_is_an_outcome_too() -> None:
    source = "def f(n):\n    raise KeyError(n)\n"
    sample, listing = Sample(source, "f", "3"), Listing(source, VOCABULARY)
    documents = [outcome(Random(n), sample, [run(sample)], listing, 512) for n in range(20)]
    found = {shown(document) for document in documents if document is not None}
    learned = "<L2> <line> <L2> n <=> 3 <;> <;> <call> <L1> <;> <end>"
    assert ("<rev> <unwind> KeyError :  3", learned) in found


@pytest.mark.parametrize("write", [backward, outcome])
def test_documents_of_generated_programs_are_whole_frames(
    write: Callable[..., Document | None],
) -> None:
    rng, made = Random(3), 0
    while made < 150:
        sample = draw(rng, 1.0)
        try:
            real = run(sample)
        except (Untraceable, SyntaxError):
            continue
        listing = Listing(sample.source, VOCABULARY)
        document = write(rng, sample, [real], listing, 700)
        if document is None:
            continue
        made += 1
        assert len(document.ids) <= 700
        body = document.ids[document.frames[0] :]
        if body[-1] == VOCABULARY.special["<end>"]:
            body.pop()
        parts = list(split_past(listing, body))
        assert sum(map(len, parts)) == len(body)
        starts = [document.frames[0] + sum(map(len, parts[:n])) for n in range(len(parts))]
        assert starts == document.frames


def test_a_module_has_no_outcome_to_start_from() -> None:
    sample = Sample("x = 1\ny = 2\n")
    listing = Listing(sample.source, VOCABULARY)
    assert outcome(Random(1), sample, [run(sample)], listing, 512) is None
