"""The parts of a statement: which of its expressions have a value of their own to show.

Stdlib only and never importing the rest of this house: the tracer runs it in its child, too.

The parts of a line are those of every statement header on it (a simple statement; the test, the
iterable, the items or the subject of a compound one), numbered from 0 in order of evaluation.
Lines that one header spans, or that several headers share, are one group with one numbering.
Parts are calls, operators, subscripts, attributes that are not called, conditional expressions,
comprehensions as a whole, and displays with any of these inside; but not
- what the frame shows anyway: the right side of an assignment to a name, what is returned, yielded
  or raised, a call that is a statement, a whole test;
- names, constants (`-1` too), displays of them alone, a called function, `super()`;
- anything within a lambda, a comprehension or a generator expression;
- what stands on several lines: it cannot be instrumented without new line events.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import CodeType
from typing import Any

MAX_PARTS = 16  # of one line that have an index; the rest are left out
VALUE_CHARS = 60  # of a part's or an element's text that are kept
_RECORD, _WATCH = "\0foreframe record", "\0foreframe watch"
_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict)
_KINDS = (
    ast.Call,
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.BoolOp,
    ast.Subscript,
    ast.Attribute,
    ast.IfExp,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    *_DISPLAYS,
)
_OPAQUE = (ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)


@dataclass(slots=True)
class Group:
    """Lines with one numbering of parts, 1-based and inclusive."""

    first: int
    last: int
    parts: list[ast.expr] = field(default_factory=list)


def groups_of(tree: ast.Module) -> dict[int, Group]:
    """Each line that holds a statement header → its group."""
    return _Parts(wrap=False).read(tree)


def instrument(
    tree: ast.Module,
    path: str,
    record: Callable[[int, int, Any], Any],
    watch: Callable[[int, Any], Any],
) -> tuple[CodeType, dict[int, Group]]:
    """Compiles `tree`, which is changed by it, so that it tells of its parts as it runs.

    `record(group's first line, index, value)` is called with each part's value and `watch(line,
    iterable)` with what a `for` iterates over; both give back what the program goes on with. Line
    numbers, scopes and names stay those of the plain program.
    """
    parts = _Parts(wrap=True)
    groups = parts.read(tree)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # calling a constant looks like a missing comma
        code = compile(tree, path, "exec", dont_inherit=True)

    # Partial objects, as calls of Python functions can give line events of their own in 3.12.
    def constant(text: object) -> object:
        if not isinstance(text, str) or not text.startswith((_RECORD, _WATCH)):
            return text
        name, *numbers = text.split("|")
        return partial(record if name == _RECORD else watch, *map(int, numbers))

    return _with_constants(code, constant), groups


def watched_loops(tree: ast.AST) -> dict[int, ast.expr]:
    """The line of each `for` that can be watched → its iterable."""
    return {
        node.lineno: node.iter
        for node in ast.walk(tree)
        if isinstance(node, ast.For) and node.iter.lineno == node.iter.end_lineno == node.lineno
    }


def source_of(group: Group, index: int, lines: Sequence[str] = ()) -> str:
    """The text of a part, as `lines` of the program have it. Empty for an unknown index."""
    return text_of(group.parts[index], lines) if 0 <= index < len(group.parts) else ""


def text_of(node: ast.expr, lines: Sequence[str]) -> str:
    """The text of an expression in its program, or as Python writes it where places are wrong.

    Until 3.12 they can be so within f-strings.
    """
    # not at the top: the tracer's process has this file without the package
    from foreframe_models.program.syntax import parse_expression

    text = ast.unparse(node)
    if node.lineno == node.end_lineno and node.lineno <= len(lines):
        found = lines[node.lineno - 1].encode()[node.col_offset : node.end_col_offset].decode()
        try:
            if ast.unparse(parse_expression(found.strip())) == text:
                return found.strip()
        except (SyntaxError, ValueError):
            return text
    return text


def _with_constants(code: CodeType, new: Callable[[object], object]) -> CodeType:
    constants = tuple(
        _with_constants(c, new) if isinstance(c, CodeType) else new(c) for c in code.co_consts
    )
    return code.replace(co_consts=constants)


def is_simple(node: ast.AST | None) -> bool:
    """Whether an expression is not worth a step: names, constants, displays of them."""
    match node:
        case None | ast.Name() | ast.Constant() | ast.Lambda():
            return True
        case ast.UnaryOp(operand=ast.Constant()):
            return True
        case ast.Starred(value=inner):
            return is_simple(inner)
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            return all(map(is_simple, elements))
        case ast.Dict(keys=keys, values=values):
            return all(map(is_simple, keys)) and all(map(is_simple, values))
    return False


class _Parts:
    """Goes through statements in the order of their lines, and through headers as they run."""

    def __init__(self, *, wrap: bool) -> None:
        self.wrap = wrap
        self.groups: dict[int, Group] = {}
        self.group = Group(0, 0)

    def read(self, tree: ast.Module) -> dict[int, Group]:
        self._statements(tree.body)
        return self.groups

    def _statements(self, body: Sequence[ast.stmt]) -> None:
        for node in body:
            self._statement(node)

    def _header(self, node: ast.AST, last: int | None = None) -> None:
        """Opens the group of the header that starts with `node`, or goes on with the last one."""
        first = int(getattr(node, "lineno", 1))
        end = last or int(getattr(node, "end_lineno", None) or first)
        if first > self.group.last:
            self.group = Group(first, end)
        self.group.last = max(self.group.last, end)
        for line in range(first, self.group.last + 1):
            self.groups.setdefault(line, self.group)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._statements(node.body)
            case ast.If() | ast.While():
                self._header(node, node.test.end_lineno)
                node.test = self._expr(node.test, shown=True)
                self._statements(node.body)
                self._statements(node.orelse)
            case ast.For() | ast.AsyncFor():
                self._header(node, node.iter.end_lineno)
                node.iter = self._expr(node.iter)
                one_line = node.iter.lineno == node.iter.end_lineno == node.lineno
                if self.wrap and one_line and isinstance(node, ast.For):
                    node.iter = _call(_WATCH, [node.lineno], node.iter)
                self._statements(node.body)
                self._statements(node.orelse)
            case ast.With() | ast.AsyncWith():
                self._header(node, node.items[-1].context_expr.end_lineno)
                for item in node.items:
                    item.context_expr = self._expr(item.context_expr)
                self._statements(node.body)
            case ast.Match():
                self._header(node, node.subject.end_lineno)
                node.subject = self._expr(node.subject)
                for case in node.cases:
                    self._statements(case.body)
            case ast.Try() | ast.TryStar():
                self._statements(node.body)
                for handler in node.handlers:
                    self._statements(handler.body)
                self._statements(node.orelse)
                self._statements(node.finalbody)
            case _:
                self._header(node)
                self._simple(node)

    def _simple(self, node: ast.stmt) -> None:
        match node:
            case ast.Expr():
                node.value = self._expr(node.value, shown=True)
            case ast.Return(value=ast.expr() as value):
                node.value = self._expr(value, shown=True)
            case ast.Assign():
                self._assign(node)
            case ast.AnnAssign(value=ast.expr() as value):
                node.value = self._expr(value, shown=isinstance(node.target, ast.Name))
                self._target(node.target)
            case ast.AugAssign():
                self._target(node.target)
                node.value = self._expr(node.value)
            case ast.Delete():
                for target in node.targets:
                    self._target(target)
            case ast.Raise(exc=ast.expr() as error):
                node.exc = self._expr(error, shown=True)
                if node.cause is not None:
                    node.cause = self._expr(node.cause)
            case ast.Assert():
                node.test = self._expr(node.test, shown=True)
                if node.msg is not None:
                    node.msg = self._expr(node.msg, shown=True)

    def _assign(self, node: ast.Assign) -> None:
        value = node.value
        pairs = [t for t in node.targets if isinstance(t, ast.Tuple | ast.List)]
        if pairs and isinstance(value, ast.Tuple | ast.List):
            # `a, b = b, a + b`: each element is shown by its name
            names = pairs[0].elts
            fits = len(names) == len(value.elts) and not any(
                isinstance(e, ast.Starred) for e in (*names, *value.elts)
            )
            value.elts = [
                self._expr(element, shown=fits and isinstance(names[at], ast.Name))
                for at, element in enumerate(value.elts)
            ]
        else:
            shown = any(isinstance(target, ast.Name) for target in node.targets)
            node.value = self._expr(value, shown=shown)
        for target in node.targets:
            self._target(target)

    def _target(self, node: ast.expr) -> None:
        """What is evaluated to find the place that is assigned to."""
        match node:
            case ast.Subscript():
                node.value = self._expr(node.value)
                node.slice = self._slice(node.slice)
            case ast.Attribute():
                node.value = self._expr(node.value)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for element in elements:
                    self._target(element)
            case ast.Starred(value=inner):
                self._target(inner)

    def _slice(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Slice():
                for name in ("lower", "upper", "step"):
                    value = getattr(node, name)
                    if value is not None:
                        setattr(node, name, self._expr(value))
                return node
            case ast.Tuple():
                node.elts = [self._slice(element) for element in node.elts]
                return node
        return self._expr(node)

    def _expr(self, node: ast.expr, *, shown: bool = False) -> ast.expr:
        """Numbers the parts of an expression; gives what stands in its place."""
        if is_simple(node):
            return node
        if not isinstance(node, _OPAQUE):
            self._inside(node)
        if shown or not isinstance(node, _KINDS) or _is_super(node):
            return node
        if node.lineno != node.end_lineno or len(self.group.parts) >= MAX_PARTS:
            return node
        index = len(self.group.parts)
        self.group.parts.append(node)
        return _call(_RECORD, [self.group.first, index], node) if self.wrap else node

    def _inside(self, node: ast.expr) -> None:
        """Goes through the operands, in the order in which they are evaluated."""
        match node:
            case ast.Call():
                node.func = self._expr(node.func, shown=True)
                node.args = [self._expr(arg) for arg in node.args]
                for keyword in node.keywords:
                    keyword.value = self._expr(keyword.value)
            case ast.Subscript():
                node.value = self._expr(node.value)
                node.slice = self._slice(node.slice)
            case ast.IfExp():
                node.test = self._expr(node.test, shown=_is_long(node))
                node.body = self._expr(node.body)
                node.orelse = self._expr(node.orelse)
            case ast.BoolOp():
                node.values = [self._expr(v, shown=_is_long(node)) for v in node.values]
            case ast.Dict():
                for at, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
                    if key is not None:
                        node.keys[at] = self._expr(key)
                    node.values[at] = self._expr(value)
            case ast.JoinedStr():
                if node.lineno == node.end_lineno:  # until 3.12, inner places are wrong otherwise
                    self._fields(node)
            case ast.Await(value=inner):
                node.value = self._expr(inner, shown=True)
            case ast.Yield(value=ast.expr() as inner):
                node.value = self._expr(inner, shown=True)
            case _:
                self._children(node)

    def _fields(self, node: ast.JoinedStr) -> None:
        for piece in node.values:
            if isinstance(piece, ast.FormattedValue):
                if piece.value.lineno == piece.value.end_lineno == node.lineno:
                    piece.value = self._expr(piece.value)
                if isinstance(piece.format_spec, ast.JoinedStr):
                    self._fields(piece.format_spec)

    def _children(self, node: ast.expr) -> None:
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, name, self._expr(value))
            elif isinstance(value, list):
                value[:] = [self._expr(v) if isinstance(v, ast.expr) else v for v in value]


def _is_long(node: ast.expr) -> bool:
    """Whether it stands on several lines: it may be jumps between these, and so line events."""
    return node.lineno != node.end_lineno


def _is_super(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
    )


def _call(name: str, numbers: Sequence[int], value: ast.expr) -> ast.Call:
    """A call of what will stand in the place of the constant `name`, on the value's own place."""
    function = ast.Constant("|".join((name, *map(str, numbers))))
    call = ast.Call(func=function, args=[value], keywords=[])
    return ast.copy_location(call, ast.copy_location(function, value))
