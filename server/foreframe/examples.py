"""What a person wants of a function, read from the file: doctests, asserts, comments. Pure.

Nothing of it is executed: arguments and results count only where they are literals.
"""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

from foreframe_models.program.syntax import literal_of, parse_expression

_COMMENT = re.compile(
    r"#+\s*(?:e\.g\.:?\s*)?(?P<call>[^\W\d][\w.]*\(.*\))\s*(?:->|=>|==|→)\s*(?P<result>.+)$"
)
STRING_OR_COMMENT = re.compile(
    r"""(?P<quotes>'''|\"\"\")(?:\\.|.)*?(?P=quotes)|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|"""
    r"(?P<comment>\#[^\n]*)",
    re.DOTALL,
)
_PARSER = doctest.DocTestParser()
_MOST_SHOWN = 40  # characters of a value at a stop


class Kind(StrEnum):
    """Where an example stands."""

    DOCTEST = "doctest"
    ASSERT = "assert"
    COMMENT = "comment"
    LAUNCH = "launch configuration"
    SESSION = "last session"
    STOP = "value chosen at a stop"


@dataclass(frozen=True, slots=True)
class AtStop:
    """Where a person gave a hole a value: the stop before it was evaluated, and what got the value.

    `line` is 1-based, `column` 0-based in characters: the hole's. `known`: (name, repr) of the
    locals that were known there.
    """

    line: int
    column: int
    name: str
    known: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A call that is wanted, with what it is to give.

    `args` are literals as they stand in the call; `returned` is the value as `repr` writes it,
    or `raised` the exception's type name; neither where only the call is known. `line` is 1-based,
    0 of what does not stand in the file. `stop`: it is no call, but what a hole is to give there.
    """

    function: str  # dotted
    args: str
    line: int
    kind: Kind
    returned: str | None = None
    raised: str | None = None
    stop: AtStop | None = None

    @property
    def call(self) -> str:
        """What is tried, for a person."""
        if self.stop is None:
            return f"{self.function}({self.args})"
        known = ", ".join(f"{name} = {shortened(text)}" for name, text in self.stop.known)
        return f"{self.stop.name} at line {self.stop.line}, with {known or 'nothing known'}"

    @property
    def wanted(self) -> str:
        """What it is to give, for a person."""
        if self.raised is not None:
            return f"raises {self.raised}"
        return "anything" if self.returned is None else self.returned


def examples_in(source: str, tree: ast.Module) -> list[Example]:
    """All examples of a file, in order of lines. `tree` may have other names in place of holes."""
    found = list(comment_examples(source))
    if ">>>" in source:  # going through the tree of a large file takes a while
        found += (example for _, example in doctests_in(tree))
    if "assert" in source:
        found += (example for _, example in asserts_in(tree))
    return merged(found)


def merged(found: Sequence[Example]) -> list[Example]:
    """Examples in order of lines, the first of those that want the same."""
    unique = {(e.function, e.args, e.returned, e.raised): e for e in reversed(found)}
    return sorted(unique.values(), key=lambda example: example.line)


def call_of(text: str | ast.expr) -> tuple[str, str] | None:
    """(dotted name, arguments as text) of a call whose arguments are literals; None of others."""
    node: ast.AST = text if isinstance(text, ast.expr) else ast.Pass()
    if isinstance(text, str):
        try:
            node = parse_expression(text.strip())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    if not isinstance(node, ast.Call):
        return None
    name = ast.unparse(node.func)
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    values = [*node.args, *(keyword.value for keyword in node.keywords)]
    if any(k.arg is None for k in node.keywords) or any(literal(v) is None for v in values):
        return None
    given = [ast.unparse(arg) for arg in node.args]
    given += [f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in node.keywords]
    return name, ", ".join(given)


def literal(node: str | ast.expr) -> str | None:
    """The repr of a literal; None of anything else."""
    try:
        return repr(literal_of(node.strip()) if isinstance(node, str) else ast.literal_eval(node))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def doctests_in(tree: ast.Module) -> Iterator[tuple[int, Example]]:
    """The examples in docstrings, each with the docstring's depth in the tree, outer first."""
    for depth, node in _by_depth(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is None:
            continue
        first = node.body[0]
        assert isinstance(first, ast.Expr)
        assert isinstance(first.value, ast.Constant)
        with suppress(ValueError):  # a doctest that doctest itself refuses
            for one in _PARSER.get_examples(str(first.value.value)):
                call = call_of(one.source)
                if call is None:
                    continue
                line = first.lineno + one.lineno
                if one.exc_msg:
                    raised = one.exc_msg.split(":")[0].strip()
                    yield depth, Example(*call, line, Kind.DOCTEST, raised=raised)
                else:
                    wanted = one.want.strip()
                    # doctest shows no None
                    yield depth, Example(*call, line, Kind.DOCTEST, returned=wanted or "None")


def asserts_in(tree: ast.Module) -> Iterator[tuple[int, Example]]:
    """The examples in `assert` statements, each with its depth in the tree, outer first."""
    for depth, node in _by_depth(tree):
        if not isinstance(node, ast.Assert):
            continue
        match node.test:
            case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]):
                for one, other in ((left, right), (right, left)):
                    call, value = call_of(one), literal(other)
                    if call is not None and value is not None:
                        yield depth, Example(*call, node.lineno, Kind.ASSERT, returned=value)
                        break


def _by_depth(tree: ast.Module) -> Iterator[tuple[int, ast.AST]]:
    """As `ast.walk`, with how deep each node is."""
    level: list[ast.AST] = [tree]
    for depth in count():
        if not level:
            return
        yield from ((depth, node) for node in level)
        level = [child for node in level for child in ast.iter_child_nodes(node)]


def comment_examples(source: str) -> Iterator[Example]:
    """The examples in a text's comments."""
    for line, text in comments_in(source):
        match = _COMMENT.match(text)
        if match is None:
            continue
        call = call_of(match["call"])
        if call is None:
            continue
        result = match["result"].strip()
        value = literal(result)
        if value is not None:
            yield Example(*call, line, Kind.COMMENT, returned=value)
        elif raised := re.fullmatch(
            r"(?:raises?\s+)?([A-Z]\w*(?:Error|Exception|Iteration))", result
        ):
            yield Example(*call, line, Kind.COMMENT, raised=raised[1])


def comments_in(source: str) -> Iterator[tuple[int, str]]:
    """(line, text from its `#` on) of comments, also in texts that are no whole program."""
    line, done = 1, 0
    for match in STRING_OR_COMMENT.finditer(source):
        if match["comment"]:
            line += source.count("\n", done, match.start())
            done = match.start()
            yield line, match["comment"].rstrip()


def shortened(text: str) -> str:
    """A value as it can stand in a sentence."""
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
