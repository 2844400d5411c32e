"""The process that predicts for a language server: `python -m foreframe.language.worker ENGINE`.

Python runs one thread at a time: in the server's own process, filling a hole would make every other
answer wait. Requests come on stdin, answers go to stdout; it ends when stdin does.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import BinaryIO

from foreframe.filling import Budget
from foreframe.language.analysis import Analysis
from foreframe.language.parcels import HEADER, Answer, Ask, Cancel, pack, unpack
from foreframe.language.predictor import FRAMES, Predictor
from foreframe_models.engines.base import EngineAborted, EngineError
from foreframe_models.entry import EntryError

KEPT = 8  # documents that stay parsed
NICENESS = 5  # typing and plain requests, which the server answers, come first
FAULTS = (EngineError, EntryError)


class Worker:
    """Answers requests, each in a task of its own."""

    def __init__(self, predictor: Predictor, tell: Callable[[Answer], None]) -> None:
        self.predictor, self.tell = predictor, tell
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._analyses: OrderedDict[tuple[str, str], Analysis] = OrderedDict()

    def take(self, parcel: Ask | Cancel) -> None:
        """Begins a request, or ends one."""
        if isinstance(parcel, Cancel):
            task = self._tasks.get(parcel.number)
            if task is not None:
                task.cancel()
            return
        task = asyncio.create_task(self._answer(parcel))
        self._tasks[parcel.number] = task
        task.add_done_callback(lambda _: self._tasks.pop(parcel.number, None))

    async def _answer(self, ask: Ask) -> None:
        try:
            async for part in self._parts(ask):
                self.tell(Answer(ask.number, "part", part))
            self.tell(Answer(ask.number, "end"))
        except FAULTS as error:
            self.tell(Answer(ask.number, "fault", (type(error), str(error))))
        except Exception as error:  # ours: who asked must not wait for ever
            text = f"what predicts has failed: {error!r}"
            self.tell(Answer(ask.number, "fault", (EngineAborted, text)))

    async def _parts(self, ask: Ask) -> AsyncIterator[object]:
        if ask.story is not None:
            yield await self.predictor.retell(ask.story)
            return
        analysis = await self._analysis(ask.path, ask.text)
        if ask.holes is None:
            yield await self.predictor.run(analysis, ask.examples[0])
            return
        holes = [analysis.holes[index] for index in ask.holes]
        budget = ask.budget or Budget()
        async for candidate in self.predictor.fill(analysis, holes, ask.examples, budget):
            yield candidate

    async def _analysis(self, path: str, text: str) -> Analysis:
        key = path, text
        found = self._analyses.get(key)
        if found is None:
            known = reversed(self._analyses.items())
            before = next((one for (of, _), one in known if of == path), None)
            found = await asyncio.to_thread(Analysis, path, text, before=before)
            self._analyses[key] = found
            if len(self._analyses) > KEPT:
                self._analyses.popitem(last=False)
        return found


def main(predictor: Predictor) -> None:
    """Serves this process's stdin and stdout, then ends at once: nothing is left to be told."""
    with suppress(OSError, AttributeError):  # not everywhere
        os.nice(NICENESS)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer

    def tell(answer: Answer) -> None:
        answers.write(pack(answer))
        answers.flush()

    async def run() -> None:
        worker, loop, over = Worker(predictor, tell), asyncio.get_running_loop(), asyncio.Event()

        def read() -> None:
            while (parcel := unpacked(requests)) is not None:
                loop.call_soon_threadsafe(worker.take, parcel)
            loop.call_soon_threadsafe(over.set)

        threading.Thread(target=read, name="requests", daemon=True).start()
        await over.wait()

    with suppress(BrokenPipeError, KeyboardInterrupt):
        asyncio.run(run())
    os._exit(0)


def unpacked(source: BinaryIO) -> Ask | Cancel | None:
    """The next parcel; None when there are no more."""
    head = source.read(HEADER.size)
    if len(head) < HEADER.size:
        return None
    found: Ask | Cancel = unpack(source.read(HEADER.unpack(head)[0]))
    return found


if __name__ == "__main__":
    from foreframe.language.server import open_world

    main(Predictor(open_world(sys.argv[1], FRAMES)))
