"""The `??` holes of a program: where each stands, and what kind of thing is missing there. Pure."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from keyword import iskeyword
from typing import Protocol

from foreframe.forms import ANY, Surroundings, forms_of, module_names
from foreframe.loops import own_nodes
from foreframe.scoping import (
    Scope,
    bound_before,
    functions_around,
    reachable,
    target_of,
    unread,
)
from foreframe_models.program.syntax import indented, parse, parse_expression

HOLE = "??"
CLOSED = (
    *(ast.Name, ast.Constant, ast.Call, ast.Subscript, ast.Attribute, ast.JoinedStr),
    *(ast.List, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp),
)  # what needs no parentheses anywhere
OPENERS = ("=", "return", ":", "(", "[", "{", ",", "if", "while", "in", "elif", "else")
COMPARISONS = ("==", "!=", "<=", ">=")


class Missing(StrEnum):
    """What a hole stands for, by its place."""

    VALUE = "value"  # the right side of an assignment
    CONDITION = "condition"
    RETURNED = "returned"
    ARGUMENT = "argument"
    BOUND = "bound"  # of a slice, an index, a range
    ITERABLE = "iterable"
    STATEMENT = "statement"  # a line of its own
    PART = "part"  # of a larger expression, or of an f-string


@dataclass(frozen=True, slots=True)
class Hole:
    """One hole. `line` is 1-based, `column` 0-based in characters; `index` counts from 0."""

    index: int
    line: int
    column: int
    missing: Missing
    function: str | None  # dotted name of the function it is in; None at module level
    within: tuple[str, ...]  # dotted names of the functions around it, its own last
    names: tuple[str, ...]  # what is bound before it in its scope, parameters first
    hints: dict[str, str]  # type annotations of these names, as source text
    wanted_type: str | None = None  # the annotation of what is assigned or returned
    target: str | None = None  # the name that its value goes to
    unread: frozenset[str] = frozenset()  # parameters that nothing else in the function reads
    forms: tuple[str, ...] = ()  # of a whole statement: what it may be, an expression left open
    reachable: frozenset[str] | None = None  # all names that may mean something; None: any

    def knows(self, text: str) -> bool:
        """Whether each name in a candidate may mean something where the hole is.

        A function alone is what is meant only as an argument.
        """
        if self.reachable is None:
            return True
        alone = text.isidentifier() and text not in self.names and text.islower()
        if alone and not iskeyword(text) and self.missing is not Missing.ARGUMENT:
            return False
        nodes = [*ast.walk(parse(text))]
        own = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        own |= {n.arg for n in nodes if isinstance(n, ast.arg)}
        read = {n.id for n in nodes if isinstance(n, ast.Name)}
        return read <= own | self.reachable


class Holed(Protocol):
    """A text with holes that is parsed, or some whole statements of one."""

    @property
    def tree(self) -> ast.Module: ...
    @property
    def lines(self) -> Sequence[str]: ...
    @property
    def holes(self) -> Sequence[tuple[int, int]]: ...
    @property
    def hole_name(self) -> str | None: ...


def holes_of(program: Holed, known: frozenset[str] | None = None) -> list[Hole]:
    """The holes of a parsed program, in order of the text.

    `known`: the names that the module binds, where the program is only a part of it.
    """
    if not program.holes:
        return []
    if known is None:
        known = module_names(program.tree)
    tree = program.tree
    nodes = _hole_nodes(program)
    found: list[Hole] = []
    for index, place in enumerate(program.holes):
        node, parents = nodes.get(place, (None, ()))
        way = parents if node is None else (*parents, node)
        around = functions_around(way)
        scope: Scope = around[-1] if around else tree
        named = [p for p in parents if isinstance(p, ast.ClassDef) or p in around]
        names, hints = bound_before(around or [tree], program.hole_name, way, place)
        missing = _missing(node, parents) if node is not None else Missing.PART
        forms: tuple[str, ...] = ()
        if missing is Missing.STATEMENT:
            forms = forms_of(Surroundings(scope, parents, program.hole_name, known))
        within = tuple(
            ".".join(p.name for p in named[: count + 1])
            for count, p in enumerate(named)
            if not isinstance(p, ast.ClassDef)
        )
        dotted = within[-1] if within else None
        found.append(
            Hole(
                index,
                *place,
                missing,
                dotted,
                within,
                names,
                hints,
                wanted_type=_wanted_type(parents, missing, scope),
                target=target_of(way),
                unread=unread(scope, names, program.hole_name),
                forms=forms,
                reachable=None if ANY in known else reachable(around, known),
            )
        )
    return found


def _hole_nodes(program: Holed) -> dict[tuple[int, int], tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Place → the hole's node and all around it, outermost first."""
    found: dict[tuple[int, int], tuple[ast.AST, tuple[ast.AST, ...]]] = {}
    lines = program.lines
    wanted = sorted({line for line, _ in program.holes})

    def visit(node: ast.AST, parents: tuple[ast.AST, ...]) -> None:
        first = getattr(node, "lineno", None)
        last = getattr(node, "end_lineno", None) or first or 0
        if first is not None and not any(first <= line <= last for line in wanted):
            return
        if isinstance(node, ast.Name) and node.id == program.hole_name:
            text = lines[node.lineno - 1] if node.lineno <= len(lines) else ""
            # ast counts UTF-8 bytes, holes are found by characters
            column = len(text.encode("utf-8")[: node.col_offset].decode("utf-8", "replace"))
            found[node.lineno, column] = node, parents
        for child in ast.iter_child_nodes(node):
            visit(child, (*parents, node))

    visit(program.tree, ())
    if len(found) < len(program.holes):  # before Python 3.12, f-strings' parts have no own places
        rest = [place for place in program.holes if place not in found]
        odd = [place for place in found if place not in program.holes]
        found |= {place: found[other] for place, other in zip(rest, odd, strict=False)}
    return found


