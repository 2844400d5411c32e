"""What can go wrong with the disk: it is told once, the session goes on, nothing is lost."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from dap_client import in_process
from kept import Kept, on_disk, same_timeline
from person import INTO, OVER, RUN, Person
from rule_world import SOURCE, RuleWorld

from foreframe.editing import Target
from foreframe.errors import NoSuchSession, StoreDamaged, StoreUnusable
from foreframe.memory import database as rim
from foreframe.memory import keeper as keeping
from foreframe.memory.database import Database
from foreframe.memory.folder import VARIABLE, workspace_files
from foreframe.memory.tables import VERSION


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks are given up, and tries repeated, sooner than for a person."""
    monkeypatch.setattr(rim, "LOCK_SECONDS", 0.05)
    monkeypatch.setattr(keeping, "FIRST_RETRY", 0.05)
    monkeypatch.setattr(keeping, "LAST_RETRY", 0.05)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "workspace.sqlite3"


def kept(file: Path) -> Kept:
    return Kept(file, Person(SOURCE, "3", RuleWorld()))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  (another thread does it)
            await asyncio.sleep(0.01)


def is_told(one: Kept, *words: str) -> Callable[[], bool]:
    return lambda: any(all(word in text for word in words) for text in one.told)


async def walked(one: Kept) -> None:
    """Steps that a session in trouble must take as any other."""
    await one.person.walk(INTO, OVER, OVER)
    assert one.person.session.timeline.cursor.state.top.function == "f"


