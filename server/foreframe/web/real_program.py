"""The real program beside a session that checks: executed, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from foreframe.checked_program import CheckedProgram, is_noise
from foreframe.debuggee import LaunchTarget
from foreframe.errors import ForeframeError
from foreframe.lockstep import Lockstep
from foreframe.parties import Listener, Output
from foreframe.session import Session
from foreframe_models.program.control_flow import Program

PREFIX = "foreframe-run-"  # of the folders of pasted programs; then the process, and any word
LEFT = re.compile(rf"{PREFIX}(\d+)-\w+")
YOUNG_SECONDS = 60.0  # a folder that is younger is left: its process may be another one's, too
OLD_SECONDS = 7 * 86_400.0  # from this age on the number may be another process's


class RealProgram:
    """A program under a real debugger, from its start to its end. Its output goes to the listener
    of the session, as what it is."""

    def __init__(self, listener: Listener, folder: TemporaryDirectory[str] | None) -> None:
        """`folder`: where its file lies, if that is to go with it."""
        self._listener, self._folder = listener, folder
        self._program: CheckedProgram | None = None
        self._updates: set[asyncio.Task[None]] = set()

    async def start(self, program: Program, function: str | None, args: str) -> None:
        """Starts the process; nothing of the user's runs yet. Raises DebuggeeError."""
        path = Path(program.path)
        target = LaunchTarget(
            file=str(path), function=function, args=args if function else "", cwd=str(path.parent)
        )
        self._program = await CheckedProgram.open(program, target, self)

    def begin(self, session: Session) -> None:
        """The session goes with it from now on, and ends it."""
        assert self._program is not None
        session.lockstep = Lockstep(session.walker, self._program)
        self._program.watch(lambda: session.stopping)

    def changed(self) -> None:
        """Breakpoints were set: also where it runs at the moment."""
        task = asyncio.create_task(self._update())
        self._updates.add(task)
        task.add_done_callback(self._updates.discard)

    async def _update(self) -> None:
        if self._program is not None:
            with suppress(ForeframeError):  # the step under way tells what has become of it
                await self._program.update()

    def output(self, category: str, text: str) -> None:
        """What it writes."""
        if not is_noise(text):
            self._listener.output(Output(text, category))

    def event(self, name: str, body: Mapping[str, object]) -> None:
        """What else its debugger tells is for the session."""

    async def close(self) -> None:
        """Ends it, and takes its file away."""
        if self._program is not None:
            await self._program.close()
        if self._folder is not None:
            await asyncio.to_thread(self._folder.cleanup)


def on_disk(source: str, name: str) -> tuple[str, TemporaryDirectory[str]]:
    """A file with a program's text, and the folder that it goes with."""
    folder = TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", ignore_cleanup_errors=True)
    path = Path(folder.name) / name
    path.write_text(source, "utf-8")
    return str(path), folder


def clear_leftovers() -> None:
    """Removes the folders of servers that were killed; of nobody else, and nothing else."""
    with suppress(OSError):
        for path in Path(tempfile.gettempdir()).iterdir():
            named = LEFT.fullmatch(path.name)
            if named is not None and is_left(path, int(named[1])):
                shutil.rmtree(path, ignore_errors=True)


def is_left(folder: Path, process: int) -> bool:
    """Whether a folder is this user's, and its process has gone."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        return False
    age = time.time() - found.st_mtime
    if sys.platform == "win32":  # to ask for a process there would be to end it
        return age > OLD_SECONDS
    return found.st_uid == os.getuid() and (
        age > OLD_SECONDS or (age > YOUNG_SECONDS and not is_alive(process))
    )


def is_alive(process: int) -> bool:
    """Whether there is a process with this number. Not on Windows."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
