"""Frames of CWM's format as lark expressions: separators by id, keys in their possible orders."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from foreframe_protocol.trace_text import Separator

if TYPE_CHECKING:
    from foreframe_models.binding import Orders
    from foreframe_models.control_flow import Function

_CHARACTER = r'[^"\\\x00-\x1f]|\\["\\\/bfnrt]|\\u[0-9a-fA-F]{4}'


def literal(text: str) -> str:
    """A text as a lark string."""
    return json.dumps(text, ensure_ascii=False)


class CwmWriter:
    """Writes frames for `walk_grammar`. `value_chars` bounds the length of a value's text."""

    def __init__(self, ids: Mapping[Separator, int], *, value_chars: int = 200) -> None:
        self._token = {separator: f"<[{ident}]>" for separator, ident in ids.items()}
        self._value = f'V: /"({_CHARACTER}){{0,{value_chars}}}"/'
        self._objects: dict[str, str] = {}  # expression → rule's name
        self._keys: dict[str, str] = {}  # terminals of frames whose keys come in any order

    def call(self, function: Function, line: int | None) -> str:
        orders = function.call_orders(line) if line else function.call_orders()
        shown = function.def_line if line is None else line
        return self._state(Separator.CALL, function, shown, orders)

    def line(self, function: Function, line: int, previous: int | None) -> str:
        return self._state(Separator.LINE, function, line, function.orders(line))

    def returned(self, function: Function, line: int) -> str:
        return self._value_frame(Separator.RETURN, function, line)

    def raised(self, function: Function, line: int) -> str:
        return self._value_frame(Separator.EXCEPTION, function, line)

    def prelude(self) -> str:
        rules = [f"{name}: {text}" for text, name in self._objects.items()]
        rules += (f"{name}: {text}" for name, text in self._keys.items())
        return "\n".join([*rules, self._value])

    def _source(self, function: Function, line: int) -> str:
        source = literal(function.program.line_text(line) + "\n")
        return f"{self._token[Separator.ACTION]} {source}"

    def _state(self, event: Separator, function: Function, line: int, orders: Orders | None) -> str:
        shown = self._any_order(function) if orders is None else self._exact(orders)
        end = self._token[Separator.FRAME]
        return f"{self._token[event]} {shown} {self._source(function, line)} {end}"

    def _value_frame(self, event: Separator, function: Function, line: int) -> str:
        value = f"{self._token[Separator.ARG]} V {self._token[Separator.FRAME]}"
        return f"{self._token[event]} {self._source(function, line)} {value}"

    def _exact(self, orders: Orders) -> str:
        ways = []
        for names in orders:
            parts = [
                f"{literal(('{' if not index else ', ') + json.dumps(name, ensure_ascii=False))}"
                for index, name in enumerate(names)
            ]
            keys = [f'{part[:-1]}: "' for part in parts]
            ways.append(" ".join(f"{key} V" for key in keys) + ' "}"' if names else '"{}"')
        return self._rule(" | ".join(ways))

    def _any_order(self, function: Function) -> str:
        if not function.names:
            return self._rule('"{}"')
        keys = "|".join(re.escape(name) for name in function.names)
        terminal = f"K{function.id}"
        self._keys[terminal] = f'/"({keys})": /'
        pair = self._rule(f"{terminal} V")
        return self._rule(f'"{{" ({pair} (", " {pair})*)? "}}"')

    def _rule(self, text: str) -> str:
        return self._objects.setdefault(text, f"w{len(self._objects)}")
