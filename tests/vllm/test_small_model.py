"""The shipped checkpoint, served by vLLM, writes the trace that the embedded engine writes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tiny_vllm import tiny_vllm

from foreframe_models import catalog
from foreframe_models.dialects.compact_text import Place, head, write_frame
from foreframe_models.dialects.listing import Listing
from foreframe_models.engines.base import Request
from foreframe_models.engines.embedded import EmbeddedEngine
from foreframe_models.vocabulary import Vocabulary
from foreframe_protocol.states import Event, Frame, Value

pytestmark = pytest.mark.vllm
SOURCE = "def f(a, b):\n    c = a + b\n    if c:\n        a = c\n    return a\n"
TOKENS = 60
TIE = 1e-3  # nats between two tokens that either engine may prefer


@contextmanager
def served_at(checkpoint: Path, folder: Path) -> Iterator[str]:
    """The address of a server; FOREFRAME_VLLM_SMALL_URL names one that runs already."""
    if url := os.environ.get("FOREFRAME_VLLM_SMALL_URL"):
        yield url
        return
    with tiny_vllm(sys.executable, folder, checkpoint, 2048) as (url, _):
        yield url


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


async def test_vllm_serves_the_shipped_checkpoint_and_writes_the_same_trace(tmp_path: Path) -> None:
    pytest.importorskip("vllm")
    import torch
    from transformers import AutoModelForCausalLM

    checkpoint = catalog.SHIPPED / "checkpoint"
    vocabulary = Vocabulary.load(checkpoint / "vocabulary.json")
    listing = Listing(SOURCE, vocabulary)
    call = Frame(Event.CALL, "f", 1, 1, SOURCE, {"a": Value("1"), "b": Value("2")})
    prompt = [*head(listing), *write_frame(listing, Place(), call)[0]]
    with served_at(checkpoint, tmp_path) as url:
        written = served_greedy(url, prompt)
    assert len(written) > 10
    shipped = await embedded_greedy(prompt, vocabulary.special["<end>"])
    # Each token of vLLM's is the likeliest in the checkpoint's own arithmetic, ties aside.
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
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
