"""Fresh documents: a program is drawn, run, and written for one of the tasks."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

from foreframe_models.dialects.listing import Listing
from foreframe_models.training.documents import Document, Run, TraceLimits, Untraceable, trace
from foreframe_models.training.programs.mixture import draw
from foreframe_models.training.tasks import draw_task
from foreframe_models.training.tracer import limit_resources
from foreframe_models.vocabulary import LINES, Vocabulary

LIMITS = TraceLimits()
BARE = replace(LIMITS, parts=False)
RECURSION = 400
MEMORY_MB = 4096  # that generated programs may take


@cache
def prepare() -> None:
    """Once in each process that runs generated programs, and does nothing else: limits."""
    limit_resources(10**7, _mapped_mb() + MEMORY_MB)
    sys.unraisablehook = lambda _: None  # generators that a stopped trace leaves behind


def _mapped_mb() -> int:
    """What this process has mapped already; Ray's workers map a lot."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 0
    return pages * 4096 >> 20


def fresh_document(
    rng: Random,
    level: float,
    vocabulary: Vocabulary,
    context: int,
    *,
    parts: bool = True,
    drills: bool = True,
) -> Document | None:
    """One program's document; None when the program is of no use.

    `parts`: frames tell of the values within lines and of the elements that a loop takes next.
    `drills`: see `mixture.draw`.
    """
    limits = LIMITS if parts else BARE
    # Short and simple programs never stop coming: real ones are mostly that.
    sample = draw(rng, level if rng.random() < 0.7 else level * rng.random(), drills=drills)
    task = draw_task(rng, level)
    try:
        runs = []
        for args in (sample.args, *sample.more)[: min(task.runs, rng.choice((1, 2, 3, 3)))]:
            run = Run(*trace(replace(sample, args=args), limits))
            if is_of_use(rng, run):
                runs.append(run)
        if not runs:
            return None
        listing = Listing(sample.source, vocabulary)
        if rng.random() < 0.15:  # all line tokens are to be learned
            first = rng.randrange(1, LINES - len(listing.number) + 2)
            listing = Listing(sample.source, vocabulary, first=first)
        written = task.write(rng, sample, runs, listing, context)
    except (Untraceable, SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    if written is None or len(written.ids) - written.start < 8:
        return None
    if len(written.ids) > 600 and rng.random() < 0.8:
        return None  # attention makes long documents dear, and real ones are mostly short
    return replace(written, task=task.name)


def is_of_use(rng: Random, run: Run) -> bool:
    """Whether a run is worth learning from; most errors that nobody catches are blunders."""
    frames = run.frames
    if len(frames) < 3 or (frames[-1].event != "return" and run.finished):
        return False
    if frames[-2].event == "exception" and rng.random() < 0.75:
        return False
    if not run.finished and rng.random() < 0.85:
        return False  # mostly a loop over a list that grows meanwhile
    return rng.random() > 0.8 or not any(
        value.cut or " at 0x" in value.text  # an address, which no one can know
        for frame in frames
        for value in (frame.locals or {}).values()
    )
