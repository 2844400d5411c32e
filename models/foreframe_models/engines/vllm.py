"""The engine behind HTTP: a vLLM server with CWM, or with a checkpoint of the small model."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import httpx

from foreframe_models.catalog import CWM
from foreframe_models.engines.base import (
    Chunk,
    Engine,
    EngineAborted,
    EngineError,
    EngineRefused,
    Finish,
    ModelInfo,
    PromptTooLong,
    Request,
    VocabularyMismatch,
)
from foreframe_models.engines.served_vocabulary import END, compact_specials
from foreframe_models.engines.vllm_connection import BROKEN, connect, lost
from foreframe_models.engines.vllm_replies import (
    Reply,
    read_error,
    read_event,
    read_ids,
    read_reply,
)
from foreframe_models.vocabulary import Vocabulary
from foreframe_protocol.trace_pieces import SEPARATORS, Separator

ANSWER_SECONDS = 120.0  # of silence: a long prompt on a busy server
CONNECT_TRIES = 3
RETRY_SECONDS = 0.2  # doubled with each try
MOST_EMPTY = 1000  # events without a token, in one answer
CACHED_TEXTS = 4096
TOKEN_CHARACTERS = 32  # per token: text beyond that many a token of the context cannot fit

# Text breaks here before it is tokenized, so that no special token's text is ever whole.
INSIDE_SPECIAL = re.compile(r"(?<=<)(?=\|)")

Body = Mapping[str, object] | None
Key = TypeVar("Key")
Kept = TypeVar("Kept")


class _Recent(OrderedDict[Key, Kept]):
    """The answers of late, by question."""

    def remember(self, key: Key, value: Kept) -> None:
        """Puts an entry at the young end, and drops the oldest beyond the limit."""
        self[key] = value
        self.move_to_end(key)
        if len(self) > CACHED_TEXTS:
            self.popitem(last=False)


class VllmEngine(Engine):
    """Speaks to vLLM's OpenAI-compatible server, token ids both ways.

    A key in the environment variable FOREFRAME_API_KEY is sent along. Log-probabilities under a
    grammar are those after masking. `transport` replaces the network, for tests.
    """

    name = "vllm"
    raw_logprobs = False

    def __init__(
        self,
        url: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.url = url.rstrip("/").removesuffix("/v1")
        self._transport = transport
        self._answer_seconds = answer_seconds
        self._client: httpx.AsyncClient | None = None
        self._info: ModelInfo | None = None
        self._specials: frozenset[int] = frozenset()
        self._others: dict[str, int | None] = {}  # special tokens that traces have no use for
        self._end_of_text = -1
        self._vocabulary: Vocabulary | None = None  # of a model that speaks the compact dialect
        self._priorities = True  # until the server says that it has none
        self._encoded: _Recent[str, tuple[int, ...]] = _Recent()
        self._decoded: _Recent[tuple[int, ...], str] = _Recent()
        self._opening = asyncio.Lock()

    async def open(self) -> ModelInfo:
        async with self._opening:
            if self._info is None:
                self._info = await self._look_up()
            return self._info

    async def _look_up(self) -> ModelInfo:
        """The served model, its dialect, and the ids of the separators in its vocabulary."""
        models = await self._json("GET", "/v1/models")
        try:
            served = models["data"][0]
            name, context = str(served["id"]), int(served["max_model_len"])
        except (LookupError, TypeError, ValueError) as error:
            raise EngineRefused(f"{self.url} does not say which model it serves") from error
        found = await asyncio.gather(*(self._tokenize(name, s.text) for s in SEPARATORS))
        specials = {
            s.text: ids[0] for s, ids in zip(SEPARATORS, found, strict=True) if len(ids) == 1
        }
        missing = [s.text for s in SEPARATORS if s.text not in specials]
        if not missing and len(set(specials.values())) == len(specials):
            dialect, end, self._vocabulary = "cwm", Separator.END_OF_TEXT.text, None
        else:
            there = f"{name} at {self.url}"
            compact = await compact_specials(there, partial(self._detokenize, name))
            if compact is None:
                raise VocabularyMismatch(
                    f"{there} does not write CWM's traces: "
                    f"{' '.join(missing) or 'its separators'} are not tokens of its vocabulary. "
                    f"Serve {CWM}, a model trained like it, or a checkpoint of Foreframe's own"
                )
            specials, dialect, end = dict(compact), "compact", END
            self._vocabulary = Vocabulary.standard()
        self._specials = frozenset(specials.values())
        self._end_of_text = specials[end]
        return ModelInfo(name, dialect, context, specials)

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        info = await self.open()
        prompt = request.prompt + request.forced
        room = info.context_tokens - len(prompt)
        if room < 1:
            raise PromptTooLong(
                f"a prompt of {len(prompt)} tokens does not fit the {info.context_tokens} that "
                f"{info.name} reads"
            )
        max_tokens = min(request.max_tokens, room)
        body = {
            "model": info.name,
            "prompt": prompt,
            "max_tokens": max_tokens,
            "temperature": request.temperature,
            "stop_token_ids": sorted(request.stop_ids),
            "skip_special_tokens": False,
            "return_token_ids": True,
            "logprobs": 2,  # the second one tells whether there was a choice
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.grammar is not None:
            body["structured_outputs"] = {"grammar": request.grammar}
        if request.seed is not None:
            body["seed"] = request.seed
        if request.priority and self._priorities:
            body["priority"] = request.priority
        async with self._post(body) as response:
            finish = None
            totals = Chunk()
            count = empty = 0
            events = self._events(response)
            while (event := await self._next(events)) is not None:
                chunk = read_event(
                    event, self.url, self._specials, masked=request.grammar is not None
                )
                finish = finish or chunk.finish
                if chunk.prompt_tokens:
                    totals = chunk
                if chunk.finish is Finish.STOP and request.grammar is not None:
                    chunk = self._without_end(chunk)
                count += len(chunk.ids)
                empty += not chunk.ids
                if count > max_tokens or empty > MOST_EMPTY:
                    raise EngineAborted(f"vLLM at {self.url} does not stop where it was told")
                if chunk.ids:
                    yield replace(chunk, finish=None)
        if finish is None:
            raise EngineAborted(f"vLLM at {self.url} ended its answer in the middle")
        yield Chunk(
            finish=finish, prompt_tokens=totals.prompt_tokens, cached_tokens=totals.cached_tokens
        )

    def _without_end(self, chunk: Chunk) -> Chunk:
        """vLLM ends an answer that its grammar accepts with an end-of-text token."""
        if chunk.ids[-1:] != (self._end_of_text,):
            return chunk
        return replace(
            chunk,
            ids=chunk.ids[:-1],
            texts=chunk.texts[:-1],
            logprobs=chunk.logprobs[:-1],
            forced=chunk.forced[:-1],
        )

    @contextlib.asynccontextmanager
    async def _post(self, body: dict[str, object]) -> AsyncIterator[httpx.Response]:
        """The response to a completion request, its status checked. Leaving closes it."""
        while True:
            response = await self._send("POST", "/v1/completions", body, stream=True)
            try:
                if response.status_code == 200:
                    yield response
                    return
                async with asyncio.timeout(self._answer_seconds):
                    told = await response.aread()
                error = read_error(response.status_code, told, self.url)
            except TimeoutError as late:
                raise lost(self.url, self._answer_seconds, httpx.ReadTimeout("no end")) from late
            except httpx.HTTPError as broken:
                raise lost(self.url, self._answer_seconds, broken) from broken
            finally:
                await response.aclose()
            if response.status_code == 404:
                self._info = None  # another model may be served there by now
            if "priority" not in str(error).lower() or body.pop("priority", None) is None:
                raise error
            self._priorities = False

    async def _next(self, events: AsyncIterator[Reply]) -> Reply | None:
        """The next event that tells something; None at the end. Raises EngineAborted.

        Comments and empty events do not count: a server may send them for ever.
        """
        try:
            async with asyncio.timeout(self._answer_seconds):
                async for event in events:
                    if event.get("choices") or "error" in event or event.get("usage"):
                        return event
        except TimeoutError as error:
            raise lost(self.url, self._answer_seconds, httpx.ReadTimeout("no event")) from error
        return None

    async def _events(self, response: httpx.Response) -> AsyncIterator[Reply]:
        """The events of a stream, as JSON objects."""
        try:
            async for line in response.aiter_lines():
                data = line.removeprefix("data:").strip()
                if data == "[DONE]":
                    return
                if data and line.startswith("data:"):
                    yield read_reply(data.encode(), self.url)
        except httpx.HTTPError as error:
            raise lost(self.url, self._answer_seconds, error) from error

    async def score(self, ids: tuple[int, ...], start: int) -> tuple[float, ...]:
        """Raw log-probabilities, whatever grammar wrote the tokens. The server recomputes all."""
        info = await self.open()
        if start < 1:
            raise EngineRefused("the first token has no probability: nothing stands before it")
        if len(ids) >= info.context_tokens:
            raise PromptTooLong(f"{len(ids)} tokens do not fit the {info.context_tokens} to score")
        body = {"model": info.name, "prompt": ids, "max_tokens": 1, "prompt_logprobs": 0}
        reply = await self._json("POST", "/v1/completions", body)
        try:
            told = reply["choices"][0]["prompt_logprobs"]
            return tuple(float(told[at][str(ids[at])]["logprob"]) for at in range(start, len(ids)))
        except (LookupError, TypeError, ValueError) as error:
            raise EngineRefused(
                f"vLLM at {self.url} gives no log-probabilities of prompts"
            ) from error

    async def special(self, text: str) -> int | None:
        info = await self.open()
        if text not in info.specials and text not in self._others:
            ids = await self._tokenize(info.name, text)
            self._others[text] = ids[0] if len(ids) == 1 else None
        return info.specials.get(text, self._others.get(text))

    async def encode(self, text: str) -> tuple[int, ...]:
        info = await self.open()
        if not text:
            return ()
        if len(text) > TOKEN_CHARACTERS * info.context_tokens:
            raise PromptTooLong(
                f"a text of {len(text)} characters cannot fit the {info.context_tokens} tokens "
                f"that {info.name} reads"
            )
        if self._vocabulary is not None:
            return self._vocabulary.value(text)
        ids = self._encoded.get(text)
        if ids is None:
            parts = INSIDE_SPECIAL.split(text)
            found = await asyncio.gather(*(self._tokenize(info.name, part) for part in parts))
            ids = tuple(token for part in found for token in part)
            if not self._specials.isdisjoint(ids):
                raise VocabularyMismatch(
                    f"{info.name} reads a separator in plain text: its tokenizer is not CWM's"
                )
        self._encoded.remember(text, ids)
        return ids

    async def decode(self, ids: tuple[int, ...]) -> str:
        info = await self.open()
        plain = tuple(token for token in ids if token not in self._specials)
        if not plain:
            return ""
        if self._vocabulary is not None:
            return self._vocabulary.decode(plain)
        text = self._decoded.get(plain)
        if text is None:
            text = await self._detokenize(info.name, plain)
        self._decoded.remember(plain, text)
        return text

    async def _detokenize(self, model: str, ids: Sequence[int]) -> str:
        """The text that the server's tokenizer has for ids, special tokens included."""
        body = {"model": model, "tokens": list(ids)}
        return str((await self._json("POST", "/detokenize", body)).get("prompt", ""))

    async def _tokenize(self, model: str, text: str) -> tuple[int, ...]:
        """Token ids as the server's tokenizer sees `text`, special tokens' texts included."""
        body = {"model": model, "prompt": text, "add_special_tokens": False}
        return read_ids((await self._json("POST", "/tokenize", body)).get("tokens"), self.url)

    async def health(self) -> str:
        try:
            response = await self._send("GET", "/health")
            if response.status_code != 200:
                return str(read_error(response.status_code, response.content, self.url))
            await self.open()
        except EngineError as error:
            return str(error)
        return ""

    async def close(self) -> None:
        client, self._client, self._info = self._client, None, None
        if client is not None:
            await client.aclose()

    async def _json(self, method: str, path: str, body: Body = None) -> Reply:
        response = await self._send(method, path, body)
        if response.status_code != 200:
            raise read_error(response.status_code, response.content, self.url)
        return read_reply(response.content, self.url)

    async def _send(
        self,
        method: str,
        path: str,
        body: Body = None,
        *,
        stream: bool = False,
    ) -> httpx.Response:
        """Sends a request; again when the connection broke before any of the answer came.

        Nothing here changes anything at the server, so asking twice is safe. Raises EngineError.
        """
        if self._client is None:
            self._client = connect(self.url, self._answer_seconds, self._transport)
        content = None if body is None else json.dumps(body).encode("utf-8", "replace")
        for attempt in range(CONNECT_TRIES):
            request = self._client.build_request(method, path, content=content)
            try:
                async with asyncio.timeout(self._answer_seconds):  # however slowly it drips
                    return await self._client.send(request, stream=stream)
            except TimeoutError as error:
                raise lost(
                    self.url, self._answer_seconds, httpx.ReadTimeout("no answer")
                ) from error
            except BROKEN as error:
                if attempt + 1 == CONNECT_TRIES:
                    raise lost(self.url, self._answer_seconds, error) from error
                await asyncio.sleep(RETRY_SECONDS * 2**attempt)
            except (httpx.HTTPError, httpx.InvalidURL, RuntimeError) as error:
                raise lost(self.url, self._answer_seconds, error) from error
        raise AssertionError("the last try returns or raises")
