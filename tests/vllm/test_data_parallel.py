"""One real vLLM with two replicas of its own: data parallel, on the CPU."""

from __future__ import annotations

import asyncio
import itertools
import re
import sys
from pathlib import Path

import httpx
import pytest
from tiny_vllm import tiny_vllm

from foreframe_models.engines.affinity import session_key
from foreframe_models.engines.base import Chunk, Request
from foreframe_models.engines.replicas import ReplicasEngine, open_replicas
from foreframe_models.engines.worker import joined
from foreframe_protocol.trace_pieces import Separator

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(3600)]

SOURCE = "def f(a):\n    b = a + {number}\n    return b\n" * 12
PROGRAMS = 3  # of each replica
TWO = ("--data-parallel-size", "2", "--max-num-seqs", "8")


async def context(engine: ReplicasEngine, number: int) -> tuple[int, ...]:
    ids = (await engine.open()).specials
    source = await engine.encode(SOURCE.format(number=number))
    start = (ids[Separator.BEGIN_OF_TEXT.text], ids[Separator.TRACE_CONTEXT_START.text])
    return (*start, *source, ids[Separator.FRAME.text])


async def contexts(engine: ReplicasEngine) -> list[tuple[int, ...]]:
    """As many for each replica: where one goes depends on the server's port, too."""
    wanted = dict.fromkeys(range(len(engine.replicas)), PROGRAMS)
    found = []
    for number in itertools.count():
        ids = await context(engine, number)
        best = engine.replicas.index(engine._order(session_key(ids, engine._ends))[0])
        if wanted[best]:
            wanted[best] -= 1
            found.append(ids)
        if not any(wanted.values()):
            break
    return found


async def asked(engine: ReplicasEngine, ids: tuple[int, ...]) -> Chunk:
    return joined([chunk async for chunk in engine.stream(Request(ids, 4))])


def requests_of(metrics: str) -> dict[str, float]:
    """How many requests each of the server's replicas has finished."""
    line = r'vllm:request_success_total\{.*?engine="(\d+)".*?\} ([\d.e+]+)'
    found: dict[str, float] = {}
    for replica, count in re.findall(line, metrics):
        found[replica] = found.get(replica, 0) + float(count)
    return found


async def test_sessions_stick_to_their_replica_of_one_server(tmp_path: Path) -> None:
    with tiny_vllm(sys.executable, tmp_path, others=TWO) as (url, _):
        engine = open_replicas(f"{url}#replicas=2")
        for begun in await contexts(engine):
            grown = begun + (await asked(engine, begun)).ids
            # Where the longer prompt went is where the shorter one's prefix is.
            assert (await asked(engine, grown)).cached_tokens > 0.8 * len(begun)
        await engine.close()
        counts: dict[str, float] = {}
        async with httpx.AsyncClient(timeout=120) as client:
            for _ in range(600):  # an answer may be there before it is counted
                counts = requests_of((await client.get(f"{url}/metrics")).text)
                if sum(counts.values()) >= 4 * PROGRAMS:
                    break
                await asyncio.sleep(0.1)
    assert counts == {"0": 2 * PROGRAMS, "1": 2 * PROGRAMS}
