"""The real program where it is hard to debug: threads, forks, coroutines, hangs, kills."""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from debuggee_bench import Bench, top
from tape import marks

from foreframe.debuggee import Debuggee, SourceBreakpoint
from foreframe.errors import NotSupportedByDebugpy
from foreframe.observation import Observation
from foreframe_protocol.states import Action


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    await asyncio.gather(*(debuggee.close() for debuggee in bench.started))


# More than one thing at a time


async def test_a_fork_goes_on_alone_and_its_parent_is_still_debugged(bench: Bench) -> None:
    source = """\
import os, sys
child = os.fork()
for i in range(3):
    x = i  # @stop
if child == 0:
    os._exit(5)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    debuggee = await bench.launch(source)
    stop = SourceBreakpoint(marks(source)["stop"])
    await debuggee.set_breakpoints(str(bench.folder / "program.py"), [stop])
    seen = await debuggee.start(stop_on_entry=False)
    for i in range(3):
        assert int(seen.shown[-1].locals["child"].text) > 0
        assert seen.shown[-1].locals["i"].text == str(i)
        seen = await debuggee.step(Action.RUN_TO)
    assert (seen.exit_code, bench.ear.written) == (0, {"stdout": "5\n"})


async def test_a_breakpoint_in_a_thread_shows_that_thread(bench: Bench) -> None:
    source = """\
import threading

def work(n):
    doubled = 2 * n
    done.append(doubled)  # @stop

done = []
for n in range(3):  # one after another: of several at once debugpy may tell one stop too few
    thread = threading.Thread(target=work, args=(n,))
    thread.start()
    thread.join()
print(sorted(done))
"""
    debuggee = await bench.launch(source)
    stop = SourceBreakpoint(marks(source)["stop"])
    await debuggee.set_breakpoints(str(bench.folder / "program.py"), [stop])
    seen = await debuggee.start(stop_on_entry=False)
    found = set()
    while not seen.ended:
        if seen.reason == "breakpoint":
            assert [scope.function for scope in seen.state.stack] == ["work"]
            found.add((seen.thread, seen.state.top.locals["doubled"].text))
        seen = await debuggee.step(Action.RUN_TO)
    assert {value for _, value in found} == {"0", "2", "4"}
    assert len({thread for thread, _ in found}) == 3
    assert bench.ear.written == {"stdout": "[0, 2, 4]\n"}


async def test_coroutines_are_stepped_over_their_awaits(bench: Bench) -> None:
    source = """\
import asyncio

async def wait(n):
    await asyncio.sleep(0)
    return n

async def main():
    first = await wait(1)  # @stop
    second = await wait(2)
    return first + second

print(asyncio.run(main()))
"""
    debuggee = await bench.launch(source)
    line = marks(source)["stop"]
    path = str(bench.folder / "program.py")
    await debuggee.set_breakpoints(path, [SourceBreakpoint(line)])
    seen = await debuggee.start(stop_on_entry=False)
    assert top(seen) == ("main", line, {})
    seen = await debuggee.step(Action.STEP_OVER)
    assert top(seen) == ("main", line + 1, {"first": "1"})
    seen = await debuggee.step(Action.STEP_OVER)
    assert top(seen) == ("main", line + 2, {"first": "1", "second": "2"})
    assert (await debuggee.step(Action.RUN_TO)).exit_code == 0
    assert bench.ear.written == {"stdout": "3\n"}


async def test_a_generator_is_entered_where_it_was_left(bench: Bench) -> None:
    source = """\
def count(n):
    for i in range(n):
        yield i

total = 0
for x in count(2):
    total += x
