"""The shipped checkpoint, served by vLLM: the same trace, and all that an engine is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence

import httpx
import pytest
from tiny_vllm import tiny_vllm

from foreframe_models import catalog
from foreframe_models.dialects.compact_text import Place, head, write_frame
from foreframe_models.dialects.listing import Listing
from foreframe_models.engines.base import Request
from foreframe_models.engines.embedded import EmbeddedEngine
from foreframe_models.engines.vllm import VllmEngine
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_models.vocabulary import Vocabulary
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import Action, Direction, End, Event, Frame, Goal, Value

pytestmark = pytest.mark.vllm
SOURCE = "def f(a, b):\n    c = a + b\n    if c:\n        a = c\n    return a\n"
PROGRAM = Program.parse(SOURCE, "sum.py")
CALL = Entry("f", "1, 2")
CHECKPOINT = catalog.SHIPPED / "checkpoint"
TOKENS = 60
TIE = 1e-3  # nats between two tokens that either engine may prefer


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server; FOREFRAME_VLLM_SMALL_URL names one that runs already."""
    if running := os.environ.get("FOREFRAME_VLLM_SMALL_URL"):
        yield running
        return
    pytest.importorskip("vllm")
    with tiny_vllm(sys.executable, tmp_path_factory.mktemp("vllm"), CHECKPOINT, 2048) as (at, _):
        yield at


@pytest.fixture
async def model(url: str) -> AsyncIterator[WorldModel]:
    model = WorldModel(VllmEngine(url), max_frames=40)
    yield model
    await model.close()


def served_greedy(url: str, prompt: Sequence[int]) -> list[int]:
    """The tokens that the server thinks likeliest."""
    body = {
        "model": "cwm",
        "prompt": list(prompt),
        "max_tokens": TOKENS,
        "temperature": 0,
        "return_token_ids": True,
    }
    reply = httpx.post(f"{url}/v1/completions", json=body, timeout=120)
    return [int(token) for token in reply.raise_for_status().json()["choices"][0]["token_ids"]]


async def embedded_greedy(prompt: Sequence[int], end: int) -> list[int]:
    """The tokens that the exported model thinks likeliest, without a grammar."""
    engine = EmbeddedEngine(catalog.SHIPPED)
    ids: list[int] = []
    request = Request(tuple(prompt), TOKENS, stop_ids=frozenset({end}))
    async for chunk in engine.stream(request):
        ids += chunk.ids
    await engine.close()
    return ids


async def test_vllm_serves_the_shipped_checkpoint_and_writes_the_same_trace(url: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    vocabulary = Vocabulary.load(CHECKPOINT / "vocabulary.json")
    listing = Listing(SOURCE, vocabulary)
    call = Frame(Event.CALL, "f", 1, 1, SOURCE, {"a": Value("1"), "b": Value("2")})
    prompt = [*head(listing), *write_frame(listing, Place(), call)[0]]
    written = served_greedy(url, prompt)
    assert len(written) > 10
    shipped = await embedded_greedy(prompt, vocabulary.special["<end>"])
    # Each token of vLLM's is the likeliest in the checkpoint's own arithmetic, ties aside.
    model = AutoModelForCausalLM.from_pretrained(CHECKPOINT, dtype=torch.float32)
    with torch.no_grad():
        logits = model(torch.tensor([[*prompt, *written]])).logits[0, len(prompt) - 1 : -1]
    known = torch.log_softmax(logits, -1)
    gaps = known.max(-1).values - known.gather(-1, torch.tensor(written)[:, None])[:, 0]
    assert float(gaps.max()) < TIE, vocabulary.show(written)
    # The exported model may be quantised: where it first differs, the checkpoint hardly cared.
    differs = next(
        (i for i, (a, b) in enumerate(zip(written, shipped, strict=False)) if a != b), None
    )
    if differs is not None:
        assert float(known[differs, written[differs]] - known[differs, shipped[differs]]) < 0.5


async def test_the_engine_knows_the_served_checkpoint_and_its_text(model: WorldModel) -> None:
    dialect = await model.open()
    assert dialect.name == "compact"
    assert dialect.info.context_tokens == 2048
    vocabulary = Vocabulary.load(CHECKPOINT / "vocabulary.json")
    for text in ("['a b', -12.5]", "<line> <|x|> é日🎉\\n", ""):
        ids = await model.engine.encode(text)
        assert ids == vocabulary.value(text)
        assert await model.engine.decode(ids) == text


async def test_a_walk_through_vllm_is_a_legal_trace_with_confidences(model: WorldModel) -> None:
    trace = await model.start(PROGRAM, CALL)
    found = await model.predict(PROGRAM, trace, Goal(Action.STEP_OUT))
    assert found.end is End.FINISHED
    lines = [frame.line for frame in found.frames]
    assert lines in ([2, 3, 4, 5, 5], [2, 3, 5, 5])
    assert found.frames[-1].event is Event.RETURN
    assert [list(frame.locals or ()) for frame in found.frames[:2]] == [["a", "b"], ["a", "b", "c"]]
    told = found.frames[-1].value
    assert told is not None
    assert told.confidence is not None
    assert 0 < told.confidence <= 1


async def test_both_engines_say_the_same_where_they_are_sure(model: WorldModel) -> None:
    embedded = WorldModel(EmbeddedEngine(catalog.SHIPPED))
    over = Goal(Action.STEP_OVER)
    found = []
    for one in (model, embedded):
        first = await one.predict(PROGRAM, await one.start(PROGRAM, CALL), over)
        found.append((await one.predict(PROGRAM, first.trace, over)).frames[-1])
    await embedded.close()
    assert [frame.line for frame in found] == [3, 3]
    for name in ("a", "b"):
        assert {(frame.locals or {})[name].text for frame in found} == {
            (found[0].locals or {})[name].text
        }


async def test_jumps_and_ways_back_go_through_vllm_too(model: WorldModel) -> None:
    trace = await model.start(PROGRAM, CALL)
    jumped = await model.jump(PROGRAM, trace, Goal(Action.STEP_OUT))
    assert jumped.end is End.FINISHED
    assert jumped.frames[-1].line == 5
    step = await model.predict(PROGRAM, trace, Goal(Action.RUN_TO, lines=frozenset({(1, 3)})))
    root = model.begin(PROGRAM, step.trace.state)
    back = await model.predict(PROGRAM, root, Goal(Action.STEP_OVER, Direction.BACKWARD))
    assert back.frames[-1].line == 2
    assert list(back.frames[-1].locals or ()) == ["a", "b"]
