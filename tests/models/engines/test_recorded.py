"""The recorded engine: replays, obeys grammars when asked to, fails and waits when told to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from foreframe_models.engines import open_engine
from foreframe_models.engines.base import (
    Chunk,
    Engine,
    EngineAborted,
    EngineUnreachable,
    Finish,
    PromptTooLong,
    Request,
    WeightsMissing,
)
from foreframe_models.engines.recorded import (
    BYTE_SPECIALS,
    Exchange,
    RecordedEngine,
    Recording,
    byte_ids,
)

LINE, ACTION, FRAME = (
    BYTE_SPECIALS[f"<|{name}|>"] for name in ("line_sep", "action_sep", "frame_sep")
)
FRAME_TEXT = '<|line_sep|>{"x": "1"}<|action_sep|>    y = "é"\n<|frame_sep|>'
GRAMMAR = rf"""
start: <[{LINE}]> "{{\"x\": \"" V "\"}}" <[{ACTION}]> "    y = \"é\"\n" <[{FRAME}]>
V: /[0-9]+/
"""


async def collect(engine: Engine, request: Request) -> Chunk:
    """All chunks of a stream put together."""
    chunks = [chunk async for chunk in engine.stream(request)]
    return Chunk(
        tuple(i for chunk in chunks for i in chunk.ids),
        tuple(text for chunk in chunks for text in chunk.texts),
        tuple(value for chunk in chunks for value in chunk.logprobs),
        tuple(value for chunk in chunks for value in chunk.forced),
        chunks[-1].finish,
        chunks[-1].prompt_tokens,
        chunks[-1].cached_tokens,
    )


async def gather(engine: Engine, request: Request, ids: list[int]) -> None:
    """Puts a stream's ids into `ids` as they come."""
    async for chunk in engine.stream(request):
        ids += chunk.ids


async def test_an_answer_written_as_trace_text_comes_as_separators_and_bytes() -> None:
    engine = RecordedEngine([Exchange(FRAME_TEXT)])
    answer = await collect(engine, Request(byte_ids("<|begin_of_text|>x"), 1000))
    assert answer.ids[0] == LINE
    assert answer.ids[-1] == FRAME
    assert answer.texts[0] == ""
    assert await engine.decode(answer.ids) == '{"x": "1"}    y = "é"\n'
    assert (answer.finish, answer.prompt_tokens) == (Finish.STOP, 2)
    assert len(answer.ids) == len(answer.texts) == len(answer.logprobs) == len(answer.forced)


async def test_plain_text_never_becomes_a_separator() -> None:
    ids = await RecordedEngine([]).encode("<|frame_sep|>")
    assert max(ids) < 256


async def test_exchanges_are_found_by_their_prompt_and_used_once() -> None:
    engine = RecordedEngine([Exchange("b", prompt="second"), Exchange("a"), Exchange("c")])
    answers = [
        await collect(engine, Request(byte_ids(prompt), 10)) for prompt in ("x", "second y", "z")
    ]
    assert [bytes(answer.ids) for answer in answers] == [b"a", b"b", b"c"]
    with pytest.raises(EngineAborted, match="no answer left for request 3"):
        await collect(engine, Request((), 10))


async def test_a_checked_answer_is_cut_where_its_grammar_ends_and_marks_forced_tokens() -> None:
    engine = RecordedEngine([Exchange(FRAME_TEXT * 2)], check_grammar=True)
    answer = await collect(engine, Request((1,), 1000, GRAMMAR))
    assert answer.ids == byte_ids(FRAME_TEXT)
    free = [text for text, forced in zip(answer.texts, answer.forced, strict=True) if not forced]
    assert "".join(free).startswith("1")
    assert len(free) <= 2


async def test_a_checked_answer_against_the_grammar_is_refused() -> None:
    wrong = FRAME_TEXT.replace("1", "1a")
    engine = RecordedEngine([Exchange(wrong)], check_grammar=True)
    with pytest.raises(EngineAborted, match="'a', is against the request's grammar"):
        await collect(engine, Request((1,), 1000, GRAMMAR))


async def test_limits_and_stop_ids_end_an_answer() -> None:
    engine = RecordedEngine([Exchange("abcdef"), Exchange("abcdef")])
    assert (await collect(engine, Request((1,), 3))).finish is Finish.LENGTH
    answer = await collect(engine, Request((1,), 9, stop_ids=frozenset(b"c")))
    assert (answer.ids, answer.finish) == (tuple(b"abc"), Finish.STOP)
    with pytest.raises(PromptTooLong):
        await collect(engine, Request((1,) * 200_000, 1))


async def test_failures_come_by_number_by_exchange_and_at_opening() -> None:
    engine = RecordedEngine(
        [Exchange("ab", error="EngineAborted: it died")],
        failures={0: EngineUnreachable("nothing there")},
        open_failure=EngineUnreachable("down"),
    )
    with pytest.raises(EngineUnreachable, match="down"):
        await engine.open()
    assert await engine.health() == "down"
    engine.open_failure = None
    assert (await engine.open()).dialect == "cwm"
    assert await engine.health() == ""
    with pytest.raises(EngineUnreachable, match="nothing there"):
        await collect(engine, Request((1,), 9))
    got: list[int] = []
    with pytest.raises(EngineAborted, match="it died"):
        await gather(engine, Request((2,), 9), got)
    assert bytes(got) == b"ab"
    assert [request.prompt for request in engine.requests] == [(1,), (2,)]


async def test_a_recording_of_an_engine_replays_it(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    engine = Recording(
        RecordedEngine([Exchange(FRAME_TEXT, cached_tokens=7, logprobs=(-0.5,) * 100)]), path
    )
    await engine.open()
    assert await engine.encode("é") == tuple("é".encode())
    first = await collect(engine, Request(byte_ids("prompt"), 1000))
    await engine.close()
    replay = open_engine(f"recorded:{path}")
    assert (await replay.open()).specials == BYTE_SPECIALS
    assert await collect(replay, Request(byte_ids("prompt"), 1000)) == first
    assert await replay.encode("é") == tuple("é".encode())


@pytest.mark.parametrize("text", ["{", '{"answer": "a", "what": 1}', '{"finish": "perhaps"}'])
def test_a_damaged_recording_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "damaged.jsonl"
    path.write_text(text)
    with pytest.raises(WeightsMissing, match=r"damaged\.jsonl is no recording"):
        RecordedEngine.load(path)
    with pytest.raises(WeightsMissing, match="no recording at"):
        RecordedEngine.load(tmp_path / "none")


@pytest.mark.parametrize("spec", ["", "recorded", "auto:x", "http:", "ftp://x", "cwm"])
def test_an_unknown_engine_is_a_value_error_that_names_the_known_ones(spec: str) -> None:
    with pytest.raises(ValueError, match="expected auto"):
        open_engine(spec)


def test_naming_the_embedded_engine_loads_none_of_the_libraries_that_run_it() -> None:
    code = (
        "import sys, foreframe_models.engines as e; e.open_engine('embedded'); "
        "print([m for m in ('onnxruntime', 'llguidance', 'numpy') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
