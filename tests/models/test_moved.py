"""Values whose parts are moved, beside what Python makes of them."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreframe_models.program import moved

LEAVES = st.one_of(
    st.integers(-20, 20),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.binary(max_size=4),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers(-3, 3)), inner, max_size=4),
    ),
    max_leaves=8,
)
SEQUENCES = st.one_of(st.text(max_size=8), st.binary(max_size=8), st.lists(VALUES, max_size=6))
LISTS = st.lists(VALUES, max_size=6)
DICTS = st.dictionaries(st.one_of(st.text(max_size=2), st.integers(-3, 3)), VALUES, max_size=4)
BOUNDS = st.one_of(st.none(), st.integers(-7, 7))
FAILURES = (TypeError, ValueError, IndexError, KeyError)


def told(operation: Callable[[], object]) -> str | None:
    """What Python gives, as a text; None where it raises."""
    try:
        return repr(operation())
    except FAILURES:
        return None


def agrees(found: str | None, real: str | None) -> bool:
    """Nothing else than what is real is told: a text may say less, never more."""
    return found is None or found == real


@given(SEQUENCES, BOUNDS, BOUNDS, BOUNDS)
def test_a_piece_is_what_python_cuts_out(value: Any, lower: Any, upper: Any, step: Any) -> None:
    assert moved.cut(repr(value), lower, upper, step) == told(lambda: value[lower:upper:step])


@given(VALUES, VALUES)
def test_values_side_by_side_are_what_python_adds_up(left: Any, right: Any) -> None:
    found = moved.together(repr(left), repr(right))
    assert agrees(found, told(lambda: left + right))
    if type(left) is type(right) and isinstance(left, str | bytes | list | tuple):
        assert found is not None


@given(SEQUENCES, st.one_of(VALUES, st.integers(-2, 3)))
def test_a_value_repeated_is_what_python_makes_of_it(value: Any, times: Any) -> None:
    assert agrees(moved.repeated(repr(value), repr(times)), told(lambda: value * times))
    if type(times) is int:
        assert moved.repeated(repr(times), repr(value)) == repr(value * times)


@given(LISTS, st.one_of(VALUES, st.just(range(3))))
def test_a_list_takes_the_elements_of_anything(value: list[Any], more: Any) -> None:
    def real() -> object:
        result = list(value)
        result += more
        return result

    assert agrees(moved.extended(repr(value), repr(more)), told(real))


@given(st.text(max_size=3), st.one_of(st.lists(st.text(max_size=4), max_size=5), VALUES))
def test_joined_strings_are_what_python_joins(separator: str, values: Any) -> None:
    found = moved.joined(repr(separator), repr(values))
    assert agrees(found, told(lambda: separator.join(values)))
    if isinstance(values, list) and all(isinstance(one, str) for one in values):
        assert found is not None


@given(VALUES)
def test_a_value_as_a_string_and_as_a_list_is_what_python_makes_of_it(value: Any) -> None:
    assert agrees(moved.as_string(repr(value)), repr(str(value)))
    assert agrees(moved.listed(repr(value)), told(lambda: list(value)))


@given(VALUES)
def test_the_elements_of_a_value_are_turned_and_kept_as_python_does(value: Any) -> None:
    assert agrees(moved.fixed(repr(value)), told(lambda: tuple(value)))
    assert agrees(moved.turned(repr(value)), told(lambda: list(reversed(value))))
    if isinstance(value, str | bytes | list | tuple | dict):
        assert moved.fixed(repr(value)) is not None
        assert moved.turned(repr(value)) is not None


ALIKE = st.one_of(
    st.lists(st.one_of(st.integers(-3, 3), st.booleans(), st.sampled_from([0.0, -0.0, 1.0]))),
    st.lists(st.text("ab", max_size=2)),
    st.sets(st.integers(0, 9)),
    st.text("abc"),
    VALUES,
)


@given(ALIKE, st.booleans())
def test_elements_are_ordered_as_python_orders_them(value: Any, backward: bool) -> None:
    real = told(lambda: sorted(value, reverse=backward))
    assert moved.ordered(repr(value), backward=backward) == real
    assert moved.least(repr(value)) == told(lambda: min(value))
    assert moved.largest(repr(value)) == told(lambda: max(value))
    if isinstance(value, list):
        found = moved.called(repr(value), "sort", [])
        assert found == outcome(value, "sort", ())


def test_a_set_cannot_be_turned() -> None:
    assert moved.turned("{1, 2}") is None


def outcome(value: Any, method: str, args: tuple[Any, ...]) -> moved.Outcome | None:
    """What a method really makes of a copy of a value, and gives."""
    changed = deepcopy(value)
    try:
        result = getattr(changed, method)(*args)
    except (*FAILURES, AttributeError):
        return None
    return repr(changed), repr(result)


CALLS = st.one_of(
    st.tuples(
        st.one_of(LISTS, DICTS),
        st.sampled_from(["copy", "clear", "reverse", "pop", "popitem"]),
        st.just(()),
    ),
    st.tuples(LISTS, st.sampled_from(["append", "extend", "remove"]), st.tuples(VALUES)),
    st.tuples(LISTS, st.just("insert"), st.tuples(st.integers(-7, 7), VALUES)),
    st.tuples(LISTS, st.just("pop"), st.tuples(st.integers(-7, 7))),
    st.tuples(DICTS, st.sampled_from(["get", "pop"]), st.tuples(st.integers(-3, 3))),
    st.tuples(
        DICTS,
        st.sampled_from(["get", "pop", "setdefault"]),
        st.tuples(st.one_of(st.text(max_size=2), st.integers(-3, 3), st.booleans()), VALUES),
    ),
    st.tuples(DICTS, st.just("update"), st.tuples(DICTS)),
)


@given(CALLS)
def test_a_call_does_what_it_does_in_python_or_is_not_known(call: tuple[Any, str, Any]) -> None:
    value, method, args = call
    found = moved.called(repr(value), method, [repr(arg) for arg in args])
    real = outcome(value, method, args)
    assert found is None or found == real
    holds_itself = any(repr(value) in repr(arg) for arg in args)
    if real is not None and not holds_itself and method not in ("extend", "remove"):
        assert found is not None


@given(st.lists(st.integers(0, 5), max_size=8), st.integers(0, 5))
def test_the_first_equal_element_is_removed(values: list[int], value: int) -> None:
    found = moved.called(repr(values), "remove", [repr(value)])
    assert found == outcome(values, "remove", (value,))


@given(st.one_of(LISTS, DICTS), st.one_of(st.integers(-4, 4), st.text(max_size=2)), VALUES)
def test_an_element_put_in_and_taken_out_is_where_python_has_it(
    container: Any, key: Any, value: Any
) -> None:
    def put() -> object:
        result = deepcopy(container)
        result[key] = value
        return result

    def gone() -> object:
        result = deepcopy(container)
        del result[key]
        return result

    assert agrees(moved.stored(repr(container), repr(key), repr(value)), told(put))
    assert moved.without(repr(container), repr(key)) == told(gone)


@pytest.mark.parametrize(
    "text",
    [
        "[1, [...]]",  # holds itself
        "[1, 2",  # cut
        "deque([1, 2])",
        "Counter({'a': 1})",
        "Point(x=1)",
        "{1, 2}",
        "<A object at 0x7f>",
        "",
    ],
)
def test_of_what_is_no_plain_value_nothing_is_told(text: str) -> None:
    assert moved.cut(text, 0, 1, None) is None
    assert moved.together(text, text) is None
    assert moved.called(text, "pop", []) is None
    assert moved.stored(text, "0", "1") is None


def test_what_may_show_itself_otherwise_is_no_string() -> None:
    assert moved.as_string("Point(x=1)") is None
    assert moved.as_string("deque([1])") is None
    assert moved.as_string("[1, 2") is None


def test_elements_that_only_look_alike_are_not_compared() -> None:
    assert moved.called("[<A object at 0x1>, 2]", "remove", ["2"]) is None


def test_a_list_that_may_be_put_into_itself_is_left_alone() -> None:
    assert moved.called("[1]", "append", ["[[1]]"]) is None
    assert moved.called("[1]", "append", ["'[1]'"]) == ("[1, '[1]']", "None")
