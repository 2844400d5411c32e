"""A program's text: its holes filled for the compiler, parsed, and errors told to a person."""

from __future__ import annotations

import ast
import itertools
import re
import string
import warnings
from collections.abc import Sequence, Set
from types import CodeType

from foreframe_models.program.syntax import parse

HOLE = "??"
_TOKEN = re.compile(
    r"(?P<comment>\#[^\n]*)"
    r"|(?P<string>(?:(?<!\w)[rRbBuUfFtT]{1,3})?(?P<quote>'''|\"\"\"|'|\"))"
    r"|(?P<hole>\?\?)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<colon>:)",
)
_IN_STRING = re.compile(r"[\\\n'\"{}]")  # what may mean something there
_SHORT = re.compile(r"\b[_A-Za-z][0-9_]\b")


class ProgramError(ValueError):
    """A text that is no Python program. `line` is 1-based, `column` 0-based; 0, 0 if unknown."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


def split_lines(source: str) -> tuple[str, ...]:
    """The lines as the compiler counts them, without their newlines."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return tuple(lines[:-1] if lines[-1] == "" else lines)


def hole_offsets(text: str) -> list[int]:
    """Where `??` stands in code, also within the fields of f-strings: character offsets."""
    return scanned(text)[0] if HOLE in text else []


def scanned(text: str) -> tuple[list[int], bool]:
    """`hole_offsets`, and whether every string ends within the text."""
    found: list[int] = []
    end = _scan_code(text, 0, found, field=False)
    return found, end <= len(text)


def _scan_code(text: str, at: int, found: list[int], *, field: bool) -> int:
    """Scans code from `at`; in an f-string's field, up to what ends its expression."""
    depth = 0
    while match := _TOKEN.search(text, at):
        at = match.end()
        kind = match.lastgroup
        if kind == "hole":
            found.append(match.start())
        elif kind in ("string", "quote"):
            prefix = match["string"].lower()
            at = _scan_string(text, at, found, match["quote"], "f" in prefix or "t" in prefix)
        elif kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
            if field and depth < 0:
                return match.start()
        elif kind == "colon" and field and depth == 0:
            return match.start()
    return max(at, len(text) + field)


def _scan_string(text: str, at: int, found: list[int], quote: str, formatted: bool) -> int:
    """The offset after the string whose first character is at `at`; beyond the text's end if that
    comes first."""
    fields = 0
    while match := _IN_STRING.search(text, at):
        at, char = match.start(), match[0]
        if char[0] == "\\":
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote)
        elif char == "\n" and len(quote) == 1:
            return at
        elif formatted and char == "{" and (fields or not text.startswith("{{", at)):
            at = _scan_code(text, at + 1, found, field=True)
            if text.startswith(":", at):
                fields += 1  # the format's own fields and its end come in this string's text
                at += 1
            elif text.startswith("}", at):
                at += 1
        elif formatted and char == "{":
            at += 2
        elif formatted and char == "}" and fields:
            fields -= 1
            at += 1
        else:
            at += 1
    return len(text) + 1


def short_names(text: str) -> frozenset[str]:
    """The names in a text that could as well stand for its holes."""
    return frozenset(_SHORT.findall(text))


def unused_name(used: Set[str]) -> str:
    """A name as long as a hole that is not `used`. Raises ProgramError."""
    for first, second in itertools.product("_" + string.ascii_letters, string.digits + "_"):
        if first + second not in used:
            return first + second
    raise ProgramError("no free name is left to stand for the ?? holes")


def fill_holes(text: str) -> tuple[str, str | None, tuple[tuple[int, int], ...]]:
    """(`text` with each hole replaced by a name, that name, the holes as (line, column))."""
    offsets = hole_offsets(text)
    if not offsets:
        return text, None, ()
    name = unused_name(short_names(text))
    filled, holes = filled_at(text, offsets, name)
    return filled, name, holes


def filled_at(
    text: str, offsets: Sequence[int], name: str
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """(`text` with `name` for the hole at each offset, the holes as (line, column))."""
    pieces: list[str] = []
    holes: list[tuple[int, int]] = []
    done = 0
    for offset in offsets:
        pieces += (text[done:offset], name)
        done = offset + len(HOLE)
        start = text.rfind("\n", 0, offset) + 1
        holes.append((text.count("\n", 0, offset) + 1, offset - start))
    return "".join(pieces) + text[done:], tuple(holes)


def compile_program(text: str, path: str) -> tuple[ast.Module, CodeType]:
    """Parses and compiles, runs nothing. Raises ProgramError."""
    null = text.find("\0")
    if null >= 0:
        line = text.count("\n", 0, null) + 1
        raise ProgramError(
            f"{path}:{line}: a null byte: this is no text file",
            line,
            null - text.rfind("\n", 0, null) - 1,
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parse(text, path)
            code = compile(tree, path, "exec", dont_inherit=True, optimize=0)
    except SyntaxError as error:
        line, column = error.lineno or 1, max(0, (error.offset or 1) - 1)
        raise ProgramError(f"{path}:{line}:{column + 1}: {error.msg}", line, column) from error
    except (RecursionError, MemoryError, OverflowError) as error:
        raise ProgramError(f"{path}: nested too deeply for Python's own compiler") from error
    except ValueError as error:
        raise ProgramError(f"{path}: {error}") from error
    if not tree.body:
        raise ProgramError(f"{path}: the file holds no statement, there is nothing to trace", 1, 0)
    return tree, code
