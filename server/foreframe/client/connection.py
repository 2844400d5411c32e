"""One connection to a server: requests with their retries, answers as bodies, streams of events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar
from uuid import uuid4

import anyio
import httpx
from httpx_sse import EventSource, ServerSentEvent
from pydantic import BaseModel, ValidationError

from foreframe import __version__
from foreframe.client.address import Address
from foreframe.client.retries import Retries
from foreframe.errors import ApiError, BadAnswer, ServerUnreachable
from foreframe_protocol.api import PREFIX, Problem

Body = TypeVar("Body", bound=BaseModel)

EVENTS = "text/event-stream"
PROBLEM = "application/problem+json"
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
SHOWN = 300  # characters of an answer that is not understood
SILENCE = 60.0  # seconds without a sign of life after which an event stream is opened anew


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `repeats`: it may be sent again though it may have arrived already.

    `key`: what the server knows a repeated one by.
    """

    method: str
    path: str
    body: BaseModel | None = None
    query: Mapping[str, str | int | float] = field(default_factory=dict)
    repeats: bool = True
    key: str | None = None


def new_key() -> str:
    """A key that no other request has."""
    return uuid4().hex


class Connection:
    """Sends requests to one server, any number at a time."""

    def __init__(
        self,
        address: Address,
        *,
        timeout: float = 130.0,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`timeout`: seconds that the server may be silent. `transport`: in place of TCP."""
        self.address, self.retries = address, retries or Retries()
        self._random = Random()
        self._http = httpx.AsyncClient(
            base_url=address.url,
            headers={"User-Agent": f"foreframe/{__version__}", **address.headers},
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
            limits=httpx.Limits(max_connections=None),  # each event stream holds one
            transport=transport,
            trust_env=not address.is_loopback,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def ask(self, call: Call, answer: type[Body]) -> Body:
        """Sends a request and reads its answer. Raises ApiError, BadAnswer or ServerUnreachable."""
        response = await self._sent(call, "application/json")
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as error:
            raise BadAnswer(f"{_place(call)} answered with something else: {error}") from error

    async def tell(self, call: Call) -> None:
        """Sends a request whose answer says nothing. Raises as `ask`."""
        await self._sent(call, "application/json")

    async def fetch(self, call: Call) -> bytes:
        """Sends a request for a file. Raises as `ask`."""
        return (await self._sent(call, "*/*")).content

    @asynccontextmanager
    async def listen(
        self, call: Call, *, last_event: int | None = None
    ) -> AsyncIterator[AsyncGenerator[ServerSentEvent, None]]:
        """Opens a stream of events; the server is told to stop when it is left.

        Raises as `ask`; a stream that breaks raises httpx.TransportError.
        """
        headers = {} if last_event is None else {"Last-Event-ID": str(last_event)}
        response = await self._sent(call, EVENTS, headers, is_stream=True)
        try:
            if not response.headers.get("content-type", "").startswith(EVENTS):
                raise BadAnswer(f"{_place(call)} answered with no stream of events")
            events = EventSource(response).aiter_sse()
            try:
                yield events
            finally:
                await events.aclose()
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()

    async def pause(self, tried: int) -> None:
        """Waits before what has failed `tried` times is tried again."""
        await anyio.sleep(self.retries.wait(tried, self._random))

    async def _sent(
        self,
        call: Call,
        accept: str,
        headers: Mapping[str, str] | None = None,
        *,
        is_stream: bool = False,
    ) -> httpx.Response:
        """The answer to a request that has gone well, after as many attempts as are allowed."""
        tried = 0
        while True:
            tried += 1
            request = self._request(call, accept, headers or {})
            if is_stream and call.method == "GET":
                request.extensions["timeout"]["read"] = SILENCE
            try:
                response = await self._http.send(request, stream=is_stream)
                if response.is_success:
                    return response
                await response.aread()
            except httpx.TransportError as error:
                safe = isinstance(error, NOT_SENT) or call.repeats
                is_slow = isinstance(error, httpx.ReadTimeout)
                if not safe or is_slow or tried >= self.retries.attempts:
                    raise self._unreachable(call, error) from error
                await self.pause(tried)
                continue
            if tried > 1 and call.method == "DELETE" and response.status_code == 404:
                return response  # the first attempt has done it
            wait = self.retries.come_back(
                tried, response.status_code, response.headers.get("retry-after")
            )
            if wait is None:
                raise _problem(call, response)
            await anyio.sleep(wait)
            await self.pause(tried)

    def _request(self, call: Call, accept: str, headers: Mapping[str, str]) -> httpx.Request:
        given = {"Accept": accept, **headers}
        content = None
        if call.key is not None:
            given["Idempotency-Key"] = call.key
        if call.body is not None:
            given["Content-Type"] = "application/json"
            content = call.body.model_dump_json(exclude_none=True)
        path = call.path if call.path.startswith("/metrics") else PREFIX + call.path
        return self._http.build_request(
            call.method, path, params=dict(call.query), headers=given, content=content
        )

    def _unreachable(self, call: Call, error: httpx.TransportError) -> ServerUnreachable:
        what = str(error) or type(error).__name__
        if isinstance(error, NOT_SENT):
            return ServerUnreachable(
                f"no server answers at {self.address.url} ({what}): `foreframe serve` starts one"
            )
        if isinstance(error, httpx.ReadTimeout):
            return ServerUnreachable(f"{self.address.url} does not answer {_place(call)} any more")
        return ServerUnreachable(
            f"the connection to {self.address.url} was lost during {_place(call)} ({what})"
        )


def _place(call: Call) -> str:
    return f"{call.method} {call.path}"


def _problem(call: Call, response: httpx.Response) -> ApiError | BadAnswer:
    """What a status that is no success says."""
    if response.headers.get("content-type", "").startswith(PROBLEM):
        try:
            return ApiError(Problem.model_validate_json(response.content))
        except ValidationError:
            pass
    shown = " ".join(response.text[:SHOWN].split())
    return BadAnswer(
        f"{_place(call)} was answered with {response.status_code} {response.reason_phrase} by "
        f"something that is no Foreframe server: {shown}"
    )
