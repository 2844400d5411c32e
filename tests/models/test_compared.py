"""Values beside each other, as their texts and as Python compares them."""

from __future__ import annotations

import ast
import math
import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreframe_models.program import compared

LEAVES = st.one_of(
    st.integers(-3, 3),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False, width=16),
    st.text("ab", max_size=2),
)
VALUES = st.one_of(LEAVES, st.lists(LEAVES, max_size=3), st.lists(LEAVES, max_size=2).map(tuple))
SIGNS = [
    (ast.Eq(), operator.eq),
    (ast.NotEq(), operator.ne),
    (ast.Lt(), operator.lt),
    (ast.LtE(), operator.le),
    (ast.Gt(), operator.gt),
    (ast.GtE(), operator.ge),
    (ast.In(), lambda left, right: left in right),
    (ast.NotIn(), lambda left, right: left not in right),
]


@given(VALUES, st.sampled_from(SIGNS), VALUES)
def test_a_comparison_holds_where_it_holds_in_python(left: Any, sign: Any, right: Any) -> None:
    op, in_python = sign
    found = compared.holds(op, repr(left), repr(right))
    try:
        real = in_python(left, right)
    except TypeError:
        assert found is None
    else:
        assert found is real


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [("None", "None", True), ("None", "0", False), ("1", "1", None), ("[]", "True", False)],
)
def test_only_what_there_is_one_of_is_known_to_be_the_same_object(
    left: str, right: str, wanted: bool | None
) -> None:
    assert compared.holds(ast.Is(), left, right) is wanted
    assert compared.holds(ast.IsNot(), left, right) is (None if wanted is None else not wanted)


@given(VALUES)
def test_a_value_is_true_where_it_is_in_python(value: Any) -> None:
    assert compared.is_true(repr(value)) is bool(value)


@given(st.lists(st.one_of(st.integers(-2, 2), st.booleans(), st.just(1.0))), st.booleans())
def test_what_is_equal_keeps_its_order_as_in_python(values: list[Any], backward: bool) -> None:
    places = compared.order([repr(value) for value in values], backward=backward)
    assert places is not None
    expected = sorted(range(len(values)), key=values.__getitem__, reverse=backward)
    assert places == expected


@pytest.mark.parametrize("text", [repr(math.nan), "[nan]", "<A object at 0x1>", "[1, 2", "f(1)"])
def test_what_may_be_unlike_itself_is_not_compared(text: str) -> None:
    assert compared.holds(ast.Eq(), text, text) is None
    assert compared.is_true(text) is None
    assert compared.order([text, "1"]) is None


def test_what_has_no_order_is_given_none() -> None:
    assert compared.order(["1", "'a'"]) is None
