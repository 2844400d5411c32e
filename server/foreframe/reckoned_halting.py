"""Does a call end? Judged from the frames that follow from its literals alone. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from foreframe.halting import Answer, Halting, does_it_end
from foreframe.reckoned_trace import reckoned_beginning
from foreframe.recurring import Recurrence
from foreframe_models.entry import Entry
from foreframe_protocol.states import Trace

if TYPE_CHECKING:
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
