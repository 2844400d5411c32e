"""Reprs as trees where they are cut, huge, deep or hostile."""

from __future__ import annotations

import pytest
from any_values import DIFFERS, MATCH, OBJECTS, TEXTS, UNCLEAR, respelled, several, shown
from hypothesis import given
from hypothesis import strategies as st

from foreframe_protocol.values import (
    MAX_DEPTH,
    Kind,
    NotLiteral,
    canonical,
    compare,
    elements,
    entries,
    literal,
    parse_value,
    string_body,
    unescape,
)

# Cut values, size and depth


def test_a_cut_value_shows_what_is_there() -> None:
    tree = parse_value("{'a': [1, 2, 'x")
    assert (tree.kind, tree.cut, tree.length) == (Kind.DICT, True, None)
    inner = tree.child(0).value
    assert (inner.kind, inner.cut) == (Kind.LIST, True)
    assert [(c.value.text, c.value.cut) for c in inner.children] == [
        ("1", False),
        ("2", False),
        ("'x", True),
    ]


def test_a_value_cut_in_a_key_or_at_its_end_keeps_what_came_before() -> None:
    assert shown(parse_value("{'a': 1, 'bc")) == {"'a'": "1", "'bc": ""}
    assert shown(parse_value("P(x=1, ")) == {"x": "1"}
    assert shown(parse_value("Counter({'a': 1, 'b': ")) == {"'a'": "1", "'b'": ""}
    assert parse_value("frozenset({1, ").cut


@several
@given(OBJECTS, st.data())
def test_the_start_of_a_repr_never_differs_from_the_whole(
    value: object, data: st.DataObject
) -> None:
    text, other = repr(value), respelled(value)
    end = data.draw(st.integers(0, len(text) - 1))
    assert compare(text, text[:end], real_cut=True) is UNCLEAR
    assert compare(text[:end], text, predicted_cut=True) is UNCLEAR
    assert compare(other, text[:end], real_cut=True) is UNCLEAR
    assert compare(text[:end], other, predicted_cut=True) is UNCLEAR


@several
@given(TEXTS.map("".join), TEXTS.map("".join), st.booleans())
def test_any_text_is_read_and_compared_without_an_error(a: str, b: str, cut: bool) -> None:
    todo = [parse_value(a, cut=cut)]
    while todo:
        tree = todo.pop()
        assert tree.text in a
        canonical(tree)
        todo += [child.value for child in tree.children]
    assert compare(a, a) is MATCH
    assert compare(a, b, predicted_cut=cut) in (MATCH, DIFFERS, UNCLEAR)
    elements(a), entries(a), string_body(a), unescape(a)


@pytest.mark.parametrize(
    "opening",
    ["[", "(", "{", "{1: ", "P(", "P(x=", "Counter({(", "frozenset({", "OrderedDict([(",
     "deque([], ", "<", "<A.B: "],
)  # fmt: skip
def test_ten_thousand_nested_brackets_are_capped(opening: str) -> None:
    closing = {"[": "]", "(": ")", "{": "}", "<": ">"}
    close = "".join(closing.get(c, "") for c in reversed(opening))
    assert len(parse_value(opening * 10_000 + "1" + close * 10_000).children) <= 2
    for text in (opening * 1000, opening * 1000 + "1" + close * 1000):
        tree, depth = parse_value(text), 0
        while tree.children:
            tree, depth = tree.children[-1].value, depth + 1
        assert depth <= MAX_DEPTH
        assert tree.truncated or not tree.children
        canonical(parse_value(text))
        with pytest.raises(NotLiteral):
            literal(parse_value(text))
    assert compare(opening * 1000 + "1", opening * 1000 + "2") is not MATCH


def test_a_list_beyond_the_limit_is_marked_and_paged() -> None:
    text = repr(list(range(1000)))
    whole = parse_value(text, max_nodes=1000)
    assert (whole.length, whole.truncated) == (1000, False)
    some = parse_value(text, max_nodes=999)
    assert (some.length, some.truncated, len(some.children)) == (None, True, 999)
    assert parse_value(text[:-1], cut=True, max_nodes=2).truncated
    assert parse_value(f"deque({text})", max_nodes=2).truncated
    assert [(c.name, c.value.text) for c in whole.page(998, 10)] == [("998", "998"), ("999", "999")]
    assert whole.page(1000, 10) == ()


@pytest.mark.parametrize(
    "text",
    [repr("x" * 10_000_000), "'" + "x" * 10_000_000, "[" + "1" * 10_000_000, "'" * 1_000_001,
     "<" + "a" * 1_000_000, "a." * 1_000_000, "P('\\" * 300_000, "<a" * 300_000],
    ids=["str", "cut str", "cut int", "quotes", "angle", "dots", "escapes", "angles"],
)  # fmt: skip
def test_hostile_texts_of_megabytes_are_read_in_linear_time(text: str) -> None:
    assert parse_value(text).text == text  # quadratic scanning would not end within the test run
