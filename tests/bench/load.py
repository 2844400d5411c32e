"""`make bench-load`: hundreds of sessions at once over HTTP and WebSocket, each with its marker.

`load.py [--sessions N] [--minutes M] [--pause SECONDS] [--patience SECONDS]
[--engine embedded|tiny-vllm|URL]`: one table. Every stop is looked at: whose it is, and (by walking
some sessions again, alone) what it shows. A tiny vLLM serves a CWM with random weights, which may
write anything for its own session's values; never a number that only another session knows.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from load_walker import Found, Walker
from measurement import Measurement
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

START_SECONDS = 1200  # that a vLLM may take on a machine that is busy
AGAIN = 8  # sessions that are walked again, alone


async def measured(url: str, process: int, asked: Namespace) -> list[Measurement]:
    """The sessions, all at once; then some of them alone."""
    found, quiet = Found(), Found()
    minutes, pause, patience = asked.minutes, asked.pause, asked.patience
    began = time.monotonic()
    limits = httpx.Limits(max_connections=None, keepalive_expiry=3)  # the server's is longer
    async with httpx.AsyncClient(timeout=asked.patience, limits=limits) as client:
        walkers = [Walker(number, url, client, found, patience) for number in range(asked.sessions)]

        async def watch() -> None:
            while True:
                found.memory.append((time.monotonic() - began, memory(process)))
                await asyncio.sleep(2)

        watching = asyncio.create_task(watch())
        before = cpu(process)
        until = began + 60 * minutes * 0.75
        results = await asyncio.gather(
            *(walker.walk(until, pause) for walker in walkers), return_exceptions=True
        )
        took, used = time.monotonic() - began, cpu(process) - before
        # The same without predicting ahead: what prefetching costs a person's step.
        others = [Walker(number, url, client, quiet, patience) for number in range(asked.sessions)]
        until = time.monotonic() + 60 * minutes * 0.25
        results += await asyncio.gather(
            *(walker.walk(until, pause, look_ahead_tokens=0) for walker in others),
            return_exceptions=True,
        )
        watching.cancel()
        for result in results:
            if isinstance(result, BaseException):
                found.lost.append(repr(result))
        differ, again = await walked_again(walkers, url, client)
    for text in [*found.lost, *quiet.lost, *found.mixed, *quiet.mixed][:10]:
        print(text, file=sys.stderr)
    print("MiB of the server by minute:", *by_minute(found.memory), file=sys.stderr)
    counts = sorted(found.per_session.values()) or [0]
    early = [m for at, m in found.memory if at > took / 4][:3] or [0.0]
    late = [m for _, m in found.memory][-3:]
    return [
        Measurement("sessions at once", asked.sessions, ""),
        Measurement("minutes", (time.monotonic() - began) / 60, "min"),
        Measurement("actions", sum(counts), ""),
        Measurement("actions a second", sum(counts) / took, "/s"),
        Measurement("a step, p50", 1000 * part(found.steps, 0.5), "ms"),
        Measurement("a step, p99", 1000 * part(found.steps, 0.99), "ms"),
        Measurement("a step without predicting ahead, p50", 1000 * part(quiet.steps, 0.5), "ms"),
        Measurement("a step without predicting ahead, p99", 1000 * part(quiet.steps, 0.99), "ms"),
        Measurement("actions of a session, fewest", counts[0], ""),
        Measurement("actions of a session, median", part(counts, 0.5), ""),
        Measurement("actions of a session, most", counts[-1], ""),
        Measurement("requests told to come back", found.later + quiet.later, ""),
        Measurement("requests asked again", found.broken + quiet.broken, ""),
        Measurement("lost actions", len(found.lost) + len(quiet.lost), "", most=0),
        Measurement("stops of another session's", len(found.mixed) + len(quiet.mixed), "", most=0),
        Measurement("markers that the model wrote anew", found.rewritten + quiet.rewritten, ""),
        Measurement(f"other stops when walked alone, of {again}", differ, "", most=0),
        Measurement("memory of the server after a quarter", sum(early) / len(early), "MiB"),
        Measurement("memory of the server at the end", sum(late) / len(late), "MiB"),
        Measurement("processor time an action", 1000 * used / max(1, sum(counts)), "ms"),
    ]  # fmt: skip


async def walked_again(
    walkers: list[Walker], url: str, client: httpx.AsyncClient
) -> tuple[int, int]:
    """How many stops of some sessions are others when nobody else is there, and of how many."""
    differ = total = 0
    for walker in walkers[:: max(1, len(walkers) // AGAIN)]:
        alone = Walker(walker.number, url, client, Found(), walker.patience)
        await alone.begin()
        for action, _ in walker.shown:
            await alone.act(action)
        await alone.end()
        for (action, then), (_, now) in zip(walker.shown, alone.shown, strict=True):
            total += 1
            if then != now:
                differ += 1
                print(f"{walker.number}: {action}: {then} alone is {now}", file=sys.stderr)
    return differ, total


def by_minute(memory: list[tuple[float, float]]) -> list[str]:
    """What there was at the beginning and at the end of each minute."""
    found = {int(at // 60): mib for at, mib in reversed(memory)}
    return [f"{found[minute]:.0f}" for minute in sorted(found)]


def part(values: list[Any], share: float) -> float:
    """A quantile."""
    return float(sorted(values)[min(len(values) - 1, int(len(values) * share))]) if values else 0.0


def memory(process: int) -> float:
    """MiB that a process has in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def cpu(process: int) -> float:
    """Seconds of a processor that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def engine_of(asked: Namespace, folder: Path) -> Iterator[str]:
    """The engine's name; a real vLLM with a tiny model where one is asked for."""
    if asked.engine != "tiny-vllm":
        yield asked.engine
        return
    from tiny_vllm import tiny_vllm

    python = Path(__file__).parents[2] / ".venv-vllm/bin/python"
    several = ("--max-num-seqs", "64")
    with tiny_vllm(python, folder, brief=True, patience=START_SECONDS, others=several) as (url, _):
        yield url


