"""What an analysis of a document has to be: read from its beginning to its end, at once."""

from __future__ import annotations

import ast
import copy
from typing import Any

from foreframe.examples import examples_in
from foreframe.holes import holes_of
from foreframe.language.analysis import Analysis
from foreframe_models.program.control_flow import Program
from foreframe_models.program.salvage import salvage
from foreframe_models.program.source import ProgramError


def expected(source: str) -> dict[str, Any]:
    """All that is to be read from a text."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    text, is_whole = source, True
    try:
        program = Program.parse(source, "/p.py")
    except ProgramError:
        text, is_whole = salvage(source), False
        try:
            program = Program.parse(text, "/p.py")
        except ProgramError:
            return {"text": text, "is_whole": False, "readable": False}
    return {
        "text": text,
        "is_whole": is_whole,
        "readable": True,
        "tree": dumped(program.tree.body),
        "holes": holes_of(program),
        "examples": examples_in(text, program.tree),
        "functions": list(functions(program.tree, "").items()),
        "name": program.hole_name,
    }


def found(analysis: Analysis) -> dict[str, Any]:
    """The same of an analysis."""
    body: dict[str, Any] = {"text": analysis.text, "is_whole": analysis.is_whole}
    if analysis.reading is None:
        return body | {"readable": False}
    statements: list[ast.stmt] = []
    for block, shift in analysis.reading.placed():
        body_now = copy.deepcopy(block.tree.body)
        statements += (ast.increment_lineno(node, shift) for node in body_now)
    return body | {
        "readable": analysis.is_readable,
        "tree": dumped(statements),
        "holes": analysis.holes,
        "examples": analysis.examples,
        "functions": [
            (name, (placed.line, placed.lines, placed.node.col_offset))
            for name, placed in analysis.functions.items()
        ],
        "name": analysis.reading.hole_name,
    }


def dumped(statements: list[ast.stmt]) -> str:
    return "\n".join(ast.dump(node, include_attributes=True) for node in statements)


def functions(node: ast.AST, prefix: str) -> dict[str, tuple[int, range, int]]:
    """Dotted name → line of `def`, all lines, column."""
    here: dict[str, tuple[int, range, int]] = {}
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                lines = range(first, (child.end_lineno or first) + 1)
                here[prefix + name] = child.lineno, lines, child.col_offset
            case ast.ClassDef(name=name):
                here |= functions(child, f"{prefix}{name}.")
            case ast.If() | ast.Try() | ast.With():
                here |= functions(child, prefix)
    return here
