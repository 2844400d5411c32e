"""What a call gives where every value on the way is known: worked out by rules, nothing executed.

From literal arguments, statement by statement, with the safe evaluator: assignments, loops,
branches, exceptions and calls of the program's plain functions on values of builtin types. Where
more is needed (a class, an import, a hole, a global that changes, what Python leaves to chance)
there is no answer. It is taken for granted that the module can be imported. Pure.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from foreframe.errors import ExpressionError, NotKnown
from foreframe.explaining import statements
from foreframe.reckoned_calls import ReckonedCalls, Watch
from foreframe.reckoned_expressions import is_plain
from foreframe.reckoned_module import Definition, Module
from foreframe_models.entry import Entry, EntryError, find_function, parse_arguments
from foreframe_models.program.syntax import literal_of

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

BUDGET = 8_000  # nodes of one call, and of all that it calls


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What a call is certain to give: a repr, or "raises TypeName: message"."""

    outcome: str


@dataclass(slots=True)
class Limited:
    """What one reckoning may compute, and afterwards why it came to no end.

    `budget`: in nodes; `is_spent`: that it was too little. `opened`: the place of the open hole
    that it came to, as (line, column).
    """

    budget: int = BUDGET
    is_spent: bool = False
    opened: tuple[int, int] | None = None

    def read(self, program: Program, walk: ReckonedCalls) -> None:
        """Takes over what a walk came to."""
        self.is_spent = walk.budget.left < 0
        if walk.opened is not None:
            line, at = walk.opened
            text = program.lines[line - 1].encode("utf-8")[:at]
            self.opened = line, len(text.decode("utf-8", "replace"))


_MODULES: WeakKeyDictionary[Program, Module] = WeakKeyDictionary()


def reckon(
    program: Program,
    entry: Entry,
    *,
    filled: Sequence[str | None] = (),
    watch: Watch | None = None,
    limits: Limited | None = None,
) -> Reckoned | None:
    """What a call gives, or None where that cannot be told by rules alone.

    `filled` are texts for the holes of `program`, in their order; None leaves one open. `limits`
    tell afterwards why there is no answer. Raises EntryError when the program has no such function
    or the arguments do not fit it.
    """
    if entry.function is None:
        return None
    limits = limits or Limited()
    args, named = parse_arguments(entry.args)
    module = _module(program)
    node = find_function(program.tree, entry.function)
    if module.is_open or not isinstance(node, Definition) or not module.can_enter(node):
        return None
    walk = ReckonedCalls(module, limits.budget, watch)
    if program.holes:
        try:
            walk.fill(program, filled)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    try:
        walk.signature(node).bind(*args, **named)
    except NotKnown:
        return None
    except TypeError as error:
        raise EntryError(f"{entry.function}() cannot take these: {error}") from error
    try:
        value = walk.call(node, args, named)
        walk.budget.weigh(value)
    except (ExpressionError, RecursionError, MemoryError):
        limits.read(program, walk)
        return None
    except Exception as error:  # what the program raises
        return Reckoned(f"raises {type(error).__name__}: {error}")
    return Reckoned(repr(value)) if is_plain(value) else None


def reckon_line(
    program: Program,
    line: int,
    known: Mapping[str, str],
    name: str,
    *,
    filled: Sequence[str | None],
    limits: Limited,
) -> Reckoned | None:
    """What a variable is once a line has run, or None where that cannot be told by rules alone.

    `known`: the reprs of the locals before it; `filled` as for `reckon`. A line that raises gives
    "raises TypeName: message".
    """
    statement = statements(program.tree).get(line)
    module = _module(program)
    if statement is None or module.is_open:
        return None
    walk = ReckonedCalls(module, limits.budget, None)
    local: dict[str, object] = {}
    for one, text in known.items():
        with suppress(ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            local[one] = literal_of(text)
    walk.local = local
    names = (n for n in ast.walk(_scope_at(program.tree, line)) if isinstance(n, ast.Name))
    try:
        walk.fill(program, filled)
        walk.own_names = walk.filled_names | known.keys()
        walk.own_names |= {n.id for n in names if not isinstance(n.ctx, ast.Load)}
        flow = walk.statement(statement)
        walk.budget.weigh(walk.local.get(name))
    except (ExpressionError, RecursionError, MemoryError, SyntaxError):
        limits.read(program, walk)
        return None
    except Exception as error:  # what the program raises
        return Reckoned(f"raises {type(error).__name__}: {error}")
    if flow is not None or name not in walk.local or not is_plain(walk.local[name]):
        return None
    return Reckoned(repr(walk.local[name]))


def _module(program: Program) -> Module:
    module = _MODULES.get(program)
    if module is None:
        module = _MODULES[program] = Module.of(program.tree)
    return module


def _scope_at(tree: ast.Module, line: int) -> ast.AST:
    """The innermost function that a line is in, or the module."""
    found: ast.AST = tree
    for node in ast.walk(tree):  # outer ones come first
        match node:
            case ast.FunctionDef(lineno=first) | ast.AsyncFunctionDef(lineno=first):
                if first <= line <= (node.end_lineno or first):
                    found = node
    return found
