"""Where an `if` or a `while` leads whose test only compares what is shown, and a `for`.

Two values that are shown are the same or not, one holds the other or not, is larger or not, is
empty or not: that is read off. What a test works out first, a length or a remainder, counts as far
as the frame itself tells it as a part of the line. A loop goes on as long as it has elements.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from foreframe_models.program.shown import Shown, Sight
from foreframe_protocol.value_tree import NotLiteral, literal, parse_value

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Function
    from foreframe_protocol.states import Value

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ALONE = {"None", "True", "False"}  # there is one of each
MOST_CHARS = 10_000  # of values that are compared


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
            goes_in = truth(shown, test, sight) if is_told else None
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


def truth(shown: Shown, test: ast.expr, sight: Sight) -> bool | None:
    """Whether a test holds; None where what is shown does not tell."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            holds = truth(shown, operand, sight)
            return None if holds is None else not holds
        case ast.BoolOp(op=op, values=values):
            decides = isinstance(op, ast.Or)
            for value in values:
                holds = truth(shown, value, sight)
                if holds is None or holds is decides:
                    return holds
            return not decides
        case ast.Compare(left=left, ops=[op], comparators=[right]) if id(test) not in sight.told:
            if shown.has_own_types:
                return None
            texts = shown.texts([left, right], sight)
            return None if texts is None else _compared(op, *texts)
    text = None if shown.has_own_types else shown.text(test, sight)
    known = None if text is None else _known(text)
    return None if known is None else bool(known[0])


def _compared(op: ast.cmpop, left: str, right: str) -> bool | None:
    if isinstance(op, ast.Is | ast.IsNot):
        if not _ALONE & {left, right}:
            return None
        return (left == right) is isinstance(op, ast.Is)
    one, other = _known(left), _known(right)
    if one is None or other is None:
        return None
    try:
        if isinstance(op, ast.In | ast.NotIn):
            return (one[0] in other[0]) is isinstance(op, ast.In)  # type: ignore[operator]
        return COMPARISONS[type(op)](one[0], other[0])
    except (TypeError, RecursionError):
        return None


def _known(text: str) -> tuple[object] | None:
    """A plain value itself; none that is not equal to itself, though a list may hold it."""
    if len(text) > MOST_CHARS or "nan" in text:
        return None
    try:
        return (literal(parse_value(text)),)
    except NotLiteral:
        return None