def _missing(node: ast.AST, parents: tuple[ast.AST, ...]) -> Missing:
    parent = parents[-1]
    match parent:
        case ast.Expr():
            return Missing.STATEMENT
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.NamedExpr():
            return Missing.VALUE
        case ast.Tuple() if len(parents) > 1 and isinstance(parents[-2], ast.Assign):
            return Missing.VALUE
        case ast.Return():
            return Missing.RETURNED
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if test is node:
            return Missing.CONDITION
        case ast.Assert(test=test) if test is node:
            return Missing.CONDITION
        case ast.comprehension(ifs=tests) if node in tests:
            return Missing.CONDITION
        case ast.For(iter=source) | ast.comprehension(iter=source) if source is node:
            return Missing.ITERABLE
        case ast.Slice():
            return Missing.BOUND
        case ast.Subscript(slice=index) if index is node:
            return Missing.BOUND
        case ast.Call(func=ast.Name(id="range")):
            return Missing.BOUND
        case ast.Call() | ast.keyword():
            return Missing.ARGUMENT
    return Missing.PART


def _wanted_type(parents: tuple[ast.AST, ...], missing: Missing, scope: Scope) -> str | None:
    if missing is Missing.RETURNED and not isinstance(scope, ast.Module):
        others = [n.value for n in own_nodes(scope) if isinstance(n, ast.Return)]
        if scope.returns is None and any(_is_bool(value) for value in others):
            return "bool"
        return ast.unparse(scope.returns) if scope.returns else None
    if missing is Missing.VALUE and parents and isinstance(parents[-1], ast.AnnAssign):
        return ast.unparse(parents[-1].annotation)
    return None


def _is_bool(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def fill(source: str, holes: tuple[tuple[int, int], ...], texts: tuple[str | None, ...]) -> str:
    """The text with holes filled; a None leaves the hole. `holes` as `Program.holes` has them.

    What is put inside a larger expression is put in parentheses where precedence may matter.
    """
    lines = source.split("\n")
    for (line, column), text in sorted(zip(holes, texts, strict=True), key=_place, reverse=True):
        if text is not None:
            old = lines[line - 1]
            lines[line - 1] = old[:column] + fitted(old, column, text) + old[column + len(HOLE) :]
    return "\n".join(lines)


def _place(item: tuple[tuple[int, int], str | None]) -> tuple[int, int]:
    return item[0]


def fitted(line: str, column: int, text: str) -> str:
    """The text as it can stand at `column`: in parentheses beside operators, if it has its own.

    The further lines of a statement are indented as its first is.
    """
    try:
        node = parse_expression(text)
    except SyntaxError:
        return indented(text, line[:column])  # a statement
    if isinstance(node, CLOSED) or (isinstance(node, ast.Tuple) and text.startswith("(")):
        return text
    before = line[:column].rstrip()
    after = line[column + len(HOLE) :].lstrip()
    alone = (not before or before.endswith(OPENERS)) and not before.endswith(COMPARISONS)
    alone = alone and (not after or after[0] in ":,)]}#")
    return text if alone and not isinstance(node, ast.Tuple) else f"({text})"
