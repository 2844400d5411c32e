"""A line on stderr that says what is going on, when stderr is a terminal."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import TextIO

CLEAR = "\r\x1b[2K"
PATIENCE = 0.3  # seconds without news before the line appears


class Progress:
    """Shows what is awaited and for how long; `news` clears the line before anything is printed.

    Used as an asynchronous context manager. Silent where `out` is no terminal.
    """

    def __init__(self, out: TextIO) -> None:
        self.out, self.doing = out, "starting"
        self.shown = False
        self.began = self.last = time.monotonic()
        self.task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Progress:
        if self.out.isatty():
            self.task = asyncio.create_task(self.tick())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        if self.task is not None:
            self.task.cancel()
        self.clear()

    def news(self, doing: str) -> None:
        """Something happened: what is awaited next."""
        self.doing, self.last = doing, time.monotonic()
        self.clear()

    def clear(self) -> None:
        """Takes the line away."""
        if self.shown:
            self.out.write(CLEAR)
            self.out.flush()
            self.shown = False

    async def tick(self) -> None:
        """Redraws the line while nothing else happens."""
        while True:
            await asyncio.sleep(0.1)
            now = time.monotonic()
            if now - self.last >= PATIENCE:
                self.out.write(f"{CLEAR}{self.doing} ({now - self.began:.1f} s)")
                self.out.flush()
                self.shown = True
