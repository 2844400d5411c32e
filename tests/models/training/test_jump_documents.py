"""The jump task: what documents of it hold, and that they say what really happened."""

from __future__ import annotations

from random import Random

from foreframe_models.dialects.compact_jump import answered, write_jump
from foreframe_models.dialects.compact_text import Place, advance, read_frame
from foreframe_models.dialects.listing import Listing
from foreframe_models.jumps import Aim, landing
from foreframe_models.training.documents import Document, Run, TraceLimits, trace
from foreframe_models.training.jump_documents import jump
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_models.vocabulary import Vocabulary
from foreframe_protocol.states import Action, Event, Frame

VOCABULARY = Vocabulary.standard()
LIMITS = TraceLimits(frames=300, seconds=2)
OUT, OVER = Aim(Action.STEP_OUT), Aim(Action.STEP_OVER)
CALLS = Sample(
    "def g(a):\n    b = a + 1\n    return b\n\ndef f(a):\n    c = g(a)\n    return c * 2\n",
    "f",
    "1",
)
LOOP = Sample(
    "def f(a):\n    n = 0\n    for x in a:\n        n += x\n    return n\n", "f", "[4, 5]"
)
RAISES = Sample("def f(a):\n    b = a\n    return 1 // b\n", "f", "0")
YIELDS = Sample("def g():\n    yield 1\n    yield 2\n\ndef f():\n    return list(g())\n", "f")


def frames_of(sample: Sample) -> list[Frame]:
    return trace(sample, LIMITS)[0]


def event_and_line(frames: list[Frame], at: int | None) -> tuple[str, int] | None:
    return None if at is None else (frames[at].event.value, frames[at].line)


def where(sample: Sample, at: int, aim: Aim) -> tuple[str, int] | None:
    frames = frames_of(sample)
    return event_and_line(frames, landing(frames, at, aim))


def test_a_jump_out_lands_on_the_return_of_its_own_scope() -> None:
    events = [(f.event.value, f.line) for f in frames_of(CALLS)]
    inner = events.index(("call", 1))
    assert where(CALLS, 0, OUT) == ("return", 7)
    assert where(CALLS, inner, OUT) == ("return", 3)
    assert where(CALLS, events.index(("return", 3)), OUT) == ("return", 7)
    assert where(YIELDS, [f.event for f in frames_of(YIELDS)].index(Event.CALL, 1), OUT) == (
        "return", 2,
    )  # fmt: skip


def test_a_jump_over_lands_on_the_next_line_of_its_own_scope() -> None:
    assert where(CALLS, 1, OVER) == ("line", 7)
    assert where(CALLS, len(frames_of(CALLS)) - 2, OVER) == ("return", 7)


def test_a_jump_to_a_line_lands_there_the_next_time_or_on_the_return() -> None:
    assert where(LOOP, 0, Aim(Action.RUN_TO, 4)) == ("line", 4)
    header = next(i for i, f in enumerate(frames_of(LOOP)) if f.line == 3)
    again = landing(frames_of(LOOP), header, Aim(Action.RUN_TO, 3))
    assert again == header + 2
    last = len(frames_of(LOOP)) - 2
    assert where(LOOP, last, Aim(Action.RUN_TO, 4)) == ("return", 5)


def test_a_jump_out_of_a_scope_that_is_left_by_an_exception_lands_on_that() -> None:
    assert where(RAISES, 0, OUT) == ("exception", 3)
    assert where(RAISES, 0, Aim(Action.RUN_TO, 3)) == ("line", 3)


def test_a_jump_beyond_the_end_of_a_trace_that_was_cut_off_lands_nowhere() -> None:
    assert landing(frames_of(LOOP)[:4], 0, OUT) is None


def test_what_a_jump_asks_for_is_left_out_of_its_answer() -> None:
    frames = frames_of(LOOP)
    listing = Listing(LOOP.source, VOCABULARY)
    place = advance(listing, Place(), frames[0])
    asked, answer, _ = write_jump(listing, place, OUT, frames[-1])
    assert VOCABULARY.show(asked + answer) == "<jump> <ret> 9 <L5>"
    asked, answer, _ = write_jump(listing, place, Aim(Action.RUN_TO, 4), frames[3])
    assert VOCABULARY.show(asked + answer) == "<jump> <L4> <line> n <=> 0 <;> x <=> 4 <;> <L4>"
    asked, answer, _ = write_jump(listing, place, Aim(Action.RUN_TO, 2), frames[-1])
    assert VOCABULARY.show(asked + answer) == "<jump> <L2> <ret> 9 <L5>"


def test_every_jump_reads_back_as_the_real_frame() -> None:
    rng, jumps = Random(6), 0
    for _ in range(150):
        sample = draw(rng, 1.0)
        frames = frames_of(sample)
        listing = Listing(sample.source, VOCABULARY)
        place = Place()
        for at, frame in enumerate(frames[:-1]):
            place = advance(listing, place, frame)
            if frame.event is Event.EXCEPTION or not place.live:
                continue
            lines = sorted({f.line for f in frames if f.depth == len(place.live) - 1})
            aim = rng.choice((OUT, OVER, Aim(Action.RUN_TO, rng.choice(lines))))
            target = landing(frames, at, aim)
            if target is None:
                continue
            real = frames[target]
            _, answer, after = write_jump(listing, place, aim, real)
            parsed = read_frame(listing, place, answered(listing, aim, answer))
            found, jumps = parsed.frame, jumps + 1
            assert (found.event, found.line, found.depth) == (real.event, real.line, real.depth)
            shown = [(n, v.text) for n, v in (found.locals or {}).items()]
            assert shown == [(n, v.text[:200]) for n, v in (real.locals or {}).items()]
            if real.value is not None and found.value is not None:
                assert found.value.text == real.value.text[:200]
            assert parsed.place.event is after.event
            assert len(parsed.place.stack) == len(after.stack)
    assert jumps > 800


def counted(document: Document) -> list[int]:
    """The tokens that count for the loss."""
    given = {at for start, end in document.given for at in range(start, end)}
    return [t for at, t in enumerate(document.ids) if at >= document.start and at not in given]


def test_documents_hold_jumps_that_are_given_and_frames_that_count() -> None:
    rng, special = Random(7), VOCABULARY.special
    aims, many = set(), 0
    for _ in range(200):
        sample = draw(rng, 1.0)
        frames, finished = trace(sample, LIMITS)
        listing = Listing(sample.source, VOCABULARY)
        document = jump(rng, sample, [Run(frames, finished)] * 2, listing, 700)
        if document is None:
            continue
        assert len(document.ids) < 700
        assert special["<jump>"] not in counted(document)
        assert special["<call>"] != document.ids[document.start]
        jumps = [at for at, token in enumerate(document.ids) if token == special["<jump>"]]
        assert jumps
        many += len(jumps) > 1
        for at in jumps:
            assert at + 2 in document.frames
            aims.add(VOCABULARY.line_number(document.ids[at + 1]) is None)
    assert aims == {True, False}
    assert many > 20
