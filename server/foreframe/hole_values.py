"""Holes in a session: which values come out of one, and which expressions would give them. Pure."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from foreframe.errors import ExpressionError
from foreframe.examples import AtStop, Example, Kind, literal
from foreframe.explaining import statements
from foreframe.expressions import evaluate
from foreframe.guesses import guesses
from foreframe.holes import Hole, Missing, holes_of
from foreframe_protocol.states import Event, Locals, Provenance, Trace, Value, Verdict
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
    found = _line_before(program, trace, depth)
    if found is None:
        return []
    line, before = found
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


def _line_before(program: Program, trace: Trace, depth: int) -> tuple[int, Locals] | None:
    """The line that the scope at `depth` has just run, and what was known before it."""
    if not program.holes or depth >= len(trace.state.stack):
        return None
    node: Trace | None = trace.parent
    while node is not None and node.frame is not None:
        if node.frame.depth == depth and node.frame.event is not Event.RETURN:
            break
        node = node.parent
    if node is None or node.frame is None or node.frame.event is not Event.LINE:
        return None
    return node.frame.line, node.frame.locals or {}


def resting_on_holes(program: Program, trace: Trace, depth: int) -> list[tuple[str, Value]]:
    """The variables whose value the line that has just run made with a hole as a part of it."""
    found = _line_before(program, trace, depth)
    statement = None if found is None else statements(program.tree).get(found[0])
    match statement:
        case ast.Assign(targets=targets, value=ast.expr() as value):
            pass
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            targets = [target]
        case ast.AugAssign(target=target, value=value):
            targets = [target]
        case _:
            return []
    whole = _given(program, statement.lineno)
    read = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    if program.hole_name not in read:
        return []
    bound = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
    now = trace.state.stack[depth].locals
    return [(n, now[n]) for n in dict.fromkeys(bound) if n in now and n not in whole]


def chosen(program: Program, trace: Trace) -> list[FromHole]:
    """The values that a person gave what came from holes, on the way to a point of a trace.

    Of the scopes that were on top there, the earliest first.
    """
    found: list[FromHole] = []
    node: Trace | None = trace if program.holes else None
    while node is not None and node.state.stack:
        if any(v.provenance is Provenance.EDITED for v in node.state.top.locals.values()):
            given = from_holes(program, node, len(node.state.stack) - 1)
            found += (one for one in given if one.value.provenance is Provenance.EDITED)
        node = node.parent
    return found[::-1]


def example_of(one: FromHole) -> Example:
    """A value that was chosen, as what is wanted of its hole."""
    hole = one.hole
    known = tuple((name, value.text) for name, value in one.before.items() if not value.cut)
    stop = AtStop(hole.line, hole.column, one.name, known)
    return Example(
        hole.function or "", "", hole.line, Kind.STOP, returned=one.value.text, stop=stop
    )


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


def expressions_giving(one: FromHole, wanted: str, others: Sequence[FromHole] = ()) -> list[str]:
    """What could stand in a hole to give `wanted` there, the simpler first.

    Expressions in what was in scope; for a whole statement, assignments of them. The literal itself
    gives it too, and comes last. `others`: what the same hole has been given at other stops, which
    has to come out as well.
    """
    whole = one.hole.missing is Missing.STATEMENT
    hole = replace(one.hole, missing=Missing.VALUE, forms=()) if whole else one.hole
    asked = [(one.before, wanted)]
    asked += ((other.before, other.value.text) for other in others if other.name == one.name)
    found = [
        text
        for text in guesses(hole)
        if text != wanted and all(_gives(text, known, value) for known, value in asked)
    ]
    found.sort(key=lambda text: (literal(text) is not None, len(text)))
    texts = found[: MOST - 1]
    if all(compare(value, wanted) is Verdict.MATCH for _, value in asked):
        texts.append(wanted)
    return [f"{one.name} = {text}" for text in texts] if whole else texts


def _gives(text: str, known: Locals, wanted: str) -> bool:
    try:
        return compare(evaluate(text, known).text, wanted) is Verdict.MATCH
    except ExpressionError:
        return False
