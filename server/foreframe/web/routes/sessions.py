"""Sessions: begun, listed, looked at, ended; and those that are on disk."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response, status

from foreframe.web.idempotency import Answer
from foreframe.web.serving import Key, Served
from foreframe.web.working import while_there
from foreframe_protocol.api import (
    KeptList,
    KeptSession,
    NewSession,
    SessionList,
    SessionView,
)

ENTRY_SECONDS = 10.0  # that the answer to a new session waits for its first stop
Ident = Annotated[str, Path(max_length=100, examples=["2xnM0dRmGQ0y7ZyY0cF1Og"])]

router = APIRouter(tags=["sessions"])


@router.post("/sessions", status_code=status.HTTP_201_CREATED, response_model=SessionView)
async def create(
    request: Request,
    serving: Served,
    asked: Annotated[NewSession, Body()],
    idempotency_key: Key = None,
) -> Response:
    """Begins a session. Nothing is executed, unless `mode` is "check".

    A client that leaves before the answer leaves nothing behind, unless it gave a key to ask with
    again.
    """

    async def make() -> Answer:
        live = await serving.registry.create(asked)
        try:
            await live.settled(ENTRY_SECONDS)
        except asyncio.CancelledError:
            await serving.registry.give_up(live)
            raise
        return Answer.of(live.view(), status.HTTP_201_CREATED)

    if idempotency_key is None:
        answer = await while_there(request, make())
    else:
        body = asked.model_dump_json()
        answer = await serving.answers.once("sessions", idempotency_key, body, make)
    return answer.response()


@router.get("/sessions")
async def sessions(serving: Served) -> SessionList:
    """Those that are open, the oldest first."""
    return SessionList(sessions=[live.summary() for live in serving.registry.all()])


@router.get("/sessions/{id}")
async def session(serving: Served, id: Ident) -> SessionView:  # noqa: A002
    """Where a session stands. One that is only kept on disk is opened again."""
    return (await serving.registry.find(id)).view()


@router.delete("/sessions/{id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete(serving: Served, id: Ident) -> Response:  # noqa: A002
    """Ends a session, and forgets what was kept of it."""
    await serving.registry.delete(id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/kept")
def kept(serving: Served) -> KeptList:
    """Sessions on disk for the server's folder, also of editors, oldest first."""
    return KeptList(
        sessions=[KeptSession(**asdict(one), session=name) for one, name in serving.registry.kept()]
    )


@router.post("/kept/{number}", status_code=status.HTTP_201_CREATED, response_model=SessionView)
async def open_kept(
    serving: Served,
    number: Annotated[int, Path(ge=1, le=1 << 53)],
    idempotency_key: Key = None,
) -> Response:
    """Opens a session from the disk: a server's under its own name, an editor's as a new one that
    goes on with it."""

    async def make() -> Answer:
        live = await serving.registry.open_kept(number)
        await live.settled(ENTRY_SECONDS)
        return Answer.of(live.view(), status.HTTP_201_CREATED)

    answer = await serving.answers.once("kept", idempotency_key, str(number), make)
    return answer.response()
