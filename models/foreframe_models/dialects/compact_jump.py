"""The compact dialect's jump: one frame of this scope in place of all that lead to it.

    jump       <jump> aim frame
    aim        <ret>     this scope's return (of a generator: what it yields next)
               <line>    the next line of this scope, whatever it calls on the way
               <Lk>      line k of this scope, when it is next come to

The frame is written as any other, its changes against the scope's previous frame, without parts;
its event is left out where the aim has said it. An aim that is never come to is answered by the
return frame of the scope, and every aim by the exception frame that leaves the scope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from foreframe_models.dialects.base import MalformedFrame
from foreframe_models.dialects.compact_text import Place, number_of, write_frame
from foreframe_models.dialects.listing import Listing
from foreframe_protocol.states import Action, Event, Frame

_EVENTS = {Action.STEP_OUT: "<ret>", Action.STEP_OVER: "<line>"}


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a jump goes, on the level of the scope that it starts from.

    `action`: STEP_OUT to the return, STEP_OVER to the next line, RUN_TO to `line`.
    """

    action: Action
    line: int = 0

    def meets(self, frame: Frame) -> bool:
        """Whether a frame of the scope that the jump started from is what it aims at."""
        match self.action:
            case Action.STEP_OVER:
                return frame.event is Event.LINE
            case Action.RUN_TO:
                return frame.event is Event.LINE and frame.line == self.line
        return False


def landing(frames: Sequence[Frame], at: int, aim: Aim) -> int | None:
    """Where in a real trace a jump from `frames[at]` comes to; None beyond the trace's end."""
    level = frames[at].depth - (frames[at].event is Event.RETURN)
    for index in range(at + 1, len(frames)):
        frame, before = frames[index], frames[index - 1]
        if frame.depth != level:
            continue
        if frame.event is Event.RETURN:
            raised = before.event is Event.EXCEPTION and before.depth == level and index - 1 > at
            return index - 1 if raised and is_none(frame) else index
        if aim.meets(frame):
            return index
    return None


def is_none(frame: Frame) -> bool:
    """Whether a return frame's value is None, as that of a scope that an exception leaves."""
    return frame.value is not None and frame.value.text == "None"


def aim_ids(listing: Listing, aim: Aim) -> list[int]:
    """The tokens that ask for a jump. Raises ValueError for a line that is not listed."""
    special = listing.vocabulary.special
    known = _EVENTS.get(aim.action)
    goal = number_of(listing, aim.line) if known is None else special[known]
    return [special["<jump>"], goal]


def write_jump(
    listing: Listing, place: Place, aim: Aim, frame: Frame
) -> tuple[list[int], list[int], Place]:
    """The tokens that ask for a jump, those of the frame that answers, and the place after it."""
    ids, after = write_frame(listing, place, replace(frame, parts=()))
    asked = aim_ids(listing, aim)
    return asked, ids[1:] if ids[0] == asked[-1] else ids, after


def answered(listing: Listing, aim: Aim, ids: Sequence[int]) -> list[int]:
    """An answer's tokens as those of a whole frame, with its event. Raises MalformedFrame."""
    vocabulary = listing.vocabulary
    events = {vocabulary.special[text] for text in ("<line>", "<ret>", "<exc>", "<unwind>")}
    if ids and ids[0] in events:
        return list(ids)
    known = _EVENTS.get(aim.action)
    if known is None:
        raise MalformedFrame(f"a jump to a line without an event: {vocabulary.show(ids)}")
    return [vocabulary.special[known], *ids]


def usual_aim(frame: Frame) -> Aim:
    """The aim that a jump to this frame is written with, when nothing tells what was asked."""
    if frame.event is Event.LINE:
        return Aim(Action.RUN_TO, frame.line)
    return Aim(Action.STEP_OUT)
