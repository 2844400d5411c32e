"""The legal frames before a known one in the compact dialect, as a lark grammar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from foreframe_models.dialects.compact_backward import written
from foreframe_models.dialects.compact_grammar import MAX_WAYS, CompactWriter
from foreframe_models.dialects.compact_text import which_ids
from foreframe_models.past import Past, PastPlace
from foreframe_models.program.flow import CALLED
from foreframe_models.program.retracing import Before, Retracing, earlier_orders, whole_orders
from foreframe_protocol.states import Event, Value

if TYPE_CHECKING:
    from foreframe_models.dialects.listing import Listing
    from foreframe_models.program.binding import Names
    from foreframe_models.program.control_flow import Function

Known = Mapping[str, Value]


def past_grammar(
    listing: Listing,
    retracing: Retracing,
    place: PastPlace,
    *,
    kind: str = "",
    known: Known | None = None,
) -> str | None:
    """The one frame (or the two, of a scope left by an exception) that may come before.

    `kind`: "call" for the jump to this scope's call alone; "<ret>" or "<unwind>": what follows
    such an event and its value in the prompt. `known`: names of a line frame whose values the
    grammar fixes. None when there is nothing before.
    """
    writer = PastWriter(listing, place, known or {})
    if kind == "call":
        frames = writer.calls_jumped_to(retracing)
    elif kind:
        lines = {b.shown for b in retracing.before() if b.unwinds is (kind == "<unwind>")}
        frames = [writer.line_token(line) for line in sorted(lines)]
    else:
        frames = [writer.before(before) for before in retracing.before()]
    frames = list(dict.fromkeys(frames))
    if not frames:
        return None
    return f"start: {' | '.join(f'({f})' for f in frames)}\n{writer.prelude()}\n"


class PastWriter(CompactWriter):
    """Writes frames of the way back as expressions, given what follows them.

    Names that the line that ran has bound must have been unbound where control flow knows that;
    which names may change at all is what it may change forward. Values are free.
    """

    def __init__(self, listing: Listing, place: PastPlace, known: Known) -> None:
        super().__init__(listing)
        self.place, self.known = place, known

    def line_token(self, line: int) -> str:
        """A line's token."""
        return self._line(line)

    def before(self, before: Before) -> str:
        """One frame."""
        function, line = before.function, before.shown
        match before.event:
            case Event.RETURN:
                event = self._special("<unwind>" if before.unwinds else "<ret>")
                which = which_ids(self.listing, function.qualname, function.scope_line, line)
                return f"{event} {self._ids(which)} wcut {self._line(line)}"
            case Event.EXCEPTION:
                return f"{self._special('<exc>')} wcut {self._line(line)}"
        event = self._special("<line>" if before.event is Event.LINE else "<call>")
        olds = self._olds(before, self.place.live[-1])
        return f"{event} {self._line(line)} {olds} {self._special('<;>')}"

    def calls_jumped_to(self, retracing: Retracing) -> list[str]:
        """The calls that the scope on top may have begun with."""
        function = retracing.stack[-1].function
        found = []
        for at in sorted({CALLED} | function.yields):
            before = Before(Event.CALL, function, at)
            orders = self._whole(function, whole_orders(function, before))
            line, end = self._line(before.shown), self._special("<;>")
            found.append(f"{self._special('<jump>')} {self._special('<call>')} {line} {orders} {end}")  # fmt: skip  # noqa: E501
        return found

    def prelude(self) -> str:
        insert, whole = self._special("<^>"), self._special("<=>")
        end = self._special("<;>")
        back = f"wback: ({insert} wdigit{{1,4}})? {whole} wcut {end}"
        return f"{super().prelude()}\n{back}\nwold: wc | wd"

    def _olds(self, before: Before, top: Past) -> str:
        """What may stand between a frame's line and its end."""
        function = before.function
        if top.locals is None:
            return self._whole(function, whole_orders(function, before))
        if top.following is None and not top.raised:
            return ""  # a return or an exception frame came next, and those change nothing
        later = tuple(top.locals)
        changed = function.changes(before.line)
        always = written(self.listing, top, before.shown)
        orders = None
        if top.following is not None:
            orders = earlier_orders(function, before, top.following, later)
        if orders is None or len(orders) > MAX_WAYS:
            return self._unsure(function, before, later, changed)
        return self._choice(self._from(order, later, changed, always) for order in orders)

    def _from(
        self, earlier: Names, later: Names, changed: frozenset[str], always: frozenset[str]
    ) -> str:
        """What is written when the frame shows the names `earlier`."""
        parts = []
        for name in later:
            if name not in earlier:
                parts.append(self._named("wd", name))
            elif name in always:
                parts.append(self._named("wb", name))
            elif name in changed:
                parts.append(f"{self._named('wc', name)}?")
        count = sum(name in later for name in earlier)
        for index, name in enumerate(earlier):
            if name in later:
                continue
            if index < count:
                digits = self._ids(self.vocabulary.value(str(index)))
                at = f"{self._special('<^>')} {digits}"
                parts.append(self._rule(f"{self._ids(self.vocabulary.word(name))} {at} wb"))
            else:
                parts.append(self._named("wb", name))
            count += 1
        return " ".join(parts)

    def _unsure(
        self, function: Function, before: Before, later: Names, changed: frozenset[str]
    ) -> str:
        """The same where the orders of names are not known: every name that may differ."""
        bound = function.binds.get(before.line, frozenset()) | changed
        gone = function.deletes.get(before.line, frozenset())
        parts = [f"{self._named('wold', name)}?" for name in later if name in bound]
        parts += (f"{self._named('wback', n)}?" for n in sorted(gone) if n not in later)
        return " ".join(parts)

    def _whole(self, function: Function, orders: Iterable[Names] | None) -> str:
        """All names of a frame of which nothing is known."""
        if orders is None:
            return f"{self._any(function.names, 'wb')}*" if function.names else ""
        return self._choice(" ".join(map(self._given, order)) for order in orders)

    def _given(self, name: str) -> str:
        """A name with its value, which is told where it is known."""
        value = self.known.get(name)
        if value is None:
            return self._named("wb", name)
        vocabulary = self.vocabulary
        ids = [*vocabulary.word(name), vocabulary.special["<=>"], *vocabulary.value(value.text)]
        return self._rule(self._ids([*ids, vocabulary.special["<;>"]]))
