"""The process of a debuggee: started, heard, and ended with all that it has started itself."""

from __future__ import annotations

import asyncio
import codecs
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import cast

from foreframe import debuggee_bootstrap, debugpy_quirks
from foreframe.errors import CannotAttach, CannotStart
from foreframe_models.program import visible

START_SECONDS = 60.0  # for the child to start and connect
OUTPUT_SECONDS = 0.3  # for what the program has written last, which a child of its may hold open
MAX_OUTPUT = 16 << 20  # characters that are passed on
BOOTSTRAP = str(Path(debuggee_bootstrap.__file__).resolve())

Hear = Callable[[str, str], None]  # category and text


class Kind(StrEnum):
    """What is launched."""

    FILE = "file"
    MODULE = "module"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class LaunchTarget:
    """What to run: a file, a module by its name (`-m`), or a function of a file.

    `args`: the function's arguments, Python literals as they stand in a call. `python`: the
    interpreter, ours by default. `env` is added to our environment (None: that name is taken away).
    `stdin`: what the program reads from its standard input, which ends there.
    """

    file: str | None = None
    module: str | None = None
    function: str | None = None
    args: str = ""
    argv: tuple[str, ...] = ()
    python: str | None = None
    cwd: str | None = None
    env: Mapping[str, str | None] | None = None
    just_my_code: bool = True
    stdin: bytes = b""
    options: Mapping[str, object] | None = None  # more of what debugpy's launch knows

    @property
    def kind(self) -> Kind:
        if self.module is not None:
            return Kind.MODULE
        return Kind.FILE if self.function is None else Kind.FUNCTION


class DebuggeeProcess(asyncio.SubprocessProtocol):
    """One child. `exited` is its exit code, also while others hold its output open."""

    pid: int

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._left = MAX_OUTPUT
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {1: decoder("replace"), 2: decoder("replace")}
        self._transport: asyncio.SubprocessTransport | None = None
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[int] = loop.create_future()
        self._closed: asyncio.Future[None] = loop.create_future()  # its output

    @classmethod
    async def start(
        cls, target: LaunchTarget, port: int, token: str, hear: Hear
    ) -> DebuggeeProcess:
        """Starts the program, which connects to `port`. Raises CannotStart."""
        name, python = target.module or target.file, target.python or sys.executable
        if target.cwd and not is_folder(target.cwd):
            raise CannotStart(
                f'{target.cwd}: no such directory: check "cwd" in the launch configuration'
            )
        try:
            transport, process = await asyncio.get_running_loop().subprocess_exec(
                lambda: cls(hear),
                python,
                BOOTSTRAP,
                stdin=asyncio.subprocess.PIPE if target.stdin else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=target.cwd or None,
                env=environment(target, port, token),
                start_new_session=True,
            )
        except (FileNotFoundError, PermissionError) as error:
            raise CannotStart(
                f'{python}: {error.strerror}: check "python" in the launch configuration'
            ) from error
        except (OSError, ValueError) as error:
            raise CannotStart(f"{name}: not started: {error}") from error
        stdin = transport.get_pipe_transport(0)
        if stdin is not None:
            cast(asyncio.WriteTransport, stdin).write(target.stdin)
            stdin.close()
        return process

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self.pid = self._transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._tell(fd, self._decoders[fd].decode(data))

    def pipe_connection_lost(self, fd: int, error: Exception | None) -> None:
        decoder = self._decoders.pop(fd, None)
        if decoder is not None:
            self._tell(fd, decoder.decode(b"", final=True))
        if not self._decoders and not self._closed.done():
            self._closed.set_result(None)

    def process_exited(self) -> None:
        code = None if self._transport is None else self._transport.get_returncode()
        if not self.exited.done():
            self.exited.set_result(0 if code is None else code)

    def _tell(self, fd: int, text: str) -> None:
        """Passes text on, up to a limit, which is said once."""
        if self._left <= 0 or not text:
            return
        self._hear("stdout" if fd == 1 else "stderr", text[: self._left])
        self._left -= len(text)
        if self._left <= 0:
            told = f"\nforeframe: output of more than {MAX_OUTPUT:,} characters is not shown\n"
            self._hear("important", told)

    async def drain(self) -> None:
        """Waits a moment for what was written last."""
        await asyncio.wait([self._closed], timeout=OUTPUT_SECONDS)

    def kill(self) -> None:
        """Ends it and what it started, at once."""
        try:
            if os.name == "posix":
                os.killpg(self.pid, signal.SIGKILL)
            elif not self.exited.done() and self._transport is not None:
                self._transport.kill()
        except ProcessLookupError:
            return

    async def close(self) -> None:
        """Ends it, and waits for that."""
        self.kill()
        await asyncio.wait([self.exited])
        if self._transport is not None:
            self._transport.close()


def environment(target: LaunchTarget, port: int, token: str) -> dict[str, str]:
    """The environment of the child, with the job of its bootstrap in it."""
    import debugpy

    job = {
        "kind": target.kind,
        "target": target.module or target.file,
        "function": target.function,
        "args": target.args,
        "argv": list(target.argv),
        "module_name": "__foreframe__",
        "port": port,
        "token": token,
        "debugpy": str(Path(debugpy.__file__).parents[1]),
        "settings": debugpy_quirks.SETTINGS,
        "visible": str(Path(visible.__file__).resolve()),
    }
    found = {**os.environ, **(target.env or {}), debuggee_bootstrap.JOB: json.dumps(job)}
    return {name: value for name, value in found.items() if value is not None}


def is_folder(path: str) -> bool:
    return Path(path).is_dir()


async def inject(pid: int) -> tuple[str, int]:
    """Brings debugpy into a running process; where it listens then. Raises CannotAttach."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "debugpy", "--listen", f"127.0.0.1:{port}", "--pid", str(pid)]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise CannotAttach(f"process {pid}: debugpy could not be brought into it in time") from None
    if process.returncode:
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise CannotAttach(f"process {pid}: debugpy could not be brought into it: {last[0]}")
    return "127.0.0.1", port
