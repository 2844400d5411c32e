"""What must stand in a next frame, as the trace before it shows it."""

from dataclasses import replace
from random import Random

import pytest
from settling import UNSURE, frames_of, generated_runs

from foreframe_models import catalog
from foreframe_models.engines.embedded import EmbeddedEngine
from foreframe_models.entry import Entry
from foreframe_models.program.certain import says_the_same
from foreframe_models.program.control_flow import Program
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import (
    Action,
    End,
    Event,
    Frame,
    Goal,
    Provenance,
    Scope,
    State,
    Trace,
    Value,
)


def guessed(frame: Frame) -> Frame:
    """The frame with nothing right in it but its place and its names."""
    frame = replace(frame, parts=())
    if frame.event is Event.LINE and frame.locals is not None:
        return replace(frame, locals=dict.fromkeys(frame.locals, UNSURE), upcoming=None)
    return replace(frame, value=UNSURE) if frame.event is Event.RETURN else frame


def settled(source: str, args: str = "") -> list[tuple[Frame, Frame]]:
    """Each frame as it was, and its guess put right."""
    program, here = Program.parse(source, "/p.py"), Trace()
    found = []
    for frame in frames_of(source, args):
        found.append((frame, program.certain.settled(here, guessed(frame), upcoming=True)))
        here = here.append(frame)
    return found


def returned(source: str, args: str = "") -> str:
    """The value of the last return, as put right."""
    frame = settled(source, args)[-1][1]
    assert frame.value is not None
    return frame.value.text


def test_what_is_right_is_left_alone_in_generated_programs_and_much_is_certain() -> None:
    returns = sure = 0
    for program, frames in generated_runs(Random(12), 60):
        here = Trace()
        for frame in frames:
            assert program.certain.settled(here, frame, upcoming=True) == frame, program.source
            assert not program.certain.parts(here, frame), program.source
            again = program.certain.settled(here, guessed(frame), upcoming=False)
            if frame.event is Event.RETURN:
                returns += 1
                sure += again.value is not UNSURE
            here = here.append(frame)
    assert returns > 50
    assert sure > 0.25 * returns


def test_what_is_right_is_left_alone_from_the_middle_of_a_run_on() -> None:
    rng = Random(7)
    begun = 0
    for program, frames in generated_runs(rng, 60):
        before = Trace()
        first = rng.randrange(1, len(frames))
        for frame in frames[:first]:
            before = before.append(frame)
        here = Trace(before.state)
        for frame in frames[first:]:
            assert program.certain.settled(here, frame, upcoming=True) == frame, program.source
            assert not program.certain.parts(here, frame), program.source
            here = here.append(frame)
            begun += frame.line in program.for_bodies
    assert begun > 50


def test_a_variable_that_is_returned_is_what_it_was() -> None:
    assert returned("def f(a):\n    return a\n", "[1, 2]") == "[1, 2]"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("a[-1]", "2"),
        ("a[0], 'x', -1", "(1, 'x', -1)"),
        ("[a]", "[[1, 2]]"),
        ("(a,)", "([1, 2],)"),
        ("'ab'[1]", "'b'"),
        ("True", "True"),
        ("[[a][0]][0][1]", "2"),
        ("a[1:] + a[:-1] + [3]", "[2, 1, 3]"),
        ("'-'.join(['x', 'y'])[::-1]", "'y-x'"),
        ("f'{a}{a[0]!r}<{True}>'", "'[1, 2]1<True>'"),
        ("a.pop(0)", "1"),
        ("list('ab')", "['a', 'b']"),
        ("str(a)", "'[1, 2]'"),
        ("{0: 1}.get(0, a)", UNSURE.text),
        ("a.copy()", "[1, 2]"),
    ],
)
def test_elements_constants_and_tuples_of_what_is_shown_are_certain(
    given: str, wanted: str
) -> None:
    assert returned(f"def f(a):\n    return {given}\n", "[1, 2]") == wanted


