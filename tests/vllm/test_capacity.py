"""The arithmetic of the cache and of a step, beside what a real vLLM reports."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from foreframe_models.capacity import GIB, Cache, Demand, Geometry, step_cost
from foreframe_models.engines.base import Request
from foreframe_models.engines.vllm import VllmEngine
from foreframe_models.engines.worker import joined

if TYPE_CHECKING:
    from .conftest import Server

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1800)]

TINY = Geometry(4, 1, 2, 1, 32, 64, 192, 2048, 4096, 64)  # as tests/support/tiny_cwm.py makes it
BLOCK = 32
CACHE = Cache(TINY, 4, 1, BLOCK)
BATCH = 2048  # vLLM's choice on a CPU
NEW, GENERATED = 20, 20
TRACES = (250, 500, 1000, 2000, 3500)
TRIES = 3
WRITTEN = 800  # tokens that a watched request may write
SETTLED = 8  # of them, after which it holds what it needs


def cache_config(server: Server) -> dict[str, str]:
    """What vLLM says of its cache."""
    text = httpx.get(f"{server.url}/metrics").text
    (line,) = [one for one in text.splitlines() if one.startswith("vllm:cache_config_info{")]
    return dict(re.findall(r'(\w+)="([^"]*)"', line))


def prompt(tokens: int) -> tuple[int, ...]:
    """One that shares no block with any other, not even of an earlier run."""
    return tuple(random.randrange(20, 1500) for _ in range(tokens))


async def timed(engine: VllmEngine, ids: Sequence[int], tokens: int) -> tuple[int, float]:
    """Tokens taken from the cache, and seconds."""
    begun = perf_counter()
    answer = joined([chunk async for chunk in engine.stream(Request(tuple(ids), tokens))])
    return answer.cached_tokens, perf_counter() - begun


async def test_vllm_has_as_many_blocks_as_the_arithmetic_says(server: Server) -> None:
    told = cache_config(server)
    assert int(told["block_size"]) == BLOCK
    assert int(told["num_gpu_blocks"]) == GIB // CACHE.block_bytes
    at_a_time = [
        int(told["num_gpu_blocks"]) / CACHE.admitted_blocks(4096, batches * BATCH)
        for batches in (1, 2)
    ]
    assert any(float(told["kv_cache_max_concurrency"]) == pytest.approx(one) for one in at_a_time)


async def usage(server: Server) -> tuple[float, float, float]:
    """Requests that run, the share of the blocks in use, tokens written so far, of one moment."""
    running, used, written = await asyncio.to_thread(
        server.metrics,
        "vllm:num_requests_running",
        "vllm:kv_cache_usage_perc",
        "vllm:generation_tokens_total",
    )
    return running, used, written


async def held(engine: VllmEngine, server: Server, tokens: int) -> int:
    """Blocks in use while one request of so many tokens writes.

    The server, which never waits for its reader, says itself whether the request still runs; one
    that had ended before it told of it is followed by another. What a prompt held beyond its
    windows is given back when the tokens after the first are written.
    """
    blocks = int(cache_config(server)["num_gpu_blocks"])
    for _ in range(20):
        before = await server.written_when_idle()
        begun = asyncio.Event()

        async def read(begun: asyncio.Event = begun) -> None:
            async for _ in engine.stream(Request(prompt(tokens), WRITTEN)):
                begun.set()

        reading = asyncio.create_task(read())
        try:
            await asyncio.wait_for(begun.wait(), 120)
            while not reading.done():
                running, used, written = await usage(server)
                if running == 1 and used and written - before >= SETTLED:
                    return round(used * (blocks - 1))
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
    pytest.fail("each request had ended before the server told of it")


@pytest.mark.parametrize("tokens", [40, 500, 3000])
async def test_a_request_holds_the_blocks_that_the_arithmetic_says(
    engine: VllmEngine, server: Server, tokens: int
) -> None:
    used = await held(engine, server, tokens)
    # two blocks of each window are given back before or after they are counted
    assert CACHE.blocks(tokens) - 2 * CACHE.sliding_groups <= used
    assert used <= CACHE.blocks(tokens + WRITTEN + BLOCK)
    if tokens > 10 * 64:  # where the window matters at all
        assert used < CACHE.kept_blocks(tokens) / 2


async def test_a_step_computes_what_the_arithmetic_says_however_long_its_trace_is(
    engine: VllmEngine, server: Server
) -> None:
    demand = Demand(TINY, 0, 1, 4096, 4, BLOCK, BATCH)
    steps = []
    for trace in TRACES:
        warm, cold, from_cache = [], [], set()
        for _ in range(TRIES):
            known = prompt(trace)
            await timed(engine, known, 1)
            cached, seconds = await timed(engine, known + prompt(NEW), GENERATED)
            warm.append(seconds)
            from_cache.add(cached)
            none, seconds = await timed(engine, prompt(trace + NEW), GENERATED)
            cold.append(seconds)
            assert none == 0
        (cached,) = from_cache
        computed = step_cost(demand, trace, new=NEW, generated=GENERATED).prompt_tokens
        assert trace + NEW - cached == computed
        steps.append(
            {
                "trace": trace,
                "cached": cached,
                "computed": computed,
                "seconds": round(min(warm), 3),
                "seconds_anew": round(min(cold), 3),
            }
        )
    if file := os.environ.get("FOREFRAME_MEASURED"):
        await keep(Path(file), engine, server, steps)


async def keep(file: Path, engine: VllmEngine, server: Server, steps: list[dict[str, Any]]) -> None:
    """Writes what was measured, for the capacity page."""
    told = cache_config(server)
    one_batch = CACHE.admitted_blocks(4096, BATCH)
    two_batches = CACHE.admitted_blocks(4096, 2 * BATCH)
    concurrency = float(told["kv_cache_max_concurrency"])
    blocks = [
        {
            "what": "blocks of 32 tokens in 1 GiB",
            "vllm": int(told["num_gpu_blocks"]),
            "arithmetic": GIB // CACHE.block_bytes,
        },
        {
            "what": "blocks that a request of 4,096 tokens may need",
            "vllm": round(int(told["num_gpu_blocks"]) / concurrency),
            "arithmetic": min(
                (one_batch, two_batches),
                key=lambda one: abs(int(told["num_gpu_blocks"]) / one - concurrency),
            ),
        },
    ]
    blocks += [
        {
            "what": f"blocks that a request of {tokens:,} tokens holds while it writes",
            "vllm": await held(engine, server, tokens),
            "arithmetic": CACHE.blocks(tokens + 8),
        }
        for tokens in (500, 3000)
    ]
    measured = {
        "setting": (
            "vLLM 0.32.0 on a CPU, serving the tests' tiny CWM (4 layers, one of them of full "
            "attention, a\nwindow of 64 tokens, random weights). Seconds are the least of three."
        ),
        "blocks": blocks,
        "steps": steps,
        "new": NEW,
        "generated": GENERATED,
    }
    text = json.dumps(measured, indent=1) + "\n"
    await asyncio.to_thread(file.write_text, text, encoding="utf-8")
