"""Python's own parser, for several threads at once: nothing is executed."""

from __future__ import annotations

import ast
from threading import RLock

TRIES = 5
_ONE_AT_A_TIME = RLock()


def parse(text: str, path: str = "<unknown>") -> ast.Module:
    """As `ast.parse`, with what that raises.

    CPython 3.11 counts the depth of a tree that it makes for all threads together: where one of
    them is interrupted by the collection of garbage while another parses, it ends with a
    SystemError ("recursion depth mismatch"). What is small, and parsed elsewhere, may interrupt.
    """
    with _ONE_AT_A_TIME:
        for _ in range(TRIES - 1):
            try:
                return ast.parse(text, path)
            except SystemError:
                continue
        return ast.parse(text, path)
