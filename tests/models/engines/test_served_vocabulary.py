"""A server with a checkpoint of the small model: known by the texts that its tokenizer decodes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import httpx
import pytest

from foreframe_models.dialects import open_dialect
from foreframe_models.dialects.compact import CompactDialect
from foreframe_models.engines.base import Request, VocabularyMismatch
from foreframe_models.engines.served_vocabulary import read_specials
from foreframe_models.engines.vllm import VllmEngine
from foreframe_models.engines.worker import joined
from foreframe_models.vocabulary import Vocabulary

VOCABULARY = Vocabulary.standard()


class Server:
    """Answers as vLLM does with a checkpoint that has these tokens."""

    def __init__(self, tokens: Sequence[str] = VOCABULARY.tokens) -> None:
        self.tokens = tokens
        self.paths: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content or b"{}")
        self.paths.append(request.url.path)
        match request.url.path:
            case "/v1/models":
                reply: dict[str, object] = {"data": [{"id": "small", "max_model_len": 2048}]}
            case "/tokenize":
                reply = {"tokens": [VOCABULARY.plain[c] for c in body["prompt"]]}
            case "/detokenize":
                if max(body["tokens"]) >= len(self.tokens):
                    return httpx.Response(400, json={"error": {"message": "out of vocabulary"}})
                reply = {"prompt": "".join(self.tokens[i] for i in body["tokens"])}
            case _:
                ids = [VOCABULARY.plain["x"], VOCABULARY.special["<end>"]]
                said = {
                    "tokens": ["x", "<end>"],
                    "token_logprobs": [-0.5, -0.1],
                    "top_logprobs": [{"x": -0.5, "y": -1.0}] * 2,
                }
                choice = {"token_ids": ids, "logprobs": said, "finish_reason": "stop"}
                text = f"data: {json.dumps({'choices': [choice]})}\n\ndata: [DONE]\n\n"
                return httpx.Response(200, content=text)
        return httpx.Response(200, json=reply)

    def engine(self) -> VllmEngine:
        """An engine that asks this server."""
        return VllmEngine("http://vllm.test", transport=httpx.MockTransport(self))


async def test_a_checkpoint_of_the_small_model_speaks_its_dialect() -> None:
    engine = Server().engine()
    info = await engine.open()
    assert (info.name, info.dialect, info.context_tokens) == ("small", "compact", 2048)
    assert info.specials == VOCABULARY.special
    assert isinstance(open_dialect(engine, info), CompactDialect)


async def test_its_text_is_written_and_read_without_asking_the_server() -> None:
    server = Server()
    engine = server.engine()
    await engine.open()
    asked = len(server.paths)
    ids = await engine.encode("['ab', 12] <line>")
    assert ids == VOCABULARY.value("['ab', 12] <line>")
    assert not any(map(VOCABULARY.is_special, ids))
    assert await engine.decode((VOCABULARY.special["<line>"], *ids)) == "['ab', 12] <line>"
    assert len(server.paths) == asked


async def test_the_end_that_a_grammar_leaves_open_is_no_part_of_an_answer() -> None:
    engine = Server().engine()
    request = Request((1, 2), 8, grammar="start: <[700]>")
    found = joined([chunk async for chunk in engine.stream(request)])
    assert found.ids == (VOCABULARY.plain["x"],)


async def test_an_older_checkpoint_whose_spare_tokens_have_a_use_by_now_is_served() -> None:
    tokens = [t.replace("<p15>", "<spare15>") for t in VOCABULARY.tokens]
    engine = Server(tokens).engine()
    info = await engine.open()
    assert info.dialect == "compact"
    assert isinstance(open_dialect(engine, info), CompactDialect)


@pytest.mark.parametrize("change", [("append", "attend"), ("inventory", "inventing")])
async def test_other_plain_tokens_are_a_mismatch(change: tuple[str, str]) -> None:
    tokens = [change[1] if t == change[0] else t for t in VOCABULARY.tokens]
    with pytest.raises(VocabularyMismatch, match="another vocabulary than this version's"):
        await Server(tokens).engine().open()


@pytest.mark.parametrize("tokens", [VOCABULARY.tokens[:300], ["a"] * 2000, ["<pad>", "<s>"] * 900])
async def test_another_model_does_not_pass_for_it(tokens: Sequence[str]) -> None:
    with pytest.raises(VocabularyMismatch, match="does not write CWM's traces"):
        await Server(tokens).engine().open()


def test_spaces_that_a_server_puts_between_special_tokens_do_not_matter() -> None:
    texts = list(VOCABULARY.special)
    assert read_specials(" ".join(texts)) == VOCABULARY.special
