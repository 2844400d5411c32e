"""The kinds of documents that one model learns, and how many of each there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from foreframe_models.dialects.listing import Listing
from foreframe_models.training import (
    backward_documents,
    forward_documents,
    hole_documents,
    jump_documents,
)
from foreframe_models.training.documents import Document, Run
from foreframe_models.training.programs.generator import Sample

Write = Callable[[Random, Sample, Sequence[Run], Listing, int], Document | None]


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of document.

    `write(rng, sample, runs, listing, context)` makes one of at most `context` tokens, or None
    where this program gives none. `runs` are real runs of the sample's program, one for each of
    its sets of arguments that were traced (at least one, at most `runs` of them); `listing` is the
    program as the document shows it, with its vocabulary, its first line's number drawn already.
    """

    name: str
    share: float  # of all documents; the shares need not sum to one
    write: Write
    runs: int = 1
    least: float = 0.0  # the curriculum's level from which on it is drawn


TASKS: tuple[Task, ...] = (
    Task("forward", 0.65, forward_documents.forward, runs=3),
    Task("middle", 0.14, forward_documents.middle, least=0.3),
    Task("jump", 0.08, jump_documents.jump, runs=3, least=0.15),
    Task("backward", 0.07, backward_documents.backward, least=0.25),
    Task("outcome", 0.04, backward_documents.outcome, least=0.25),
    Task("hole", 0.02, hole_documents.hole, runs=3, least=0.15),
)


def draw_task(rng: Random, level: float) -> Task:
    """A task, by the shares of those that are drawn at this level."""
    known = [task for task in TASKS if level >= task.least]
    return rng.choices(known, [task.share for task in known])[0]
