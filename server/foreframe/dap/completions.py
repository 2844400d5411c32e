"""What could be typed next: names at a stop, and the members of values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from foreframe.errors import ExpressionError
from foreframe.expressions import evaluate
from foreframe.operations import METHODS
from foreframe_protocol.states import Value
from foreframe_protocol.values import Kind

Label = tuple[str, str]  # a text and what it is, in DAP's words


def completions(text: str, names: Mapping[str, Value]) -> tuple[int, list[Label]]:
    """Where the word at the end of `text` starts, and what it may become."""
    start = len(text)
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    word, before = text[start:], text[:start]
    if before.endswith("."):
        begin = len(before) - 1
        while begin and (before[begin - 1].isalnum() or before[begin - 1] in "_.[]'\""):
            begin -= 1
        found = list(members(before[begin:-1], names))
    elif before.endswith("["):
        begin = len(before) - 1
        while begin and (before[begin - 1].isalnum() or before[begin - 1] in "_.[]'\""):
            begin -= 1
        found = [*keys(before[begin:-1], names), *((name, "variable") for name in names)]
    else:
        found = [(name, "variable") for name in names]
    return start, [label for label in found if label[0].startswith(word)]


def members(expression: str, names: Mapping[str, Value]) -> Iterator[Label]:
    """The attributes that a value's repr shows, and the methods that can be evaluated on it."""
    try:
        result = evaluate(expression, names)
    except ExpressionError:
        return
    if result.tree.kind in (Kind.CALL, Kind.ENUM):
        for child in result.tree.page(0, 100):
            if child.access.startswith("."):
                yield child.name, "property"
    for kind, methods in METHODS.items():
        if kind.__name__ == result.tree.type_name:
            yield from ((name, "method") for name in sorted(methods))


def keys(expression: str, names: Mapping[str, Value]) -> Iterator[Label]:
    """The first keys of a dictionary."""
    try:
        result = evaluate(expression, names)
    except ExpressionError:
        return
    if result.tree.kind is Kind.DICT:
        yield from ((child.name, "value") for child in result.tree.page(0, 100))


def units_to_index(text: str, units: int) -> int:
    """The index of a position that is given in UTF-16 code units, as editors count."""
    index = 0
    while index < len(text) and units > 0:
        units -= 2 if ord(text[index]) > 0xFFFF else 1
        index += 1
    return index


def index_to_units(text: str, index: int) -> int:
    """UTF-16 code units before an index."""
    return index + sum(ord(char) > 0xFFFF for char in text[:index])
