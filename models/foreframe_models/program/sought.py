"""Strings cut, or put together anew, where another one stands in them: nothing is counted.

From texts to texts, as `moved.py` does it.
"""

from __future__ import annotations

from collections.abc import Sequence

from foreframe_models.program.moved import plain
from foreframe_protocol.value_tree import Kind, NotLiteral, literal, parse_value

METHODS = frozenset(
    "startswith endswith removeprefix removesuffix replace partition rpartition split rsplit "
    "strip lstrip rstrip".split()
)
MOST_CHARS = 10_000  # of what may come of it


def called(text: str, method: str, args: Sequence[str]) -> str | None:
    """What `value.method(*args)` gives, for one of METHODS; None where the texts do not tell."""
    tree = plain(text)
    if tree is None or tree.kind not in (Kind.STR, Kind.BYTES) or method not in METHODS:
        return None
    size = len(text) * (1 + max(map(len, args), default=0))  # each character may be replaced
    if size > MOST_CHARS:
        return None
    try:
        given = getattr(literal(tree), method)(*(literal(parse_value(arg)) for arg in args))
    except (NotLiteral, TypeError, ValueError, OverflowError):
        return None
    return repr(given)
