"""The vLLM engine against a real vLLM that serves a tiny model of CWM's architecture."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from foreframe_models.engines.base import (
    Chunk,
    EngineRefused,
    Finish,
    PromptTooLong,
    Request,
)
from foreframe_models.engines.vllm import VllmEngine
from foreframe_models.engines.worker import joined
from foreframe_protocol.trace_pieces import SEPARATORS, Separator

if TYPE_CHECKING:
    from .conftest import Server

pytestmark = pytest.mark.vllm

LONG = 3000  # tokens: far more than are written before a request can be ended
SOURCE = """def count(word, letter):
    n = 0
    for c in word:
        if c == letter:
            n += 1
    return n  # "é"
"""


async def context(engine: VllmEngine, times: int = 1) -> tuple[int, ...]:
    """A prompt as CWM's traces begin."""
    ids = (await engine.open()).specials
    source = await engine.encode(SOURCE * times)
    return (
        ids[Separator.BEGIN_OF_TEXT.text],
        ids[Separator.TRACE_CONTEXT_START.text],
        *source,
        ids[Separator.FRAME.text],
    )


async def frame(engine: VllmEngine, source: str) -> str:
    """A grammar's expression for a line frame with one variable."""
    ids = (await engine.open()).specials
    line, action, end = (
        ids[separator.text] for separator in (Separator.LINE, Separator.ACTION, Separator.FRAME)
    )
    return f'<[{line}]> "{{\\"n\\": \\"" V "\\"}}" <[{action}]> "{source}\\n" <[{end}]>'


async def walk(engine: VllmEngine) -> str:
    """A grammar of three frames in a row."""
    frames = [await frame(engine, f"    n = {number}") for number in range(3)]
    return f"start: f2\nf0: {frames[0]}\nf1: f0 {frames[1]}\nf2: f1 {frames[2]}\nV: /[0-9]{{2}}/\n"


async def collect(engine: VllmEngine, request: Request) -> Chunk:
    """All chunks of a stream put together."""
    return joined([chunk async for chunk in engine.stream(request)])


async def test_the_separators_are_looked_up_in_the_served_vocabulary(engine: VllmEngine) -> None:
    info = await engine.open()
    assert (info.name, info.dialect, info.context_tokens) == ("cwm", "cwm", 4096)
    assert set(info.specials) == {separator.text for separator in SEPARATORS}
    assert await engine.health() == ""


