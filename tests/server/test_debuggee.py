"""The real program under debugpy, as we start, step and look at it."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from debuggee_bench import Bench, top
from tape import marks

import foreframe.debuggee_process as process_module
from foreframe.debuggee import Debuggee, SourceBreakpoint
from foreframe.errors import CannotStart
from foreframe.observation import Observation
from foreframe_protocol.states import Action, Event


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    await asyncio.gather(*(debuggee.close() for debuggee in bench.started))


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
