"""Reprs as trees and compared by value: all kinds, hostile texts, cuts; nothing is evaluated."""

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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foreframe_protocol.states import Verdict
from foreframe_protocol.values import (
    MAX_DEPTH,
    Kind,
    NotLiteral,
    Tree,
    attribute,
    canonical,
    compare,
    differences,
    elements,
    entries,
    item,
    literal,
    parse_value,
    string_body,
    unescape,
)

MATCH, DIFFERS, UNCLEAR = Verdict.MATCH, Verdict.DIFFERS, Verdict.NOT_COMPARABLE

several = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])

# Strategies

CHARACTERS = st.sampled_from("ab'\"\\()[]{}<>,:=.# \n\t\0\x7f\xa0é\u2028😀")
STRINGS = st.lists(CHARACTERS, max_size=6).map("".join)
HASHABLE = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | STRINGS
    | STRINGS.map(str.encode)
)
KEYS = st.recursive(
    HASHABLE, lambda x: st.tuples(x, x) | st.frozensets(x, max_size=3), max_leaves=4
)


def containers(part: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    lists = st.lists(part, max_size=4)
    return lists | lists.map(tuple) | st.dictionaries(KEYS, part, max_size=4)


OBJECTS = st.recursive(KEYS | st.sets(HASHABLE, max_size=4), containers, max_leaves=12)
TEXTS = st.lists(CHARACTERS | st.sampled_from(["1", "at 0x1f", "set()", "P(", "..."]), max_size=20)


def shape(value: object) -> object:
    """A value with its types, so that 1 is not True: what `compare` has to tell apart."""
    match value:
        case float() | complex():
            return type(value), repr(value)
        case list() | tuple():
            return type(value), tuple(map(shape, value))
        case set() | frozenset():
            return type(value), frozenset(map(shape, value))
        case dict():
            return dict, frozenset((shape(k), shape(v)) for k, v in value.items())
        case _:
            return type(value), value


def respelled(value: object) -> str:
    """Another text of the same value: strings in other quotes, dicts and sets back to front."""
    match value:
        case str():
            plain = value.isprintable() and not set(value) & set("'\"\\")
            return f'"{value}"' if plain else repr(value)
        case list():
            return "[" + ", ".join(map(respelled, value)) + "]"
        case tuple():
            return "(" + "".join(respelled(x) + ", " for x in value).rstrip(" ") + ")"
        case dict():
            pairs = [f"{respelled(k)}: {respelled(v)}" for k, v in value.items()]
            return "{" + ", ".join(reversed(pairs)) + "}"
        case set() | frozenset() if value:
            text = "{" + ", ".join(map(respelled, reversed(list(value)))) + "}"
            return text if isinstance(value, set) else f"frozenset({text})"
        case _:
            return repr(value)


def shown(tree: Tree) -> dict[str, str]:
    return {child.name: child.value.text for child in tree.children}


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


# Comparison


@several
@given(OBJECTS)
def test_a_value_matches_itself_in_another_spelling(value: object) -> None:
    assert compare(repr(value), respelled(value)) is MATCH
    assert differences(repr(value), respelled(value)) == []


@several
@given(OBJECTS, OBJECTS)
def test_values_match_exactly_when_they_are_equal_with_their_types(a: object, b: object) -> None:
    same = shape(a) == shape(b)
    assert compare(repr(a), repr(b)) is (MATCH if same else DIFFERS)
    assert (canonical(parse_value(repr(a))) == canonical(parse_value(repr(b)))) == same
    assert bool(differences(repr(a), repr(b))) != same


@pytest.mark.parametrize(
    ("predicted", "real", "verdict"),
    [
        ("1", "1.0", DIFFERS),
        ("1", "True", DIFFERS),
        ("0", "None", DIFFERS),
        ("-0.0", "0.0", DIFFERS),
        ("nan", "nan", MATCH),
        ("1e5", "100000.0", MATCH),
        ("0.1", "0.10000000000000001", MATCH),
        ("'a'", "b'a'", DIFFERS),
        ("'a'", '"a"', MATCH),
        (r"'\x41'", "'A'", MATCH),
        ("[1, 2]", "(1, 2)", DIFFERS),
        ("[1, 2]", "[2, 1]", DIFFERS),
        ("{1, 2}", "{2, 1}", MATCH),
        ("{1, 2}", "frozenset({1, 2})", DIFFERS),
        ("set()", "{}", DIFFERS),
        ("{1: 2, 3: 4}", "{3: 4, 1: 2}", MATCH),
        ("{1: 2}", "{1.0: 2}", DIFFERS),
        ("{1, 1.0}", "{1}", DIFFERS),
        ("OrderedDict({1: 2, 3: 4})", "OrderedDict([(1, 2), (3, 4)])", MATCH),
        ("OrderedDict({1: 2, 3: 4})", "OrderedDict({3: 4, 1: 2})", DIFFERS),
        ("Counter({'a': 1, 'b': 1})", "Counter({'b': 1, 'a': 1})", MATCH),
        ("Counter({'a': 1})", "{'a': 1}", DIFFERS),
        ("deque([1])", "deque([1], maxlen=1)", DIFFERS),
        ("defaultdict(<class 'int'>, {})", "defaultdict(<class 'list'>, {})", DIFFERS),
        ("P(x=1, y={1, 2})", "P(x=1, y={2, 1})", MATCH),
        ("P(x=1)", "Q(x=1)", DIFFERS),
        ("P(x=1)", "P(1)", DIFFERS),
        ("<Color.RED: 1>", "<Color.BLUE: 1>", DIFFERS),
        ("<Color.RED: 1>", "<Color.RED: 1.0>", DIFFERS),
        ("<A object at 0x7f01>", "<A object at 0x7f02>", UNCLEAR),
        ("<A object at 0x7f01>", "<A object at 0x7f01>", MATCH),
        ("<A object at 0x7f01>", "<B object at 0x7f02>", DIFFERS),
        ("<A object at 0x7f01>", "<A object>", DIFFERS),
        ("<__main__.A object at 0x1>", "<__foreframe__.A object at 0x2>", UNCLEAR),
        ("[1, <A object at 0x1>]", "[1, <A object at 0x2>]", UNCLEAR),
        ("[1, <A object at 0x1>]", "[2, <A object at 0x2>]", DIFFERS),
        ("{<A object at 0x1>: 1}", "{<A object at 0x2>: 1}", UNCLEAR),
        ("{<A object at 0x1>: 1}", "{<A object at 0x2>: 2}", DIFFERS),
        ("{<A at 0x1>, <A at 0x2>}", "{<A at 0x3>, <A at 0x4>}", UNCLEAR),
        ("{<A at 0x1>, <A at 0x2>}", "{<A at 0x3>}", DIFFERS),
        ("'at 0x1'", "'at 0x2'", DIFFERS),
        ("{'at 0x1'}", '{"at 0x1"}', MATCH),
        ("{'at 0x1': 1}", '{"at 0x1": 1}', MATCH),
        ("defaultdict(<function f at 0x1>, {})", "defaultdict(<function f at 0x2>, {})", UNCLEAR),
    ],
)  # fmt: skip
def test_comparison_case_by_case(predicted: str, real: str, verdict: Verdict) -> None:
    assert compare(predicted, real) is verdict
    assert compare(real, predicted) is verdict


@pytest.mark.parametrize(
    ("predicted", "real", "verdict"),
    [
        ("[1, 2, 3]", "[1, 2", UNCLEAR),
        ("[1, 25]", "[1, 2", UNCLEAR),
        ("[1, 3, 3]", "[1, 2, 3", DIFFERS),
        ("[1]", "[1, 2", DIFFERS),
        ("'abc'", "'ab", UNCLEAR),
        ('"abc"', "'ab", UNCLEAR),
        ("'xbc'", "'ab", DIFFERS),
        ("{'b': 1, 'a': 2}", "{'a", UNCLEAR),
        ("{'b': 1, 'a': 2}", "{'a': 2, 'b", UNCLEAR),
        ("{'b': 1, 'a': 2}", "{'a': 3, 'b", DIFFERS),
        ("{'b': 1}", "{'a': 2, 'b", DIFFERS),
        ("{1, 2}", "{3, 1", DIFFERS),
        ("{1, 2, 3}", "{3, 1", UNCLEAR),
        ("P(x=1, y=2)", "P(x=1, y", UNCLEAR),
        ("P(x=2, y=2)", "P(x=1, y", DIFFERS),
        ("None", "Non", UNCLEAR),
        ("True", "[", DIFFERS),
    ],
)
def test_behind_a_cut_nothing_is_known(predicted: str, real: str, verdict: Verdict) -> None:
    assert compare(predicted, real, real_cut=True) is verdict
    assert compare(real, predicted, predicted_cut=True) is verdict


def test_two_values_cut_at_the_same_text_are_not_comparable() -> None:
    assert compare("[1, 2", "[1, 2", predicted_cut=True, real_cut=True) is UNCLEAR


def test_differences_say_where_inside_a_value_they_are() -> None:
    predicted = "{'k': [1, P(x=<A at 0x1>, y=2)], 'gone': 0, 's': {1, 2}}"
    real = "{'k': [1, P(x=<A at 0x2>, y=3), 4], 's': {2, 3}, 'new': 0}"
    assert set(differences(predicted, real)) == {
        ("['k'][1].x", UNCLEAR),
        ("['k'][1].y", DIFFERS),
        ("['k'][2]", Verdict.MISSING),
        ("['gone']", Verdict.EXTRA),
        ("['new']", Verdict.MISSING),
        ("['s']{1}", Verdict.EXTRA),
        ("['s']{3}", Verdict.MISSING),
    }
    assert differences("1", "2") == [("", DIFFERS)]
    assert len(differences(repr([0] * 500), repr([1] * 500), limit=7)) == 7