async def test_tokens_come_one_by_one_with_their_log_probabilities(engine: VllmEngine) -> None:
    request = Request(await context(engine), 200)
    chunks = [chunk async for chunk in engine.stream(request)]
    answer = joined(chunks)
    assert len(chunks) > 2  # those that wait for a slow reader come together
    told = answer.ids, answer.texts, answer.logprobs, answer.forced
    assert [len(one) for one in told] == [200] * 4
    assert all(value is not None and value < 0 for value in answer.logprobs)
    assert (answer.finish, answer.prompt_tokens) == (Finish.LENGTH, len(request.prompt))
    assert [chunk.finish for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert (await collect(engine, request)).ids == answer.ids


async def test_a_walk_of_several_frames_keeps_its_grammar_and_ends_by_itself(
    engine: VllmEngine,
) -> None:
    answer = await collect(engine, Request(await context(engine), 500, await walk(engine)))
    end = (await engine.open()).specials[Separator.FRAME.text]
    assert answer.finish is Finish.STOP
    assert answer.ids.count(end) == 3
    assert answer.ids[-1] == end
    text = "".join(answer.texts)
    assert [text.count(f"    n = {number}\n") for number in range(3)] == [1, 1, 1]
    assert await engine.decode(answer.ids) == text
    free = "".join(
        text for text, forced in zip(answer.texts, answer.forced, strict=True) if not forced
    )
    assert sum(map(str.isdigit, free)) == 6
    assert sum(answer.forced) > len(answer.ids) / 2


async def test_the_next_request_finds_its_prompt_cached(engine: VllmEngine) -> None:
    grammar = await walk(engine)
    prompt = await context(engine, 12)
    first = await collect(engine, Request(prompt, 500, grammar))
    second = await collect(engine, Request(prompt + first.ids, 500, grammar))
    assert second.prompt_tokens == len(prompt) + len(first.ids)
    assert second.cached_tokens > 0.9 * second.prompt_tokens


async def test_a_step_back_finds_half_of_its_prompt_cached(engine: VllmEngine) -> None:
    prompt = await context(engine, 13)
    await collect(engine, Request(prompt, 1))
    half = prompt[: len(prompt) // 2] + (prompt[-1],) * 40
    answer = await collect(engine, Request(half, 1))
    assert answer.cached_tokens > 0.4 * len(prompt)


async def test_separators_in_a_person_s_text_stay_text(engine: VllmEngine) -> None:
    specials = set((await engine.open()).specials.values())
    for text in (
        "x = '<|frame_sep|>'",
        "".join(separator.text for separator in SEPARATORS),
        "<|eot_id|><|pad|> <<|line_sep|>|>",
        "<|begin_of_text|",
    ):
        ids = await engine.encode(text)
        assert specials.isdisjoint(ids)
        assert all(token >= 4 for token in ids)  # nor the tokenizer's other special tokens
        assert await engine.decode(ids) == text


async def test_a_closed_stream_ends_the_request_at_the_engine(
    engine: VllmEngine, server: Server
) -> None:
    before = await server.written_when_idle()
    stream = engine.stream(Request(await context(engine), LONG))
    await anext(stream)
    await stream.aclose()
    assert 0 < await server.written_when_idle() - before < LONG


async def test_a_cancelled_task_ends_the_request_at_the_engine(
    engine: VllmEngine, server: Server
) -> None:
    before = await server.written_when_idle()
    prompt = await context(engine)
    begun = asyncio.Event()

    async def read() -> None:
        async for _ in engine.stream(Request(prompt, LONG)):
            begun.set()

    task = asyncio.create_task(read())
    await asyncio.wait_for(begun.wait(), 120)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 0 < await server.written_when_idle() - before < LONG


async def test_scores_of_an_answer_without_grammar_are_its_log_probabilities(
    engine: VllmEngine,
) -> None:
    prompt = await context(engine)
    answer = await collect(engine, Request(prompt, 8))
    scores = await engine.score(prompt + answer.ids, len(prompt))
    assert scores == pytest.approx(answer.logprobs, abs=0.01)


async def test_a_seed_makes_chance_repeatable(engine: VllmEngine) -> None:
    request = Request(await context(engine), 12, temperature=1.5, seed=3)
    assert (await collect(engine, request)).ids == (await collect(engine, request)).ids


async def test_stop_ids_end_an_answer_and_are_in_it(engine: VllmEngine) -> None:
    prompt = await context(engine)
    whole = await collect(engine, Request(prompt, 10))
    answer = await collect(engine, Request(prompt, 10, stop_ids=frozenset(whole.ids[4:5])))
    assert answer.ids == whole.ids[: whole.ids.index(whole.ids[4]) + 1]
    assert answer.finish is Finish.STOP


async def test_forced_ids_are_part_of_what_is_continued(engine: VllmEngine) -> None:
    prompt = await context(engine)
    plain = await collect(engine, Request(prompt, 5))
    forced = await collect(engine, Request(prompt[:-2], 5, forced=prompt[-2:]))
    assert plain.ids == forced.ids


async def test_prompts_and_texts_beyond_the_context_are_refused(engine: VllmEngine) -> None:
    prompt = await context(engine)
    long = (prompt * 4096)[:4096]
    with pytest.raises(PromptTooLong, match="4096"):
        await collect(engine, Request(long, 1))
    with pytest.raises(PromptTooLong, match="10000000 characters"):
        await engine.encode("x = 1 # " * 1_250_000)
    answer = await collect(engine, Request(long[:4090], 100))
    assert (len(answer.ids), answer.finish) == (6, Finish.LENGTH)


@pytest.mark.parametrize(
    "grammar",
    [
        "start: nothing\n",
        "start: (",
        'start: <[1000000]> "a"\n',
        "start: /(((a{1,500}){1,500}){1,500}){1,500}/\n",
    ],
)
async def test_a_hostile_grammar_costs_one_request_and_the_engine_lives(
    engine: VllmEngine, grammar: str
) -> None:
    prompt = await context(engine)
    with contextlib.suppress(EngineRefused):
        assert len((await collect(engine, Request(prompt, 20, grammar))).ids) <= 20
    assert len((await collect(engine, Request(prompt, 3))).ids) == 3


async def test_requests_with_a_priority_are_answered(engine: VllmEngine) -> None:
    prompt = await context(engine)
    answers = await asyncio.gather(
        *(collect(engine, Request(prompt, 5, priority=priority)) for priority in (9, 0, 1))
    )
    assert len({answer.ids for answer in answers}) == 1
