"""What a `for` takes next, told by the trace before it."""

from random import Random

import pytest

from foreframe_models.program.control_flow import Program
from foreframe_models.program.elements import assigned, elements_of, first_of
from foreframe_models.training.documents import TraceLimits, Untraceable, trace
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_protocol.states import Event, Frame, Trace, Value

LIMITS = TraceLimits(seconds=20.0)


def frames_of(source: str, args: str) -> list[Frame]:
    return trace(Sample(source, "f", args), LIMITS)[0]


def headers(source: str, frames: list[Frame]) -> list[tuple[Value | None, Value | None]]:
    """(what is said, what the tracer saw) at each stop on a loop's header."""
    program = Program.parse(source, "/p.py")
    found = []
    here = Trace()
    for frame in frames:
        here = here.append(frame)
        if frame.event is Event.LINE and frame.line in program.for_bodies:
            found.append((program.loops.upcoming(here), frame.upcoming))
    return found


def said(source: str, args: str = "") -> list[str | None]:
    """What is said at each stop on a header; it must be what the tracer saw, where it did."""
    found = headers(source, frames_of(source, args))
    for own, seen in found:
        if own is not None and seen is not None:
            assert (own.text, own.cut) == (seen.text, seen.cut)
    return [None if own is None else own.text for own, _ in found]


def test_what_is_said_of_generated_programs_is_never_wrong_and_mostly_there() -> None:
    rng = Random(11)
    known = seen = 0
    for _ in range(60):
        sample = draw(rng, 1.0)
        try:
            frames, _ = trace(sample, LIMITS)
        except (Untraceable, SyntaxError):
            continue
        for own, real in headers(sample.source, frames):
            if real is not None:
                seen += 1
                known += own is not None
                assert own is None or (own.text, own.cut) == (real.text, real.cut), sample.source
    assert seen > 50
    assert known > 0.7 * seen


def test_letters_come_in_their_order_and_then_none() -> None:
    source = "def f(s):\n    for c in s:\n        c = 1\n    return s\n"
    assert said(source, "'abcde'") == [
        "'a', 'b', 'c'", "'b', 'c', 'd'", "'c', 'd', 'e'", "'d', 'e'", "'e'", "",
    ]  # fmt: skip


def test_a_list_that_grows_while_it_is_gone_through_is_told_as_it_is() -> None:
    source = "def f(a):\n    for x in a:\n        if len(a) < 4:\n            a.append(x)\n"
    assert said(source, "[7, 8]") == ["7, 8", "8, 7", "7, 8", "8", ""]


def test_a_name_bound_anew_leaves_the_loop_with_what_it_had() -> None:
    source = "def f(s):\n    for s in s:\n        s = s + 'x'\n    return s\n"
    assert said(source, "'ab'") == ["'a', 'b'", "'b'", ""]


def test_a_list_that_is_bound_anew_in_its_loop_is_not_known_any_more() -> None:
    source = "def f(a):\n    for x in a:\n        a = [x]\n    return a\n"
    assert said(source, "[1, 2]")[1:] == [None, None]


def test_a_value_worked_out_in_the_header_is_known_once_it_has_been_told() -> None:
    source = "def f(s):\n    for w in sorted(s.split()):\n        s = w\n    return s\n"
    assert said(source, "'b a'") == [None, "'b'", ""]


def test_what_others_hold_as_well_may_have_been_changed_and_is_not_told() -> None:
    source = "def f(d):\n    for x in d['k']:\n        d['k'].append(9) if x < 2 else None\n"
    assert said(source, "{'k': [1, 2]}")[1:] == [None, None, None]


@pytest.mark.parametrize(
    ("over", "wanted"),
    [
        ("enumerate('ab')", ["(0, 'a'), (1, 'b')", "(1, 'b')", ""]),
        ("zip('ab', [1, 2])", ["('a', 1), ('b', 2)", "('b', 2)", ""]),
        ("range(n)", ["0, 1", "1", ""]),
        ("range(3, -1, -2)", ["3, 1", "1", ""]),
        ("{'x': 1, 'y': 2}", [None, None, None]),
        ("d.items()", ["('k', [1])", ""]),
        ("d.values()", ["[1]", ""]),
        ("d", ["'k'", ""]),
    ],
)
def test_built_in_iterators(over: str, wanted: list[str | None]) -> None:
    source = f"def f(n, d):\n    for x in {over}:\n        y = x\n    return n\n"
    found = said(source, "2, {'k': [1]}")
    assert [one or "" for one in found] == [one or "" for one in wanted]


def test_an_inner_loop_begins_anew_each_time() -> None:
    source = (
        "def f():\n    for a in 'xy':\n        for b in (1, 2):\n            a = b\n    return a\n"
    )
    assert said(source) == [
        "'x', 'y'", "1, 2", "2", "", "'y'", "1, 2", "2", "", "",
    ]  # fmt: skip


def test_a_body_too_long_for_a_short_jump_is_gone_through_like_any_other() -> None:
    body = "".join(f"        t = t + {n} * len(s) - ord(c) % 7\n" for n in range(40))
    source = f"def f(s):\n    t = 0\n    for c in s:\n{body}    return t\n"
    seen = [real.text for _, real in headers(source, frames_of(source, "'abc'")) if real]
    assert seen == ["'a', 'b', 'c'", "'b', 'c'", "'c'", ""]
    assert said(source, "'abc'") == seen


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("'a\\n'", ["'a'", "'\\n'"]),
        ("{'a': 1}", ["'a'"]),
        ("dict_items([('a', 1)])", ["('a', 1)"]),
        ("range(0, 3)", ["0", "1", "2"]),
        ("b'ab'", ["97", "98"]),
        ("5", None),
        ("<A object at 0x10>", None),
        ("Counter({'a': 2})", None),  # shown in another order than it is gone through
        ("[1, 2", None),
    ],
)
def test_elements_of_a_text(text: str, wanted: list[str] | None) -> None:
    found = elements_of(text)
    assert (None if found is None else list(found)) == wanted


def test_the_first_of_what_comes_is_told_only_when_it_is_whole() -> None:
    assert first_of(Value("'a, b', 'c'")) == "'a, b'"
    assert first_of(Value("'" + "x" * 59, cut=True)) is None
    assert first_of(Value("")) is None


def test_a_starred_target_is_left_alone() -> None:
    tree = Program.parse("for a, *b in x:\n    a\n", "/p.py").tree.body[0]
    assert list(assigned(tree.target, "(1, 2)")) == []  # type: ignore[attr-defined]
