"""Streams of events: server-sent ones, and those over a WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.responses import StreamingResponse

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_SECONDS = 15.0  # between two signs of life
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event_stream(events: AsyncIterator[tuple[str, str, int | None]]) -> StreamingResponse:
    """Events (name, JSON, number) as an answer that goes on; the number comes back when the
    client asks again."""
    return StreamingResponse(_lines(events), headers=HEADERS, media_type=MEDIA_TYPE)


async def _lines(events: AsyncIterator[tuple[str, str, int | None]]) -> AsyncIterator[str]:
    """The text of the stream, with a comment where nothing else is to be said for a while."""
    iterator = aiter(events)
    upcoming = asyncio.ensure_future(anext(iterator))
    try:
        yield ": foreframe\n\n"
        while True:
            done, _ = await asyncio.wait([upcoming], timeout=HEARTBEAT_SECONDS)
            if not done:
                yield ": alive\n\n"
                continue
            try:
                name, data, number = upcoming.result()
            except StopAsyncIteration:
                return
            ident = "" if number is None else f"id: {number}\n"
            yield f"{ident}event: {name}\ndata: {data}\n\n"
            upcoming = asyncio.ensure_future(anext(iterator))
    finally:
        upcoming.cancel()
        with suppress(asyncio.CancelledError, StopAsyncIteration):
            await upcoming
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()
