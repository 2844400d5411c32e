"""The compact dialect backward: lossless for frames, canonical for tokens."""

from __future__ import annotations

from random import Random

import pytest

from foreframe_models.dialects.base import MalformedFrame
from foreframe_models.dialects.compact_backward import is_whole, read_past, split_past, write_past
from foreframe_models.dialects.listing import Listing
from foreframe_models.past import PastPlace
from foreframe_models.training.documents import TraceLimits, Untraceable, trace
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_models.vocabulary import Vocabulary
from foreframe_protocol.states import Event, Frame, Scope, State, Value

VOCABULARY = Vocabulary.standard()
LIMITS = TraceLimits(frames=200, seconds=2)


def essence(frame: Frame) -> tuple[object, ...]:
    """A frame without what the way back leaves out."""
    locals_ = frame.locals
    shown = None if locals_ is None else [(n, v.text, v.cut) for n, v in locals_.items()]
    value = frame.value and (frame.value.text, frame.value.cut)
    place = (frame.event, frame.function, frame.scope_line, frame.line, frame.source, frame.depth)
    return (*place, shown, value)


def state_after(frames: list[Frame], count: int) -> State:
    state = State()
    for frame in frames[:count]:
        state = state.after(frame)
    return state


def tokens_of(listing: Listing, place: PastPlace, way: list[Frame]) -> list[list[int]]:
    found, at = [], 0
    while at < len(way):
        ids, count, place = write_past(listing, place, way[at:])
        found.append(ids)
        at += count
    return found


def written(source: str, args: str, stop: int = -1) -> list[str]:
    """The frames before a stop of a real run of f as tokens, for eyes; 0: from its outcome."""
    frames, _ = trace(Sample(source, "f", args), LIMITS)
    listing = Listing(source, VOCABULARY)
    place, way = PastPlace(), frames[::-1]
    if stop:
        count = len(frames) + 1 + stop if stop < 0 else stop
        place, way = PastPlace.of(state_after(frames, count)), frames[: count - 1][::-1]
    return [VOCABULARY.show(ids) for ids in tokens_of(listing, place, way)]


def check_round_trip(listing: Listing, place: PastPlace, way: list[Frame]) -> None:
    ids = [token for part in tokens_of(listing, place, way) for token in part]
    read: list[Frame] = []
    for part in split_past(listing, ids):
        for parsed in read_past(listing, place, part):
            read.append(parsed.frame)
            place = parsed.place
    assert [essence(f) for f in read] == [essence(f) for f in way]


def check_sample(sample: Sample, rng: Random, first: int = 1) -> int:
    frames, finished = trace(sample, LIMITS)
    listing = Listing(sample.source, VOCABULARY, first=first)
    count = rng.randrange(len(frames)) + 1
    place = PastPlace.of(state_after(frames, count))
    check_round_trip(listing, place, frames[: count - 1][::-1])
    if finished:
        check_round_trip(listing, PastPlace(), frames[::-1])
    return 1


def test_the_past_of_generated_programs_comes_back_from_its_tokens() -> None:
    rng = Random(12)
    count = 0
    while count < 2000:
        sample = draw(rng, 1.0)
        try:
            count += check_sample(sample, rng, first=rng.choice((1, 1, 50)))
        except (Untraceable, SyntaxError):
            continue


SOURCES = [
    "x = [1]\ntry:\n    x[3]\nexcept IndexError as e:\n    x.append(str(e))\ndel x[0]\nprint(x)\n",
    "f = lambda a: a + 1\ng = sorted([3, 1], key=lambda v: -v)\nprint(f(1), sum(i for i in g))\n",
    "def g():\n    x = yield 1\n    yield x\n\nh = g()\na = next(h)\nb = h.send(5)\nh.close()\n",
    "def f(n):\n    if n == 0:\n        raise ValueError('no\\nmore')\n    return f(n - 1)\n\n"
    "try:\n    f(2)\n"
    "except ValueError:\n    z = 'é中😀' * 3\ndel z\n",
    "x = 1; y = 2\nfor i in (1, 2): x += i\nif x: del y\nwhile x > 2: x -= 1\n",
    "def f(a, b, c):\n    del a\n    del b\n    a = c * 300\n    try:\n        return a\n"
    "    finally:\n        del c\n\nf(1, 2, 'x')\n",
    "class A:\n    x = 1\n    def __enter__(self):\n        return self\n"
    "    def __exit__(self, *a):\n        return True\n\nwith A() as a:\n    1 / 0\nprint(a.x)\n",
]


