"""Programs with one call each and what it returns, read from JSON lines as CRUXEval has them."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from random import Random

from foreframe_models.entry import Entry, EntryError, find_function
from foreframe_models.program.control_flow import Program, ProgramError
from foreframe_models.program.syntax import parse_expression

FUNCTION = "f"
_EMPTY = {"dict": "{}", "list": "[]", "tuple": "()", "str": "''", "int": "0"}


class BadData(ValueError):
    """A data file that cannot be measured with: says where and what is wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One program, the call of its function `f`, and the repr of what that returns."""

    id: str
    program: Program
    entry: Entry
    output: str


def load(path: Path, *, limit: int | None = None, seed: int | None = None) -> list[Item]:
    """The programs of a file: all, the first `limit`, or with a `seed` as many at random.

    Raises BadData.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadData(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadData(f"{path}: not UTF-8 (at byte {error.start})") from error
    # not splitlines(): a JSON string may hold the other characters that end lines for it
    rows = [(n, row) for n, row in enumerate(text.split("\n"), 1) if row.strip()]
    if not rows:
        raise BadData(f"{path}: no programs in it")
    if limit is not None and limit < len(rows):
        rows = rows[:limit] if seed is None else sorted(Random(seed).sample(rows, limit))
    return [_item(f"{path}:{number}", row) for number, row in rows]


def _item(where: str, row: str) -> Item:
    try:
        found = json.loads(row)
    except ValueError as error:
        raise BadData(f"{where}: not JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadData(f"{where}: not a JSON object with code, input, output and id")
    for name in ("code", "input", "output", "id"):
        if not isinstance(found.get(name), str):
            what = "is no string" if name in found else "is missing"
            raise BadData(f"{where}: {name!r} {what}")
    try:
        program = Program.parse(found["code"], found["id"])
        find_function(program.tree, FUNCTION)
    except (ProgramError, EntryError) as error:
        raise BadData(f"{where}: the code cannot be traced: {error}") from error
    return Item(found["id"], program, Entry(FUNCTION, literals(found["input"])), found["output"])


def literals(arguments: str) -> str:
    """Arguments with `dict()` and the like written as the literals that they are."""
    try:
        call = parse_expression(f"_({arguments}\n)")
    except (SyntaxError, ValueError):
        return arguments  # whoever binds them says what is wrong
    found = [
        node
        for node in ast.walk(call)
        if isinstance(node, ast.Call) and not (node.args or node.keywords)
        if isinstance(node.func, ast.Name) and node.func.id in _EMPTY
    ]
    if not found:
        return arguments
    return ast.unparse(_Literal().visit(call))[2:-1]


class _Literal(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id=name), args=[], keywords=[]) if name in _EMPTY:
                return parse_expression(_EMPTY[name])
        return node
