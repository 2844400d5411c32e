"""A stream of fresh training data: worker processes that generate, trace and write documents."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from queue import Empty, Full
from random import Random

import numpy as np
from numpy.typing import NDArray

from foreframe_models.dialects.listing import Listing
from foreframe_models.training.documents import Document, Run, TraceLimits, Untraceable, trace
from foreframe_models.training.programs.mixture import draw
from foreframe_models.training.tasks import draw_task
from foreframe_models.training.tracer import limit_resources
from foreframe_models.vocabulary import LINES, Vocabulary

LIMITS = TraceLimits()
MAX_RESTARTS = 100  # of workers that a generated program brought down


def fresh_document(
    rng: Random, level: float, vocabulary: Vocabulary, context: int
) -> Document | None:
    """One program's document; None when the program is of no use."""
    # Short and simple programs never stop coming: real ones are mostly that.
    sample = draw(rng, level if rng.random() < 0.7 else level * rng.random())
    task = draw_task(rng, level)
    try:
        runs = []
        for args in (sample.args, *sample.more)[: min(task.runs, rng.choice((1, 2, 3, 3)))]:
            run = Run(*trace(replace(sample, args=args), LIMITS))
            if is_of_use(rng, run):
                runs.append(run)
        if not runs:
            return None
        listing = Listing(sample.source, vocabulary)
        if rng.random() < 0.5:  # all line tokens are to be learned
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


def bucket(length: int) -> int:
    """The padded length: few different ones, for allocators' sake."""
    step = 32 if length <= 512 else 128 if length <= 1024 else 256
    return -(-length // step) * step


@dataclass(frozen=True, slots=True)
class Batch:
    """ids: int64 (rows, length), padded with 0; labels: the next token, -100 where it is given."""

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]

    @property
    def tokens(self) -> int:
        """Without padding."""
        return int((self.ids != 0).sum())


def collate(documents: list[Document], length: int) -> Batch:
    """Rows of `length` tokens, one document each."""
    ids = np.zeros((len(documents), length), np.int64)
    labels = np.full((len(documents), length), -100, np.int64)
    for row, doc in enumerate(documents):
        ids[row, : len(doc.ids)] = doc.ids
        labels[row, doc.start - 1 : len(doc.ids) - 1] = doc.ids[doc.start :]
        for start, end in doc.given:
            labels[row, start - 1 : end - 1] = -100
    return Batch(ids, labels)


def generate(
    rng: Random, vocabulary: Vocabulary, level: Synchronized[float] | float, size: int, context: int
) -> Iterator[Batch]:
    """Batches of about `size` tokens, of documents of like length."""
    waiting: dict[int, list[Document]] = {}
    while True:
        now = level if isinstance(level, float) else float(level.value)
        doc = fresh_document(rng, now, vocabulary, context)
        if doc is None:
            continue
        length = bucket(len(doc.ids))
        rows = waiting.setdefault(length, [])
        rows.append(doc)
        if len(rows) >= max(2, size // length):
            yield collate(rows, length)
            waiting[length] = []


def _work(
    queue: Queue[Batch], level: Synchronized[float], seed: int, size: int, context: int
) -> None:
    os.nice(5)
    limit_resources(10**7, 4096)
    sys.setrecursionlimit(400)
    sys.unraisablehook = lambda _: None  # generators that a stopped trace leaves behind
    parent = os.getppid()
    rng = random.Random(seed)
    for batch in generate(rng, Vocabulary.standard(), level, size, context):
        while True:
            try:
                queue.put(batch, timeout=5)
                break
            except Full:
                if os.getppid() != parent:
                    return


class Stream:
    """Batches from worker processes, in the order they come."""

    def __init__(self, *, seed: int, size: int, context: int, workers: int = 1) -> None:
        spawn = get_context("spawn")
        self.level = spawn.Value("d", 0.0)
        self.queue: Queue[Batch] = spawn.Queue(maxsize=24)
        self.waited = 0.0
        self.started = 0
        self.seed, self.size, self.context, self.spawn = seed, size, context, spawn
        self.processes = [self._start() for _ in range(workers)]

    def _start(self) -> BaseProcess:
        seed = self.seed * 1000 + self.started
        process = self.spawn.Process(
            target=_work, args=(self.queue, self.level, seed, self.size, self.context), daemon=True
        )
        self.started += 1
        process.start()
        return process

    def __next__(self) -> Batch:
        started = time.perf_counter()
        while True:
            try:
                batch = self.queue.get(timeout=10)
                break
            except Empty:
                if self.started > MAX_RESTARTS:
                    raise RuntimeError("workers that generate data keep dying") from None
                alive = [process for process in self.processes if process.is_alive()]
                dead = len(self.processes) - len(alive)
                self.processes = alive + [self._start() for _ in range(dead)]
        self.waited += time.perf_counter() - started
        return batch

    def close(self) -> None:
        """Ends the workers."""
        for process in self.processes:
            process.terminate()
