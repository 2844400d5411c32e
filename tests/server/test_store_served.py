"""Kept sessions of a server: found by their token, gone on with under the same number."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from kept import on_disk, rows_on_disk, same_timeline
from person import INTO, Person

from foreframe.editing import Target
from foreframe.memory import database
from foreframe.memory.database import Database
from foreframe.memory.keeper import Keeper, Served, Subject

SOURCE = """\
def f(n):
    a = n + 1
    b = a + 1
    c = b + 1
    return c
"""


def keeper(file: Path, session: int | None = None, *, token: str = "token") -> Keeper:
    subject = Subject("/f.py", SOURCE, "f", "3", "tape", Served(token, "{}"))
    return Keeper(file, file.parent, subject, lambda text: None, session=session, waits=False)


def open_served(file: Path, token: str) -> object:
    with Database(file, file.parent) as database:
        found = database.open_served(token)
    return found and (found["session"], found["launch"], found["lives"])


async def test_a_session_is_found_by_its_token_and_has_one_life_more_each_time(
    tmp_path: Path,
) -> None:
    file = tmp_path / "kept.sqlite3"
    person = Person(SOURCE, "3")
    kept = keeper(file)
    kept.follow(person.session.timeline)
    await person.begin()
    kept.close()
    assert open_served(file, "token") == (1, "{}", 2)
    assert open_served(file, "token") == (1, "{}", 3)
    assert open_served(file, "other") is None
    with Database(file, file.parent) as database:
        database.relaunch_served(Served("token", '{"x": 1}'))
    assert open_served(file, "token") == (1, '{"x": 1}', 4)
    with Database(file, file.parent) as database:
        database.delete([1])
    assert open_served(file, "token") is None


async def test_what_comes_after_a_restart_is_added_to_the_same_session(tmp_path: Path) -> None:
    file = tmp_path / "kept.sqlite3"
    person = Person(SOURCE, "3")
    first = keeper(file)
    first.follow(person.session.timeline)
    await person.begin()
    await person.step(INTO)
    first.close()
    before = rows_on_disk(file)
    again = Person(SOURCE, "3")
    again.session.timeline = on_disk(file)
    again.session.walker.timeline = again.session.timeline
    again.session.timeline.subscribe(again.stopped)
    second = keeper(file, 1)
    second.follow(again.session.timeline)
    again.session.go_to(1)
    await again.wait()
    again.session.edit(0, target("n"), "10")
    await again.step(INTO)
    second.close()
    rows = rows_on_disk(file)
    assert rows[: len(before)] == before
    assert len(rows) == len(again.session.timeline.steps)
    assert same_timeline(on_disk(file), again.session.timeline)


def target(name: str) -> Target:
    return Target(name)


async def test_a_file_from_before_there_was_a_server_takes_its_sessions(tmp_path: Path) -> None:
    file = tmp_path / "kept.sqlite3"
    person = Person(SOURCE, "3")
    old = Keeper(file, tmp_path, Subject("/f.py", SOURCE, "f", "3", "tape"), lambda text: None)
    old.follow(person.session.timeline)
    await person.begin()
    old.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TABLE served")
        connection.commit()
    assert open_served(file, "token") is None
    other = Person(SOURCE, "3")
    kept = keeper(file)
    kept.follow(other.session.timeline)
    await other.begin()
    kept.close()
    assert open_served(file, "token") == (2, "{}", 2)


async def test_who_does_not_wait_is_told_when_all_is_on_disk(tmp_path: Path) -> None:
    file = tmp_path / "kept.sqlite3"
    person = Person(SOURCE, "3")
    kept = keeper(file)
    told: list[str] = []
    kept.when_kept(lambda: told.append("nothing to wait for"))
    assert told == ["nothing to wait for"]
    kept.follow(person.session.timeline)
    await person.begin()
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    steps: list[int] = []

    def when() -> None:
        steps.append(len(rows_on_disk(file)))
        loop.call_soon_threadsafe(done.set)

    kept.when_kept(when)
    async with asyncio.timeout(60):
        await done.wait()
    assert steps == [2]
    kept.close()


async def test_who_does_not_wait_is_told_when_something_is_in_the_way(tmp_path: Path) -> None:
    file = tmp_path / "kept.sqlite3"
    file.mkdir()  # no file can be made there
    person = Person(SOURCE, "3")
    kept = keeper(file)
    kept.follow(person.session.timeline)
    await person.begin()
    done, loop = asyncio.Event(), asyncio.get_running_loop()
    kept.when_kept(lambda: loop.call_soon_threadsafe(done.set))
    async with asyncio.timeout(60):
        await done.wait()
    assert kept.trouble is not None
    kept.close()


async def test_many_sessions_of_one_server_are_never_in_each_others_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_SECONDS", 0.0)  # SQLite gives up at once
    file, told = tmp_path / "kept.sqlite3", list[str]()
    people = [Person(SOURCE, "3") for _ in range(30)]
    keepers: list[Keeper] = []
    for number, person in enumerate(people):
        subject = Subject("/f.py", SOURCE, "f", "3", "tape", Served(f"token {number}", "{}"))
        keepers.append(Keeper(file, tmp_path, subject, told.append, waits=False))
        keepers[-1].follow(person.session.timeline)
    await asyncio.gather(*(person.begin() for person in people))
    for _ in range(3):
        await asyncio.gather(*(person.step(INTO) for person in people))
    for one in keepers:
        await asyncio.to_thread(one.close)
    assert told == []
    for number in range(len(people)):
        assert len(rows_on_disk(file, number + 1)) == 5
