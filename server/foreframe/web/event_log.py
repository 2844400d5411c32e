"""What has happened in a session, numbered: read from any number on, and waited for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from foreframe_protocol.api import EventView, RunningEvent

MOST = 1000  # events that are kept


class EventLog:
    """The latest events of a session. Belongs to one event loop.

    Readers have no queues of their own: they read the log, and one who has missed more than it
    holds gets what `present` says of now instead.
    """

    def __init__(self, present: Callable[[int], EventView], begin: int = 0, most: int = MOST):
        """`begin`: the number before the first event. `present` gives where the session stands as
        an event with the given number."""
        self.last = begin
        self._dropped = begin  # the highest number that is not here any more
        self._present = present
        self._most = most
        self._events: deque[EventView] = deque()
        self._news: set[asyncio.Event] = set()
        self.is_closed = False

    @property
    def readers(self) -> int:
        """How many follow it now."""
        return len(self._news)

    def tell(self, make: Callable[[int], EventView]) -> EventView:
        """Adds an event, made with its number. Progress takes the place of progress."""
        self.last += 1
        event = make(self.last)
        latest = self._events[-1] if self._events else None
        if isinstance(event, RunningEvent) and isinstance(latest, RunningEvent):
            self._events.pop()
        self._events.append(event)
        if len(self._events) > self._most:
            self._dropped = self._events.popleft().sequence
        self._wake()
        return event

    def since(self, after: int) -> list[EventView]:
        """What has come after an event; where that is too long ago, how things stand now."""
        if after < self._dropped or after > self.last:
            return [self._present(self.last)]
        return [event for event in self._events if event.sequence > after]

    async def follow(self, after: int | None = None) -> AsyncIterator[EventView]:
        """What comes after an event, and goes on to come; how things stand now if none is named.

        Ends when the session is closed.
        """
        news = asyncio.Event()
        self._news.add(news)
        try:
            told = after
            while True:
                news.clear()
                found = [self._present(self.last)] if told is None else self.since(told)
                for event in found:
                    told = event.sequence
                    yield event
                if self.is_closed:
                    return
                if not found or told == self.last:
                    await news.wait()
        finally:
            self._news.discard(news)

    def close(self) -> None:
        """No more events come."""
        self.is_closed = True
        self._wake()

    def _wake(self) -> None:
        for news in self._news:
            news.set()
