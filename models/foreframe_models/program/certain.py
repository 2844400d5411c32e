"""What must stand in the next frame because the trace before it shows it: values only handed on.

A variable, an element of one, a constant or a tuple of these that is returned or bound to a name;
what a function gave where the line does nothing else with it; what a loop takes. A model writes
such values out again, and can get them wrong; here nothing is worked out, only carried over.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from foreframe_models.program.elements import assigned
from foreframe_models.program.parts import VALUE_CHARS
from foreframe_protocol.states import Event, Frame, Part, Trace, Value
from foreframe_protocol.value_tree import Kind, NotLiteral, item, literal, parse_value

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

_CONTAINERS = frozenset({"list", "tuple", "dict", "defaultdict", "OrderedDict", "Counter"})
MOST_CHARS = 200  # of a value put together here: longer ones are cut where they are shown


class Certain:
    """What is certain of the frames of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._decorated: set[str] = set()
        self._has_subclasses = False
        self._bound_within: set[str] = set()  # by an expression, before the rest of it is evaluated
        self._by_line: dict[int, ast.stmt | None] = {}  # the one statement of a line
        for node in ast.walk(program.tree):
            if isinstance(node, ast.NamedExpr):
                self._bound_within.add(node.target.id)
            if isinstance(node, ast.stmt):
                if isinstance(node, ast.ClassDef) and node.bases:
                    self._has_subclasses = True  # perhaps of dict, with elements of its own
                if isinstance(node, ast.FunctionDef) and node.decorator_list:
                    self._decorated.add(node.name)
                is_compound = hasattr(node, "body") or isinstance(node, ast.Match)
                last = node.lineno if is_compound else node.end_lineno or node.lineno
                for line in range(node.lineno, last + 1):
                    self._by_line[line] = None if line in self._by_line else node

    def settled(self, trace: Trace, frame: Frame, *, upcoming: bool) -> Frame:
        """`frame`, to come after `trace`, with what is certain in place of what is otherwise.

        The same object where nothing is to be put right. `upcoming`: whether frames tell what a
        loop takes next.
        """
        if frame.event is Event.RETURN:
            return self._returned(trace, frame)
        if frame.event is not Event.LINE or frame.locals is None:
            return frame
        wrong = {
            name: _carried(value)
            for name, value in self._handed(trace, frame)
            if name in frame.locals and not _is_same(value, frame.locals[name])
        }
        if wrong:
            frame = replace(frame, locals={**frame.locals, **wrong})
        if upcoming and frame.line in self.program.for_bodies:
            known = self.program.loops.upcoming(trace.append(frame))
            if known is not None and (not frame.upcoming or not _is_same(known, frame.upcoming)):
                frame = replace(frame, upcoming=known)
        return frame

    def parts(self, trace: Trace, frame: Frame) -> tuple[Part, ...]:
        """What `frame`, to come after `trace`, must begin with: parts up to the first wrong one.

        Empty where none is wrong for certain.
        """
        before = trace.frame
        group = None if before is None else self.program.groups.get(trace.state.top.line)
        if before is None or group is None or before.event is not Event.LINE:
            return ()
        scope = trace.state.top
        function = self.program.function_for(scope.function, scope.scope_line)
        bound_after = function.binds.get(scope.line, frozenset()) - self._bound_within
        changed = function.changes(scope.line) - bound_after
        for count, part in enumerate(frame.parts, 1):
            node = group.parts[part.index] if part.index < len(group.parts) else None
            if not isinstance(node, ast.Subscript) or isinstance(node.slice, ast.Slice):
                continue
            names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
            text = None if names & changed else self._text(node, trace)
            if text is None or " at 0x" in text:
                continue
            value = Value(text[:VALUE_CHARS], cut=len(text) > VALUE_CHARS)
            if not _is_same(value, part.value):
                return (*frame.parts[: count - 1], Part(part.index, value))
        return ()

    def _returned(self, trace: Trace, frame: Frame) -> Frame:
        """A return with the value that is certain of it."""
        match self._statement(trace, frame):
            case ast.Return(value=node) if frame.value is not None:
                value = self._value(node, trace)
                if value is not None and not _is_same(value, frame.value):
                    return replace(frame, value=_carried(value))
        return frame

    def _handed(self, trace: Trace, frame: Frame) -> Iterator[tuple[str, Value]]:
        """Names that the line just run has bound to a value that it did not make."""
        before = trace.frame
        if before is not None and before.event is Event.LINE and before.depth == frame.depth:
            for name, text in self.program.loops.taken(trace, frame):
                yield name, Value(text)
        match self._statement(trace, frame):
            case ast.Assign(targets=targets, value=node):
                value = self._value(node, trace)
            case ast.AnnAssign(target=one, value=ast.expr() as node):
                targets, value = [one], self._value(node, trace)
            case _:
                return
        if value is not None:
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, value
                elif not value.cut:
                    yield from ((name, Value(text)) for name, text in assigned(target, value.text))

    def _statement(self, trace: Trace, frame: Frame) -> ast.stmt | None:
        """The one statement that has been run between the end of `trace` and `frame`."""
        before = trace.frame
        if before is None:
            return None
        if before.event is Event.LINE and before.depth == frame.depth:
            line = before.line
        elif before.event is Event.RETURN and before.depth == frame.depth + 1:
            line = trace.state.stack[-2].line
        else:
            return None
        statement = self._by_line.get(line)
        if statement is None or statement.lineno != statement.end_lineno:
            return None
        is_left = frame.event is Event.RETURN
        return None if is_left and frame.line != line else statement

    def _value(self, node: ast.expr | None, trace: Trace) -> Value | None:
        """The value of an expression that works nothing out, as the trace shows it."""
        before = trace.frame
        match node:
            case ast.Name(id=name) if before is not None and before.event is Event.LINE:
                return trace.state.top.locals.get(name)
            case ast.Call(func=ast.Name(id=name)) if before is not None and before.value:
                gives = self.program.function_for(before.function, before.scope_line)
                is_plain = isinstance(gives.node, ast.FunctionDef) and not gives.is_generator
                if gives.qualname == name and is_plain and name not in self._decorated:
                    return before.value
            case ast.expr() if before is not None and before.event is Event.LINE:
                text = self._text(node, trace)
                return None if text is None or len(text) > MOST_CHARS else Value(text)
        return None

    def _text(self, node: ast.expr, trace: Trace) -> str | None:
        """The text of a value that is shown, an element of one, a constant, or a few of these."""
        match node:
            case ast.Name():
                value = self._value(node, trace)
                return None if value is None or value.cut else value.text
            case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
                return _constant(node)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                texts = [self._text(element, trace) for element in elements]
                if any(text is None for text in texts):
                    return None
                inner = ", ".join(text for text in texts if text is not None)
                if isinstance(node, ast.List):
                    return f"[{inner}]"
                return f"({inner},)" if len(texts) == 1 else f"({inner})"
            case ast.Subscript(value=of, slice=index) if not self._has_subclasses:
                text, key = self._text(of, trace), self._text(index, trace)
                return None if text is None or key is None else _element(text, key)
        return None


def _constant(node: ast.expr) -> str | None:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return None
    if isinstance(value, int) and value.bit_length() > 10_000:  # Python refuses to write it
        return None
    return repr(value)


def _element(text: str, key: str) -> str | None:
    """`value[key]` from the texts of both; None where it is no element that is shown."""
    tree = parse_value(text)
    try:
        at = literal(parse_value(key))
        if tree.cut or tree.truncated:
            return None
        if tree.kind in (Kind.STR, Kind.BYTES):
            whole = literal(tree)
            is_index = isinstance(at, int) and isinstance(whole, str | bytes)
            return repr(whole[at]) if is_index else None  # type: ignore[index]
        return item(tree, at).text if tree.type_name in _CONTAINERS else None
    except (NotLiteral, IndexError, KeyError, TypeError, ValueError):
        return None


def _carried(value: Value) -> Value:
    """A value in its new place: predicted to be there, as surely as all before it."""
    return Value(value.text, cut=value.cut)


def _is_same(one: Value, other: Value) -> bool:
    return one.text == other.text and one.cut == other.cut
