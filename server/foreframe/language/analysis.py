"""One version of a document as the language server knows it: parsed as far as it can be. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from foreframe.examples import Example, examples_in
from foreframe.holes import Hole, holes_of
from foreframe.loops import loops_of
from foreframe_models.program.control_flow import Program
from foreframe_models.program.salvage import salvage
from foreframe_models.program.source import ProgramError

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Analysis:
    """What can be read from a text. `program` is None when nothing of it can be parsed.

    A text with errors is read without the statements that hold them, line for line where it was.
    """

    path: str
    source: str
    version: int | None = None
    calls: Sequence[Example] = ()  # that people have made of its functions
    program: Program | None = field(init=False, default=None)
    is_whole: bool = field(init=False, default=True)

    @classmethod
    def of(
        cls, path: str, source: str, version: int | None, calls: Sequence[Example] = ()
    ) -> Analysis:
        """All that takes a while is done at once: to be called in a thread."""
        made = cls(path, source, version, calls)
        _ = made.holes, made.examples, made.functions, made.loops, made.lines
        return made

    def __post_init__(self) -> None:
        self.source = self.source.replace("\r\n", "\n").replace("\r", "\n")
        try:
            self.program = Program.parse(self.source, self.path)
        except ProgramError:
            self.is_whole = False
            try:
                self.program = Program.parse(salvage(self.source), self.path)
            except ProgramError:
                self.program = None

    @cached_property
    def text(self) -> str:
        """The text that `program` was parsed from."""
        return self.source if self.is_whole else salvage(self.source)

    @cached_property
    def holes(self) -> list[Hole]:
        return holes_of(self.program) if self.program else []

    @cached_property
    def examples(self) -> list[Example]:
        """Those of the file, then the calls that people have made."""
        if self.program is None:
            return []
        return [*examples_in(self.text, self.program.tree), *self.calls]

    @cached_property
    def functions(self) -> dict[str, Definition]:
        """Dotted name → definition, of functions and methods that are not inside functions."""
        return dict(_functions(self.program.tree, "")) if self.program else {}

    @cached_property
    def lines(self) -> list[str]:
        return self.source.split("\n")

    @cached_property
    def loops(self) -> frozenset[str]:
        """The functions that may go on for long: they loop, or call themselves."""
        return frozenset(name for name in self.functions if self._has_loop(name))

    def function_at(self, line: int) -> str | None:
        """The dotted name of the function that holds a line (1-based), decorators included."""
        found: str | None = None
        for name, node in self.functions.items():
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first <= line <= (node.end_lineno or node.lineno):
                found = name
        return found

    def _has_loop(self, name: str) -> bool:
        node = self.functions[name]
        short = name.rsplit(".", 1)[-1]
        calls = (n for n in ast.walk(node) if isinstance(n, ast.Call))
        again = any(isinstance(c.func, ast.Name) and c.func.id == short for c in calls)
        return again or bool(loops_of(node))

    def hole_at(self, line: int, column: int) -> Hole | None:
        """The hole that a place (1-based line, 0-based character) is in or right behind."""
        for hole in self.holes:
            if hole.line == line and hole.column <= column <= hole.column + 2:
                return hole
        return None

    def name_at(self, line: int, column: int) -> str | None:
        """The variable whose name stands at a place: a name of the syntax tree, no attribute."""
        if self.program is None:
            return None
        text = self.program.lines[line - 1] if line <= len(self.program.lines) else ""
        at = len(text[:column].encode("utf-8"))
        for node in nodes_at(self.program.tree, line):
            match node:
                case ast.Name(id=name) | ast.arg(arg=name) if node.lineno == line:
                    if node.col_offset <= at <= node.col_offset + len(name.encode("utf-8")):
                        return name
        return None


def nodes_at(tree: ast.AST, line: int) -> Iterator[ast.AST]:
    """The nodes that a line is a part of, and what has no lines of its own below them."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        first = getattr(node, "lineno", None)
        if first is None or first <= line <= (getattr(node, "end_lineno", None) or first):
            yield node
            todo += ast.iter_child_nodes(node)


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield prefix + name, child
            case ast.ClassDef(name=name):
                yield from _functions(child, f"{prefix}{name}.")
            case ast.If() | ast.Try() | ast.With():
                yield from _functions(child, prefix)
