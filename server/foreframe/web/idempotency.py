"""Requests that may be sent again: the same key gives the same answer, nothing is done twice."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256

from pydantic import BaseModel
from starlette.responses import Response

from foreframe.errors import BadRequest, KeyReused

KEPT = 5000  # answers, the latest
KEPT_CHARS = 64_000_000  # of them, about
LONGEST = 255  # characters of a key


@dataclass(frozen=True, slots=True)
class Answer:
    """A body as JSON, with its status. Text, for thousands are kept."""

    text: str
    status: int

    @classmethod
    def of(cls, body: BaseModel, status: int) -> Answer:
        return cls(body.model_dump_json(), status)

    def response(self) -> Response:
        return Response(self.text, self.status, media_type="application/json")


@dataclass(slots=True)
class _Asked:
    digest: bytes  # of the body
    work: asyncio.Future[Answer] | None  # until there is an answer
    answer: Answer | None = None


class Answers:
    """What was answered to requests with a key. Failures are not kept: they may be tried again."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._chars = 0
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
        digest = sha256(body.encode()).digest()
        known = self._known.get((place, key))
        if known is None:
            task = asyncio.ensure_future(make())
            known = self._known[place, key] = asked = _Asked(digest, task)
            task.add_done_callback(lambda done: self._done(place, key, asked, done))
        elif known.digest != digest:
            raise KeyReused("Idempotency-Key: it was used with another body: take a new one")
        if known.answer is not None:
            return known.answer
        assert known.work is not None
        return await asyncio.shield(known.work)

    def _done(self, place: str, key: str, asked: _Asked, done: asyncio.Future[Answer]) -> None:
        """Keeps an answer alone; forgets a failure, and the oldest where there are too many."""
        asked.work = None
        if done.cancelled() or done.exception() is not None:
            self._known.pop((place, key), None)
            return
        asked.answer = done.result()
        if self._known.get((place, key)) is not asked:
            return  # it was forgotten before it was done
        self._chars += len(asked.answer.text)
        while len(self._known) > self._most or self._chars > KEPT_CHARS:
            _, oldest = self._known.popitem(last=False)
            self._chars -= 0 if oldest.answer is None else len(oldest.answer.text)


def mark_of(key: str, body: str) -> str:
    """A key with what was asked under it, to be kept over a restart."""
    return f"{sha256(body.encode()).hexdigest()[:32]} {key[:LONGEST]}"
