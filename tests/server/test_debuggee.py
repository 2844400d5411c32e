"""The real program under debugpy, as we start, step and look at it."""

import asyncio
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tape import marks

import foreframe.debuggee_process as process_module
from foreframe.debuggee import Debuggee, LaunchTarget, SourceBreakpoint
from foreframe.errors import CannotStart, NotSupportedByDebugpy
from foreframe.observation import Observation
from foreframe_protocol.states import Action, Event


class Ear:
    """Keeps what a debuggee tells."""

    def __init__(self) -> None:
        self.written: dict[str, str] = {}
        self.has_printed = asyncio.Event()
        self.events: list[tuple[str, Mapping[str, object]]] = []

    def output(self, category: str, text: str) -> None:
        self.written[category] = self.written.get(category, "") + text
        if category == "stdout":
            self.has_printed.set()

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

    def ended(self, end: Observation) -> list[str | int | None]:
        """What was written, line by line, and the exit code."""
        written = self.ear.written
        lines = [written.get(category, "").splitlines() for category in ("stdout", "stderr")]
        return [*lines[0], *lines[1], end.exit_code]


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
    assert (seen.exit_code, bench.ear.written["stdout"]) == (0, "6\n")


async def test_a_breakpoint_stops_the_run(bench: Bench) -> None:
    debuggee = await bench.launch(FACTORIAL)
    line = marks(FACTORIAL)["call"]
    path = str(bench.folder / "program.py")
    told = await debuggee.set_breakpoints(path, [SourceBreakpoint(line, condition="n == 2")])
    assert told[0]["verified"]
    seen = await debuggee.start(stop_on_entry=False)
    assert (seen.reason, top(seen)) == ("breakpoint", ("factorial", line, {"n": "2"}))
    assert (await debuggee.step(Action.RUN_TO)).ended


# What the program finds is what it would find alone

PORTRAIT = """\
import json, os, sys, threading
found = {
    "argv": sys.argv, "name": __name__, "file": __file__, "path": sys.path, "cwd": os.getcwd(),
    "package": __package__, "spec": None if __spec__ is None else __spec__.name,
    "environment": sorted(os.environ), "threads": [t.name for t in threading.enumerate()],
    "main": sys.modules["__main__"].__dict__ is globals(), "names": sorted(globals()),
    "stdin": sys.stdin.read(), "tracebacks": sys._getframe().f_code.co_name,
}
for name, value in found.items():
    print(name, json.dumps(value, sort_keys=True))
print("f\\u00fcr \\U0001f600", end="")
print("warned", file=sys.stderr)
raise SystemExit(7)
"""
FAILING = """\
def divide(a, b):
    return a / b

try:
    divide(1, 0)
except ZeroDivisionError as error:
    raise ValueError("no") from error
"""


async def alone(folder: Path, *command: str, stdin: bytes = b"") -> list[str | int | None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        env=dict(os.environ),  # without what C libraries have added
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    written, warned = await process.communicate(stdin)
    text = written.decode().splitlines() + warned.decode().splitlines()
    return [*text, process.returncode]


async def to_its_end(debuggee: Debuggee) -> Observation:
    seen = await debuggee.start(stop_on_entry=False)
    assert seen.ended, seen
    return seen


@pytest.mark.parametrize("source", [PORTRAIT, FAILING])
async def test_a_file_finds_prints_and_returns_what_it_would_alone(
    bench: Bench, source: str
) -> None:
    words, stdin = ("a b", "--c"), b"typed\n"
    folder = str(bench.folder)
    debuggee = await bench.launch(source, argv=words, cwd=folder, stdin=stdin)
    end = await to_its_end(debuggee)
    path = str(bench.folder / "program.py")
    assert bench.ended(end) == await alone(bench.folder, path, *words, stdin=stdin)


@pytest.mark.parametrize("source", [PORTRAIT, FAILING])
async def test_a_module_of_a_package_is_run_as_by_python_m(bench: Bench, source: str) -> None:
    package = bench.folder / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "other.py").write_text("word = 'relative'\n")
    (package / "__main__.py").write_text("from .other import word\nprint(word)\n" + source)
    folder = str(bench.folder)
    debuggee = await bench.launch("", module="package", argv=("x",), cwd=folder)
    end = await to_its_end(debuggee)
    assert bench.ended(end) == await alone(bench.folder, "-m", "package", "x")


