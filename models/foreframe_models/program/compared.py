"""Values beside each other, from their texts: whether one is the other, holds it, is larger."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

from foreframe_protocol.value_tree import NotLiteral, literal, parse_value

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
MOST_CHARS = 10_000  # of values that are compared
_ALONE = {"None", "True", "False"}  # there is one of each


def holds(op: ast.cmpop, left: str, right: str) -> bool | None:
    """Whether `left op right`; None where the texts do not tell."""
    if isinstance(op, ast.Is | ast.IsNot):
        if not _ALONE & {left, right}:
            return None
        return (left == right) is isinstance(op, ast.Is)
    one, other = _plain(left), _plain(right)
    if one is None or other is None:
        return None
    try:
        if isinstance(op, ast.In | ast.NotIn):
            return (one[0] in other[0]) is isinstance(op, ast.In)  # type: ignore[operator]
        return COMPARISONS[type(op)](one[0], other[0])
    except (TypeError, RecursionError):
        return None


def is_true(text: str) -> bool | None:
    """`bool(value)`; None where the text does not tell."""
    known = _plain(text)
    return None if known is None else bool(known[0])


def order(texts: Sequence[str], *, backward: bool = False) -> list[int] | None:
    """The places of values in ascending order, or descending; None where they have none."""
    values = [_plain(text) for text in texts]
    known: list[Any] = [value[0] for value in values if value is not None]
    if len(known) < len(values):
        return None
    try:
        return sorted(range(len(known)), key=known.__getitem__, reverse=backward)
    except (TypeError, RecursionError):
        return None


def _plain(text: str) -> tuple[object] | None:
    """A plain value itself; none that is not equal to itself, though a list may hold it."""
    if len(text) > MOST_CHARS or "nan" in text:
        return None
    try:
        return (literal(parse_value(text)),)
    except NotLiteral:
        return None
