"""What a traced program tells beside its frames: its parts, and the next elements of its loops.

Stdlib only: the tracer's child reads this file too, by its path.
"""

from __future__ import annotations

import ast
import dis
import re
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from foreframe_models.program import iterators, parts
else:  # the tracer has loaded them
    import _foreframe_iterators as iterators
    import _foreframe_parts as parts

if TYPE_CHECKING:
    from foreframe_models.training.tracer import Tracer

UPCOMING = 3  # elements of a `for` that are told
BUILT_IN: dict[str, Callable[..., Any]] = {
    "range": range,
    "enumerate": enumerate,
    "zip": zip,
    "reversed": reversed,
}


def text_of(value: object, limit: int) -> tuple[str, bool]:
    """(`repr(value)` or its first `limit` characters, whether it was cut). Never raises."""
    try:
        text = repr(value)
    except Exception as error:
        text = f"<unprintable {type(value).__name__} object: {type(error).__name__}>"
    return (text, False) if len(text) <= limit else (text[:limit], True)


class Parts:
    """What a program tells of its parts and of its loops as it runs: see `program/parts.py`."""

    def __init__(self, source: str, tree: ast.Module, tracer: Tracer) -> None:
        self.tracer = tracer
        self.loops = parts.watched_loops(tree)
        # Keeping an iterator can keep objects alive: not where that could be seen.
        self.watching = not re.search(r"\b(__del__|weakref|gc|getrefcount)\b", source)
        self.groups: dict[int, parts.Group] = {}
        self.pending: list[list[Any]] = []
        self.iterators: dict[tuple[int, int], Iterator[Any]] = {}  # by id of frame, and line
        self.codes: dict[int, bytes] = {}  # by id of a code object, all of which live on

    def compiled(self, tree: ast.Module, path: str) -> CodeType:
        """The program, instrumented."""
        code, self.groups = parts.instrument(tree, path, self.record, self.watch)
        return code

    def record(self, first: int, index: int, value: object) -> object:
        """Notes the value of a part on the lines from `first` on, and gives it back."""
        tracer = self.tracer
        line = None if tracer.looking else tracer.lines.get(sys._getframe(1))
        if line is not None and line in self.groups and self.groups[line].first == first:
            tracer.looking = True
            try:
                told = told_text(value)
            finally:
                tracer.looking = False
            if told is not None:
                self.pending.append([index, *told])
        return value

    def watch(self, line: int, value: object) -> object:
        """Gives the iterator of what a `for` iterates over, where it can be looked into."""
        if not self.watching or self.tracer.looking:
            return value
        frame = sys._getframe(1)
        if frame not in self.tracer.lines:
            return value
        found = iterators.iterator_of(value)
        if found is None:
            self.iterators.pop((id(frame), line), None)
            return value
        self.iterators[id(frame), line] = found
        return found

    def fill(self, record: dict[str, Any], frame: FrameType, event: str) -> None:
        """Puts what is known into a record."""
        record["parts"], self.pending = self.pending, []
        if event == "line" and record["line"] in self.loops:
            upcoming = self.upcoming(frame, record["line"])
            if upcoming is not None:
                record["upcoming"] = upcoming
        elif event == "return" and self.opname(frame) != "YIELD_VALUE":
            gone = [key for key in self.iterators if key[0] == id(frame)]
            for key in gone:
                del self.iterators[key]

    def opname(self, frame: FrameType) -> str:
        """The instruction that a frame is at, behind what only lengthens its argument."""
        code = frame.f_code
        if id(code) not in self.codes:
            self.codes[id(code)] = code.co_code
        at = frame.f_lasti
        while dis.opname[self.codes[id(code)][at]] == "EXTENDED_ARG":
            at += 2
        return dis.opname[self.codes[id(code)][at]]

    def upcoming(self, frame: FrameType, line: int) -> list[Any] | None:
        """[text, whether cut] of the elements that the `for` on `line` takes next."""
        iterator: Iterator[Any] | None
        if self.opname(frame) == "FOR_ITER":
            iterator = self.iterators.get((id(frame), line))
        else:
            iterator = iterators.iterator_of(self.about_to(frame, self.loops[line]))
        if iterator is None:
            return None
        items = iterators.following(iterator, UPCOMING + 1)
        return None if items is None else told_elements(items)

    def about_to(self, frame: FrameType, node: ast.expr) -> object:
        """What a `for` that begins will iterate over, where finding out changes nothing.

        None where its header is more than names, constants and the built-in iterators over them.
        """
        match node:
            case ast.Name(id=name):
                return frame.f_locals.get(name, frame.f_globals.get(name))
            case ast.Call(func=ast.Constant(), args=[inner]):  # instrumented
                return self.about_to(frame, inner)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in BUILT_IN:
                if name in frame.f_locals or name in frame.f_globals:
                    return None
                given = [self.about_to(frame, arg) for arg in args]
                known = iterators.ITERABLES | {enumerate, zip, int}
                if any(type(value) not in known for value in given):
                    return None
                try:
                    return BUILT_IN[name](*given)
                except (TypeError, ValueError):
                    return None
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Name() as owner, attr="items" | "keys" | "values" as method
                ),
                args=[],
                keywords=[],
            ):
                found = self.about_to(frame, owner)
                return getattr(found, method)() if type(found) is dict else None
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return None


def told_text(value: object) -> tuple[str, bool] | None:
    """(a part's text, whether it was cut); None where it tells more of the machine than of it."""
    text, _ = text_of(value, sys.maxsize)
    if " at 0x" in text or "<module " in text:
        return None
    return text[: parts.VALUE_CHARS], len(text) > parts.VALUE_CHARS


def told_elements(items: list[Any]) -> list[Any] | None:
    """[text of the first elements, whether there is more]: as many as fit, but at least one."""
    told = [text_of(item, sys.maxsize)[0] for item in items[:UPCOMING]]
    if any(" at 0x" in text for text in told):
        return None
    shown = len(told)
    while shown > 1 and len(", ".join(told[:shown])) > parts.VALUE_CHARS:
        shown -= 1
    text = ", ".join(told[:shown])
    return [
        text[: parts.VALUE_CHARS],
        shown < len(items) or len(text) > parts.VALUE_CHARS,
    ]
