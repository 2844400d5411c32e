"""The whole line, from `foreframe dap` through the world model to an engine, a recorded one."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from dap_client import SUPPORT, Client, Piped, in_process
from tape import TapeWorld, marks, record
from truth import answer

from foreframe_protocol.states import Frame, State

FOREFRAME = str(Path(sys.executable).with_name("foreframe"))
SOURCE = """\
def square(n):
    return n * n  # @square

def total(limit):
    found = 0  # @first
    for n in range(limit):
        found += square(n)  # @call
    print("total", found)
    return found  # @return

total(3)
"""
MARKS = marks(SOURCE)
LAUNCH = {"function": "total", "args": "3"}
BREAKPOINTS = [{"line": MARKS["square"], "condition": "n == 1"}]
STEPS = ("stepOut", "next", "stepBack", "next", "stepIn", "stepIn", "continue")


async def walk(client: Client, program: Path, **options: object) -> list[object]:
    """What a person sees on one way through the program."""
    await client.start(str(program), BREAKPOINTS, **LAUNCH, **options)
    seen: list[object] = []
    stopped = await client.event("stopped")
    for command in (*STEPS, ""):
        stack = [(frame["name"], frame["line"]) for frame in await client.stack()]
        seen.append((stopped["reason"], stopped.get("description"), stack, await client.locals()))
        if command:
            stopped = await client.step(command)
    return seen


def recording(path: Path, frames: Sequence[Frame], starts: Sequence[int]) -> str:
    """Writes an engine's answers: to each request, all frames that follow where it starts."""
    lines = []
    for start in starts:
        state = State()
        for frame in frames[:start]:
            state = state.after(frame)
        lines.append(json.dumps({"answer": answer(frames[start:], state)}))
    path.write_text("\n".join(lines))
    return f"recorded:{path}"


async def test_every_stop_is_as_in_reality_when_the_model_is_right(tmp_path: Path):
    program = tmp_path / "program.py"
    program.write_text(SOURCE)
    world = TapeWorld(record(SOURCE, "total", "3"))
    client, _ = in_process(lambda engine, frames: world)
    expected = await walk(client, program)

    engine = recording(tmp_path / "answers.jsonl", world.frames, world.starts)
    real = await Piped.open(FOREFRAME, "dap")
    assert await walk(real, program, engine=engine) == expected
    assert real.printed() == "total 5\n"
    await real.disconnect()
    assert await real.close() == 0


async def test_an_engine_that_breaks_off_ends_the_step_and_not_the_session(tmp_path: Path):
    program = tmp_path / "program.py"
    program.write_text(SOURCE)
    frames = record(SOURCE, "total", "3")
    engine = recording(tmp_path / "answers.jsonl", frames, [1, 2, 4])
    lines = (tmp_path / "answers.jsonl").read_text().splitlines()
    broken = json.loads(lines[1])
    part = answer(frames[2:4], State().after(frames[0]).after(frames[1]))
    broken |= {"answer": part, "error": "EngineAborted: the server was killed"}
    lines[1] = json.dumps(broken)
    (tmp_path / "answers.jsonl").write_text("\n".join(lines))

    client = await Piped.open(FOREFRAME, "dap")
    await client.start(str(program), stopOnEntry=True, engine=engine, **LAUNCH)
    await client.event("stopped")
    await client.set_breakpoints(str(program), [MARKS["square"]])
    stopped = await client.step("continue")
    assert stopped["description"] == "Prediction failed", stopped
    assert "the server was killed" in stopped["text"]
    assert await client.line() == MARKS["first"]
    stopped = await client.step("continue")
    assert (stopped["reason"], await client.line()) == ("breakpoint", MARKS["square"])
    await client.close()


async def test_a_session_with_the_world_model_runs_nothing_of_the_users(tmp_path: Path):
    folder = tmp_path / "users"
    folder.mkdir()
    program = folder / "program.py"
    program.write_text(f"open(__file__ + '.was-run', 'w')\n{SOURCE}")
    frames = record(f"x = 1\n{SOURCE}".replace("x = 1", "#"), "total", "3")
    engine = recording(tmp_path / "answers.jsonl", frames, [1, 2])
    log = tmp_path / "audit.log"
    command = (str(SUPPORT / "audited.py"), str(log), str(program), "foreframe.cli", "dap")
    client = await Piped.open(sys.executable, *command)
    await client.start(str(program), stopOnEntry=True, engine=engine, **LAUNCH)
    await client.event("stopped")
    assert (await client.step("continue"))["text"] == "returns 5"
    await client.close()
    assert log.read_text() == ""
    assert [path.name for path in folder.iterdir()] == ["program.py"]


async def test_an_engine_that_cannot_be_reached_is_told_at_the_first_stop(tmp_path: Path):
    program = tmp_path / "program.py"
    program.write_text(SOURCE)
    client = await Piped.open(FOREFRAME, "dap", "--engine", "http://127.0.0.1:9")
    await client.start(str(program), stopOnEntry=True, **LAUNCH)
    stopped = await client.event("stopped")
    assert stopped["description"] == "Prediction failed"
    assert "127.0.0.1:9" in stopped["text"]
    assert await client.locals() == {"limit": "3"}
    again = await client.step("next")
    assert again["description"] == "Prediction failed"
    await client.close()
