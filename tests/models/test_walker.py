"""Following traces along every way that fits."""

from __future__ import annotations

import textwrap

import pytest
import traced_programs

from foreframe_models.program.control_flow import Program, Walker
from foreframe_protocol.states import Event, Scope, State


def parse(text: str) -> Program:
    return Program.parse(textwrap.dedent(text).lstrip("\n"), "p.py")


PROGRAM = """
    def f(x):
        if x:
            x += 1
        else:
            x += 1
        return g(x)
    def g(y):
        return y + 1
"""


@pytest.mark.parametrize("name", traced_programs.NAMES)
def test_a_real_trace_can_be_followed_by_its_source_lines_alone(name: str) -> None:
    walker = Walker.from_state(traced_programs.program(name), State())
    for frame in traced_programs.trace(name):
        assert walker.advance(frame.event, source=frame.source + "\n") is not None


@pytest.mark.parametrize("name", traced_programs.NAMES)
def test_a_real_trace_can_be_followed_from_any_of_its_states(name: str) -> None:
    program, frames = traced_programs.program(name), traced_programs.trace(name)
    state = State()
    for number, frame in enumerate(frames):
        if number % 7 == 3:
            walker = Walker.from_state(program, state)
            for following in frames[number : number + 12]:
                landing = walker.advance(following.event, line=following.line)
                assert landing is not None, (number, following)
        state = state.after(frame)


def test_a_frame_that_cannot_come_is_refused_and_the_walker_stays() -> None:
    program = parse(PROGRAM)
    walker = Walker.from_state(program, State((Scope("f", 1, 1),), Event.CALL))
    assert walker.advance(Event.LINE, line=6) is None
    assert walker.advance(Event.RETURN, line=1) is None
    landing = walker.advance(Event.LINE, line=2)
    assert landing is not None
    assert (landing.function.qualname, landing.line) == ("f", 2)


def test_lines_of_the_same_text_are_told_apart_by_what_comes_next() -> None:
    program = parse("""
        def f(x):
            if x:
                x += 1
                print(x)
            else:
                x += 1
            return x
    """)
    walker = Walker.from_state(program, State((Scope("f", 1, 2),), Event.LINE))
    other = walker.copy()
    assert walker.advance(Event.LINE, source="        x += 1") is not None
    assert len(walker.stacks()) == 2
    assert walker.advance(Event.LINE, source="    return x") is not None
    assert [stack[-1][1] for stack in walker.stacks()] == [7]
    assert other.advance(Event.LINE, line=3) is not None


def test_what_can_come_next_is_listed() -> None:
    program = parse(PROGRAM)
    walker = Walker.from_state(program, State((Scope("f", 1, 6),), Event.LINE))
    found = {(n.event, n.function.qualname, n.line) for n in walker.possible()}
    assert found == {
        (Event.CALL, "g", 7),
        (Event.RETURN, "f", 6),
        (Event.EXCEPTION, "f", 6),
    }


def test_a_callee_left_by_an_exception_shows_it_in_its_caller() -> None:
    program = parse(PROGRAM)
    stack = (Scope("f", 1, 6), Scope("g", 7, 8))
    walker = Walker.from_state(program, State(stack, Event.EXCEPTION))
    assert walker.advance(Event.RETURN, line=8) is not None
    assert {(n.event, n.line) for n in walker.possible()} == {(Event.EXCEPTION, 6)}


def test_after_the_entry_scope_nothing_comes() -> None:
    program = parse(PROGRAM)
    walker = Walker.from_state(program, State((Scope("g", 7, 8),), Event.RETURN))
    assert walker.possible() == []


def test_deep_recursion_is_followed() -> None:
    program = parse("def f(n):\n    return n and f(n - 1)\n")
    walker = Walker.from_state(program, State())
    for _ in range(3000):
        assert walker.advance(Event.CALL, line=1) is not None
        assert walker.advance(Event.LINE, line=2) is not None
    assert len(walker.stacks()[0]) == 3000
