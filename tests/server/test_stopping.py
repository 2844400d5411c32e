"""Breakpoints: hit conditions, log messages, and where an exception comes from."""

from __future__ import annotations

import pytest
from tape import record

from foreframe.errors import BadExpression
from foreframe.stopping import Breakpoint, log_parts, log_text, names_of, uncaught
from foreframe_protocol.states import Event, Scope, State, Trace, Value


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("", [""]),
        ("plain", ["plain"]),
        ("n is {n}", ["n is ", "n", ""]),
        ("{a}{b}", ["", "a", "", "b", ""]),
        ("{{n}} {n}", ["{n} ", "n", ""]),
        ("{ {1: 2}[1] }!", ["", " {1: 2}[1] ", "!"]),
        ("open {n", ["open {n"]),
        ("closed n}", ["closed n}"]),
    ],
)
def test_log_messages_are_texts_and_expressions_in_turn(message, parts):
    assert log_parts(message) == parts


def test_strings_are_logged_as_str_gives_them():
    names = {"s": Value("'a\\n'"), "items": Value("['a']")}
    assert log_text("{s}|{items}|{s!r}", names).startswith("a\n|['a']|<")


@pytest.mark.parametrize("text", ["x", "3 4", "=3", ">=", "-1", "% 2 3", "1.5"])
def test_a_hit_condition_is_a_number_with_a_sign(text):
    with pytest.raises(BadExpression):
        Breakpoint(1, frozenset(), hit_condition=text).check()


def test_hits_are_counted_by_frame_in_any_order():
    breakpoint_ = Breakpoint(1, frozenset())
    assert breakpoint_.count(10) == (1, True)
    assert breakpoint_.count(30) == (2, True)
    assert breakpoint_.count(20) == (2, True)
    assert breakpoint_.count(30) == (3, False)


def test_a_scope_sees_its_own_names_then_the_modules():
    module = Scope("<module>", 0, 9, {"a": Value("1"), "b": Value("2")})
    outer = Scope("f", 1, 2, {"c": Value("3")})
    inner = Scope("g", 5, 6, {"a": Value("4")})
    names = names_of(State((module, outer, inner), Event.LINE))
    assert {name: value.text for name, value in names.items()} == {"a": "4", "b": "2"}
    assert set(names_of(State((outer, inner), Event.LINE))) == {"a"}


def traced(source: str) -> Trace:
    trace = Trace()
    for frame in record(source):
        trace = trace.append(frame)
    return trace


def test_an_uncaught_exception_is_found_where_it_was_raised():
    source = "def f(n):\n    return f(n - 1) if n else 1 / 0\n\nf(3)\n"
    raised = uncaught(traced(source))
    assert raised is not None
    assert raised.frame is not None
    assert (raised.frame.event, raised.frame.depth, raised.frame.line) == (Event.EXCEPTION, 4, 2)


def test_a_caught_exception_is_not_uncaught():
    source = "def f():\n    raise KeyError(1)\n\ntry:\n    f()\nexcept KeyError:\n    pass\n"
    assert uncaught(traced(source)) is None
