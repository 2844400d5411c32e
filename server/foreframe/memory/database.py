"""A workspace's file: opened, written, read. What goes wrong there is told as a KeepingError."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable

from foreframe.errors import (
    KeepingError,
    NoSuchSession,
    StoreDamaged,
    StoreFull,
    StoreLocked,
    StoreTooNew,
    StoreUnusable,
)
from foreframe.memory.keeper import Served
from foreframe.memory.tables import METADATA, SERVED, SESSIONS, STEPS, VERSION, WORKSPACE

_TURNS: dict[Path, threading.RLock] = {}  # by file
_TURNS_LOCK = threading.Lock()
LOCK_SECONDS = 1.0  # that a write waits for another process's
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session stands: on which frame of which branch, and why."""

    branch: int = 0
    length: int = 0
    reason: str = "entry"
    description: str = ""
    text: str = ""

    def row(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class About:
    """What a session is of. `function` None: the module; `begun`: ISO 8601, UTC."""

    program: str
    source: str
    function: str | None
    args: str
    engine: str
    foreframe: str
    python: str
    begun: str
    served: Served | None = None

    def row(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__ if name != "served"}


# Written once: composing them takes longer than running them.
ADD_STEPS = insert(STEPS)
MOVE = (
    update(SESSIONS)
    .where(SESSIONS.c.id == bindparam("session"))
    .values(
        {name: bindparam(name) for name in ("branch", "length", "reason", "description", "text")}
    )
)


class Database:
    """One file. Not for two threads at once. Closed after a `with`."""

    def __init__(self, file: Path, workspace: Path | None = None) -> None:
        """Without a `workspace` it is only read, and must exist."""
        self.file, self.workspace = file, workspace
        self._identity: tuple[int, int] | None = None  # of the file that was opened
        self._connection: Connection | None = None

    def __enter__(self) -> Database:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Opens the file, and makes it where there is none. Raises KeepingError."""
        self.close()
        with self._told():
            if self.workspace is not None:
                self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            elif not self.file.exists():
                raise StoreUnusable(f"no sessions have been kept in {self.file}")
            with self._turn():
                self._connection = self._connect()
            with self._transaction() as connection:
                found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
                if found > VERSION:
                    raise StoreTooNew(
                        f"{self.file} was written by a newer version of Foreframe: update "
                        "this one, or name another folder with FOREFRAME_STATE"
                    )
                if self.workspace is not None and found < VERSION:
                    METADATA.create_all(connection)
                    add = insert(WORKSPACE).prefix_with("OR IGNORE")
                    connection.execute(add.values(path=str(self.workspace.resolve())))
                    connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
            self._identity = self._found()

    def close(self) -> None:
        """Lets the file go. Never raises."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, sqlite3.Error):
                connection.close()

    def is_replaced(self) -> bool:
        """Whether the file that was opened is not there any more, or another is."""
        return self._found() != self._identity

    def _found(self) -> tuple[int, int] | None:
        try:
            status = self.file.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    # Writing

    def write(
        self,
        session: int | None,
        about: About,
        steps: Sequence[Row],
        place: Place,
        key: str = "",
    ) -> int:
        """Adds steps and moves the cursor, all or nothing; a new session where none is named.

        `key`: of a server's request that has led there. Gives the session's number. Raises
        NoSuchSession if it has been deleted.
        """
        with self._told(session), self._transaction() as connection:
            if session is None:
                row = {**about.row(), **place.row()}
                added = connection.execute(insert(SESSIONS).values(row))
                assert added.inserted_primary_key is not None
                session = int(added.inserted_primary_key[0])
                if about.served is not None:
                    self._serve(connection, session, about.served)
            else:
                moved = connection.execute(MOVE, {"session": session, **place.row()})
                if not moved.rowcount:
                    raise NoSuchSession(f"session {session} has been deleted")
            if key and about.served is not None:
                here = update(SERVED).where(SERVED.c.token == about.served.token)
                connection.execute(here.values(key=key))
            if steps:
                connection.execute(ADD_STEPS, [{"session": session, **row} for row in steps])
            return session

    def _serve(self, connection: Connection, session: int, served: Served) -> None:
        """Writes down what a server calls a session; under the same token there was none, or one
        that this takes the place of."""
        connection.execute(CreateTable(SERVED, if_not_exists=True))
        row = {"token": served.token, "session": session, "launch": served.launch, "lives": 1}
        connection.execute(insert(SERVED).prefix_with("OR REPLACE").values(row))

    def open_served(self, token: str) -> Row | None:
        """What is known of the session with this token, which has one more life from now on."""
        with self._told(), self._transaction() as connection:
            connection.execute(CreateTable(SERVED, if_not_exists=True))
            lives = SERVED.c.lives + 1
            connection.execute(update(SERVED).where(SERVED.c.token == token).values(lives=lives))
            query = select(SERVED).where(SERVED.c.token == token)
            found = connection.execute(query).mappings().first()
            return None if found is None else dict(found)

    def tokens(self) -> dict[int, str]:
        """What servers call sessions, by their numbers."""
        with self._told(), self._transaction() as connection:
            if not connection.dialect.has_table(connection, SERVED.name):
                return {}  # it was written before there were servers
            rows = connection.execute(select(SERVED.c.session, SERVED.c.token))
            return {row.session: row.token for row in rows}

    def session_of(self, token: str) -> int | None:
        """The number of the session that a server calls so."""
        known = {name: number for number, name in self.tokens().items()}
        return known.get(token)

    def relaunch_served(self, served: Served) -> None:
        """Writes down how a session is to be begun from now on."""
        with self._told(), self._transaction() as connection:
            change = update(SERVED).where(SERVED.c.token == served.token)
            connection.execute(change.values(launch=served.launch))

    def delete(self, sessions: Iterable[int]) -> None:
        """Removes sessions and all their steps. Raises NoSuchSession, and removes none then."""
        wanted = set(sessions)
        with self._told(), self._transaction() as connection:
            known = set(connection.scalars(select(SESSIONS.c.id)))
            if wanted - known:
                raise NoSuchSession(missing(min(wanted - known), known))
            connection.execute(delete(SESSIONS).where(SESSIONS.c.id.in_(wanted)))
        with self._told():  # what is deleted should not stay readable in the file
            connection = self._connected()
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.rollback()

    # Reading

    def path(self) -> str:
        """The workspace's path."""
        with self._told(), self._transaction() as connection:
            return connection.scalar(select(WORKSPACE.c.path)) or ""

    def sessions(self) -> list[Row]:
        """All sessions, oldest first, without their programs' texts; `steps` counts them."""
        shown = [column for column in SESSIONS.c if column.name != "source"]
        steps = select(func.count()).where(STEPS.c.session == SESSIONS.c.id).scalar_subquery()
        query = select(*shown, steps.label("steps")).order_by(SESSIONS.c.id)
        with self._told(), self._transaction() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def session(self, number: int) -> tuple[Row, list[Row]]:
        """A session, and its steps in order. Raises NoSuchSession."""
        with self._told(), self._transaction() as connection:
            query = select(SESSIONS).where(SESSIONS.c.id == number)
            found = connection.execute(query).mappings().first()
            if found is None:
                known = set(connection.scalars(select(SESSIONS.c.id)))
                raise NoSuchSession(missing(number, known))
            steps = select(STEPS).where(STEPS.c.session == number).order_by(STEPS.c.number)
            return dict(found), [dict(row) for row in connection.execute(steps).mappings()]

    def is_sound(self) -> bool:
        """Whether SQLite finds no fault in the whole file; reads all of it."""
        try:
            with self._told(), self._transaction() as connection:
                found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
                return bool(found == "ok")
        except KeepingError:
            return False

    def set_aside(self) -> Path | None:
        """Moves a damaged file out of the way, with its log; where it is now.

        None: it is sound after all, as another process has put a new one there.
        Raises KeepingError.
        """
        self.close()
        with self._told():
            found = self._found()
            if found is None or (found != self._identity and self.is_sound()):
                return None
            self.close()
            now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
            name = f"{self.file.stem}.damaged-{now}-{os.getpid()}{self.file.suffix}"
            aside = self.file.with_name(name)
            self.file.rename(aside)
            for end in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    Path(f"{self.file}{end}").rename(f"{aside}{end}")
        return aside

    # The rim

    def _connect(self) -> Connection:
        is_read = self.workspace is None
        mode = "ro" if is_read else "rwc"
        if is_read and not os.access(self.file.parent, os.W_OK):
            mode += "&immutable=1"  # a log beside the file could not be made: read it as it is
        uri = f"{self.file.resolve().as_uri()}?mode={mode}"
        engine = create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(
                uri, uri=True, timeout=LOCK_SECONDS, check_same_thread=False
            ),
            poolclass=NullPool,
        )

        @event.listens_for(engine, "connect")
        def prepare(connection: sqlite3.Connection, _: object) -> None:
            connection.execute("PRAGMA foreign_keys = ON")
            if is_read:
                return
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # a crash of the system may lose some
            connection.execute("PRAGMA secure_delete = ON")
            with suppress(OSError):
                self.file.chmod(0o600)

        return engine.connect()

    def _turn(self) -> AbstractContextManager[object]:
        """Who writes has to wait for its turn."""
        return nullcontext() if self.workspace is None else turn(self.file)

    def _connected(self) -> Connection:
        if self._connection is None:
            self.open()
        assert self._connection is not None
        return self._connection

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        connection = self._connected()
        with self._turn():
            try:
                yield connection
                connection.commit()
            except BaseException:
                with suppress(SQLAlchemyError, sqlite3.Error):
                    connection.rollback()
                raise

    @contextmanager
    def _told(self, session: int | None = None) -> Iterator[None]:
        """Turns what SQLite says into an error for a person."""
        try:
            yield
        except IntegrityError as error:
            raise NoSuchSession(f"session {session} has been deleted") from error
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise trouble(getattr(error, "orig", None) or error, self.file) from error
        except OSError as error:
            why = error.strerror or str(error)
            raise StoreUnusable(f"{self.file} cannot be used ({why})") from error


def turn(file: Path) -> threading.RLock:
    """Whose turn it is to write to a file, among the threads of this process: SQLite's own lock
    is waited for by trying again, which under many writers takes some too long."""
    with _TURNS_LOCK:
        return _TURNS.setdefault(file, threading.RLock())


def trouble(error: BaseException, file: Path) -> KeepingError:
    """What SQLite's error means for a person."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreLocked(f"another process holds {file}")
        case sqlite3.SQLITE_FULL:
            return StoreFull(f"there is no room left for {file}: the disk is full")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StoreDamaged(f"{file} is damaged ({error})")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return StoreUnusable(f"{file} cannot be written to ({error})")
    return StoreUnusable(f"{file} cannot be used ({error})")


def missing(number: int, known: set[int]) -> str:
    """That there is no such session, and which there are."""
    there = f"there are {min(known)} to {max(known)}" if known else "none is kept there"
    return f"there is no session {number}: {there}"
