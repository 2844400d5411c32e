"""What can be set at a stop, and what cannot."""

from __future__ import annotations

import pytest

from foreframe.editing import MAX_TEXT, Target, edited_state, read_literal, read_target
from foreframe.errors import (
    BadExpression,
    CannotSet,
    ExpressionError,
    ForeframeError,
    NotALiteral,
    NotKnown,
    TooLarge,
)
from foreframe_protocol.states import Event, Provenance, Scope, State, Value


def state(**values: str) -> State:
    module = Scope("<module>", 0, 9, {"limit": Value("10")})
    scope = Scope("f", 1, 2, {name: Value(text) for name, text in values.items()})
    return State((module, scope), Event.LINE)


def set_to(old: str, expression: str, text: str) -> str:
    """The text of x after setting a part of it."""
    after, _ = edited_state(state(x=old), 1, read_target(expression), text)
    return after.top.locals["x"].text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" 5 ", "5"),
        ("0x1F", "31"),
        ("-1.50", "-1.5"),
        ('"it\'s"', '"it\'s"'),
        ("[1,2 , (3,)]", "[1, 2, (3,)]"),
        ("{'a':None}", "{'a': None}"),
        ("set()", "set()"),
        ("1 + 2j", "(1+2j)"),
    ],
)
def test_a_literal_is_written_as_repr_writes_it(text, shown):
    after, value = edited_state(state(x="0"), 1, Target("x"), text)
    assert after.top.locals["x"] == value == Value(shown, Provenance.EDITED)


@pytest.mark.parametrize(
    "text",
    ["", "y", "f(1)", "[1, y]", "1 +", "__import__('os')", "x = 1", "1+1", "[" * 400, "9" * 5000],
)
def test_anything_else_is_no_literal(text):
    with pytest.raises(NotALiteral, match="literal"):
        read_literal(text)


def test_an_integer_without_a_repr_cannot_be_set():
    with pytest.raises(NotALiteral, match="digits"):
        edited_state(state(x="0"), 1, Target("x"), "0x" + "f" * 5000)


def test_a_value_that_is_too_large_is_refused_as_given_or_as_it_would_become():
    with pytest.raises(TooLarge):
        read_literal(repr("x" * MAX_TEXT))
    half = repr("x" * (MAX_TEXT * 2 // 3))
    with pytest.raises(TooLarge):
        edited_state(state(x=f"[{half}, 0]"), 1, Target("x", (1,)), half)


@pytest.mark.parametrize(
    ("old", "expression", "text", "new"),
    [
        ("[1, 2, 3]", "x[1]", "'b'", "[1, 'b', 3]"),
        ("[1, 2, 3]", "x[-1]", "9", "[1, 2, 9]"),
        ("([1], 2)", "x[0][0]", "7", "([7], 2)"),
        ("{'a': {2: [0]}}", "x['a'][2][0]", "5", "{'a': {2: [5]}}"),
        ("{'a': 1}", "x['b']", "2", "{'a': 1, 'b': 2}"),
        ("{(1, 2): 3}", "x[1, 2]", "4", "{(1, 2): 4}"),
    ],
)
def test_a_part_is_set_within_the_whole(old, expression, text, new):
    assert set_to(old, expression, text) == new


@pytest.mark.parametrize(
    ("old", "expression", "error"),
    [
        ("[1]", "x[3]", "no index 3"),
        ("{'a': 1}", "x['b'][0]", "no key 'b'"),
        ("[{}]", "x[0][[]]", "no key"),
        ("5", "x[0]", "only elements"),
        ("'text'", "x[0]", "only elements"),
        ("Point(x=1)", "x[0]", "literals alone"),
        ("[<A object at 0x7f>]", "x[0]", "literals alone"),
        ("[1]", "x.real", "attributes"),
        ("[1]", "x[i]", "literal"),
        ("[1]", "len(x)", "variables"),
    ],
)
def test_what_is_no_element_of_literals_cannot_be_set(old, expression, error):
    with pytest.raises(CannotSet, match=error):
        set_to(old, expression, "1")


def test_a_value_that_is_cut_can_only_be_set_as_a_whole():
    scope = Scope("f", 1, 2, {"x": Value("[1, 2", cut=True)})
    cut = State((scope,), Event.LINE)
    with pytest.raises(CannotSet, match="only in part"):
        edited_state(cut, 0, Target("x", (0,)), "1")
    after, _ = edited_state(cut, 0, Target("x"), "1")
    assert after.top.locals["x"] == Value("1", Provenance.EDITED)


def test_a_name_is_set_where_it_is_found():
    after, _ = edited_state(state(x="0"), 1, Target("limit"), "3")
    assert after.stack[0].locals["limit"].text == "3"
    assert after.stack[1] == state(x="0").stack[1]
    with pytest.raises(NotKnown, match="'missing'"):
        edited_state(state(x="0"), 1, Target("missing"), "3")


def test_a_target_must_be_an_expression():
    for text in ("", "x = 1", "x["):
        with pytest.raises(BadExpression):
            read_target(text)


def test_each_error_has_a_number_of_its_own():
    errors = [NotALiteral, TooLarge, CannotSet]
    assert [error.code for error in errors] == [2205, 2206, 2207]
    assert all(issubclass(error, ExpressionError | ForeframeError) for error in errors)
