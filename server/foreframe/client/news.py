"""What a server tells while it works: events of a session, resumed where they were lost, and news
of a request that streams."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from foreframe.client.connection import Call, Connection
from foreframe.errors import ApiError, BadAnswer, ServerUnreachable
from foreframe_protocol.api import EndedEvent, EventView, Problem

Body = TypeVar("Body", bound=BaseModel)

EVENT: TypeAdapter[EventView] = TypeAdapter(EventView)


@dataclass(frozen=True, slots=True)
class News:
    """One thing told on the way to an answer: `progress`, `candidate`, ... and what it holds."""

    kind: str
    data: dict[str, Any]


OnNews = Callable[[News], Awaitable[None] | None]


async def events(
    connection: Connection, session: str, after: int = 0
) -> AsyncGenerator[EventView, None]:
    """A session's events from the one after number `after` on, in order, each once, to its end.

    A lost connection is opened again, and goes on after the last event that came. Raises ApiError
    when the server has no such session any more, and ServerUnreachable when it stays away.
    """
    call = Call("GET", f"/sessions/{session}/events")
    failures = 0
    while True:
        try:
            async with connection.listen(call, last_event=after) as stream:
                is_first = True
                async for told in stream:
                    if not told.data:
                        continue
                    event = _event(told.data)
                    if event.sequence == after or (event.sequence < after and not is_first):
                        continue
                    # The first may have a lower number: a server that was begun anew counts anew.
                    is_first, failures, after = False, 0, event.sequence
                    yield event
                    if isinstance(event, EndedEvent):
                        return
        except httpx.TransportError as error:
            lost: Exception | None = error
        else:
            lost = None
        failures += 1
        if failures > connection.retries.attempts:
            raise ServerUnreachable(
                f"the events of session {session} are lost: {connection.address.url} does not "
                "keep a connection"
            ) from lost
        await connection.pause(failures)


class Streamed(Generic[Body]):
    """A request that is being worked on: iterate over its news, then take its answer."""

    def __init__(self, place: str, answer: type[Body], events: AsyncGenerator[Any, None]) -> None:
        self._place, self._body, self._events = place, answer, events
        self._answer: Body | None = None

    @property
    def answer(self) -> Body:
        """What was asked for, once the news are over. Raises BadAnswer before."""
        if self._answer is None:
            raise BadAnswer(f"the stream of {self._place} ended before its answer")
        return self._answer

    async def __aiter__(self) -> AsyncIterator[News]:
        try:
            async for told in self._events:
                if told.event == "answer":
                    self._answer = self._body.model_validate_json(told.data)
                    return
                if told.event == "problem":
                    raise ApiError(Problem.model_validate_json(told.data))
                if told.data:
                    yield News(told.event, dict(json.loads(told.data)))
        except httpx.TransportError as error:
            raise ServerUnreachable(f"the stream of {self._place} was lost: {error}") from error
        except ValueError as error:
            raise BadAnswer(f"the stream of {self._place} holds something else: {error}") from error

    async def finish(self, on_news: OnNews | None = None) -> Body:
        """The answer, having told `on_news` of everything on the way."""
        async with aclosing(self.__aiter__()) as news:  # type: ignore[type-var]
            async for told in news:
                if on_news is not None:
                    done = on_news(told)
                    if done is not None:
                        await done
        return self.answer


@asynccontextmanager
async def streamed(
    connection: Connection, call: Call, answer: type[Body]
) -> AsyncIterator[Streamed[Body]]:
    """Asks for an answer with its news. Leaving it early tells the server to stop."""
    async with connection.listen(call) as stream:
        yield Streamed(f"{call.method} {call.path}", answer, stream)


def _event(text: str) -> EventView:
    try:
        return EVENT.validate_json(text)
    except ValidationError as error:
        raise BadAnswer(f"an event is not understood: {error}") from error
