"""The engine inside the process: onnxruntime and llguidance on one thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

from foreframe_models.engines.base import (
    Chunk,
    Engine,
    EngineAborted,
    EngineError,
    ModelInfo,
    Request,
)
from foreframe_models.engines.worker import Worker

if TYPE_CHECKING:
    from foreframe_models.engines.generation import EmbeddedModel

CACHE_BYTES = 96 << 20  # of keys and values, for one session; and for each one more:
SESSION_BYTES = 2 << 20
PROMPTS = 6  # of one person: where they stand, what is predicted ahead, what was before an edit


class EmbeddedEngine(Engine):
    """Runs a model folder, as `training/export.py` writes it, on the CPU.

    Streams share one thread: a more urgent one pauses the others between two tokens.
    """

    name = "embedded"

    def __init__(
        self,
        folder: Path,
        *,
        threads: int | None = None,
        cache_bytes: int | None = None,
        sessions: int = 1,
    ) -> None:
        """`threads` are onnxruntime's; by default as many as the model is large enough for.

        `cache_bytes` bounds the keys and values of prompts that are kept for reuse; by default
        what is enough for so many `sessions` at once.
        """
        self.folder = folder
        self.threads = threads
        others = sessions - 1
        if cache_bytes is None:
            cache_bytes = CACHE_BYTES + others * SESSION_BYTES
        self.cache_bytes, self.prompts = cache_bytes, PROMPTS + others
        self._model: EmbeddedModel | None = None
        self._worker: Worker | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> ModelInfo:
        async with self._opening:
            if self._model is None:
                self._model = await asyncio.to_thread(self._load)
                self._worker = Worker("foreframe-embedded")
            return self._model.info

    def _load(self) -> EmbeddedModel:
        # Here, off the event loop: onnxruntime, llguidance and numpy take their time to import.
        from foreframe_models.engines.generation import EmbeddedModel

        return EmbeddedModel(
            self.folder,
            threads=self.threads,
            cache_bytes=self.cache_bytes,
            prompts=self.prompts,
        )

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        await self.open()
        model, worker = self._running()
        run = model.run_options()
        steps = worker.run(model.generate(request, run), request.priority, run)
        try:
            async for chunk in steps:
                yield chunk
        finally:
            await steps.aclose()

    async def score(self, ids: tuple[int, ...], start: int) -> tuple[float, ...]:
        await self.open()
        model, worker = self._running()
        run = model.run_options()
        steps = worker.run(model.score(ids, start, run), 0, run)
        values: list[float] = []
        try:
            async for chunk in steps:
                values += (value for value in chunk.logprobs if value is not None)
        finally:
            await steps.aclose()
        return tuple(values)

    async def encode(self, text: str) -> tuple[int, ...]:
        """Token ids of the text of a value."""
        await self.open()
        return self._running()[0].vocabulary.value(text)

    async def decode(self, ids: tuple[int, ...]) -> str:
        await self.open()
        return self._running()[0].vocabulary.decode(ids)

    async def health(self) -> str:
        try:
            await self.open()
        except EngineError as error:
            return str(error)
        return "" if self._running()[1].alive else "the embedded engine's thread has died"

    async def close(self) -> None:
        async with self._opening:
            worker, self._worker, self._model = self._worker, None, None
            if worker is not None:
                await asyncio.to_thread(worker.close)

    def _running(self) -> tuple[EmbeddedModel, Worker]:
        if self._model is None or self._worker is None:
            raise EngineAborted("the embedded engine was closed")
        return self._model, self._worker