@pytest.mark.parametrize("source", SOURCES)
def test_the_past_of_odd_programs_comes_back_from_every_stop(source: str) -> None:
    frames, _ = trace(Sample(source), LIMITS)
    listing = Listing(source, VOCABULARY)
    for count in range(1, len(frames) + 1):
        place = PastPlace.of(state_after(frames, count))
        check_round_trip(listing, place, frames[: count - 1][::-1])
    check_round_trip(listing, PastPlace(), frames[::-1])


def test_a_way_back_shows_lines_first_and_old_values_only() -> None:
    source = "def f(xs):\n    r = []\n    for x in xs:\n        r.append(x)\n    return r\n"
    assert written(source, "[4, 5]") == [
        "<line> <L5> <;>",
        "<line> <L3> <;>",
        "<line> <L4> r <-> - 1 <;> <;>",
        "<line> <L3> x <=> 4 <;> <;>",
        "<line> <L4> r <=> [ ] <;> <;>",
        "<line> <L3> x <del> <;> <;>",
        "<line> <L2> r <del> <;> <;>",
        "<call> <L1> <;>",
    ]


def test_an_outcome_opens_a_scope_whose_locals_are_told_with_its_line() -> None:
    source = "def g(a):\n    return a + 1\n\ndef f(n):\n    m = g(n)\n    return m\n"
    assert written(source, "3", 0) == [
        "<ret> 4 <L5>",
        "<line> <L5> n <=> 3 <;> m <=> 4 <;> <;>",
        "<ret> 4 <L2>",
        "<line> <L2> a <=> 3 <;> <;>",
        "<call> <L1> <;>",
        "<line> <L4> m <del> <;> <;>",
        "<call> <L3> <;>",
    ]


def test_a_scope_that_an_exception_left_is_one_frame_of_tokens() -> None:
    source = "def g():\n    raise KeyError(7)\n\ndef f():\n    g()\n"
    assert written(source, "", 0) == [
        "<unwind> KeyError :  7 <L4>",
        "<unwind> KeyError :  7 <L2>",
        "<line> <L2> <;>",
        "<call> <L1> <;>",
        "<line> <L4> <;>",
        "<call> <L3> <;>",
    ]


def test_a_name_that_was_unbound_comes_back_to_its_position() -> None:
    source = "def f(a, b):\n    del a\n    return b\n"
    assert written(source, "1, 2", 3) == ["<line> <L2> a <^> 0 <=> 1 <;> <;>", "<call> <L1> <;>"]


def test_a_call_that_is_jumped_back_to_shows_all_its_locals() -> None:
    source = "def f(a, b):\n    c = a + b\n    return c\n"
    listing = Listing(source, VOCABULARY)
    frames, _ = trace(Sample(source, "f", "1, 2"), LIMITS)
    place = PastPlace.of(state_after(frames, 3))
    ids, count, _ = write_past(listing, place, [frames[0]], jumped=True)
    assert VOCABULARY.show(ids) == "<jump> <call> <L1> a <=> 1 <;> b <=> 2 <;> <;>"
    (parsed,) = read_past(listing, place, ids)
    assert essence(parsed.frame) == essence(frames[0])
    assert (count, parsed.place.live) == (1, ())


@pytest.mark.parametrize(
    "tokens",
    [
        "<line> <L9> <;>",
        "<end> <L1> <;>",
        "<line> <L2> x <+> <;> <;>",
        "<line> <L2> y <-> <;> <;>",
        "<line> <L2> y <del> <;> <;>",
        "<line> <L2> x <=> <;>",
        "<ret> <call> <L2>",
        "<line> <L2> <=> <;> <;>",
        "<line> <;> <L2>",
        "<ret> <fn> 9 <;> 1 <L1>",
        "<line> <L2> x <@> 3 <=> 1 <;> <;>",
        "<line> <L2> x <@> 3 <;> <;>",
        "<line> <L2> y <^> z <=> 1 <;> <;>",
    ],
)
def test_tokens_that_are_no_past_are_refused(tokens: str) -> None:
    listing = Listing("def f(x):\n    return x\n", VOCABULARY)
    state = State((Scope("f", 1, 2, {"x": Value("[1]")}),), Event.LINE)
    ids = [VOCABULARY.tokens.index(text) for text in tokens.split()]
    with pytest.raises(MalformedFrame):
        read_past(listing, PastPlace.of(state), ids)


def test_nothing_comes_before_the_entrys_call() -> None:
    listing = Listing("def f(x):\n    return x\n", VOCABULARY)
    state = State((Scope("f", 1, 1, {"x": Value("[1]")}),), Event.CALL)
    ids = [VOCABULARY.tokens.index(text) for text in ("<line>", "<L2>", "<;>")]
    assert is_whole(listing, ids)
    with pytest.raises(MalformedFrame, match="before the call"):
        read_past(listing, PastPlace.of(state), ids)
