"""Where an `if` or a `while` leads whose test only compares what is shown, and a `for`.

Two values that are shown are the same or not, one holds the other or not, is larger or not, is
empty or not: that is read off. What a test works out first, a length or a remainder, counts as far
as the frame itself tells it as a part of the line. A loop goes on as long as it has elements.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Function
    from foreframe_models.program.shown import Shown, Sight
    from foreframe_protocol.states import Value


def line_after(
    shown: Shown, function: Function, statement: ast.stmt, sight: Sight, upcoming: Value | None
) -> int | None:
    """The line frame that follows a stop on an `if`, a `while` or a `for`; None where not told.

    `upcoming`: what the `for` takes next.
    """
    line = statement.lineno
    match statement:
        case ast.If(test=test, body=body) | ast.While(test=test, body=body):
            is_told = test.end_lineno == line and not sight.unsure
            goes_in = shown.truth(test, sight) if is_told else None
        case ast.For(body=body):
            goes_in = None if upcoming is None else bool(upcoming.text)
        case _:
            return None
    ways, first = function.successors.get(line, set()), body[0].lineno
    if goes_in is None or first not in ways or first == line:
        return None
    others = ways - {first}
    if goes_in:
        return first
    return next(iter(others)) if len(others) == 1 and line not in function.returns else None
