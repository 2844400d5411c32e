"""Holes in a session: which values come out of one, and which expressions would give them. Pure."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from foreframe.errors import ExpressionError
from foreframe.explaining import statements
from foreframe.expressions import evaluate
from foreframe.guesses import guesses
from foreframe.holes import Hole, Missing, holes_of
from foreframe_models.program.syntax import literal_of
from foreframe_protocol.states import Event, Locals, Trace, Value, Verdict
from foreframe_protocol.values import compare

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

MOST = 8  # expressions that are proposed


@dataclass(frozen=True, slots=True)
class FromHole:
    """A variable that got its value from a hole, in the line that has just run.

    Of a hole that stands for a whole statement: each that it made, or whose value it changed.
    """

    hole: Hole
    name: str
    value: Value
    before: Locals  # what was known when the hole was evaluated


def from_holes(program: Program, trace: Trace, depth: int) -> list[FromHole]:
    """The variables of the scope at `depth` of the stack that a hole has just given a value."""
    if not program.holes or depth >= len(trace.state.stack):
        return []
    node: Trace | None = trace.parent
    while node is not None and node.frame is not None:
        if node.frame.depth == depth and node.frame.event is not Event.RETURN:
            break
        node = node.parent
    if node is None or node.frame is None or node.frame.event is not Event.LINE:
        return []
    line, before = node.frame.line, node.frame.locals or {}
    given = _given(program, line)
    now = trace.state.stack[depth].locals
    whole = _whole(program, line)
    if whole is not None:
        given |= {
            name: whole
            for name, value in now.items()
            if name not in before or before[name].text != value.text
        }
    return [FromHole(hole, name, now[name], before) for name, hole in given.items() if name in now]


def _whole(program: Program, line: int) -> Hole | None:
    """The hole that stands for the whole statement on a line."""
    found = [h for h in _places(program).values() if h.line == line]
    return next((hole for hole in found if hole.missing is Missing.STATEMENT), None)


def _given(program: Program, line: int) -> dict[str, Hole]:
    """The names that the statement on a line gets from holes that stand for whole values."""
    statement = statements(program.tree).get(line)
    holes = _places(program)
    found: dict[str, Hole] = {}

    def pair(target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name) and isinstance(value, ast.Name):
            text = program.lines[value.lineno - 1].encode("utf-8")
            column = len(text[: value.col_offset].decode("utf-8", "replace"))
            hole = holes.get((value.lineno, column))
            if hole is not None and value.id == program.hole_name:
                found[target.id] = hole
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, other in zip(target.elts, value.elts, strict=False):
                pair(one, other)

    match statement:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                pair(target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            pair(target, value)
    return found


@lru_cache(maxsize=8)
def _places(program: Program) -> dict[tuple[int, int], Hole]:
    return {(hole.line, hole.column): hole for hole in holes_of(program)}


def expressions_giving(one: FromHole, wanted: str) -> list[str]:
    """What could stand in a hole to give `wanted` there, the simpler first.

    Expressions in what was in scope; for a whole statement, assignments of them. The literal itself
    always gives it, and comes last.
    """
    whole = one.hole.missing is Missing.STATEMENT
    hole = replace(one.hole, missing=Missing.VALUE, forms=()) if whole else one.hole
    found: list[str] = []
    for text in guesses(hole):
        try:
            given = evaluate(text, one.before).text
        except ExpressionError:
            continue
        if compare(given, wanted) is Verdict.MATCH and text != wanted:
            found.append(text)
    found.sort(key=lambda text: (_is_literal(text), len(text)))
    texts = [*found[: MOST - 1], wanted]
    return [f"{one.name} = {text}" for text in texts] if whole else texts


def _is_literal(text: str) -> bool:
    try:
        literal_of(text)
    except (ValueError, SyntaxError):
        return False
    return True
