"""A real vLLM serving a tiny CWM, one for the whole session."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tiny_vllm import NoServer, tiny_vllm

from foreframe_models.engines.vllm import VllmEngine

RUNNING = "vllm:num_requests_running"
GENERATED = "vllm:generation_tokens_total"
PATIENCE = 120.0  # seconds that a loaded machine may take to do what takes none


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    log: Path

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        return self.metrics(name)[0]

    def metrics(self, *names: str) -> list[float]:
        """The same of several, of one moment."""
        lines = httpx.get(f"{self.url}/metrics", timeout=PATIENCE).text.splitlines()
        return [
            sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + "{"))
            for name in names
        ]

    async def until(self, is_reached: Callable[[float], bool]) -> None:
        """Waits until the number of requests that run at the engine is as wanted."""
        deadline = time.monotonic() + PATIENCE
        while not is_reached(running := await asyncio.to_thread(self.metric, RUNNING)):
            assert time.monotonic() < deadline, f"{running} requests run at the engine"
            await asyncio.sleep(0.05)

    async def written_when_idle(self) -> float:
        """Tokens that it has written so far, as soon as no request runs.

        What a request wrote in all tells whether it was ended early, on a machine of any speed.
        """
        await self.until(lambda running: running == 0)
        return await asyncio.to_thread(self.metric, GENERATED)

    def tokens(self, text: str) -> list[int]:
        """What the server's tokenizer reads in a text, special tokens among them."""
        body = {"model": "cwm", "prompt": text, "add_special_tokens": False}
        found: list[int] = httpx.post(f"{self.url}/tokenize", json=body, timeout=PATIENCE).json()[
            "tokens"
        ]
        return found


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server; FOREFRAME_VLLM_URL names one that runs already, to test again quickly."""
    if url := os.environ.get("FOREFRAME_VLLM_URL"):
        yield Server(url, Path(os.devnull))
        return
    pytest.importorskip("vllm")
    try:
        with tiny_vllm(sys.executable, tmp_path_factory.mktemp("vllm")) as (url, log):
            yield Server(url, log)
    except NoServer as error:
        pytest.fail(str(error))


@pytest.fixture
async def engine(server: Server) -> AsyncIterator[VllmEngine]:
    engine = VllmEngine(server.url)
    yield engine
    await engine.close()
