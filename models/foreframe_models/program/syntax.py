"""Python's own parser, for several threads at once: nothing is executed.

CPython 3.11 counts the depth of a tree that it makes for all threads together: where one of them is
interrupted by the collection of garbage while another parses, it ends with a SystemError
("recursion depth mismatch"). So all parsing in this house goes through here, one at a time.
"""

from __future__ import annotations

import ast
import warnings
from threading import RLock
from typing import Literal, overload

TRIES = 5  # a library may parse elsewhere
NO_FILE = "<unknown>"  # what `ast` calls a text that comes from none
_ONE_AT_A_TIME = RLock()

# Python's advice (`1if x`, "\\d") on texts that models write is nothing for a person. Filtered by
# that name, once: `catch_warnings` would undo what another thread has set meanwhile.
warnings.filterwarnings("ignore", category=SyntaxWarning, module=NO_FILE)
warnings.filterwarnings("ignore", category=DeprecationWarning, module=NO_FILE)


def parse(text: str | bytes, path: str = NO_FILE) -> ast.Module:
    """As `ast.parse`, with what that raises."""
    return _parsed(text, path, "exec")


def parse_expression(text: str) -> ast.expr:
    """The tree of one expression, with what `ast.parse` raises."""
    return _parsed(text, NO_FILE, "eval").body


def literal_of(text: str) -> object:
    """The object that a literal means, with what `ast.literal_eval` raises."""
    return ast.literal_eval(parse_expression(text.lstrip(" \t")))


def is_expression(text: str) -> bool:
    """Whether a text is one expression."""
    try:
        parse_expression(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def indented(text: str, before: str) -> str:
    """A text that is put behind `before`, its further lines indented as that is."""
    indent = before[: len(before) - len(before.lstrip())]
    return text.replace("\n", f"\n{indent}")


def is_statement(text: str) -> bool:
    """Whether a text, of one line or several, is one statement that may do something."""
    if not text or text[0] in " \t#\n":
        return False
    try:
        body = parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    match body:
        case [ast.Expr(value=ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom())]:
            return True
        case [ast.Expr()]:
            return False
    return len(body) == 1


@overload
def _parsed(text: str | bytes, path: str, mode: Literal["exec"]) -> ast.Module: ...
@overload
def _parsed(text: str | bytes, path: str, mode: Literal["eval"]) -> ast.Expression: ...
def _parsed(text: str | bytes, path: str, mode: Literal["exec", "eval"]) -> ast.mod:
    with _ONE_AT_A_TIME:
        for _ in range(TRIES - 1):
            try:
                return ast.parse(text, path, mode)
            except SystemError:
                continue
        return ast.parse(text, path, mode)
