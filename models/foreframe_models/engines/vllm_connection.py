"""What may come back from an engine's server: no server is trusted to end its answers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

MOST_ANSWER = 32 << 20  # bytes of an answer that is no stream
MOST_LINE = 1 << 20  # bytes of a stream's line: an event has a few tokens


async def bound(response: httpx.Response) -> None:
    """Called with each answer's head: its body has no more than so many bytes from then on.

    Raises httpx.ReadError then, and at once for an answer that is compressed, which nobody asked
    for: a few bytes can stand for gigabytes.
    """
    if response.headers.get("content-encoding", "identity") != "identity":
        raise httpx.ReadError("the answer is compressed")
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
                raise httpx.ReadError("the answer is longer than any answer")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()
