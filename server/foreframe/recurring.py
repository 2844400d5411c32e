"""Watches a walk for a state that has been there before, so that nothing new follows. Pure."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from foreframe.halting import Answer, does_it_end
from foreframe.prospects import LEAST
from foreframe_protocol.states import Event, Frame, Trace

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

Texts = tuple[tuple[str, str], ...]  # (name, value) of a scope


class Recurrence:
    """To be told of each frame of a walk; answers True where the walk need not go on.

    That is where a `while` comes to its header, or a function to itself, with everything as it was,
    and `does_it_end` agrees that nothing else decides. `trace`: the walk so far.
    """

    def __init__(self, program: Program, start: Trace) -> None:
        self.program, self.trace = program, Trace()
        nodes = ast.walk(program.tree)
        self._headers = frozenset(node.lineno for node in nodes if isinstance(node, ast.While))
        self._calls: list[tuple[str, Texts, int]] = []  # of the stack; how often the same in a row
        self._activations: list[int] = []
        self._count = 0
        self._seen: set[tuple[int, int, Texts]] = set()
        self._open: set[tuple[str, int]] = set()  # where something that no frame shows decides
        for frame in start.frames():
            self(frame)
        self.trace = start

    def __call__(self, frame: Frame) -> bool:
        """Takes the next frame."""
        self.trace = self.trace.append(frame)
        place = frame.function, frame.line
        if not self._is_back(frame) or place in self._open:
            return False
        if does_it_end(self.program, self.trace).answer is Answer.REPEATS:
            return True
        self._open.add(place)
        return False

    def _is_back(self, frame: Frame) -> bool:
        texts = tuple((name, value.text) for name, value in (frame.locals or {}).items())
        if frame.event is Event.CALL:
            return self._calls_itself(frame, texts)
        if frame.event is not Event.LINE or frame.line not in self._headers:
            return False
        ids = self._activations
        key = ids[frame.depth] if frame.depth < len(ids) else 0, frame.line, texts
        if key in self._seen:
            return True
        self._seen.add(key)
        return False

    def _calls_itself(self, frame: Frame, texts: Texts) -> bool:
        """Whether the last calls on the stack are all the same."""
        self._count += 1
        before = self._calls[frame.depth - 1] if 0 < frame.depth <= len(self._calls) else None
        row = before[2] + 1 if before and before[:2] == (frame.function, texts) else 1
        del self._calls[frame.depth :], self._activations[frame.depth :]
        self._calls.append((frame.function, texts, row))
        self._activations.append(self._count)
        return row >= LEAST
