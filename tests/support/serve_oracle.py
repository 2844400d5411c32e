"""`foreframe serve` with a model that is nearly always right: `python serve_oracle.py PORT [run]`.

What it predicts is what really happens, called predicted, with a confidence that follows from the
variable's name; a variable called `wrong` is predicted otherwise than it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from weakref import WeakKeyDictionary

from oracle_world import OracleWorld

from foreframe.reality import Limits, observe
from foreframe.tokens import read_token
from foreframe.web.running import serve
from foreframe.web.settings import ServeSettings
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import (
    End,
    Frame,
    Goal,
    Prediction,
    Provenance,
    Trace,
    Usage,
    Value,
    left_entry,
)

SURE = {"found": 0.98, "number": 0.84, "twice": 0.97, "words": 0.95, "word": 0.78, "wrong": 0.42}


class NearlyOracle(OracleWorld):
    """An oracle that has the doubts of a model, and runs each program once."""

    def __init__(self, *, max_frames: int) -> None:
        super().__init__(max_frames=max_frames)
        self._runs: WeakKeyDictionary[Trace, tuple[Frame, ...]] = WeakKeyDictionary()

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
        first = trace.nodes()[0]
        if first not in self._runs:
            # A trace that was read from disk is not one that this process began.
            entry = self._entries.get(first) or called(first)
            run = await observe(program, entry, Limits(frames=self.max_frames))
            self._runs[first] = tuple(run.frames)
        node, end = trace, End.CUT_OFF
        for real in self._runs[first][trace.length :]:
            frame = doubtful(real, node)
            node = node.append(frame)
            ended = on_frame is not None and bool(on_frame(frame))
            if left_entry(frame) or goal.reached(trace.state, frame) or ended:
                end = End.FINISHED if left_entry(frame) else End.REACHED
                break
        usage = Usage(1, 120, 100, 6, 14, 0.02 + 0.01 * (node.length % 5))
        frames = tuple(node.frames())[trace.length :]
        return Prediction(node, frames, end, "" if end is not End.CUT_OFF else "cut off", usage)


def called(first: Trace) -> Entry:
    """The call that a trace begins with."""
    assert first.frame is not None
    arguments = (first.frame.locals or {}).items()
    return Entry(
        first.frame.function, ", ".join(f"{name}={value.text}" for name, value in arguments)
    )


def doubtful(frame: Frame, before: Trace) -> Frame:
    """The frame as a model tells it: what was given stays so."""
    if frame.locals is None:
        value = frame.value
        told = None if value is None else Value(value.text, Provenance.PREDICTED, 0.93)
        return replace(frame, value=told, confidence=0.97)
    given = {
        name: value
        for scope in before.state.stack
        if scope.function == frame.function
        for name, value in scope.locals.items()
        if value.provenance in (Provenance.GIVEN, Provenance.EDITED)
    }
    known = {}
    for name, value in frame.locals.items():
        if name in given and given[name].text == value.text:
            known[name] = given[name]
        else:
            text = f"{value.text}0" if name == "wrong" else value.text
            known[name] = Value(text, Provenance.PREDICTED, SURE.get(name, 0.9))
    return replace(frame, locals=known, confidence=0.97)


def main() -> None:
    port, *options = sys.argv[1:]
    settings = ServeSettings(
        engine="oracle", port=int(port), token=read_token(None), allows_run="run" in options
    )
    serve(settings, open_world=lambda engine, frames: NearlyOracle(max_frames=frames or 1000))


if __name__ == "__main__":
    main()
