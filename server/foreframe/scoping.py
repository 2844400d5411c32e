"""Which names mean something where a hole stands, and which name its value goes to. Pure.

`way`: the nodes from the module to the hole's own, as the tree has them.
"""

from __future__ import annotations

import ast
import builtins
import itertools
from collections.abc import Iterator, Sequence

from foreframe.forms import names_bound
from foreframe.loops import own_nodes

Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = ast.Module | Function


def functions_around(way: tuple[ast.AST, ...]) -> list[Function]:
    """The functions whose bodies a hole is in, outermost first: not those that it is a default or
    a decorator of."""
    return [
        node
        for node, child in itertools.pairwise(way)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and child in node.body
    ]


def bound_before(
    around: Sequence[Scope],
    hole_name: str | None,
    way: tuple[ast.AST, ...],
    place: tuple[int, int],
) -> tuple[tuple[str, ...], dict[str, str]]:
    """What is bound where a hole is, the nearer the later, and the annotations of these names."""
    names: dict[str, None] = {}
    hints: dict[str, str] = {}
    for scope in around:
        bound: list[tuple[tuple[int, int], str]] = []
        if not isinstance(scope, ast.Module):
            given = scope.args
            args = (*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg)
            for arg in args:
                if arg is not None:
                    bound.append(((0, 0), arg.arg))
                    if arg.annotation is not None:
                        hints[arg.arg] = ast.unparse(arg.annotation)
        own = _own_statement(way)
        inside = set() if own is None else {id(node) for node in ast.walk(own)}
        for node in own_nodes(scope):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                at = node.lineno, node.col_offset
                if at < place and id(node) not in inside:
                    bound.append((at, node.id))
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                hints[node.target.id] = ast.unparse(node.annotation)
        for _, name in sorted(bound, key=lambda one: one[0]):
            names.pop(name, None)
            names[name] = None
    for name in _bound_in_expression(way):
        names.pop(name, None)
        hints.pop(name, None)
        names[name] = None
    names.pop(hole_name or "", None)
    return tuple(names), hints


def _own_statement(way: tuple[ast.AST, ...]) -> ast.stmt | None:
    """The statement that a hole is a part of: what it binds is not bound yet."""
    return next((node for node in reversed(way) if isinstance(node, ast.stmt)), None)


def _bound_in_expression(way: tuple[ast.AST, ...]) -> Iterator[str]:
    """What comprehensions and lambdas around a hole bind, the innermost last."""
    for at, node in enumerate(way):
        child = way[at + 1] if at + 1 < len(way) else None
        match node:
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                inner = way[at + 2] if at + 2 < len(way) else None
                for generator in node.generators:
                    if child is generator and inner is generator.iter:
                        break  # the hole is what this one goes through
                    stored = (n for n in ast.walk(generator.target) if isinstance(n, ast.Name))
                    yield from (n.id for n in stored)
                    if child is generator:
                        break
            case ast.Lambda(args=args) if child is not args:
                yield from (n.arg for n in ast.walk(args) if isinstance(n, ast.arg))


def reachable(around: Sequence[Function], known: frozenset[str]) -> frozenset[str]:
    """All names that the functions around, the module and Python itself may bind."""
    own = (name for scope in around for node in own_nodes(scope) for name in names_bound(node))
    args = (n.arg for scope in around for n in ast.walk(scope.args) if isinstance(n, ast.arg))
    return known | frozenset({*own, *args, *dir(builtins)})


def target_of(way: tuple[ast.AST, ...]) -> str | None:
    """The name that an assignment gives a hole's whole value, or the element one puts it into."""
    for at, node in enumerate(way[:-1]):
        match node:
            case (
                ast.Assign(targets=[target], value=value)
                | ast.AnnAssign(target=target, value=value)
            ):
                inside = way[at + 1 :]
                if isinstance(target, ast.Subscript) and value is inside[0]:
                    return ast.unparse(target)
                if value is inside[-1]:
                    return target.id if isinstance(target, ast.Name) else None
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    pairs = zip(target.elts, value.elts, strict=False)
                    return next(
                        (t.id for t, v in pairs if v is inside[-1] and isinstance(t, ast.Name)),
                        None,
                    )
    return None


def unread(scope: Scope, names: Sequence[str], hole_name: str | None) -> frozenset[str]:
    """Of these names, the parameters that a function with one hole reads nowhere: the hole may."""
    if isinstance(scope, ast.Module):
        return frozenset()
    read = [n.id for n in ast.walk(scope) if isinstance(n, ast.Name)]
    if read.count(hole_name or "") != 1:
        return frozenset()
    params = {n.arg for n in ast.walk(scope.args) if isinstance(n, ast.arg)} - {"self", "cls"}
    return frozenset(params.intersection(names).difference(read))
