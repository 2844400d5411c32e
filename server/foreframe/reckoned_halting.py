"""Does a call end? Judged from the frames that follow from its literals alone. Pure."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from foreframe.halting import Answer, Halting, does_it_end
from foreframe.reckoned_trace import MOST_FRAMES, reckoned_beginning
from foreframe.recurring import Recurrence
from foreframe_models.entry import Entry, EntryError
from foreframe_protocol.states import Trace

if TYPE_CHECKING:
    from foreframe.timeline import Timeline
    from foreframe_models.program.control_flow import Program


def reckoned_halting(program: Program, entry: Entry, most: int) -> tuple[Halting, Trace] | None:
    """The answer and the frames that it rests on; None where rules alone do not tell.

    Looks at no more than `most` frames, and at none behind a state that has been there before.
    Raises EntryError.
    """
    trace = reckoned_beginning(program, entry, most, Recurrence(program, Trace()))
    halting = does_it_end(program, trace)
    if halting.answer is Answer.UNKNOWN:
        return None
    return replace(halting, by_rules=True), trace


def session_halting(program: Program, entry: Entry, timeline: Timeline) -> Halting:
    """Whether the run of a session ends, which was launched at `entry`.

    By rules, unless something was changed on the way or it begins elsewhere; else from what is
    known of the branch.
    """
    trace = timeline.tip
    if not any(step.change for step in timeline.branch.steps()):
        with suppress(EntryError):
            known = reckoned_halting(program, entry, MOST_FRAMES)
            if known is not None and _begin_alike(known[1], trace):
                return known[0]
    return does_it_end(program, trace)


def _begin_alike(one: Trace, other: Trace) -> bool:
    """Whether the first frames of two traces show the same."""
    firsts = [next(trace.frames(), None) for trace in (one, other)]
    told = [
        (f.event, f.function, f.line, {n: v.text for n, v in (f.locals or {}).items()})
        for f in firsts
        if f is not None
    ]
    return len(told) == len(firsts) and told[0] == told[1]
