"""Searching what is known of a branch, backward and forward from the cursor; no model is asked.

Each search has a method `find(timeline, direction)`; what it finds is nearest to the cursor and not
the cursor's own frame, so that asking again goes on.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import Protocol

from foreframe.errors import ExpressionError
from foreframe.expressions import evaluate_node, parse
from foreframe.stopping import Place, Stopping, is_propagated, shown_value
from foreframe.timeline import Timeline
from foreframe_protocol.states import Direction, Event, Provenance, State, Trace, Value

Key = tuple[tuple[str, bool] | None, ...]

_COMPARISONS: Mapping[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Eq: eq,
    ast.NotEq: ne,
    ast.Lt: lt,
    ast.LtE: le,
    ast.Gt: gt,
    ast.GtE: ge,
}


@dataclass(frozen=True, slots=True)
class Found:
    """A frame, and what it was found for."""

    trace: Trace
    text: str


class Search(Protocol):
    """Something that can be looked for."""

    def find(self, timeline: Timeline, direction: Direction) -> Found | None: ...


def nodes_from(timeline: Timeline, direction: Direction) -> Iterable[Trace]:
    """What is known before or after the cursor on its branch, nearest first."""
    return timeline.behind() if direction is Direction.BACKWARD else timeline.ahead()


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is about to run."""

    places: frozenset[Place]

    def find(self, timeline: Timeline, direction: Direction) -> Found | None:
        places = self.places
        for node in nodes_from(timeline, direction):
            frame = node.frame
            if frame is None or frame.event is not Event.LINE:
                continue
            if (frame.scope_line, frame.line) in places:
                return Found(node, f"line {frame.line}")
        return None


@dataclass(frozen=True, slots=True)
class AnyBreakpoint:
    """What a continue would stop at: the breakpoints that are set, with all their conditions."""

    stopping: Stopping

    def find(self, timeline: Timeline, direction: Direction) -> Found | None:
        stopping = self.stopping
        places = frozenset[Place]().union(*(one.places for one in stopping.breakpoints()))
        if any(one.hit_condition for one in stopping.breakpoints()):
            for node in timeline.tip.nodes():  # hits count from the beginning
                self._hit(node, places)
        for node in nodes_from(timeline, direction):
            found = self._hit(node, places)
            if found is not None:
                return found
        return None

    def _hit(self, node: Trace, places: frozenset[Place]) -> Found | None:
        frame, stopping = node.frame, self.stopping
        if frame is None or frame.event is not Event.LINE:
            return None
        if (frame.scope_line, frame.line) not in places and not stopping.variables:
            return None
        hit = stopping.judge(node, lambda text, frame: None)
        if hit is None:
            return None
        return Found(node, hit.text or f"{hit.reason.value} on line {frame.line}")


@dataclass(frozen=True, slots=True)
class AnyException:
    """Where an exception was raised: not where it only comes through."""

    def find(self, timeline: Timeline, direction: Direction) -> Found | None:
        for node in nodes_from(timeline, direction):
            frame = node.frame
            if frame is not None and frame.event is Event.EXCEPTION and not is_propagated(node):
                return Found(node, frame.value.text if frame.value else "")
        return None


