"""Looking into iterators: what they give next is told, and stays."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from foreframe_models.program.iterators import following, iterator_of

VALUES: list[Iterable[Any]] = [
    [1, 2, 3], [], (1, 2), "abc", "aé😀", b"ab", range(3), range(5, 0, -2),
    range(1 << 70, (1 << 70) + 2), {1: 2, 3: 4}, {1: 2}.values(), {1: 2, 3: 4}.items(),
    {1, 2, 3}, frozenset({1}), Counter("aab"),
]  # fmt: skip


def follows(iterator: Iterator[Any]) -> list[Any]:
    """The iterator's elements, each after having been told."""
    seen: list[Any] = []
    while told := following(iterator, 2):
        taken = next(iterator)
        assert told[0] == taken
        if len(told) == 2:
            assert following(iterator, 1) == told[1:]
        seen.append(taken)
    assert told == []
    with pytest.raises(StopIteration):
        next(iterator)
    return seen


@pytest.mark.parametrize("value", VALUES, ids=lambda v: f"{type(v).__name__}{len(v)}")
def test_the_next_elements_are_told_and_not_taken(value: Any) -> None:
    iterator = iterator_of(value)
    assert iterator is not None
    assert follows(iterator) == list(value)
    for kind, other in ((enumerate, 1), (zip, "abcd")):
        wrapped = kind(value, other)
        assert iterator_of(wrapped) is wrapped
        assert follows(wrapped) == list(kind(value, other))
    if hasattr(value, "__reversed__") or isinstance(value, (str, tuple)):
        back = iterator_of(reversed(value))
        assert back is not None
        assert follows(back) == list(reversed(value))


class Mine(list[int]):
    pass


def numbers() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(
    "value",
    [Mine([1]), numbers(), map(str, [1]), 5, None, deque([1]), enumerate(numbers()), [numbers()]],
)
def test_other_iterables_are_not_looked_into(value: Any) -> None:
    assert iterator_of(value) is None


def test_a_dict_that_changed_while_it_is_iterated_over_is_not_known() -> None:
    values = {1: 2, 3: 4}
    iterator = iterator_of(values)
    assert iterator is not None
    next(iterator)
    values[5] = 6
    assert following(iterator, 1) is None
