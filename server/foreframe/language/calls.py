"""Calls of a file's functions that people have made: in launch configurations, and last debugged.

What they gave to holes at stops of the last session is read here too. All is read from disk, and
only as data: literals count, as in the examples that a file holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from foreframe.errors import KeepingError
from foreframe.examples import Example, Kind, call_of, literal
from foreframe.hole_values import chosen, example_of
from foreframe.holes import Hole
from foreframe.memory.folder import state_folder, workspace_file
from foreframe.memory.library import Listed, file_of, listed, load
from foreframe_models.program.control_flow import Program
from foreframe_models.program.source import ProgramError

Stamp = tuple[int, int] | None  # when a file was last written, its size
Mark = tuple[str | None, str, int]  # of a hole: its function, its line's text, its place in it

CONFIGURATIONS = Path(".vscode/launch.json")
MOST_BYTES = 1_000_000
# Comments, and commas before a closing bracket; strings are kept as they are.
_BEYOND_JSON = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)


def calls_for(path: Path, root: Path) -> list[Example]:
    """The calls that launch configurations of a folder make of a file, then the last session's."""
    return [*_configured(path, root), *_debugged(path, root)]


def _configured(path: Path, root: Path) -> Iterator[Example]:
    try:
        with (root / CONFIGURATIONS).open("rb") as file:
            text = file.read(MOST_BYTES).decode("utf-8", "replace")
        for _ in range(2):  # a comma may stand before a comment before a bracket
            text = _BEYOND_JSON.sub(lambda match: match[1] or "", text)
        body = json.loads(text)
    except (OSError, ValueError, RecursionError):
        return
    found = body.get("configurations") if isinstance(body, dict) else None
    for one in found if isinstance(found, list) else ():
        is_ours = isinstance(one, dict) and one.get("type") == "foreframe"
        if is_ours and _means(one.get("program"), path, root):
            yield from _of_configuration(one)


def _of_configuration(one: Mapping[str, object]) -> Iterator[Example]:
    function, args, returned = one.get("function"), one.get("args", ""), one.get("returned")
    if not isinstance(function, str) or not isinstance(args, str):
        return
    if returned is not None:
        returned = literal(returned) if isinstance(returned, str) else repr(returned)
    call = call_of(f"{function}({args})")
    if call is not None:
        yield Example(*call, 0, Kind.LAUNCH, returned=returned)


def _means(program: object, path: Path, root: Path) -> bool:
    """Whether a configuration's program is this file; the file that is shown always is."""
    if not isinstance(program, str):
        return False
    if program == "${file}":
        return True
    named = program.replace("${workspaceFolder}", str(root)).replace("${file}", str(path))
    with suppress(OSError, ValueError):
        return (root / named).resolve() == path.resolve()
    return False


def _debugged(path: Path, root: Path) -> Iterator[Example]:
    with suppress(KeepingError, OSError, ValueError):
        for session in reversed(_sessions(root)):
            if session.function is not None and _is_of(session, path):
                call = call_of(f"{session.function}({session.args})")
                if call is not None:
                    yield Example(*call, 0, Kind.SESSION)
                    return


def chosen_for(path: Path, root: Path, source: str, holes: Sequence[Hole]) -> list[Example]:
    """What a person gave to holes of a file at stops of its last session, of which the text may
    have been another: a hole is the same where its line is, in the same function."""
    if not holes:
        return []
    with suppress(KeepingError, OSError, ValueError, ProgramError):
        session = next((s for s in reversed(_sessions(root)) if _is_of(s, path)), None)
        if session is not None and session.steps:
            file, lines = file_of(root), source.split("\n")
            now = {_mark(hole, lines): hole for hole in holes}
            given = _chosen(file, session.id, session.steps, str(root))
            return [_moved(one, now[mark]) for mark, one in given if mark in now]
    return []


@lru_cache(maxsize=4)
def _chosen(file: Path, session: int, steps: int, root: str) -> list[tuple[Mark, Example]]:
    """The choices of a session of a store's file that has so many steps, with their holes."""
    kept = load(session, Path(root))
    if "??" not in kept.source:
        return []
    program = Program.parse(kept.source, kept.about.program)
    found = chosen(program, kept.timeline.tip)
    return [(_mark(one.hole, program.lines), example_of(one)) for one in found]


def _sessions(root: Path) -> Sequence[Listed]:
    """The sessions of a folder, read again only when they have changed: it is asked for at each
    keystroke. Raises KeepingError."""
    folder = state_folder()
    file = workspace_file(folder, root) if folder is not None else None
    if file is None or not file.exists():
        return ()
    return _read_sessions(
        root, file, tuple(map(_stamp, (file, file.with_name(f"{file.name}-wal"))))
    )


@lru_cache(maxsize=4)
def _read_sessions(root: Path, file: Path, stamps: tuple[Stamp, ...]) -> Sequence[Listed]:
    return listed(root)


def _stamp(file: Path) -> Stamp:
    """What changes when a file is written; nothing of one that there is not."""
    try:
        about = file.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size


def _is_of(session: Listed, path: Path) -> bool:
    return Path(session.program) == path.resolve()


def _mark(hole: Hole, lines: Sequence[str]) -> Mark:
    """What tells a hole apart, however far its lines are moved."""
    text = lines[hole.line - 1]
    return hole.function, text.strip(), hole.column - len(text) + len(text.lstrip())


def _moved(one: Example, hole: Hole) -> Example:
    """The same for a hole where it is now."""
    assert one.stop is not None
    return replace(one, line=hole.line, stop=replace(one.stop, line=hole.line, column=hole.column))
