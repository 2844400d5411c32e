"""The expressions that were evaluated on the way to a stop, and what a loop takes next."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from foreframe_models.program.parts import groups_of, text_of
from foreframe_models.program.source import HOLE
from foreframe_protocol.states import Event, Frame, Scope, State, Trace, Value

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

NEXT_OF = "next of "  # before a loop's iterable


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An expression as the program's text has it, and its value. Its scope and line tell where."""

    source: str
    value: Value
    scope: Scope


class Expressions:
    """What the lines of a program evaluate."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @cached_property
    def _groups(self) -> dict[int, list[str]]:
        texts: dict[int, list[str]] = {}
        for line, group in groups_of(self.program.tree).items():
            texts[line] = [self._shown(part) for part in group.parts]
        return texts

    @cached_property
    def _iterables(self) -> dict[int, str]:
        return {
            node.lineno: self._shown(node.iter)
            for node in ast.walk(self.program.tree)
            if isinstance(node, ast.For | ast.AsyncFor)
        }

    def _shown(self, node: ast.expr) -> str:
        hole, lines = self.program.hole_name, self.program.lines
        return text_of(node, lines) if hole is None else ast.unparse(node).replace(hole, HOLE)

    def told(self, before: State, frame: Frame) -> list[Evaluated]:
        """What `frame`, which follows `before`, tells of the line that was running."""
        stack = before.stack[:-1] if before.event is Event.RETURN else before.stack
        if not stack or not frame.parts:
            return []
        texts = self._groups.get(stack[-1].line, [])
        return [
            Evaluated(texts[part.index], part.value, stack[-1])
            for part in frame.parts
            if part.index < len(texts)
        ]

    def upcoming(self, frame: Frame) -> Evaluated | None:
        """What the `for` that `frame` stands on takes next, if that is known."""
        source = self._iterables.get(frame.line)
        if source is None or frame.upcoming is None:
            return None
        scope = Scope(frame.function, frame.scope_line, frame.line)
        return Evaluated(f"{NEXT_OF}{source}", frame.upcoming, scope)

    def at(self, trace: Trace, index: int) -> Iterator[Evaluated]:
        """What the scope at `index` of the stack evaluated since its last line began.

        Of the innermost scope that is the line just left; of the others the one they are in.
        """
        found: list[list[Evaluated]] = []
        node = trace
        while node.frame is not None and node.parent is not None:
            frame = node.frame
            begins = frame.event in (Event.LINE, Event.CALL) and frame.depth == index
            if frame.depth < index or (begins and node is not trace):
                break
            if frame.depth - (frame.event is Event.CALL) == index:
                found.append(self.told(node.parent.state, frame))
            node = node.parent
        for evaluated in reversed(found):
            yield from evaluated
        if trace.frame is not None and trace.frame.depth == index:
            following = self.upcoming(trace.frame)
            if following is not None:
                yield following


@lru_cache(maxsize=8)
def expressions_of(program: Program) -> Expressions:
    """The expressions of a program, made once."""
    return Expressions(program)


def elements(value: Value) -> str:
    """The text of upcoming elements for a person."""
    if not value.text:
        return "nothing: the loop ends"
    return f"{value.text}, …" if value.cut else value.text
