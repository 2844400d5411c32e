"""Reading a person's Python file: its text, or what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from foreframe.errors import EmptyProgram, NoSuchProgram, NotPython, NotUtf8

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

MAX_BYTES = 10_000_000


def read_source(path: Path) -> str:
    """The text of a Python file, its lines ended by `\\n`. Raises LaunchError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise NoSuchProgram(f"{path}: no such file{near(path)}") from None
    except IsADirectoryError:
        raise NoSuchProgram(f"{path}: a directory, and one Python file is needed") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise NoSuchProgram(f"{path}: cannot be read: {reason}") from error
    if len(raw) > MAX_BYTES:
        raise NoSuchProgram(f"{path}: larger than {MAX_BYTES // 1_000_000} MB, too large to trace")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise NotUtf8(
            f"{path}:{line}: not UTF-8 (byte 0x{raw[error.start]:02x} at offset {error.start}): "
            "save the file as UTF-8"
        ) from None
    if not text.strip():
        raise EmptyProgram(f"{path}: the file is empty, there is nothing to trace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def near(path: Path) -> str:
    """A hint at files beside a missing one whose names are alike."""
    from difflib import get_close_matches

    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.suffix == ".py"]
    except OSError:
        return ""
    found = get_close_matches(path.name, names, n=3)
    return f"; there is {', '.join(str(path.parent / name) for name in found)}" if found else ""


def load_program(path: Path) -> Program:
    """The program of a Python file, ready to be traced. Raises LaunchError."""
    from foreframe_models.program.control_flow import Program, ProgramError

    source, absolute = read_source(path), path.resolve()
    try:
        return Program.parse(source, str(absolute))
    except ProgramError as error:
        raise NotPython(error.message.replace(str(absolute), str(path), 1)) from error