class Disk:
    """Puts its pragma into every connection that is opened, as long as there is one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pragma = ""
        self._connect = sqlite3.connect
        monkeypatch.setattr(rim.sqlite3, "connect", self.connect)

    def connect(self, *args, **options) -> sqlite3.Connection:
        connection = self._connect(*args, **options)
        if self.pragma:
            connection.execute(self.pragma)
        return connection


async def test_a_full_disk_is_told_once_and_made_up_for_when_there_is_room(file, monkeypatch):
    disk = Disk(monkeypatch)
    disk.pragma = "PRAGMA max_page_count = 6"  # SQLite says SQLITE_FULL beyond, as for the disk
    one = kept(file)
    await one.person.begin()
    await until(is_told(one, "disk is full", "goes on", "error 2333"))
    await walked(one)
    disk.pragma = ""
    await until(is_told(one, "kept again"))
    await one.person.step(RUN)
    assert same_timeline(one.close(), one.person.session.timeline)
    assert len(one.told) == 2


async def test_a_disk_that_fills_in_mid_session_loses_nothing(file, monkeypatch):
    one = kept(file)
    await one.person.begin()
    await walked(one)
    one.keeper.close()
    disk = Disk(monkeypatch)
    disk.pragma = "PRAGMA max_page_count = 1"  # SQLite keeps the pages that there are
    other = kept(file)
    await other.person.begin()
    for digit in "123":
        other.person.session.edit(0, Target("n"), repr(digit * 20_000))
    await until(is_told(other, "2333"))
    await walked(other)
    assert same_timeline(on_disk(file), one.person.session.timeline)  # the other one is whole
    disk.pragma = ""
    await until(is_told(other, "kept again"))
    assert same_timeline(other.close(2), other.person.session.timeline)


async def test_a_locked_file_is_told_once_and_written_when_the_lock_is_gone(file: Path):
    one = kept(file)
    await one.person.begin()
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    await walked(one)
    await until(is_told(one, "another process holds", "error 2332"))
    other.rollback()
    await until(is_told(one, "kept again"))
    await one.person.step(RUN)
    assert same_timeline(one.close(), one.person.session.timeline)
    assert len(one.told) == 2
    other.close()


async def test_a_lock_that_outlives_the_session_is_told_at_its_end(file: Path):
    one = kept(file)
    await one.person.begin()
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    await walked(one)
    one.keeper.close()
    assert "last steps of this session could not be kept" in one.told[-1]
    other.close()


def write(file: Path, data: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data)


def content(file: Path) -> bytes:
    return file.read_bytes()


def spoil(file: Path) -> None:
    """Overwrites a database and its log in place; the index that is mapped to memory stays."""
    for path in (file, Path(f"{file}-wal")):
        with path.open("r+b") as opened:
            opened.write(b"\xff" * path.stat().st_size)


def asides(file: Path) -> list[Path]:
    return [path for path in file.parent.iterdir() if ".damaged-" in path.name]


async def test_a_file_that_is_no_database_is_set_aside_and_a_new_one_begun(file: Path):
    write(file, b"not a database, but somebody's text" * 100)
    one = kept(file)
    await one.person.begin()
    await walked(one)
    assert same_timeline(one.close(), one.person.session.timeline)
    assert len(one.told) == 1
    (aside,) = asides(file)
    assert aside.name in one.told[0]
    assert "2334" in one.told[0]
    assert aside.read_bytes().startswith(b"not a database")
    assert aside not in workspace_files(file.parent)


async def test_a_file_damaged_in_mid_session_is_replaced_by_who_notices_for_all(file: Path):
    one = kept(file)
    await one.person.begin()
    spoil(file)
    other = kept(file)  # opens the file, and finds what it is like
    await other.person.begin()
    for session in (one, other):
        await walked(session)
        await session.person.step(RUN)
    assert same_timeline(other.close(1), other.person.session.timeline)
    assert same_timeline(one.close(2), one.person.session.timeline)
    assert len(asides(file)) >= 1
    assert [len(other.told), is_told(other, "2334")()] == [1, True]


async def test_a_file_that_another_process_has_set_aside_is_followed_by_the_new_one(file: Path):
    both = [kept(file), kept(file)]
    for one in both:
        await one.person.begin()
    move(file)
    for one in both:
        await walked(one)
        await one.person.step(RUN)
    found = [one.close(number) for number, one in enumerate(both, 1)]
    for mine, one in zip(found, both, strict=True):
        assert same_timeline(mine, one.person.session.timeline)


def move(file: Path) -> None:
    for path in list(file.parent.iterdir()):
        path.rename(path.with_name("aside-" + path.name))


async def test_a_damaged_file_is_told_by_its_number_to_who_reads_it(file: Path):
    write(file, b"not a database" * 100)
    with pytest.raises(StoreDamaged, match=r"workspace\.sqlite3 is damaged"), Database(file):
        pass


async def test_a_session_with_damaged_steps_leaves_the_others_readable(file: Path):
    both = [kept(file), kept(file)]
    for one in both:
        await one.person.begin()
        one.keeper.close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE steps SET frames = '[{]' WHERE session = 1 AND number = 1")
    with pytest.raises(StoreDamaged, match="session 1 cannot be read"):
        on_disk(file, 1)
    assert same_timeline(on_disk(file, 2), both[1].person.session.timeline)


async def test_a_folder_that_cannot_be_written_to_is_told_once(tmp_path: Path):
    (tmp_path / "state").write_text("a file where the folder should be")
    one = kept(tmp_path / "state" / "workspace.sqlite3")
    await one.person.begin()
    await walked(one)
    assert len(one.told) == 1
    assert "cannot be used" in one.told[0]
    assert "2331" in one.told[0]
    os.unlink(tmp_path / "state")
    await until(is_told(one, "kept again"))
    assert same_timeline(one.close(), one.person.session.timeline)


async def test_a_read_only_file_is_told_once_and_the_session_goes_on(file: Path, monkeypatch):
    disk = Disk(monkeypatch)
    one = kept(file)
    await one.person.begin()
    one.keeper.close()
    disk.pragma = "PRAGMA query_only = ON"  # SQLite says SQLITE_READONLY
    other = kept(file)
    await other.person.begin()
    await walked(other)
    other.keeper.close()
    assert "cannot be written to" in other.told[0]
    assert "2331" in other.told[0]
    assert len(other.told) == 2  # and at the end


async def test_a_file_of_a_newer_version_is_left_alone(file: Path):
    one = kept(file)
    await one.person.begin()
    one.keeper.close()
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = content(file)
    other = kept(file)
    await other.person.begin()
    await walked(other)
    other.keeper.close()
    assert len(other.told) == 1
    assert "newer version" in other.told[0]
    assert "2335" in other.told[0]
    assert content(file) == before


async def test_a_session_that_is_deleted_while_it_runs_is_not_kept_any_more(file: Path):
    one = kept(file)
    await one.person.begin()
    with Database(file, file.parent) as database:
        database.delete([1])
    await walked(one)
    await until(is_told(one, "has been deleted", "2336"))
    with Database(file) as database, pytest.raises(NoSuchSession, match="none is kept there"):
        database.session(1)
    one.keeper.close()


async def test_where_nothing_was_kept_says_so(file: Path):
    with pytest.raises(StoreUnusable, match="no sessions have been kept"), Database(file):
        pass


async def test_an_internal_fault_of_keeping_does_not_end_the_session(file, monkeypatch, capfd):
    def fail(*_: object) -> None:
        raise ZeroDivisionError("of our own")

    monkeypatch.setattr("foreframe.memory.rows.RowWriter.row", fail)
    one = kept(file)
    await one.person.begin()
    await walked(one)
    assert "of our own" in one.told[0]
    assert "not kept any more" in one.told[0]
    one.keeper.close()
    assert "ZeroDivisionError" in capfd.readouterr().err


async def test_an_editor_is_told_where_it_shows_important_things(tmp_path, monkeypatch):
    (tmp_path / "p.py").write_text(SOURCE)
    (tmp_path / "state").write_text("a file where the folder should be")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "state"))
    client, adapter = in_process(lambda engine, frames: RuleWorld())
    await client.start(str(tmp_path / "p.py"), function="f", args="3", stopOnEntry=True)
    await client.event("stopped")
    await client.step("next")
    told = [e for e in client.events("output") if e["category"] == "important"]
    assert len(told) == 1
    assert "error 2331" in told[0]["output"]
    await adapter.close()