"""
    debuggee = await bench.launch(source)
    seen = await debuggee.start(stop_on_entry=True)
    walked = []
    while not seen.ended:
        walked.append((seen.shown[-1].function, seen.shown[-1].line))
        seen = await debuggee.step(Action.STEP_INTO)
    into, out = ("count", 3), ("<module>", 7)
    assert walked.count(into) == 2
    assert walked[walked.index(into) + 1] == out


async def test_a_function_that_pytest_runs_is_stopped_in(bench: Bench) -> None:
    source = "def test_sum():\n    total = 1 + 1\n    assert total == 2\n"
    path = bench.folder / "test_it.py"
    path.write_text(source)
    words = ("-q", "-p", "no:cacheprovider", str(path))
    env, cwd = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, str(bench.folder)
    debuggee = await bench.launch("", module="pytest", argv=words, cwd=cwd, env=env)
    await debuggee.set_breakpoints(str(path), [SourceBreakpoint(3)])
    seen = await debuggee.start(stop_on_entry=False)
    assert [scope.function for scope in seen.state.stack] == ["test_sum"]
    assert top(seen) == ("test_sum", 3, {"total": "2"})
    end = await debuggee.step(Action.RUN_TO)
    assert end.exit_code == 0
    assert "1 passed" in bench.ear.written["stdout"]


# What takes long


async def test_a_huge_list_is_shown_by_its_beginning(bench: Bench) -> None:
    source = "found = [list(range(10))] * 25_000_000\ntext = 'x' * 100_000_000\nprint(len(found))\n"
    debuggee = await bench.launch(source)
    await debuggee.set_breakpoints(str(bench.folder / "program.py"), [SourceBreakpoint(3)])
    seen = await debuggee.start(stop_on_entry=False)
    found, text = (seen.shown[-1].locals[name] for name in ("found", "text"))
    assert found.cut
    assert text.cut
    assert found.text.startswith("[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 1, ")
    assert text.text == "'" + "x" * 1999


async def arrived(debuggee: Debuggee, line: int) -> None:
    """Waits until the program, which runs, is on a line."""
    for _ in range(10_000):
        if (await debuggee.look()).state.top.line == line:
            return
    raise AssertionError(f"line {line} was not reached")


async def test_a_sleep_in_c_cannot_be_paused_but_looked_at_and_closed(bench: Bench) -> None:
    source = "import time\ndef nap(n):\n    time.sleep(n)\nprint('now')\nnap(1000)\n"
    debuggee = await bench.launch(source)
    running = asyncio.ensure_future(debuggee.start(stop_on_entry=False))
    await bench.ear.has_printed.wait()
    await arrived(debuggee, 3)
    assert not await debuggee.pause()
    seen = await debuggee.look()
    assert (seen.reason, top(seen)) == ("running", ("nap", 3, {"n": "1000"}))
    await debuggee.close()
    end = await running
    assert (end.ended, end.exit_code) == (True, -9)


async def test_a_loop_can_be_paused_and_goes_on(bench: Bench) -> None:
    source = "go = True\nprint('now')\nwhile go:\n    pass\nprint('out')\n"
    debuggee = await bench.launch(source)
    running = asyncio.ensure_future(debuggee.start(stop_on_entry=False))
    await bench.ear.has_printed.wait()
    assert await debuggee.pause()
    seen = await running
    assert (seen.reason, seen.shown[-1].function) == ("pause", "<module>")


async def test_a_deadlock_can_be_looked_at_and_closed(bench: Bench) -> None:
    source = (
        "import threading\nlock = threading.Lock()\nprint('now')\nlock.acquire()\nlock.acquire()\n"
    )
    debuggee = await bench.launch(source)
    running = asyncio.ensure_future(debuggee.start(stop_on_entry=False))
    await bench.ear.has_printed.wait()
    await arrived(debuggee, 5)
    assert not await debuggee.pause()
    await debuggee.close()
    assert (await running).ended


async def test_a_step_can_be_cancelled_and_the_stop_is_still_there(bench: Bench) -> None:
    debuggee = await bench.launch("import time\ntime.sleep(0.3)\nx = 1\n")
    await debuggee.start(stop_on_entry=True)
    await debuggee.step(Action.STEP_OVER)
    step = asyncio.ensure_future(debuggee.step(Action.STEP_OVER))
    await asyncio.sleep(0.05)
    step.cancel()
    assert (await debuggee.wait()).shown[-1].line == 3


async def test_nothing_is_left_when_it_is_killed_at_any_moment(bench: Bench) -> None:
    source = """\
import subprocess, sys, threading, time
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
threading.Thread(target=time.sleep, args=(1000,)).start()
def f(n):
    return n if n == 0 else f(n - 1)
for i in range(10_000):
    f(5)
"""
    dice = random.Random(5)

    async def walk(debuggee: Debuggee) -> Observation:
        seen = await debuggee.start(stop_on_entry=True)
        while not seen.ended:
            seen = await debuggee.step(dice.choice(list(Action)[:2]))
        return seen

    async def die(turn: int) -> None:
        debuggee = await bench.launch(source)
        process = debuggee._process
        assert process is not None
        walking = asyncio.ensure_future(walk(debuggee))
        await asyncio.sleep(dice.random() * 0.5)
        if turn % 2:
            os.kill(process.pid, signal.SIGKILL)
            end = await walking
            assert (end.ended, end.exit_code) == (True, -9)
        await debuggee.close()
        assert (await walking).ended
        await asyncio.to_thread(wait_for_the_dead, process.pid)

    for turns in range(0, 20, 5):
        await asyncio.gather(*(die(turn) for turn in range(turns, turns + 5)))


def wait_for_the_dead(group: int) -> None:
    while members(group):
        time.sleep(0.01)


def members(group: int) -> list[int]:
    """The processes of a group that are not dead."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, number = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(number) == group and state != "Z":
            found.append(int(folder.name))
    return found


@pytest.mark.parametrize("is_begun", [False, True])
async def test_the_program_does_not_outlive_foreframe(bench: Bench, is_begun: bool) -> None:
    source = "import time\nwhile True:\n    time.sleep(0.01)\n"
    debuggee = await bench.launch(source)
    if is_begun:
        await debuggee.start(stop_on_entry=True)
    process = debuggee._process
    assert process is not None
    debuggee._connection.close()  # as when Foreframe is killed
    await asyncio.wait_for(asyncio.shield(process.exited), 20)
    assert process.exited.result() == -signal.SIGKILL


# What debugpy may be asked


@pytest.mark.parametrize(
    "command", ["stepBack", "foreframe/lookAhead", "restartFrame", "readMemory"]
)
async def test_what_debugpy_does_not_know_is_never_asked(bench: Bench, command: str) -> None:
    debuggee = await bench.launch("x = 1\n")
    await debuggee.start(stop_on_entry=True)
    with pytest.raises(NotSupportedByDebugpy, match=command):
        await debuggee.request(command, {"threadId": 1})
    assert (await debuggee.request("threads"))["threads"]


async def test_values_are_opened_page_by_page(bench: Bench) -> None:
    debuggee = await bench.launch("found = {'a': [1, 2], 'b': list(range(5000))}\nx = 1\n")
    await debuggee.start(stop_on_entry=True)
    seen = await debuggee.step(Action.STEP_OVER)
    stack = await debuggee.request("stackTrace", {"threadId": seen.thread})
    frame = stack["stackFrames"][0]["id"]
    scopes = (await debuggee.request("scopes", {"frameId": frame}))["scopes"]
    shown = await debuggee.variables(scopes[0]["variablesReference"])
    found = next(one for one in shown if one["name"] == "found")
    inside = await debuggee.variables(found["variablesReference"])
    listed = next(one for one in inside if one["name"] == "'b'")
    page = await debuggee.variables(listed["variablesReference"], 10, 5)
    assert [one["value"] for one in page][:5] == ["10", "11", "12", "13", "14"]
