"""A world model that predicts what really happens: it runs the program. For tests only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

from foreframe.holes import fill
from foreframe.reality import Limits, observe
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import (
    End,
    Frame,
    Goal,
    Prediction,
    Provenance,
    State,
    Trace,
    left_entry,
)


class OracleWorld:
    """Knows any program. `delay` seconds pass before each prediction; `running` counts them."""

    def __init__(self, *, max_frames: int = 200, delay: float = 0.0) -> None:
        self.max_frames, self.delay = max_frames, delay
        self.running, self.cancelled, self.asked = 0, 0, 0
        self.engine = None
        self._entries: WeakKeyDictionary[Trace, Entry] = WeakKeyDictionary()
        self._last = Entry()

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        return None

    def begin(self, program: Program, state: State) -> Trace:
        """From a state of the call that was started last, edited or not."""
        return Trace(state)

    async def start(self, program: Program, entry: Entry) -> Trace:
        from foreframe_models.world_model import WorldModel

        trace = await WorldModel.start(self, program, entry)  # type: ignore[arg-type]
        self._entries[trace] = self._last = entry
        return trace

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
        self.running += 1
        self.asked += 1
        try:
            await asyncio.sleep(self.delay)
            if program.holes:  # whoever steps over a hole sees None there
                texts = ("None",) * len(program.holes)
                source = fill("\n".join(program.lines), program.holes, texts)
                program = Program.parse(source, program.path)
            run = await observe(program, self._entry(trace), Limits(frames=self.max_frames))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        node, frames = trace, run.frames[_done(trace, run.frames) :]
        for index, frame in enumerate(frames, 1):
            node = node.append(frame)
            ended = on_frame is not None and bool(on_frame(frame))
            if left_entry(frame):
                return Prediction(node, tuple(frames[:index]), End.FINISHED)
            if goal.reached(trace.state, frame):
                return Prediction(node, tuple(frames[:index]), End.REACHED)
            if ended:
                return Prediction(node, tuple(frames[:index]), End.CANCELLED)
        return Prediction(node, tuple(frames), End.CUT_OFF, "cut off")

    def _entry(self, trace: Trace) -> Entry:
        """What the run was started with that `trace` is a part of."""
        nodes = trace.nodes()
        return self._entries.get(nodes[0], self._last) if nodes else self._last


def _done(trace: Trace, frames: Sequence[Frame]) -> int:
    """How many frames of a run are behind the end of a trace. What a person has set is left out."""
    root = trace.root()
    if not root.state.stack:
        return trace.length
    top = root.state.top
    known = {n: v.text for n, v in top.locals.items() if v.provenance is not Provenance.EDITED}
    for count, frame in enumerate(frames, 1):
        there = {name: value.text for name, value in (frame.locals or {}).items()}
        if frame.line == top.line and known.items() <= there.items():
            return count + trace.length - root.length
    raise AssertionError(f"no run of {top.function} comes to line {top.line} with {known}")
