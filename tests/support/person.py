"""Someone who steps through a session in tests, and notes what it tells."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

from rule_world import RuleWorld, first_frame
from tape import TapeWorld, marks, record

from foreframe.parties import Output
from foreframe.session import Session
from foreframe.stopping import Breakpoint
from foreframe.timeline import Stop, level
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import Action, Direction, Frame, Trace

INTO, OVER, OUT, RUN = Action.STEP_INTO, Action.STEP_OVER, Action.STEP_OUT, Action.RUN_TO
BACK = Direction.BACKWARD


@cache
def frames_of(source: str, args: str) -> tuple[Frame, ...]:
    return tuple(record(source, "f", args))


@cache
def program_of(source: str) -> Program:
    return Program.parse(source, "/f.py")


class Person:
    """A session, and what it has told."""

    def __init__(
        self,
        source: str,
        args: str,
        world: TapeWorld | RuleWorld | None = None,
        look_ahead_tokens: int = 0,
        **options: Any,
    ) -> None:
        self.world: Any = world or TapeWorld(frames_of(source, args), **options)
        self.marks = marks(source)
        self.stops: list[Stop] = []
        self.outputs: list[Output] = []
        self.exit_codes: list[int] = []
        self.news = asyncio.Event()
        self.program = program_of(source)
        first = first_frame(args) if isinstance(world, RuleWorld) else self.world.frames[0]
        self.session = Session(
            self.world,
            self.program,
            Trace().append(first),
            self,
            look_ahead_tokens=look_ahead_tokens,
        )
        self.session.ahead.delay = 0

    def stopped(self, stop: Stop) -> None:
        self.stops.append(stop)
        self.news.set()

    def output(self, output: Output) -> None:
        self.outputs.append(output)

    def ended(self, exit_code: int) -> None:
        self.exit_codes.append(exit_code)
        self.news.set()

    async def wait(self) -> Stop:
        async with asyncio.timeout(60):
            await self.news.wait()
        self.news.clear()
        return self.stops[-1]

    async def begin(self, *, stop_on_entry: bool = True) -> Stop:
        self.session.begin(stop_on_entry=stop_on_entry)
        return await self.wait()

    async def step(self, action: Action, direction: Direction = Direction.FORWARD) -> Stop:
        self.session.step(action, direction)
        return await self.wait()

    async def walk(self, *actions: Action) -> Stop:
        for action in actions:
            stop = await self.step(action)
        return stop

    async def run_until_held(self, frames: int) -> None:
        """Continues; the model hangs after so many frames, once."""
        self.world.hold = self.session.timeline.tip.length + frames
        self.session.step(RUN)
        await self.world.is_held.wait()

    def set(self, mark: str, **options: Any) -> Breakpoint:
        line = self.marks[mark]
        places = {(f.scope_line, line) for f in self.session.program.functions if line in f.lines}
        made = Breakpoint(len(self.session.stopping.lines) + 1, frozenset(places), **options)
        self.session.stopping.lines.append(made)
        return made

    def at(self, stop: Stop) -> str:
        """The mark of the line that is shown."""
        names = {line: name for name, line in self.marks.items()}
        return names.get(stop.state.stack[level(stop.state)].line, "")

    def text(self, kind: str) -> str:
        return "".join(o.text for o in self.outputs if o.kind == kind)
