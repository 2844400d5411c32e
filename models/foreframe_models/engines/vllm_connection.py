"""The connection to an engine's server, which is not trusted to end its answers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import httpx

from foreframe_models.engines.base import EngineAborted, EngineError, EngineUnreachable
from foreframe_models.engines.vllm_replies import API_KEY

CONNECT_SECONDS = 5.0
MOST_CONNECTIONS = 512  # the server's own queue knows priorities, ours would not
KEPT_SECONDS = 4.0  # that a connection is kept open; vLLM closes it after 5
BROKEN = (  # where nothing of an answer has come yet
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.RemoteProtocolError,
    httpx.ReadError,
    httpx.WriteError,
)

MOST_ANSWER = 32 << 20  # bytes of an answer that is no stream
MOST_LINE = 1 << 20  # bytes of a stream's line: an event has a few tokens


def connect(
    url: str, answer_seconds: float, transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient:
    """A client of one server; nothing is connected yet. Raises EngineUnreachable."""
    headers = {"content-type": "application/json", "accept-encoding": "identity"}
    if key := os.environ.get(API_KEY):
        headers["authorization"] = f"Bearer {key}"
    timeout = httpx.Timeout(answer_seconds, connect=CONNECT_SECONDS, pool=None)
    limits = httpx.Limits(max_connections=MOST_CONNECTIONS, keepalive_expiry=KEPT_SECONDS)
    try:
        return httpx.AsyncClient(
            base_url=url,
            headers=headers,
            timeout=timeout,
            limits=limits,
            transport=transport,
            event_hooks={"response": [bound]},
        )
    except (httpx.InvalidURL, ValueError) as error:
        raise EngineUnreachable(f"{url} is no address of a server: {error}") from error


def lost(url: str, answer_seconds: float, error: Exception) -> EngineError:
    """What a failure of the connection means."""
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout():
            return EngineUnreachable(
                f"nothing answers at {url}: start vLLM there, or name another engine "
                f"({str(error) or 'no answer in time'})"
            )
        case httpx.TimeoutException():
            return EngineAborted(
                f"vLLM at {url} was silent for {answer_seconds:g} s: it is busy, or has died"
            )
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return EngineUnreachable(f"{url} is no address of a server: {error}")
        case _:
            return EngineAborted(f"the connection to vLLM at {url} broke: {error!r}")


async def bound(response: httpx.Response) -> None:
    """Called with each answer's head: its body has no more than so many bytes from then on.

    Raises httpx.DecodingError then, and at once for an answer that is compressed, which nobody
    asked for: a few bytes can stand for gigabytes.
    """
    if response.headers.get("content-encoding", "identity") != "identity":
        raise httpx.DecodingError("the answer is compressed")
    assert isinstance(response.stream, httpx.AsyncByteStream)
    has_lines = "event-stream" in response.headers.get("content-type", "")
    response.stream = _Bounded(response.stream, has_lines=has_lines)


class _Bounded(httpx.AsyncByteStream):
    """A body, or a stream of lines that may go on for as long as none of them is too long."""

    def __init__(self, inner: httpx.AsyncByteStream, *, has_lines: bool) -> None:
        self._inner, self._has_lines = inner, has_lines

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._inner:
            last = part.rfind(b"\n") if self._has_lines else -1
            size = size + len(part) if last < 0 else len(part) - last
            if size > (MOST_LINE if self._has_lines else MOST_ANSWER):
                raise httpx.DecodingError("the answer is longer than any answer")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()
