"""One thread that runs requests step by step: the most urgent first, the oldest among equals."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from foreframe_models.engines.base import Chunk, EngineAborted, EngineError, EngineOutOfMemory

# A grammar is a graph that llguidance walks by recursion: a large program's needs a deep C stack.
STACK_BYTES = 256 << 20
FLUSH_SECONDS = 0.008  # tokens that come faster are told together
CLOSED = "the engine was closed"


class Run(Protocol):
    """What ends a step that is running: onnxruntime's RunOptions."""

    terminate: bool


@dataclass(order=True)
class _Job:
    """A request under way. `steps` belong to the thread, all else is set once or atomic."""

    priority: int
    number: int
    steps: Iterator[Chunk] = field(compare=False)
    run: Run = field(compare=False)
    loop: asyncio.AbstractEventLoop = field(compare=False)
    results: asyncio.Queue[Chunk | EngineError] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)
    held: list[Chunk] = field(default_factory=list, compare=False)
    told: float = field(default=0.0, compare=False)

    def advance(self) -> bool:
        """Does one step. False when it was the last."""
        try:
            chunk = None if self.cancelled else next(self.steps, None)
        except EngineError as error:
            # Only closing the engine ends the step of a request that was not cancelled.
            self.end(EngineAborted(CLOSED) if self.run.terminate else error)
            return False
        except MemoryError:
            self.end(EngineOutOfMemory("no memory left for this request"))
            return False
        except Exception as error:
            self.end(EngineAborted(f"the embedded engine failed: {error!r}"))
            return False
        if chunk is None:
            self.end(EngineAborted("the request was cancelled"))
            return False
        self.held.append(chunk)
        now = time.monotonic()
        if now - self.told >= FLUSH_SECONDS or chunk.finish is not None:
            self.told = now
            self.flush()
        if chunk.finish is not None:
            self.close()
        return chunk.finish is None

    def flush(self) -> None:
        """Tells the event loop what came since the last time."""
        if any(chunk.ids or chunk.finish for chunk in self.held):
            self._tell(joined(self.held))
        self.held.clear()

    def end(self, error: EngineError) -> None:
        """Ends the job, with what it had before the error."""
        self.flush()
        self._tell(error)
        self.close()

    def close(self) -> None:
        """Frees what the steps hold."""
        close = getattr(self.steps, "close", None)
        if close is not None:
            close()

    def _tell(self, result: Chunk | EngineError) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may have been closed meanwhile
            self.loop.call_soon_threadsafe(self.results.put_nowait, result)


class Worker:
    """Runs jobs one step at a time, so that an urgent one waits for one step of another at most."""

    def __init__(self, name: str) -> None:
        self._jobs: list[_Job] = []  # a heap
        self._numbers = itertools.count()
        self._wake = threading.Condition()
        self._closed = False
        before = threading.stack_size(STACK_BYTES)
        try:
            self._thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._thread.start()
        finally:
            threading.stack_size(before)

    async def run(
        self, steps: Iterator[Chunk], priority: int, run: Run
    ) -> AsyncGenerator[Chunk, None]:
        """The chunks of `steps`, joined where they come fast, until one has a finish.

        When this iterator is closed early, `run` ends the step that is running. Raises EngineError.
        """
        loop = asyncio.get_running_loop()
        job = _Job(priority, next(self._numbers), steps, run, loop, asyncio.Queue())
        with self._wake:
            if self._closed:
                raise EngineAborted(CLOSED)
            heapq.heappush(self._jobs, job)
            self._wake.notify()
        done = False
        try:
            while not done:
                result = await job.results.get()
                if isinstance(result, EngineError):
                    done = True
                    raise result
                done = result.finish is not None
                yield result
        finally:
            if not done:
                job.cancelled = True
                job.run.terminate = True

    def close(self) -> None:
        """Ends all jobs with EngineAborted, and the thread. Blocks until the step ends."""
        with self._wake:
            self._closed = True
            for job in self._jobs:
                job.run.terminate = True
            self._wake.notify()
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._jobs and not self._closed:
                    self._wake.wait()
                if self._closed:
                    break
                # A cancelled job first: what it holds may be what the next one needs.
                job = next((job for job in self._jobs if job.cancelled), self._jobs[0])
            if not job.advance():
                with self._wake:
                    self._jobs.remove(job)
                    heapq.heapify(self._jobs)
        for job in self._jobs:
            job.end(EngineAborted(CLOSED))


def joined(chunks: list[Chunk]) -> Chunk:
    """Chunks one after the other as one."""
    last = chunks[-1]
    return Chunk(
        ids=tuple(i for chunk in chunks for i in chunk.ids),
        texts=tuple(text for chunk in chunks for text in chunk.texts),
        logprobs=tuple(value for chunk in chunks for value in chunk.logprobs),
        forced=tuple(value for chunk in chunks for value in chunk.forced),
        finish=last.finish,
        prompt_tokens=last.prompt_tokens,
        cached_tokens=last.cached_tokens,
    )
