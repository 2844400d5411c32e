"""A program as the small model reads it: numbered lines of tokens, and what frames need of them."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from types import CodeType

from foreframe_models.program.parts import Group, groups_of
from foreframe_models.program.source import HOLE, hole_offsets
from foreframe_models.program.syntax import parse
from foreframe_models.vocabulary import LINES, Vocabulary

HIDDEN = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>"})


@dataclass(frozen=True, slots=True)
class Code:
    """A scope that can be on the stack."""

    name: str  # qualified
    scope_line: int  # 0 for the module
    first: int
    last: int

    @property
    def plain(self) -> bool:
        """Whether it was made by `def`, unlike the module, lambdas and generator expressions."""
        return not self.name.endswith(">")


class TooLong(ValueError):
    """A program with more lines than there are line tokens."""


def codes_of(code: CodeType) -> Iterator[Code]:
    """The code and all inside it, outer before inner. Nothing is executed."""
    if code.co_name not in HIDDEN:
        lines = [line for _, _, line in code.co_lines() if line]
        first = 0 if code.co_name == "<module>" else code.co_firstlineno
        inner = [_last_line(code)]
        yield Code(code.co_qualname, first, min([*lines, max(first, 1)]), max(inner))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_of(constant)


def run_lines(code: CodeType) -> set[int]:
    """Every line that any of the code belongs to."""
    found = {line for _, _, line in code.co_lines() if line}
    return found.union(*(run_lines(c) for c in code.co_consts if isinstance(c, CodeType)))


def _last_line(code: CodeType) -> int:
    last = max((line for _, _, line in code.co_lines() if line), default=1)
    inner = [_last_line(c) for c in code.co_consts if isinstance(c, CodeType)]
    return max([last, *inner])


def _stored(target: ast.AST) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _loaded(node: ast.AST | None) -> set[str]:
    if node is None:
        return set()
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def code_with_holes(source: str, vocabulary: Vocabulary) -> dict[int, tuple[int, list[int]]]:
    """What `vocabulary.code` gives, with one `<hole>` token for each `??` in code."""
    offsets = hole_offsets(source)
    if not offsets:
        return vocabulary.code(source)
    mark = next(chr(n) for n in range(0xE000, 0xF900) if chr(n) not in source)
    for offset in reversed(offsets):
        source = source[:offset] + mark + source[offset + len(HOLE) :]
    sign = list(vocabulary.characters(mark))
    lines = vocabulary.code(source)
    for _, ids in lines.values():
        for at in range(len(ids) - len(sign), -1, -1):
            if ids[at : at + len(sign)] == sign:
                ids[at : at + len(sign)] = [vocabulary.special["<hole>"]]
    return lines


class Listing:
    """A program's lines as tokens, each after its line token.

    `lines` picks the lines to show (all by default); `first` is the number of the first one.
    `code` is what to compile in place of a source with holes: same lines, same functions.
    Raises SyntaxError, and TooLong beyond 320 lines.
    """

    def __init__(
        self,
        source: str,
        vocabulary: Vocabulary,
        *,
        first: int = 1,
        lines: Iterable[int] | None = None,
        code: str | None = None,
    ) -> None:
        self.vocabulary = vocabulary
        self.source_lines = source.split("\n")
        tree = self._tree = parse((code or source).removeprefix("\ufeff"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = compile(tree, "<listing>", "exec", dont_inherit=True)
        self.codes = tuple(codes_of(compiled))
        self.loops: dict[int, tuple[int, int]] = {}
        self.rebound: dict[int, frozenset[str]] = {}
        quiet: set[int] = set()  # docstrings' lines
        for node in ast.walk(tree):
            match node:
                case ast.For() | ast.AsyncFor():
                    self.loops[node.lineno] = (node.lineno, node.body[-1].end_lineno or node.lineno)
                    self._rebind(node.lineno, set(_stored(node.target)))
                case ast.Assign():
                    names = {name for target in node.targets for name in _stored(target)}
                    self._rebind(node.lineno, names - _loaded(node.value))
                case ast.AnnAssign():
                    self._rebind(node.lineno, set(_stored(node.target)) - _loaded(node.value))
                case ast.Expr(value=ast.Constant(value=str())):
                    quiet.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        shown = code_with_holes(source, vocabulary)
        chosen = None if lines is None else set(lines)
        unit = min((column for column, _ in shown.values() if column), default=4)
        self.number: dict[int, int] = {}
        self.tokens: list[int] = [vocabulary.special["<prog>"]]
        wanted = {*shown} if chosen is None else {*shown} & chosen
        for line in sorted({*wanted - quiet, *(quiet & run_lines(compiled) & wanted), 1}):
            column, ids = shown.get(line, (0, [])) if line not in quiet else (0, [])
            number = self.number[line] = first + len(self.number)
            if number > LINES:
                raise TooLong(f"the program has more than {LINES} lines of code")
            self.tokens += (vocabulary.line(number), vocabulary.indent(column // unit), *ids)
        self.line_of = {number: line for line, number in self.number.items()}

    def _rebind(self, line: int, names: set[str]) -> None:
        self.rebound[line] = self.rebound.get(line, frozenset()) | names

    def written(self, before: int, line: int) -> frozenset[str]:
        """Names that a line frame on `line` writes whole, changed or not, after `before` has run.

        They are those that `before` binds without reading; a loop's only on the way into its body.
        """
        first, last = self.loops.get(before, (0, line))
        return self.rebound.get(before, frozenset()) if first <= line <= last else frozenset()

    @cached_property
    def groups(self) -> dict[int, Group]:
        """The parts of each line that has a statement header."""
        return groups_of(self._tree)

    def parts(self, line: int) -> int:
        """How many parts the statements on a line have."""
        group = self.groups.get(line)
        return len(group.parts) if group else 0

    def source(self, line: int) -> str:
        """The text of a line, without its newline."""
        return self.source_lines[line - 1] if line <= len(self.source_lines) else ""

    def around(self, line: int) -> list[Code]:
        """The scopes whose code holds this line, outer before inner."""
        return [code for code in self.codes if code.first <= line <= code.last]

    def usual(self, line: int) -> Code:
        """The scope meant by a call to this line when nothing more is said."""
        around = self.around(line)
        plain = [code for code in around if code.plain]
        return (plain or around or list(self.codes))[-1 if plain else 0]