class Condition:
    """A line before which an expression is true. Where it cannot be judged, it is not."""

    def __init__(self, text: str) -> None:
        """Raises BadExpression."""
        self.text = text.strip()
        self._tree = parse(text)
        names = {node.id: None for node in ast.walk(self._tree) if isinstance(node, ast.Name)}
        self._names = tuple(names)
        self._bound = bound_of(self._tree)
        self._known: dict[Key, bool] = {}  # by what the names mean: most lines change none of them

    def find(self, timeline: Timeline, direction: Direction) -> Found | None:
        names, holds = self._names, False
        last: list[Value | None] | None = None
        for node in nodes_from(timeline, direction):
            if node.frame is None or node.frame.event is not Event.LINE:
                continue
            stack = node.state.stack
            inner = stack[-1].locals
            values = [inner.get(name) for name in names]
            if None in values and stack[0].scope_line == 0:  # the module's, as in evaluating
                outer = stack[0].locals
                values = [
                    value or outer.get(name) for name, value in zip(names, values, strict=True)
                ]
            if values != last:
                last, holds = values, self._holds(values)
            if holds:
                return Found(node, self.text)
        return None

    def _holds(self, values: list[Value | None]) -> bool:
        if self._bound is not None and values[0] is not None and not values[0].cut:
            number = decimal(values[0].text)
            if number is not None:
                return self._bound(number)
        key = tuple(None if value is None else (value.text, value.cut) for value in values)
        found = self._known.get(key)
        if found is None:
            pairs = zip(self._names, values, strict=True)
            known = {name: value for name, value in pairs if value is not None}
            try:
                found = evaluate_node(self._tree, known).truth
            except ExpressionError:
                found = False
            self._known[key] = found
        return found


def bound_of(tree: ast.expr) -> Callable[[int], bool] | None:
    """`name < 3` and the like as a function of an integer: by far the most conditions are that."""
    match tree:
        case ast.Compare(left=ast.Name(), ops=[operator], comparators=[ast.Constant(value=limit)]):
            compare = _COMPARISONS.get(type(operator))
            if compare is not None and type(limit) is int:
                return lambda number: compare(number, limit)
    return None


def decimal(text: str) -> int | None:
    """The integer that a repr means; None for everything else."""
    if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 1000:
        return int(text)
    return None


@dataclass(frozen=True, slots=True)
class ValueChange:
    """The line that gave a variable its value: backward the one that it has at the cursor, forward
    the next one. `depth`: the place on the stack of the activation that is meant.

    An argument was given by the line that called.
    """

    depth: int
    name: str

    def find(self, timeline: Timeline, direction: Direction) -> Found | None:
        if direction is Direction.BACKWARD:
            return self._last(timeline.cursor.trace)
        return self._next(timeline)

    def _last(self, start: Trace) -> Found | None:
        node = start
        while node.parent is not None and node.frame is not None:
            before, frame = node.parent, node.frame
            if frame.event is Event.CALL and frame.depth == self.depth:
                value = self._value(node.state)
                caller = self._line(before, self.depth - 1)
                if value is None or caller is None:
                    return None
                return Found(caller, f"{self.name}: passed as {shown_value(value)}")
            if self._differs(before, node):
                return self._made(before, node)
            node = before
        return None

    def _next(self, timeline: Timeline) -> Found | None:
        cursor = timeline.cursor.trace
        for node in timeline.ahead():
            frame, before = node.frame, node.parent
            if frame is None or before is None:
                continue
            if len(before.state.stack) > self.depth and self._differs(before, node):
                found = self._made(before, node)
                if found is not None and found.trace.length > cursor.length:
                    return found
            if frame.event is Event.RETURN and frame.depth == self.depth:
                return None  # the activation is over
        return None

    def _differs(self, before: Trace, node: Trace) -> bool:
        one, other = self._value(before.state), self._value(node.state)
        return one is not other and (one and one.text) != (other and other.text)

    def _made(self, before: Trace, node: Trace) -> Found | None:
        """The line that ran between two frames, or the edit there."""
        old, new = self._value(before.state), self._value(node.state)
        is_edit = new is not None and new.provenance is Provenance.EDITED
        made = node if is_edit else self._line(before, self.depth)
        return (
            None
            if made is None
            else Found(made, f"{self.name}: {shown_value(old)} → {shown_value(new)}")
        )

    def _value(self, state: State) -> Value | None:
        if len(state.stack) <= self.depth:
            return None
        return state.stack[self.depth].locals.get(self.name)

    def _line(self, node: Trace, depth: int) -> Trace | None:
        """The last line frame at a depth, going back."""
        at: Trace | None = node
        while at is not None and at.frame is not None:
            if at.frame.event is Event.LINE and at.frame.depth == depth:
                return at
            at = at.parent
        return None
