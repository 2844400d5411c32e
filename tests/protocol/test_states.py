"""States follow from frames; traces share their past; goals know the frame they end on."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreframe_protocol.states import (
    Action,
    Event,
    Frame,
    Goal,
    Provenance,
    Scope,
    State,
    Trace,
    Usage,
    Value,
    left_entry,
)

ONE, TWO = Value("1"), Value("2")


def frame(event: Event, depth: int, line: int = 1, name: str = "f", **shown: Value) -> Frame:
    ends = event in (Event.RETURN, Event.EXCEPTION)
    return Frame(
        event, name, 1, line, "pass", None if ends else shown, ONE if ends else None, depth
    )


def after(*frames: Frame) -> State:
    state = State()
    for one in frames:
        state = state.after(one)
    return state


MAIN = frame(Event.CALL, 0, name="main")
IN_F = (MAIN, frame(Event.LINE, 0, 2, "main", x=ONE), frame(Event.CALL, 1, n=ONE))


def test_a_call_opens_a_scope_on_top_of_its_caller() -> None:
    state = after(*IN_F)
    assert state.stack == (Scope("main", 1, 2, {"x": ONE}), Scope("f", 1, 1, {"n": ONE}))
    assert state.event is Event.CALL


def test_a_line_moves_the_top_scope_and_brings_its_locals() -> None:
    state = after(*IN_F, frame(Event.LINE, 1, 7, n=ONE, m=TWO))
    assert state.top == Scope("f", 1, 7, {"n": ONE, "m": TWO})
    assert state.stack[0].line == 2


def test_a_returning_scope_is_shown_until_the_next_frame_pops_it() -> None:
    left = frame(Event.RETURN, 1, 8)
    state = after(*IN_F, left)
    assert state.top == Scope("f", 1, 8, {"n": ONE})
    assert state.value == ONE
    back = state.after(frame(Event.LINE, 0, 3, "main", x=TWO))
    assert back.stack == (Scope("main", 1, 3, {"x": TWO}),)
    assert back.value is None
    again = state.after(frame(Event.CALL, 1, name="g"))
    assert [scope.function for scope in again.stack] == ["main", "g"]


def test_an_exception_keeps_the_scope_and_its_locals() -> None:
    state = after(*IN_F, frame(Event.EXCEPTION, 1, 5))
    assert state.top == Scope("f", 1, 5, {"n": ONE})
    assert state.after(frame(Event.LINE, 1, 6, e=TWO)).top.locals == {"e": TWO}


@pytest.mark.parametrize("event", [Event.LINE, Event.RETURN, Event.EXCEPTION])
def test_a_frame_needs_a_scope(event: Event) -> None:
    for state in (State(), after(MAIN, frame(Event.RETURN, 0))):
        with pytest.raises(ValueError, match="stack is empty"):
            state.after(frame(event, 0))


def test_the_empty_state_has_no_top() -> None:
    with pytest.raises(IndexError):
        _ = State().top


def test_frames_and_states_are_frozen() -> None:
    for thing in (ONE, MAIN, Scope("f", 1, 1), State(), Trace(), Goal(Action.STEP_INTO)):
        for name in (one.name for one in dataclasses.fields(thing)):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(thing, name, None)


def test_a_new_value_is_a_prediction_of_unknown_confidence() -> None:
    assert Value("1") == Value("1", Provenance.PREDICTED, None, cut=False)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["call", "line", "return"]), max_size=30))
def test_depth_is_the_number_of_activations_below(words: list[str]) -> None:
    state = State()
    for word in ["call", *words]:
        depth = len(state.stack) - (state.event is Event.RETURN) - (word != "call")
        if depth < 0:
            break
        state = state.after(frame(Event(word), depth))
        assert len(state.stack) == depth + 1


# Traces


def test_a_longer_trace_shares_the_shorter_one_and_leaves_it_as_it_was() -> None:
    root = Trace()
    short = root.append(MAIN)
    left, right = short.append(IN_F[1]), short.append(frame(Event.RETURN, 0))
    assert list(short.frames()) == [MAIN]
    assert list(left.frames()) == [MAIN, IN_F[1]]
    assert left.parent is right.parent is short
    assert left.root() is root
    assert (root.length, short.length, left.length) == (0, 1, 2)
    assert left.nodes() == [short, left]
    assert left.state == after(*IN_F[:2])


def test_a_trace_may_start_in_mid_program() -> None:
    start = Trace(State((Scope("f", 1, 3, {"n": ONE}),), Event.LINE))
    longer = start.append(frame(Event.LINE, 0, 4, n=TWO))
    assert start.nodes() == []
    assert list(longer.frames()) == [longer.frame]
    assert longer.state.top.line == 4


def test_a_trace_of_ten_thousand_frames_is_walked_without_recursion() -> None:
    trace = Trace().append(MAIN)
    for line in range(10_000):
        trace = trace.append(frame(Event.LINE, 0, line))
    assert sum(1 for _ in trace.frames()) == trace.length == 10_001
    assert trace.root().frame is None


# Goals

LINE_IN_F = after(*IN_F, frame(Event.LINE, 1, 2))
RETURN_OF_F = after(*IN_F, frame(Event.RETURN, 1, 2))


@pytest.mark.parametrize(
    ("action", "start", "comes", "ends"),
    [
        (Action.STEP_INTO, LINE_IN_F, frame(Event.CALL, 2), False),
        (Action.STEP_INTO, LINE_IN_F, frame(Event.LINE, 2), True),
        (Action.STEP_OVER, LINE_IN_F, frame(Event.LINE, 2), False),
        (Action.STEP_OVER, LINE_IN_F, frame(Event.RETURN, 2), False),
        (Action.STEP_OVER, LINE_IN_F, frame(Event.LINE, 1), True),
        (Action.STEP_OVER, LINE_IN_F, frame(Event.RETURN, 1), True),
        (Action.STEP_OVER, LINE_IN_F, frame(Event.EXCEPTION, 1), False),
        (Action.STEP_OUT, LINE_IN_F, frame(Event.LINE, 1), False),
        (Action.STEP_OUT, LINE_IN_F, frame(Event.RETURN, 2), False),
        (Action.STEP_OUT, LINE_IN_F, frame(Event.RETURN, 1), True),
        (Action.RUN_TO, LINE_IN_F, frame(Event.RETURN, 0), False),
        (Action.STEP_OVER, RETURN_OF_F, frame(Event.LINE, 1), False),
        (Action.STEP_OVER, RETURN_OF_F, frame(Event.LINE, 0), True),
        (Action.STEP_OUT, RETURN_OF_F, frame(Event.RETURN, 1), False),
        (Action.STEP_OUT, RETURN_OF_F, frame(Event.RETURN, 0), True),
    ],
)
def test_a_step_ends_on_its_own_level(
    action: Action, start: State, comes: Frame, ends: bool
) -> None:
    assert Goal(action).reached(start, comes) is ends


@pytest.mark.parametrize("action", list(Action))
def test_a_breakpoint_ends_any_action_on_any_level(action: Action) -> None:
    goal = Goal(action, lines=frozenset({(1, 9)}))
    assert goal.reached(LINE_IN_F, frame(Event.LINE, 5, 9))
    assert not goal.reached(LINE_IN_F, frame(Event.CALL, 5, 9))
    other = dataclasses.replace(frame(Event.LINE, 5, 9), scope_line=2)
    assert goal.reached(LINE_IN_F, other) is (action is Action.STEP_INTO)


def test_an_exception_ends_any_action_that_asks_for_it() -> None:
    raised = frame(Event.EXCEPTION, 5)
    assert Goal(Action.RUN_TO, exceptions=True).reached(LINE_IN_F, raised)
    assert not Goal(Action.RUN_TO).reached(LINE_IN_F, raised)


def test_the_entry_scope_is_left_by_its_own_return_only() -> None:
    assert left_entry(frame(Event.RETURN, 0))
    assert not left_entry(frame(Event.RETURN, 1))
    assert not left_entry(frame(Event.EXCEPTION, 0))


def test_usage_adds_up() -> None:
    assert Usage(1, 10, 5, 3, 2, 0.5) + Usage(1, 20, 15, 1, 4, 0.25) == Usage(2, 30, 20, 4, 6, 0.75)
