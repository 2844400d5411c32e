"""Where a test or a loop leads, as the trace before it shows it."""

from dataclasses import replace

import pytest
from settling import UNSURE, frames_of

from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import Event, Trace, Value


def led(source: str, args: str, *, lost: Event = Event.LINE) -> list[tuple[int, int]]:
    """Each stop on a test → where it leads, were every frame after it guessed to be elsewhere."""
    program, here = Program.parse(source, "/p.py"), Trace()
    tests = {line for line, text in enumerate(source.splitlines(), 1) if "if " in text}
    tests |= {line for line, text in enumerate(source.splitlines(), 1) if "while " in text}
    found = []
    for frame in frames_of(source, args):
        before = here.frame
        if before is not None and before.event is Event.LINE and before.line in tests:
            away = replace(frame, event=lost, line=99, source="", locals={"q": UNSURE}, parts=())
            again = program.certain.settled(here, away, upcoming=True)
            if again is not away:
                assert replace(again, parts=frame.parts, upcoming=frame.upcoming) == frame
                assert (again.upcoming or UNSURE).text == (frame.upcoming or UNSURE).text
                found.append((before.line, again.line))
        assert program.certain.settled(here, frame, upcoming=True) == frame
        here = here.append(frame)
    return found


@pytest.mark.parametrize(
    ("test", "args", "wanted"),
    [
        ("a == b", "1, 1.0", [(2, 3)]),
        ("a == b", "'r', 's'", [(2, 4)]),
        ("a[0] != b", "['x'], 'x'", [(2, 4)]),
        ("a in b", "'r', ['s', 'r']", [(2, 3)]),
        ("a not in b", "'r', 'strawberry'", [(2, 4)]),
        ("a < b <= 3", "1, 2", [(2, 3)]),
        ("a < b <= len('abc')", "1, 2", []),
        ("a < b", "1, 2", [(2, 3)]),
        ("a is None", "None, 0", [(2, 3)]),
        ("a is b", "1, 1", []),
        ("not a", "[], 0", [(2, 3)]),
        ("a", "{}, 0", [(2, 4)]),
        ("a and b == 2", "[1], 2", [(2, 3)]),
        ("a or len(b)", "[1], 'x'", [(2, 3)]),
        ("len(b) or a", "[1], 'x'", []),
        ("a.isdigit()", "'1', 0", []),
        ("(a := b) == a", "1, 2", []),
        ("a - a == b", "1e999, 0", []),
    ],
)
def test_a_test_that_only_compares_what_is_shown_leads_where_it_does(
    test: str, args: str, wanted: list[tuple[int, int]]
) -> None:
    source = f"def f(a, b):\n    if {test}:\n        a = 5\n    return b\n"
    assert led(source, args) == wanted
    assert led(source, args, lost=Event.RETURN) == wanted


def test_loops_and_other_ways_are_led_to_their_line_and_to_no_other() -> None:
    source = (
        "def f(a):\n    n = 0\n    for x in a:\n        if x == 2:\n            continue\n"
        "        elif x == 3:\n            n = x\n        while n == 3:\n            n = 0\n"
        "    return n\n"
    )
    wanted = [(4, 5), (4, 6), (6, 7), (8, 9), (8, 3), (4, 6), (6, 8), (8, 3)]
    assert led(source, "[2, 3, 4]") == wanted


def test_a_loop_goes_on_as_long_as_it_has_elements() -> None:
    source = "def f(a):\n    n = 0\n    for x, y in a:\n        n = y\n    return n\n"
    program, here = Program.parse(source, "/p.py"), Trace()
    found = []
    for frame in frames_of(source, "[(1, 'p'), (2, 'q')]"):
        before = here.frame
        if before is not None and before.line == 3:
            away = replace(frame, line=99, source="", locals={"q": UNSURE})
            again = program.certain.settled(here, away, upcoming=True)
            shown = None if again.locals is None else {k: v.text for k, v in again.locals.items()}
            found.append((again.line, shown))
        here = here.append(frame)
    assert found == [
        (99, {"q": "?"}),  # names that are new have a place among the others
        (4, {"a": "[(1, 'p'), (2, 'q')]", "n": "'p'", "x": "2", "y": "'q'"}),
        (5, {"a": "[(1, 'p'), (2, 'q')]", "n": "'q'", "x": "2", "y": "'q'"}),
    ]


def test_where_a_false_test_ends_the_function_nothing_is_told() -> None:
    source = "def f(a):\n    if a == 1:\n        a = 2\n"
    assert led(source, "3") == []
    assert led(source, "1") == [(2, 3)]


def test_equality_of_a_class_of_its_own_is_left_to_the_model() -> None:
    source = (
        "class N(int):\n    def __eq__(self, other):\n        return False\n"
        "def f(a):\n    n = N(a)\n    if a == n:\n        a = 2\n    return a\n"
    )
    assert led(source, "3") == []


def test_a_test_of_a_part_that_the_frame_tells_leads_by_it() -> None:
    source = "def f(a):\n    if len(a) == 2:\n        a = 1\n    return a\n"
    program, here = Program.parse(source, "/p.py"), Trace()
    call, stop, real, *_ = frames_of(source, "'xy'")
    here = here.append(call).append(stop)
    (part,) = real.parts
    other = replace(part, value=Value("3", confidence=0.5))
    found = program.certain.settled(here, replace(real, parts=(other,)), upcoming=True)
    assert (found.line, found.confidence) == (4, 0.5)


def test_a_dict_that_grows_under_its_loop_gives_no_next_key() -> None:
    source = "def f(d):\n    for k in d:\n        d['x'] = 1\n    return 0\n"
    program, here = Program.parse(source, "/p.py"), Trace()
    for frame in frames_of(source, "{'a': 1}"):
        assert program.certain.settled(here, frame, upcoming=True) == frame
        here = here.append(frame)


def test_a_loop_that_a_trace_begins_in_goes_on_from_where_its_header_says() -> None:
    source = "def f(s):\n    for c in s:\n        if c == 'x':\n            c = 1\n    return s\n"
    program, before = Program.parse(source, "/p.py"), Trace()
    frames = frames_of(source, "'berry'")
    at = [frame.line for frame in frames].index(3)
    for frame in frames[: at + 1]:
        before = before.append(frame)
    here = Trace(before.state).append(frames[at + 1])  # which says that 'e', 'r', 'r' come next
    here = here.append(frames[at + 2])
    lost = replace(frames[at + 3], line=4, upcoming=None)
    found = program.certain.settled(here, lost, upcoming=True)
    assert found.upcoming is not None
    assert (found.line, found.upcoming.text) == (2, "'r', 'r', 'y'")


def test_a_place_that_fits_twice_is_not_known() -> None:
    source = "def f(s):\n    for c in s:\n        c = 1\n    return s\n"
    program, before = Program.parse(source, "/p.py"), Trace()
    frames = frames_of(source, "'aaaaaaaa'")
    for frame in frames[:3]:
        before = before.append(frame)
    here = Trace(before.state).append(frames[3]).append(frames[4])
    unsure = replace(frames[5], upcoming=None)
    assert program.certain.settled(here, unsure, upcoming=True) is unsure
