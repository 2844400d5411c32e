"""Candidates for several holes, put together from those for each. Pure."""

from __future__ import annotations

import ast
import itertools
from dataclasses import replace

from foreframe.candidates import Candidate
from foreframe.combining import Combination
from foreframe.guesses import guesses
from foreframe.holes import Hole
from foreframe_models.program.syntax import parse


def guessed(hole: Hole, seen: set[str]) -> list[Candidate]:
    """Guesses from what is in scope, each once."""
    texts = [text for text in guesses(hole) if is_new(text, seen) and hole.knows(text)]
    return [Candidate((text,), "scope", order=order) for order, text in enumerate(texts)]


def is_new(text: str, seen: set[str]) -> bool:
    """Whether a text is Python, and none of the same syntax tree has come before."""
    try:
        key = ast.dump(parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if key in seen:
        return False
    seen.add(key)
    return True


def left_open(one: Combination, lists: list[list[Candidate]], most: int) -> list[Candidate]:
    """What a search cannot tell of, with texts for the holes that it did not come to."""
    chosen = [
        [answer for answer in answers if text in (None, answer.texts[0])]
        for text, answers in zip(one.texts, lists, strict=True)
    ]
    return [joined(parts) for parts in nearest(chosen, most)]


def candidate_of(one: Combination, lists: list[list[Candidate]]) -> Candidate:
    """What a search has found; where no run comes to a hole, its likeliest text."""
    parts = [
        next(answer for answer in answers if text in (None, answer.texts[0]))
        for text, answers in zip(one.texts, lists, strict=True)
    ]
    return replace(joined(tuple(parts)), evidence=one.evidence)


def nearest(lists: list[list[Candidate]], most: int) -> list[tuple[Candidate, ...]]:
    """Combinations, those of the first answers first, at most `most`."""
    depth = 1
    while depth ** len(lists) < most and depth < max(map(len, lists), default=0):
        depth += 1
    short = [list(enumerate(answers[:depth])) for answers in lists]
    ways = sorted(itertools.product(*short), key=lambda way: sum(at for at, _ in way))
    return [tuple(candidate for _, candidate in way) for way in ways[:most]]


def joined(parts: tuple[Candidate, ...]) -> Candidate:
    """One candidate for several holes."""
    known = [part.logprob for part in parts if part.logprob is not None]
    origins = {part.origin for part in parts}
    origin = next((one for one in ("scope", "form") if one in origins), "model")
    logprob = sum(known) if len(known) == len(parts) else None
    texts = tuple(part.texts[0] for part in parts)
    return Candidate(texts, origin, logprob, order=sum(part.order for part in parts))