async def run(asked: Namespace, folder: Path, engine: str) -> list[Measurement]:
    """Starts a server, measures, stops it."""
    code = (
        "from foreframe.web.running import serve\n"
        "from foreframe.web.settings import ServeSettings\n"
        f"serve(ServeSettings(engine={engine!r}, port=0, most_sessions={asked.sessions + 16}, "
        f"most_seconds={asked.patience}))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "FOREFRAME_STATE": str(folder / "state")},
    )
    assert process.stderr is not None
    said = b""
    while b"listening on " not in said:
        said = await process.stderr.readline()
        if not said:
            raise SystemExit("the server did not start")
        sys.stderr.write(said.decode())

    async def pass_on(stream: asyncio.StreamReader) -> None:
        async for line in stream:
            sys.stderr.write(line.decode())

    passing = asyncio.create_task(pass_on(process.stderr))
    try:
        url = said.decode().partition("listening on ")[2].strip()
        return await measured(url, process.pid, asked)
    finally:
        process.terminate()
        await process.wait()
        await passing


def main() -> None:
    told = ArgumentParser(description=__doc__)
    told.add_argument("--sessions", type=int, default=200)
    told.add_argument("--minutes", type=float, default=10)
    told.add_argument("--pause", type=float, default=2.0, help="seconds that a person reads")
    told.add_argument("--patience", type=float, default=300.0, help="seconds for one action")
    told.add_argument("--engine", default="embedded")
    asked = told.parse_args()
    with (
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        engine_of(asked, Path(folder)) as engine,
    ):
        rows = asyncio.run(run(asked, Path(folder), engine))
    table = Table("what", "measured", "unit", "bound", "")
    for row in rows:
        sign = {True: "kept", False: "MISSED", None: ""}[row.kept]
        table.add_row(row.name, f"{row.value:,.4g}", row.unit, row.bound, sign)
    Console(width=None if sys.stdout.isatty() else 110).print(table)
    sys.exit(any(row.kept is False for row in rows))


if __name__ == "__main__":
    main()
