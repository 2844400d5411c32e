"""Long requests: answered at the end, or as a stream; given up when nobody waits any more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from foreframe.errors import ClientLeft
from foreframe.parties import Output
from foreframe.run import Run
from foreframe.timeline import Stop
from foreframe.web.problems import problem_of
from foreframe.web.streams import MEDIA_TYPE, event_stream
from foreframe_protocol.states import Frame

T = TypeVar("T")
NEWS_SECONDS = 0.2  # between two tellings of progress
News = dict[str, object] | BaseModel
Tell = Callable[[str, News], None]
Job = Callable[[Tell], Awaitable[BaseModel]]

STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; asked with `Accept: text/event-stream`, a stream of `progress` "
        "and other news, then one `answer`, or a `problem`.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}


class Counter:
    """Tells from time to time how many frames there are. Listens to a walk, or is told of each."""

    def __init__(self, tell: Tell) -> None:
        self.run: Run | None = None
        self._tell, self._counted = tell, 0
        self._task: asyncio.Task[None] | None = None

    @property
    def frames(self) -> int:
        return self._counted if self.run is None else self.run.frames

    def count(self, frame: Frame) -> None:
        """One more."""
        self._counted += 1

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            await _ended(self._task)

    async def _watch(self) -> None:
        told = 0
        while True:
            await asyncio.sleep(NEWS_SECONDS)
            if self.frames != told:
                told = self.frames
                self._tell("progress", {"frames": told})

    def stopped(self, stop: Stop) -> None:
        """The answer tells."""

    def output(self, output: Output) -> None:
        """What is printed is for sessions."""

    def ended(self, exit_code: int) -> None:
        """The answer tells."""


async def work(request: Request, job: Job) -> Response:
    """Does a job for a client, as long as it is there. Raises what the job raises, unless the
    answer is a stream: then that is its last event."""
    if wants_stream(request):
        return event_stream(_news(job))
    answer = await while_there(request, job(_untold))
    return JSONResponse(answer.model_dump(mode="json"))


async def while_there(request: Request, work: Awaitable[T]) -> T:
    """What some work comes to, given up when the client has gone. Raises ClientLeft then."""
    task = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait([task, leaving], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientLeft("nobody waits for the answer any more")
        return task.result()
    finally:
        await _ended(task, leaving)


def wants_stream(request: Request) -> bool:
    return MEDIA_TYPE in request.headers.get("accept", "")


def _untold(name: str, news: News) -> None:
    """Who waits for the answer alone hears nothing before."""


async def _left(request: Request) -> None:
    """Comes back when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _ended(*tasks: asyncio.Future[Any]) -> None:
    """Cancels what is not done, and waits for it."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _news(job: Job) -> AsyncIterator[tuple[str, str, int | None]]:
    """What a job tells, then its answer. Ends the job when nobody listens."""
    queue: asyncio.Queue[tuple[str, str, int | None] | None] = asyncio.Queue()

    def tell(name: str, news: News) -> None:
        text = news.model_dump_json() if isinstance(news, BaseModel) else json.dumps(news)
        queue.put_nowait((name, text, None))

    async def run() -> None:
        try:
            tell("answer", await job(tell))
        except Exception as error:
            tell("problem", problem_of(error))
        finally:
            queue.put_nowait(None)

    task = asyncio.create_task(run())
    try:
        while (told := await queue.get()) is not None:
            yield told
    finally:
        await _ended(task)
