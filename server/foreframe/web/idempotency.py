"""Requests that may be sent again: the same key gives the same answer, nothing is done twice."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import BaseModel

from foreframe.errors import BadRequest, KeyReused

KEPT = 5000  # answers, the latest
LONGEST = 255  # characters of a key


@dataclass(frozen=True, slots=True)
class Answer:
    """A body with its status."""

    body: BaseModel
    status: int


@dataclass(slots=True)
class _Asked:
    body: str
    answer: asyncio.Future[Answer]


class Answers:
    """What was answered to requests with a key. Failures are not kept: they may be tried again."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._known: OrderedDict[tuple[str, str], _Asked] = OrderedDict()

    async def once(
        self, place: str, key: str | None, body: str, make: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """The answer that `make` gives, or gave to the same request before.

        What has begun is done also where its client has gone. Raises KeyReused, BadRequest and
        what `make` raises.
        """
        if key is None:
            return await make()
        if not key.isprintable() or not 0 < len(key) <= LONGEST:
            raise BadRequest(f"Idempotency-Key: 1 to {LONGEST} printable characters are needed")
        known = self._known.get((place, key))
        if known is None:
            task = asyncio.ensure_future(make())
            known = self._known[place, key] = _Asked(body, task)
            task.add_done_callback(lambda done: self._forget(place, key, done))
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        elif known.body != body:
            raise KeyReused("Idempotency-Key: it was used with another body: take a new one")
        return await asyncio.shield(known.answer)

    def _forget(self, place: str, key: str, done: asyncio.Future[Answer]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._known.pop((place, key), None)
