"""A real vLLM serving a tiny CWM, one for the whole session."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tiny_vllm import NoServer, tiny_vllm

from foreframe_models.engines.vllm import VllmEngine


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
        lines = httpx.get(f"{self.url}/metrics").text.splitlines()
        return [
            sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + "{"))
            for name in names
        ]

    def tokens(self, text: str) -> list[int]:
        """What the server's tokenizer reads in a text, special tokens among them."""
        body = {"model": "cwm", "prompt": text, "add_special_tokens": False}
        found: list[int] = httpx.post(f"{self.url}/tokenize", json=body).json()["tokens"]
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
