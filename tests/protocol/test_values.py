"""Reprs as trees: all kinds, literals, parts by key; nothing is evaluated."""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime
import enum
import math
import re
from typing import NamedTuple

import pytest
from any_values import OBJECTS, STRINGS, several, shape, shown
from hypothesis import given

from foreframe_protocol.values import (
    Kind,
    NotLiteral,
    attribute,
    elements,
    entries,
    item,
    literal,
    parse_value,
    string_body,
    unescape,
)

# Kinds


class Color(enum.Enum):
    RED = "r:>"


class Perm(enum.Flag):
    R = 1
    W = 2


class Pair(NamedTuple):
    left: object
    right: object


def test_each_kind_of_value_is_told_by_its_repr() -> None:
    values: list[tuple[object, Kind, str]] = [
        (None, Kind.NONE, "NoneType"),
        (False, Kind.BOOL, "bool"),
        (-12, Kind.INT, "int"),
        (-1.5, Kind.FLOAT, "float"),
        (1e300, Kind.FLOAT, "float"),
        (math.inf, Kind.FLOAT, "float"),
        (-math.inf, Kind.FLOAT, "float"),
        (math.nan, Kind.FLOAT, "float"),
        (2j, Kind.COMPLEX, "complex"),
        (-1.5 - 1e-9j, Kind.COMPLEX, "complex"),
        (complex(math.inf, math.nan), Kind.COMPLEX, "complex"),
        ("it's", Kind.STR, "str"),
        (b'"', Kind.BYTES, "bytes"),
        ([], Kind.LIST, "list"),
        ((), Kind.TUPLE, "tuple"),
        ((1,), Kind.TUPLE, "tuple"),
        ({}, Kind.DICT, "dict"),
        (set(), Kind.SET, "set"),
        ({1}, Kind.SET, "set"),
        (frozenset(), Kind.FROZENSET, "frozenset"),
        (frozenset({1}), Kind.FROZENSET, "frozenset"),
        (..., Kind.ELLIPSIS, "ellipsis"),
        (Color.RED, Kind.ENUM, "Color"),
        (Perm.R | Perm.W, Kind.ENUM, "Perm"),
        (Pair(1, 2), Kind.CALL, "Pair"),
        (range(3), Kind.CALL, "range"),
        (bytearray(b"x"), Kind.CALL, "bytearray"),
        (datetime.datetime(2020, 1, 2), Kind.CALL, "datetime.datetime"),
        (collections.Counter("aab"), Kind.DICT, "Counter"),
        (collections.Counter(), Kind.DICT, "Counter"),
        (collections.OrderedDict(a=1), Kind.DICT, "OrderedDict"),
        (collections.defaultdict(int, {1: 2}), Kind.DICT, "defaultdict"),
        (collections.deque([1], 2), Kind.LIST, "deque"),
        (array.array("i", [1]), Kind.LIST, "array"),
        ({1: 2}.keys(), Kind.LIST, "dict_keys"),
        ({1: 2}.items(), Kind.LIST, "dict_items"),
        (Color, Kind.OPAQUE, "enum"),
        (object(), Kind.OPAQUE, "object"),
        (len, Kind.OPAQUE, "built"),
        (int, Kind.OPAQUE, "class"),
        (re.match("a>", "a>"), Kind.OPAQUE, "Match"),
    ]
    for value, kind, type_name in values:
        tree = parse_value(repr(value))
        assert (tree.kind, tree.cut, tree.truncated) == (kind, False, False), value
        if kind is not Kind.OPAQUE or type_name in ("object", "class", "Match"):
            assert tree.type_name == type_name


@pytest.mark.parametrize(
    "text", ["", "]", "[)", "(1)", "1 + 1", "007", "1_0", "[1] junk", "a", "x()y"]
)
def test_a_text_that_no_builtin_type_writes_is_opaque(text: str) -> None:
    tree = parse_value(text)
    assert (tree.kind, tree.text, tree.children) == (Kind.OPAQUE, text, ())


def test_elements_keep_their_order_names_and_expressions() -> None:
    tree = parse_value("{'k': [1, (2,)], (3, 4): {5, 6}, <Color.RED: 1>: None}")
    assert tree.length == 3
    assert [(c.name, c.access, c.value.text) for c in tree.children] == [
        ("'k'", "['k']", "[1, (2,)]"),
        ("(3, 4)", "[(3, 4)]", "{5, 6}"),
        ("<Color.RED: 1>", "", "None"),
    ]
    assert [c.access for c in tree.children[0].value.children] == ["[0]", "[1]"]
    assert [(c.name, c.access) for c in tree.children[1].value.children] == [("0", ""), ("1", "")]


def test_a_class_with_a_repr_of_its_own_shows_its_arguments() -> None:
    tree = parse_value("f.<locals>.Point(1, 'a=b', x=[2], label='(', b=a == c)")
    assert tree.type_name == "f.<locals>.Point"
    assert [(c.name, c.access, c.value.text) for c in tree.children] == [
        ("0", "", "1"),
        ("1", "", "'a=b'"),
        ("x", ".x", "[2]"),
        ("label", ".label", "'('"),
        ("b", ".b", "a == c"),
    ]


