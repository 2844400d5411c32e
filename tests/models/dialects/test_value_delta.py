"""Changes of values: which form is written, and that it is exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreframe_models.dialects.base import MalformedFrame
from foreframe_models.dialects.value_delta import apply, change, container

VALUES = st.recursive(
    st.integers(-3, 30) | st.text("ab',: ]}(\\\n", max_size=5) | st.none() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text("ab: ,", max_size=2) | st.integers(0, 3), inner, max_size=4)
        | st.tuples(inner, inner)
        | st.sets(st.integers(0, 9), max_size=4)
    ),
    max_leaves=9,
)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("[1, 2]", "[1, 2, 3]", [("+", "3")]),
        ("[1, 2]", "[1, 2, [3], 'x, y']", [("+", "[3], 'x, y'")]),
        ("'abc'", "'abcdef'", [("+", "'def'")]),
        ("{'a': 1}", "{'a': 1, 'b': 2}", [("+", "'b': 2")]),
        ("[1, 2, 3]", "[1, 9, 3]", [("@", "1"), ("=", "9")]),
        ("{'a: b': [1]}", "{'a: b': [1, 2]}", [("@", "'a: b'"), ("+", "2")]),
        ("[[1, 2], [3]]", "[[1, 2], [4]]", [("@", "1"), ("@", "0"), ("=", "4")]),
        ("Point(x=1, y=2)", "Point(x=1, y=5)", [("@", "y"), ("=", "5")]),
        ("deque([1, 2])", "deque([1, 2, 3])", [("@", "0"), ("+", "3")]),
        ("[1, 2, 3]", "[1, 2]", [("-", "-1")]),
        ("[1, 2, 3]", "[2, 3]", [("-", "0")]),
        ("{'a': 1, 'b': 2}", "{'b': 2}", [("-", "'a'")]),
        ("{1, 2, 3}", "{1, 3}", [("-", "2")]),
        ("[1, 2]", "[0, 1, 2]", [("^", "0"), ("=", "0")]),
        ("[]", "[1]", [("=", "[1]")]),
        ("(1, 2)", "(1, 2, 3)", [("=", "(1, 2, 3)")]),
        ("5", "6", [("=", "6")]),
        ('"it\'s"', "'its'", [("=", "'its'")]),
    ],
)
def test_a_change_has_one_form(old: str, new: str, path: list[tuple[str, str]]) -> None:
    assert change(old, new) == path
    assert apply(old, path) == new


@given(VALUES, VALUES)
def test_every_change_is_exact(old: object, new: object) -> None:
    assert apply(repr(old), change(repr(old), repr(new))) == repr(new)


@given(st.lists(VALUES, max_size=5), VALUES, st.data())
def test_mutations_of_a_list_are_exact(
    items: list[object], value: object, data: st.DataObject
) -> None:
    old = repr(items)
    after = list(items)
    kind = data.draw(st.sampled_from(("append", "insert", "pop", "set")))
    at = data.draw(st.integers(0, max(0, len(items) - 1)))
    match kind:
        case "append":
            after.append(value)
        case "insert":
            after.insert(at, value)
        case "pop" if after:
            after.pop(at)
        case "set" if after:
            after[at] = value
    assert apply(old, change(old, repr(after))) == repr(after)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_two_texts_are_told_exactly(old: str, new: str) -> None:
    assert apply(old, change(old, new)) == new


@given(st.text("[]{}(),:'\" =ab1", max_size=30))
def test_taking_apart_and_putting_together_gives_the_same_text(text: str) -> None:
    parts = container(text)
    if parts is not None:
        assert parts.text == text


@pytest.mark.parametrize(
    ("old", "path"),
    [
        ("[1, 2]", [("-", "7")]),
        ("[]", [("-", "-1")]),
        ("[1]", [("@", "3"), ("=", "1")]),
        ("5", [("+", "6")]),
        ("'a'", [("+", "7")]),
        ("[1]", [("^", "4"), ("=", "1")]),
        ("{'a': 1}", [("@", "'b'"), ("=", "1")]),
        (None, [("+", "1")]),
    ],
)
def test_a_change_that_does_not_fit_is_refused(
    old: str | None, path: list[tuple[str, str]]
) -> None:
    with pytest.raises(MalformedFrame):
        apply(old, path)
