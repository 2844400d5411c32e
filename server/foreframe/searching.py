"""What is looked for on a timeline, from how a client names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreframe.errors import BadArguments
from foreframe.history import shown_stack
from foreframe.timeline_search import (
    AnyBreakpoint,
    AnyException,
    Condition,
    Line,
    Search,
    ValueChange,
)
from foreframe_protocol.states import Direction

if TYPE_CHECKING:
    from foreframe.session import Session


def wanted(
    session: Session,
    kind: str,
    *,
    condition: str = "",
    name: str = "",
    scope: int | None = None,
    line: int | None = None,
    direction: Direction = Direction.BACKWARD,
) -> Search:
    """A search by its kind: `breakpoint`, `exception`, `condition`, `line` or `change`.

    `scope`: the place of `name` on the stack that is shown, the innermost if not said. Raises
    BadArguments or BadExpression.
    """
    match kind:
        case "breakpoint":
            return AnyBreakpoint(session.stopping)
        case "exception":
            return AnyException()
        case "condition":
            return Condition(condition)
        case "line":
            if line is None:
                raise BadArguments("line: the number of a line is needed")
            places = {(f.scope_line, line) for f in session.program.functions if line in f.lines}
            if not places:
                raise BadArguments(f"line: there is no code on line {line}")
            return Line(frozenset(places))
    stack = shown_stack(session.timeline.cursor.state)
    depth = len(stack) - 1 if scope is None else scope
    if not name:
        raise BadArguments("name: the name of a variable is needed")
    if not 0 <= depth < len(stack):
        raise BadArguments(f"scope: there is no scope {depth}: there are {len(stack)}, from 0")
    if name not in stack[depth].locals and stack[0].scope_line == 0:
        depth = 0  # the module's, as in evaluating
    if name not in stack[depth].locals and direction is Direction.BACKWARD:
        raise BadArguments(f"name: there is no variable {name!r} at this stop")
    return ValueChange(depth, name)
