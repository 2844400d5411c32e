"""Control flow backward: what really came before is among what may come before."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
import traced_programs

from foreframe_models.past import leaves
from foreframe_models.program.control_flow import Program
from foreframe_models.program.retracing import Retracing
from foreframe_models.training.documents import TraceLimits, Untraceable, trace
from foreframe_models.training.programs.mixture import draw
from foreframe_protocol.states import Event, Frame, State

LIMITS = TraceLimits(frames=150, seconds=2)


def states(frames: Sequence[Frame]) -> list[State]:
    found = [State()]
    for frame in frames:
        found.append(found[-1].after(frame))
    return found[1:]


def refused(program: Program, frames: Sequence[Frame], stop: int) -> str:
    """What control flow says cannot have come before, going back from a stop to the start."""
    retracing = Retracing.from_state(program, states(frames)[stop])
    at = stop - 1
    while at >= 0:
        frame, raised = frames[at], frames[at - 1]
        unwinds = at > 0 and leaves(raised, frame)
        before = retracing.find(frame, unwinds=unwinds)
        if before is None:
            return f"{program.path}: {frame.event} on {frame.function}:{frame.line}"
        retracing = retracing.after(before)
        at -= 1 + unwinds
    return "" if not retracing.stack else "the entry's call was not passed"


def test_the_past_of_generated_programs_is_possible() -> None:
    rng, count = Random(4), 0
    while count < 250:
        sample = draw(rng, 1.0)
        try:
            frames, _ = trace(sample, LIMITS)
        except (Untraceable, SyntaxError):
            continue
        program = Program.parse(sample.source, "generated.py")
        assert refused(program, frames, rng.randrange(len(frames))) == ""
        count += 1


# A suspended generator that is dropped ends on any line whatever.
CALM = [name for name in traced_programs.NAMES if name != "generators"]


@pytest.mark.parametrize("name", CALM)
def test_the_past_of_programs_with_every_construct_is_possible(name: str) -> None:
    program, frames = traced_programs.program(name), traced_programs.trace(name)
    rng = Random(1)
    for stop in (len(frames) - 1, *(rng.randrange(len(frames)) for _ in range(8))):
        assert refused(program, frames, stop) == ""


def test_lines_that_cannot_lead_to_a_line_are_not_before_it() -> None:
    source = "def f(x):\n    if x:\n        y = 1\n    else:\n        y = 2\n    return y\n"
    program = Program.parse(source, "x.py")
    frames, _ = trace_of(source, "1")
    before = Retracing.from_state(program, states(frames)[3]).before()
    assert [(b.event, b.shown) for b in before] == [(Event.LINE, 3), (Event.LINE, 5)]


def test_an_end_without_a_past_may_be_any_return_of_its_function() -> None:
    source = "def f(x):\n    if x:\n        return 1\n    raise KeyError\n"
    program = Program.parse(source, "x.py")
    retracing = Retracing.from_end(program, program.find("f"))
    found = {(b.shown, b.unwinds) for b in retracing.before()}
    assert {(3, False), (4, True)} <= found
    assert retracing.after(retracing.before()[0]).stack[0].function is program.find("f")


def trace_of(source: str, args: str) -> tuple[list[Frame], bool]:
    from foreframe_models.training.programs.generator import Sample

    return trace(Sample(source, "f", args), LIMITS)
