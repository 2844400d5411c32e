"""Programs with errors in them: what can still be parsed, line for line where it was."""

from __future__ import annotations

import re
import warnings

from foreframe_models.program.source import fill_holes
from foreframe_models.program.syntax import NO_FILE, parse

TRIES = 50  # errors that are looked past
_INDENTED = re.compile(r"[ \t)\]}]|$|#")
_HEAD = re.compile(r"(?:else|elif|except|finally)\b")


def salvage(source: str) -> str:
    """The same text with the top-level statements blanked that cannot be parsed.

    Holes stay. Empty lines keep every other line where it was; a text of which nothing can be
    parsed is all blank.
    """
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for _ in range(TRIES):
        line = first_error(fill_holes("\n".join(lines))[0])
        if line is None:
            return "\n".join(lines)
        blank(lines, line)
    return "\n" * (len(lines) - 1)


def blank(lines: list[str], line: int) -> None:
    """Blanks the top-level statement that the error on a line is in."""
    start, end = block_around(lines, min(line, len(lines)) - 1)
    if start < line - 1 and first_error(fill_holes(lines[start])[0]) is None:
        start = min(line, len(lines)) - 1  # a stray line behind a statement that is whole
        end = start + 1
    if not any(text.strip() for text in lines[start:end]):
        start, end = 0, min(line, len(lines))  # an error of what came before
    lines[start:end] = [""] * (end - start)


def first_error(text: str, *, before: int = 0, flags: int = 0) -> int | None:
    """The line of a text's first syntax error, None if it has none.

    Some are found by the compiler alone: `await` or `return` at the top of a module, as in
    notebooks. Nothing of the text runs. `before`: the lines of whole statements that come before
    the text, which are to be counted; `flags`: the compiler's, as they have set them.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(parse(text), NO_FILE, "exec", flags=flags, dont_inherit=True)
    except SyntaxError as error:
        return before + error.lineno if error.lineno else 1
    except (ValueError, RecursionError, MemoryError, OverflowError):
        return 1
    return None


def block_around(lines: list[str], index: int) -> tuple[int, int]:
    """The half-open range of lines of the top-level statement that holds `lines[index]`.

    Comments and empty lines behind it belong to what follows.
    """
    start = index
    while start > 0 and (_INDENTED.match(lines[start]) or _HEAD.match(lines[start])):
        start -= 1
    while start > 0 and lines[start - 1].startswith("@"):
        start -= 1
    end = index + 1
    while end < len(lines) and (_INDENTED.match(lines[end]) or _HEAD.match(lines[end])):
        end += 1
    while end > index + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return start, end
