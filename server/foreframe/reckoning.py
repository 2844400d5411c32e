"""What a call gives where every value on the way is known: worked out by rules, nothing executed.

From literal arguments, statement by statement, with the safe evaluator: assignments, loops,
branches, exceptions and calls of the program's plain functions on values of builtin types. Where
more is needed (a class, an import, a hole, a global that changes, what Python leaves to chance)
there is no answer. It is taken for granted that the module can be imported. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from foreframe.errors import ExpressionError, NotKnown
from foreframe.reckoned_calls import ReckonedCalls, Watch
from foreframe.reckoned_expressions import is_plain
from foreframe.reckoned_module import Definition, Module
from foreframe_models.entry import Entry, EntryError, find_function, parse_arguments

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

BUDGET = 8_000  # nodes of one call, and of all that it calls


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What a call is certain to give: a repr, or "raises TypeName: message"."""

    outcome: str


_MODULES: WeakKeyDictionary[Program, Module] = WeakKeyDictionary()


def reckon(
    program: Program,
    entry: Entry,
    *,
    filled: Sequence[str | None] = (),
    budget: int = BUDGET,
    watch: Watch | None = None,
) -> Reckoned | None:
    """What a call gives, or None where that cannot be told by rules alone.

    `filled` are texts for the holes of `program`, in their order; None leaves one open. Raises
    EntryError when the program has no such function or the arguments do not fit it.
    """
    if entry.function is None:
        return None
    args, named = parse_arguments(entry.args)
    module = _MODULES.get(program)
    if module is None:
        module = _MODULES[program] = Module.of(program.tree)
    node = find_function(program.tree, entry.function)
    if module.is_open or not isinstance(node, Definition) or node not in module.plain:
        return None
    walk = ReckonedCalls(module, budget, watch)
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
        return None
    except Exception as error:  # what the program raises
        return Reckoned(f"raises {type(error).__name__}: {error}")
    return Reckoned(repr(value)) if is_plain(value) else None
