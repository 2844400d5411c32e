"""The texts that `repr` gives, cut at their outermost level. Linear, and nothing is evaluated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

NO_LIMIT = 1 << 60

# Everything up to the next character that structures a repr, then that character. A quote opens a
# string unless a word stands before it ("it's"); "<" opens a group unless it looks like a
# comparison, and the ">" of an arrow closes none. Possessive throughout: no backtracking.
_STRING = r"""(?:'(?:[^'\\]++|\\.)*+'|"(?:[^"\\]++|\\.)*+")"""
_QUOTABLE = r"(?:(?<!\w)|(?<=\bb))"
_TOKEN = re.compile(
    rf"""[^'"()\[\]{{}}<>,:=]*+(?:
        {_QUOTABLE}{_STRING}
        | ([()\[\]{{}},:=] | <(?![\s=<]) | (?<![-=])> | {_QUOTABLE}['"])
        | . | \Z)""",
    re.VERBOSE | re.DOTALL,
)
_CLOSERS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_KEYWORD = re.compile(r"[^\W\d]\w*\Z")

STRING = re.compile(rf"(b?){_STRING}", re.DOTALL)
UNFINISHED_STRING = re.compile(r"""(b?)(?:'(?:[^'\\]++|\\.)*+|"(?:[^"\\]++|\\.)*+)\\?""", re.DOTALL)
_ESCAPE = re.compile(
    r"""\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})
        |([0-7]{1,3})|([abfnrtv\\'"]))""",
    re.VERBOSE,
)
_SIMPLE = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))


class Item(NamedTuple):
    """One element of a container's text. `key`: a dict entry's key, or a call keyword's name."""

    key: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Level:
    """The outermost level of a bracketed text."""

    items: list[Item]
    end: int  # index behind the closing bracket; the text's length when it has none
    closed: bool
    truncated: bool = False  # there are more items than asked for
    comma: bool = False  # one stands behind the last item


def split_level(text: str, start: int, limit: int = NO_LIMIT) -> Level | None:
    """Cuts what stands between the bracket at `start` and its partner. None: brackets that cross.

    Keys are looked for in braces (`key: value`), and in parentheses behind a name (`key=value`).
    Stops after `limit` items (`end` and `closed` are then not known). Linear in the text.
    """
    bracket = text[start]
    sign = ":" if bracket == "{" else "=" if bracket == "(" and start else ""
    closers = [_CLOSERS[bracket]]
    items: list[Item] = []
    begin, mark = start + 1, -1  # of the item under way: its start, its first sign

    def take(end: int) -> None:
        key = text[begin:mark].strip() if mark >= 0 else None
        if key is None or (sign == "=" and not _KEYWORD.match(key)):
            items.append(Item(None, text[begin:end].strip()))
        else:
            items.append(Item(key, text[mark + 1 : end].strip()))

    for match in _TOKEN.finditer(text, start + 1):
        char = match[1]
        if char is None:
            continue
        if char == ",":
            if len(closers) == 1:
                if len(items) >= limit:
                    return Level(items, len(text), False, truncated=True)
                take(match.end() - 1)
                begin, mark = match.end(), -1
        elif char in ":=":
            if char == sign and mark < 0 and len(closers) == 1:
                mark = match.end() - 1
        elif char in "([{<":
            closers.append(_CLOSERS[char])
        elif char in ")]}>":
            if char != closers[-1]:
                if char == ">":
                    continue  # a comparison's, in some class's own repr
                while closers and closers[-1] == ">":
                    closers.pop()
                if not closers or closers[-1] != char:
                    return None
            closers.pop()
            if not closers:
                if not text[begin : match.end() - 1].strip():
                    return Level(items, match.end(), True, comma=bool(items))
                if len(items) >= limit:
                    return Level(items, match.end(), True, truncated=True)
                take(match.end() - 1)
                return Level(items, match.end(), True)
        else:
            break  # a string that never ends
    if text[begin:].strip():
        take(len(text))
    return Level(items, len(text), False)


def elements(text: str) -> list[str] | None:
    """The texts of the elements of a list's, tuple's, set's or frozenset's whole repr, in order.

    None for anything else, and for a text that is cut.
    """
    if text == "set()" or text == "frozenset()":
        return []
    start, end = 0, len(text)
    if text.startswith("frozenset({") and text.endswith("})"):
        start, end = 10, len(text) - 1
    elif not text.startswith(("[", "(", "{")) or text == "{}":
        return None
    level = split_level(text, start)
    if level is None or not level.closed or level.end != end:
        return None
    if any(item.key is not None or not item.text for item in level.items):
        return None
    if text[0] == "(" and len(level.items) == 1 and not level.comma:
        return None
    return [item.text for item in level.items]


def entries(text: str) -> list[tuple[str, str]] | None:
    """The (key, value) texts of a dict's whole repr, in order; None for anything else."""
    if not text.startswith("{"):
        return None
    level = split_level(text, 0)
    if level is None or not level.closed or level.end != len(text):
        return None
    if not all(item.key and item.text for item in level.items):
        return None
    return [(item.key or "", item.text) for item in level.items]


def string_body(text: str) -> str | None:
    """What stands between the quotes of a str's whole repr, escapes as written; else None."""
    match = STRING.fullmatch(text)
    return None if match is None or match[1] else text[1:-1]


def unescape(body: str) -> str:
    """The characters that the body of a str's or bytes' repr stands for. Never raises.

    Escapes that `repr` does not write and Python does not know stay as they are.
    """
    return body if "\\" not in body else _ESCAPE.sub(_unescaped, body)


def escaped_length(body: str) -> int:
    """How many characters `unescape` gives."""
    return len(body) if "\\" not in body else len(_ESCAPE.sub("_", body))


def _unescaped(match: re.Match[str]) -> str:
    if digits := match[1] or match[2] or match[3]:
        return chr(int(digits, 16))
    return chr(int(match[4], 8)) if match[4] else _SIMPLE[match[5]]
