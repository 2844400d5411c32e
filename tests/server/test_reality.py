"""Real runs: what the tracer's process gives, and that nothing of it stays."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from foreframe.errors import RunFailed
from foreframe.reality import Limits, observe
from foreframe_models.entry import Entry
from foreframe_protocol.states import End, Event, Provenance


@dataclass
class Source:
    """As much of a program as a real run needs."""

    source: str
    path: str = "/nowhere/program.py"
    holes: tuple[tuple[int, int], ...] = ()

    def line_text(self, line: int) -> str:
        return self.source.splitlines()[line - 1]


async def run(source: str, function: str | None = None, args: str = "", **limits: float):
    return await observe(Source(source), Entry(function, args), Limits(**limits))


async def test_a_call_is_observed_from_its_call_frame_to_its_return():
    seen = await run("def f(a):\n    b = a + 1\n    return b\n", "f", "1")
    assert [(f.event, f.line, f.source) for f in seen.frames] == [
        (Event.CALL, 1, "def f(a):"),
        (Event.LINE, 2, "    b = a + 1"),
        (Event.LINE, 3, "    return b"),
        (Event.RETURN, 3, "    return b"),
    ]
    assert seen.end is End.FINISHED
    value = seen.frames[-1].value
    assert value is not None
    assert (value.text, value.provenance) == ("2", Provenance.OBSERVED)


async def test_a_module_is_observed_with_what_it_prints():
    seen = await run("x = 1\nprint('hello', x)\n")
    assert seen.frames[0].function == "<module>"
    assert seen.output == "hello 1\n"


async def test_an_endless_program_is_cut_off_at_the_frame_limit():
    seen = await run("while True:\n    pass\n", frames=20)
    assert len(seen.frames) == 20
    assert (seen.end, seen.message) == (End.CUT_OFF, "the real run was cut off after 20 frames")


async def test_a_program_that_hangs_is_ended_after_its_time():
    seen = await run("import time\nx = 1\ntime.sleep(600)\n", seconds=1)
    assert seen.end is End.CUT_OFF
    assert "after 1 s" in seen.message


async def test_a_long_value_is_cut_and_marked():
    seen = await run("x = 'a' * 500\ny = 1\n", value_chars=100)
    value = (seen.frames[-2].locals or {})["x"]
    assert value.cut
    assert len(value.text) == 100


async def test_a_program_that_kills_itself_ends_the_run_and_says_so():
    source = "import os, signal\nx = 1\nos.kill(os.getpid(), signal.SIGKILL)\n"
    seen = await run(source)
    assert [frame.line for frame in seen.frames] == [1, 1, 2, 3]
    assert (seen.end, seen.message) == (End.FAILED, "the real run died: killed by SIGKILL")


async def test_what_a_program_writes_past_print_does_not_disturb():
    seen = await run(
        "import os\nx = 1\nos.write(1, b'{\"end\": 1}\\n')\nos.write(2, b'x')\ny = 2\n"
    )
    assert seen.end is End.FINISHED
    assert "y" in (seen.frames[-1].locals or {"y": None})


async def test_a_function_whose_module_fails_cannot_be_checked():
    with pytest.raises(RunFailed, match="ModuleNotFoundError"):
        await run("import no_such_module_at_all\ndef f():\n    pass\n", "f")


async def test_a_hole_cannot_be_run():
    with pytest.raises(RunFailed, match="hole"):
        await observe(Source("x = ??\n", holes=((1, 5),)), Entry())


async def test_a_cancelled_run_leaves_no_process(tmp_path: Path):
    told = tmp_path / "pid"
    source = f"import os, time\nopen({str(told)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    task = asyncio.create_task(run(source))
    pid = await asyncio.to_thread(number_in, told)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ends, pid)


async def test_what_a_program_started_is_ended_with_it(tmp_path: Path):
    told = tmp_path / "pid"
    source = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(told)!r}, 'w').write(str(child.pid))\n"
    )
    assert (await run(source)).end is End.FINISHED
    assert await asyncio.to_thread(ends, number_in(told))


def number_in(path: Path) -> int:
    """The number that appears in a file, waited for."""
    for _ in range(500):
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.02)
    raise AssertionError(f"nothing came into {path}")


def ends(pid: int) -> bool:
    """Whether a process is gone, or a zombie that nobody has waited for, within a while."""
    for _ in range(500):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
