"""What is shown of a value: `repr`, or a prefix of it, in bounded time."""

import collections
import dataclasses
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreframe.debuggee_observer import MAX_CHARS, text_of


@dataclasses.dataclass
class Point:
    x: int
    items: list[Any]
    hidden: int = dataclasses.field(default=1, repr=False)


class Pair(NamedTuple):
    left: int
    right: str


class Own(list[int]):
    pass


class OwnSet(set[int]):
    pass


class OwnFrozen(frozenset[int]):
    pass


class Wrong:
    def __repr__(self) -> str:
        raise ValueError


looped: list[Any] = [1]
looped.append(looped)
looped_dict: dict[str, Any] = {}
looped_dict["self"] = looped_dict

SMALL = [
    1, 1.5, None, True, 10**50, "x", "it's", '"', "'\"", b"it's", b"'\"", range(4), bytearray(b"x"),
    [1, [2, (3,)]], (), (1,), {1, 2}, set(), frozenset(), frozenset([1]), {1: {2: 3}},
    looped, looped_dict, Point(1, [1]), Pair(1, "b"), Own([1, 2]), Own(), OwnSet([1]), OwnSet(),
    OwnFrozen([2]), OwnFrozen(), collections.deque([1, 2], 3), collections.OrderedDict(a=1),
    collections.Counter("aab"), collections.defaultdict(list, {1: [2]}), len, int,
]  # fmt: skip
LARGE = [
    "a" * 5000, "it's" * 2000, "'\"" * 2000, b"it's" * 2000, '"' * 3000 + "'", "x" * 3000 + "'",
    "'" + "x" * 3000, [["ab", {1: 2}]] * 1000, "\n" * 1999, Point(1, list(range(3000))),
    {i: [i] for i in range(3000)}, collections.deque(range(9000)), bytearray(9000),
]  # fmt: skip
HUGE = [
    [[0] * 10] * 25_000_000,
    {"a": [[0] * 10] * 25_000_000},
    Point(1, [0] * 25_000_000),
    collections.deque([[0] * 25_000_000]),
    collections.defaultdict(list, {1: [0] * 25_000_000}),
    "x" * 200_000_000,
]


@pytest.mark.parametrize("value", SMALL, ids=range(len(SMALL)))
def test_what_is_small_is_shown_as_repr_does(value: object) -> None:
    assert text_of(value) == (repr(value), False)


@pytest.mark.parametrize("value", LARGE, ids=range(len(LARGE)))
def test_what_is_large_is_shown_by_a_prefix(value: object) -> None:
    text, cut = text_of(value)
    assert cut
    assert len(text) <= MAX_CHARS
    assert repr(value).startswith(text)


def test_what_is_huge_is_never_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in HUGE:
        text, cut = text_of(value)
        assert cut
        assert 0 < len(text) <= MAX_CHARS


def test_a_repr_that_fails_says_so() -> None:
    assert text_of(Wrong()) == ("<unprintable Wrong object: ValueError>", False)
    assert text_of(10**20_000) == ("<unprintable int object: ValueError>", False)


VALUES = st.recursive(
    st.none() | st.integers() | st.text() | st.binary() | st.floats(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(VALUES, st.integers(1, 60))
def test_every_text_is_a_prefix_of_repr(value: object, limit: int) -> None:
    text, cut = text_of(value, limit)
    assert repr(value)[: len(text)] == text
    assert cut == (text != repr(value))
