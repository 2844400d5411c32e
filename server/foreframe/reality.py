"""The truth to check against: one real run of the program, traced, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from foreframe.errors import RunFailed
from foreframe_models.entry import Entry
from foreframe_models.training import tracer
from foreframe_models.training.records import frame_of
from foreframe_protocol.states import End, Frame

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

LINE_LIMIT = 64 << 20  # bytes of one frame's record


@dataclass(frozen=True, slots=True)
class Limits:
    """What one real run may take."""

    frames: int = 1000
    seconds: float = 10.0  # of the clock, and of the CPU
    value_chars: int = 2000
    memory_mb: int = 1024
    confined: bool = False  # no network, no other processes, a temporary folder to write in


@dataclass(slots=True)
class Run:
    """A real run: its frames so far, how it ended, and what it printed."""

    frames: list[Frame] = field(default_factory=list)
    end: End = End.FAILED
    message: str = ""
    output: str = ""


async def observe(program: Program, entry: Entry, limits: Limits | None = None) -> Run:
    """Runs the program once, from `entry`, and gives its frames, observed.

    The run is over when this returns or is cancelled: the process and all that it started are
    killed. It ends CUT_OFF at a limit. Raises RunFailed when it cannot start, or when the program
    fails before its entry is reached.
    """
    limits = limits or Limits()
    if program.holes:
        line, column = program.holes[0]
        raise RunFailed(
            f"{program.path}:{line}:{column + 1}: a `??` hole cannot be run: fill it first"
        )
    run = Run()
    if not limits.confined:
        await _observe(program, entry, limits, run)
    else:
        with tempfile.TemporaryDirectory(prefix="foreframe-", ignore_cleanup_errors=True) as folder:
            await _observe(program, entry, limits, run, folder)
    if not run.frames:
        raise RunFailed(f"{program.path} could not be run: {run.message}")
    return run


async def _observe(
    program: Program, entry: Entry, limits: Limits, run: Run, folder: str | None = None
) -> None:
    """Fills `run`. With a `folder` the process is confined to it, and knows no secrets."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(Path(tracer.__file__)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=LINE_LIMIT,
        start_new_session=True,
        cwd=folder,
        env=None if folder is None else bare_environment(folder),
    )
    try:
        async with asyncio.timeout(limits.seconds):
            await feed(process, job(program, entry, limits, folder))
            await read(process, program, run)
    except TimeoutError:
        run.end, run.message = End.CUT_OFF, f"the real run was ended after {limits.seconds:g} s"
    finally:
        kill(process)
        await asyncio.shield(process.wait())
    if run.end is End.FAILED and not run.message:
        run.message = f"the real run died: {death(process.returncode)}"


def bare_environment(folder: str) -> dict[str, str]:
    """Where to find things, and nothing that is secret: tokens and keys stay with the parent."""
    kept = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    return found | dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP"), folder)


def job(program: Program, entry: Entry, limits: Limits, folder: str | None = None) -> bytes:
    """What the tracer reads from its standard input."""
    seconds = max(1, round(limits.seconds))
    return json.dumps(
        {
            "source": program.source,
            "path": program.path,
            "function": entry.function,
            "args": entry.args,
            "max_frames": limits.frames,
            "value_chars": limits.value_chars,
            "seconds": seconds,
            "memory_mb": limits.memory_mb,
            "parts": True,
            "folder": folder,
        }
    ).encode()


async def feed(process: asyncio.subprocess.Process, text: bytes) -> None:
    """Writes the job and closes the pipe. A process that died already is noticed when reading."""
    assert process.stdin is not None
    process.stdin.write(text)
    try:
        await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return
    process.stdin.close()


async def read(process: asyncio.subprocess.Process, program: Program, run: Run) -> None:
    """Reads the tracer's records into `run` until the last."""
    assert process.stdout is not None
    async for line in process.stdout:
        if not line.endswith(b"\n"):
            return  # killed while it wrote
        record = json.loads(line)
        if "end" in record:
            run.end, run.message = End(record["end"]), str(record.get("message", ""))
            if run.end is End.CUT_OFF:
                run.message = f"the real run was cut off {run.message}"
            return
        if "output" in record:
            run.output += record["output"]
        else:
            run.frames.append(frame_of(record, program.line_text(record["line"])))


def kill(process: asyncio.subprocess.Process) -> None:
    """Ends the process and what it started, at once."""
    try:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            process.kill()
    except ProcessLookupError:
        return


def death(code: int | None) -> str:
    """How a process ended, in words."""
    if code is not None and code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit status {code}"
