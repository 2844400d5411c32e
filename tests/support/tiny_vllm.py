"""Starts a vLLM on the CPU that serves a tiny CWM with random weights."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

SUPPORT = Path(__file__).parent
START_SECONDS = 1500  # on a machine that is very busy; one that dies is not waited for
STARTS = 3
IMPATIENT = "within timeout="  # vLLM waits for its own children for two minutes, and no longer
ENVIRONMENT = {
    "VLLM_TARGET_DEVICE": "cpu",  # the distribution's name would not tell
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",
    "VLLM_HOST_IP": "127.0.0.1",
    "TORCHDYNAMO_DISABLE": "1",  # else the first request with log-probabilities compiles
    "VLLM_ENGINE_READY_TIMEOUT_S": str(START_SECONDS),
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
    "--max-num-seqs", "16",
    "--seed", "0",
    "--block-size", "32",
    "--enable-prefix-caching",
    "--enable-prompt-tokens-details",
    "--scheduling-policy", "priority",
    "--max-logprobs", "32",
    "--structured-outputs-config.backend", "guidance",
    "--disable-uvicorn-access-log",
)  # fmt: skip


class NoServer(Exception):
    """It did not start; its log's end says why."""


@contextmanager
def tiny_vllm(
    python: str | Path,
    folder: Path,
    model: Path | None = None,
    context: int = 4096,
    *,
    brief: bool = False,
    patience: float = START_SECONDS,
    others: tuple[str, ...] = (),
) -> Iterator[tuple[str, Path]]:
    """The address and the log of a server, run by `python`. Raises NoServer.

    `model`: a checkpoint to serve in place of the tiny CWM, with its context's length. `brief`: the
    tiny CWM ends its values at once. `patience`: seconds that it may take to start. `others`: flags
    that come last.
    """
    environment = {**os.environ, **ENVIRONMENT}
    environment.pop("PYTHONPATH", None)
    flags = FLAGS
    if model is None:
        model = folder / "cwm"
        flags += ("--prefix-cache-retention-interval", "32")  # only for sliding windows
        made = [python, SUPPORT / "tiny_cwm.py", model, *(["--brief"] if brief else [])]
        subprocess.run(made, env=environment, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = python, SUPPORT / "vllm_server.py", "serve", model
    flags = (f"--port={port}", f"--max-model-len={context}", *flags, *others)
    log = folder / "vllm.log"
    url = f"http://127.0.0.1:{port}"
    for left in reversed(range(STARTS)):
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*command, *flags],
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            try:
                _wait_until_healthy(url, process, log, patience)
            except NoServer as error:
                if left and IMPATIENT in str(error):
                    continue
                raise
            yield url, log
            return
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a server and its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_healthy(
    url: str, process: subprocess.Popen[bytes], log: Path, patience: float
) -> None:
    """Returns when the server answers. Raises NoServer."""
    deadline = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/health", timeout=20).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise NoServer(f"vLLM did not start:\n{log.read_text(errors='replace')[-3000:]}")
