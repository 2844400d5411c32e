"""A session's steps and branches, values at its stop, and what has happened in it."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from starlette.responses import StreamingResponse

from foreframe.expressions import evaluate
from foreframe.history import shown_stack
from foreframe.stopping import names_of
from foreframe.web.acting import scope_of
from foreframe.web.event_log import EventLog
from foreframe.web.routes.sessions import Ident
from foreframe.web.serving import Served
from foreframe.web.streams import MEDIA_TYPE, event_stream
from foreframe.web.views import timeline_view
from foreframe_protocol.api import MOST_TEXT, TimelineView, ValueView

FEW = 20  # steps that are told at once; more would hold up everybody else

router = APIRouter(tags=["timeline"])


@router.get("/sessions/{id}/timeline")
async def timeline(
    serving: Served,
    id: Ident,  # noqa: A002
    start: Annotated[int, Query(ge=0)] = 0,
    count: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> TimelineView:
    """Steps in the order in which they were made, from `start` on, and all branches."""
    live = await serving.registry.find(id)
    if count <= FEW:
        return timeline_view(live.timeline, start, count)
    return await to_thread(timeline_view, live.timeline, start, count)


@router.get("/sessions/{id}/evaluate")
async def value(
    serving: Served,
    id: Ident,  # noqa: A002
    expression: Annotated[str, Query(max_length=MOST_TEXT, examples=["len(words) + 1"])],
    scope: Annotated[int | None, Query(ge=0)] = None,
) -> ValueView:
    """An expression on the values at the stop. Nothing is executed, and no model is asked."""
    live = await serving.registry.find(id)
    index = len(shown_stack(live.timeline.cursor.state)) - 1 if scope is None else scope
    index = scope_of(live, index)
    result = evaluate(expression, names_of(live.timeline.cursor.state, index))
    return ValueView(text=result.text, provenance=result.provenance, confidence=result.confidence)


STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events: `id` is the number, `event` the kind, `data` an EventView.",
        "content": {
            MEDIA_TYPE: {
                "schema": {"type": "string"},
                "example": "id: 2\nevent: stopped\n"
                'data: {"kind": "stopped", "sequence": 2, "stop": {"reason": "entry"}}\n\n',
            }
        },
    }
}


@router.get("/sessions/{id}/events", response_class=StreamingResponse, responses=STREAM)
async def events(
    serving: Served,
    id: Ident,  # noqa: A002
    after: Annotated[int | None, Query(ge=0)] = None,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> StreamingResponse:
    """What happens in the session, as server-sent events, from the one after `Last-Event-ID` on.

    Without a number it begins with where the session stands.
    """
    live = await serving.registry.find(id)
    return event_stream(told(live.log, after if last_event_id is None else last_event_id))


async def told(log: EventLog, after: int | None) -> AsyncIterator[tuple[str, str, int]]:
    """Each event as its name, its JSON and its number."""
    async for event in log.follow(after):
        yield event.kind, event.model_dump_json(), event.sequence
