"""What debugpy shows at each stop is what the tracer records: two truths, held against each other.

A model that knows the tracer's trace is right at every stop of the program under debugpy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from any_tape import AnyTape
from tape import record

from foreframe.check_report import what_is_wrong
from foreframe.checked_program import CheckedProgram
from foreframe.debuggee import LaunchTarget
from foreframe.lockstep import Lockstep, Resync
from foreframe.parties import Output
from foreframe.session import Session
from foreframe.source_file import load_program
from foreframe.timeline import Stop
from foreframe_protocol.states import Action, Trace

PROGRAMS = Path(__file__).parents[1] / "programs"
IN_A_PACKAGE = """\
from helper import same

def f(n):
    total = 0
    for i in [1, 2]:
        total += same(i)
    return total

x = f(2)
"""
HELPER = "def same(n):\n    m = n\n    return m\n"
EXITS = "import sys\n\ndef leave(code):\n    sys.exit(code)\n\nx = 1\nleave(3)\n"


class Walk:
    """Steps through a program to its end. Listens to all."""

    def __init__(self) -> None:
        self.stops: list[Stop] = []
        self.news = asyncio.Event()
        self.exit_code: int | None = None
        self.notes: list[str] = []

    def stopped(self, stop: Stop) -> None:
        self.stops.append(stop)
        self.news.set()

    def output(self, output: Output) -> None:
        self.notes.append(output.text)

    def ended(self, exit_code: int) -> None:
        self.exit_code = exit_code
        self.news.set()


class Real:
    """What the program writes is not looked at."""

    def output(self, category: str, text: str) -> None: ...

    def event(self, name: str, body: Mapping[str, object]) -> None: ...


async def walk(path: Path, action: Action, resync: Resync, tape: str = "") -> Walk:
    program = await asyncio.to_thread(load_program, path)
    frames = await asyncio.to_thread(record, tape or program.source)
    me = Walk()
    session = Session(AnyTape(frames), program, Trace().append(frames[0]), me)
    real = await CheckedProgram.open(program, LaunchTarget(file=str(path)), Real())
    real.watch(lambda: session.stopping)
    session.lockstep = Lockstep(session.walker, real, resync=resync, patience=None)
    session.begin(stop_on_entry=True)
    try:
        async with asyncio.timeout(120):
            while True:
                await me.news.wait()
                me.news.clear()
                if me.exit_code is not None:
                    return me
                session.step(action)
    finally:
        await session.close()


def wrong(me: Walk) -> list[str]:
    compared = [stop.comparison for stop in me.stops if stop.comparison is not None]
    return [what_is_wrong(comparison) for comparison in compared if not comparison.right]


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("recursion", Action.STEP_INTO),
        ("mutual_recursion", Action.STEP_INTO),
        ("uncaught", Action.STEP_INTO),
    ],
)
async def test_debugpy_shows_what_the_tracer_records(name: str, action: Action) -> None:
    me = await walk(PROGRAMS / f"{name}.py", action, Resync.REALITY)
    assert wrong(me) == []
    compared = [stop for stop in me.stops if stop.comparison is not None]
    assert len(compared) >= 5
    assert len(compared) >= len(me.stops) - 1
    assert me.exit_code == (name == "uncaught")


async def test_a_call_into_another_file_is_one_step_for_both(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text(HELPER)
    path = tmp_path / "main.py"
    path.write_text(IN_A_PACKAGE)
    # the tape's program has no other file, and nothing else to step into either
    tape = IN_A_PACKAGE.replace("from helper import same", "from operator import index as same")
    me = await walk(path, Action.STEP_INTO, Resync.REALITY, tape)
    functions = {stop.state.top.function for stop in me.stops}
    assert functions == {"<module>", "f"}
    real = [stop.trace.frame.line for stop in me.stops if stop.trace.frame is not None]
    assert real == [1, 3, 9, 4, 5, 6, 5, 6, 5, 7, 7, 9]
    assert wrong(me) == []


async def test_sys_exit_ends_both(tmp_path: Path) -> None:
    path = tmp_path / "leaves.py"
    path.write_text(EXITS)
    me = await walk(path, Action.STEP_OVER, Resync.FREE)
    assert me.exit_code == 3
    assert wrong(me) == []
