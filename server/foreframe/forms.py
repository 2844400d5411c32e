"""The statements that may stand in a `??` of a whole line, their expressions left open. Pure.

Read off what surrounds the hole: a name that is read but bound nowhere, a name that was given a
first value and is never changed, a test that nothing in its loop changes, a function that returns.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from foreframe.loops import own_nodes
from foreframe.reckoned_module import BINDING

MOST = 6  # that have an expression
MOST_CONDITIONAL = 4  # of two lines, under a condition
OPEN = "??"
ANY = "*"  # among names: as `from m import *` writes it
_BUILTIN = frozenset(dir(builtins))
_Loop = ast.For | ast.AsyncFor | ast.While
_Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Surroundings:
    """Where a hole stands: the nodes around it, outermost first, up to the statement it is.

    `known`: the names that the module binds. `hole_name` stands for holes in the tree.
    """

    scope: _Scope
    way: Sequence[ast.AST]
    hole_name: str | None
    known: frozenset[str]

    @property
    def statement(self) -> ast.stmt:
        found = self.way[-1]
        assert isinstance(found, ast.stmt)
        return found

    @cached_property
    def loops(self) -> list[_Loop]:
        """The loops of the scope that the hole is in, the innermost first."""
        start = self.way.index(self.scope) if self.scope in self.way else 0
        return [node for node in reversed(self.way[start:]) if isinstance(node, _Loop)]

    @cached_property
    def params(self) -> tuple[str, ...]:
        if isinstance(self.scope, ast.Module):
            return ()
        return tuple(n.arg for n in ast.walk(self.scope.args) if isinstance(n, ast.arg))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return [n for n in own_nodes(self.scope) if n not in (self.statement, self.scope)]

    @cached_property
    def bound(self) -> dict[str, int]:
        """The names that the scope binds, with the first line where it does."""
        found = dict.fromkeys(self.params, 0)
        for node in self.nodes:
            for name in names_bound(node):
                line = getattr(node, "lineno", 0)
                found[name] = min(line, found.get(name, line))
        found.pop(self.hole_name or "", None)
        return found

    @cached_property
    def first_values(self) -> dict[str, ast.expr]:
        """What plain assignments before the hole give to names, the last of each name."""
        found: dict[str, ast.expr] = {}
        at = self.statement.lineno
        assigned = [n for n in self.nodes if isinstance(n, ast.Assign) and n.lineno < at]
        for node in sorted(assigned, key=lambda n: n.lineno):
            for target in node.targets:
                found |= dict(_pairs(target, node.value))
        return found

    @cached_property
    def read_later(self) -> dict[str, int]:
        """The names that are read behind the hole, or before it in a loop around both."""
        at = self.statement.lineno
        spans = [(loop.lineno, loop.end_lineno or loop.lineno) for loop in self.loops[-1:]]
        found: dict[str, int] = {}
        for node in self.nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                again = any(first <= node.lineno <= last for first, last in spans)
                if node.lineno > at or again:
                    found.setdefault(node.id, node.lineno)
        found.pop(self.hole_name or "", None)
        return found

    def changes(self, name: str) -> bool:
        """Whether anything in the loop around the hole, or behind it, changes a name's value."""
        first = self.loops[0].lineno if self.loops else self.statement.lineno
        last = self.loops[0].end_lineno if self.loops else None
        here = [
            n for n in self.nodes if first <= getattr(n, "lineno", 0) <= (last or 1_000_000_000)
        ]
        return any(_changed(node) == name for node in here)

    def is_last(self) -> bool:
        """Whether the hole ends its function's body."""
        return self.statement is self.scope.body[-1] and not isinstance(self.scope, ast.Module)

    def returns(self) -> bool:
        """Whether its function gives a value elsewhere, or is said to."""
        if isinstance(self.scope, ast.Module):
            return False
        given = [n for n in self.nodes if isinstance(n, ast.Return) and n.value is not None]
        hint = self.scope.returns
        return bool(given) or (hint is not None and ast.unparse(hint) != "None")


def forms_of(around: Surroundings) -> tuple[str, ...]:
    """Statements with one `??` each, the likelier first; then some without any."""
    found = dict.fromkeys(_open(around)) or dict.fromkeys(_plain(around))
    some = dict.fromkeys(_conditional(around))
    return (*list(found)[:MOST], *list(some)[:MOST_CONDITIONAL], *_closed(around))


def module_names(tree: ast.Module) -> frozenset[str]:
    """What a module's own statements bind; `ANY` with it where their text does not show it all."""
    nodes = [*own_nodes(tree)]
    unseen = any(isinstance(node, ast.Name) and node.id in BINDING for node in nodes)
    found = frozenset(name for node in nodes for name in names_bound(node))
    return found | {ANY} if unseen else found


