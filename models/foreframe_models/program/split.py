"""A program with nested expressions split into single operations, and the way back.

    return sep.join(sorted(s.split())[::-1])        _t0 = s.split()
                                                    _t1 = sorted(_t0)
                                                    _t2 = _t1[::-1]
                                                    return sep.join(_t2)

`_tN` holds the part N of its line (see `parts.py`). Only what runs the same is split: statements
on a line of their own, parts that are evaluated in any case and in this order. Not split are
elif and while tests (they have no place before them), what short circuits may leave out, class
bodies, calls of generators (dropping one later would show), names that other functions rebind,
and programs that look at their own variables or at when objects go. One thing differs: a method
is looked up after its arguments are evaluated, which shows where there is no such method.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

from foreframe_models.program.parts import Group, groups_of, is_simple
from foreframe_models.program.syntax import parse

_SELF_AWARE = re.compile(
    r"\b(locals|globals|vars|dir|exec|eval|inspect|__del__|weakref|gc|getrefcount|_getframe"
    r"|traceback|tracemalloc|__dict__)\b"
)
_OWN_TEXT = re.compile(r"\b(__str__|__repr__|__format__|Enum|IntEnum|dataclass)\b")
_LAZY = frozenset({"iter", "enumerate", "zip", "map", "filter", "reversed"})
_NEVER = 1 << 30  # a column beyond all
_SCOPES = (ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)


@dataclass(frozen=True, slots=True)
class Split:
    """The split program's text, and where its lines come from.

    `line_of`: its line → the user's. `first`: the user's line → the first line that came of it.
    `own`: the user's line → the line of the statement itself, the last that came of it.
    `names`: its hidden line → (the index of the part that is evaluated there, its name).
    """

    source: str
    line_of: dict[int, int]
    first: dict[int, int]
    own: dict[int, int]
    names: dict[int, tuple[int, str]]
    hidden: frozenset[str] = field(default=frozenset())


def split(source: str) -> Split:
    """Splits a program. Raises SyntaxError."""
    tree = parse(source)
    lines = source.split("\n")
    found: dict[int, list[tuple[int, str]]] = {}
    rewritten: dict[int, str] = {}
    prefix = fresh_prefix(source)
    if not _SELF_AWARE.search(source) and "\f" not in source and "\r" not in source:
        splitter = _Splitter(tree, source, prefix)
        for node in splitter.statements(tree.body):
            splitter.split(node, lines, found, rewritten)
    line_of: dict[int, int] = {}
    first: dict[int, int] = {}
    own: dict[int, int] = {}
    names: dict[int, tuple[int, str]] = {}
    made: list[str] = []
    for number, text in enumerate(lines, 1):
        first[number] = len(made) + 1
        indent = text[: len(text) - len(text.lstrip())]
        for index, expression in found.get(number, ()):
            made.append(f"{indent}{prefix}{index} = {expression}")
            line_of[len(made)] = number
            names[len(made)] = index, f"{prefix}{index}"
        made.append(rewritten.get(number, text))
        line_of[len(made)], own[number] = number, len(made)
    hidden = frozenset(name for _, name in names.values())
    return Split("\n".join(made), line_of, first, own, names, hidden)


def fresh_prefix(source: str) -> str:
    """What hidden names begin with: nothing in the program does, digits following."""
    used = set(re.findall(r"\b(_[a-z]+)\d+\b", source))
    letters = "tuvwxyzabcdefghijklmnopqrs"
    names = (f"_{''.join(c)}" for n in (1, 2, 3) for c in itertools.product(letters, repeat=n))
    return next(name for name in names if name not in used)


class _Splitter:
    """Decides what of a statement can stand before it."""

    def __init__(self, tree: ast.Module, source: str, prefix: str) -> None:
        self.prefix = prefix
        self.groups: dict[int, Group] = groups_of(tree)
        self.rebound: set[str] = set()
        self.lazy: set[str] = set(_LAZY)
        self.starts: dict[int, int] = {}  # statements that start on a line
        self.own_text = bool(_OWN_TEXT.search(source))
        for node in ast.walk(tree):
            match node:
                case ast.Global(names=names) | ast.Nonlocal(names=names):
                    self.rebound.update(names)
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    if isinstance(node, ast.AsyncFunctionDef) or any(
                        isinstance(inner, ast.Yield | ast.YieldFrom) for inner in ast.walk(node)
                    ):
                        self.lazy.add(node.name)
            if isinstance(node, ast.stmt):
                self.starts[node.lineno] = self.starts.get(node.lineno, 0) + 1

    def statements(self, body: list[ast.stmt]) -> Iterator[ast.stmt]:
        """The statements that have a place before them, all but those of class bodies."""
        for node in body:
            if isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                        yield from self.statements(method.body)
                continue
            yield node
            inner = [getattr(node, name, []) for name in ("body", "orelse", "finalbody")]
            inner += [handler.body for handler in getattr(node, "handlers", [])]
            inner += [case.body for case in getattr(node, "cases", [])]
            for statements in inner:
                yield from self.statements(statements)

    def split(
        self,
        node: ast.stmt,
        lines: list[str],
        found: dict[int, list[tuple[int, str]]],
        rewritten: dict[int, str],
    ) -> None:
        """Splits one statement, if it can be."""
        line = node.lineno
        text = lines[line - 1]
        roots = self.roots(node)
        group = self.groups.get(line)
        if not roots or group is None or group.first != group.last or self.starts[line] > 1:
            return
        if text[: node.col_offset].strip() or text.lstrip().startswith("elif"):
            return
        if any(root.end_lineno != line for root in roots) or not text.isascii():
            return
        parts = self.hoisted(roots, group)
        if not parts:
            return
        places: list[tuple[int, int, str]] = []  # of what is replaced by a name
        hoisted: list[tuple[int, str]] = []
        for index, part in parts:
            start, end = part.col_offset, part.end_col_offset or part.col_offset
            inner = [p for p in places if start <= p[0] and p[1] <= end]
            expression = _replaced(text, start, end, inner)
            places = [p for p in places if p not in inner]
            places.append((start, end, f"{self.prefix}{index}"))
            hoisted.append((index, expression))
        found[line] = hoisted
        rewritten[line] = _replaced(text, 0, len(text), places)

    def roots(self, node: ast.stmt) -> list[ast.expr]:
        """What a statement evaluates first, in order; empty where nothing is split."""
        match node:
            case ast.Assign(targets=targets, value=value):
                return [value, *_target_roots(targets)]
            case ast.AnnAssign(target=ast.Name(), value=ast.expr() as value):
                return [value]
            case ast.AugAssign(target=ast.Name(), value=value):
                return [value]
            case ast.Expr(value=ast.Yield(value=ast.expr() as value)):
                return [value]
            case ast.Expr(value=value) | ast.Return(value=ast.expr() as value):
                return [value]
            case ast.Raise(exc=ast.expr() as value) | ast.Assert(test=value):
                return [value]
            case ast.If(test=value) | ast.For(iter=value) | ast.Match(subject=value):
                return [value]
            case ast.With(items=[ast.withitem(context_expr=value), *_]):
                return [value]
        return []

    def hoisted(self, roots: list[ast.expr], group: Group) -> list[tuple[int, ast.expr]]:
        """The parts that can be evaluated before the statement, with their indexes, in order."""
        inside: list[ast.AST] = [node for root in roots for node in _own(root)]
        if any(isinstance(n, ast.Name) and n.id in self.rebound for n in inside):
            return []
        odd = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
        if any(isinstance(node, odd) for node in inside):
            return []
        known = {id(node) for node in inside}
        maybe = {id(n) for root in roots for n in _conditional(root)}
        ends = [n.end_col_offset or 0 for n in inside if self.is_barrier(n) and has_place(n)]
        stop = min(ends, default=_NEVER)
        found: list[tuple[int, ast.expr]] = []
        covered: set[int] = set()  # nodes inside of what is hoisted
        skipped: list[ast.expr] = []
        for index, part in enumerate(group.parts):
            if id(part) not in known:
                continue
            if id(part) in maybe:
                skipped.append(part)
                continue
            around = {id(n) for n in ast.walk(part)}
            if not self.may_wait(part) or any(
                id(s) not in covered and id(s) not in around for s in skipped
            ):
                break
            if part.col_offset >= stop or (len(roots) > 1 and stop < _NEVER):
                break
            covered |= around
            found.append((index, part))
        return found

    def is_barrier(self, node: ast.AST) -> bool:
        """Whether something is evaluated there that cannot come before the statement."""
        match node:
            case ast.Starred(value=inner) | ast.keyword(arg=None, value=inner):
                return not is_simple(inner)
            case ast.Dict(keys=keys):
                return None in keys
            case ast.GeneratorExp(generators=[first, *_]):
                return not is_simple(first.iter)
            case ast.JoinedStr():
                return self.own_text
        return False

    def may_wait(self, part: ast.expr) -> bool:
        """Whether it shows in no way that the part's value is kept until later."""
        for node in ast.walk(part):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in self.lazy and (
                    name not in _LAZY or any(isinstance(a, ast.GeneratorExp) for a in node.args)
                ):
                    return False
        return not (isinstance(part, ast.Call) and isinstance(part.func, ast.Lambda))


