"""What a vLLM server says, read: events of a stream, and errors in the words for a person."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from foreframe_models.engines.base import (
    Chunk,
    EngineAborted,
    EngineError,
    EngineOutOfMemory,
    EngineRefused,
    EngineUnreachable,
    Finish,
    PromptTooLong,
)

API_KEY = "FOREFRAME_API_KEY"
MOST_ID = 1 << 24  # no vocabulary is larger
LEAST_CERTAIN = 0.01  # above it, a logarithm is of no probability; rounding gives less
MOST_WORDS = 500  # characters of a server's own words
BANNED = -9000.0  # a masked token's log-probability is sent as -9999

Reply = Mapping[str, Any]


def read_reply(body: bytes, url: str) -> Reply:
    """A JSON object. Raises EngineRefused when it is none."""
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError):
        reply = None
    if not isinstance(reply, dict):
        raise EngineRefused(
            f"what answers at {url} does not speak like vLLM: is it another server?"
        )
    return reply


def read_error(status: int, body: bytes, url: str) -> EngineError:
    """The error that an HTTP status and its body mean."""
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError):
        reply = {}
    error = reply.get("error", reply) if isinstance(reply, dict) else {}
    if not isinstance(error, dict):
        error = {"message": error}
    words = str(
        error.get("message") or error.get("detail") or body[:200].decode("utf-8", "replace")
    )
    words = words.strip().split("\n", 1)[0][:MOST_WORDS] or "no reason given"
    if error.get("param") == "input_tokens" or "maximum context length" in words:
        return PromptTooLong(words)
    if "out of memory" in words.lower() or "OutOfMemory" in words:
        return EngineOutOfMemory(f"vLLM at {url} ran out of memory: {words}")
    match status:
        case 401 | 403:
            return EngineRefused(
                f"vLLM at {url} wants an API key: set {API_KEY} in the environment ({words})"
            )
        case 404:
            return EngineRefused(f"{url} is no vLLM server, or has another model by now: {words}")
        case 502 | 503 | 504:
            return EngineUnreachable(f"vLLM at {url} is not ready ({status}): {words}")
        case 400 | 422:
            return EngineRefused(f"vLLM refused the request: {words}")
        case _:
            return EngineRefused(f"vLLM at {url} failed on the request ({status}): {words}")


def read_event(event: Reply, url: str, specials: frozenset[int], *, masked: bool) -> Chunk:
    """One event of a completion stream. `masked`: the request has a grammar.

    Raises EngineError for an event that tells of an error, or is none.
    """
    try:
        return _read_event(event, url, specials, masked=masked)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise EngineAborted(
            f"vLLM at {url} sent what is no event: {json.dumps(event)[:200]}"
        ) from error


def read_ids(told: object, url: str) -> tuple[int, ...]:
    """Token ids. Raises EngineRefused for what are none."""
    if not isinstance(told, list) or not all(is_id(token) for token in told):
        raise EngineRefused(f"{url} has no tokenizer to ask: is it a vLLM server?")
    return tuple(told)


def is_id(told: object) -> bool:
    """Whether it can be a token's id."""
    return type(told) is int and 0 <= told < MOST_ID


def _read_event(event: Reply, url: str, specials: frozenset[int], *, masked: bool) -> Chunk:
    if "error" in event:
        raw = event["error"]
        status = raw.get("code") if isinstance(raw, dict) else None
        error = read_error(
            status if isinstance(status, int) else 0, json.dumps(event).encode(), url
        )
        if type(error) is EngineRefused and status not in (400, 422):
            raise EngineAborted(f"vLLM ended the answer: {error}")
        raise error
    usage = event.get("usage") or {}
    details = usage.get("prompt_tokens_details") or {}
    totals = int(usage.get("prompt_tokens") or 0), int(details.get("cached_tokens") or 0)
    if not event.get("choices"):
        return Chunk(prompt_tokens=totals[0], cached_tokens=totals[1])
    choice = event["choices"][0]
    ids = tuple(choice.get("token_ids") or ())
    said = choice.get("logprobs") or {}
    tops = said.get("top_logprobs") or ()
    only = tuple(masked and at < len(tops) and _only_choice(tops[at]) for at in range(len(ids)))
    values = tuple(said.get("token_logprobs") or ())[: len(ids)]
    texts = tuple(said.get("tokens") or ())[: len(ids)]
    if len(values) != len(ids) or len(texts) != len(ids):
        raise EngineAborted(f"vLLM at {url} sent {len(ids)} tokens and {len(texts)} texts")
    if not all(map(is_id, ids)) or not all(isinstance(text, str) for text in texts):
        raise ValueError("no ids, or no texts")
    values = tuple(value if value is None else _logprob(value) for value in values)
    return Chunk(
        ids=ids,
        texts=tuple(
            "" if token in specials else text for token, text in zip(ids, texts, strict=True)
        ),
        logprobs=tuple(
            None if forced else value for value, forced in zip(values, only, strict=True)
        ),
        forced=only,
        finish=_finish(choice.get("finish_reason"), url),
        prompt_tokens=totals[0],
        cached_tokens=totals[1],
    )


def _logprob(told: float) -> float:
    """A log-probability. Raises ValueError and TypeError for what is none."""
    value = float(told)
    if math.isnan(value) or value > LEAST_CERTAIN:
        raise ValueError(f"{told} is no log-probability")
    return min(value, 0.0)


def _only_choice(top: Mapping[str, float] | None) -> bool:
    """Whether the likeliest other token is one that the grammar bans."""
    return top is not None and len(top) > 1 and min(top.values()) < BANNED


def _finish(reason: str | None, url: str) -> Finish | None:
    match reason:
        case None:
            return None
        case "stop":
            return Finish.STOP
        case "length":
            return Finish.LENGTH
        case _:
            raise EngineAborted(f"vLLM at {url} ended the request: {reason}")
