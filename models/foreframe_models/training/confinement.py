"""A process that may compute and little else: no network, no processes, one folder to write in.

Stdlib only: `tracer.py` loads it by its path. Python's audit events refuse what the interpreter is
asked for; on Linux the process also leaves the network, where the system lets it. It holds what a
program would do by mistake or as its work, not one that is written to break out of an interpreter:
what C code does by itself no audit event tells. These are runs that a person gave leave for.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
NETWORK = (
    *("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"),
    *("socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"),
)
PROCESSES = (
    *("os.fork", "os.forkpty", "os.system", "os.exec", "os.posix_spawn", "os.spawn"),
    *("os.startfile", "pty.spawn", "subprocess.Popen"),
)
SIGNALS = ("os.kill", "os.killpg")
CHANGES = {  # the audit event → how many of its first arguments are paths
    **dict.fromkeys(
        ("os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.truncate"), 1
    ),
    **dict.fromkeys(("os.utime", "os.setxattr", "os.removexattr", "sqlite3.connect"), 1),
    **dict.fromkeys(("os.rename", "os.link", "os.symlink"), 2),
}
LARGEST_FILE = 64 << 20  # bytes
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def confine(folder: str) -> None:
    """From here on this process is confined, and works in `folder`. There is no way back."""
    _leave_the_network()
    _limit_files()
    _forget_how_to_fork()
    os.chdir(folder)
    sys.dont_write_bytecode = True
    sys.addaudithook(_guard(os.path.realpath(folder), os.getpid()))


def _guard(folder: str, this: int) -> Callable[[str, tuple[Any, ...]], None]:
    network, processes, changes = frozenset(NETWORK), frozenset(PROCESSES), dict(CHANGES)
    realpath, fsdecode, separator = os.path.realpath, os.fsdecode, os.sep
    nowhere = (os.devnull, ":memory:", b":memory:")

    def may_change(path: object) -> bool:
        if isinstance(path, int) or path in nowhere:
            return True  # opened already, or it leads to no file
        if not isinstance(path, str | bytes):
            return False
        return f"{realpath(fsdecode(path))}{separator}".startswith(f"{folder}{separator}")

    def refused(what: str) -> PermissionError:
        return PermissionError(f"not in a run to fill a hole: {what}")

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if arguments[2] & WRITES and not may_change(arguments[0]):
                raise refused(f"writing {arguments[0]!r}")
        elif event in network:
            raise refused("the network")
        elif event in processes or (event in SIGNALS and arguments[0] not in (0, this)):
            raise refused("another process")
        elif event == "import" and arguments[0] in ("_ctypes", "ctypes"):
            raise ImportError("not in a run to fill a hole: ctypes")
        elif event in changes and not all(map(may_change, arguments[: changes[event]])):
            raise refused(f"changing {arguments[0]!r}")

    return guard


def _leave_the_network() -> None:
    """Into a network of this process alone, that has no way out; where that is not allowed, no."""
    if sys.platform != "linux":
        return
    try:
        ctypes = importlib.import_module("ctypes")
        unshare = ctypes.CDLL(None).unshare
    except (ImportError, AttributeError, OSError):
        return
    if unshare(CLONE_NEWNET) != 0:
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
    for name in [name for name in sys.modules if name.lstrip("_").split(".")[0] == "ctypes"]:
        del sys.modules[name]  # so that a program has to import it, and is refused


def _limit_files() -> None:
    try:
        resource = importlib.import_module("resource")
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _forget_how_to_fork() -> None:
    """`_posixsubprocess` starts processes without an audit event of its own."""
    try:
        posix, subprocess = map(importlib.import_module, ("_posixsubprocess", "subprocess"))
    except ImportError:  # Windows
        return

    def fork_exec(*arguments: object) -> None:
        raise PermissionError("not in a run to fill a hole: another process")

    posix.fork_exec = fork_exec  # type: ignore[attr-defined]
    subprocess._fork_exec = fork_exec  # type: ignore[attr-defined]
