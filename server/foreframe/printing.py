"""What a program is predicted to print: its print statements, evaluated on predicted values."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from foreframe.errors import ExpressionError
from foreframe.expressions import Returned, evaluate_node
from foreframe.stopping import names_of
from foreframe_protocol.states import Event, Frame, State, Trace, Value

UNKNOWN = "<unknown>"


@dataclass(frozen=True, slots=True)
class Printed:
    """One print: the text with its end, the stream, and the line that prints it."""

    text: str
    stream: str  # "stdout" or "stderr"
    line: int


@dataclass(slots=True)
class _Pending:
    """A print statement that an activation has begun."""

    statement: ast.Expr
    state: State
    returned: list[Returned] = field(default_factory=list)


def print_statements(tree: ast.Module) -> Mapping[int, ast.Expr]:
    """First line → `print(...)` statement, where it stands alone on its lines.

    Empty when the program binds `print` itself.
    """
    found: dict[int, ast.Expr] = {}
    compound_lines: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
                found.setdefault(node.lineno, node)
            case ast.Name(id="print", ctx=ast.Store()) | ast.arg(arg="print"):
                return {}
            case ast.FunctionDef(name="print") | ast.ClassDef(name="print"):
                return {}
            case ast.alias(name=name, asname=asname) if (asname or name) == "print":
                return {}
            case ast.stmt() if hasattr(node, "body") or isinstance(node, ast.Match):
                compound_lines.add(node.lineno)
    return {line: node for line, node in found.items() if line not in compound_lines}


class Printing:
    """Fed the frames of a trace one after the other, gives what each print statement printed.

    A statement is judged when its activation goes on: only then the calls in its arguments have
    returned, and it is known that it raised nothing.
    """

    def __init__(self, tree: ast.Module, state: State | None = None) -> None:
        """`state`: where the first frame comes from, if that is not the program's start."""
        self._statements = print_statements(tree)
        self._pending: dict[int, _Pending] = {}  # by depth
        if state is None or not self._statements:
            return
        has_left = state.event in (Event.RETURN, Event.EXCEPTION)
        for depth, scope in enumerate(state.stack[:-1] if has_left else state.stack):
            if scope.line in self._statements:
                here = State(state.stack[: depth + 1], Event.LINE)
                self._pending[depth] = _Pending(self._statements[scope.line], here)

    def feed(self, node: Trace) -> Printed | None:
        """What the last frame of `node` completes."""
        frame = node.frame
        if not self._statements or frame is None:
            return None
        if frame.event is Event.RETURN:
            self._note_return(frame)
        pending = self._pending.get(frame.depth)
        printed: Printed | None = None
        if pending is not None and frame.event is not Event.CALL:
            if frame.event is Event.LINE and is_inside(pending, frame):
                return None
            del self._pending[frame.depth]
            if frame.event is not Event.EXCEPTION:
                printed = evaluate_print(pending)
        if frame.event is Event.LINE and frame.line in self._statements:
            self._pending[frame.depth] = _Pending(self._statements[frame.line], node.state)
        return printed

    def _note_return(self, frame: Frame) -> None:
        """A call in the arguments of a print statement has returned."""
        caller = self._pending.get(frame.depth - 1)
        if caller is not None and frame.value is not None:
            caller.returned.append(Returned(frame.function, frame.value))


def is_inside(pending: _Pending, frame: Frame) -> bool:
    """Whether a line frame still belongs to a statement of several lines."""
    first, last = pending.statement.lineno, pending.statement.end_lineno or 0
    return first < last and first <= frame.line <= last


def evaluate_print(pending: _Pending) -> Printed:
    """The text that a print statement writes, with UNKNOWN for what is not known."""
    call = pending.statement.value
    assert isinstance(call, ast.Call)
    names = names_of(pending.state)
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    separator, end = _option(named, "sep", " ", names), _option(named, "end", "\n", names)
    stream = "stdout"
    if "file" in named:
        stream = "stderr" if ast.unparse(named["file"]) in ("sys.stderr", "stderr") else ""
    returned = iter(pending.returned)
    parts = [_shown(argument, names, returned) for argument in call.args]
    text = separator.join(parts) + end
    if not stream:
        return Printed("", "stdout", pending.statement.lineno)  # into some other file
    return Printed(text, stream, pending.statement.lineno)


def _shown(node: ast.expr, names: Mapping[str, Value], returned: Iterator[Returned]) -> str:
    """What `str` gives of one argument. Takes what the calls in it gave from `returned`."""
    try:
        return evaluate_node(node, names, returned).shown
    except ExpressionError:
        return UNKNOWN


def _option(
    named: Mapping[str | None, ast.expr], name: str, default: str, names: Mapping[str, Value]
) -> str:
    """The text of `sep` or `end`."""
    if name not in named:
        return default
    try:
        text = evaluate_node(named[name], names)
    except ExpressionError:
        return default
    return default if text.text == "None" else text.shown
