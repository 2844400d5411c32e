"""A program's text in blocks of whole top-level statements: what an edit leaves as it was. Pure.

A text is parsed once. After an edit only the blocks around it are parsed again; those before and
behind it are taken over, whatever their lines are now. That is as good as parsing all of it:
between two blocks Python's tokenizer is in the state that it begins in, and so are the scans for
holes and for comments. Where that cannot be told for sure, the text is one block.
"""

from __future__ import annotations
import __future__

import ast
import re
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import accumulate
from operator import or_

from foreframe.examples import (
    STRING_OR_COMMENT,
    Example,
    asserts_in,
    comment_examples,
    doctests_in,
)
from foreframe.forms import module_names
from foreframe.holes import Hole, holes_of
from foreframe.loops import own_nodes
from foreframe_models.program.salvage import blank, first_error
from foreframe_models.program.source import (
    ProgramError,
    compile_program,
    fill_holes,
    filled_at,
    scanned,
    short_names,
    unused_name,
)
from foreframe_models.program.syntax import parse

Definition = ast.FunctionDef | ast.AsyncFunctionDef
UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
TRIES = 50  # errors that are looked past
FUTURE = "__future__"
FLAGS = reduce(
    or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)
FLAGS &= ~0xFFFF  # what code objects have for other reasons, too
_ODD = re.compile("[\ufeff\0\f]")  # moves columns, ends the text, begins a line anew
_OPEN = re.compile(STRING_OR_COMMENT.pattern + r"|(?P<open>'''|\"\"\")", re.DOTALL)


@dataclass(eq=False)
class Block:
    """Some whole statements and the lines before them, in their own lines.

    `tree` counts lines from `base`: a node's line is `lines[node.lineno - 1 - base]`. `holes` are
    theirs (line from 1 in the block, column), for which `hole_name` stands in the tree.
    """

    lines: list[str]
    tree: ast.Module
    base: int
    hole_name: str | None = None
    holes: tuple[tuple[int, int], ...] = ()

    @cached_property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    @property
    def offsets(self) -> list[int]:
        """Where its holes are in its text."""
        starts = [0, *accumulate(len(line) + 1 for line in self.lines)] if self.holes else []
        return [starts[line - 1] + column for line, column in self.holes]

    @cached_property
    def short_names(self) -> frozenset[str]:
        return short_names(self.text)

    @cached_property
    def names(self) -> frozenset[str]:
        """What its statements bind in the module."""
        return module_names(self.tree)

    @cached_property
    def functions(self) -> tuple[tuple[str, Definition], ...]:
        """(dotted name, definition) of functions and methods that are not inside functions."""
        return tuple(_functions(self.tree, ""))

    @cached_property
    def comments(self) -> list[Example]:
        """The examples in its comments; lines are those of the block."""
        return list(comment_examples(self.text))

    @cached_property
    def doctests(self) -> list[tuple[int, Example]]:
        """(depth in the tree, example); lines are those of the tree."""
        return list(doctests_in(self.tree)) if self._has_strings else []

    @cached_property
    def asserts(self) -> list[tuple[int, Example]]:
        """As `doctests`."""
        return list(asserts_in(self.tree)) if "assert" in self.text else []

    @cached_property
    def has_globals(self) -> bool:
        """Whether a statement of the module itself is `global`: it is about all of the text."""
        return "global" in self.text and any(
            isinstance(node, ast.Global) for node in own_nodes(self.tree)
        )

    @property
    def is_closed(self) -> bool:
        """Whether it can be told that no string goes on beyond it, for each of the scans."""
        return not self._has_strings or (
            scanned(self.text)[1] and not any(match["open"] for match in _OPEN.finditer(self.text))
        )

    @cached_property
    def _has_strings(self) -> bool:
        return "'" in self.text or '"' in self.text

    def holes_within(self, known: frozenset[str]) -> list[Hole]:
        """Its holes, in its own lines; `known` is what the module binds."""
        if known not in self._told:
            self._told = {known: holes_of(self, known)}
        return self._told[known]

    @cached_property
    def _told(self) -> dict[frozenset[str], list[Hole]]:
        return {}


