"""`foreframe sessions`: what was kept on disk, as tables, as JSON, as files for other programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text

from foreframe.errors import NotWritten
from foreframe.exports import jsonl
from foreframe.exports.forms import exported
from foreframe.memory.library import Listed, forget, listed, load
from foreframe.terminal.table import QUIET, console_for, fitted, percent, printable
from foreframe.timeline import Step, changes, level, reason_of
from foreframe_protocol.states import End, Value

SHOWN_CHARS = 60  # of a value; exports have all of it
CHANGED = 4  # variables of one step


def show_list(workspace: Path | None, *, everywhere: bool, as_json: bool) -> None:
    """Prints the sessions of a workspace, or of all. Raises KeepingError."""
    found = listed(workspace, everywhere=everywhere)
    if as_json:
        print_json([asdict(session) for session in found])
        return
    if not found:
        print("no sessions are kept")
        return
    last = ""
    for session in found:
        if session.workspace != last:
            last = session.workspace
            mine = [one for one in found if one.workspace == last]
            print_table(
                f"sessions of {last}",
                ("id", "begun", "program", "engine", "steps"),
                (row_of(one) for one in mine),
                numbers=(0, 4),
            )


def row_of(session: Listed) -> Sequence[str]:
    begun = datetime.fromisoformat(session.begun).astimezone()
    return (
        str(session.id), f"{begun:%Y-%m-%d %H:%M}", subject(session), session.engine,
        str(session.steps),
    )  # fmt: skip


def subject(session: Listed) -> str:
    """The program, or the call in it, as short as its workspace lets it be."""
    path = Path(session.program)
    if path.is_relative_to(session.workspace):
        path = path.relative_to(session.workspace)
    if session.function is None:
        return str(path)
    return f"{path}: {session.function}({session.args})"


def show_steps(session: int, workspace: Path | None, *, as_json: bool) -> None:
    """Prints the steps of a session. Raises KeepingError."""
    kept = load(session, workspace)
    if as_json:
        records = [jsonl.record(step) for step in kept.timeline.steps]
        versions = {"foreframe": kept.foreframe, "python": kept.python}
        print_json({**asdict(kept.about), **versions, "steps": records})
        return
    has_branches = len(kept.timeline.branches) > 1
    columns = ["step", "action", "scope:line", "what changed"]
    print_table(
        f"session {session}: {subject(kept.about)}, predicted by {kept.about.engine}",
        [*columns, "branch"] if has_branches else columns,
        (step_row(step)[: None if has_branches else -1] for step in kept.timeline.steps),
        numbers=(0,),
    )
    where = kept.timeline.cursor.state
    scope = where.stack[level(where)]
    branch = f" of branch {kept.timeline.branch.number}" if has_branches else ""
    frame = kept.timeline.cursor.trace.length
    print(f"it stands at {scope.function}:{scope.line}, frame {frame}{branch}")


def step_row(step: Step) -> Sequence[str]:
    state = step.trace.state
    scope = state.stack[level(state)]
    before = None if step.parent is None else step.parent.trace.state
    found = [f"{name} = {value_shown(value)}" for name, value in changes(before, state)]
    if len(found) > CHANGED:
        found[CHANGED:] = [f"{len(found) - CHANGED} more"]
    if state.value is not None:
        word = "return" if state.event == "return" else "raise"
        found.insert(0, f"{word} {value_shown(state.value)}")
    if step.change is not None:
        found = [step.change.text[:SHOWN_CHARS]]
    if step.end not in (End.REACHED, End.FINISHED):
        found.append(f"({step.message or step.end.value})")
    if step.comparison is not None:
        found.append("(right)" if step.comparison.right else "(wrong)")
    action = reason_of(step).replace("_", " ")
    return (
        str(step.number), action, f"{scope.function}:{scope.line}", ", ".join(found),
        str(step.branch),
    )  # fmt: skip


def value_shown(value: Value) -> str:
    text = fitted(value.text[: 4 * SHOWN_CHARS], SHOWN_CHARS, "…")
    sure = "" if value.confidence is None or value.confidence >= 0.9 else percent(value.confidence)
    return f"{text} ?{sure}" if sure else text


def export(
    session: int, style: str, branch: int | None, output: Path | None, workspace: Path | None
) -> None:
    """Writes a session to a file or to stdout. Raises KeepingError or NoSuchPlace."""
    kept = load(session, workspace)
    parts = exported(kept.timeline, style, subject(kept.about), branch)
    if output is None:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        sys.stdout.writelines(parts)
        sys.stdout.flush()
        return
    try:
        with output.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.writelines(parts)
    except OSError as error:
        why = error.strerror or str(error)
        raise NotWritten(f"{output} cannot be written ({why}): choose another file") from error


def delete(sessions: Sequence[int], everything: bool, workspace: Path | None) -> None:
    """Deletes sessions, and says how many. Raises KeepingError."""
    wanted = [one.id for one in listed(workspace)] if everything else list(sessions)
    if wanted:
        forget(wanted, workspace)
    count = len(set(wanted))
    print(f"deleted {count} session{'' if count == 1 else 's'}")


def print_json(told: object) -> None:
    print(json.dumps(told, indent=2))


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int]
) -> None:
    """Prints rows under columns; those at `numbers` are set to the right."""
    console = console_for(sys.stdout)
    right = set(numbers)
    table = Table.grid(padding=(0, 2, 0, 0))
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in right else "left", overflow="fold")
    table.add_row(*(Text(column, style=QUIET) for column in columns))
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console.print(Text(printable(title), style="bold"))
    with console.capture() as drawn:
        console.print(table)
    for line in drawn.get().splitlines():
        print(line.rstrip(" "))
