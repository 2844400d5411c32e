"""Reads a document as it changes: each version once for all who ask, in a thread, from the last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from foreframe.language.analysis import Analysis
from foreframe.language.garbage import Garbage

Version = int | None
Analyse = Callable[[str, Version, Analysis | None], Analysis]  # text, version, the one before


@dataclass(eq=False, slots=True)
class Job:
    """A version that is being read, or is to be. `waiting`: how many want it."""

    source: str
    version: Version
    waiting: int = 0
    task: asyncio.Task[Analysis | None] | None = None


class Reader:
    """The versions of one document."""

    def __init__(self, analyse: Analyse, garbage: Garbage) -> None:
        self._analyse, self._garbage = analyse, garbage
        self._turn = asyncio.Lock()
        self._job: Job | None = None  # of the newest version
        self.last: Analysis | None = None  # the newest version that has been read

    def begin(self, source: str, version: Version) -> None:
        """Reads a version ahead of whoever will ask for it."""
        self._job_of(source, version)

    async def read(self, source: str, version: Version) -> Analysis:
        """The analysis of the newest version."""
        if self.last is not None and self.last.version == version:
            return self.last
        job = self._job_of(source, version)
        assert job.task is not None
        job.waiting += 1
        try:
            found = await asyncio.shield(job.task)
        finally:
            job.waiting -= 1
        assert found is not None
        return found

    def _job_of(self, source: str, version: Version) -> Job:
        if self._job is None or self._job.version != version:
            self._job = Job(source, version)
            self._job.task = asyncio.create_task(self._run(self._job))
        return self._job

    async def _run(self, job: Job) -> Analysis | None:
        """One version; None if it is no longer the newest and nobody waits for it."""
        async with self._turn:
            if job is not self._job and not job.waiting:
                return None
            with self._garbage.held():
                self.last = await asyncio.to_thread(
                    self._analyse, job.source, job.version, self.last
                )
            if not self.last.is_edit:
                self._garbage.keep()
            return self.last
