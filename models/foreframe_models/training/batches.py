"""A stream of fresh training data: worker processes that generate, trace and write documents."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from queue import Empty, Full
from random import Random

import numpy as np
from numpy.typing import NDArray

from foreframe_models.training.documents import Document
from foreframe_models.training.fresh import RECURSION, fresh_document, prepare
from foreframe_models.training.shards import read_shard, shards_of
from foreframe_models.vocabulary import Vocabulary

MAX_RESTARTS = 100  # of workers that a generated program brought down


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


def documents(
    rng: Random,
    vocabulary: Vocabulary,
    level: Synchronized[float] | float,
    context: int,
    stored: Sequence[Path] = (),
    *,
    parts: bool = True,
) -> Iterator[Document]:
    """Those of stored shards, each once and in random order, then fresh ones without end."""
    for path in rng.sample(stored, len(stored)):
        found = [doc for doc in read_shard(path) if len(doc.ids) <= context]
        yield from rng.sample(found, len(found))
    while True:
        now = level if isinstance(level, float) else float(level.value)
        doc = fresh_document(rng, now, vocabulary, context, parts=parts)
        if doc is not None:
            yield doc


def batches(found: Iterable[Document], size: int) -> Iterator[Batch]:
    """Batches of about `size` tokens, of documents of like length."""
    waiting: dict[int, list[Document]] = {}
    for doc in found:
        length = bucket(len(doc.ids))
        rows = waiting.setdefault(length, [])
        rows.append(doc)
        if len(rows) >= max(2, size // length):
            yield collate(rows, length)
            waiting[length] = []


def _work(
    queue: Queue[Batch],
    level: Synchronized[float],
    seed: int,
    size: int,
    context: int,
    stored: Sequence[Path],
    parts: bool,
) -> None:
    os.nice(5)
    prepare()
    sys.setrecursionlimit(RECURSION)
    parent = os.getppid()
    rng = random.Random(seed)
    found = documents(rng, Vocabulary.standard(), level, context, stored, parts=parts)
    for batch in batches(found, size):
        while True:
            try:
                queue.put(batch, timeout=5)
                break
            except Full:
                if os.getppid() != parent:
                    return


class Stream:
    """Batches from worker processes, in the order they come.

    `data`: a folder of documents (`shards`) that the workers read before they generate any.
    """

    def __init__(
        self,
        *,
        seed: int,
        size: int,
        context: int,
        workers: int = 1,
        data: Path | None = None,
        parts: bool = True,
    ) -> None:
        self.stored = shards_of(data, Vocabulary.standard()) if data else []
        self.workers = workers
        spawn = get_context("spawn")
        self.level = spawn.Value("d", 0.0)
        self.queue: Queue[Batch] = spawn.Queue(maxsize=24)
        self.waited = 0.0
        self.started = 0
        self.parts = parts
        self.seed, self.size, self.context, self.spawn = seed, size, context, spawn
        self.processes = [self._start() for _ in range(workers)]

    def _start(self) -> BaseProcess:
        seed = self.seed * 1000 + self.started
        first = self.started if self.started < self.workers else len(self.stored)
        stored = self.stored[first :: self.workers]  # a worker that died leaves its own unread
        process = self.spawn.Process(
            target=_work,
            args=(self.queue, self.level, seed, self.size, self.context, stored, self.parts),
            daemon=True,
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
