"""What a line of a program does, as a few words: to see which operations a model gets wrong."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping

from foreframe_models.program.control_flow import Program

_KINDS: Mapping[type[ast.AST], str] = {
    ast.AugAssign: "augmented assignment",
    ast.BinOp: "arithmetic",
    ast.Compare: "comparison",
    ast.BoolOp: "and/or",
    ast.IfExp: "conditional expression",
    ast.Slice: "slice",
    ast.JoinedStr: "f-string",
    ast.ListComp: "comprehension",
    ast.SetComp: "comprehension",
    ast.DictComp: "comprehension",
    ast.GeneratorExp: "comprehension",
    ast.Lambda: "lambda",
    ast.Delete: "del",
    ast.Raise: "raise",
    ast.Return: "return",
    ast.For: "for",
    ast.While: "while",
    ast.If: "if",
}
_BODIES = ("body", "orelse", "finalbody", "handlers", "cases")


def operations(program: Program) -> dict[int, frozenset[str]]:
    """First line of each statement → what it does, the statements inside it left out."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for node in ast.walk(program.tree):
        if isinstance(node, ast.stmt):
            found[node.lineno] |= set(_words(node))
    return {line: frozenset(words) for line, words in found.items()}


def _words(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    simple = True
    for node in _own(statement):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)):
                yield f".{name}()"
            case ast.Call(func=ast.Name(id=name)):
                yield f"{name}()"
            case ast.Subscript(slice=ast.Slice()):
                pass  # the slice itself is told
            case ast.Subscript(ctx=ast.Store()):
                yield "subscript assignment"
            case ast.Subscript(ctx=ast.Load()):
                yield "subscript"
            case _ if type(node) in _KINDS:
                yield _KINDS[type(node)]
            case _:
                continue
        simple = False
    if simple and isinstance(statement, ast.Assign | ast.AnnAssign):
        yield "copy or literal"


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """A statement and its expressions, without the statements inside it."""
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        yield node
        for name, value in ast.iter_fields(node):
            if isinstance(node, ast.stmt) and name in _BODIES:
                continue
            parts = value if isinstance(value, list) else [value]
            todo.extend(part for part in parts if isinstance(part, ast.AST))
