"""`foreframe serve` as a process, which can be killed and started again on the same port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

STARTED = re.compile(r"listening on (http://[\w.\[\]:]+:(\d+))")


# PORT stands for the port
SMALL = [str(Path(sys.executable).with_name("foreframe")), "serve", "--port", "PORT"]
ORACLE = [sys.executable, str(Path(__file__).with_name("serve_oracle.py")), "PORT", "run"]


class PageServer:
    """A server on this machine, whose sessions are kept in `folder`."""

    def __init__(self, folder: Path, command: list[str], token: str | None = None) -> None:
        self.folder, self.command, self.token = folder, command, token
        self.port = 0
        self.address = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it listens. Raises RuntimeError with what it said if it does not."""
        environment = os.environ | {"FOREFRAME_STATE": str(self.folder)}
        environment.pop("FOREFRAME_TOKEN", None)
        if self.token is not None:
            environment["FOREFRAME_TOKEN"] = self.token
        log = self.folder / "server.log"
        with log.open("w") as said:
            self._process = subprocess.Popen(
                [part.replace("PORT", str(self.port)) for part in self.command],
                stderr=said,
                stdout=subprocess.DEVNULL,
                env=environment,
                cwd=self.folder,
            )
        while self._process.poll() is None:
            found = STARTED.search(log.read_text())
            if found is not None:
                self.address, self.port = found[1], int(found[2])
                return
            time.sleep(0.05)
        raise RuntimeError(f"the server did not start: {log.read_text()}")

    def kill(self) -> None:
        """Ends it without a word, as a crash does."""
        self._end(signal.SIGKILL)

    def _end(self, sent: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(sent)
        try:
            self._process.wait(timeout=90)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process = None

    def __enter__(self) -> PageServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(signal.SIGTERM)
