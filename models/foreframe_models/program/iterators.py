"""What an iterator gives next, seen without taking it. Stdlib only, as the tracer's child needs it.

Only of Python's own types, by their exact type, so that no code of a program runs for it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from types import CoroutineType, GeneratorType
from typing import Any

ITERABLES = frozenset(
    {
        list, tuple, str, bytes, range, dict, set, frozenset, Counter, defaultdict,
        type({}.keys()), type({}.values()), type({}.items()),
    }
)  # fmt: skip
_EXAMPLES: tuple[Any, ...] = (
    [], (), "a", "é", b"", range(1), range(1 << 70), {}, {}.values(), {}.items(), set(),
    reversed({}), reversed({}.values()), reversed({}.items()),
)  # fmt: skip
_FORWARD = frozenset(type(iter(example)) for example in _EXAMPLES)
_BACKWARD = frozenset({reversed, type(reversed([]))})
_SEQUENCES = frozenset({list, tuple, str, bytes, range})
_ENDLESS = (GeneratorType, CoroutineType)


def iterator_of(value: Any) -> Iterator[Any] | None:
    """What a `for` over `value` advances, if `following` can look into it; None for other types.

    A new iterator, or the value itself where that is one. None too for what holds generators:
    whoever keeps the iterator must not be what keeps those alive.
    """
    kind = type(value)
    if kind in ITERABLES:
        if kind in (list, tuple) and any(isinstance(item, _ENDLESS) for item in value):
            return None
        found: Iterator[Any] = iter(value)
        return found
    iterator: Iterator[Any] = value
    return iterator if following(iterator, 1) is not None else None


def following(iterator: Any, count: int) -> list[Any] | None:
    """The next elements, at most `count`, which stay where they are. None where not known."""
    kind = type(iterator)
    try:
        if kind in _FORWARD:
            _, (source, *_), *state = iterator.__reduce__()
            start = (state[0] or 0) if state else 0
            return list(source[start : start + count]) if type(source) in _SEQUENCES else None
        if kind in _BACKWARD:
            _, (source, *_), *state = iterator.__reduce__()
            if type(source) not in _SEQUENCES:
                return None
            if not state:
                return []
            return [source[at] for at in range(state[0], max(-1, state[0] - count), -1)]
        if kind is enumerate:
            _, (inner, number) = iterator.__reduce__()
            items = following(inner, count)
            return None if items is None else list(enumerate(items, number))
        if kind is zip:
            _, inners, *_ = iterator.__reduce__()
            columns = [following(inner, count) for inner in inners]
            if any(column is None for column in columns):
                return None
            return list(islice(zip(*columns, strict=False), count))
    except (RuntimeError, TypeError, ValueError, IndexError):  # changed while it is iterated over
        return None
    return None
