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
from dataclasses import replace
from typing import TYPE_CHECKING

from foreframe_models.dialects.base import MalformedFrame
from foreframe_models.dialects.compact_grammar import MAX_WAYS, CompactWriter, may_follow
from foreframe_models.dialects.compact_text import Place, number_of, write_frame
from foreframe_models.dialects.listing import Listing
from foreframe_models.jumps import Aim, Targets
from foreframe_protocol.states import Action, Frame

if TYPE_CHECKING:
    from foreframe_models.program.binding import Names
    from foreframe_models.program.control_flow import Function

_EVENTS = {Action.STEP_OUT: "<ret>", Action.STEP_OVER: "<line>"}


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


def jump_grammar(listing: Listing, aim: Aim, found: Targets) -> str:
    """A lark grammar of the answers to a jump."""
    return JumpWriter(listing).answers(aim, found)


class JumpWriter(CompactWriter):
    """Writes the answers to a jump: anything may have happened to the names on the way."""

    def answers(self, aim: Aim, found: Targets) -> str:
        """The whole grammar."""
        known = _EVENTS.get(aim.action)
        ways: dict[str, None] = {}
        for line, previous, before in found.lines:
            since = previous or None
            way = self.line(found.function, line, since, before, None)
            ways[self._without(way, "<line>") if known == "<line>" else way] = None
        if found.returns:
            event = "" if known == "<ret>" else self._special("<ret>")
            ways[f"{event} wcut ({self._lines(found.returns)})"] = None
        if found.raises:
            ways[f"{self._special('<exc>')} wcut ({self._lines(found.raises)})"] = None
        return f"start: {' | '.join(f'({way})' for way in ways)}\n{self.prelude()}\n"

    def evaluated(self, line: int) -> str:
        """No parts are told of what was jumped over."""
        return ""

    def _without(self, way: str, event: str) -> str:
        return way.lstrip().removeprefix(self._special(event)).lstrip()

    def _lines(self, lines: set[int]) -> str:
        return " | ".join(self._line(line) for line in sorted(lines))

    def _changes(
        self,
        function: Function,
        line: int,
        previous: int | None,
        before: Names | None,
        after: Names | None,
    ) -> str:
        """Any change of any name, in the orders in which the line can show them."""
        starts = function.call_orders() if previous is None else function.orders(previous)
        starts = starts if before is None else (before,)
        ends = function.orders(line)
        if starts is None or ends is None or len(starts) * len(ends) > MAX_WAYS:
            return f"{self._any(function.names, 'wany')}*" if function.names else ""
        names = frozenset(function.names)
        return self._choice(
            self._edge(one, other, names, frozenset())
            for one in starts
            for other in ends
            if may_follow(function, None, one, other)
        )
