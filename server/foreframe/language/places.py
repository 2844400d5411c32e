"""Places: the protocol's (line from 0, UTF-16 units), and ours (line from 1, characters)."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types as lsp


def units(text: str) -> int:
    """How many UTF-16 units a text has."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def position(lines: Sequence[str], line: int, column: int) -> lsp.Position:
    """From a line counted from 1 and a column in characters."""
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return lsp.Position(max(0, line - 1), units(text[:column]))


def span(lines: Sequence[str], line: int, start: int, end: int) -> lsp.Range:
    """A range within one line."""
    return lsp.Range(position(lines, line, start), position(lines, line, end))


def end_of(lines: Sequence[str], line: int) -> lsp.Position:
    """Behind the last character of a line."""
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return position(lines, line, len(text.rstrip()))


def place(lines: Sequence[str], at: lsp.Position) -> tuple[int, int]:
    """(line from 1, column in characters) of a position; a column past the end is the end."""
    text = lines[at.line] if at.line < len(lines) else ""
    count = 0
    for column, character in enumerate(text):
        if count >= at.character:
            return at.line + 1, column
        count += units(character)
    return at.line + 1, len(text)
