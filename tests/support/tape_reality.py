"""A real program that is played back: stops where debugpy would, without one. For tests only."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from foreframe.errors import DebuggeeLost
from foreframe.observation import Observation
from foreframe_protocol.states import (
    Action,
    Event,
    Frame,
    Goal,
    Provenance,
    State,
    Trace,
    Value,
    left_entry,
)


class TapeReality:
    """Observes what was recorded. Can hang, be killed, be slow, or stop elsewhere.

    `lines` are its breakpoints, as (scope line, line). `raised`: it stops where exceptions are
    raised that nothing catches.
    """

    def __init__(self, frames: Sequence[Frame], path: str = "/f.py") -> None:
        self.frames, self.path = [observed(frame) for frame in frames], path
        self.lines: set[tuple[int, int]] = set()
        self.raised = True
        self.actions: list[Action] = []
        self.killed_at: int | None = None  # the number of an action, from 0
        self.lost_at: int | None = None
        self.hangs_at: int | None = None
        self.answers_to_pause = True
        self.delay = 0.0  # seconds that an action takes
        self.is_closed = False
        self._node = Trace().append(self.frames[0])
        self._pause = asyncio.Event()
        self._end: Observation | None = None

    async def start(self, *, stop_on_entry: bool) -> Observation:
        return await self._go(Action.STEP_INTO if stop_on_entry else Action.RUN_TO, "entry")

    async def step(
        self, action: Action, places: frozenset[tuple[int, int]] = frozenset()
    ) -> Observation:
        lines, self.lines = self.lines, self.lines | places
        found = await self._go(action, "step")
        self.lines = lines
        return found

    async def pause(self) -> bool:
        if self.answers_to_pause:
            self._pause.set()
        return self.answers_to_pause

    async def close(self) -> None:
        self.is_closed = True

    async def _go(self, action: Action, reason: str) -> Observation:
        number = len(self.actions)
        self.actions.append(action)
        await asyncio.sleep(self.delay)
        if number == self.lost_at:
            raise DebuggeeLost("the connection was lost")
        if number == self.killed_at:
            self._end = Observation(State(), "", 0, "killed by SIGKILL", True, -9)
        if number == self.hangs_at:
            await self._pause.wait()
            self._pause.clear()
            return self._stop("pause")
        return self._end or self._walk(action, reason)

    def _walk(self, action: Action, reason: str) -> Observation:
        start, goal = self._node.state, Goal(action, lines=frozenset(self.lines))
        fatal = self._fatal()
        while True:
            frame = self.frames[self._node.length]
            self._node = self._node.append(frame)
            if left_entry(frame):
                code = 0 if fatal is None else 1
                value = frame.value if frame.scope_line else None
                self._end = Observation(State(), "", 0, "", True, code, returned=value)
                return self._end
            if self.raised and self._node.length == fatal:
                return self._stop("exception")
            if fatal is not None and self.raised and self._node.length > fatal:
                continue  # post mortem
            if (frame.scope_line, frame.line) in self.lines and frame.event is Event.LINE:
                return self._stop("breakpoint")
            if goal.reached(start, frame):
                return self._stop(reason)

    def _fatal(self) -> int | None:
        """How many frames there are up to the one that raises what nothing catches."""
        *_, before, last = self.frames
        if last.event is not Event.RETURN or before.event is not Event.EXCEPTION:
            return None
        text = before.value
        index = len(self.frames) - 1
        while index and self.frames[index - 1].event in (Event.EXCEPTION, Event.RETURN):
            index -= 1
        return next(
            n + 1
            for n in range(index, len(self.frames))
            if self.frames[n].event is Event.EXCEPTION and self.frames[n].value == text
        )

    def _stop(self, reason: str) -> Observation:
        state = self._node.state
        text = state.value.text if reason == "exception" and state.value else ""
        return Observation(state, reason, 1, text, paths=(self.path,) * len(state.stack))


def observed(frame: Frame) -> Frame:
    """A frame as it is seen, and not predicted."""

    def value(one: Value) -> Value:
        return replace(one, provenance=Provenance.OBSERVED, confidence=None)

    values = None if frame.locals is None else {n: value(v) for n, v in frame.locals.items()}
    return replace(frame, locals=values, value=frame.value and value(frame.value))