@dataclass(frozen=True)
class Reading:
    """A text that is a program, in blocks."""

    lines: list[str]
    blocks: tuple[Block, ...]
    hole_name: str | None
    futures: int  # the compiler's flags that hold for all of it

    @cached_property
    def starts(self) -> list[int]:
        """How many lines are before each block, and before the end."""
        return [0, *accumulate(len(block.lines) for block in self.blocks)]

    @cached_property
    def last_future(self) -> int:
        """The index of the last block that speaks of `__future__`; -1 if there is none."""
        found = [i for i, block in enumerate(self.blocks) if FUTURE in block.text]
        return found[-1] if found else -1

    def shares(self, other: Reading) -> bool:
        """Whether the first or the last block is the same."""
        return self.blocks[0] is other.blocks[0] or self.blocks[-1] is other.blocks[-1]

    def placed(self) -> Iterator[tuple[Block, int]]:
        """The blocks, each with how much is to be added to its tree's lines."""
        for block, start in zip(self.blocks, self.starts, strict=False):
            yield block, start - block.base

    def holes(self) -> list[Hole]:
        """All holes, in order of the text."""
        placed = list(zip(self.blocks, self.starts, strict=False))
        if not any(block.holes for block in self.blocks):
            return []
        known = frozenset[str]().union(*(block.names for block in self.blocks))
        found: list[Hole] = []
        for block, start in placed:
            for hole in block.holes_within(known) if block.holes else ():
                found.append(replace(hole, index=len(found), line=hole.line + start))
        if len(self.blocks) > 1 and any(hole.function is None for hole in found):
            places = [(line + start, at) for block, start in placed for line, at in block.holes]
            return holes_of(_own(self.lines, tuple(places), self.hole_name), known)
        return found

    def at(self, line: int) -> tuple[Block, int] | None:
        """The block that holds a line (from 1), and what is to be added to its tree's lines."""
        if not 1 <= line <= self.starts[-1]:
            return None
        index = bisect_right(self.starts, line - 1) - 1
        return self.blocks[index], self.starts[index] - self.blocks[index].base


Kept = tuple[tuple[Block, ...], tuple[Block, ...]]  # the blocks before an edit, and behind it


@dataclass(frozen=True, slots=True)
class Edited:
    """Which blocks of a reading an edit leaves: those before `first`, those from `last` on.

    What is between them is now the lines from `start` to `end`.
    """

    first: int
    last: int
    start: int
    end: int


def read(source: str, before: Reading | None) -> tuple[Reading | None, str, bool]:
    """(what can be read of a text, the text that this was, whether that is all of it).

    A text with errors is read without the statements that hold them, as `salvage` blanks them.
    `before`: a reading of a text that may be much the same.
    """
    lines, is_whole = source.split("\n"), True
    if before is None or len(before.blocks) == 1 or _ODD.search(source):
        before = None
        with suppress(ProgramError):
            return whole(source), source, True
    with suppress(ProgramError):
        for _ in range(TRIES):
            edited = None if before is None else edit_of(lines, before)
            reading = None
            if before is not None and edited is not None:
                reading = joined(lines, before, edited)
            if reading is None:
                line = error_line(lines, before, edited)
                if line is not None:
                    is_whole = False
                    blank(lines, line)
                    continue
                reading = whole("\n".join(lines))
            return reading, "\n".join(lines), is_whole
        return None, "\n" * (len(lines) - 1), False
    return None, "\n".join(lines), False


def error_line(lines: list[str], before: Reading | None, edited: Edited | None) -> int | None:
    """The line of the first error of these lines, None if they have none.

    What is known to be right is passed over, unless it may be wrong with what follows it.
    """
    if before is not None and edited is not None and edited.first > before.last_future:
        middle = "\n".join(lines[edited.start : edited.end])
        if "global" not in middle and FUTURE not in middle:
            text = filled_from(lines, before, edited)
            return first_error(text, before=edited.start, flags=before.futures)
    return first_error(fill_holes("\n".join(lines))[0])


def filled_from(lines: list[str], before: Reading, edited: Edited) -> str:
    """The text from an edit on, with a name for its holes. Raises ProgramError.

    Those behind the edit are known, unless a string that it opens goes on there.
    """
    text = "\n".join(lines[edited.start :])
    middle = "".join(f"{line}\n" for line in lines[edited.start : edited.end])
    offsets, is_closed = scanned(middle)
    if not is_closed:
        return fill_holes(text)[0]
    blocks, at = before.blocks[edited.last :], len(middle)
    for block in blocks:
        offsets += (at + offset for offset in block.offsets)
        at += len(block.text)
    if not offsets:
        return text
    return filled_at(text, offsets, free_name(middle, ((), blocks)))[0]


def whole(text: str) -> Reading:
    """A text that is read from its beginning to its end. Raises ProgramError."""
    filled, name, places = fill_holes(text.removeprefix("\ufeff"))
    tree, code = compile_program(filled, "<document>")
    lines, futures = text.split("\n"), code.co_flags & FLAGS
    blocks: tuple[Block, ...] = ()
    if not _ODD.search(text) and not futures & __future__.barry_as_FLUFL.compiler_flag:
        blocks = split(tree, lines, name, places)
    if not blocks or any(block.has_globals or not block.is_closed for block in blocks):
        blocks = (Block(lines, tree, 0, name, places),)
    return Reading(lines, blocks, name, futures)


