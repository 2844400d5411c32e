"""A world model that computes each frame from the state alone: an edit changes its future."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import (
    Direction,
    End,
    Event,
    Frame,
    Goal,
    Prediction,
    Scope,
    State,
    Trace,
    Usage,
    Value,
    left_entry,
)

SOURCE = """\
def add(a, b):
    c = a + b  # @add_first
    return c  # @add_return

def f(n):
    total = 0  # @f_first
    while n > 0:  # @loop
        total = add(total, n)  # @call
        n -= 1  # @down
    return total  # @f_return
"""
PROGRAM = Program.parse(SOURCE, "/rule.py")


def first_frame(n: str) -> Frame:
    """The call of f."""
    return Frame(Event.CALL, "f", 5, 5, PROGRAM.line_text(5), {"n": Value(n)})


def next_frame(state: State) -> Frame:
    """What SOURCE does next, by hand."""
    top, depth = state.top, len(state.stack) - 1
    if state.event is Event.RETURN:
        caller = state.stack[-2]
        assert state.value is not None
        return _line(replace(caller), 9, depth - 1, total=int(state.value.text))
    values = defaultdict(int, {name: int(value.text) for name, value in top.locals.items()})
    if top.function == "add":
        match 2 if state.event is Event.CALL else top.line + 1:
            case 2:
                return _line(top, 2, depth)
            case 3:
                return _line(top, 3, depth, c=values["a"] + values["b"])
        return _returned(top, 3, values["c"], depth)
    if state.event is Event.CALL:
        return _line(top, 6, depth)
    match top.line:
        case 6:
            return _line(top, 7, depth, total=0)
        case 7:
            return _line(top, 8 if values["n"] > 0 else 10, depth)
        case 8:
            given = {"a": Value(str(values["total"])), "b": Value(str(values["n"]))}
            text = PROGRAM.line_text(1)
            return Frame(Event.CALL, "add", 1, 1, text, given, depth=depth + 1)
        case 9:
            return _line(top, 7, depth, n=values["n"] - 1)
    return _returned(top, 10, values["total"], depth)


def _line(scope: Scope, line: int, depth: int, **values: int) -> Frame:
    shown = {**scope.locals, **{name: Value(str(value)) for name, value in values.items()}}
    text = PROGRAM.line_text(line)
    return Frame(Event.LINE, scope.function, scope.scope_line, line, text, shown, depth=depth)


def _returned(scope: Scope, line: int, value: int, depth: int) -> Frame:
    place = scope.function, scope.scope_line, line, PROGRAM.line_text(line)
    return Frame(Event.RETURN, *place, value=Value(str(value)), depth=depth)


class RuleWorld:
    """Predicts what SOURCE does, from any state."""

    def __init__(self) -> None:
        self.goals: list[Goal] = []
        self.begun: list[State] = []

    async def start(self, program: Program, entry: Entry) -> Trace:
        return Trace().append(first_frame(entry.args))

    def begin(self, program: Program, state: State) -> Trace:
        self.begun.append(state)
        return Trace(state)

    async def predict(
        self,
        program: Program,
        trace: Trace,
        goal: Goal,
        *,
        on_frame: Callable[[Frame], bool | None] | None = None,
        priority: int = 0,
        max_tokens: int | None = None,
    ) -> Prediction:
        self.goals.append(goal)
        await asyncio.sleep(0)
        if goal.direction is Direction.BACKWARD:
            return Prediction(trace, (), End.CUT_OFF, "not known: the rules lead forward")
        begin, made = trace.state, []
        while True:
            frame = next_frame(trace.state)
            trace = trace.append(frame)
            made.append(frame)
            is_ended = on_frame is not None and on_frame(frame)
            end = End.FINISHED if left_entry(frame) else End.CANCELLED
            if goal.reached(begin, frame) and not left_entry(frame):
                end = End.REACHED
            if is_ended or end is not End.CANCELLED:
                return Prediction(trace, tuple(made), end, "", Usage(1))

    async def close(self) -> None:
        pass