def test_a_dataclass_made_here_is_read() -> None:
    point = dataclasses.make_dataclass("Point", ["x", "y"])([1], {"a": (2,)})
    assert shown(parse_value(repr(point))) == {"x": "[1]", "y": "{'a': (2,)}"}


def test_collections_show_their_elements_and_keep_the_rest_as_details() -> None:
    tree = parse_value("defaultdict(<class 'list'>, {'a': [1]})")
    assert shown(tree) == {"'a'": "[1]"}
    assert [detail.text for detail in tree.details] == ["<class 'list'>"]
    assert shown(parse_value("deque([1, 2], maxlen=3)")) == {"0": "1", "1": "2"}
    for text in ("OrderedDict([('a', 1)])", "OrderedDict({'a': 1})"):
        assert shown(parse_value(text)) == {"'a'": "1"}


def test_a_container_that_holds_itself_ends_there() -> None:
    xs: list[object] = [1]
    xs.append(xs)
    inner = parse_value(repr(xs)).child(1).value
    assert (inner.kind, inner.children) == (Kind.ELLIPSIS, ())
    ys: dict[str, object] = {}
    ys["self"] = ys
    assert parse_value(repr(ys)).child(0).value.kind is Kind.ELLIPSIS


def test_quotes_and_angles_inside_opaque_parts_do_not_break_the_whole() -> None:
    parts = ["it's", "<f.<locals>.<lambda> at 0x1>", "a -> b", "<M match='>'>", "1 < 2", "x >= 3"]
    assert elements("[" + ", ".join(parts) + "]") == parts


def test_elements_of_custom_reprs_with_colons_stay_whole() -> None:
    assert elements("[A: 1, b=2]") == ["A: 1", "b=2"]


# Literals


@several
@given(OBJECTS)
def test_a_literal_read_from_its_repr_is_the_object(value: object) -> None:
    assert shape(literal(parse_value(repr(value)))) == shape(value)


@pytest.mark.parametrize(
    "text", ["<A>", "P(1)", "[<A>]", "{[]: 1}", "[1, 2", "'a", "Counter({})", "x", "{{1}}", "[...]"]
)
def test_what_is_no_literal_is_refused(text: str) -> None:
    with pytest.raises(NotLiteral):
        literal(parse_value(text))


def test_an_int_beyond_pythons_digit_limit_is_shown_and_no_literal() -> None:
    tree = parse_value("9" * 5000)
    assert tree.kind is Kind.INT
    with pytest.raises(NotLiteral):
        literal(tree)


@several
@given(STRINGS)
def test_strings_lengths_are_those_of_their_characters(text: str) -> None:
    assert parse_value(repr(text)).length == len(text)
    assert parse_value(repr(text.encode())).length == len(text.encode())
    assert unescape(string_body(repr(text)) or "") == text


def test_escapes_that_python_does_not_know_stay_as_they_are() -> None:
    assert unescape(r"\d\x4\U00110000\U0010ffff\101") == "\\d\\x4\\U00110000\U0010ffffA"
    assert parse_value(r"'\d'").length == 2


# Parts by key


def test_parts_are_found_by_index_key_and_attribute() -> None:
    tree = parse_value("[{'a': 1, 2: 'b', (3, \"x\"): None, 1.5: []}, P(x=5), <Color.RED: 7>]")
    table = item(tree, 0)
    assert item(table, "a").text == "1"
    assert item(table, 2.0).text == "'b'"
    assert item(table, (3, "x")).text == "None"
    assert attribute(item(tree, 1), "x").text == "5"
    assert attribute(item(tree, -1), "value").text == "7"


def test_parts_that_are_not_there_raise_what_python_raises() -> None:
    tree = parse_value("[{'a': 1}]")
    with pytest.raises(IndexError):
        item(tree, 1)
    with pytest.raises(TypeError):
        item(tree, "a")
    with pytest.raises(KeyError):
        item(item(tree, 0), "b")
    with pytest.raises(TypeError, match="int is not subscriptable"):
        item(parse_value("1"), 0)
    with pytest.raises(AttributeError, match="'x'"):
        attribute(tree, "x")
    with pytest.raises(IndexError, match="cut"):
        item(parse_value("[1, 2", cut=True), -1)


@several
@given(OBJECTS)
def test_the_texts_of_elements_and_entries_are_the_reprs_of_the_parts(value: object) -> None:
    text = repr(value)
    parts = None
    if isinstance(value, list | tuple | set | frozenset):
        parts = [repr(part) for part in value]
    assert elements(text) == parts
    pairs = [(repr(k), repr(v)) for k, v in value.items()] if isinstance(value, dict) else None
    assert entries(text) == pairs
    assert (string_body(text) is not None) == isinstance(value, str)


@pytest.mark.parametrize(
    "text", ["[1", "[1,,2]", "(1)", "[1] ", "{1: 2}", "{}", "f(1)", "'[]'", ""]
)
def test_no_elements_where_there_is_no_whole_sequence(text: str) -> None:
    assert elements(text) is None


def test_no_entries_where_there_is_no_whole_dict() -> None:
    assert [entries(t) for t in ("{1}", "{1: 2", "{1: }", "{1: 2, 3}", "[1]", "")] == [None] * 6
