"""Which process has a kept session open, so that no other one goes on with it.

A lock of the operating system's on a small file beside the workspace's: it ends with the process,
however that ends.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path

from foreframe.errors import OpenElsewhere

SUFFIX = ".open"
LOCKED_AT = 1 << 20  # where Windows locks a byte: what is locked cannot be read there
SHOWN = 40  # characters of a session's name


class Claim:
    """A session that this process has open, until `release`."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        """`descriptor` None: nothing can be written there, and nobody is kept out."""
        self._path, self._descriptor = path, descriptor

    @classmethod
    def take(cls, file: Path, session: str) -> Claim:
        """Claims a session of a workspace's file. Raises OpenElsewhere."""
        digest = hashlib.sha256(session.encode()).hexdigest()[:24]
        path = file.with_suffix(SUFFIX) / digest
        while True:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError:  # then no step can be kept either: the keeper tells
                return cls(path, None)
            try:
                _lock(descriptor)
            except OSError as error:
                owner = os.pread(descriptor, 20, 0) if hasattr(os, "pread") else b""
                os.close(descriptor)
                process = f"process {owner.decode()}" if owner.isdigit() else "another process"
                raise OpenElsewhere(
                    f"session {session[:SHOWN]!r} is open in {process} on this machine: ask that "
                    "server, or stop it first"
                ) from error
            if _is_there(path, descriptor):
                os.ftruncate(descriptor, 0)
                os.write(descriptor, str(os.getpid()).encode())
                return cls(path, descriptor)
            os.close(descriptor)  # it was released, and its file taken away, in between

    def release(self) -> None:
        """Anybody may open it from now on."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        with suppress(OSError):  # Windows removes no file that is open: the next owner does
            self._path.unlink()
        os.close(descriptor)


def _is_there(path: Path, descriptor: int) -> bool:
    """Whether the file that was opened still has its name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        """Raises OSError where somebody has it."""
        os.lseek(descriptor, LOCKED_AT, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        """Raises OSError where somebody has it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