def test_a_return_of_what_is_known_is_certain_however_sure_the_model_is() -> None:
    source = "def f(a):\n    return a\n"
    program = Program.parse(source, "/p.py")
    call, line, end = frames_of(source, "5")
    said = replace(end, value=Value("5", confidence=0.6))
    told = program.certain.settled(Trace().append(call).append(line), said, upcoming=True)
    assert told.value == Value("5")
    assert says_the_same(told, said)
    assert not says_the_same(replace(told, value=Value("6")), said)
    assert not says_the_same(replace(told, line=1), said)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("a.append('x')", {"a": "[1, 2, 'x']"}),
        ("a.insert(1, b)", {"a": "[1, 5, 2]"}),
        ("a.remove(2)", {"a": "[1]"}),
        ("a.extend((b, b))", {"a": "[1, 2, 5, 5]"}),
        ("a.reverse()", {"a": "[2, 1]"}),
        ("a += [b]", {"a": "[1, 2, 5]"}),
        ("a[-1] = b", {"a": "[1, 5]"}),
        ("del a[0]", {"a": "[2]"}),
        ("b = a.pop()", {"a": "[1]", "b": "2"}),
        ("a = a.pop()", {"a": "2"}),
        ("b = a[:1]", {"b": "[1]"}),
        ("b += a[0]", {}),
        ("a.sort()", {"a": "[1, 2]"}),
        ("a.sort(reverse=True)", {}),
        ("a.append(a)", {}),
        ("a.append(len(a))", {}),
        ("a[0:1] = [b]", {}),
        ("a[0], b = b, a[0]", {"b": "1"}),
    ],
)
def test_what_a_line_puts_in_or_takes_out_is_certain(line: str, wanted: dict[str, str]) -> None:
    frame = settled(f"def f(a, b):\n    {line}\n    return 0\n", "[1, 2], 5")[2][1]
    assert frame.locals is not None
    known = {name: value.text for name, value in frame.locals.items() if value is not UNSURE}
    assert known == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("b = a.upper() + a[0]", "'ABa'"),
        ("b = a[len(a) - 1:]", "'b'"),
        ("b = ['-'] * len(a)", "['-', '-']"),
        ("b = [a.upper(), a[::-1]]", "['AB', 'ba']"),
        ("b = f'{a}{len(a)}'", "'ab2'"),
        ("b = list({a: 1}.items())", "[('ab', 1)]"),
    ],
)
def test_what_a_frame_tells_of_parts_is_put_together(line: str, wanted: str) -> None:
    source = f"def f(a):\n    {line}\n    return b\n"
    program, here = Program.parse(source, "/p.py"), Trace()
    call, first, second, _ = frames_of(source, "'ab'")
    here = here.append(call).append(first)
    sure = tuple(replace(part, value=replace(part.value, confidence=0.75)) for part in second.parts)
    frame = replace(second, parts=sure, locals={"a": Value("'ab'"), "b": UNSURE})
    found = program.certain.settled(here, frame, upcoming=True)
    assert found.locals is not None
    assert found.locals["b"] == Value(wanted, confidence=0.75)


@pytest.mark.parametrize(
    "line",
    [
        "a = [a.pop(0), a[0]]",
        "a.append(a.pop(0))",
        "b = [a.pop(0), a]",
        "b = (a := [7]) + a[:1]",
        "a = a.pop(0); b = [a]",
        "a[0] = a.pop()",
    ],
)
def test_what_a_line_changes_on_its_way_is_never_taken_for_what_it_was(line: str) -> None:
    source = f"def f(a):\n    b = 0\n    {line}\n    return b\n"
    program, here = Program.parse(source, "/p.py"), Trace()
    for frame in frames_of(source, "[4, 5]"):
        assert program.certain.settled(here, frame, upcoming=True) == frame
        assert not program.certain.parts(here, frame)
        here = here.append(frame)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("c = a.split(',')", "['x', 'ab']"),
        ("c = a.replace('a', '')[0]", "'x'"),
        ("c = a.startswith('x') and not b", "False"),
        ("c = b or a", "[3, 1]"),
        ("c = a if a in ('x', 'y') else b[0]", "3"),
        ("c = 1 < b[0] <= 3", "True"),
        ("c = sorted(b, reverse=True)", "[3, 1]"),
        ("c = (max(b), min(b[0], 2), tuple(sorted(b)))", "(3, 2, (1, 3))"),
        ("c = ','.join(reversed(a.partition(',')))", "'ab,,,x'"),
        ("c = list(reversed(b))", "[1, 3]"),
        ("c = len(a) and b", None),
        ("c = b and a.upper()", None),
        ("c = sorted(b, key=str)", None),
        ("c = max(b, key=str)", None),
        ("c = max(b, default=0)", None),
        ("c = a.upper() if b else a", None),
        ("c = a.upper() if not b else a", "'x,ab'"),
    ],
)
def test_what_a_line_finds_orders_or_chooses_is_certain(line: str, wanted: str | None) -> None:
    source = f"def f(a, b):\n    {line}\n    return c\n"
    frame = settled(source, "'x,ab', [3, 1]")[2][1]
    assert frame.locals is not None
    value = frame.locals["c"]
    assert (None if value is UNSURE else value.text) == wanted


