"""Documents of traces: several runs in one, and what was left out of frames."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from foreframe_models.dialects.listing import Listing
from foreframe_models.training.batches import collate
from foreframe_models.training.documents import Document, Run, TraceLimits, trace
from foreframe_models.training.forward_documents import forward, thinned, traces
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.tasks import TASKS, draw_task
from foreframe_models.vocabulary import Vocabulary

VOCABULARY = Vocabulary.standard()
SOURCE = "def f(a):\n    for c in a:\n        b = len(c.strip()) + 1\n    return b\n"
LISTING = Listing(SOURCE, VOCABULARY)


def run(args: str) -> Run:
    return Run(*trace(Sample(SOURCE, "f", args), TraceLimits(seconds=2)))


def learned(doc: Document) -> list[str]:
    """The tokens that count for the loss."""
    labels = collate([doc], len(doc.ids)).labels[0]
    return [VOCABULARY.tokens[token] for token in labels if token >= 0]


def test_runs_follow_each_other_and_their_calls_are_given() -> None:
    doc = forward(Random(1), Sample(SOURCE), [run("['x']"), run("['yy']")], LISTING, 2048)
    assert doc is not None
    shown = VOCABULARY.show(doc.ids)
    assert shown.count("<trace>") == shown.count("<end>") == 2
    told = learned(doc)
    assert "<trace>" not in told
    assert "<call>" not in told
    assert told.count("<ret>") == told.count("<end>") == 2


def test_a_run_that_does_not_fit_is_left_out_or_cut_and_not_ended() -> None:
    runs = [run("['x']"), run("['yy']")]
    whole, one = traces(LISTING, runs), traces(LISTING, runs[:1])
    for context in range(len(one.ids) + 1, len(whole.ids) + 1):
        doc = traces(LISTING, runs, context=context)
        assert len(doc.ids) <= context
        assert doc.ids == whole.ids[: len(doc.ids)]
        assert len(learned(doc)) >= len(learned(one))
    assert traces(LISTING, runs, context=len(one.ids) + 2).ids == one.ids


def test_what_was_left_out_of_a_frame_teaches_nothing() -> None:
    full = run("['x']")
    assert any(frame.parts for frame in full.frames)
    assert any(frame.upcoming is not None for frame in full.frames)
    bare = [replace(frame, parts=(), upcoming=None) for frame in full.frames]
    doc = traces(LISTING, [Run(bare, True, tuple(full.frames))])
    assert "<p0>" not in VOCABULARY.show(doc.ids)
    # the event after lost parts does not count, nor the line after lost elements
    told = learned(doc)
    parts = sum(bool(frame.parts) for frame in full.frames[1:])
    headers = sum(frame.upcoming is not None for frame in full.frames)
    events = sum(token in ("<line>", "<ret>") for token in told)
    assert events == len(full.frames) - 1 - parts
    assert sum(token.startswith("<L") for token in told) == len(full.frames) - 1 - headers


def test_some_runs_lose_parts_or_elements_up_to_some_frame() -> None:
    full = run("['x', 'y']")
    lost = [thinned(Random(seed), full) for seed in range(200)]
    assert all(len(one.frames) == len(full.frames) for one in lost)
    with_parts = sum(one.frames == full.frames for one in lost)
    assert 130 < with_parts < 175


def test_every_task_is_drawn_about_as_often_as_its_share_says() -> None:
    rng = Random(0)
    drawn = [draw_task(rng, 1.0).name for _ in range(4000)]
    total = sum(task.share for task in TASKS)
    for task in TASKS:
        assert abs(drawn.count(task.name) / 4000 - task.share / total) < 0.03
    assert {draw_task(rng, 0.0).name for _ in range(50)} == {"forward"}
