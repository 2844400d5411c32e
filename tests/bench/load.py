"""`make bench-load`: hundreds of sessions at once over HTTP and WebSocket, each with its marker.

`load.py [--sessions N] [--minutes M] [--pause SECONDS] [--patience SECONDS]
[--engine embedded|tiny-vllm|URL]`: one table. Every stop is looked at: whose it is, and (by walking
some sessions again, alone) what it shows. A tiny vLLM serves a CWM with random weights, which may
write anything for its own session's values; never a number that only another session knows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from measurement import Measurement
from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

SOURCE = """\
def helper_{0}(x):
    y = x + 1
    return y

def work_{0}(marker, n):
    total = 0
    for i in range(n):
        total = total + i
        total = helper_{0}(total)
    return total
"""
ACTIONS: list[tuple[int, dict[str, Any]]] = [  # how often, and what
    (10, {"kind": "step", "action": "step_over", "direction": "forward"}),
    (6, {"kind": "step", "action": "step_into", "direction": "forward"}),
    (2, {"kind": "step", "action": "step_out", "direction": "forward"}),
    (3, {"kind": "step", "action": "step_over", "direction": "backward"}),
    (1, {"kind": "step", "action": "run_to", "direction": "forward"}),
    (1, {"kind": "set_variable", "name": "n", "value": "3"}),
    (2, {"kind": "look_ahead", "frames": 3}),
]
START_SECONDS = 1200  # that a vLLM may take on a machine that is busy
FIRST_MARKER = 100_000
AGAIN = 8  # sessions that are walked again, alone
Shown = tuple[Any, ...]


@dataclass
class Found:
    """What all sessions together have seen. Seconds; MiB by seconds since the start."""

    steps: list[float] = field(default_factory=list)
    per_session: dict[int, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    rewritten: int = 0  # stops whose marker the model has made something else
    later: int = 0  # requests that were told to come back
    memory: list[tuple[float, float]] = field(default_factory=list)


class Walker:
    """One session after the other with the same marker, over HTTP or a WebSocket."""

    def __init__(
        self, number: int, url: str, client: httpx.AsyncClient, found: Found, patience: float
    ) -> None:
        """`patience`: seconds for one action, before it counts as lost."""
        self.number, self.url, self.client, self.found = number, url, client, found
        self.patience = patience
        self.marker = str(FIRST_MARKER + number)
        self.over_socket = number % 2 == 1
        self.ident = ""
        self.socket: ClientConnection | None = None
        self.shown: list[tuple[dict[str, Any], Shown]] = []  # of the first session: action and stop
        self.is_first = True
        self.requests = 0

    async def begin(self, **options: object) -> None:
        source = SOURCE.format(self.number)
        body = {
            "source": source,
            "function": f"work_{self.number}",
            "args": f"{self.marker}, 4",
            "max_frames": 60,
            "breakpoints": [{"line": 9}],
            **options,
        }
        view = await self.ask("POST", "/sessions", body)
        self.ident = view["id"]
        while view["status"] == "running":
            await asyncio.sleep(0.5)
            view = await self.ask("GET", f"/sessions/{self.ident}")
        self.look(view["stop"])
        self.is_at_end = False
        if self.over_socket:
            address = f"{self.url.replace('http', 'ws', 1)}/api/v1/sessions/{self.ident}/socket"
            self.socket = await connect(
                f"{address}?after={view['sequence']}", max_size=None, open_timeout=self.patience
            )

    async def end(self) -> None:
        if self.socket is not None:
            await self.socket.close()
            self.socket = None
        await self.ask("DELETE", f"/sessions/{self.ident}")
        self.is_first = False

    async def ask(self, method: str, path: str, body: object = None, **params: object) -> Any:
        """An answer; asks again when it is told to."""
        while True:
            answer = await self.client.request(
                method, f"{self.url}/api/v1{path}", json=body, params=params
            )
            if answer.status_code != 503:
                break
            self.found.later += 1
            await asyncio.sleep(float(answer.headers["retry-after"]) * (1 + random.random()))
        if answer.status_code >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    async def act(self, action: dict[str, Any]) -> bool:
        """Does one thing and looks where it leads; whether the program goes on."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self.patience):
                status, stop = await (self._send(action) if self.socket else self._post(action))
        except TimeoutError:
            self.found.lost.append(f"{self.number}: {action}")
            return False
        if action["kind"] == "step":
            self.found.steps.append(time.perf_counter() - began)
        self.found.per_session[self.number] = self.found.per_session.get(self.number, 0) + 1
        shown = self.look(stop) if stop else ()
        state = stop["state"] if stop else {"event": None}
        self.is_at_end = state["event"] == "return" and len(state["stack"]) == 1
        if self.is_first:
            self.shown.append((action, (status, shown)))
        return status != "ended"

    async def _post(self, action: dict[str, Any]) -> tuple[str, Any]:
        path = f"/sessions/{self.ident}"
        session = (await self.ask("POST", f"{path}/actions", action, wait=60))["session"]
        while session["status"] == "running":
            await asyncio.sleep(0.2)
            session = await self.ask("GET", path)
        return session["status"], session["stop"]

    async def _send(self, action: dict[str, Any]) -> tuple[str, Any]:
        """The answer to this request, and the event that ends the action."""
        assert self.socket is not None
        self.requests += 1
        await self.socket.send(json.dumps({"request": self.requests, "action": action}))
        answer: Any = None
        ending: Any = None
        since = None
        while True:
            told = json.loads(await self.socket.recv())
            match told["kind"]:
                case "answer":
                    if told["request"] != self.requests:
                        self.found.mixed.append(f"{self.number}: an answer to {told['request']}")
                    if told.get("problem"):
                        raise RuntimeError(told["problem"]["detail"])
                    answer = told["answer"]["session"]
                case "running":
                    since = told["sequence"]
                case "stopped" | "ended":
                    ending = told
            if answer is None:
                continue
            if action["kind"] == "look_ahead":
                return answer["status"], answer["stop"]
            if ending is not None and since is not None and ending["sequence"] > since:
                if ending["kind"] == "ended":
                    view = await self.ask("GET", f"/sessions/{self.ident}")
                    return view["status"], view["stop"]
                return "stopped", ending["stop"]

    def look(self, stop: Any) -> Shown:
        """What a stop shows; notes what is somebody else's."""
        stack = stop["state"]["stack"]
        for scope in stack:
            name, _, number = scope["function"].rpartition("_")
            marker = scope["locals"].get("marker", {"text": self.marker})["text"]
            if (name and number != str(self.number)) or is_others(marker, self.marker):
                self.found.mixed.append(f"{self.number}: {scope['function']} {marker}")
            elif marker != self.marker:
                self.found.rewritten += 1
        return tuple(
            (s["function"], s["line"], tuple((n, v["text"]) for n, v in s["locals"].items()))
            for s in stack
        )

    async def walk(self, until: float, pause: float, **options: object) -> None:
        """Until then, with pauses as of somebody who reads."""
        chance = random.Random(self.number)
        weights = [often for often, _ in ACTIONS]
        await asyncio.sleep(chance.random() * pause)
        while time.monotonic() < until:
            await self.begin(**options)
            goes_on = True
            while goes_on and time.monotonic() < until:
                await asyncio.sleep(pause * (0.5 + chance.random()))
                (_, action), *_rest = chance.choices(ACTIONS, weights)
                goes_on = await self.act(self.possible(action))
            await self.end()

    def possible(self, action: dict[str, Any]) -> dict[str, Any]:
        """Nobody edits what has ended or is not shown: the variables of the outermost scope are."""
        if action["kind"] != "set_variable":
            return action
        back = {"kind": "step", "action": "step_over", "direction": "backward"}
        return back if self.is_at_end else {**action, "scope": 0}


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


def is_others(marker: str, own: str) -> bool:
    """Whether a value is the marker of another session."""
    return marker != own and marker.isdecimal() and len(marker) == len(str(FIRST_MARKER))


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
