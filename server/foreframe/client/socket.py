"""A session over one WebSocket: actions and their answers, and events, each once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from pydantic import TypeAdapter, ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from foreframe.errors import ApiError, BadAnswer, ClientError, ServerUnreachable
from foreframe_protocol.api import (
    PREFIX,
    Act,
    ActionAnswer,
    ActionMessage,
    ActionMessageAnswer,
    EndedEvent,
    EventView,
    Problem,
)

if TYPE_CHECKING:
    from foreframe.client.connection import Connection

MESSAGE: TypeAdapter[ActionMessageAnswer | EventView] = TypeAdapter(ActionMessageAnswer | EventView)
MOST_MESSAGE = 64_000_000  # bytes: a stop in a deep recursion is large
GONE = frozenset({1008, 4404})  # the server closes so when it will not have this again


class Socket:
    """Sends actions, any number at a time; iterate over it for the events.

    A lost connection is opened again and goes on after the last event that came; an action whose
    answer was lost with it raises ServerUnreachable, and the events tell whether it was done.
    """

    def __init__(self, connection: Connection, session: str, after: int) -> None:
        self._connection, self._session, self._after = connection, session, after
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[ActionAnswer]] = {}
        self._events: asyncio.Queue[EventView | ClientError | None] = asyncio.Queue()
        self._requests = 0
        self._is_fresh = True  # no event has come over this connection

    async def open(self) -> Self:
        """Connects. Raises ApiError or ServerUnreachable."""
        self._socket = await self._connect()
        self._reader = asyncio.create_task(self._read(), name=f"socket of {self._session}")
        return self

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])
        if self._socket is not None:
            await self._socket.close()

    async def act(self, action: Act) -> ActionAnswer:
        """Does something; answered as soon as the server has taken it. Raises as `Client`."""
        socket = self._socket
        if socket is None:
            raise ServerUnreachable("the connection is lost: try again when it is back")
        self._requests += 1
        number = self._requests
        answer: asyncio.Future[ActionAnswer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            message = ActionMessage(request=number, action=action)
            await socket.send(message.model_dump_json(exclude_none=True))
            return await answer
        except ConnectionClosed as error:
            raise ServerUnreachable("the connection was lost during an action") from error
        finally:
            self._waiting.pop(number, None)

    async def __aiter__(self) -> AsyncIterator[EventView]:
        """The events, to the session's end. Raises ApiError or ServerUnreachable."""
        while True:
            event = await self._events.get()
            if event is None:
                return
            if isinstance(event, ClientError):
                raise event
            yield event

    async def _read(self) -> None:
        """Reads until the session ends or the server stays away."""
        failures = 0
        while True:
            try:
                if self._socket is None:
                    self._socket, self._is_fresh = await self._connect(), True
                async for message in self._socket:
                    failures = 0
                    if self._take(message):
                        self._events.put_nowait(None)
                        return
                if self._socket.close_code in GONE:
                    raise ServerUnreachable(f"the server has closed: {self._socket.close_reason}")
            except ConnectionClosed:
                pass
            except ServerUnreachable as error:
                if failures >= self._connection.retries.attempts:
                    self._give_up(error)
                    return
            except ClientError as error:
                self._give_up(error)
                return
            self._lose()
            failures += 1
            await self._connection.pause(failures)

    def _take(self, message: str | bytes) -> bool:
        """One message; whether it says that the session is over."""
        try:
            told = MESSAGE.validate_json(message)
        except ValidationError as error:
            raise BadAnswer(f"a message is not understood: {error}") from error
        if isinstance(told, ActionMessageAnswer):
            waiting = self._waiting.get(told.request) if isinstance(told.request, int) else None
            if waiting is None or waiting.done():
                return False
            if told.answer is not None:
                waiting.set_result(told.answer)
            elif told.problem is not None:
                waiting.set_exception(ApiError(told.problem))
            return False
        # The first may have a lower number: a server that was begun anew counts anew.
        if told.sequence > self._after or (self._is_fresh and told.sequence < self._after):
            self._is_fresh, self._after = False, told.sequence
            self._events.put_nowait(told)
        return isinstance(told, EndedEvent)

    def _lose(self) -> None:
        """The connection is gone: so are the answers that were on their way."""
        self._socket = None
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ServerUnreachable("the connection was lost"))

    def _give_up(self, error: ClientError) -> None:
        self._lose()
        self._events.put_nowait(error)

    async def _connect(self) -> ClientConnection:
        address = self._connection.address
        url = f"{address.socket_url}{PREFIX}/sessions/{self._session}/socket?after={self._after}"
        try:
            return await connect(
                url,
                additional_headers=address.headers,
                max_size=MOST_MESSAGE,
                compression=None,
                proxy=None if address.is_loopback else True,
            )
        except InvalidStatus as error:
            body = error.response.body or b""
            with suppress(ValidationError):
                raise ApiError(Problem.model_validate_json(body)) from error
            raise BadAnswer(
                f"the WebSocket was refused with {error.response.status_code}"
            ) from error
        except (OSError, InvalidHandshake, TimeoutError) as error:
            raise ServerUnreachable(f"no WebSocket to {address.url}: {error}") from error
