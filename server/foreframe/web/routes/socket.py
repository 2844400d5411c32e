"""A session over one WebSocket: its events, and actions with their answers."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect, WebSocketState

from foreframe.errors import BadRequest, HttpError, ServerBusy
from foreframe.web.acting import act
from foreframe.web.live import LiveSession
from foreframe.web.metrics import Metrics
from foreframe.web.problems import faults_of, problem_of, response_of
from foreframe.web.serving import serving_of
from foreframe_protocol.api import ActionMessage, ActionMessageAnswer

MOST_ACTIONS = 32  # of one socket that are under way at a time
AT_ONCE = 0.0  # seconds: where an action leads is told by events

router = APIRouter()


@router.websocket("/sessions/{id}/socket")
async def socket(websocket: WebSocket, id: str, after: int | None = None) -> None:  # noqa: A002
    """Events from the one after `after` on; each message is an action, which is answered."""
    serving = serving_of(websocket)
    try:
        live = await serving.registry.find(id)
    except Exception as error:
        await websocket.send_denial_response(response_of(error, websocket.url.path))
        return
    await websocket.accept()
    await Conversation(websocket, live, serving.metrics).run(after)


class Conversation:
    """One socket: what is sent over it, and what comes."""

    def __init__(self, websocket: WebSocket, live: LiveSession, metrics: Metrics) -> None:
        self._websocket, self._live, self._metrics = websocket, live, metrics
        self._acting: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()

    async def run(self, after: int | None) -> None:
        """Until the client or the session is gone."""
        telling = asyncio.create_task(self._tell(after))
        hearing = asyncio.create_task(self._hear())
        try:
            await asyncio.wait([telling, hearing], return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks = [telling, hearing, *self._acting]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._websocket.application_state is WebSocketState.CONNECTED:
            with suppress(RuntimeError, OSError, WebSocketDisconnect):  # the client was quicker
                await self._websocket.close(1001, "the session was closed")

    async def _tell(self, after: int | None) -> None:
        with suppress(WebSocketDisconnect, OSError):
            async for event in self._live.log.follow(after):
                await self._send(event.model_dump_json())

    async def _hear(self) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                text = await self._websocket.receive_text()
                if len(self._acting) >= MOST_ACTIONS:
                    await self._refuse(text, ServerBusy("too many actions at once: await answers"))
                    continue
                task = asyncio.create_task(self._act(text))
                self._acting.add(task)
                task.add_done_callback(self._acting.discard)

    async def _act(self, text: str) -> None:
        try:
            asked = ActionMessage.model_validate_json(text)
        except ValidationError as error:
            await self._refuse(text, BadRequest(faults_of(error.errors())))
            return
        self._metrics.actions.labels(asked.action.kind).inc()
        try:
            answer, _ = await act(self._live, asked.action, AT_ONCE)
        except Exception as error:
            told = ActionMessageAnswer(request=asked.request, problem=problem_of(error))
        else:
            told = ActionMessageAnswer(request=asked.request, answer=answer)
        await self._send(told.model_dump_json())

    async def _refuse(self, text: str, error: HttpError | ServerBusy) -> None:
        """Answers a message that could not be read, or was not."""
        told = ActionMessageAnswer(request=number_of(text), problem=problem_of(error))
        await self._send(told.model_dump_json())

    async def _send(self, text: str) -> None:
        async with self._sending:
            with suppress(RuntimeError, WebSocketDisconnect, OSError):  # it has been closed
                await self._websocket.send_text(text)


def number_of(text: str) -> int | str:
    """What a message calls itself, if that can be told; else an empty text."""
    with suppress(ValueError, RecursionError):
        told = json.loads(text)
        number = told.get("request") if isinstance(told, dict) else None
        if isinstance(number, int | str):
            return number
    return ""
