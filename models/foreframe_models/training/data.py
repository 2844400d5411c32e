"""`foreframe train data`: documents in bulk, on the processes of a machine or of a Ray cluster."""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from foreframe_models.training.config import TrainingError
from foreframe_models.training.documents import Document
from foreframe_models.training.fresh import RECURSION, fresh_document, prepare
from foreframe_models.training.shards import Writer
from foreframe_models.vocabulary import Vocabulary

CHUNK = 250  # documents of one job
MAX_BREAKS = 20  # of the pool, by programs that brought a process down


@dataclass(frozen=True, slots=True)
class Chunk:
    """One job: the same chunk gives the same documents on any machine."""

    seed: int
    documents: int
    context: int = 2048
    level: float = 1.0


def make(chunk: Chunk) -> list[Document]:
    """A chunk's documents. Runs generated programs: only for processes of their own."""
    prepare()
    rng, vocabulary = random.Random(chunk.seed), Vocabulary.standard()
    found: list[Document] = []
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(RECURSION)
    try:
        while len(found) < chunk.documents:
            doc = fresh_document(rng, chunk.level, vocabulary, chunk.context)
            if doc is not None:
                found.append(doc)
    finally:
        sys.setrecursionlimit(usual)
    return found


def chunks(documents: int, seed: int, context: int) -> list[Chunk]:
    """So many documents, cut into jobs whose seeds no other seed's jobs have."""
    sizes = [CHUNK] * (documents // CHUNK) + [documents % CHUNK] * (documents % CHUNK > 0)
    return [Chunk(seed * 1_000_003 + number, size, context) for number, size in enumerate(sizes)]


def on_processes(jobs: Sequence[Chunk], processes: int) -> Iterator[list[Document]]:
    """The jobs' documents as they come. A job whose process dies is left out for another seed."""
    waiting, breaks = list(reversed(jobs)), 0
    while waiting:
        pool = ProcessPoolExecutor(
            processes, get_context("spawn"), initializer=os.nice, initargs=(5,)
        )
        running: dict[Future[list[Document]], Chunk] = {}
        try:
            while waiting or running:
                while waiting and len(running) < 2 * processes:
                    job = waiting.pop()
                    running[pool.submit(make, job)] = job
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    yield done.result()
                    del running[done]
        except BrokenProcessPool as error:
            breaks += 1
            if breaks > MAX_BREAKS:
                raise TrainingError(f"processes that generate data keep dying: {error}") from error
            again = [Chunk(j.seed + 500_000, j.documents, j.context) for j in running.values()]
            waiting += again
        finally:
            pool.shutdown(cancel_futures=True)


def on_ray(jobs: Sequence[Chunk], address: str | None) -> Iterator[list[Document]]:
    """The same on a Ray cluster: the one at `address`, or one that is started here.

    Every machine of it needs Foreframe. Raises TrainingError where Ray is missing or not reached.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        raise TrainingError("--ray needs Ray, which is not installed: pip install ray") from error
    if address and (found := re.fullmatch(r"(?:ray://)?([^:/]+):(\d+)", address)):
        try:  # Ray itself would wait for minutes
            socket.create_connection((found[1], int(found[2])), timeout=10).close()
        except OSError as error:
            raise TrainingError(f"no Ray cluster at {address}: {error}") from error
    try:
        ray.init(address=address, ignore_reinit_error=True, include_dashboard=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise TrainingError(f"no Ray cluster at {address}: {error}") from error
    try:
        task: Any = ray.remote(max_retries=3)(make)
        waiting = list(reversed(jobs))
        room = max(2, 2 * int(ray.cluster_resources().get("CPU", 1)))
        running: list[Any] = []
        while waiting or running:
            while waiting and len(running) < room:
                running.append(task.remote(waiting.pop()))
            done, running = ray.wait(running)
            yield from ray.get(done)
    finally:
        ray.shutdown()


def write(
    folder: Path, found: Iterator[list[Document]], say: Callable[[str], None] = print
) -> dict[str, object]:
    """Writes documents as shards and tells how fast they come; returns a summary."""
    writer = Writer(folder, Vocabulary.standard())
    started = shown = time.monotonic()
    for documents in found:
        writer.add(documents)
        now = time.monotonic()
        if now - shown > 5:
            shown = now
            rate = writer.tokens / (now - started)
            say(f"{writer.documents:,} documents, {writer.tokens:,} tokens, {rate:,.0f} tokens/s")
    writer.flush()
    seconds = time.monotonic() - started
    return {
        "documents": writer.documents,
        "tokens": writer.tokens,
        "shards": writer.number,
        "tasks": dict(sorted(writer.tasks.items())),
        "seconds": round(seconds, 1),
        "documents_per_second": round(writer.documents / seconds, 1),
        "tokens_per_second": round(writer.tokens / seconds),
    }


def main(arguments: Sequence[str] | None = None, name: str | None = None) -> None:
    """The command line. The last line is the summary as JSON."""
    parser = argparse.ArgumentParser(
        name, description="Write documents to train on: generated programs and their real traces."
    )
    parser.add_argument("--out", type=Path, required=True, help="a folder; more can be added later")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1, help="another one for other documents")
    parser.add_argument("--context", type=int, default=2048, help="tokens of the longest document")
    parser.add_argument(
        "--ray",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="on a Ray cluster: the one at ADDRESS, or one that is started here",
    )
    given = parser.parse_args(arguments)
    if given.documents < 1 or given.processes < 1:
        parser.error("--documents and --processes are 1 or more")
    jobs = chunks(given.documents, given.seed, given.context)
    spread = on_processes(jobs, given.processes)
    if given.ray is not None:
        spread = on_ray(jobs, given.ray or None)
    print(json.dumps(write(given.out, spread)))


if __name__ == "__main__":
    main()
