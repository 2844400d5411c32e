"""Breakpoints as an editor sets them, placed where the program has code."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from inspect import CO_OPTIMIZED
from typing import TYPE_CHECKING

from foreframe.errors import BadExpression
from foreframe.stopping import Breakpoint, Place, Variable
from foreframe.timeline import Reason
from foreframe_protocol import dap

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Function, Program

PENDING = "not set before the launch"


class Placement:
    """Where one launched program can stop. `with_module`: its module-level lines are run too."""

    def __init__(self, program: Program, *, with_module: bool) -> None:
        self.program = program
        self._scopes = {
            f.id: f.scope_line for f in program.functions if with_module or is_called(f)
        }
        self._lines = [
            line
            for line, ids in program.lines_with_code.items()
            if not ids.isdisjoint(self._scopes)
        ]
        self._places: dict[int, frozenset[Place]] = {}  # those that were asked for

    def lines(self, first: int, last: int) -> list[int]:
        """The lines from `first` to `last` on which a breakpoint stays where it is put."""
        coded = self._lines[bisect_left(self._lines, first) : bisect_right(self._lines, last)]
        return [line for line in coded if self._places_on(line)]

    def at_line(self, line: int) -> tuple[int, frozenset[Place]] | None:
        """The first line from `line` on that has code, and its places; None: there is none."""
        for found in self._lines[bisect_left(self._lines, line) :]:
            if places := self._places_on(found):
                return found, places
        return None

    def _places_on(self, line: int) -> frozenset[Place]:
        """Where a line frame can stand on a line."""
        if line not in self._places:
            ids = self.program.scopes_on(line) & self._scopes.keys()
            self._places[line] = frozenset((self._scopes[i], line) for i in ids)
        return self._places[line]

    def at_function(self, name: str) -> tuple[int, frozenset[Place]] | None:
        """The first lines of the functions with this name, dotted or not."""
        found = [f for f in self.program.functions[1:] if name in (f.qualname, f.name)]
        places = frozenset((f.scope_line, line) for f in found for line in f.entry_lines)
        return (min(line for _, line in places), places) if places else None


def is_called(function: Function) -> bool:
    """Whether a call can enter this scope: not the module, nor a class body that is part of it."""
    is_body = not function.codes[0].co_flags & CO_OPTIMIZED
    return not is_body or "<locals>" in function.qualname


@dataclass(frozen=True, slots=True)
class Wanted:
    """A breakpoint as it is asked for: on a line (from 1), a function by its name, or a variable
    by what `data_id` gives."""

    line: int | None = None
    function: str = ""
    data: str | None = None
    condition: str = ""
    hit_condition: str = ""
    log_message: str = ""


FUNCTIONS = ""  # the key of function breakpoints, which belong to no file
VARIABLES = "\0"  # the key of data breakpoints


class BreakpointTable:
    """What an editor has asked for, by file, and what became of it.

    A breakpoint that is asked for again, just the same, keeps its number and its hits.
    """

    def __init__(self) -> None:
        self._last = 0
        self._asked: dict[str, list[tuple[int, Wanted]]] = {}
        self._made: dict[int, Breakpoint] = {}

    def ask(self, path: str, wanted: Sequence[Wanted]) -> None:
        """Replaces what was asked for in a file."""
        known = list(self._asked.get(path, ()))
        asked: list[tuple[int, Wanted]] = []
        for one in wanted:
            same = next((pair for pair in known if pair[1] == one), None)
            if same is None:
                self._last += 1
                same = self._last, one
            else:
                known.remove(same)
            asked.append(same)
        self._asked[path] = asked
        for ident, _ in known:
            self._made.pop(ident, None)

    def rename(self, path: str, other: str) -> None:
        """Two names of one file: what was asked for under the first counts for the second."""
        if path != other:
            self._asked[other] = self._asked.pop(path)

    def paths(self) -> list[str]:
        """The files for which something was asked."""
        return [path for path in self._asked if path not in (FUNCTIONS, VARIABLES)]

    def refused(self, path: str, message: str) -> list[dap.Breakpoint]:
        """The answer where none of a file's breakpoints can be set (yet)."""
        told: list[dap.Breakpoint] = []
        for ident, wanted in self._asked.get(path, ()):
            answer: dap.Breakpoint = {"id": ident, "verified": False, "message": message}
            if wanted.line is not None:
                answer["line"] = wanted.line
            told.append(answer)
        return told

    def place(
        self, placement: Placement, path: str
    ) -> tuple[list[Breakpoint], list[dap.Breakpoint]]:
        """Sets what was asked for in a file, or for functions, and says what became of each."""
        made: list[Breakpoint] = []
        told: list[dap.Breakpoint] = []
        for ident, wanted in self._asked.get(path, ()):
            answer: dap.Breakpoint = {"id": ident, "verified": True}
            try:
                line, places, variable = found(placement, wanted)
                breakpoint_ = self._make(ident, wanted, places, variable)
            except BadExpression as error:
                answer = {"id": ident, "verified": False, "message": str(error)}
                if wanted.data is not None:  # an editor's list has nothing else of it
                    answer["message"] += f" (error {error.code})"
                if wanted.line is not None:
                    answer["line"] = wanted.line
            else:
                made.append(breakpoint_)
                if line is not None:
                    answer["line"] = line
                if wanted.line is not None and line != wanted.line:
                    answer["message"] = f"moved from line {wanted.line}: no code to stop at there"
            told.append(answer)
        return made, told

    def _make(
        self, ident: int, wanted: Wanted, places: frozenset[Place], variable: Variable | None
    ) -> Breakpoint:
        """The breakpoint, the one that was there before if it is the same. Raises BadExpression."""
        reason = Reason.FUNCTION_BREAKPOINT if wanted.line is None else Reason.BREAKPOINT
        if variable is not None:
            reason = Reason.DATA_BREAKPOINT
        new = Breakpoint(
            ident,
            places,
            wanted.condition,
            wanted.hit_condition,
            wanted.log_message,
            reason,
            variable,
        )
        new.check()
        known = self._made.get(ident)
        if known is None or known.places != places:
            known = self._made[ident] = new
        return known

    def forget_hits(self) -> None:
        """A new run counts from one."""
        for breakpoint_ in self._made.values():
            breakpoint_.hits.clear()


def data_id(variable: Variable) -> str:
    """A variable as an editor keeps it."""
    return json.dumps([variable.function, variable.scope_line, variable.name])


def variable_of(program: Program, data: str) -> Variable:
    """The variable that `data_id` was given for. Raises BadExpression when there is none."""
    try:
        function, scope_line, name = json.loads(data)
        known = program.function_for(function, scope_line).binding.names
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadExpression("the function of this variable is not in the program") from error
    if name not in known:
        raise BadExpression(f"{function} has no variable {name!r}: it can never change")
    return Variable(function, scope_line, name)


Found = tuple[int | None, frozenset[Place], Variable | None]


def found(placement: Placement, wanted: Wanted) -> Found:
    """Where a breakpoint goes. Raises BadExpression when there is no such place."""
    if wanted.data is not None:
        return None, frozenset(), variable_of(placement.program, wanted.data)
    if wanted.line is not None:
        at_line = placement.at_line(wanted.line)
        if at_line is None:
            raise BadExpression("there is no code to stop at on this line or below")
        return *at_line, None
    at_function = placement.at_function(wanted.function.strip().removesuffix("()"))
    if at_function is None:
        raise BadExpression(f"the program has no function {wanted.function!r}")
    return *at_function, None
