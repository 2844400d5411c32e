"""A real step, with stack, scopes and locals: our debuggee beside debugpy as it comes."""

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from measurement import Measurement, median

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from stock_debugpy import StockDebugpy

from foreframe.debuggee import Debuggee, LaunchTarget, SourceBreakpoint
from foreframe_protocol.states import Action

STEPS = 200
STOCK_STEPS = 30
STARTS = 5
SOURCE = """\
def smooth(values, width):
    found = []
    seen = {"low": 0, "high": 0}
    for index in range(len(values)):
        window = values[max(0, index - width):index + 1]
        mean = sum(window) / len(window)
        if mean < 5:
            seen["low"] += 1
        else:
            seen["high"] += 1
        found.append(round(mean, 2))
    return found, seen

print(smooth(list(range(10)) * 60, 3))
"""
FIRST = 2


class Deaf:
    """Listens to nothing."""

    def output(self, category: str, text: str) -> None: ...

    def event(self, name: str, body: Mapping[str, object]) -> None: ...


def measure() -> list[Measurement]:
    """Milliseconds a step, and how many times as long debugpy's own way takes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(SOURCE)
        ours, starts = asyncio.run(stepped(str(path)))
        stock = asyncio.run(stepped_stock(str(path)))
    high = sorted(ours)[int(len(ours) * 0.95)]
    ratio = median(stock) / median(ours)
    return [
        Measurement("debuggee: a step with stack, scopes and locals, p50", median(ours), "ms", 6),
        Measurement("debuggee: the same, p95", high, "ms"),
        Measurement("debuggee: the same with debugpy as it comes, p50", median(stock), "ms"),
        Measurement("debuggee: how many times as fast", ratio, "x", least=10),
        Measurement("debuggee: process start to the first stop", median(starts), "ms"),
    ]


async def stepped(path: str) -> tuple[list[float], list[float]]:
    """Our steps, and starts, in milliseconds."""
    starts: list[float] = []
    for turn in range(STARTS):
        begin = time.perf_counter()
        debuggee = await Debuggee.launch(LaunchTarget(file=path), Deaf())
        await debuggee.set_breakpoints(path, [SourceBreakpoint(FIRST)])
        await debuggee.start(stop_on_entry=False)
        starts.append((time.perf_counter() - begin) * 1000)
        if turn < STARTS - 1:
            await debuggee.close()
    steps: list[float] = []
    for _ in range(STEPS):
        begin = time.perf_counter()
        seen = await debuggee.step(Action.STEP_OVER)
        steps.append((time.perf_counter() - begin) * 1000)
        assert len(seen.shown) == 2
    await debuggee.close()
    return steps, starts


async def stepped_stock(path: str) -> list[float]:
    """Steps of debugpy's as it comes, in milliseconds: what an editor asks for at each stop."""
    stock = await StockDebugpy.launch(path)
    thread = await stock.start(path, FIRST)
    steps: list[float] = []
    for _ in range(STOCK_STEPS):
        begin = time.perf_counter()
        await stock.step("next", thread)
        stack = await stock.connection.request("stackTrace", {"threadId": thread})
        await stock.locals(stack["stackFrames"][0]["id"])
        steps.append((time.perf_counter() - begin) * 1000)
    await stock.close()
    return steps


if __name__ == "__main__":
    for row in measure():
        print(f"{row.name:55} {row.value:9.3f} {row.unit} {row.bound}")
