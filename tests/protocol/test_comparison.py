"""Two values compared by their texts."""

from __future__ import annotations

import pytest
from any_values import DIFFERS, MATCH, OBJECTS, UNCLEAR, respelled, several, shape
from hypothesis import given

from foreframe_protocol.states import Verdict
from foreframe_protocol.values import (
    canonical,
    compare,
    differences,
    parse_value,
)

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
