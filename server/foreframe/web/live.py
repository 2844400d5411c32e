"""A session of the server's: what is asked of it is done, what it tells is numbered."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from foreframe.dap.breakpoints import BreakpointTable, Placement
from foreframe.errors import KeepingError
from foreframe.memory.claim import Claim
from foreframe.memory.database import Database
from foreframe.memory.keeper import Keeper, Served
from foreframe.parties import Output
from foreframe.session import Session
from foreframe.timeline import Stop, Timeline
from foreframe.web.event_log import EventLog
from foreframe.web.launching import Launched, wanted_of
from foreframe.web.real_program import RealProgram
from foreframe.web.views import cursor_view, stop_view
from foreframe_protocol.api import (
    BreakpointSpec,
    BreakpointView,
    EndedEvent,
    EventView,
    NewSession,
    OutputEvent,
    RunningEvent,
    SessionSummary,
    SessionView,
    StoppedEvent,
    StopView,
)

if TYPE_CHECKING:
    from foreframe_protocol.states import State

PROGRESS_SECONDS = 0.5  # between two tellings of how far an action has come
KEPT_SECONDS = 10.0  # that a stop is held back at most, until it is on disk
LIFE = 1 << 32  # events of one life of a session, so that numbers go up over restarts
Make = Callable[[int], EventView]


@dataclass(slots=True)
class _Told:
    """Something to be told, when all before it is and it may be."""

    make: Make
    is_ready: bool
    ends: bool = False  # the action


class LiveSession:
    """Listens to a session, and keeps what it tells for those who follow it.

    A stop is told when what led to it is on disk, so that a server that is killed loses no step
    that anybody has seen.
    """

    def __init__(
        self,
        ident: str,
        launched: Launched,
        engine: str,
        *,
        created: str,
        lives: int = 1,
        done: str = "",
    ) -> None:
        """`done`: the key of the last request that was done before the server was started."""
        self.ident, self.launched, self.engine, self.created = ident, launched, engine, created
        self.log = EventLog(self._present, (lives - 1) * LIFE)
        self.keeper: Keeper | None = None
        self.claim: Claim | None = None
        self.done = done
        self.exit_code: int | None = None
        self.last_used = time.monotonic()
        self.waiting = 0  # requests that wait for an action to end
        self.trouble = ""  # why the last action ended early: what the engine could not do
        self._stop: StopView | None = None
        self._before: State | None = None  # of the last stop
        self._settled = asyncio.Event()
        self._untold: deque[_Told] = deque()
        self._progress: asyncio.Task[None] | None = None
        self._real: RealProgram | None = None
        self._table = BreakpointTable()
        self._placement: Placement | None = None
        self.breakpoints: list[BreakpointView] = []
        self.session: Session

    def open(self, session: Session, placement: Placement) -> None:
        """The session that it listens to, which has not begun."""
        self.session, self._placement = session, placement
        self.set_breakpoints(self.launched.asked.breakpoints)
        if self.launched.end is not None:
            self.launched.end.place(session)

    async def start_real(self) -> None:
        """Starts the real program, in a session that checks. Raises DebuggeeError."""
        launched = self.launched
        if launched.asked.mode == "check":
            real = self._real = RealProgram(self, launched.folder)
            await real.start(launched.program, launched.asked.function, launched.asked.args)
            real.begin(self.session)

    # What a session tells

    def stopped(self, stop: Stop) -> None:
        """Told when it is on disk."""
        view = stop_view(stop, self._before)
        self._before = stop.state
        timeline = self.session.timeline
        cursor, steps, branches = cursor_view(timeline), len(timeline.steps), len(timeline.branches)

        def make(sequence: int) -> EventView:
            self._stop = view
            return StoppedEvent(
                sequence=sequence, stop=view, cursor=cursor, steps=steps, branches=branches
            )

        self._settled.clear()
        told = _Told(make, self.keeper is None, ends=True)
        self._untold.append(told)
        if self.keeper is not None:
            self._when_kept(self.keeper, told)
        self._flush()

    def _when_kept(self, keeper: Keeper, told: _Told) -> None:
        loop = asyncio.get_running_loop()

        def ready() -> None:
            late.cancel()
            told.is_ready = True
            self._flush()

        def kept() -> None:
            with suppress(RuntimeError):  # the loop has ended: nobody is there to be told
                loop.call_soon_threadsafe(ready)

        late = loop.call_later(KEPT_SECONDS, ready)
        keeper.when_kept(kept)

    def output(self, output: Output) -> None:
        if output.kind == "error":
            self.trouble = output.text.strip()
        self._tell(
            lambda sequence: OutputEvent(
                sequence=sequence, stream=output.kind, text=output.text, line=output.line
            )
        )

    def ended(self, exit_code: int) -> None:
        self.exit_code = exit_code
        self._tell(lambda sequence: EndedEvent(sequence=sequence, exit_code=exit_code), ends=True)

    def note(self, text: str) -> None:
        """Something that a person should know."""
        self.output(Output(f"{text}\n", "note"))

    def _tell(self, make: Make, *, ends: bool = False) -> None:
        self._untold.append(_Told(make, True, ends))
        self._flush()

    def _flush(self) -> None:
        """Tells what may be told, in order."""
        while self._untold and self._untold[0].is_ready:
            told = self._untold.popleft()
            self.log.tell(told.make)
            if told.ends and not any(one.ends for one in self._untold):
                self._settle()

    def _settle(self) -> None:
        if not self.session.is_running:
            self._settled.set()
            if self._progress is not None:
                self._progress.cancel()

    def _present(self, sequence: int) -> EventView:
        """Where it stands, for one who has missed what led there."""
        if self.exit_code is not None:
            return EndedEvent(sequence=sequence, exit_code=self.exit_code)
        if self._stop is None or self.is_running:
            return RunningEvent(sequence=sequence, frames_done=self.session.frames_done)
        timeline = self.session.timeline
        return StoppedEvent(
            sequence=sequence,
            stop=self._stop,
            cursor=cursor_view(timeline),
            steps=len(timeline.steps),
            branches=len(timeline.branches),
        )

    # Actions

    @property
    def is_running(self) -> bool:
        """Whether an action is under way, or its stop is not yet on disk."""
        return not self._settled.is_set()

    @property
    def timeline(self) -> Timeline:
        return self.session.timeline

    def asked(self, key: str) -> None:
        """A request comes, whose key is to be on disk together with where it leads."""
        if self.keeper is not None:
            self.keeper.key = key

    def begun(self) -> None:
        """An action has begun: told, with how far it has come from time to time."""
        self._settled.clear()
        self.trouble = ""
        self._tell(partial(progress, 0))
        if self._progress is None or self._progress.done():
            self._progress = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        told = 0
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            done = self.session.frames_done
            if done != told and not self._untold:
                told = done
                self.log.tell(partial(progress, done))

    async def settled(self, seconds: float) -> bool:
        """Waits for the end of the action under way; False if that does not come in time."""
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._settled.wait()
        except TimeoutError:
            return False
        finally:
            self.waiting -= 1
            self.last_used = time.monotonic()
        return True

    def set_breakpoints(self, asked: list[BreakpointSpec]) -> None:
        """In place of all there are."""
        assert self._placement is not None
        launch = self.launched.asked.model_copy(update={"breakpoints": asked})
        self.launched = replace(self.launched, asked=launch)
        path = self.launched.program.path
        self._table.ask(path, wanted_of(asked))
        self.session.stopping.lines, told = self._table.place(self._placement, path)
        if self._real is not None and self.session.is_running:
            self._real.changed()
        self.breakpoints = [BreakpointView.model_validate(one) for one in told]

    async def remember(self) -> None:
        """Has how it is begun from now on kept as well."""
        if self.keeper is not None and self.keeper.session is not None:
            served = Served(self.ident, launch_text(self.launched.asked))
            with suppress(KeepingError):  # only what would be set when it is opened again
                await asyncio.to_thread(relaunch, self.keeper, served)

    # Views

    @property
    def status(self) -> str:
        if self.exit_code is not None:
            return "ended"
        return "running" if self.is_running else "stopped"

    def view(self) -> SessionView:
        """All there is to say, but the steps."""
        timeline, asked = self.timeline, self.launched.asked
        return SessionView.model_validate(
            {
                **self.summary().model_dump(),
                "source": self.launched.program.source,
                "engine": self.engine,
                "frames_done": self.session.frames_done,
                "stop": None if self._stop is None else self._stop,
                "cursor": cursor_view(timeline),
                "branches": len(timeline.branches),
                "breakpoints": self.breakpoints,
                "exit_code": self.exit_code,
                "sequence": self.log.last,
                "kept": None if self.keeper is None else self.keeper.session,
                "mode": asked.mode,
            }
        )

    def summary(self) -> SessionSummary:
        asked = self.launched.asked
        return SessionSummary.model_validate(
            {
                "id": self.ident,
                "name": self.launched.name,
                "function": asked.function,
                "args": asked.args,
                "mode": asked.mode,
                "status": self.status,
                "created": self.created,
                "steps": len(self.timeline.steps),
            }
        )

    async def close(self) -> None:
        """Ends what is under way, and keeps what is left to be kept."""
        if self._progress is not None:
            self._progress.cancel()
        await self.session.close()
        if self._real is not None:
            await self._real.close()
        if self.keeper is not None:
            await asyncio.to_thread(self.keeper.close)
        if self.claim is not None:
            self.claim.release()
        self._settled.set()
        self.log.close()


def launch_text(asked: NewSession) -> str:
    """How a session is begun, without what is kept of it elsewhere."""
    return asked.model_dump_json(exclude={"source", "file"}, exclude_defaults=True)


def relaunch(keeper: Keeper, served: Served) -> None:
    """Writes down how a session is to be begun. Raises KeepingError."""
    with Database(keeper.file, keeper.workspace) as database:
        database.relaunch_served(served)


def progress(frames: int, sequence: int) -> EventView:
    """How far an action has come."""
    return RunningEvent(sequence=sequence, frames_done=frames)
