"""What counts as right, frame by frame."""

import pytest

from foreframe_models.evaluation.comparing import (
    Comparison,
    align,
    compare_frames,
    returns,
    right,
    well_formed,
)
from foreframe_protocol.states import End, Event, Frame, Value


def line(number: int, **names: str) -> Frame:
    return Frame(Event.LINE, "f", 1, number, "", {n: Value(t) for n, t in names.items()})


def value(event: Event, text: str, depth: int = 0) -> Frame:
    return Frame(event, "f", 1, 3, "", value=Value(text), depth=depth)


def test_a_right_frame_is_right_in_everything() -> None:
    assert compare_frames(line(2, a="1"), line(2, a="1")) == Comparison(True, True, 1, 1)
    assert compare_frames(line(2), line(2)) == Comparison(True, True, 1, 1)


def test_the_place_and_the_state_are_told_apart() -> None:
    assert compare_frames(line(3, a="1"), line(2, a="1")) == Comparison(False, True, 1, 1)
    assert compare_frames(line(2, a="2"), line(2, a="1")) == Comparison(True, False, 1, 0)


def test_jaccard_counts_a_wrong_value_on_both_sides() -> None:
    found = compare_frames(line(2, a="1", b="2", c="3"), line(2, a="1", b="9", d="4"))
    assert found == Comparison(True, False, 2 / 4, 1 / 5)


def test_a_value_of_another_event_is_not_right() -> None:
    returned, raised = value(Event.RETURN, "1"), value(Event.EXCEPTION, "1")
    assert compare_frames(returned, raised) == Comparison(False, False)
    assert compare_frames(returned, line(3)) == Comparison(False, False, 0, 0)


@pytest.mark.parametrize("longer", [0, 1])
def test_a_frame_that_one_trace_lacks_is_wrong(longer: int) -> None:
    traces = [[line(2)], [line(2)]]
    traces[longer].append(value(Event.RETURN, "1"))
    assert [c.exact for c in align(*traces)] == [True, False]


def test_a_cut_value_is_right_when_it_goes_far_enough() -> None:
    long = repr("x" * 500)
    assert right(Value(long[:200], cut=True), Value(long))
    assert not right(Value(long[:199], cut=True), Value(long))
    assert not right(Value("", cut=True), Value("1"))
    assert not right(Value("'y" * 100, cut=True), Value(long))


def test_an_address_is_not_held_against_a_prediction() -> None:
    assert right(Value("<A object at 0x1>"), Value("<A object at 0x2>"))
    assert not right(Value("<A object at 0x1>"), Value("<B object at 0x2>"))


@pytest.mark.parametrize(
    ("text", "output", "same"),
    [("'a'", '"a"', True), ("{1: 2, 3: 4}", "{3: 4, 1: 2}", True), ("1", "1.0", False)],
)
def test_the_output_is_compared_as_a_literal(text: str, output: str, same: bool) -> None:
    assert returns([value(Event.RETURN, text)], End.FINISHED, output) is same


def test_only_the_entrys_own_return_is_an_output() -> None:
    returned = value(Event.RETURN, "None")
    assert returns([returned], End.FINISHED, "None")
    assert not returns([returned], End.CUT_OFF, "None")
    assert not returns([value(Event.EXCEPTION, "E"), returned], End.FINISHED, "None")
    assert not returns([value(Event.RETURN, "1", depth=1)], End.FINISHED, "1")
    assert not returns([], End.FINISHED, "None")


@pytest.mark.parametrize(
    ("text", "good"),
    [("[1, {'a': (2,)}]", True), ("Counter({'a': 1})", True), ("<object at 0x1>", True),
     ("[1, 2", False), ("('', ''], '')", False), ("[1, b c]", False), ("", False)],
)  # fmt: skip
def test_a_value_is_well_formed_when_it_reads_as_a_repr(text: str, good: bool) -> None:
    assert well_formed(line(2), Value(text)) is good


def test_an_exceptions_message_is_free_text() -> None:
    assert well_formed(value(Event.EXCEPTION, ""), Value("KeyError: ("))