def has_place(node: ast.AST) -> TypeGuard[ast.expr | ast.keyword]:
    """Whether a node knows where it stands."""
    return isinstance(node, ast.expr | ast.keyword)


def _own(root: ast.AST) -> Iterator[ast.AST]:
    """An expression and all in it that its own scope evaluates, places on one line only."""
    yield root
    if isinstance(root, _SCOPES):
        return
    for node in ast.iter_child_nodes(root):
        yield from _own(node)


def _conditional(root: ast.AST) -> Iterator[ast.AST]:
    """All within an expression that short circuits may leave out, or whose place is not sure."""
    for node in _own(root):
        match node:
            case ast.BoolOp(values=[_, *rest]) | ast.Compare(comparators=[_, *rest]):
                pass
            case ast.IfExp(body=body, orelse=orelse):
                rest = [body, orelse]
            case ast.JoinedStr(values=values):  # places are wrong until 3.12
                rest = values
            case _:
                continue
        for operand in rest:
            yield from ast.walk(operand)


def _target_roots(targets: list[ast.expr]) -> list[ast.expr]:
    """What is evaluated to find the places of an assignment: that of one simple target only."""
    if len(targets) == 1 and isinstance(targets[0], ast.Subscript):
        return [targets[0].value, targets[0].slice]
    return []


def _replaced(text: str, start: int, end: int, places: list[tuple[int, int, str]]) -> str:
    """`text[start:end]` with names in the places of expressions."""
    made: list[str] = []
    at = start
    for first, last, name in sorted(places):
        made += (text[at:first], name)
        at = last
    return "".join([*made, text[at:end]])
