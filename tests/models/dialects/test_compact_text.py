"""The compact dialect's text: lossless for frames, canonical for tokens."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from foreframe_models.dialects.base import MalformedFrame
from foreframe_models.dialects.compact_text import (
    Place,
    head,
    read_frame,
    split,
    write_frame,
    write_scopes,
)
from foreframe_models.dialects.listing import Listing, TooLong
from foreframe_models.training.documents import TraceLimits, Untraceable, trace
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_models.vocabulary import PARTS, Vocabulary
from foreframe_protocol.states import Event, Frame, Part, Provenance, Scope, State, Value

VOCABULARY = Vocabulary.standard()
LIMITS = TraceLimits(frames=300, seconds=2)


def essence(frame: Frame) -> tuple[object, ...]:
    """A frame without provenance and confidence."""
    locals_ = frame.locals
    shown = None if locals_ is None else [(n, v.text, v.cut) for n, v in locals_.items()]
    value = frame.value and (frame.value.text, frame.value.cut)
    place = (frame.event, frame.function, frame.scope_line, frame.line, frame.source, frame.depth)
    parts = [(p.index, p.value.text, p.value.cut) for p in frame.parts]
    upcoming = frame.upcoming and (frame.upcoming.text, frame.upcoming.cut)
    return (*place, shown, value, parts, upcoming)


def written(source: str, function: str | None = None, args: str = "") -> list[str]:
    """The frames of a real run as tokens, for eyes."""
    frames, _ = trace(Sample(source, function, args), LIMITS)
    listing = Listing(source, VOCABULARY)
    place, shown = Place(), []
    for frame in frames:
        ids, place = write_frame(listing, place, frame)
        shown.append(VOCABULARY.show(ids))
    return shown


def check_round_trip(sample: Sample, first: int = 1, left_out: float = 0.0) -> int:
    """How many frames came back; of `left_out` parts and next elements are dropped before."""
    frames, _ = trace(sample, LIMITS)
    rng = Random(len(frames))
    frames = [
        replace(frame, parts=(), upcoming=None) if rng.random() < left_out else frame
        for frame in frames
    ]
    listing = Listing(sample.source, VOCABULARY, first=first)
    place, ids = Place(), []
    for frame in frames:
        tokens, place = write_frame(listing, place, frame)
        ids += tokens
    place = Place()
    parts = split(listing, ids)
    assert len(parts) == len(frames)
    for frame, tokens in zip(frames, parts, strict=True):
        parsed = read_frame(listing, place, tokens)
        place = parsed.place
        assert essence(parsed.frame) == essence(frame)
    return len(frames)


def test_frames_of_generated_programs_come_back_from_their_tokens() -> None:
    rng = Random(11)
    count = 0
    while count < 6000:
        sample = draw(rng, 1.0)
        try:
            count += check_round_trip(
                sample, first=rng.choice((1, 1, 50)), left_out=rng.choice((0, 0, 0.3, 1))
            )
        except Untraceable:
            continue


SOURCES = [
    "x = [1]\ntry:\n    x[3]\nexcept IndexError as e:\n    x.append(str(e))\ndel x[0]\nprint(x)\n",
    '"""A docstring."""\n\n\nclass A:\n    """Another."""\n\n    def m(self):\n'
    '        """One more."""\n'
    "        return 1\n\n    def __repr__(self):\n        return 'A()'\n\n\na = A()\nb = a.m()\n",
    "f = lambda a: a + 1\ng = sorted([3, 1], key=lambda v: -v)\nprint(f(1), sum(i for i in g))\n",
    "def g():\n    x = yield 1\n    yield x\n\nh = g()\na = next(h)\nb = h.send(5)\nh.close()\n",
    "def f(n):\n    if n == 0:\n        raise ValueError('no\\nmore')\n    return f(n - 1)\n\n"
    "try:\n    f(2)\n"
    "except ValueError:\n    z = 'é中😀' * 3\ndel z\n",
    "x = 1; y = 2\nfor i in (1, 2): x += i\nif x: del y\nwhile x > 2: x -= 1\n",
]


@pytest.mark.parametrize("source", SOURCES)
def test_frames_of_odd_programs_come_back_from_their_tokens(source: str) -> None:
    assert check_round_trip(Sample(source)) > 4


def test_a_loop_is_written_with_what_comes_next_and_with_changes_only() -> None:
    source = "def f(xs):\n    r = []\n    for x in xs:\n        r.append(x)\n    return r\n"
    assert written(source, "f", "[4, 5]") == [
        "<call> x s <=> [ 4 ,  5 ] <;> <L1>",
        "<line> <L2>",
        "<line> r <=> [ ] <;> <it> 4 ,  5 <;> <L3>",
        "<line> x <=> 4 <;> <L4>",
        "<line> r <=> [ 4 ] <;> <it> 5 <;> <L3>",
        "<line> x <=> 5 <;> <L4>",
        "<line> r <+> 5 <;> <it> <;> <L3>",
        "<line> <L5>",
        "<ret> [ 4 ,  5 ] <L5>",
    ]


def test_the_parts_of_a_line_stand_before_what_comes_after_it() -> None:
    source = (
        "def g(a):\n    return a\n\n"
        "def f(s):\n    if len(s) > 2 and g(s[1:]):\n        return '-'.join(sorted(s)[::-1])\n"
    )
    assert written(source, "f", "'abc'") == [
        "<call> s <=> ' a b c ' <;> <L3>",
        "<line> <L4>",
        "<p0> 3 <;> <p1> True <;> <p2> ' b c ' <;> <call> a <=> ' b c ' <;> <L1>",
        "<line> <L2>",
        "<ret> ' b c ' <L2>",
        "<p3> ' b c ' <;> <line> <L5>",
        "<p0> [ ' a ' ,  ' b ' ,  ' c ' ] <;> <p1> [ ' c ' ,  ' b ' ,  ' a ' ] <;> "
        "<ret> ' c - b - a ' <L5>",
    ]


def test_a_part_beyond_the_last_index_is_left_out() -> None:
    listing = Listing("x = 1\n", VOCABULARY)
    parts = tuple(Part(index, Value("1")) for index in (0, PARTS - 1, PARTS))
    frame = Frame(Event.CALL, "<module>", 0, 1, "", {}, parts=parts)
    ids, _ = write_frame(listing, Place(), frame)
    assert read_frame(listing, Place(), ids).frame.parts == parts[:2]


def test_a_name_that_is_bound_anew_without_being_read_is_written_whole() -> None:
    source = "def f(a):\n    a = [1, 2, 3]\n    a = a + [4]\n    return a\n"
    assert written(source, "f", "[1, 2]")[2:4] == [
        "<line> a <=> [ 1 ,  2 ,  3 ] <;> <L3>",
        "<line> a <+> 4 <;> <L4>",
    ]


def test_a_name_that_is_bound_anew_is_written_also_when_it_keeps_its_value() -> None:
    source = "def f(a):\n    a = 1\n    for a in (1, 1):\n        b = a\n    return b\n"
    assert written(source, "f", "1")[2:7] == [
        "<line> a <=> 1 <;> <it> 1 ,  1 <;> <L3>",
        "<line> a <=> 1 <;> <L4>",
        "<line> b <=> 1 <;> <it> 1 <;> <L3>",
        "<line> a <=> 1 <;> <L4>",
        "<line> b <=> 1 <;> <it> <;> <L3>",
    ]
    assert written(source, "f", "1")[7] == "<line> <L5>"


def test_an_exception_unwinds_in_short_form() -> None:
    source = "def f():\n    raise KeyError(7)\n\ndef g():\n    f()\n"
    assert written(source, "g")[-4:] == [
        "<exc> KeyError :  7 <L2>",
        "<unwind> <L2>",
        "<exc> KeyError :  7 <L4>",
        "<unwind> <L4>",
    ]


def test_a_value_beyond_the_limit_is_cut_and_said_so() -> None:
    listing = Listing("x = 'a' * 999\ny = x\n", VOCABULARY)
    module = Frame(Event.CALL, "<module>", 0, 1, "", {})
    _, place = write_frame(listing, Place(), module)
    long = Value(repr("a" * 999))
    frame = Frame(Event.LINE, "<module>", 0, 2, "y = x", {"x": long})
    ids, after = write_frame(listing, place, frame)
    assert "<cut>" in VOCABULARY.show(ids)
    read = read_frame(listing, place, ids).frame
    assert read.locals is not None
    assert read.locals["x"] == Value(long.text[:200], Provenance.PREDICTED, cut=True)
    assert after.stack[-1].locals["x"] is long


def test_a_document_can_start_from_a_stack_without_history() -> None:
    source = "def f(xs):\n    for x in xs:\n        y = x\n    return y\n\nf([1, 2])\n"
    listing = Listing(source, VOCABULARY)
    state = State(
        (
            Scope("<module>", 0, 6, {}),
            Scope("f", 1, 3, {"xs": Value("[1, 2]"), "x": Value("2")}),
        ),
        Event.LINE,
    )
    assert VOCABULARY.show(write_scopes(listing, state)) == (
        "<scope> <L5> <scope> x s <=> [ 1 ,  2 ] <;> x <=> 2 <;> <L3>"
    ).replace("<L5>", VOCABULARY.tokens[listing.vocabulary.line(listing.number[6])])
    known = {**state.top.locals, "y": Value("2")}
    frame = Frame(Event.LINE, "f", 1, 2, "    for x in xs:", known, depth=1)
    ids, place = write_frame(listing, Place.of(state), frame)
    assert VOCABULARY.show(ids) == "<line> y <=> 2 <;> <L2>"
    assert place.stack[-1].line == 2
    assert VOCABULARY.tokens[head(listing)[-1]] == "<trace>"


def test_only_chosen_lines_are_shown_and_others_are_refused() -> None:
    source = "a = 1\n\ndef f():\n    return 2\n\ndef g():\n    return 3\n"
    listing = Listing(source, VOCABULARY, lines={6, 7})
    assert list(listing.number) == [1, 6, 7] or list(listing.number) == [6, 7]
    frame = Frame(Event.CALL, "f", 3, 3, "def f():", {})
    with pytest.raises(ValueError, match="line 3 is not in the listing"):
        write_frame(listing, Place(), frame)


def test_a_program_with_more_lines_than_tokens_is_refused() -> None:
    with pytest.raises(TooLong):
        Listing("x = 1\n" * 321, VOCABULARY)


@pytest.mark.parametrize(
    "tokens",
    [
        "<line> <L9>",
        "<end> <L1>",
        "<line> x <+> <;> <L2>",
        "<line> y <-> <;> <L2>",
        "<line> y <del> <;> <L2>",
        "<line> x <=> <L2>",
        "<unwind> <L2>",
        "<ret> <call> <L2>",
        "<line> <=> <;> <L2>",
        "<line>",
        "<call> <fn> 9 <;> <L1>",
        "<line> x <@> 3 <=> 1 <;> <L2>",
        "<line> x <@> 3 <;> <L2>",
        "<p0> 1 <L2>",
        "<p0> <;> <p1> 2 <;>",
        "<p0> <=> <;> <ret> 1 <L2>",
    ],
)
def test_tokens_that_are_no_frame_are_refused(tokens: str) -> None:
    listing = Listing("def f(x):\n    return x\n", VOCABULARY)
    call = Frame(Event.CALL, "f", 1, 1, "def f(x):", {"x": Value("[1]")})
    _, place = write_frame(listing, Place(), call)
    ids = [VOCABULARY.tokens.index(text) for text in tokens.split()]
    with pytest.raises(MalformedFrame):
        read_frame(listing, place, ids)


def test_a_change_that_does_not_fit_leaves_the_value_unknown_when_reading_leniently() -> None:
    listing = Listing("def f(x):\n    return x\n", VOCABULARY)
    call = Frame(Event.CALL, "f", 1, 1, "def f(x):", {"x": Value("5")})
    _, place = write_frame(listing, Place(), call)
    ids = [VOCABULARY.tokens.index(text) for text in "<line> x <+> 7 <;> <L2>".split()]
    frame = read_frame(listing, place, ids, strict=False).frame
    assert frame.locals is not None
    assert frame.locals["x"] == Value("5", Provenance.UNKNOWN)
