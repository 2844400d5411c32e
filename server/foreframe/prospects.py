"""Whether a test will ever come out: judged from how its two sides moved so far."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from foreframe.errors import ExpressionError
from foreframe.expressions import evaluate_node
from foreframe.known_values import Budget, plain
from foreframe_protocol.states import Locals

SEEN = 12  # the latest visits that are looked at
LEAST = 4  # visits below which nothing is said
LARGEST = 1e300  # numbers beyond are not compared


class Outlook(StrEnum):
    """What can be said of a test."""

    NEVER = "never"
    COMES = "comes"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Prospect:
    """An outlook; `visits` until it comes out; `why`, for a person.

    `moves`: what it is judged by moves strictly one way.
    """

    outlook: Outlook
    visits: int = 0
    why: str = ""
    moves: bool = False


UNKNOWN = Prospect(Outlook.UNKNOWN)
_FLIPPED = {ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt}
_FLIPPED |= {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}


def prospect(test: ast.expr, wanted: bool, visits: Sequence[Locals]) -> Prospect:
    """Whether `test` will be `wanted`, given the locals at its latest evaluations, oldest first."""
    match test:
        case ast.Constant():
            text = ast.unparse(test)
            if bool(test.value) is wanted:
                return Prospect(Outlook.COMES, 0, f"`{text}` always is {wanted}")
            return Prospect(Outlook.NEVER, 0, f"`{text}` never changes")
        case ast.UnaryOp(op=ast.Not()):
            return prospect(test.operand, not wanted, visits)
        case ast.BoolOp():
            parts = [prospect(value, wanted, visits) for value in test.values]
            any_will_do = isinstance(test.op, ast.Or) is wanted
            return _any(parts) if any_will_do else _all(parts)
        case ast.Compare(ops=[op]) if type(op) in _FLIPPED:
            kind = type(op) if wanted else _FLIPPED[type(op)]
            return _compared(test, kind, visits)
    return _truth(test, wanted, visits)


def _any(parts: list[Prospect]) -> Prospect:
    """One of them is enough."""
    coming = [part for part in parts if part.outlook is Outlook.COMES]
    if coming:
        return min(coming, key=lambda part: part.visits)
    return UNKNOWN if any(p.outlook is Outlook.UNKNOWN for p in parts) else _joined(parts)


def _all(parts: list[Prospect]) -> Prospect:
    """All of them are needed, at the same time."""
    never = [part for part in parts if part.outlook is Outlook.NEVER]
    if never:
        return never[0]
    if len(parts) == 1:
        return parts[0]
    return UNKNOWN  # each may come, and go again before the others are there


def _joined(parts: list[Prospect]) -> Prospect:
    why = "; ".join(dict.fromkeys(part.why for part in parts if part.why))
    return Prospect(Outlook.NEVER, 0, why)


def values_of(node: ast.expr, visits: Sequence[Locals]) -> list[object] | None:
    """What an expression is at each of the latest visits; None where one is not known."""
    try:
        return [plain(evaluate_node(node, names).object, Budget()) for names in visits[-SEEN:]]
    except ExpressionError:
        return None


def numbers_of(values: Sequence[object]) -> list[float] | None:
    """The values as numbers, None if one is none."""
    found = [float(v) for v in values if isinstance(v, int | float) and abs(v) < LARGEST]
    return found if len(found) == len(values) and all(map(math.isfinite, found)) else None


def sizes_of(values: Sequence[object]) -> list[float] | None:
    """The values' lengths, None if one has none."""
    found = [float(len(v)) for v in values if isinstance(v, str | list | dict | set | tuple)]
    return found if len(found) == len(values) else None


def _compared(test: ast.Compare, kind: type[ast.cmpop], visits: Sequence[Locals]) -> Prospect:
    lefts = values_of(test.left, visits)
    rights = values_of(test.comparators[0], visits)
    if lefts is None or rights is None or len(lefts) < LEAST:
        return UNKNOWN
    text = ast.unparse(test)
    a, b = numbers_of(lefts), numbers_of(rights)
    if a is None or b is None:
        if len({*map(repr, lefts)}) == 1 and len({*map(repr, rights)}) == 1:
            return Prospect(Outlook.NEVER, 0, f"neither side of `{text}` changes")
        return UNKNOWN
    gaps = [x - y for x, y in zip(a, b, strict=True)]
    return gap_prospect(gaps, kind, text)


def gap_prospect(gaps: Sequence[float], kind: type[ast.cmpop], text: str) -> Prospect:
    """Whether `left - right` will be as `kind` wants it against 0, from how it moved."""
    steps = [after - before for before, after in pairwise(gaps)]
    gap, step = gaps[-1], steps[-1]
    if not any(steps):
        return Prospect(Outlook.NEVER, 0, f"the two sides of `{text}` keep their distance")
    up, down = all(s >= 0 for s in steps), all(s <= 0 for s in steps)
    if not up and not down:
        return UNKNOWN
    shown = f"the two sides of `{text}` move away from it"
    away = Prospect(Outlook.NEVER, 0, shown, all(steps))
    steady = min(map(abs, steps)) > 0 and abs(steps[-1]) >= abs(steps[0]) * 0.99
    if kind in (ast.Eq, ast.NotEq):
        if kind is ast.NotEq:
            return UNKNOWN
        if gap == 0 or (gap > 0) == up:
            return away
        if len(set(steps)) > 1:
            return UNKNOWN
        if gap % step:
            return Prospect(Outlook.NEVER, 0, f"`{text}` is stepped over, {step:g} at a time")
        return Prospect(Outlook.COMES, round(-gap / step), f"`{text}` comes nearer")
    rising = kind in (ast.Gt, ast.GtE)
    if up is not rising:
        return away
    if not steady:
        return UNKNOWN
    return Prospect(Outlook.COMES, max(1, math.ceil(abs(gap / step))), f"`{text}` comes nearer")


def _truth(test: ast.expr, wanted: bool, visits: Sequence[Locals]) -> Prospect:
    """Of a value that is tested itself: a number against 0, a container against being empty."""
    values = values_of(test, visits)
    if values is None or len(values) < LEAST:
        return UNKNOWN
    text = ast.unparse(test)
    if len({bool(value) for value in values}) == 1 and isinstance(values[-1], bool):
        # A truth that stays shows nothing while what it is made of moves.
        names = [node for node in ast.walk(test) if isinstance(node, ast.Name)]
        still = all(_is_still(name, visits) for name in names)
        return Prospect(Outlook.NEVER, 0, f"`{text}` does not change") if still else UNKNOWN
    if len({*map(repr, values)}) == 1:
        return Prospect(Outlook.NEVER, 0, f"`{text}` does not change")
    if wanted:
        return UNKNOWN  # it would have been true at the first change
    sizes = numbers_of(values) or sizes_of(values)
    if sizes is None:
        return UNKNOWN
    empty = "0" if numbers_of(values) else "empty"
    return gap_prospect(sizes, ast.Eq, f"{text} is {empty}")


def _is_still(name: ast.Name, visits: Sequence[Locals]) -> bool:
    """Whether a name has kept its value."""
    return len({names[name.id].text for names in visits[-SEEN:] if name.id in names}) <= 1