def edit_of(lines: list[str], before: Reading) -> Edited:
    """What is to be read again, with a block on each side: what is added may belong to it."""
    old, least = before.lines, min(len(lines), len(before.lines))
    head = next((i for i in range(least) if lines[i] != old[i]), least)
    tail = next((i for i in range(least - head) if lines[-1 - i] != old[-1 - i]), least - head)
    first = max(0, bisect_right(before.starts, head) - 2)
    last = max(first, bisect_left(before.starts, len(old) - tail))
    last = min(last + 1, len(before.blocks))
    end = before.starts[last] + len(lines) - len(old)
    return Edited(first, last, before.starts[first], end)


def joined(lines: list[str], before: Reading, edited: Edited) -> Reading | None:
    """The reading of an edited text; None where only all of the text tells, or it is no program."""
    middle = lines[edited.start : edited.end]
    text = "\n".join(middle) + ("\n" if edited.end < len(lines) else "")
    kept = before.blocks[: edited.first], before.blocks[edited.last :]
    if edited.first <= before.last_future or FUTURE in text:
        return None
    offsets, is_closed = scanned(text)
    if not is_closed or (middle and middle[-1].endswith("\\")):
        return None
    try:
        name = free_name(text, kept) if offsets or holes_in_any(kept) else None
        filled, places = filled_at(text, offsets, name) if name else (text, ())
        tree = checked(filled, before.futures)
        blocks = split(tree, middle, name, places)
        if not all(block.is_closed for block in blocks):
            blocks = (Block(middle, tree, 0, name, places),)
        if any(block.has_globals or not block.is_closed for block in blocks):
            return None
        head, tail = (tuple(renamed(block, name) for block in part) for part in kept)
    except UNPARSABLE:
        return None
    if not any(block.tree.body for block in (*head, *blocks, *tail)):
        return None
    return Reading(lines, (*head, *blocks, *tail), name, before.futures)


def free_name(text: str, kept: Kept) -> str:
    """The name that stands for holes in all of an edited text. Raises ProgramError."""
    return unused_name(short_names(text).union(*(b.short_names for part in kept for b in part)))


def holes_in_any(kept: Kept) -> bool:
    """Whether what an edit leaves has holes."""
    return any(block.holes for part in kept for block in part)


def checked(text: str, futures: int) -> ast.Module:
    """The tree of a text that the compiler takes, too. Raises what it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = parse(text)
        compile(tree, "<document>", "exec", flags=futures, dont_inherit=True, optimize=0)
    return tree


def renamed(block: Block, name: str | None) -> Block:
    """A block with this name for its holes."""
    if not block.holes or block.hole_name == name:
        return block
    return _own(block.lines, block.holes, name)


def split(
    tree: ast.Module, lines: list[str], name: str | None, places: Sequence[tuple[int, int]]
) -> tuple[Block, ...]:
    """The blocks of a text that is parsed: as small as whole lines and statements allow."""
    blocks: list[Block] = []
    start, body, holes = 0, list[ast.stmt](), list(reversed(places))
    following = [*(node.lineno for node in tree.body[1:]), len(lines) + 1]
    for node, after in zip(tree.body, following, strict=True):
        body.append(node)
        end = node.end_lineno or node.lineno
        is_last = after > len(lines)
        if is_last or (after > end and not lines[end - 1].endswith("\\")):
            end = len(lines) if is_last else end
            own = lines[start:end]
            inside: list[tuple[int, int]] = []
            while holes and holes[-1][0] <= end:
                line, column = holes.pop()
                inside.append((line - start, column))
            if inside:
                blocks.append(_own(own, tuple(inside), name))
            else:
                blocks.append(Block(own, ast.Module(body, []), start))
            start, body = end, []
    if start < len(lines):  # there is no statement at all
        blocks.append(Block(lines[start:], ast.Module([], []), start))
    return tuple(blocks)


def _own(lines: list[str], places: tuple[tuple[int, int], ...], name: str | None) -> Block:
    """A block with holes, whose tree counts lines as the block does."""
    if name is None:
        raise ProgramError("a text with holes needs a name for them")
    block = Block(lines, ast.Module([], []), 0, name, places)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        block.tree = parse(filled_at(block.text, block.offsets, name)[0])
    return block


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield prefix + name, child
            case ast.ClassDef(name=name):
                yield from _functions(child, f"{prefix}{name}.")
            case ast.If() | ast.Try() | ast.With():
                yield from _functions(child, prefix)
