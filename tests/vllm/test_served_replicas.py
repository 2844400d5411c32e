"""Two real vLLM servers as one engine, the second started by `foreframe models serve`."""

from __future__ import annotations

import asyncio
import itertools
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tiny_vllm import ENVIRONMENT, START_SECONDS, SUPPORT

from foreframe_models.engines.base import Chunk, Request
from foreframe_models.engines.replicas import ReplicasEngine, open_replicas
from foreframe_models.engines.vllm import VllmEngine
from foreframe_models.engines.worker import joined
from foreframe_protocol.trace_pieces import Separator

if TYPE_CHECKING:
    from .conftest import Server

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(3600)]

FOREFRAME = Path(sys.executable).with_name("foreframe")
SOURCE = "def f(a):\n    b = a + {number}\n    return b\n" * 12
PROGRAMS = 12


class Command:
    """`foreframe models serve FOLDER --run`, with the tests' tiny model."""

    def __init__(self, server: Server, folder: Path) -> None:
        model = server.log.parent / "cwm"
        if not model.exists():
            model = folder / "cwm"
            subprocess.run([sys.executable, SUPPORT / "tiny_cwm.py", model], check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        vllm = shlex.join([sys.executable, str(SUPPORT / "vllm_server.py")])
        self.log = folder / "second.log"
        self.errors = folder / "stderr"
        words = ["models", "serve", str(model), "--run", "--vllm", vllm, "--log", str(self.log)]
        words += ["--port", str(self.port), "--wait", str(START_SECONDS)]
        self.process = subprocess.Popen(
            [FOREFRAME, *words, "--", "--enforce-eager", "--seed", "0"],
            env={**os.environ, **ENVIRONMENT, "PATH": os.defpath},  # no nvidia-smi
            stdout=subprocess.PIPE,
            stderr=self.errors.open("wb"),
            text=True,
        )

    def ready(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("ready"), self.errors.read_text() + self.log.read_text()[-2000:]
        return line.rsplit(" ", 1)[1].strip()

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)


@pytest.fixture
def command(server: Server, tmp_path: Path) -> Iterator[Command]:
    command = Command(server, tmp_path)
    yield command
    command.end()


async def context(engine: ReplicasEngine, number: int) -> tuple[int, ...]:
    ids = (await engine.open()).specials
    source = await engine.encode(SOURCE.format(number=number))
    start = (ids[Separator.BEGIN_OF_TEXT.text], ids[Separator.TRACE_CONTEXT_START.text])
    return (*start, *source, ids[Separator.FRAME.text])


async def asked(engine: ReplicasEngine, ids: tuple[int, ...]) -> Chunk:
    return joined([chunk async for chunk in engine.stream(Request(ids, 4))])


async def test_sessions_stick_to_their_replica_and_another_steps_in(
    server: Server, command: Command
) -> None:
    second = await asyncio.to_thread(command.ready)
    assert second == f"http://127.0.0.1:{command.port}"
    engine = open_replicas(f"{server.url},{second}")
    alone = VllmEngine(server.url)
    answers = {}
    homes: set[str] = set()
    for number in itertools.count():
        if number >= PROGRAMS and len(homes) == 2:  # where one goes depends on the ports, too
            break
        begun = await context(engine, number)
        homes.add(engine._order(_key(engine, begun))[0].name)
        first = await asked(engine, begun)
        grown = begun + first.ids
        answers[grown] = await asked(engine, grown)
        # Where it went is where its prefix is: the longer prompt finds the shorter one.
        assert answers[grown].cached_tokens > 0.8 * len(begun)
    loads = [replica.engine for replica in engine.replicas]
    assert len(loads) == 2
    log = command.log.read_text(errors="replace")
    assert "prefix_cache_retention_interval" in log
    # Each has had some of them, and both answer alike.
    went = [[], []]
    for ids in answers:
        best = engine._order(_key(engine, ids))[0]
        went[engine.replicas.index(best)].append(ids)
    assert all(went)
    same = joined([chunk async for chunk in alone.stream(Request(went[1][0], 4))])
    assert same.ids == answers[went[1][0]].ids
    # One is ended, as its command ends it; its sessions go on at the other.
    assert await asyncio.to_thread(command.end) == 0
    for ids in went[1]:
        assert (await asked(engine, ids)).ids == answers[ids].ids
    assert "1 of 2 replicas" in await engine.health()
    await engine.close()
    await alone.close()


def _key(engine: ReplicasEngine, ids: tuple[int, ...]) -> bytes:
    from foreframe_models.engines.affinity import session_key

    return session_key(ids, engine._ends)
