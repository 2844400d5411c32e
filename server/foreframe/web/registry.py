"""The sessions of a server: those that are open, and those on disk that are opened again."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakValueDictionary

from foreframe.dap.breakpoints import Placement
from foreframe.dap.launch import AHEAD_TOKENS
from foreframe.errors import (
    KeepingError,
    NoSuchLiveSession,
    NoSuchSession,
    ShuttingDown,
    TooManySessions,
)
from foreframe.memory.claim import Claim
from foreframe.memory.database import Database, Row
from foreframe.memory.folder import state_folder, workspace_file
from foreframe.memory.keeper import SETTLE_SECONDS, Keeper, Served, Subject
from foreframe.memory.library import Kept, Listed, forget, listed, load
from foreframe.session import Session
from foreframe.timeline import Timeline
from foreframe.web.launching import Launched, launch, parsed
from foreframe.web.live import LiveSession, launch_text
from foreframe.web.real_program import clear_leftovers
from foreframe.web.settings import ServeSettings
from foreframe.web.worlds import Worlds
from foreframe_protocol.api import NewSession

SWEEP_SECONDS = 15.0  # between two looks for sessions that nobody uses
AHEAD_ENGINES = frozenset({"auto", "embedded", "http", "https"})


class Registry:
    """Opens, finds and closes sessions. All of them are kept as those of one workspace."""

    def __init__(self, settings: ServeSettings, worlds: Worlds) -> None:
        self.settings, self.worlds = settings, worlds
        self.workspace = settings.folders[0] if settings.folders else Path.cwd()
        self._open: dict[str, LiveSession] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._reserved = 0  # places of sessions that are being opened
        self._sweeper: asyncio.Task[None] | None = None
        self._is_closing = False

    def __len__(self) -> int:
        return len(self._open)

    def start(self) -> None:
        """Closes what nobody uses from now on, and clears away what killed servers have left."""
        self._clearing = asyncio.create_task(asyncio.to_thread(clear_leftovers))
        self._sweeper = asyncio.create_task(self._sweep())

    async def close(self) -> None:
        """Closes all sessions; those that are kept can be opened again."""
        self._is_closing = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        await asyncio.gather(*(live.close() for live in self._open.values()))
        self._open.clear()

    def all(self) -> list[LiveSession]:
        """Those that are open, the oldest first."""
        return list(self._open.values())

    async def create(self, asked: NewSession) -> LiveSession:
        """A new session, which begins. Raises LaunchError, EntryError, EngineError, HttpError."""
        self._reserve()
        try:
            kept = None
            if asked.resume is not None:
                kept = await asyncio.to_thread(self._load, asked.resume)
            launched = await launch(asked, self.worlds, self.settings, kept)
            ident = secrets.token_urlsafe(16)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            live = LiveSession(ident, launched, self.worlds.spec, created=now)
            live.claim = self._claim(ident)
            try:
                await self._begin(live, launched.before)
            except BaseException:  # nobody has heard of it
                await self._forget(live)
                raise
        finally:
            self._reserved -= 1
        return live

    async def give_up(self, live: LiveSession) -> None:
        """Closes a session that nobody knows, and forgets it."""
        self._open.pop(live.ident, None)
        await live.close()
        await self._forget(live)

    async def _forget(self, live: LiveSession) -> None:
        """Takes away what is left of a session that is closed, or has not begun."""
        if live.launched.folder is not None:
            await asyncio.to_thread(live.launched.folder.cleanup)
        if live.keeper is not None and live.keeper.session is not None:
            with suppress(KeepingError):
                await asyncio.to_thread(forget, [live.keeper.session], self.workspace)
        if live.claim is not None:
            live.claim.release()

    def _claim(self, ident: str) -> Claim | None:
        """Keeps other servers from opening a session. Raises OpenElsewhere."""
        file = self._file()
        return None if file is None else Claim.take(file, ident)

    async def _begin(
        self, live: LiveSession, before: Timeline | None = None, kept: int | None = None
    ) -> None:
        launched = live.launched
        program, asked = launched.program, launched.asked
        is_module = asked.function is None
        placement = await asyncio.to_thread(Placement, program, with_module=is_module)
        live.keeper = self._keeper_for(live, kept)
        session = Session(
            launched.world,
            program,
            launched.start,
            live,
            look_ahead_tokens=self._look_ahead(asked),
            keep=None if live.keeper is None else live.keeper.follow,
            before=before,
        )
        try:
            live.open(session, placement)
            await live.start_real()
        except BaseException:
            await live.close()
            raise
        if self._is_closing:
            await live.close()
            raise ShuttingDown("the server is being stopped")
        self._open[live.ident] = live
        live.begun()
        if launched.end is not None:
            launched.end.begin(session)
        else:
            session.begin(stop_on_entry=asked.stop_on_entry)

    def _look_ahead(self, asked: NewSession) -> int:
        if asked.look_ahead_tokens is not None:
            return asked.look_ahead_tokens
        kind = self.worlds.spec.strip().partition(":")[0]
        return AHEAD_TOKENS if kind in AHEAD_ENGINES else 0

    def _keeper_for(self, live: LiveSession, kept: int | None) -> Keeper | None:
        file = self._file()
        if file is None:
            return None
        program, asked = live.launched.program, live.launched.asked
        subject = Subject(
            program.path,
            program.source,
            asked.function,
            asked.args,
            self.worlds.spec,
            Served(live.ident, launch_text(asked)),
        )
        loop = asyncio.get_running_loop()

        def tell(text: str) -> None:
            with suppress(RuntimeError):  # the loop has ended: nobody is there to be told
                loop.call_soon_threadsafe(live.note, text)

        return Keeper(file, self.workspace, subject, tell, session=kept, waits=False)

    def _file(self) -> Path | None:
        """Where sessions are kept; None: nowhere."""
        folder = state_folder() if self.settings.keeps else None
        return None if folder is None else workspace_file(folder, self.workspace)

    async def find(self, ident: str) -> LiveSession:
        """An open session, or one on disk, which is opened. Raises NoSuchLiveSession."""
        live = self._open.get(ident)
        if live is None:
            async with self._turn(ident):
                live = self._open.get(ident) or await self._revive(ident)
        live.last_used = time.monotonic()
        return live

    def _turn(self, ident: str) -> asyncio.Lock:
        """Whose turn it is to open or to close a session."""
        lock = self._turns.get(ident)
        if lock is None:
            lock = self._turns[ident] = asyncio.Lock()
        return lock

    async def _revive(self, ident: str) -> LiveSession:
        """Opens a session as it was left: all its steps, where it stood."""
        self._reserve()
        claim = None
        try:
            claim = self._claim(ident)
            return await self._revived(ident, claim)
        finally:
            self._reserved -= 1
            if claim is not None and ident not in self._open:
                claim.release()

    async def _revived(self, ident: str, claim: Claim | None) -> LiveSession:
        """The same, of one that nobody else has open."""
        found = await asyncio.to_thread(self._read, ident)
        if found is None:
            raise NoSuchLiveSession(f"there is no session {ident[:40]!r}")
        kept, row = found
        told = json.loads(row["launch"])
        program = await asyncio.to_thread(parsed, kept.source, kept.about.program)
        told |= {"mode": "imagine", "resume": None, "source": kept.source}
        asked = NewSession.model_validate(told)
        world = self.worlds.of(asked.max_frames)
        launched = Launched(program, world, kept.timeline.steps[0].trace, asked)
        live = LiveSession(
            ident,
            launched,
            self.worlds.spec,
            created=kept.about.begun,
            lives=row["lives"],
            done=row["key"] or "",
        )
        live.claim = claim
        await self._begin(live, kept.timeline, kept.about.id)
        await live.settled(SETTLE_SECONDS)
        return live

    def _load(self, number: int) -> Kept:
        """A kept session by its number. Raises KeepingError."""
        file = self._file()
        if file is None or not file.exists():
            raise NoSuchSession(f"there is no session {number}: none is kept here")
        return load(number, self.workspace)

    def _read(self, ident: str) -> tuple[Kept, Row] | None:
        """What is on disk of a session: it has one more life from now on."""
        file = self._file()
        if file is None or not file.exists():
            return None
        with Database(file, self.workspace) as database:
            row = database.open_served(ident)
        if row is None:
            return None
        return load(row["session"], self.workspace), row

    async def delete(self, ident: str) -> None:
        """Closes a session and forgets what was kept of it. Raises NoSuchLiveSession."""
        live = self._open.pop(ident, None)
        number = None
        if live is not None:
            await live.close()
            number = None if live.keeper is None else live.keeper.session
        else:
            number = await asyncio.to_thread(self._number, ident)
            if number is None:
                raise NoSuchLiveSession(f"there is no session {ident[:40]!r}")
        claim = None if number is None else self._claim(ident)
        try:
            if number is not None:
                await asyncio.to_thread(forget, [number], self.workspace)
        finally:
            if claim is not None:
                claim.release()

    def _number(self, ident: str) -> int | None:
        """The number of a kept session with this name."""
        file = self._file()
        if file is None or not file.exists():
            return None
        with Database(file) as database:
            return database.session_of(ident)

    def kept(self) -> list[tuple[Listed, str | None]]:
        """What is on disk for this workspace, also of editors; with what a server calls it."""
        file = self._file()
        if file is None or not file.exists():
            return []
        try:
            with Database(file) as database:
                tokens = database.tokens()
            return [(one, tokens.get(one.id)) for one in listed(self.workspace)]
        except KeepingError:
            return []

    async def open_kept(self, number: int) -> LiveSession:
        """A kept session: a server's under its name, an editor's gone on with under a new one.

        Raises KeepingError and HttpError.
        """
        tokens = dict(await asyncio.to_thread(self.kept_names))
        name = tokens.get(number)
        if name is not None:
            return await self.find(name)
        return await self.create(NewSession.model_validate({"resume": number}))

    def kept_names(self) -> list[tuple[int, str | None]]:
        """The numbers of kept sessions, with what a server calls them."""
        return [(one.id, name) for one, name in self.kept()]

    def _reserve(self) -> None:
        """Takes a place. Raises TooManySessions or ShuttingDown."""
        if self._is_closing:
            raise ShuttingDown("the server is being stopped")
        if len(self._open) + self._reserved >= self.settings.most_sessions:
            raise TooManySessions(
                f"{self.settings.most_sessions} sessions are open, which is the limit "
                "(--most-sessions): delete one, or try again later"
            )
        self._reserved += 1

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self.close_idle()

    async def close_idle(self) -> None:
        """Closes the sessions that nobody has used or followed for a while."""
        limit = time.monotonic() - 60 * self.settings.idle_minutes
        for live in self.all():
            is_used = live.log.readers or live.waiting or live.is_running
            if not is_used and live.last_used < limit:
                async with self._turn(live.ident):
                    self._open.pop(live.ident, None)
                    await live.close()
