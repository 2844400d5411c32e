"""A world model that plays back a real run, also from states that were observed. For tests only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tape import TapeWorld

from foreframe_protocol.states import Event, Frame, Trace

ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")


class AnyTape(TapeWorld):
    """Predicts the tape also from an observed state: it goes on where that was on the tape."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        super().__init__(frames)
        self.nodes: list[Any] = []
        node = None
        for frame in self.frames:
            node = (node or Trace()).append(frame)
            self.nodes.append(node)

    async def predict(self, program, trace, goal, **options):
        at = [n for n in self.nodes if key(n) == key(trace)]
        later = [n for n in at if n.length >= getattr(self, "_last", 0)]
        assert at, f"{key(trace)} is not on the tape"
        node = (later or at)[0]
        self._last = node.length
        found = await super().predict(program, replace(trace, length=node.length), goal, **options)
        return found


def key(node: Any) -> object:
    """What a tape and an observed state have in common."""
    state = node.state
    stack = state.stack
    values = {n: ADDRESS.sub("", v.text) for n, v in stack[-1].locals.items()}
    event = Event.LINE if state.event is None else state.event
    return [(s.function, s.line) for s in stack], event, values
