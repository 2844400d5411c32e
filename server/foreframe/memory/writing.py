"""Brings a timeline's steps to a workspace's file, as far as they are not yet there."""

from __future__ import annotations

import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from foreframe import __version__
from foreframe.errors import KeepingError, StoreDamaged, ValueNotWhole
from foreframe.memory.codec import MAX_TEXT
from foreframe.memory.database import About, Database, Place
from foreframe.memory.keeper import Subject
from foreframe.memory.rows import RowWriter
from foreframe.timeline import Stop, Timeline

Say = Callable[[KeepingError, str], None]  # what is wrong, and what that means


class Writer:
    """One timeline on its way to one file. `session` is its number there, once it has one."""

    def __init__(self, file: Path, workspace: Path, subject: Subject, timeline: Timeline) -> None:
        self.session: int | None = None
        self._timeline = timeline
        self._database = Database(file, workspace)
        self._about = About(
            program=subject.program,
            source=subject.source,
            function=subject.function,
            args=subject.args,
            engine=subject.engine,
            foreframe=__version__,
            python=platform.python_version(),
            begun=datetime.now(UTC).isoformat(timespec="seconds"),
            served=subject.served,
        )
        self._begin_anew()

    def go_on(self, session: int, steps: int) -> None:
        """The timeline's first steps are on disk already, as those of this session."""
        for step in self._timeline.steps[:steps]:
            self._rows.row(step, None)  # only what later rows hang on is wanted of it
        self.session, self._taken = session, steps

    def _begin_anew(self) -> None:
        self.session = None
        self._rows = RowWriter()
        self._taken = 0  # steps that have become rows
        self._pending: list[dict[str, object]] = []  # rows that are not yet written
        self._is_open = False

    def write(self, stop: Stop, branch: int, say: Say, key: str = "") -> None:
        """Adds what is new, and where the session stands; `key` is that of a server's request
        which has led there. Raises KeepingError: all can be tried again then."""
        try:
            self._write(stop, branch, say, key)
        except StoreDamaged as error:
            self._is_open = False
            aside = self._database.set_aside()
            where = "there is" if aside is None else f"it is now {aside.name}, and there is"
            self._begin_anew()
            self._write(stop, branch, say, key)
            say(error, f"{where} a new one, with all of this session")
        except KeepingError:
            self._database.close()  # what is found there at the next try may be another file
            self._is_open = False
            raise

    def _write(self, stop: Stop, branch: int, say: Say, key: str) -> None:
        if self._is_open and self._database.is_replaced():
            self._begin_anew()
        if not self._is_open:
            self._database.open()
            self._is_open = True
        timeline = self._timeline
        for step in timeline.steps[self._taken :]:
            origin = timeline.branches[step.branch].origin
            self._pending.append(self._rows.row(step, origin))
            self._taken += 1
        place = Place(branch, stop.trace.length, stop.reason.value, stop.description, stop.text)
        self.session = self._database.write(self.session, self._about, self._pending, place, key)
        self._pending = []
        if self._rows.packer.cut:
            self._rows.packer.cut = 0
            what = f"a value of more than {MAX_TEXT:,} characters is on disk only in part"
            say(ValueNotWhole(what), "it is whole for as long as this session runs")

    def close(self) -> None:
        self._database.close()
