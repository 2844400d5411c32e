"""The embedded engine on the model that ships: caches, grammars, priorities, ends and errors."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from foreframe_models import catalog
from foreframe_models.engines.base import (
    Chunk,
    EngineAborted,
    EngineRefused,
    Finish,
    PromptTooLong,
    Request,
    WeightsMissing,
)
from foreframe_models.engines.embedded import EmbeddedEngine
from foreframe_models.engines.onnx_model import FIRST_CAPACITY, Branches, OnnxModel, common_prefix
from foreframe_models.engines.worker import joined
from foreframe_models.vocabulary import Vocabulary

VOCABULARY = Vocabulary.load(catalog.SHIPPED / "vocabulary.json")
DIGITS = [VOCABULARY.plain[digit] for digit in "0123456789"]
EQUALS, END, LINE = (VOCABULARY.special[name] for name in ("<=>", "<;>", "<line>"))
PROMPT = (VOCABULARY.special["<bos>"], *VOCABULARY.value("[1, 2, 'three'] + xs"))
DIGIT = f"<[{','.join(map(str, DIGITS))}]>"


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return OnnxModel(catalog.SHIPPED, threads=1)


@pytest.fixture
async def engine() -> AsyncIterator[EmbeddedEngine]:
    engine = EmbeddedEngine(catalog.SHIPPED, threads=1)
    yield engine
    await engine.close()


async def collect(engine: EmbeddedEngine, request: Request) -> Chunk:
    """All chunks of a stream put together."""
    return joined([chunk async for chunk in engine.stream(request)])


# The model and its caches


def test_a_branch_fed_in_pieces_gives_what_it_gives_in_one(model: OnnxModel) -> None:
    ids = [*PROMPT] * 40
    whole = Branches(model, budget=1 << 30, keep=6).take(()).feed(ids)
    branch = Branches(model, budget=1 << 30, keep=6).take(())
    at = 0
    for size in (1, 7, 300, len(ids)):
        pieces = branch.feed(ids[at : at + size])
        np.testing.assert_allclose(pieces, whole[at : at + size], atol=1e-2)
        at += size
    assert branch.ids == ids


def test_a_branch_rewound_and_a_fork_go_on_as_if_nothing_had_been_there(model: OnnxModel) -> None:
    branches = Branches(model, budget=1 << 30, keep=6)
    branch = branches.take(())
    branch.feed([*PROMPT, *DIGITS])
    twin = branch.fork(len(PROMPT))
    branch.rewind(len(PROMPT))
    fresh = branches.take(())
    expected = fresh.feed([*PROMPT, EQUALS])[-1]
    np.testing.assert_allclose(branch.feed([EQUALS])[-1], expected, atol=1e-2)
    np.testing.assert_allclose(twin.feed([EQUALS])[-1], expected, atol=1e-2)


def test_the_branch_that_shares_most_is_taken_and_one_with_a_long_tail_is_kept(
    model: OnnxModel,
) -> None:
    branches = Branches(model, budget=1 << 30, keep=6)
    short, long = branches.take(()), branches.take(())
    short.feed([1, 2, 3])
    long.feed([1, 2, 3, 4, *DIGITS])
    branches.give(short)
    branches.give(long)
    twin = branches.take([1, 2, 3, 4, 99], spare=5)
    assert twin is not long
    assert twin.ids == [1, 2, 3, 4]
    assert branches.take([1, 2, 3, 4, 99], spare=50) is long
    assert long.ids == [1, 2, 3, 4]
    assert branches.take([9]).ids == []


def test_a_branch_in_use_is_forked_and_left_alone(model: OnnxModel) -> None:
    branches = Branches(model, budget=1 << 30, keep=6)
    used = branches.take(())
    used.feed([1, 2, 3, 4])
    twin = branches.take([1, 2, 3, 9])
    assert twin.ids == [1, 2, 3]
    assert used.ids == [1, 2, 3, 4]


def test_branches_stay_within_their_budget(model: OnnxModel) -> None:
    branches = Branches(model, budget=3 * FIRST_CAPACITY * model.metadata.token_bytes, keep=6)
    for first in range(1, 6):
        branch = branches.take([first])
        branch.feed([first])
        branches.give(branch)
    assert [len(branches.take([first, 0])) for first in range(1, 6)] == [0, 0, 1, 1, 1]


def test_no_more_branches_are_kept_than_there_are_prompts(model: OnnxModel) -> None:
    branches = Branches(model, budget=1 << 30, keep=2)
    for first in range(1, 5):
        branch = branches.take([first])
        branch.feed([first])
        branches.give(branch)
    assert [len(branches.take([first, 0])) for first in range(1, 5)] == [0, 0, 1, 1]


async def test_each_of_many_sessions_finds_its_prompt_again() -> None:
    engine = EmbeddedEngine(catalog.SHIPPED, threads=1, sessions=20)
    prompts = [(number, *PROMPT, number) for number in range(1, 21)]
    for prompt in prompts:
        await collect(engine, Request(prompt, 1))
    again = [await collect(engine, Request((*prompt, EQUALS), 1)) for prompt in prompts]
    assert [chunk.cached_tokens for chunk in again] == [len(prompt) for prompt in prompts]
    await engine.close()


@pytest.mark.parametrize(
    ("first", "second", "length"), [([], [1], 0), ([1], [1], 1), ([1, 2, 3], [1, 2, 4, 5], 2)]
)
def test_common_prefix(first: list[int], second: list[int], length: int) -> None:
    assert common_prefix(first, second) == common_prefix(second, first) == length


# Answers


async def test_an_answer_repeats_itself_and_its_prompt_is_cached_the_second_time(
    engine: EmbeddedEngine,
) -> None:
    request = Request(PROMPT * 10, 40)
    first, second = await collect(engine, request), await collect(engine, request)
    assert first.ids == second.ids
    assert len(first.ids) == 40
    assert first.finish is Finish.LENGTH
    assert first.logprobs == pytest.approx(second.logprobs, abs=0.05)
    assert (first.prompt_tokens, first.cached_tokens) == (len(request.prompt), 0)
    assert second.cached_tokens == len(request.prompt) - 1
    assert "".join(first.texts) == await engine.decode(first.ids)


async def test_a_grammar_is_kept_and_its_end_ends_the_answer(engine: EmbeddedEngine) -> None:
    grammar = f"start: <[{LINE}]> n <[{EQUALS}]> n <[{END}]>\nn: {DIGIT} {DIGIT}\n"
    answer = await collect(engine, Request(PROMPT, 100, grammar))
    assert answer.finish is Finish.STOP
    assert len(answer.ids) == 7
    assert [answer.ids[at] for at in (0, 3, 6)] == [LINE, EQUALS, END]
    assert set(answer.ids) - {LINE, EQUALS, END} <= set(DIGITS)
    assert answer.forced == (True, False, False, True, False, False, True)
    free = [
        value for value, forced in zip(answer.logprobs, answer.forced, strict=True) if not forced
    ]
    assert all(value is not None and value < 0 for value in free)
    assert [answer.logprobs[at] for at in (0, 3, 6)] == [None] * 3


async def test_log_probabilities_under_a_grammar_are_shares_of_what_it_allows(
    engine: EmbeddedEngine,
) -> None:
    masked = await collect(engine, Request(PROMPT, 1, f"start: {DIGIT}\n"))
    scored = {d: (await engine.score((*PROMPT, d), len(PROMPT)))[0] for d in DIGITS}
    share = math.exp(scored[masked.ids[0]]) / sum(map(math.exp, scored.values()))
    assert masked.logprobs[0] is not None
    assert math.exp(masked.logprobs[0]) == pytest.approx(share, abs=0.01)


async def test_scores_are_those_of_generating(engine: EmbeddedEngine) -> None:
    answer = await collect(engine, Request(PROMPT, 300))
    scores = await engine.score(PROMPT + answer.ids, len(PROMPT))
    assert scores == pytest.approx(answer.logprobs, abs=0.1)
    with pytest.raises(EngineRefused, match="first token"):
        await engine.score(PROMPT, 0)


async def test_forced_ids_are_fed_after_the_prompt(engine: EmbeddedEngine) -> None:
    plain = await collect(engine, Request((*PROMPT, LINE), 5))
    forced = await collect(engine, Request(PROMPT, 5, forced=(LINE,)))
    assert plain.ids == forced.ids


async def test_a_stop_id_ends_an_answer_and_is_in_it(engine: EmbeddedEngine) -> None:
    whole = await collect(engine, Request(PROMPT, 20))
    answer = await collect(engine, Request(PROMPT, 20, stop_ids=frozenset(whole.ids[3:4])))
    assert answer.ids == whole.ids[: whole.ids.index(whole.ids[3]) + 1]
    assert answer.finish is Finish.STOP


async def test_a_seed_makes_chance_repeatable(engine: EmbeddedEngine) -> None:
    request = Request(PROMPT, 30, temperature=5.0, seed=7)
    await collect(engine, request)  # with its prompt cached, sums are rounded in another order
    first, again = await collect(engine, request), await collect(engine, request)
    other = await collect(engine, Request(PROMPT, 30, temperature=5.0, seed=8))
    assert first.ids == again.ids != other.ids


async def test_an_answer_ends_at_the_model_s_context(engine: EmbeddedEngine) -> None:
    context = (await engine.open()).context_tokens
    prompt = (PROMPT * context)[: context - 3]
    answer = await collect(engine, Request(prompt, 50))
    assert (len(answer.ids), answer.finish) == (3, Finish.LENGTH)
    with pytest.raises(PromptTooLong, match=f"of {context} tokens does not fit"):
        await collect(engine, Request((PROMPT * context)[:context], 1))


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request((), 1), "empty prompt"),
        (Request((10**6,), 1), "outside of 0"),
        (Request(PROMPT, 1, "start: nothing\n"), "unknown name"),
        (Request(PROMPT, 1, "start: <[99999]>\n"), "too large"),
    ],
)
async def test_a_wrong_request_is_refused_and_the_engine_lives(
    engine: EmbeddedEngine, request_: Request, message: str
) -> None:
    with pytest.raises(EngineRefused, match=message):
        await collect(engine, request_)
    assert len((await collect(engine, Request(PROMPT, 2))).ids) == 2


async def test_a_chain_of_rules_that_overflows_a_common_stack_is_walked(
    engine: EmbeddedEngine,
) -> None:
    rules = (f"r{n}: r{n + 1} <[{EQUALS}]>" for n in range(6000))
    grammar = "\n".join(("start: r0", *rules, f"r6000: <[{END}]>", ""))
    context = (await engine.open()).context_tokens
    answer = await collect(engine, Request(PROMPT, 100_000, grammar))
    assert answer.ids[0] == END
    assert len(answer.ids) == min(6001, context - len(PROMPT))
    assert all(answer.forced)


# Streams beside each other, and their ends


async def test_a_closed_stream_ends_and_gives_its_cache_back(engine: EmbeddedEngine) -> None:
    stream = engine.stream(Request(PROMPT, 1000))
    first = await anext(stream)
    await stream.aclose()
    answer = await collect(engine, Request(PROMPT + first.ids, 3))
    assert answer.cached_tokens >= len(PROMPT)


async def test_an_urgent_request_overtakes_one_under_way(engine: EmbeddedEngine) -> None:
    ended: list[str] = []
    slow_started = asyncio.Event()

    async def slow() -> None:
        async for _ in engine.stream(Request(PROMPT, 600, priority=5)):
            slow_started.set()
        ended.append("slow")

    async def urgent() -> None:
        await slow_started.wait()
        await collect(engine, Request(PROMPT, 5))
        ended.append("urgent")

    await asyncio.gather(slow(), urgent())
    assert ended == ["urgent", "slow"]


async def test_requests_of_one_priority_do_not_disturb_each_other(engine: EmbeddedEngine) -> None:
    requests = [Request((*PROMPT, digit), 20) for digit in DIGITS[:4]]
    alone = [(await collect(engine, request)).ids for request in requests]
    together = await asyncio.gather(*(collect(engine, request) for request in requests))
    assert [answer.ids for answer in together] == alone


async def test_closing_the_engine_aborts_its_streams_and_opening_starts_it_again(
    engine: EmbeddedEngine,
) -> None:
    stream = engine.stream(Request(PROMPT, 5000))
    await anext(stream)
    await engine.close()
    with pytest.raises(EngineAborted, match="closed"):
        async for _ in stream:
            pass
    assert await engine.health() == ""
    assert len((await collect(engine, Request(PROMPT, 2))).ids) == 2


# Folders without a model


async def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "none")
    with pytest.raises(WeightsMissing, match="no embedded model at"):
        await engine.open()
    assert "no embedded model" in await engine.health()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("model.json", "{", "is damaged"),
        ("model.json", '{"name": "x"}', "is damaged"),
        ("model.onnx", "no graph", "cannot be loaded"),
        ("vocabulary.json", "{}", "cannot be read"),
        ("vocabulary.json", None, "cannot be read"),
    ],
)
async def test_a_damaged_model_folder_is_named(
    tmp_path: Path, file: str, content: str | None, message: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(catalog.SHIPPED, folder)
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(content)
    with pytest.raises(WeightsMissing, match=message):
        await EmbeddedEngine(folder).open()


def test_the_model_that_ships_says_what_it_is(model: OnnxModel) -> None:
    written = json.loads((catalog.SHIPPED / "model.json").read_text())
    assert written["dialect"] == "compact"
    assert model.metadata.vocabulary_size == len(VOCABULARY)
    assert math.isfinite(model.metadata.parameters)
