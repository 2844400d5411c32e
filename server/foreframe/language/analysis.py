"""One version of a document as the language server knows it: parsed as far as it can be. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import InitVar, dataclass, field, replace
from functools import cached_property

from foreframe.examples import Example, merged
from foreframe.holes import Hole
from foreframe.language.blocks import Block, Definition, Reading, read
from foreframe.loops import loops_of, own_nodes
from foreframe_models.program.control_flow import Program


@dataclass(frozen=True, slots=True)
class Placed:
    """A function's definition, and where it stands: `shift` is to be added to its lines."""

    node: Definition
    shift: int

    @property
    def line(self) -> int:
        """That of its `def`."""
        return self.node.lineno + self.shift

    @property
    def lines(self) -> range:
        """All that are its, decorators included."""
        first = min([self.node.lineno, *(d.lineno for d in self.node.decorator_list)])
        return range(first + self.shift, (self.node.end_lineno or first) + self.shift + 1)


@dataclass
class Analysis:
    """What can be read from a text.

    A text with errors is read without the statements that hold them, line for line where it was.
    `before`: the analysis of a text that may be much the same; what is the same is taken from it.
    """

    path: str
    source: str
    version: int | None = None
    calls: Sequence[Example] = ()  # that people have made of its functions
    before: InitVar[Analysis | None] = None
    is_whole: bool = field(init=False)
    text: str = field(init=False)  # what was read: blank where it could not be
    reading: Reading | None = field(init=False)
    last_reading: Reading | None = field(init=False)  # the last one that there was
    is_edit: bool = field(init=False)  # whether some of it is that of the analysis before

    @classmethod
    def of(
        cls,
        path: str,
        source: str,
        version: int | None,
        calls: Sequence[Example] = (),
        before: Analysis | None = None,
    ) -> Analysis:
        """All that takes a while is done at once: to be called in a thread."""
        made = cls(path, source, version, calls, before)
        _ = made.holes, made.examples, made.functions, made.lines
        return made

    def __post_init__(self, before: Analysis | None) -> None:
        self.source = self.source.replace("\r\n", "\n").replace("\r", "\n")
        last = before.last_reading if before is not None else None
        self.reading, self.text, self.is_whole = read(self.source, last)
        self.last_reading = self.reading or last
        self.is_edit = bool(last and self.reading and last.shares(self.reading))

    @property
    def is_readable(self) -> bool:
        """Whether any of it can be parsed."""
        return self.reading is not None

    @cached_property
    def program(self) -> Program | None:
        """What is readable, compiled for predictions; None if nothing is. It takes a while."""
        return Program.parse(self.text, self.path) if self.reading is not None else None

    @cached_property
    def tree(self) -> ast.Module:
        """All statements that could be read, each with the lines that it had when it was parsed."""
        blocks = self.reading.blocks if self.reading is not None else ()
        return ast.Module([node for block in blocks for node in block.tree.body], [])

    @cached_property
    def holes(self) -> list[Hole]:
        return [] if self.reading is None else self.reading.holes()

    @cached_property
    def examples(self) -> list[Example]:
        """Those of the file, then the calls that people have made."""
        if self.reading is None:
            return []
        placed = list(self.reading.placed())
        found = [moved(e, start) for block, start in self._starts() for e in block.comments]
        deep: list[tuple[int, Example]] = []
        if ">>>" in self.text:
            first = next((block for block, _ in placed if block.tree.body), None)
            for block, shift in placed:
                own = ((depth, one) for depth, one in block.doctests if depth or block is first)
                deep += ((depth, moved(one, shift)) for depth, one in own)
            found += (one for _, one in sorted(deep, key=_depth))
        if "assert" in self.text:
            deep = [(d, moved(e, shift)) for block, shift in placed for d, e in block.asserts]
            found += (one for _, one in sorted(deep, key=_depth))
        return [*merged(found), *self.calls]

    @cached_property
    def functions(self) -> dict[str, Placed]:
        """Dotted name → definition, of functions and methods that are not inside functions."""
        if self.reading is None:
            return {}
        return {
            name: Placed(node, shift)
            for block, shift in self.reading.placed()
            for name, node in block.functions
        }

    @cached_property
    def lines(self) -> list[str]:
        return self.source.split("\n")

    def may_go_on(self, name: str) -> bool:
        """Whether a function may go on for long: it loops, or calls itself."""
        node = self.functions[name].node
        short = name.rsplit(".", 1)[-1]
        calls = (n for n in ast.walk(node) if isinstance(n, ast.Call))
        again = any(isinstance(c.func, ast.Name) and c.func.id == short for c in calls)
        return again or bool(loops_of(node))

    def function_at(self, line: int) -> str | None:
        """The dotted name of the function that holds a line (1-based), decorators included."""
        found: str | None = None
        for name, placed in self.functions.items():
            if line in placed.lines:
                found = name
        return found

    def scope_nodes(self, function: str | None) -> Iterator[tuple[ast.AST, int]]:
        """The nodes of a function's scope, or the module's; what is to be added to their lines."""
        if function is not None:
            placed = self.functions[function]
            yield from ((node, placed.shift) for node in own_nodes(placed.node))
        elif self.reading is not None:
            for block, shift in self.reading.placed():
                yield from ((node, shift) for node in own_nodes(block.tree))

    def hole_at(self, line: int, column: int) -> Hole | None:
        """The hole that a place (1-based line, 0-based character) is in or right behind."""
        for hole in self.holes:
            if hole.line == line and hole.column <= column <= hole.column + 2:
                return hole
        return None

    def holes_beside(self, hole: Hole) -> list[Hole]:
        """All holes of the function that a hole is in."""
        return [other for other in self.holes if other.function == hole.function]

    def name_at(self, line: int, column: int) -> str | None:
        """The variable whose name stands at a place: a name of the syntax tree, no attribute."""
        found = self.reading.at(line) if self.reading is not None else None
        if self.reading is None or found is None:
            return None
        block, shift = found
        at = len(self.reading.lines[line - 1][:column].encode("utf-8"))
        for node in nodes_at(block.tree, line - shift):
            match node:
                case ast.Name(id=name) | ast.arg(arg=name) if node.lineno == line - shift:
                    if node.col_offset <= at <= node.col_offset + len(name.encode("utf-8")):
                        return name
        return None

    def _starts(self) -> Iterator[tuple[Block, int]]:
        """The blocks, each with how many lines are before it."""
        assert self.reading is not None
        return zip(self.reading.blocks, self.reading.starts, strict=False)


def moved(example: Example, by: int) -> Example:
    """An example of a block, in the lines of the whole text."""
    return replace(example, line=example.line + by) if by else example


def nodes_at(tree: ast.AST, line: int) -> Iterator[ast.AST]:
    """The nodes that a line is a part of, and what has no lines of its own below them."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        first = getattr(node, "lineno", None)
        if first is None or first <= line <= (getattr(node, "end_lineno", None) or first):
            yield node
            todo += ast.iter_child_nodes(node)


def _depth(found: tuple[int, Example]) -> int:
    return found[0]
