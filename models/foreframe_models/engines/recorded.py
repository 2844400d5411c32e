"""The engine that replays answers from a list or a file, and the one that writes such files.

A recording is JSON lines. The first may be `{"model": {...}}`, the fields of ModelInfo; then come
exchanges, `{"answer": ...}` with any field of Exchange, and `{"text": ..., "ids": [...]}`, what
the recorded model's own tokenizer said. Without a model it is a CWM whose tokens are single bytes
and the separators, so that answers can be written as CWM's trace text.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from foreframe_models.engines import base
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
    WeightsMissing,
)
from foreframe_protocol.trace_pieces import SEPARATORS, Separator, parse_text

if TYPE_CHECKING:
    from foreframe_models.engines.constraint import Constraint, GrammarVocabulary

BYTE_SPECIALS: Mapping[str, int] = {s.text: 256 + n for n, s in enumerate(SEPARATORS)}
BYTE_MODEL = ModelInfo("recorded", "cwm", 131_072, BYTE_SPECIALS)
EOS = BYTE_SPECIALS[Separator.END_OF_TEXT.text]


def byte_ids(text: str) -> tuple[int, ...]:
    """CWM text → ids of the byte vocabulary; separators written in it are separators."""
    ids: list[int] = []
    for piece in parse_text(text):
        if isinstance(piece, Separator):
            ids.append(BYTE_SPECIALS[piece.text])
        else:
            ids += piece.encode()
    return tuple(ids)


def byte_text(ids: Iterable[int]) -> str:
    """Plain text of ids of the byte vocabulary, special tokens left out."""
    return bytes(i for i in ids if i < 256).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request's answer.

    `answer` and `prompt` are token ids, or CWM text for the byte vocabulary. An exchange answers
    only requests whose prompt starts with `prompt`; None: any. `error` is raised after the answer,
    as `EngineAborted: its message`; `delay` is in seconds, before the first token. `chunk_tokens`
    is how many tokens come at once.
    """

    answer: str | tuple[int, ...] = ()
    prompt: str | tuple[int, ...] | None = None
    texts: tuple[str, ...] = ()
    logprobs: tuple[float | None, ...] = ()
    forced: tuple[bool, ...] = ()
    finish: Finish = Finish.STOP
    cached_tokens: int = 0
    error: str = ""
    delay: float = 0.0
    chunk_tokens: int = 16

    def answers(self, prompt: tuple[int, ...]) -> bool:
        """Whether this exchange may answer a request with that prompt."""
        wanted = _ids(self.prompt) if self.prompt is not None else ()
        return prompt[: len(wanted)] == wanted


def _ids(tokens: str | Sequence[int]) -> tuple[int, ...]:
    return byte_ids(tokens) if isinstance(tokens, str) else tuple(tokens)


