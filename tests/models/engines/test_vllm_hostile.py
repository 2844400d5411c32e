"""The vLLM engine before a server that is slow, dies or lies: one clear error, and it goes on."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator

import hostile_engine
import pytest
from hostile_engine import COMPLETIONS, DEAD, LYING, SLOW, HostileEngine, saying

from foreframe_models.engines.base import Chunk, EngineAborted, EngineError, Request
from foreframe_models.engines.vllm import VllmEngine
from foreframe_models.engines.worker import joined

FORMAL = {"ids that the grammar forbids", "an empty answer", "not a number"}  # the reader's concern
ASKED = Request((1, 3), 6)
DEADLINE = 30  # seconds, of what hangs


@pytest.fixture
async def server() -> AsyncIterator[HostileEngine]:
    async with HostileEngine() as server:
        yield server


@pytest.fixture
async def engine(
    server: HostileEngine, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[VllmEngine]:
    monkeypatch.setattr("foreframe_models.engines.vllm.RETRY_SECONDS", 0.0)
    engine = VllmEngine(server.url, answer_seconds=5)
    await engine.open()
    yield engine
    await engine.close()


async def ask(engine: VllmEngine) -> Chunk:
    async with asyncio.timeout(DEADLINE):
        return joined([chunk async for chunk in engine.stream(ASKED)])


async def all_released(server: HostileEngine) -> None:
    """Whether the server has got rid of all requests."""
    async with asyncio.timeout(DEADLINE):
        while server.open:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("fault", [*SLOW, *DEAD, *sorted(LYING.keys() - FORMAL)])
async def test_each_fault_is_an_error_and_the_next_request_works(
    server: HostileEngine, engine: VllmEngine, fault: str
):
    server.faults[COMPLETIONS] = {**SLOW, **DEAD, **LYING}[fault]
    if fault in SLOW:
        engine._answer_seconds = 0.2
    with pytest.raises(EngineError) as raised:
        await ask(engine)
    assert 1001 <= raised.value.code <= 1006
    assert len(str(raised.value)) < 1000
    server.faults.clear()
    engine._answer_seconds = 30
    assert len((await ask(engine)).ids) == 6
    await engine.close()
    await all_released(server)


@pytest.mark.parametrize("path", ["/v1/models", "/tokenize", "/detokenize"])
@pytest.mark.parametrize(
    "fault",
    [
        "silent",
        "dripping head",
        "dripping body",
        "closed",
        "unavailable",
        "endless body",
        "no HTTP",
    ],
)
async def test_a_server_that_cannot_say_what_it_serves_is_an_error(
    server: HostileEngine, path: str, fault: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("foreframe_models.engines.vllm.RETRY_SECONDS", 0.0)
    monkeypatch.setattr("foreframe_models.engines.vllm_connection.MOST_ANSWER", 1 << 20)
    engine = VllmEngine(server.url, answer_seconds=0.3 if fault in SLOW else 20)
    server.faults[path] = {**SLOW, **DEAD, **LYING}[fault]
    with pytest.raises(EngineError):
        await ask(engine)
    server.faults.clear()
    engine._answer_seconds = 30
    assert len((await ask(engine)).ids) == 6
    await engine.close()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/models", {"data": []}),
        ("/v1/models", {"data": [{"id": "x", "max_model_len": "many"}]}),
        ("/v1/models", {"data": {"0": 1}}),
        ("/tokenize", {"tokens": "abc"}),
        ("/tokenize", {"tokens": [[1]]}),
        ("/tokenize", {"tokens": [-1]}),
        ("/tokenize", {"tokens": [True]}),
        ("/detokenize", {"prompt": [1, 2]}),
        ("/detokenize", {}),
        ("/detokenize", [1]),
    ],
)
async def test_a_server_that_says_nonsense_of_itself_is_an_error(
    server: HostileEngine, path: str, body: object
):
    server.faults[path] = saying(body)
    engine = VllmEngine(server.url)
    with pytest.raises(EngineError):
        await ask(engine)
    await engine.close()


@pytest.mark.parametrize("fault", ["endless line", "bomb", "endless body"])
async def test_what_a_server_sends_too_much_of_is_not_kept(
    server: HostileEngine, engine: VllmEngine, fault: str
):
    server.faults[COMPLETIONS] = LYING[fault]
    await ask_in_vain(engine)
    tracemalloc.start()
    try:
        await ask_in_vain(engine)
        assert tracemalloc.get_traced_memory()[1] < 80 << 20
    finally:
        tracemalloc.stop()


async def ask_in_vain(engine: VllmEngine) -> None:
    with pytest.raises(EngineError):
        await ask(engine)


async def test_a_probability_that_is_not_a_number_is_an_error(
    server: HostileEngine, engine: VllmEngine
):
    event = (
        b'{"choices": [{"token_ids": [7], "logprobs": {"tokens": ["x"], "token_logprobs": [NaN]}}]}'
    )
    server.faults[COMPLETIONS] = hostile_engine.events(event)
    with pytest.raises(EngineAborted, match="no event"):
        await ask(engine)
