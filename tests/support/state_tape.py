"""A world model that plays back a real run from any state of it, also untruly. For tests only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from any_tape import key
from live_tape import LiveTape

from foreframe_protocol.states import (
    Direction,
    End,
    Frame,
    Prediction,
    Trace,
    Usage,
    Value,
    left_entry,
)

Lies = Mapping[tuple[int, str], str]
"""Line and variable → the text that is predicted there, whatever it is."""


class StateTape(LiveTape):
    """Goes on where a state was on the tape, its own or an observed one.

    `lies`: values that are predicted wrong. From there on it goes on as if they were right.
    """

    def __init__(self, frames: Sequence[Frame], lies: Lies | None = None) -> None:
        super().__init__(frames)
        self.lies = lies or {}
        self._places: dict[Trace, int] = {}  # frames of the tape up to a trace
        self._edits: dict[tuple[int, str], tuple[str, str]] = {}  # depth, name → tape's text, own
        self._latest = 0

    async def predict(self, program: Any, trace: Any, goal: Any, **options: Any) -> Prediction:
        if goal.direction is Direction.BACKWARD:
            return await super().predict(program, trace, goal, **options)
        self.goals.append(goal)
        at, begin = self._place(trace), trace.state
        made: list[Frame] = []
        while True:
            frame = self._told(self.frames[at])
            at += 1
            trace = trace.append(frame)
            self._places[trace] = at
            made.append(frame)
            on_frame = options.get("on_frame")
            is_ended = on_frame is not None and on_frame(frame)
            end = (
                End.FINISHED
                if left_entry(frame)
                else End.REACHED
                if goal.reached(begin, frame)
                else End.CANCELLED
            )
            if is_ended or end is not End.CANCELLED:
                self._latest = at
                return Prediction(trace, tuple(made), end, "", Usage(1, generated_tokens=20))

    def _place(self, trace: Trace) -> int:
        if trace in self._places:
            return self._places[trace]
        wanted = key(trace)
        found = [node for node in self.nodes if key(node) == wanted]
        if not found:  # a person has changed a value: the tape goes on with that
            found = [node for node in self.nodes if places(node) == places(trace)]
            assert found, f"{wanted} is not on the tape"
        else:
            self._edits.clear()
        node = next((node for node in found if node.length >= self._latest), found[0])
        depth = len(trace.state.stack) - 1
        for name, value in trace.state.top.locals.items():
            before = node.state.top.locals.get(name)
            if before is not None and before.text != value.text:
                self._edits[depth, name] = before.text, value.text
        return node.length

    def _told(self, frame: Frame) -> Frame:
        if frame.locals is None:
            return frame
        values: dict[str, Value] = {}
        for name, value in frame.locals.items():
            before, after = self._edits.get((frame.depth, name), ("", ""))
            text = after if after and value.text == before else value.text
            values[name] = replace(value, text=self.lies.get((frame.line, name), text))
        return replace(frame, locals=values)


def places(node: Any) -> object:
    """Where a stack stands."""
    return [(scope.function, scope.line) for scope in node.state.stack]
