"""A real vLLM serving a tiny CWM, one for the whole session."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from foreframe_models.engines.vllm import VllmEngine

SUPPORT = Path(__file__).parent.parent / "support"
START_SECONDS = 240
ENVIRONMENT = {
    "VLLM_TARGET_DEVICE": "cpu",  # the distribution's name would not tell
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",
    "VLLM_HOST_IP": "127.0.0.1",
    "TORCHDYNAMO_DISABLE": "1",  # else the first request with log-probabilities compiles
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
FLAGS = (
    "--served-model-name", "cwm",
    "--host", "127.0.0.1",
    "--dtype", "float32",
    "--enforce-eager",
    "--max-model-len", "4096",
    "--max-num-seqs", "16",
    "--seed", "0",
    "--block-size", "32",
    "--enable-prefix-caching",
    "--prefix-cache-retention-interval", "32",
    "--enable-prompt-tokens-details",
    "--scheduling-policy", "priority",
    "--max-logprobs", "32",
    "--structured-outputs-config.backend", "guidance",
    "--disable-uvicorn-access-log",
)  # fmt: skip


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    log: Path

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = httpx.get(f"{self.url}/metrics").text.splitlines()
        values = [line.rsplit(" ", 1)[1] for line in lines if line.startswith(name + "{")]
        return sum(map(float, values))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server; FOREFRAME_VLLM_URL names one that runs already, to test again quickly."""
    if url := os.environ.get("FOREFRAME_VLLM_URL"):
        yield Server(url, Path(os.devnull))
        return
    pytest.importorskip("vllm")
    folder = tmp_path_factory.mktemp("vllm")
    environment = {**os.environ, **ENVIRONMENT}
    subprocess.run(
        [sys.executable, SUPPORT / "tiny_cwm.py", folder / "cwm"], env=environment, check=True
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = sys.executable, SUPPORT / "vllm_server.py"
    log = folder / "vllm.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "serve", folder / "cwm", "--port", str(port), *FLAGS],
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_healthy(url, process, log)
        yield Server(url, log)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when the server answers; fails the tests with its log when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/health", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    pytest.fail(f"vLLM did not start:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture
async def engine(server: Server) -> AsyncIterator[VllmEngine]:
    engine = VllmEngine(server.url)
    yield engine
    await engine.close()
