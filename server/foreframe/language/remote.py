"""What predicts, in a process of its own: started when it is first asked, and again if it dies."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from foreframe.examples import Example
from foreframe.filling import Budget, Candidate
from foreframe.language.analysis import Analysis
from foreframe.language.parcels import HEADER, Answer, Ask, Cancel, pack, unpack
from foreframe.language.predictor import Foresight, PredictedRun
from foreframe_models.engines.base import EngineAborted

if TYPE_CHECKING:
    from foreframe.holes import Hole

LONG = 2_000  # bytes of an answer
DIED = "the process that predicts has died: it is started again at the next request"


def worker_command(engine: str) -> list[str]:
    """Starts the process. `-P`: no file of the folder that an editor was started in is imported."""
    return [sys.executable, "-P", "-m", "foreframe.language.worker", engine]


class RemotePredictor(Foresight):
    """Asks a process that is its own; whatever is asked of it at once is answered at once."""

    def __init__(self, command: Sequence[str]) -> None:
        super().__init__()
        self.command = tuple(command)
        self._numbers = itertools.count(1)
        self._answers: dict[int, tuple[asyncio.subprocess.Process, asyncio.Queue[Answer]]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process's, while it runs."""
        return None if self._process is None else self._process.pid

    async def fill(
        self,
        analysis: Analysis,
        holes: Sequence[Hole],
        examples: Sequence[Example],
        budget: Budget,
    ) -> AsyncGenerator[Candidate, None]:
        indexes = [hole.index for hole in holes]
        parts = self._ask(analysis, examples, indexes, budget)
        try:
            async for part in parts:
                yield cast(Candidate, part)
        finally:
            await parts.aclose()

    async def retell(self, story: Sequence[str]) -> str:
        parts = self._parts(Ask(next(self._numbers), "", "", (), story=tuple(story)))
        try:
            return cast(str, await anext(parts))
        finally:
            await parts.aclose()

    async def _predict(self, analysis: Analysis, example: Example) -> PredictedRun:
        parts = self._ask(analysis, [example])
        try:
            return cast(PredictedRun, await anext(parts))
        finally:
            await parts.aclose()

    def _ask(
        self,
        analysis: Analysis,
        examples: Sequence[Example],
        holes: Sequence[int] | None = None,
        budget: Budget | None = None,
    ) -> AsyncGenerator[object, None]:
        number = next(self._numbers)
        ask = Ask(number, analysis.path, analysis.text, tuple(examples), holes, budget)
        return self._parts(ask)

    async def _parts(self, ask: Ask) -> AsyncGenerator[object, None]:
        """The parts of an answer. Closing it early, or cancelling, ends the request over there."""
        number = ask.number
        process = await self._running()
        answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._answers[number] = process, answers
        is_open = True
        try:
            await self._send(process, ask)
            while True:
                answer = await answers.get()
                if answer.kind == "part":
                    yield answer.value
                    continue
                is_open = False
                if answer.kind == "end":
                    return
                kind, text = cast(tuple[type[Exception], str], answer.value)
                raise kind(text)
        finally:
            del self._answers[number]
            if is_open and process is self._process:
                with suppress(EngineAborted):
                    await self._send(process, Cancel(number))

    async def _send(self, process: asyncio.subprocess.Process, parcel: Ask | Cancel) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(pack(parcel))
            if isinstance(parcel, Ask):
                await process.stdin.drain()
        except (ConnectionError, RuntimeError) as error:
            raise EngineAborted(DIED) from error

    async def _running(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._process is None:
                pipe = asyncio.subprocess.PIPE
                try:
                    self._process = await asyncio.create_subprocess_exec(
                        *self.command, stdin=pipe, stdout=pipe
                    )
                except OSError as error:
                    raise EngineAborted(
                        f"the process that predicts cannot be started: {error}"
                    ) from error
                self._reading = asyncio.create_task(self._read(self._process))
            return self._process

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Gives each answer to who asked, until the process ends."""
        assert process.stdout is not None
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await process.stdout.readexactly(HEADER.size)
                body = await process.stdout.readexactly(HEADER.unpack(head)[0])
                # In a thread: a long trace takes some milliseconds.
                read = asyncio.to_thread(unpack, body) if len(body) > LONG else None
                answer: Answer = unpack(body) if read is None else await read
                if answer.number in self._answers:
                    self._answers[answer.number][1].put_nowait(answer)
        if process is self._process:
            self._process = None
        for number, (asked, answers) in self._answers.items():
            if asked is process:
                answers.put_nowait(Answer(number, "fault", (EngineAborted, DIED)))
        await process.wait()

    async def close(self) -> None:
        """Ends the process and what it is asked."""
        await super().close()
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if self._reading is not None:
            await self._reading
