"""The real program of a checked session: started from the same file, with the same breakpoints."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from foreframe.debuggee import Debuggee, DebuggeeListener, LaunchTarget, SourceBreakpoint
from foreframe.errors import CannotStart, ForeframeError
from foreframe.observation import Observation
from foreframe.stopping import Breakpoint, Place, Stopping
from foreframe_protocol.states import Action

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program


class CheckedProgram:
    """A debuggee that knows what the session stops at: brought up to date before it goes on.

    A session's `Reality`. `watch` must be called before it starts.
    """

    def __init__(self, debuggee: Debuggee, path: str) -> None:
        self.debuggee, self.path = debuggee, os.path.abspath(path)
        self._stopping: Callable[[], Stopping] = Stopping
        self._told: tuple[object, object] = ((), None)
        self._updating = asyncio.Lock()
        self._places: frozenset[Place] = frozenset()  # where the step under way is to end

    @classmethod
    async def open(
        cls, program: Program, target: LaunchTarget, listener: DebuggeeListener
    ) -> CheckedProgram:
        """Starts it; it waits for `start`. Raises CannotStart."""
        if program.holes:
            line, column = program.holes[0]
            raise CannotStart(
                f"{program.path}:{line}:{column + 1}: a `??` hole cannot be run: fill it first"
            )
        return cls(await Debuggee.launch(target, listener), program.path)

    def watch(self, stopping: Callable[[], Stopping]) -> None:
        """`stopping` gives what the session stops at, now and later."""
        self._stopping = stopping

    async def update(self) -> None:
        """Tells the program's debugger what has changed since it was last told."""
        async with self._updating:
            stopping = self._stopping()
            aims = [Breakpoint(0, self._places)] if self._places else []
            lines = wanted([*stopping.lines, *stopping.functions, *aims])
            filters = tuple(name for name in ("raised", "uncaught") if getattr(stopping, name))
            if self._told == (lines, filters):
                return
            await self.debuggee.set_breakpoints(self.path, lines)
            await self.debuggee.set_exceptions(filters)
            self._told = (lines, filters)

    async def start(self, *, stop_on_entry: bool) -> Observation:
        """Lets the program run to its first stop, or its end. Raises DebuggeeError."""
        await self.update()
        return await self.debuggee.start(stop_on_entry=stop_on_entry)

    async def step(self, action: Action, places: frozenset[Place] = frozenset()) -> Observation:
        """The next stop, or the end; a step over a call ends on `places`. Raises DebuggeeError."""
        self._places = places
        with suppress(ForeframeError):  # the step tells what has become of the program
            await self.update()
        return await self.debuggee.step(action)

    async def pause(self) -> object:
        """Asks the program to stop."""
        return await self.debuggee.pause()

    async def close(self) -> None:
        """Ends the program, and all that it started."""
        await self.debuggee.close()


def is_noise(text: str) -> bool:
    """Whether it is nothing but the real debugger's hint on what it has not stepped into."""
    return text.startswith(("Frame skipped from debugging", "Note: may have been skipped"))


def wanted(breakpoints: Iterable[Breakpoint]) -> tuple[SourceBreakpoint, ...]:
    """Breakpoints in the real debugger's terms, by line."""
    found = {
        SourceBreakpoint(line, one.condition, one.hit_condition, one.log_message): None
        for one in breakpoints
        for _, line in sorted(one.places)
    }
    return tuple(sorted(found, key=lambda one: one.line))
