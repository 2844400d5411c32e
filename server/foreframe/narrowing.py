"""What of a large file matters to some of its functions; the rest blanked, line for line. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable

LARGE = 300  # lines; smaller files stay as they are


def narrowed(source: str, tree: ast.Module, functions: Iterable[str], lines: Iterable[int]) -> str:
    """The source with only the module-level statements that these functions may need.

    Those are the statements that hold the functions (dotted names) or the lines, all that bind a
    name which these use, and so on; and what binds names that nobody can tell.
    """
    text = source.split("\n")
    if len(text) <= LARGE:
        return source
    roots = {name.split(".")[0] for name in functions}
    wanted = set(lines)
    bound = {id(node): bound_by(node) for node in tree.body}
    kept: set[int] = set()
    needed: set[str] = set(roots)
    by_line = [n for n in tree.body if any(first_line(n) <= at <= last_line(n) for at in wanted)]
    todo = [n for n in tree.body if n in by_line or bound[id(n)] & roots or "*" in bound[id(n)]]
    while todo:
        node = todo.pop()
        if id(node) in kept:
            continue
        kept.add(id(node))
        new = used_by(node) - needed
        needed |= new
        todo += (other for other in tree.body if bound[id(other)] & new)
    for node in tree.body:
        if id(node) not in kept and not _shares_a_line(node, tree.body):
            text[first_line(node) - 1 : last_line(node)] = [""] * (
                last_line(node) - first_line(node) + 1
            )
    return "\n".join(text)


def names_bound(tree: ast.Module) -> frozenset[str]:
    """All that a module's statements may bind."""
    return frozenset().union(*(bound_by(node) for node in tree.body))


def callers_of(tree: ast.Module, function: str) -> frozenset[str]:
    """The module-level functions, and methods, that may lead to a function, by its name alone."""
    uses: dict[str, set[str]] = {}
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                uses[name] = _words(node)
            case ast.ClassDef(name=of, body=body):
                for one in body:
                    if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                        uses[f"{of}.{one.name}"] = _words(one)
    found = {function}
    while True:
        last = {name.rpartition(".")[2] for name in found}
        more = {name for name, words in uses.items() if words & last} - found
        if not more:
            return frozenset(found - {function})
        found |= more


def _words(node: ast.AST) -> set[str]:
    """The names and attributes that a function mentions."""
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return found | {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}


def bound_by(node: ast.stmt) -> frozenset[str]:
    """The module-level names that a statement may bind or change; "*" for any."""
    found: set[str] = set()
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return frozenset({name})
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return frozenset((a.asname or a.name).split(".")[0] for a in aliases)
    for inner in ast.walk(node):
        match inner:
            case ast.Name(id=name):  # `xs.append(1)` changes what `xs` is
                found.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.alias():
                found.add((inner.asname or inner.name).split(".")[0])
    return frozenset(found)


def used_by(node: ast.stmt) -> set[str]:
    """The names that a statement uses anywhere."""
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def first_line(node: ast.stmt) -> int:
    """Its first line, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def last_line(node: ast.stmt) -> int:
    """Its last line."""
    return node.end_lineno or node.lineno


def _shares_a_line(node: ast.stmt, body: list[ast.stmt]) -> bool:
    at = body.index(node)
    before = at > 0 and last_line(body[at - 1]) >= first_line(node)
    after = at + 1 < len(body) and first_line(body[at + 1]) <= last_line(node)
    return before or after
