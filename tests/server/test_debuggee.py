"""The real program under debugpy, as we start, step and look at it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tape import marks

from foreframe.debuggee import Debuggee, LaunchTarget, SourceBreakpoint
from foreframe.observation import Observation
from foreframe_protocol.states import Action, Event


class Ear:
    """Keeps what a debuggee tells."""

    def __init__(self) -> None:
        self.written: dict[str, str] = {}
        self.events: list[tuple[str, Mapping[str, object]]] = []

    def output(self, category: str, text: str) -> None:
        self.written[category] = self.written.get(category, "") + text

    def event(self, name: str, body: Mapping[str, object]) -> None:
        self.events.append((name, body))


class Bench:
    """Starts programs, and ends them after the test."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ear = folder, Ear()
        self.started: list[Debuggee] = []

    async def launch(self, source: str, **target: Any) -> Debuggee:
        path = self.folder / "program.py"
        path.write_text(source)
        if "module" not in target:
            target["file"] = str(path)
        debuggee = await Debuggee.launch(LaunchTarget(**target), self.ear)
        self.started.append(debuggee)
        return debuggee


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    await asyncio.gather(*(debuggee.close() for debuggee in bench.started))


def top(seen: Observation) -> tuple[str, int, dict[str, str]]:
    scope = seen.shown[-1]
    return scope.function, scope.line, {n: v.text for n, v in scope.locals.items()}


FACTORIAL = """\
def factorial(n):
    if n <= 1:
        return 1
    rest = factorial(n - 1)  # @call
    return n * rest

answer = factorial(3)
print(answer)
"""


async def test_recursion_is_stepped_into_and_out_of_with_the_returned_values(bench: Bench) -> None:
    debuggee = await bench.launch(FACTORIAL)
    seen = await debuggee.start(stop_on_entry=True)
    assert (seen.reason, top(seen)) == ("entry", ("<module>", 1, {}))
    returned = []
    deepest = 0
    while not seen.ended:
        deepest = max(deepest, len(seen.state.stack))
        if seen.state.event is Event.RETURN:
            assert seen.state.value is not None
            returned.append((seen.shown[-1].line, seen.state.value.text))
        seen = await debuggee.step(Action.STEP_INTO)
    assert returned == [(4, "1"), (4, "2"), (7, "6")]
    assert deepest == 4
    assert (seen.exit_code, bench.ear.written) == (0, {"stdout": "6\n"})


async def test_a_breakpoint_stops_the_run(bench: Bench) -> None:
    debuggee = await bench.launch(FACTORIAL)
    line = marks(FACTORIAL)["call"]
    path = str(bench.folder / "program.py")
    told = await debuggee.set_breakpoints(path, [SourceBreakpoint(line, condition="n == 2")])
    assert told[0]["verified"]
    seen = await debuggee.start(stop_on_entry=False)
    assert (seen.reason, top(seen)) == ("breakpoint", ("factorial", line, {"n": "2"}))
    assert (await debuggee.step(Action.RUN_TO)).ended
