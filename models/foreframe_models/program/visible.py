"""What a trace shows of code: names, their order, comprehensions. Standard library only.

The tracer's child process, which has no packages, loads this file by its path.
"""

from __future__ import annotations

import ast
import dis
from types import CodeType

HIDDEN_FRAMES = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>"})
_BINDERS = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Name),
    *(ast.arg, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping),
)
_BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")


def hidden_names(tree: ast.AST) -> frozenset[str]:
    """Names that the file binds by def, class or import, and in no other way anywhere."""
    defined: set[str] = set()
    otherwise: set[str] = set()
    for node in _nodes(tree):
        if type(node) not in _BINDERS:
            continue
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                defined.add(node.name)
            case ast.Import() | ast.ImportFrom():
                defined.update((a.asname or a.name.split(".")[0]) for a in node.names)
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                otherwise.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                otherwise.add(name)
            case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                otherwise.add(name)
    return frozenset(defined - otherwise)


def _nodes(tree: ast.AST) -> list[ast.AST]:
    """As `ast.walk`, without contexts and in half its time: a large file has many."""
    found = [tree]
    for node in found:
        for name in node._fields:
            if name != "ctx":
                value = getattr(node, name, None)
                if isinstance(value, list):
                    found += [one for one in value if isinstance(one, ast.AST)]
                elif isinstance(value, ast.AST):
                    found.append(value)
    return found


def _statements(tree: ast.AST) -> list[ast.AST]:
    """The statements in a tree, what they consist of, and no expressions."""
    found = [tree]
    for node in found:
        for name in _BLOCKS:
            value = getattr(node, name, None)
            if isinstance(value, list):
                found += value
    return found


def is_shown(name: str, hidden: frozenset[str]) -> bool:
    """Whether a trace shows a local of this name."""
    dunder = name.startswith("__") and name.endswith("__")
    return name.isidentifier() and not dunder and name not in hidden


def def_lines(tree: ast.AST) -> dict[tuple[str, int], int]:
    """(name, co_firstlineno) → the line of `def` or `class`, where decorators come before it."""
    found: dict[tuple[str, int], int] = {}
    for node in _statements(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and node.decorator_list
        ):
            first = min(d.lineno for d in node.decorator_list)
            found[node.name, first] = node.lineno
    return found


def binding_order(code: CodeType) -> list[str]:
    """The names of a function's locals in CPython's own order: variables, cells, free ones."""
    return list(dict.fromkeys((*code.co_varnames, *code.co_cellvars, *code.co_freevars)))


Span = tuple[int | None, int | None, int | None, int | None]  # line, end line, column, end column


def inlined_comprehensions(code: CodeType) -> dict[int, int]:
    """Offset of each instruction of an inlined comprehension → the line where that one starts.

    Empty before Python 3.12. The first iterable belongs to the scope around it, not to the
    comprehension; what saves and restores the loop variables belongs to the comprehension.
    """
    if not loop_variables(code):
        return {}
    spans: list[Span] = list(code.co_positions())
    found: dict[int, int] = {}
    starts: dict[Span, int] = {}
    instructions = list(dis.get_instructions(code))
    start: int | None = None
    end = -1  # the last offset of the comprehension's loop, once that is seen
    tail: list[int] = []  # stores after the loop: the last of them may restore a loop variable
    for instruction in instructions:
        offset, name = instruction.offset, instruction.opname
        span = spans[offset // 2]
        if start is None and name == "LOAD_FAST_AND_CLEAR" and span[0] is not None:
            starts[span] = start = span[0]
            end = -1
        elif start is not None and end < 0 and name in ("FOR_ITER", "GET_ANEXT"):
            jumps = [i for i in instructions if i.opname == "JUMP_BACKWARD" and i.argval == offset]
            end = instruction.argval if name == "FOR_ITER" else jumps[-1].offset
        if start is not None:
            found[offset] = start
            if offset >= end >= 0:
                start, tail = None, [offset]
        elif tail and (name.startswith("STORE_FAST") or name in ("SWAP", "POP_TOP")):
            tail.append(offset)
            if span in starts:
                found.update(dict.fromkeys(tail, starts[span]))
        else:
            tail = []
    for index, span in enumerate(spans):
        if span in starts and span[2] is not None:
            found.setdefault(2 * index, starts[span])
    return found


def loop_variables(code: CodeType) -> frozenset[str]:
    """The names that inlined comprehensions bind for themselves."""
    clear = dis.opmap.get("LOAD_FAST_AND_CLEAR")
    if clear is None or clear not in code.co_code[::2]:
        return frozenset()
    instructions = dis.get_instructions(code)
    return frozenset(i.argval for i in instructions if i.opname == "LOAD_FAST_AND_CLEAR")
