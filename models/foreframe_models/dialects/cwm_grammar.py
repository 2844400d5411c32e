"""Frames of CWM's format as lark expressions: separators by id, keys in their possible orders."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from foreframe_models.program.flow import CALLED
from foreframe_protocol.trace_parser import UNCHANGED_JSON
from foreframe_protocol.trace_text import Separator

if TYPE_CHECKING:
    from foreframe_models.program.binding import Names, Orders
    from foreframe_models.program.control_flow import Function

_CHARACTER = r'[^"\\\x00-\x1f]|\\["\\\/bfnrt]|\\u[0-9a-fA-F]{4}'


def _key(name: str) -> str:
    return f"{json.dumps(name, ensure_ascii=False)}: "


def literal(text: str) -> str:
    """A text as a lark string."""
    return json.dumps(text, ensure_ascii=False)


class CwmWriter:
    """Writes frames for `walk_grammar`. `value_chars` bounds the length of a value's text."""

    def __init__(self, ids: Mapping[Separator, int], *, value_chars: int = 200) -> None:
        self._token = {separator: f"<[{ident}]>" for separator, ident in ids.items()}
        self._value = f'V: /"({_CHARACTER}){{0,{value_chars}}}"/'
        self._objects: dict[str, str] = {}  # expression → rule's name
        self._keys: dict[str, str] = {}  # the same, of terminals for keys in any order

    def call(self, function: Function, line: int | None, order: Names | None) -> str:
        known = (order,) if order is not None else function.call_orders(line or CALLED)
        shown = function.def_line if line is None else line
        return self._state(Separator.CALL, function, shown, known)

    def line(
        self,
        function: Function,
        line: int,
        previous: int | None,
        before: Names | None,
        after: Names | None,
    ) -> str:
        known = (after,) if after is not None else function.orders(line)
        changed = function.changes(CALLED if previous is None else previous)
        same = frozenset(function.names) - changed
        return self._state(Separator.LINE, function, line, known, same)

    def evaluated(self, line: int) -> str:
        return ""

    def returned(self, function: Function, line: int) -> str:
        return self._value_frame(Separator.RETURN, function, line)

    def raised(self, function: Function, line: int) -> str:
        return self._value_frame(Separator.EXCEPTION, function, line)

    def prelude(self) -> str:
        rules = [f"{name}: {text}" for text, name in self._objects.items()]
        rules += (f"{name}: {text}" for text, name in self._keys.items())
        return "\n".join([*rules, self._value])

    def _source(self, function: Function, line: int) -> str:
        source = literal(function.program.line_text(line) + "\n")
        return f"{self._token[Separator.ACTION]} {source}"

    def _state(
        self,
        event: Separator,
        function: Function,
        line: int,
        orders: Orders | None,
        same: frozenset[str] = frozenset(),
    ) -> str:
        """A frame with locals; those in `same` are sure to be what they were."""
        shown = self._any_order(function, same) if orders is None else self._exact(orders, same)
        end = self._token[Separator.FRAME]
        return f"{self._token[event]} {shown} {self._source(function, line)} {end}"

    def _value_frame(self, event: Separator, function: Function, line: int) -> str:
        value = f"{self._token[Separator.ARG]} V {self._token[Separator.FRAME]}"
        return f"{self._token[event]} {self._source(function, line)} {value}"

    def _exact(self, orders: Orders, same: frozenset[str]) -> str:
        ways = []
        for names in orders:
            parts = []
            for index, name in enumerate(names):
                key = ("{" if not index else ", ") + _key(name)
                parts.append(literal(f"{key}{UNCHANGED_JSON}") if name in same else
                             f"{literal(key)} V")  # fmt: skip
            ways.append(" ".join(parts) + ' "}"' if names else '"{}"')
        return self._rule(" | ".join(ways))

    def _any_order(self, function: Function, same: frozenset[str]) -> str:
        pairs = []
        if free := [name for name in function.names if name not in same]:
            keys = "|".join(re.escape(name) for name in free)
            terminal = self._keys.setdefault(f'/"({keys})": /', f"K{len(self._keys)}")
            pairs.append(f"{terminal} V")
        pairs += (literal(f"{_key(n)}{UNCHANGED_JSON}") for n in function.names if n in same)
        if not pairs:
            return self._rule('"{}"')
        pair = self._rule(" | ".join(pairs))
        return self._rule(f'"{{" ({pair} (", " {pair})*)? "}}"')

    def _rule(self, text: str) -> str:
        return self._objects.setdefault(text, f"w{len(self._objects)}")
