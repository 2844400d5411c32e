"""A timeline of 100,000 steps: what it holds in memory, how fast it is searched; keeping it."""

import asyncio
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from measurement import Measurement, median

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from person import INTO, Person
from rule_world import SOURCE, RuleWorld

from foreframe.memory.database import Database
from foreframe.memory.keeper import Keeper, Subject
from foreframe.memory.rows import read_timeline
from foreframe.stopping import Stopping
from foreframe.timeline import Reason, Stop, Timeline
from foreframe.timeline_search import (
    AnyBreakpoint,
    AnyException,
    Condition,
    Line,
    Search,
    ValueChange,
)
from foreframe_protocol.states import Action, Direction, End, Event, Frame, Trace, Value

STEPS = 100_000
LINES = 5  # of the loop's body
NAMES = 10
RUNS = 5
SESSION_STEPS = 300
SUBJECT = Subject("/f.py", SOURCE, "f", "60", "rule")


def values_of(count: int) -> dict[int, Value]:
    return {number: Value(str(number), confidence=0.9) for number in range(count)}


def grown() -> tuple[Timeline, float]:
    """A loop that counts, a step a frame; bytes a step takes beyond its values."""
    numbers = values_of(STEPS // LINES + 1)
    others = {f"name{index}": numbers[index] for index in range(NAMES - 2)}
    sources = [f"line {line}" for line in range(LINES)]
    tracemalloc.start()
    start = Trace().append(Frame(Event.CALL, "f", 1, 1, "def f():", {**others}))
    timeline = Timeline(start)
    total = numbers[0]
    for index in range(STEPS):
        turn, line = divmod(index, LINES)
        if line == 0:
            total = numbers[turn]
        shown = {**others, "i": numbers[turn], "total": total}
        frame = Frame(Event.LINE, "f", 1, line + 2, sources[line], shown, confidence=0.9)
        trace = timeline.tip.append(frame)
        timeline.append(Action.STEP_OVER, trace, trace, End.REACHED)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    timeline.stop(Stop(timeline.tip, Reason.STEP))
    return timeline, used / STEPS


def searched(timeline: Timeline, search: Callable[[], Search]) -> float:
    """Milliseconds to look through all of it, backward, the middle of some runs."""
    times = []
    for _ in range(RUNS):
        wanted = search()
        begin = time.perf_counter()
        wanted.find(timeline, Direction.BACKWARD)
        times.append((time.perf_counter() - begin) * 1000)
    return median(times)


async def stepped(keeper: Keeper | None) -> float:
    """Milliseconds of a step in a session, the middle one."""
    person = Person(SOURCE, "60", RuleWorld())
    if keeper is not None:
        keeper.follow(person.session.timeline)
    await person.begin()
    times = []
    for _ in range(SESSION_STEPS):
        begin = time.perf_counter()
        await person.step(INTO)
        times.append((time.perf_counter() - begin) * 1000)
    return median(times)


def kept(folder: Path) -> tuple[float, float, float]:
    """Milliseconds that keeping adds to a step; bytes of a step on disk; ms to load a session."""
    file = folder / "bench.sqlite3"
    keeper = Keeper(file, folder, SUBJECT, print)
    slow = asyncio.run(stepped(keeper))
    keeper.close()
    plain = asyncio.run(stepped(None))
    begin = time.perf_counter()
    with Database(file) as database:
        timeline = read_timeline(*database.session(1))
    took = (time.perf_counter() - begin) * 1000
    return slow - plain, file.stat().st_size / len(timeline.steps), took


def measure() -> list[Measurement]:
    """Each number of the timeline."""
    timeline, memory = grown()
    searches: dict[str, Callable[[], Search]] = {
        "a line": lambda: Line(frozenset({(1, 999)})),
        "breakpoints": lambda: AnyBreakpoint(Stopping()),
        "an exception": AnyException,
        "a condition on a number": lambda: Condition("total < 0"),
        "a condition on values": lambda: Condition("name1 == 5 and name2 in (1, 7)"),
        "a value's last change": lambda: ValueChange(0, "name1"),
    }
    found = [Measurement("timeline: memory a step, 10 variables", memory, "bytes", most=4000)]
    for name, search in searches.items():
        title = f"timeline: {STEPS:,} steps searched backward for {name}"
        found.append(Measurement(title, searched(timeline, search), "ms", most=200))
    with TemporaryDirectory() as folder:
        added, size, took = kept(Path(folder))
    return [
        *found,
        Measurement("timeline: a step is kept on disk, p50 added", added, "ms", most=3),
        Measurement("timeline: a step on disk", size, "bytes"),
        Measurement(f"timeline: a session of {SESSION_STEPS} steps is loaded", took, "ms"),
    ]


if __name__ == "__main__":
    for row in measure():
        print(f"{row.name:70} {row.value:12.3f} {row.unit} {row.bound}")
