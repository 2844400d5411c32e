"""The frames of a call that is reckoned: what a trace of it shows, where that is certain. Pure."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from foreframe.errors import NotAllowed
from foreframe.reckoned_expressions import is_plain
from foreframe.reckoned_module import Definition
from foreframe.reckoning import BUDGET, Limited, reckon
from foreframe_models.entry import Entry
from foreframe_models.program.visible import is_shown
from foreframe_protocol.states import NO_LOCALS, Event, Frame, Locals, Provenance, Trace, Value

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Function, Program

MOST_FRAMES = 400
NODES_A_FRAME = 100  # that a walk may compute, at most
_SCOPES = (ast.Lambda, ast.GeneratorExp)  # they have frames of their own


def reckoned_trace(program: Program, entry: Entry, *, budget: int = BUDGET) -> Trace | None:
    """The trace of a call whose every value is known; None where rules alone cannot tell it.

    Its values are GIVEN: they follow from the program's text and the arguments. Raises EntryError.
    """
    told = _Told(program)
    if reckon(program, entry, limits=Limited(budget), watch=told) is None or not told.sure:
        return None
    trace = Trace()
    for frame in told.frames:
        trace = trace.append(frame)
    return trace


def reckoned_beginning(
    program: Program,
    entry: Entry,
    most: int,
    is_enough: Callable[[Frame], bool] | None = None,
) -> Trace:
    """The first frames of a call, at most `most`, as far as rules alone can tell them.

    `is_enough` gets each frame, and ends the walk there by answering True. Raises EntryError.
    """
    told = _Told(program, most, is_enough)
    limits = Limited(max(BUDGET, most * NODES_A_FRAME))
    reckon(program, entry, limits=limits, watch=told)
    trace = Trace()
    for frame in told.frames:
        trace = trace.append(frame)
    return trace


class Steps:
    """Counts the frames of a walk, whether it comes to its end or not."""

    def __init__(self) -> None:
        self.count = 0

    def called(self, node: Definition, names: Mapping[str, object]) -> None:
        self.count += 1

    def line(self, statement: ast.stmt, names: Mapping[str, object]) -> None:
        self.count += 1

    def returned(self, value: object) -> None:
        self.count += 1

    def raised(self, error: Exception) -> None:
        self.count += 1


class _Told:
    """Makes frames of the steps of a walk. `sure` is False once there are some it cannot tell."""

    def __init__(
        self,
        program: Program,
        most: int = MOST_FRAMES,
        is_enough: Callable[[Frame], bool] | None = None,
    ) -> None:
        self.program, self.most, self.is_enough = program, most, is_enough
        self.frames: list[Frame] = []
        self.sure = True
        self._stack: list[tuple[Function, int]] = []  # each with its last line
        self._shared: dict[Definition, set[int]] = {}  # lines with several statements: one frame

    def called(self, node: Definition, names: Mapping[str, object]) -> None:
        function = next(f for f in self.program.functions if f.node is node)
        self._stack.append((function, function.def_line))
        if node not in self._shared:
            inner = (n for n in ast.walk(node) if isinstance(n, ast.stmt) and n is not node)
            starts = Counter(statement.lineno for statement in inner)
            self._shared[node] = {line for line, count in starts.items() if count > 1}
        self._tell(Event.CALL, function.def_line, self._shown(names))

    def line(self, statement: ast.stmt, names: Mapping[str, object]) -> None:
        function = self._stack[-1][0]
        head = _head(statement)
        constant_alone = isinstance(statement, ast.Expr) and isinstance(
            statement.value, ast.Constant
        )  # a docstring: nothing of it runs on its later lines
        several = not constant_alone and any(
            (n.end_lineno or n.lineno) != statement.lineno for n in head
        )
        constant = isinstance(statement, ast.If | ast.While) and isinstance(
            statement.test, ast.Constant
        )
        inner = any(isinstance(n, _SCOPES) for part in head for n in ast.walk(part))
        shared = any(statement.lineno in lines for lines in self._shared.values())
        if several or constant or inner or shared or isinstance(statement, ast.Try | ast.Assert):
            self.sure = False
        if statement.lineno in function.lines:
            self._stack[-1] = function, statement.lineno
            self._tell(Event.LINE, statement.lineno, self._shown(names))

    def returned(self, value: object) -> None:
        self._tell(Event.RETURN, self._stack[-1][1], value=self._value(value))
        self._stack.pop()

    def raised(self, error: Exception) -> None:
        text = Value(f"{type(error).__name__}: {error}", Provenance.GIVEN)
        self._tell(Event.EXCEPTION, self._stack[-1][1], value=text)

    def _tell(
        self, event: Event, line: int, shown: Locals | None = None, value: Value | None = None
    ) -> None:
        if len(self.frames) >= self.most:
            self.sure = False
            raise NotAllowed("no more frames are asked for")
        if not self.sure:
            return
        function = self._stack[-1][0]
        text = self.program.line_text(line)
        scope = function.qualname, function.scope_line
        self.frames.append(
            Frame(event, *scope, line, text, shown, value, depth=len(self._stack) - 1)
        )
        if self.is_enough is not None and self.is_enough(self.frames[-1]):
            self.sure = False
            raise NotAllowed("what follows has been seen")

    def _shown(self, names: Mapping[str, object]) -> Locals:
        if not self.sure:
            return NO_LOCALS
        hidden = self.program.hidden
        return {n: self._value(value) for n, value in names.items() if is_shown(n, hidden)}

    def _value(self, value: object) -> Value:
        if not is_plain(value, 2_000):
            self.sure = False
            return Value("...", Provenance.UNKNOWN)
        return Value(repr(value), Provenance.GIVEN)


def _head(statement: ast.stmt) -> list[ast.expr | ast.stmt]:
    """What of a statement runs on its own line."""
    match statement:
        case ast.If(test=test) | ast.While(test=test):
            return [test]
        case ast.For(target=target, iter=source):
            return [target, source]
    return [statement]
