"""Calls of a file's functions that people have made: in launch configurations, and last debugged.

Both are read from disk, and only as data: literals count, as in the examples that a file holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from foreframe.errors import KeepingError
from foreframe.examples import Example, Kind, call_of, literal
from foreframe.memory.library import listed

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
        for session in reversed(listed(root)):
            if session.function is not None and Path(session.program) == path.resolve():
                call = call_of(f"{session.function}({session.args})")
                if call is not None:
                    yield Example(*call, 0, Kind.SESSION)
                    return