def test_a_name_that_a_program_gives_a_meaning_of_its_own_tells_nothing() -> None:
    source = "def max(a):\n    return 0\ndef f(a):\n    b = [max(a)]\n    return b\n"
    for _, frame in settled(source, "[3, 1]"):
        assert not frame.locals or frame.locals.get("b", UNSURE) is UNSURE


def test_names_of_a_tuple_get_its_elements() -> None:
    source = "def f(a, b):\n    a, b = b, a\n    return a\n"
    frame = settled(source, "1, 'x'")[2][1]
    assert frame.locals is not None
    assert {name: value.text for name, value in frame.locals.items()} == {"a": "'x'", "b": "1"}


@pytest.mark.parametrize(
    "source",
    [
        "class D(dict):\n    def __getitem__(self, k):\n        return 9\n"
        "def f(a):\n    d = D()\n    d[1] = 2\n    return d[1]\n",
        "class D:\n    def __repr__(self):\n        return '[7]'\n"
        "    def __getitem__(self, k):\n        return 9\n"
        "def f(a):\n    d = D()\n    return d[0]\n",
        "def f(a):\n    return len(a)\n",
        "def f(a):\n    return {a[0]}\n",
    ],
)
def test_what_may_be_more_than_reading_is_left_to_the_model(source: str) -> None:
    assert returned(source, "[1, 2]") == UNSURE.text


@pytest.mark.parametrize(
    "source",
    [
        "def f(a):\n    return a + [len(a)]\n",
        "def f(a):\n    return a[0] + a[1]\n",
        "def f(a):\n    return a.pop() + a.pop()\n",
        "def f(a):\n    str = len\n    return str(a)\n",
        "def f(a):\n    return f'{a[0]:>5}'\n",
        "def f(a):\n    if a: return a\n",  # which of the two has run is not told
        "def f(a):\n    return (\n        a\n    )\n",
        "def f(a):\n    try:\n        return a\n    finally:\n        a = 5\n",
        "def g(a):\n    yield a\ndef f(a):\n    return g(a)\n",
    ],
)
def test_a_value_that_is_made_on_the_way_is_not_known(source: str) -> None:
    assert returned(source, "[1, 2]") == UNSURE.text


def test_a_variable_bound_to_another_has_its_value_and_no_confidence_of_its_own() -> None:
    source = "def f(a):\n    b = a\n    c = b + 1\n    return c\n"
    frame = settled(source, "7")[2][1]
    assert frame.locals is not None
    assert frame.locals["b"] == Value("7", Provenance.PREDICTED, None)
    assert frame.locals["a"] == UNSURE


def test_what_a_function_gave_is_what_the_line_binds_or_returns() -> None:
    source = "def g(a):\n    return a * 2\ndef f(a):\n    b = g(a)\n    return g(b)\n"
    found = settled(source, "3")
    bound = next(one.locals for _, one in found if one.line == 5 and one.locals)
    assert bound["b"].text == "6"
    assert returned(source, "3") == "12"


@pytest.mark.parametrize(
    "source",
    [
        "def g(a):\n    return a\ndef f(a):\n    return g(a) or g(a)\n",
        "def g(a):\n    return a\ndef f(a):\n    return -g(a)\n",
        "def h(k):\n    return lambda a: 1\n@h\ndef g(a):\n    return a\n"
        "def f(a):\n    return g(a)\n",
        "class g:\n    def __init__(self, a):\n        self.a = a\ndef f(a):\n    return g(a).a\n",
    ],
)
def test_what_a_line_does_more_with_is_not_known(source: str) -> None:
    assert returned(source, "3") == UNSURE.text


def test_the_target_of_a_loop_gets_what_the_loop_took() -> None:
    source = "def f(s):\n    for i, c in enumerate(s):\n        i = c\n    return s\n"
    body = settled(source, "'ab'")[2][1]
    assert body.locals is not None
    assert {name: value.text for name, value in body.locals.items()} == {
        "s": "?",
        "i": "0",
        "c": "'a'",
    }


