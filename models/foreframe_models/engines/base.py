"""The one interface to what runs a language model: one streaming method, ids in and ids out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from foreframe_models.confidence import Scales
from foreframe_protocol.states import Prediction


class EngineError(Exception):
    """Engine trouble, told to a person: what is wrong and what to do.

    EngineError
    ├── EngineUnreachable      1001  nothing answers at the address
    ├── VocabularyMismatch     1002  the served model lacks the trace separators
    ├── PromptTooLong          1003  prompt does not fit the model's context
    ├── EngineOutOfMemory      1004
    ├── EngineAborted          1005  the engine ended the request, or died in the middle
    ├── EngineRefused          1006  the engine called the request wrong (grammar, parameters, key)
    ├── WeightsMissing         1007  no such model on disk, or a damaged one
    ├── CannotJump             1020  no jump that this model, or any, can make
    ├── NoPast                 1030  nothing can have led there (in `dialects/way_back.py`)
    └── CannotRetell           1040  the model has no chat format (in `retelling.py`)
    """

    code = 1000
    partial: Prediction | None = None  # what a prediction had finished when the engine failed


class EngineUnreachable(EngineError):
    code = 1001


class VocabularyMismatch(EngineError):
    code = 1002


class PromptTooLong(EngineError):
    code = 1003


class EngineOutOfMemory(EngineError):
    code = 1004


class EngineAborted(EngineError):
    code = 1005


class EngineRefused(EngineError):
    code = 1006


class WeightsMissing(EngineError):
    code = 1007


class CannotJump(EngineError):
    code = 1020


class Finish(StrEnum):
    """Why a stream ended."""

    STOP = "stop"  # the grammar accepted, or a stop id came
    LENGTH = "length"  # max_tokens, or the model's context


@dataclass(frozen=True, slots=True)
class Request:
    """What an engine is asked for.

    `prompt` and `forced` are token ids; forced ids come right after the prompt, are fed and not
    generated. `grammar` is a lark grammar for llguidance whose acceptance ends the request; it
    covers what follows prompt and forced ids. Lower `priority` is earlier (a person's step is 0,
    prefetching is above).
    """

    prompt: tuple[int, ...]
    max_tokens: int
    grammar: str | None = None
    forced: tuple[int, ...] = ()
    stop_ids: frozenset[int] = frozenset()
    temperature: float = 0.0
    seed: int | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """Tokens as they come: parallel tuples.

    `texts` are the tokens' own texts, so that a reader need not ask for them: "" for special
    tokens, U+FFFD in it where a token is only a part of a character.
    `logprobs` are natural logarithms, raw (before any mask) where the engine's `raw_logprobs` says
    so; None where there is none (a forced token). `forced` marks what the grammar left no choice
    about. The last chunk of a stream has `finish` and the totals.
    """

    ids: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()
    logprobs: tuple[float | None, ...] = ()
    forced: tuple[bool, ...] = ()
    finish: Finish | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What an engine serves. `specials` maps the text of each special token to its id.

    `scales`: how its confidences are to be told, by kind (see `confidence.py`).
    """

    name: str
    dialect: str  # "cwm" or "compact"
    context_tokens: int
    specials: Mapping[str, int] = field(default_factory=dict)
    scales: Scales = field(default_factory=dict)


class Engine(ABC):
    """Runs a language model. Every method may be cancelled; a cancelled stream stops the engine."""

    name: str
    raw_logprobs: bool = False

    @abstractmethod
    async def open(self) -> ModelInfo:
        """Connects or loads, once; later calls return the same. Raises EngineError."""

    @abstractmethod
    def stream(self, request: Request) -> AsyncIterator[Chunk]:
        """Generates after the prompt. Closing the iterator ends the request at the engine."""

    @abstractmethod
    async def encode(self, text: str) -> tuple[int, ...]:
        """Token ids of plain text: no separators come out of it, whatever it contains."""

    @abstractmethod
    async def decode(self, ids: tuple[int, ...]) -> str:
        """The text of token ids, special tokens left out."""

    async def special(self, text: str) -> int | None:
        """The id of a special token by its text; None where the model has no such token."""
        return (await self.open()).specials.get(text)

    async def score(self, ids: tuple[int, ...], start: int) -> tuple[float, ...]:
        """Raw log-probabilities of ids[start:], each given all before it. Optional."""
        raise EngineRefused(f"the {self.name} engine cannot score tokens")

    @abstractmethod
    async def health(self) -> str:
        """Empty when all is well, else one sentence for a person. Never raises EngineError."""

    @abstractmethod
    async def close(self) -> None:
        """Frees what `open` took. Streams under way end with EngineAborted."""
