"""What a dialect says of frames for a grammar, and which names a frame can show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from foreframe_models.program.flow import CALLED
from foreframe_models.program.walker import Move, shown_line
from foreframe_protocol.states import Event, Scope

if TYPE_CHECKING:
    from foreframe_models.program.binding import Names
    from foreframe_models.program.control_flow import Function


class FrameWriter(Protocol):
    """How a dialect writes frames: each method gives a lark expression of one whole frame.

    Rules and terminals that expressions name come from `prelude`, which is asked for last. Rule
    names that start with `w` and terminals (upper case) are the writer's own. `previous` is the
    line that the same activation stood on before, None after its call frame, so that an edge of
    control flow can have a rule of its own:

        class Tokens:
            def line(self, function, line, previous, before, after):
                names = function.binds.get(previous, ()) if previous else ()
                changes = " | ".join(f"<[{self.id(name)}]> wvalue" for name in sorted(names))
                return f"<[1]> ({changes})* <[{self.line_id(line)}]>" if changes else ...
            def prelude(self):
                return "wvalue: <[20-90]>+ <[91]>"
    """

    def call(self, function: Function, line: int | None, order: Names | None) -> str:
        """A call frame; `line` is where a generator is resumed, None at a function's start.

        `order`: the names that it shows, None where they are not known.
        """

    def line(
        self,
        function: Function,
        line: int,
        previous: int | None,
        before: Names | None,
        after: Names | None,
    ) -> str:
        """A line frame; `before` and `after` are the names of the previous frame and of this."""

    def evaluated(self, line: int) -> str:
        """What may stand before the call frames of calls that `line` makes; empty for nothing."""

    def returned(self, function: Function, line: int) -> str:
        """A return frame, also of a scope that an exception left."""

    def raised(self, function: Function, line: int) -> str:
        """An exception frame."""

    def prelude(self) -> str:
        """The rules and terminals that the expressions given so far need."""


def write_frame(
    writer: FrameWriter,
    function: Function,
    event: Event,
    line: int,
    previous: int,
    before: Names | None,
    after: Names | None,
) -> str:
    """The expression of one frame; lines as the function's maps have them, CALLED included."""
    match event:
        case Event.CALL:
            return writer.call(function, None if line == CALLED else line, after)
        case Event.LINE:
            since = None if previous == CALLED else previous
            return writer.line(function, line, since, before, after)
        case Event.RETURN:
            return writer.returned(function, shown_line(function, line))
        case Event.EXCEPTION:
            return writer.raised(function, shown_line(function, line))


def following_orders(
    function: Function, move: Move, line: int, order: Names | None
) -> Sequence[Names | None]:
    """The names that may be shown after a move from `line`, where `order` was; [None]: unknown."""
    if move.event is not Event.LINE:
        return [order]
    known = None if order is None else function.next_orders(line, order, move.line)
    return known or [None]


def called_orders(function: Function, line: int) -> Sequence[Names | None]:
    """The names that a call frame may show; [None] when they are not known."""
    return function.call_orders(line) or [None]


def shown_order(function: Function, line: int, scope: Scope) -> Names | None:
    """The names that a scope shows, None when control flow does not know of that order."""
    names = tuple(scope.locals)
    return names if function.binding.has_order(line, names) else None
