"""The lines that one scope goes through: those a trace shows, and those that can have run. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from foreframe.timeline import level
from foreframe_models.program.flow import CALLED
from foreframe_protocol.states import Event, Scope, Trace

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Function, Program

BLOCKS = (
    ast.AsyncFor, ast.AsyncFunctionDef, ast.AsyncWith, ast.ClassDef, ast.For, ast.FunctionDef,
    ast.If, ast.Match, ast.Try, ast.TryStar, ast.While, ast.With,
)  # fmt: skip
MOST_BACK = 20_000  # frames that are gone back over for the lines of a scope

Span = tuple[int, int]  # first and last line


def lines_taken(here: Trace, nodes: Sequence[Trace]) -> list[int]:
    """The lines that the scope that is shown comes to, until it is left; each once."""
    base = level(here.state)
    lines: dict[int, None] = {here.state.stack[base].line: None}
    for node in nodes:
        frame = node.frame
        assert frame is not None
        if frame.depth < base or (frame.depth == base and frame.event is Event.RETURN):
            break
        if frame.depth == base and frame.event is Event.LINE:
            lines[frame.line] = None
    return list(lines)


def lines_skipped(program: Program, scope: Scope, taken: Sequence[int]) -> list[Span]:
    """First and last lines of the scope's statements that lie between those taken, and are not."""
    if len(taken) < 2:
        return []
    from foreframe.explaining import statements  # late: no stop needs it before it is told

    function = program.function_for(scope.function, scope.scope_line)
    known = statements(program.tree)
    passed: set[ast.stmt | None] = {known[line] for line in taken if line in known}
    found = []
    for line in sorted(function.lines):
        statement = known.get(line)
        if not min(taken) < line < max(taken) or line in taken or statement in passed:
            continue
        is_simple = statement is not None and not isinstance(statement, BLOCKS)
        last = statement.end_lineno if is_simple and statement is not None else line
        passed.add(statement)
        found.append((line, last or line))
    return found


def lines_passed(trace: Trace, depth: int) -> set[int] | None:
    """The lines that the scope at `depth` has come to since it was called, up to where it stands.

    None where that is not known: it was entered before the trace begins, something was jumped
    over, or it is a generator, which is entered again and again.
    """
    lines = {trace.state.stack[depth].line}
    node: Trace | None = trace
    for _ in range(MOST_BACK):
        if node is None or node.frame is None:
            return None
        frame = node.frame
        if frame.depth == depth and frame.event is Event.CALL:
            return lines
        if node.skipped or frame.depth < depth:
            return None
        if frame.depth == depth and frame.event is Event.LINE:
            lines.add(frame.line)
        node = node.parent
    return None


def lines_before(function: Function, line: int) -> set[int]:
    """The lines of a scope from which control can come to `line`, and itself."""
    found, todo = {line, CALLED}, [line]
    while todo:
        before = function.predecessors.get(todo.pop(), set()) - found
        found |= before
        todo += before
    return found - {CALLED}


def before(text: str, line: int) -> list[Span] | None:
    """Of a function's text, the statements that can have run when it stands on a line (from 1).

    Its header is one of them. None where that cannot be told.
    """
    from foreframe_models.program.control_flow import Program
    from foreframe_models.program.source import ProgramError

    shift = int(text[:1].isspace())  # a method's text is that of a block
    try:
        program = Program.parse("if 1:\n" * shift + text, "")
    except ProgramError:
        return None
    functions = (f for f in program.functions if f.scope_line == 1 + shift)
    function = next(functions, None)
    if function is None or line + shift not in function.lines:
        return None
    spans = whole(program, lines_before(function, line + shift))
    top = header(function)
    found = spans if top is None else [top, *spans]
    return [(first - shift, last - shift) for first, last in found]


def whole(program: Program, lines: Iterable[int]) -> list[Span]:
    """The statements that these lines are of, as first and last lines; of a block, its header."""
    from foreframe.explaining import statements

    known = statements(program.tree)
    found: set[Span] = set()
    for line in lines:
        statement = known.get(line)
        if statement is None:
            found.add((line, line))
            continue
        body = getattr(statement, "body", None)
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        if isinstance(body, list) and body:
            last = max(first, body[0].lineno - 1)
        elif isinstance(statement, ast.Match):
            last = first
        found.add((first, last) if first <= line <= last else (line, line))
    return sorted(found)


def header(function: Function) -> Span | None:
    """The lines of a definition before its body, where its parameters stand; None for a module."""
    node = function.node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    return node.lineno, max(node.lineno, node.body[0].lineno - 1)


def seen(program: Program, trace: Trace, depth: int) -> tuple[list[Span], bool]:
    """The statements that the scope at `depth` has come through, and whether that is known.

    Where it is not, those that can have run before the line on which it stands.
    """
    scope = trace.state.stack[depth]
    function = program.function_for(scope.function, scope.scope_line)
    lines = None if function.is_generator else lines_passed(trace, depth)
    is_known = lines is not None
    spans = whole(program, lines_before(function, scope.line) if lines is None else lines)
    top = header(function)
    return (spans if top is None else sorted({top, *spans})), is_known