class RecordedEngine(Engine):
    """Answers each request with the first exchange not used yet that fits its prompt.

    `check_grammar` compiles each request's grammar, refuses an answer that it does not allow, ends
    the answer where the grammar ends and marks forced tokens; without it grammars are not looked
    at. `failures` are raised instead of an answer, by the request's number from 0; `open_failure`
    by `open` and told by `health` until it is set to None. `requests` is all that was asked.
    """

    name = "recorded"
    raw_logprobs = True

    def __init__(
        self,
        exchanges: Iterable[Exchange],
        *,
        model: ModelInfo = BYTE_MODEL,
        texts: Mapping[str, tuple[int, ...]] | None = None,
        check_grammar: bool = False,
        failures: Mapping[int, EngineError] | None = None,
        open_failure: EngineError | None = None,
    ) -> None:
        self._exchanges = list(exchanges)
        self._model = model
        self._encoded = dict(texts or {})
        self._decoded = {ids: text for text, ids in self._encoded.items()}
        self._check_grammar = check_grammar
        self._grammars: GrammarVocabulary | None = None
        self.failures = dict(failures or {})
        self.open_failure = open_failure
        self.requests: list[Request] = []

    @classmethod
    def load(cls, path: Path, *, check_grammar: bool = False) -> RecordedEngine:
        """Reads a recording. Raises WeightsMissing when there is none or it is damaged."""
        model, exchanges, texts = BYTE_MODEL, [], {}
        try:
            for line in path.read_text(encoding="utf-8").splitlines():
                if not line.strip():
                    continue
                entry = json.loads(line)
                if "model" in entry:
                    model = ModelInfo(**entry["model"])
                elif "ids" in entry:
                    texts[entry["text"]] = tuple(entry["ids"])
                else:
                    exchanges.append(_exchange(entry))
        except OSError as error:
            raise WeightsMissing(f"no recording at {path}: {error.strerror}") from error
        except (ValueError, TypeError, KeyError) as error:
            raise WeightsMissing(f"{path} is no recording of an engine: {error}") from error
        return cls(exchanges, model=model, texts=texts, check_grammar=check_grammar)

    async def open(self) -> ModelInfo:
        if self.open_failure is not None:
            raise self.open_failure
        return self._model

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        number = len(self.requests)
        self.requests.append(request)
        if number in self.failures:
            raise self.failures[number]
        prompt = request.prompt + request.forced
        if len(prompt) >= self._model.context_tokens:
            raise PromptTooLong(
                f"a prompt of {len(prompt)} tokens does not fit {self._model.context_tokens}"
            )
        exchange = self._next(prompt, number)
        await asyncio.sleep(exchange.delay)
        answer = self._answer(exchange, request)
        for start in range(0, len(answer.ids), exchange.chunk_tokens):
            part = slice(start, start + exchange.chunk_tokens)
            await asyncio.sleep(0)
            yield dataclasses.replace(
                answer,
                ids=answer.ids[part],
                texts=answer.texts[part],
                logprobs=answer.logprobs[part],
                forced=answer.forced[part],
                finish=None,
            )
        if exchange.error:
            raise _error(exchange.error)
        yield Chunk(
            finish=answer.finish,
            prompt_tokens=len(prompt),
            cached_tokens=exchange.cached_tokens,
        )

    def _next(self, prompt: tuple[int, ...], number: int) -> Exchange:
        for index, exchange in enumerate(self._exchanges):
            if exchange.answers(prompt):
                return self._exchanges.pop(index)
        raise EngineAborted(
            f"the recording has no answer left for request {number} "
            f"with its prompt of {len(prompt)} tokens"
        )

    def _answer(self, exchange: Exchange, request: Request) -> Chunk:
        """The whole answer as one chunk, ended where the request ends it."""
        ids = _ids(exchange.answer)
        forced, finish = exchange.forced or (False,) * len(ids), exchange.finish
        if self._check_grammar and request.grammar is not None:
            forced = tuple(self._follow(self._constraint(request.grammar), ids))
            ids = ids[: len(forced)]
        for place, token in enumerate(ids):
            if token in request.stop_ids:
                ids, finish = ids[: place + 1], Finish.STOP
                break
        if len(ids) > request.max_tokens:
            ids, finish = ids[: request.max_tokens], Finish.LENGTH
        texts = exchange.texts or tuple(self._text(token) for token in ids)
        logprobs = exchange.logprobs or (None,) * len(ids)
        return Chunk(ids, texts[: len(ids)], logprobs[: len(ids)], forced[: len(ids)], finish)

    def _follow(self, constraint: Constraint, ids: tuple[int, ...]) -> Iterable[bool]:
        """Whether each token was forced, as far as the grammar goes. Raises EngineAborted."""
        must: list[int] = []
        for place, token in enumerate(ids):
            if constraint.finished:
                return
            must = must or constraint.forced()
            yield bool(must)
            if not constraint.allowed()[token]:
                raise EngineAborted(
                    f"token {place} of the recorded answer, {self._text(token) or token!r}, is "
                    f"against the request's grammar, after {byte_text(ids[:place])[-40:]!r}"
                )
            constraint.advance([token])
            must = must[1:]

    def _constraint(self, grammar: str) -> Constraint:
        if self._grammars is None:
            from foreframe_models.engines.constraint import GrammarVocabulary

            size = max(self._model.specials.values(), default=255) + 1
            if self._model.specials == BYTE_SPECIALS:
                names = {i: s for s, i in BYTE_SPECIALS.items()}
                tokens = [bytes([i]) if i < 256 else names[i].encode() for i in range(size)]
                self._grammars = GrammarVocabulary(tokens, range(256, size), EOS, list)
            else:
                raise EngineRefused("grammars are checked for recordings in bytes only")
        return self._grammars.constraint(grammar)

    def _text(self, token: int) -> str:
        if (token,) in self._decoded:
            return self._decoded[token,]
        return byte_text((token,)) if self._model.specials == BYTE_SPECIALS else ""

    async def encode(self, text: str) -> tuple[int, ...]:
        return self._encoded.get(text) or tuple(text.encode())

    async def decode(self, ids: tuple[int, ...]) -> str:
        return self._decoded.get(ids) or byte_text(ids)

    async def health(self) -> str:
        return "" if self.open_failure is None else str(self.open_failure)

    async def close(self) -> None:
        """Holds nothing."""


