"""Kept sessions as a person asks for them: which there are, one of them as a timeline, deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from foreframe.errors import BadOption, KeepingError, ProgramChanged, StoreUnusable
from foreframe.memory.database import Database
from foreframe.memory.folder import VARIABLE, state_folder, workspace_file, workspace_files
from foreframe.memory.rows import read_timeline
from foreframe.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Listed:
    """A session in a list. `function` None: the module; `begun`: ISO 8601, UTC."""

    id: int
    workspace: str
    begun: str
    program: str
    function: str | None
    args: str
    engine: str
    steps: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A session that was read: what it is of, its program's text, its timeline."""

    about: Listed
    source: str
    foreframe: str  # the versions that made it
    python: str
    timeline: Timeline

    def check_same(self, source: str, function: str | None, args: str) -> None:
        """Raises ProgramChanged or BadOption where it cannot be gone on with as this launch."""
        about = self.about
        if self.source != source:
            raise ProgramChanged(
                f"session {about.id} was of another text of {about.program}: its lines would not "
                "be those of its steps"
            )
        if (about.function, about.args) != (function, args):
            entry = "the module" if about.function is None else f"{about.function}({about.args})"
            raise BadOption(f"`resume`: session {about.id} is of {entry}: launch the same")


def file_of(workspace: Path | None) -> Path:
    """The file of a workspace; without one, of the current folder or the nearest above that has
    one. Raises StoreUnusable when there is none."""
    folder = state_folder()
    if folder is None:
        raise StoreUnusable(f"no sessions are kept: {VARIABLE} is off")
    here = Path.cwd() if workspace is None else workspace
    above = here.resolve().parents if workspace is None else ()
    for place in (here, *above):
        file = workspace_file(folder, place)
        if file.exists():
            return file
    others = [path for _, path in workspaces(folder)]
    hint = f": there are some for {', '.join(others[:5])}" if others else ""
    more = f" and {len(others) - 5} more" if len(others) > 5 else ""
    raise StoreUnusable(f"no sessions have been kept for {here.resolve()}{hint}{more}")


def workspaces(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files that can be read, and the folders that they are of."""
    for file in workspace_files(folder):
        try:
            with Database(file) as database:
                yield file, database.path()
        except KeepingError:
            continue


def listed(workspace: Path | None, *, everywhere: bool = False) -> list[Listed]:
    """The sessions of a workspace, or of all, oldest first. Raises KeepingError."""
    if not everywhere:
        return list(_listed(file_of(workspace)))
    folder = state_folder()
    files = [] if folder is None else [file for file, _ in workspaces(folder)]
    return [session for file in files for session in _listed(file)]


def _listed(file: Path) -> Iterator[Listed]:
    with Database(file) as database:
        path = database.path()
        for row in database.sessions():
            told = {name: row[name] for name in Listed.__slots__ if name in row}
            yield Listed(workspace=path, **told)


def load(session: int, workspace: Path | None = None) -> Kept:
    """A session as it was when it was left: its timeline can be walked. Raises KeepingError."""
    with Database(file_of(workspace)) as database:
        path = database.path()
        row, steps = database.session(session)
        timeline = read_timeline(row, steps)
    told = {name: row[name] for name in Listed.__slots__ if name in row}
    about = Listed(workspace=path, steps=len(steps), **told)
    return Kept(about, row["source"], row["foreframe"], row["python"], timeline)


def forget(sessions: Sequence[int], workspace: Path | None = None) -> None:
    """Deletes sessions, all or none. Raises NoSuchSession and other KeepingErrors."""
    file = file_of(workspace)
    with Database(file) as database:
        path = database.path()
    with Database(file, Path(path)) as database:
        database.delete(sessions)
