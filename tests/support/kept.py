"""Sessions that are kept on disk, for tests: followed, closed and read again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from person import Person

from foreframe.memory.database import Database
from foreframe.memory.keeper import Keeper, Subject
from foreframe.memory.rows import read_timeline
from foreframe.timeline import Step, Timeline
from foreframe_protocol.states import Trace

SUBJECT = Subject("/f.py", "source", "f", "3", "tape")


class Kept:
    """A keeper of a session, a person's if no timeline is given, and what it has told."""

    def __init__(
        self,
        file: Path,
        person: Person,
        timeline: Timeline | None = None,
        workspace: Path | None = None,
    ) -> None:
        self.file, self.person = file, person
        self.told: list[str] = []
        self.keeper = Keeper(file, workspace or file.parent, SUBJECT, self.told.append)
        self.keeper.follow(timeline or person.session.timeline)

    def close(self, session: int = 1) -> Timeline:
        """Ends the keeping; the timeline as it is on disk."""
        self.keeper.close()
        return on_disk(self.file, session)


def on_disk(file: Path, session: int = 1) -> Timeline:
    with Database(file) as database:
        return read_timeline(*database.session(session))


def rows_on_disk(file: Path, session: int = 1) -> list[Any]:
    with Database(file) as database:
        return database.session(session)[1]


def same_timeline(one: Timeline, other: Timeline) -> bool:
    """Whether two timelines hold the same, step for step, and stand at the same place."""
    assert [told(step) for step in one.steps] == [told(step) for step in other.steps]
    for mine, theirs in zip(one.branches, other.branches, strict=True):
        assert (mine.number, mine.origin) == (theirs.number, theirs.origin)
        assert (mine.first.number, mine.tip.number) == (theirs.first.number, theirs.tip.number)
        assert nodes(mine.model) == nodes(theirs.model)
    assert one.branch.number == other.branch.number
    assert nodes(one.cursor.trace) == nodes(other.cursor.trace)
    assert (one.cursor.reason, one.cursor.text) == (other.cursor.reason, other.cursor.text)
    return True


def told(step: Step) -> Sequence[object]:
    parent = None if step.parent is None else step.parent.number
    return (
        step.number, parent, step.action, step.end, step.message, step.usage, step.branch,
        step.change, nodes(step.trace),
    )  # fmt: skip


def nodes(trace: Trace) -> object:
    """All of a trace: its frames, the states after them, its lengths, and where it begins."""
    found = [(node.frame, node.state, node.length) for node in trace.nodes()]
    return trace.root().state, trace.root().length, found
