"""What must stand in the next frame because the trace before it shows it: values only handed on.

A variable, an element of one, a constant or a tuple of these that is returned or bound to a name;
what a function gave where the line does nothing else with it; what a loop takes; a piece cut out
of a value, a list that gets or loses an element, strings put side by side (`moved.py`); where a
test leads that only compares such values (`decided.py`). A model writes all that out again, and can
get it wrong; here nothing is worked out, only moved and compared.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from foreframe_models.program import moved
from foreframe_models.program.decided import line_after
from foreframe_models.program.elements import assigned, first_of
from foreframe_models.program.parts import VALUE_CHARS
from foreframe_models.program.shown import MOST_CHARS, Shown, Sight
from foreframe_protocol.states import Event, Frame, Part, Trace, Value

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

_MOVING = (
    ast.Subscript, ast.BinOp, ast.Call, ast.JoinedStr,
    ast.Compare, ast.BoolOp, ast.UnaryOp, ast.IfExp,
)  # fmt: skip


class Certain:
    """What is certain of the frames of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._shown = Shown(program)
        self._by_line: dict[int, ast.stmt | None] = {}  # the one statement of a line
        for node in ast.walk(program.tree):
            if isinstance(node, ast.stmt):
                is_compound = hasattr(node, "body") or isinstance(node, ast.Match)
                last = node.lineno if is_compound else node.end_lineno or node.lineno
                for line in range(node.lineno, last + 1):
                    self._by_line[line] = None if line in self._by_line else node

    def settled(self, trace: Trace, frame: Frame, *, upcoming: bool) -> Frame:
        """`frame`, to come after `trace`, with what is certain in place of what is otherwise.

        The same object where nothing is to be put right. `upcoming`: whether frames tell what a
        loop takes next.
        """
        frame = self._led(trace, frame, upcoming=upcoming)
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
        before = trace.last
        group = None if before is None else self.program.groups.get(trace.state.top.line)
        if before is None or group is None or before.event is not Event.LINE:
            return ()
        if self._by_line.get(before.line) is None:  # several statements: one may change the next
            return ()
        told: dict[int, Value] = {}
        nodes: list[ast.expr] = []
        for count, part in enumerate(frame.parts, 1):
            node = group.parts[part.index] if part.index < len(group.parts) else None
            if node is None:
                continue
            nodes.append(node)
            told[id(node)] = part.value
            if not isinstance(node, _MOVING):
                continue
            before_it = {of: value for of, value in told.items() if of != id(node)}
            sight = Sight(trace, before_it, self._unsure(trace, *nodes))
            text = self._shown.text(node, sight)
            if text is None or " at 0x" in text:
                continue
            value = Value(text[:VALUE_CHARS], cut=len(text) > VALUE_CHARS)
            if not _is_same(value, part.value):
                sure = sight.confidence(node)
                return (
                    *frame.parts[: count - 1],
                    Part(part.index, replace(value, confidence=sure)),
                )
        return ()

    def _unsure(self, trace: Trace, *nodes: ast.expr) -> frozenset[str]:
        scope = trace.state.top
        function = self.program.function_for(scope.function, scope.scope_line)
        return self.program.mutations.within(function, *nodes)

    def _sight(self, trace: Trace, frame: Frame, *nodes: ast.expr) -> Sight:
        """For expressions of the line that ends with `frame`, as far as they are its own."""
        before = trace.last
        if before is None or before.event is not Event.LINE:
            return Sight(trace)
        group = self.program.groups.get(trace.state.top.line)
        parts = () if group is None else group.parts
        told = {
            id(parts[part.index]): part.value for part in frame.parts if part.index < len(parts)
        }
        return Sight(trace, told, self._unsure(trace, *nodes))

    def _led(self, trace: Trace, frame: Frame, *, upcoming: bool) -> Frame:
        """A frame where the test or the loop before it leads to."""
        before = trace.last
        statement = None if before is None else self._by_line.get(before.line)
        if before is None or before.event is not Event.LINE:
            return frame
        scope, sight, taken = trace.state.top, Sight(trace), None
        bound: dict[str, Value] | None = {}
        conditions: list[ast.expr] = []
        match statement:
            case ast.If(test=test) | ast.While(test=test) if statement.lineno == before.line:
                conditions = [test]
                sight = self._sight(trace, frame, test)
            case ast.For(target=target) if frame.event in (Event.LINE, Event.RETURN):
                taken = before.upcoming or self.program.loops.upcoming(trace)
                bound = _bound(target, taken)
            case _:
                return frame
        function = self.program.function_for(scope.function, scope.scope_line)
        line = line_after(self._shown, function, statement, sight, taken)
        if line is None or (frame.event is Event.LINE and frame.line == line):
            return frame
        if bound is None or not bound.keys() <= scope.locals.keys():  # names have their order
            return frame
        right = replace(
            before,
            line=line,
            source=self.program.line_text(line),
            locals={**scope.locals, **bound},
            parts=frame.parts,
            upcoming=None,
            confidence=sight.confidence(*conditions),
        )
        if upcoming and line in self.program.for_bodies:
            known = self.program.loops.upcoming(trace.append(right))
            return frame if known is None else replace(right, upcoming=known)
        return right

    def _returned(self, trace: Trace, frame: Frame) -> Frame:
        """A return with the value that is certain of it, be it the same: it is surer then."""
        match self._statement(trace, frame):
            case ast.Return(value=node) if node is not None and frame.value is not None:
                value = self._value(node, trace, frame)
                if value is None:
                    return frame
                if not _is_same(value, frame.value) or value.confidence != frame.value.confidence:
                    return replace(frame, value=_carried(value))
        return frame

    def _handed(self, trace: Trace, frame: Frame) -> Iterator[tuple[str, Value]]:
        """Names that the line just run has bound to a value that it did not make."""
        before = trace.last
        if before is not None and before.event is Event.LINE and before.depth == frame.depth:
            for name, text in self.program.loops.taken(trace, frame):
                yield name, Value(text)
        statement = self._statement(trace, frame)
        changed = None if statement is None else self._changed(statement, trace, frame)
        if changed is not None:
            yield changed
        match statement:
            case ast.Assign(targets=targets, value=node):
                pass
            case ast.AnnAssign(target=one, value=ast.expr() as node):
                targets = [one]
            case _:
                return
        value = self._value(node, trace, frame)
        if value is not None:
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, value
                elif not value.cut:
                    for name, text in assigned(target, value.text):
                        yield name, replace(value, text=text)

    def _value(self, node: ast.expr, trace: Trace, frame: Frame) -> Value | None:
        """What the line's expression gives, be it the call of a method that changes something."""
        value = self._shown.value(node, self._sight(trace, frame, node))
        if value is None and isinstance(node, ast.Call):
            sight = self._sight(trace, frame, *node.args)
            outcome = self._shown.outcome(node, sight)
            if outcome is not None and len(outcome[1]) <= MOST_CHARS:
                return Value(outcome[1], confidence=sight.confidence(node))
        return value

    def _changed(self, statement: ast.stmt, trace: Trace, frame: Frame) -> tuple[str, Value] | None:
        """The variable that a statement changes in place, and what it becomes."""
        move: Callable[..., str | None]
        match statement:
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Name(id=name) as of, slice=index)], value=node
            ):
                nodes, move = [of, index, node], moved.stored
            case ast.Delete(targets=[ast.Subscript(value=ast.Name(id=name) as of, slice=index)]):
                nodes, move = [of, index], moved.without
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=node):
                nodes, move = [ast.Name(name), node], moved.extended
            case ast.Expr(value=call) | ast.Assign(value=call):
                match call:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Name(id=name) as of, attr=method),
                        args=args,
                        keywords=[],
                    ):
                        nodes, move = [of, *args], partial(moved.changed, method)
                    case _:
                        return None
            case _:
                return None
        sight = self._sight(trace, frame, *nodes)
        texts = None if self._shown.has_own_types else self._shown.texts(nodes, sight)
        text = None if texts is None else move(*texts)
        if text is None or len(text) > MOST_CHARS:
            return None
        return name, Value(text, confidence=sight.confidence(*nodes))

    def _statement(self, trace: Trace, frame: Frame) -> ast.stmt | None:
        """The one statement that has been run between the end of `trace` and `frame`."""
        before = trace.last
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


def _bound(target: ast.expr, upcoming: Value | None) -> dict[str, Value] | None:
    """What a loop binds as it goes on; None where that is not known."""
    if upcoming is None or not upcoming.text:
        return {}
    element = first_of(upcoming)
    found = {} if element is None else dict(assigned(target, element))
    names = {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}
    if found.keys() != names or not names:
        return None
    return {name: Value(text) for name, text in found.items()}


def _carried(value: Value) -> Value:
    """A value in its new place: predicted to be there, as surely as what it is made of."""
    return Value(value.text, cut=value.cut, confidence=value.confidence)


def says_the_same(one: Frame, other: Frame) -> bool:
    """Whether a frame is another but for how sure its value is."""
    if one.value is None or other.value is None or not _is_same(one.value, other.value):
        return one is other
    return replace(one, value=other.value) == other


def _is_same(one: Value, other: Value) -> bool:
    return one.text == other.text and one.cut == other.cut