def names_bound(node: ast.AST) -> Iterator[str]:
    """The names that a node itself gives a meaning."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name
        case ast.alias():
            yield (node.asname or node.name).split(".")[0]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names


def _open(around: Surroundings) -> Iterator[str]:
    function = not isinstance(around.scope, ast.Module)
    unbound = [
        name
        for name in around.read_later
        if name not in around.bound and name not in around.known and name not in _BUILTIN
    ]
    yield from (f"{name} = {OPEN}" for name in unbound)
    if around.is_last():
        yield f"return {OPEN}"
    tested = _left_alone(around)
    if len(tested) == 2:
        yield f"{tested[0]}, {tested[1]} = {tested[1]}, {OPEN}"
    for name in tested:
        yield from _of_kind(around, name)
    begun = _begun(around)
    still = [name for name in begun if not around.changes(name)]
    for name in still:
        yield from _of_kind(around, name)
    branch = any(isinstance(n, ast.If | ast.Try | ast.ExceptHandler) for n in around.way[-2:-1])
    if function and (branch or not around.loops) and around.returns():
        yield f"return {OPEN}"
    yield from _elements(around)
    for name in begun:
        if name not in still:
            yield from _of_kind(around, name)


def _conditional(around: Surroundings) -> Iterator[str]:
    """What is done in a loop now and then: counted, gathered, kept as the best, returned."""
    taken = [
        node.id
        for loop in around.loops[:1]
        if not isinstance(loop, ast.While)
        for node in ast.walk(loop.target)
        if isinstance(node, ast.Name)
    ]
    for name in _begun(around) if taken else ():
        if around.changes(name):
            continue
        match around.first_values[name]:
            case ast.List() | ast.Call(func=ast.Name(id="list")):
                yield f"if {OPEN}:\n    {name}.append({taken[-1]})"
            case ast.Set() | ast.Call(func=ast.Name(id="set")):
                yield f"if {OPEN}:\n    {name}.add({taken[-1]})"
            case ast.Constant(value=bool(value)):
                yield f"if {OPEN}:\n    {name} = {not value}"
            case ast.Constant(value=int()):
                yield from (f"if {OPEN}:\n    {name} {how}" for how in ("+= 1", f"= {taken[-1]}"))
            case _:
                yield f"if {OPEN}:\n    {name} = {taken[-1]}"
    last = around.scope.body[-1]
    if not around.loops or not isinstance(last, ast.Return) or isinstance(around.scope, ast.Module):
        return
    match last.value:
        case ast.Constant(value=bool(value)):
            yield f"if {OPEN}:\n    return {not value}"
        case ast.Constant() | ast.UnaryOp() | None:
            yield from (f"if {OPEN}:\n    return {name}" for name in taken)


def _begun(around: Surroundings) -> list[str]:
    """The names that were given a first value and are read later, the last first."""
    tested = _left_alone(around)
    return [n for n in reversed(around.first_values) if n in around.read_later and n not in tested]


def _plain(around: Surroundings) -> Iterator[str]:
    """Where nothing tells more: a name that is read later, or what is returned."""
    yield from (f"{name} = {OPEN}" for name in around.bound if name in around.read_later)
    if not isinstance(around.scope, ast.Module):
        yield f"return {OPEN}"


def _closed(around: Surroundings) -> Iterator[str]:
    """Statements that have no expression."""
    if around.loops:
        yield from ("continue", "break")
    yield "pass"


def _left_alone(around: Surroundings) -> list[str]:
    """The names of the test of the `while` around the hole that its body changes nowhere."""
    if not around.loops or not isinstance(around.loops[0], ast.While):
        return []
    loop = around.loops[0]
    read = [n for n in ast.walk(loop.test) if isinstance(n, ast.Name) and n.id in around.bound]
    tested = dict.fromkeys(n.id for n in sorted(read, key=lambda n: (n.lineno, n.col_offset)))
    alone = [name for name in tested if not around.changes(name)]
    if len(alone) == 1 and isinstance(loop.test, ast.Name):
        # `while b:` alone says nothing of what is read behind the loop
        alone = [n for n in around.params if n in around.read_later and n not in alone] + alone
    return alone[:2]


def _of_kind(around: Surroundings, name: str) -> Iterator[str]:
    """How a name that began with such a value is changed."""
    match around.first_values.get(name):
        case ast.Name(id=first) if first == around.hole_name:  # a hole itself: of any kind
            yield from (f"{name} += {OPEN}", f"{name}.append({OPEN})", f"{name} = {OPEN}")
        case ast.Constant(value=bool() | None):
            yield f"{name} = {OPEN}"
        case ast.Constant(value=int() | float() | str()):
            yield from (f"{name} += {OPEN}", f"{name} = {OPEN}")
        case ast.List() | ast.Call(func=ast.Name(id="list")):
            yield from (f"{name}.append({OPEN})", f"{name} += {OPEN}", f"{name}.insert(0, {OPEN})")
        case ast.Set() | ast.Call(func=ast.Name(id="set")):
            yield f"{name}.add({OPEN})"
        case ast.Dict() | ast.Call(func=ast.Name(id="dict" | "defaultdict" | "Counter")):
            for key in _keys(around):
                yield f"{name}[{key}] = {OPEN}"
        case ast.BinOp(left=ast.List()) | ast.ListComp():
            for key in _keys(around):
                yield f"{name}[{key}] = {OPEN}"
        case _:
            yield f"{name} = {OPEN}"


def _keys(around: Surroundings) -> list[str]:
    """What an element may be told by: what the loops around take, or else the parameters."""
    taken = [
        node.id
        for loop in around.loops
        if not isinstance(loop, ast.While)
        for node in ast.walk(loop.target)
        if isinstance(node, ast.Name)
    ]
    return (taken or list(around.params))[:2]


def _elements(around: Surroundings) -> Iterator[str]:
    """`xs[i] = ??` in a loop over the indexes of what was given."""
    for loop in around.loops:
        match loop:
            case ast.For(
                target=ast.Name(id=index),
                iter=ast.Call(
                    func=ast.Name(id="range"),
                    args=[*_, ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)])],
                ),
            ) if name in around.params:
                yield f"{name}[{index}] = {OPEN}"


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match target, value:
        case ast.Name(id=name), _:
            yield name, value
        case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
            for one, other in zip(targets, values, strict=True):
                yield from _pairs(one, other)


def _changed(node: ast.AST) -> str | None:
    """The name whose value a node changes."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return name
        case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
            return name
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
            return name  # `xs.append(1)`
    return None