async def test_relative_imports_are_stepped_through(bench: Bench) -> None:
    package = bench.folder / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "other.py").write_text("def double(x):\n    return 2 * x\n")
    (package / "tool.py").write_text("from .other import double\nfound = double(4)\n")
    debuggee = await bench.launch("", module="package.tool", cwd=str(bench.folder))
    await debuggee.set_breakpoints(str(package / "other.py"), [SourceBreakpoint(2)])
    seen = await debuggee.start(stop_on_entry=False)
    assert top(seen) == ("double", 2, {"x": "4"})
    assert [Path(path).name for path in seen.paths] == ["tool.py", "other.py"]
    seen = await debuggee.step(Action.STEP_OUT)
    assert (seen.state.event, seen.state.value and seen.state.value.text) == (Event.RETURN, "8")


async def test_a_function_is_called_with_its_arguments_and_its_value_is_seen(bench: Bench) -> None:
    source = "def join(words, *, by=' '):\n    text = by.join(words)\n    return text\n"
    debuggee = await bench.launch(source, function="join", args="['a', 'b'], by='-'")
    seen = await debuggee.start(stop_on_entry=True)
    assert top(seen) == ("join", 2, {"words": "['a', 'b']", "by": "'-'"})
    assert len(seen.state.stack) == 1
    end = await debuggee.step(Action.RUN_TO)
    assert end.ended
    assert end.returned is not None
    assert (end.returned.text, end.exit_code) == ("'a-b'", 0)


async def test_a_method_of_a_class_is_called(bench: Bench) -> None:
    source = "class A:\n    @staticmethod\n    def f(x):\n        return x + 1\n"
    debuggee = await bench.launch(source, function="A.f", args="1")
    seen = await debuggee.start(stop_on_entry=True)
    assert top(seen) == ("A.f", 4, {"x": "1"})


# Where programs end


async def test_an_uncaught_exception_stops_where_it_was_raised_and_then_ends(bench: Bench) -> None:
    debuggee = await bench.launch(FAILING)
    await debuggee.set_exceptions(["uncaught"])
    seen = await debuggee.start(stop_on_entry=False)
    assert (seen.reason, seen.state.event) == ("exception", Event.EXCEPTION)
    assert (seen.text, seen.shown[-1].line) == ("ValueError: no", 7)
    end = await debuggee.step(Action.RUN_TO)
    assert (end.ended, end.exit_code) == (True, 1)


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        ("import sys; sys.exit(4)", 4, ""),
        ("import sys; sys.exit('why')", 1, ""),
        ("import os; os._exit(3)", 3, ""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, "killed by SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", -11, "killed by SIGSEGV"),
        ("raise KeyboardInterrupt", -2, "killed by SIGINT"),
    ],
)
async def test_every_end_has_its_exit_code(bench: Bench, line: str, code: int, text: str) -> None:
    debuggee = await bench.launch(f"x = 1\n{line}\n")
    assert not (await debuggee.start(stop_on_entry=True)).ended
    end = await debuggee.step(Action.RUN_TO)
    assert (end.ended, end.exit_code, end.text) == (True, code, text)
    assert await debuggee.step(Action.STEP_OVER) == end


async def test_a_program_that_cannot_start_says_why(bench: Bench) -> None:
    with pytest.raises(CannotStart, match=r"check \"python\""):
        await bench.launch("", python="/no/such/python")
    with pytest.raises(CannotStart, match=r"check \"cwd\""):
        await bench.launch("", cwd="/no/such/folder")
    with pytest.raises(CannotStart, match="ended at once: exit status 1"):
        await bench.launch("", python=shutil.which("false"))


async def test_standard_input_ends_where_nothing_is_given(bench: Bench) -> None:
    debuggee = await bench.launch("try:\n    input()\nexcept EOFError:\n    print('eof')\n")
    await to_its_end(debuggee)
    assert bench.ear.written == {"stdout": "eof\n"}


async def test_output_without_end_is_cut_off_and_said_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "MAX_OUTPUT", 100_000)
    debuggee = await bench.launch("for _ in range(2000):\n    print('x' * 1000)\n")
    end = await to_its_end(debuggee)
    assert end.exit_code == 0
    assert len(bench.ear.written["stdout"]) == 100_000
    assert "more than 100,000 characters is not shown" in bench.ear.written["important"]


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
threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
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