def test_a_wrong_guess_of_the_next_elements_is_put_right() -> None:
    source = "def f(s):\n    for c in s:\n        c = 1\n    return s\n"
    program = Program.parse(source, "/p.py")
    call, header, *_ = frames_of(source, "'ab'")
    wrong = replace(header, upcoming=Value("'b'"))
    right = program.certain.settled(Trace().append(call), wrong, upcoming=True)
    assert right.upcoming == Value("'a', 'b'")
    assert program.certain.settled(Trace().append(call), right, upcoming=True) is right


def corrected(source: str, args: str, at: int) -> list[tuple[int, str]]:
    """What the frame at `at` must begin with, were all its parts guessed."""
    program, frames, here = Program.parse(source, "/p.py"), frames_of(source, args), Trace()
    for frame in frames[:at]:
        here = here.append(frame)
    blank = tuple(replace(part, value=UNSURE) for part in frames[at].parts)
    found = program.certain.parts(here, replace(frames[at], parts=blank))
    assert not program.certain.parts(here, frames[at])
    return [(part.index, part.value.text) for part in found]


def test_a_part_that_is_an_element_of_what_is_shown_is_put_right() -> None:
    source = "def f(a, i):\n    x = a[i] + a[0]\n    return x\n"
    assert corrected(source, "['p', 'q'], 1", 2) == [(0, "'q'")]


def test_parts_before_a_wrong_one_stay_as_they_are() -> None:
    source = "def f(a):\n    x = len(a) + a[0]\n    return x\n"
    assert corrected(source, "[4, 5]", 2) == [(0, "?"), (1, "4")]


@pytest.mark.parametrize("value", ["a.pop() + a[0]", "(a := [1]) and a[0] + 1"])
def test_a_part_of_what_the_line_may_have_changed_before_is_left_to_the_model(value: str) -> None:
    source = f"def f(a):\n    x = {value}\n    return x\n"
    assert corrected(source, "[4, 5]", 2) == []


async def test_the_small_model_reads_elements_as_they_are() -> None:
    source = "def f(words, i):\n    x = words[i] + words[0]\n    return x\n"
    program = Program.parse(source, "/p.py")
    world = WorldModel(EmbeddedEngine(catalog.SHIPPED, threads=1), max_tokens=2000)
    try:
        start = await world.start(program, Entry("f", "['zqv', 'kpx', 'vbx'], 1"))
        found = await world.predict(program, start, Goal(Action.STEP_OUT))
    finally:
        await world.close()
    frame = next(frame for frame in found.frames if frame.line == 3)
    known = [(part.index, part.value.text) for part in frame.parts]
    assert known == [(0, "'kpx'"), (1, "'zqv'")]


async def test_the_small_model_takes_every_letter_in_its_order_and_returns_what_it_has() -> None:
    source = "def f(word):\n    last = ''\n    for c in word:\n        last = c\n    return last\n"
    program, word = Program.parse(source, "/p.py"), "xqzzvjk kwq"
    world = WorldModel(EmbeddedEngine(catalog.SHIPPED, threads=1), max_tokens=2000)
    try:
        start = await world.start(program, Entry("f", repr(word)))
        found = await world.predict(program, start, Goal(Action.STEP_OUT))
    finally:
        await world.close()
    bodies = [frame.locals for frame in found.frames if frame.line == 4 and frame.locals]
    assert found.end is End.FINISHED
    assert [shown["c"].text for shown in bodies] == [repr(letter) for letter in word]
    assert found.frames[-1].value is not None
    assert found.frames[-1].value.text == "'q'"


def test_a_state_that_a_trace_begins_with_shows_what_a_frame_would() -> None:
    program = Program.parse("def f(xs, k):\n    n = xs\n    return n\n", "/p.py")
    given = {"xs": Value("[4, 5]"), "k": Value("1")}
    begun = Trace(State((Scope("f", 1, 2, given),), Event.LINE))
    said = Frame(Event.LINE, "f", 1, 3, "    return n", {**given, "n": Value("1")})
    told = program.certain.settled(begun, said, upcoming=True)
    assert told.locals is not None
    assert told.locals["n"].text == "[4, 5]"
