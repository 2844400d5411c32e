"""The vLLM engine against a server made of answers: requests, errors, retries, odd replies."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from foreframe_models.engines.base import (
    Chunk,
    EngineAborted,
    EngineError,
    EngineOutOfMemory,
    EngineRefused,
    EngineUnreachable,
    Finish,
    PromptTooLong,
    Request,
    VocabularyMismatch,
)
from foreframe_models.engines.vllm import VllmEngine
from foreframe_models.engines.worker import joined
from foreframe_protocol.trace_pieces import SEPARATORS, Separator

SPECIALS = {separator.text: 500 + number for number, separator in enumerate(SEPARATORS)}
END = SPECIALS[Separator.END_OF_TEXT.text]
LINE = SPECIALS[Separator.LINE.text]
URL = "http://vllm.test"

Answer = httpx.Response | Exception


class Server:
    """Answers as vLLM does; `completions` are its next answers to completion requests."""

    def __init__(self, *completions: Answer) -> None:
        self.completions: Iterator[Answer] = iter(completions)
        self.routes: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
            "/health": lambda _: httpx.Response(200),
            "/v1/models": lambda _: httpx.Response(
                200, json={"data": [{"id": "cwm", "max_model_len": 100}]}
            ),
            "/tokenize": lambda body: httpx.Response(
                200, json={"tokens": self.tokenize(body["prompt"])}
            ),
            "/detokenize": lambda body: httpx.Response(
                200, json={"prompt": "".join(map(chr, body["tokens"]))}
            ),
            "/v1/completions": lambda _: next(self.completions),
        }
        self.requests: list[tuple[str, Mapping[str, Any]]] = []
        self.headers: list[httpx.Headers] = []

    @staticmethod
    def tokenize(text: str) -> list[int]:
        """Bytes, but the text of a special token is one id."""
        return [SPECIALS[text]] if text in SPECIALS else list(text.encode())

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content or b"{}")
        self.requests.append((request.url.path, body))
        self.headers.append(request.headers)
        answer = self.routes[request.url.path](body)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def engine(self, url: str = URL) -> VllmEngine:
        """An engine that asks this server."""
        return VllmEngine(url, transport=httpx.MockTransport(self))

    def asked(self, path: str) -> list[Mapping[str, Any]]:
        """The bodies of the requests to one path."""
        return [body for asked, body in self.requests if asked == path]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foreframe_models.engines.vllm.RETRY_SECONDS", 0.0)
    monkeypatch.delenv("FOREFRAME_API_KEY", raising=False)


def event(
    ids: list[int], finish: str | None = None, *, only: bool = False, **extra: object
) -> dict[str, object]:
    """One event of a stream; `only`: the grammar left no choice."""
    top = {"x": 0.0, "y": -9999.0} if only else {"x": -0.5, "y": -1.0}
    said = {
        "tokens": [f"t{token}" for token in ids],
        "token_logprobs": [0.0 if only else -0.5] * len(ids),
        "top_logprobs": [top] * len(ids),
    }
    choice = {"token_ids": ids, "logprobs": said, "finish_reason": finish, **extra}
    return {"choices": [choice]}


USAGE = {
    "choices": [],
    "usage": {"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2}},
}


def stream(*events: Mapping[str, object], done: bool = True) -> httpx.Response:
    """A response of server-sent events."""
    lines = [f"data: {json.dumps(item)}\n\n" for item in events]
    return httpx.Response(200, content="".join([*lines, "data: [DONE]\n\n"] if done else lines))


def refusal(status: int, message: str, **fields: object) -> httpx.Response:
    """An error as vLLM words it."""
    return httpx.Response(status, json={"error": {"message": message, **fields}})


async def collect(engine: VllmEngine, request: Request) -> Chunk:
    """All chunks of a stream put together."""
    return joined([chunk async for chunk in engine.stream(request)])


# What is sent, and what is made of the answer


async def test_a_request_carries_all_that_vllm_needs() -> None:
    server = Server(stream(event([7], "stop"), USAGE))
    request = Request(
        (1, 2), 500, "start: <[7]>\n", (3,), frozenset({9, 8}), temperature=0.5, seed=4, priority=6
    )
    await collect(server.engine(), request)
    assert server.asked("/v1/completions") == [
        {
            "model": "cwm",
            "prompt": [1, 2, 3],
            "max_tokens": 97,
            "temperature": 0.5,
            "stop_token_ids": [8, 9],
            "skip_special_tokens": False,
            "return_token_ids": True,
            "logprobs": 2,
            "stream": True,
            "stream_options": {"include_usage": True},
            "structured_outputs": {"grammar": "start: <[7]>\n"},
            "seed": 4,
            "priority": 6,
        }
    ]


async def test_an_answer_is_told_with_texts_forced_tokens_and_totals() -> None:
    server = Server(
        stream(event([LINE], only=True), event([65, 66]), event([67, END], "stop"), USAGE)
    )
    answer = await collect(server.engine(), Request((1, 2, 3), 50, "start: x\n"))
    assert answer == Chunk(
        ids=(LINE, 65, 66, 67),
        texts=("", "t65", "t66", "t67"),
        logprobs=(None, -0.5, -0.5, -0.5),
        forced=(True, False, False, False),
        finish=Finish.STOP,
        prompt_tokens=3,
        cached_tokens=2,
    )


async def test_without_a_grammar_nothing_is_forced_and_an_end_of_text_is_told() -> None:
    server = Server(stream(event([65], only=True), event([END], "stop"), USAGE))
    answer = await collect(server.engine(), Request((1,), 50))
    assert answer.ids == (65, END)
    assert answer.forced == (False, False)
    assert answer.logprobs == (0.0, -0.5)


async def test_text_is_split_inside_every_special_token_and_remembered() -> None:
    server = Server()
    engine = server.engine()
    text = f"a{Separator.FRAME.text}b<|x"
    assert await engine.encode(text) == tuple(text.encode())
    asked = [body["prompt"] for body in server.asked("/tokenize")[len(SEPARATORS) :]]
    assert asked == ["a<", "|frame_sep|>b<", "|x"]
    await engine.encode(text)
    assert len(server.asked("/tokenize")) == len(SEPARATORS) + 3
    assert await engine.encode("") == ()
    with pytest.raises(PromptTooLong, match="4000 characters"):
        await engine.encode("abcd" * 1000)


async def test_decoding_leaves_special_tokens_out_and_remembers() -> None:
    server = Server()
    engine = server.engine()
    assert await engine.decode((LINE, 104, 105, LINE)) == "hi"
    assert await engine.decode((104, 105)) == "hi"
    assert await engine.decode((LINE,)) == ""
    assert [body["tokens"] for body in server.asked("/detokenize")] == [[104, 105]]


async def test_scores_are_read_from_the_prompt_s_log_probabilities() -> None:
    told = [None, {"5": {"logprob": -1.5}}, {"6": {"logprob": -2.5}}]
    server = Server(httpx.Response(200, json={"choices": [{"prompt_logprobs": told}]}))
    engine = server.engine()
    assert await engine.score((4, 5, 6), 1) == (-1.5, -2.5)
    with pytest.raises(EngineRefused, match="first token"):
        await engine.score((4,), 0)


async def test_a_key_from_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOREFRAME_API_KEY", "secret")
    server = Server()
    await server.engine(URL + "/v1/").open()
    assert {headers["authorization"] for headers in server.headers} == {"Bearer secret"}


async def test_a_server_without_priorities_is_asked_without_them_from_then_on() -> None:
    server = Server(
        refusal(400, "Got priority 5 but Priority scheduling is not enabled."),
        stream(event([1], "stop"), USAGE),
        stream(event([2], "stop"), USAGE),
    )
    engine = server.engine()
    assert (await collect(engine, Request((1,), 5, priority=5))).ids == (1,)
    assert (await collect(engine, Request((1,), 5, priority=5))).ids == (2,)
    assert ["priority" in body for body in server.asked("/v1/completions")] == [True, False, False]


# Errors


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refusal(400, "exceeds", param="input_tokens"), PromptTooLong, "exceeds"),
        (refusal(400, "Grammar error: unknown name"), EngineRefused, "refused .* unknown name"),
        (refusal(401, "Unauthorized"), EngineRefused, "FOREFRAME_API_KEY"),
        (refusal(404, "The model `cwm` does not exist"), EngineRefused, "does not exist"),
        (httpx.Response(404, json={"detail": "Not Found"}), EngineRefused, "Not Found"),
        (refusal(500, "CUDA out of memory. Tried"), EngineOutOfMemory, "ran out of memory"),
        (httpx.Response(500, text="Internal Server Error"), EngineRefused, "Internal Server"),
        (httpx.Response(503, text=""), EngineUnreachable, r"not ready \(503\): no reason"),
        (httpx.Response(200, text="data: hello\n\n"), EngineRefused, "does not speak like vLLM"),
        (stream({"error": {"message": "too long", "param": "input_tokens"}}), PromptTooLong, "too"),
        (stream({"error": {"message": "bad", "code": 400}}), EngineRefused, "refused"),
        (stream({"error": {"message": "EngineCore died"}}), EngineAborted, "EngineCore died"),
        (stream({"error": "CUDA out of memory"}), EngineOutOfMemory, "out of memory"),
        (stream(event([1], "abort")), EngineAborted, "abort"),
        (stream(event([1])), EngineAborted, "in the middle"),
        (stream(event([1]), done=False), EngineAborted, "in the middle"),
        (stream({"choices": [{"token_ids": [1], "logprobs": None}]}), EngineAborted, "0 texts"),
        (httpx.ReadTimeout("slow"), EngineAborted, "silent for 120 s"),
        (httpx.DecodingError("compressed"), EngineAborted, "broke"),
    ],
)
async def test_each_trouble_is_one_clear_error_and_the_next_request_works(
    answer: Answer, kind: type[EngineError], words: str
) -> None:
    server = Server(answer, stream(event([65], "stop"), USAGE))
    engine = server.engine()
    with pytest.raises(EngineError, match=words) as raised:
        await collect(engine, Request((1,), 5, "start: x\n"))
    assert type(raised.value) is kind
    assert (await collect(engine, Request((1,), 5))).ids == (65,)


async def test_a_connection_that_breaks_in_mid_answer_aborts_it_without_another_try() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield f"data: {json.dumps(event([65]))}\n\n".encode()
        raise httpx.RemoteProtocolError("peer closed connection")

    server = Server(httpx.Response(200, content=broken()))
    engine = server.engine()
    got: list[int] = []

    async def read() -> None:
        async for chunk in engine.stream(Request((1,), 5)):
            got.extend(chunk.ids)

    with pytest.raises(EngineAborted, match="broke"):
        await read()
    assert got == [65]
    assert len(server.asked("/v1/completions")) == 1


async def test_a_connection_that_breaks_before_the_answer_is_tried_again() -> None:
    server = Server(
        httpx.RemoteProtocolError("server disconnected"),
        httpx.ConnectError("refused"),
        stream(event([65], "stop"), USAGE),
    )
    assert (await collect(server.engine(), Request((1,), 5))).ids == (65,)


@pytest.mark.parametrize("kind", [httpx.ReadError, httpx.WriteError, httpx.ConnectTimeout])
async def test_what_breaks_before_any_of_an_answer_has_come_is_asked_again(
    kind: type[httpx.TransportError],
) -> None:
    server = Server(kind("reset"), stream(event([65], "stop"), USAGE))
    assert (await collect(server.engine(), Request((1,), 5))).ids == (65,)


async def test_a_server_that_is_not_there_is_unreachable_and_tried_again_by_the_next_request() -> (
    None
):
    server = Server(stream(event([65], "stop"), USAGE))
    models = server.routes["/v1/models"]
    health = server.routes["/health"]
    down: Callable[[Mapping[str, Any]], Answer] = lambda _: httpx.ConnectError("refused")  # noqa: E731
    server.routes["/v1/models"] = server.routes["/health"] = down
    engine = server.engine()
    with pytest.raises(EngineUnreachable, match=r"nothing answers at http://vllm\.test"):
        await collect(engine, Request((1,), 5))
    assert "nothing answers" in await engine.health()
    server.routes |= {"/v1/models": models, "/health": health}
    assert await engine.health() == ""
    assert (await collect(engine, Request((1,), 5))).ids == (65,)


async def test_a_prompt_beyond_the_context_is_not_even_sent() -> None:
    server = Server()
    with pytest.raises(PromptTooLong, match="100 tokens does not fit"):
        await collect(server.engine(), Request((1,) * 100, 5))
    assert server.asked("/v1/completions") == []


async def test_a_vocabulary_without_separators_is_a_mismatch_that_names_them() -> None:
    server = Server()
    server.routes["/tokenize"] = lambda body: httpx.Response(
        200, json={"tokens": list(body["prompt"].encode())}
    )
    with pytest.raises(VocabularyMismatch, match=r"<\|frame_sep\|> .* not tokens"):
        await server.engine().open()


async def test_separators_that_are_one_unknown_token_are_a_mismatch() -> None:
    server = Server()
    server.routes["/tokenize"] = lambda _: httpx.Response(200, json={"tokens": [0]})
    with pytest.raises(VocabularyMismatch, match="its separators are not tokens"):
        await server.engine().open()


@pytest.mark.parametrize("models", [{}, {"data": []}, {"data": [{"id": "x"}]}])
async def test_a_server_that_is_no_vllm_is_refused(models: dict[str, object]) -> None:
    server = Server()
    server.routes["/v1/models"] = lambda _: httpx.Response(200, json=models)
    with pytest.raises(EngineRefused, match="which model it serves"):
        await server.engine().open()


async def test_another_model_at_the_same_address_is_looked_up_after_its_refusal() -> None:
    server = Server(refusal(404, "no such model"), stream(event([65], "stop"), USAGE))
    engine = server.engine()
    with pytest.raises(EngineRefused):
        await collect(engine, Request((1,), 5))
    server.routes["/v1/models"] = lambda _: httpx.Response(
        200, json={"data": [{"id": "new", "max_model_len": 50}]}
    )
    await collect(engine, Request((1,), 5))
    assert server.asked("/v1/completions")[-1]["model"] == "new"


@pytest.mark.parametrize("url", ["http://host:port", "http://\0"])
async def test_an_address_that_is_none_is_unreachable(url: str) -> None:
    with pytest.raises(EngineUnreachable, match="is no address"):
        await VllmEngine(url).open()


async def test_a_closed_engine_opens_again() -> None:
    server = Server(stream(event([65], "stop"), USAGE))
    engine = server.engine()
    await engine.open()
    await engine.close()
    assert (await collect(engine, Request((1,), 5))).ids == (65,)
