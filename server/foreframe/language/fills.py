"""Fillings under way: shared by all that ask for the same holes, ended when nobody waits.

Ghost text that was not there in time is asked for again: what it had begun goes on meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

from foreframe.candidates import Candidate, ranked

KEPT = 16
Ask = Callable[[], AsyncGenerator[Candidate, None]]
IsEnough = Callable[[Candidate], bool]


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates, best first. `is_all`: no others are to come."""

    candidates: list[Candidate]
    is_all: bool


@dataclass(eq=False, slots=True)
class Fill:
    """One filling: what it has found so far, and how many wait for more."""

    found: list[Candidate] = field(default_factory=list)
    is_over: bool = False
    failure: Exception | None = None
    waiting: int = 0
    task: asyncio.Task[None] | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, ask: Ask) -> None:
        """Finds candidates, and tells of each."""
        try:
            async with aclosing(ask()) as candidates:
                async for candidate in candidates:
                    self.found.append(candidate)
                    self._tell()
        except Exception as error:  # for whoever waits
            self.failure = error
        finally:
            self.is_over = True
            self._tell()

    def _tell(self) -> None:
        self.news.set()
        self.news = asyncio.Event()

    async def until(
        self, enough: IsEnough | None, settle: float, patience: float | None = None
    ) -> None:
        """Waits for all candidates, or for `settle` seconds after one that is enough.

        After `patience` seconds any one is enough.
        """
        if patience is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.until(enough, settle), patience)
                return
            enough, settle = (lambda _: True), 0.0
        while not self.is_over:
            if enough is not None and any(map(enough, self.found)):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.until(None, 0.0), settle)
                return
            await self.news.wait()


class Fills:
    """The fillings of late, by what was asked."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, Hashable], Fill] = OrderedDict()

    async def best(
        self,
        text: str,
        what: Hashable,
        ask: Ask,
        *,
        seconds: float | None,
        patience: float | None = None,
        enough: IsEnough | None,
        settle: float,
    ) -> Found:
        """What is found in time for `what` of a document's text; raises what `ask` does.

        `patience`: the seconds after which anything that has been found will do.
        Whoever is the last to wait ends the filling by being cancelled, and not by its time.
        """
        key = text, what
        fill = self._known.get(key)
        if fill is None:
            fill = self._known[key] = Fill()
            fill.task = asyncio.create_task(fill.run(ask))
        self._known.move_to_end(key)
        self._forget_old()
        fill.waiting += 1
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(fill.until(enough, settle, patience), seconds)
        except asyncio.CancelledError:
            if fill.waiting == 1:
                self._end(key)
            raise
        finally:
            fill.waiting -= 1
        if fill.failure is not None:
            self._known.pop(key, None)  # to be tried again
            raise fill.failure
        return Found(ranked(fill.found), fill.is_over)

    def drop(self, text: str) -> None:
        """Ends and forgets what was asked of a text that is no more."""
        for key in [key for key in self._known if key[0] == text]:
            self._end(key)

    async def close(self) -> None:
        """Ends everything."""
        tasks = [fill.task for fill in self._known.values() if fill.task is not None]
        for key in list(self._known):
            self._end(key)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget_old(self) -> None:
        idle = [key for key, fill in self._known.items() if fill.is_over and not fill.waiting]
        for key in idle[: max(0, len(self._known) - KEPT)]:
            del self._known[key]

    def _end(self, key: tuple[str, Hashable]) -> None:
        fill = self._known.pop(key, None)
        if fill is not None and fill.task is not None:
            fill.task.cancel()