class Recording(Engine):
    """Another engine, with every exchange written to a file that RecordedEngine reads."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self.engine, self.path = engine, path
        self.name, self.raw_logprobs = engine.name, engine.raw_logprobs
        self._file = path.open("w", encoding="utf-8")
        self._opened = False

    async def open(self) -> ModelInfo:
        model = await self.engine.open()
        if not self._opened:
            self._opened = True
            fields = dataclasses.asdict(dataclasses.replace(model, specials=dict(model.specials)))
            self._write({"model": fields})
        return model

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        parts: list[Chunk] = []
        error = ""
        stream = self.engine.stream(request)
        try:
            async for chunk in stream:
                parts.append(chunk)
                yield chunk
        except EngineError as failure:
            error = f"{type(failure).__name__}: {failure}"
            raise
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()
            last = parts[-1] if parts else Chunk()
            exchange = Exchange(
                answer=tuple(i for part in parts for i in part.ids),
                prompt=request.prompt + request.forced,
                texts=tuple(text for part in parts for text in part.texts),
                logprobs=tuple(value for part in parts for value in part.logprobs),
                forced=tuple(value for part in parts for value in part.forced),
                finish=last.finish or Finish.LENGTH,
                cached_tokens=last.cached_tokens,
                error=error,
            )
            self._write(dataclasses.asdict(exchange))

    async def encode(self, text: str) -> tuple[int, ...]:
        ids = await self.engine.encode(text)
        self._write({"text": text, "ids": ids})
        return ids

    async def decode(self, ids: tuple[int, ...]) -> str:
        text = await self.engine.decode(ids)
        self._write({"text": text, "ids": ids})
        return text

    async def score(self, ids: tuple[int, ...], start: int) -> tuple[float, ...]:
        return await self.engine.score(ids, start)

    async def health(self) -> str:
        return await self.engine.health()

    async def close(self) -> None:
        self._file.close()
        await self.engine.close()

    def _write(self, entry: Mapping[str, object]) -> None:
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self._file.flush()


def _exchange(entry: Mapping[str, object]) -> Exchange:
    """One line of a recording. Raises TypeError or ValueError when it is none."""
    names = {field.name for field in dataclasses.fields(Exchange)}
    if unknown := set(entry) - names:
        raise ValueError(f"unknown field {min(unknown)!r}")
    fields = {
        name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()
    }
    exchange = Exchange(**fields)  # type: ignore[arg-type]
    return dataclasses.replace(exchange, finish=Finish(exchange.finish))


def _error(text: str) -> EngineError:
    """`EngineAborted: message` → the error. Raises ValueError for a name that is no error's."""
    name, _, message = text.partition(":")
    kind = getattr(base, name.strip(), None)
    if not (isinstance(kind, type) and issubclass(kind, EngineError)):
        raise ValueError(f"{name!r} in a recording is no engine error")
    return kind(message.strip())
