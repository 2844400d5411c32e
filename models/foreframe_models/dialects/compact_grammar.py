"""Frames of the compact dialect as lark expressions: every token by its id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from foreframe_models.dialects.compact_changes import VALUE_CHARS
from foreframe_models.dialects.compact_text import number_of, which_ids
from foreframe_models.dialects.listing import Listing
from foreframe_models.program.flow import CALLED
from foreframe_models.program.parts import VALUE_CHARS as PART_CHARS

if TYPE_CHECKING:
    from foreframe_models.program.binding import Names
    from foreframe_models.program.control_flow import Function

MAX_WAYS = 12  # pairs of orders of names around one edge


class CompactWriter:
    """Writes frames for `walk_grammar`.

    Names that an edge of control flow binds must be there, in order; those it unbinds too; others
    only if the line just run may have changed them. Where it is not known which names are bound,
    every way is allowed that the lines leave open.
    """

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.vocabulary = listing.vocabulary
        self._rules: dict[str, str] = {}
        self._parts = 0  # the most that a line has

    def call(self, function: Function, line: int | None, order: Names | None) -> str:
        orders = (order,) if order is not None else function.call_orders(line or CALLED)
        shown = max(1, function.def_line if line is None else line)
        which = which_ids(self.listing, function.qualname, function.scope_line, shown)
        if orders is None:
            given = f"{self._any(function.names, 'wb')}*" if function.names else ""
        else:
            given = self._choice(" ".join(self._named("wb", n) for n in order) for order in orders)
        return f"{self._special('<call>')} {self._ids(which)} {given} {self._line(shown)}"

    def evaluated(self, line: int) -> str:
        """What may stand before any frame that comes once `line` has begun to run: its parts.

        In order, and each one left out where it was not evaluated, or not told.
        """
        count = self.listing.parts(line)
        self._parts = max(self._parts, count)
        return f"wparts{count}" if count else ""

    def line(
        self,
        function: Function,
        line: int,
        previous: int | None,
        before: Names | None,
        after: Names | None,
    ) -> str:
        changes = self._changes(function, line, previous, before, after)
        parts = self.evaluated(previous) if previous else ""
        upcoming = "wnext?" if line in self.listing.loops else ""
        return f"{parts} {self._special('<line>')} {changes} {upcoming} {self._line(line)}"

    def _changes(
        self,
        function: Function,
        line: int,
        previous: int | None,
        before: Names | None,
        after: Names | None,
    ) -> str:
        """What may stand between a line frame's event and its line."""
        since = CALLED if previous is None else previous
        changed = function.changes(since)
        written = self._written(function, line, previous)
        if before is not None and after is not None:
            return self._choice([self._edge(before, after, changed, written)])
        starts = function.call_orders() if previous is None else function.orders(previous)
        ends = function.orders(line)
        if starts is None or ends is None or len(starts) * len(ends) > MAX_WAYS:
            gone = function.deletes.get(since, frozenset())
            names = [name for name in function.names if name in changed | gone]
            return f"{self._any(names, 'wany')}*" if names else ""
        return self._choice(
            self._edge(one, other, changed, written)
            for one in starts
            for other in ends
            if may_follow(function, previous, one, other)
        )

    def returned(self, function: Function, line: int) -> str:
        value = f"({self._special('<ret>')} wcut | {self._special('<unwind>')})"
        return f"{self.evaluated(line)} {value} {self._line(line)}"

    def raised(self, function: Function, line: int) -> str:
        return f"{self.evaluated(line)} {self._special('<exc>')} wcut {self._line(line)}"

    def prelude(self) -> str:
        plain = len(self.vocabulary.special)
        end = self._special("<;>")
        whole, add = self._special("<=>"), self._special("<+>")
        away, inside, insert = (self._special(f"<{sign}>") for sign in "-@^")
        zero = self.vocabulary.plain["0"]
        more, last = self.vocabulary.bytes[0x80], self.vocabulary.bytes[0xBF]
        rules = [f"{name}: {text}" for text, name in self._rules.items()]
        for index in range(self._parts):
            before = f"wparts{index}" if index else ""
            rules.append(f"wparts{index + 1}: {before} wpart{index}?")
            rules.append(f"wpart{index}: <[{self.vocabulary.first_part + index}]> wshort {end}")
        return "\n".join(
            [
                *rules,
                # By the character: one that is no token of its own is a byte, and up to three more.
                f"wu: <[{plain}-{more - 1},{last + 1}-{len(self.vocabulary) - 1}]> "
                f"<[{more}-{last}]>{{0,3}}",
                f"wv: wu{{1,{VALUE_CHARS}}}",
                f"wcut: wv {self._special('<cut>')}?",
                f"wshort: wu{{1,{PART_CHARS}}} {self._special('<cut>')}?",
                f"wnext: {self._special('<it>')} wshort? {end}",
                f"wb: {whole} wcut {end}",
                f"wd: {self._special('<del>')} {end}",
                f"wc: winside* ({whole} wcut | {add} wv | {away} wv | winsert) {end}",
                f"winside: {inside} wv",
                f"winsert: {insert} wdigit{{1,4}} {whole} wv",
                "wany: wc | wd",
                # Not one range of ten: where two expressions match a token, only one is followed.
                f"wdigit: <[{zero}]> | <[{zero + 1}-{zero + 9}]>",
            ]
        )

    def _written(self, function: Function, line: int, previous: int | None) -> frozenset[str]:
        """Names that are written in any case, unless an exception may have led here."""
        if previous is None or line in function.handlers.get(previous, ()):
            return frozenset()
        return self.listing.written(previous, line)

    def _edge(
        self,
        before: Sequence[str],
        after: Sequence[str],
        changed: frozenset[str],
        written: frozenset[str],
    ) -> str:
        """The changes between two orders of names."""
        parts = []
        for name in before:
            if name not in after:
                parts.append(self._named("wd", name))
            elif name in written:
                parts.append(self._named("wb", name))
            elif name in changed:
                parts.append(f"{self._named('wc', name)}?")
        fresh = [name for name in after if name not in before]
        return " ".join([*parts, *(self._named("wb", name) for name in fresh)])

    def _choice(self, ways: Iterable[str]) -> str:
        found = list(dict.fromkeys(ways))
        if found == [""]:
            return ""
        # An empty way is no alternative in lark's notation, but an optional rule is.
        text = " | ".join(way for way in found if way)
        return f"{self._rule(text)}?" if "" in found and text else self._rule(text) if text else ""

    def _named(self, kind: str, name: str) -> str:
        return self._rule(f"{self._ids(self.vocabulary.word(name))} {kind}")

    def _any(self, names: Iterable[str], kind: str) -> str:
        return self._rule(" | ".join(self._named(kind, name) for name in names))

    def _rule(self, text: str) -> str:
        return self._rules.setdefault(text, f"wr{len(self._rules)}")

    def _ids(self, ids: Iterable[int]) -> str:
        return " ".join(f"<[{token}]>" for token in ids)

    def _special(self, text: str) -> str:
        return f"<[{self.vocabulary.special[text]}]>"

    def _line(self, line: int) -> str:
        return f"<[{number_of(self.listing, line)}]>"


def may_follow(
    function: Function, line: int | None, before: Sequence[str], after: Sequence[str]
) -> bool:
    """Whether names can go from one order to the other while `line` runs; None: after the call."""
    kept = [name for name in before if name in after]
    if list(after[: len(kept)]) != kept:
        return False
    if line is None:
        return True
    fresh, gone = set(after) - set(before), set(before) - set(after)
    return fresh <= function.binds.get(line, frozenset()) and gone <= function.deletes.get(
        line, frozenset()
    )
