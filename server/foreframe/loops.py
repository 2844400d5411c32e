"""The loops of a program and what ends them, read from its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

Loop = ast.While | ast.For | ast.AsyncFor
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Exit:
    """A test on a line of its own: control leaves when its truth is `leaves_when`."""

    line: int
    test: ast.expr
    leaves_when: bool


@dataclass(frozen=True, slots=True)
class LoopFacts:
    """A loop: its header's line, the last line of its body, its exits besides a `for`'s end.

    `hidden`: something else may end it that no test tells of (a `break` under `try`, `match`...).
    """

    node: Loop
    exits: tuple[Exit, ...]
    hidden: bool

    @property
    def line(self) -> int:
        return self.node.lineno

    @property
    def last(self) -> int:
        return self.node.body[-1].end_lineno or self.node.lineno

    def holds(self, line: int) -> bool:
        """Whether a line is of the header or the body."""
        return self.line <= line <= self.last


def loops_of(scope: ast.AST) -> list[LoopFacts]:
    """The loops of one scope, outer before inner; those of functions inside it are not its own."""
    found = [node for node in own_nodes(scope) if isinstance(node, Loop)]
    found.sort(key=lambda node: node.lineno)
    return [loop_facts(node) for node in found]


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope without those of scopes inside it."""
    todo = list(ast.iter_child_nodes(scope))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, SCOPES):
            todo += ast.iter_child_nodes(node)


def loop_facts(node: Loop) -> LoopFacts:
    """What ends a loop."""
    exits: list[Exit] = []
    if isinstance(node, ast.While):
        exits.append(Exit(node.lineno, node.test, leaves_when=False))
    hidden = _collect(node.body, exits, innermost=True)
    return LoopFacts(node, tuple(exits), hidden)


def returning_tests(scope: ast.AST, name: str) -> list[Exit]:
    """The `if` tests of a function behind which it returns without a call of `name`."""
    found: list[Exit] = []
    for node in own_nodes(scope):
        if not isinstance(node, ast.If):
            continue
        for block, truth in ((node.body, True), (node.orelse, False)):
            last = block[-1] if block else None
            if isinstance(last, ast.Return | ast.Raise) and not calls(last, name):
                found.append(Exit(node.lineno, node.test, truth))
    return found


def calls(node: ast.AST, name: str) -> bool:
    """Whether anything in `node` calls something of this name."""
    return any(
        isinstance(call, ast.Call)
        and (
            (isinstance(call.func, ast.Name) and call.func.id == name)
            or (isinstance(call.func, ast.Attribute) and call.func.attr == name)
        )
        for call in ast.walk(node)
    )


def _collect(body: list[ast.stmt], exits: list[Exit], *, innermost: bool) -> bool:
    """Adds the exits among these statements; whether there are others that no test tells of.

    `innermost`: a `break` here is of the loop that is looked at.
    """
    hidden = False
    for statement in body:
        match statement:
            case ast.If():
                for block, truth in ((statement.body, True), (statement.orelse, False)):
                    if _leaves(block, innermost):
                        exits.append(Exit(statement.lineno, statement.test, truth))
                    else:
                        hidden |= _collect(block, exits, innermost=innermost)
            case ast.For() | ast.While() | ast.AsyncFor():
                hidden |= _collect(statement.body, exits, innermost=False)
                hidden |= _collect(statement.orelse, exits, innermost=innermost)
            case ast.With() | ast.AsyncWith():
                hidden |= _collect(statement.body, exits, innermost=innermost)
            case ast.Try() | ast.TryStar() | ast.Match():
                hidden |= any(_is_exit(node, innermost) for node in ast.walk(statement))
            case ast.Assert():
                exits.append(Exit(statement.lineno, statement.test, leaves_when=False))
            case _ if _is_exit(statement, innermost):
                hidden = True
    return hidden


def _leaves(block: list[ast.stmt], innermost: bool) -> bool:
    return bool(block) and _is_exit(block[-1], innermost)


def _is_exit(node: ast.AST, innermost: bool) -> bool:
    return isinstance(node, ast.Return | ast.Raise) or (innermost and isinstance(node, ast.Break))
