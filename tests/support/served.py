"""A server in a process of its own, for tests that talk to it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
SAID = "listening on "
PATIENCE = 90.0  # seconds that a loaded machine may take to start one


class Served:
    """The process, its address, and what it has said on stderr."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self._log = process, log

    @property
    def said(self) -> str:
        return self._log.read_text()

    @property
    def url(self) -> str:
        return self.said.partition(SAID)[2].split()[0]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def says(self, text: str, times: int = 1) -> None:
        """Waits until it has said something, so often."""
        end = time.monotonic() + PATIENCE
        while self.said.count(text) < times:
            assert self.process.poll() is None, f"it has ended: {self.said}"
            assert time.monotonic() < end, f"it says only {self.said!r}"
            time.sleep(0.05)

    def kill(self) -> None:
        """At once, as when the power fails."""
        self.process.kill()
        self.process.wait()


@contextmanager
def served(*command: str, log: Path, **environment: str) -> Iterator[Served]:
    """Runs a command that says where it listens; kills it in the end."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, *command],
            stderr=said,
            stdin=subprocess.DEVNULL,
            cwd=log.parent,
            env={**os.environ, **environment},
        )
    server = Served(process, log)
    try:
        server.says(SAID)
        yield server
    finally:
        server.kill()


@contextmanager
def serve_tape(tape: Path, *, port: int = 0, **environment: str) -> Iterator[Served]:
    """`foreframe serve` whose model is a tape."""
    log = tape.with_name(f"served-{time.monotonic_ns()}.log")
    script = str(HERE / "serve_tape.py")
    with served(script, str(tape), str(port), log=log, **environment) as server:
        yield server
