"""A world model that knows the truth: it plays back the frames of a real run. For tests only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

from foreframe.reality import Limits, observe
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import (
    End,
    Event,
    Frame,
    Goal,
    Part,
    Prediction,
    Provenance,
    State,
    Trace,
    Usage,
    Value,
    left_entry,
)

CONFIDENCE = 0.87


class TapeWorld:
    """Predicts what was recorded. Can be slow, hold on, fail once at a frame, or be cut off."""

    def __init__(self, frames: Sequence[Frame], *, max_frames: int = 100_000) -> None:
        self.frames = list(frames)
        self.max_frames = max_frames
        self.delay = 0.0  # seconds before each frame; 0 lets nobody else run
        self.hold: int | None = None  # number of the frame before which it waits for `go`
        self.is_held, self.go = asyncio.Event(), asyncio.Event()
        self.failures: dict[int, Exception] = {}  # number of a frame → what it raises, once
        self.goals: list[Goal] = []  # what it was asked for
        self.starts: list[int] = []  # after how many frames
        self.priorities: list[int] = []
        self.tokens = 0  # that a frame takes
        self.cancelled = 0
        self.is_closed = False

    async def start(self, program: Program, entry: Entry) -> Trace:
        return Trace().append(self.frames[0])

    def begin(self, program: Program, state: State) -> Trace:
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
        self.starts.append(trace.length)
        self.priorities.append(priority)
        begin = trace.state
        made: list[Frame] = []
        try:
            while True:
                if trace.length >= self.max_frames:
                    message = f"cut off after {self.max_frames} frames"
                    return Prediction(trace, tuple(made), End.CUT_OFF, message, Usage(1))
                if trace.length in self.failures:
                    raise self.failures.pop(trace.length)
                if trace.length == self.hold:
                    self.is_held.set()
                    await self.go.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                cost = Usage(1, generated_tokens=self.tokens * (len(made) + 1))
                if max_tokens is not None and cost.generated_tokens > max_tokens:
                    cost = Usage(1, generated_tokens=self.tokens * len(made))
                    return Prediction(trace, tuple(made), End.CUT_OFF, "cut off", cost)
                frame = self.frames[trace.length]
                trace = trace.append(frame)
                made.append(frame)
                is_ended = on_frame is not None and on_frame(frame)
                if left_entry(frame):
                    return Prediction(trace, tuple(made), End.FINISHED, "", cost)
                if goal.reached(begin, frame):
                    return Prediction(trace, tuple(made), End.REACHED, "", cost)
                if is_ended:
                    return Prediction(trace, tuple(made), End.CANCELLED, "", cost)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def close(self) -> None:
        self.is_closed = True


def record(source: str, function: str | None = None, args: str = "") -> list[Frame]:
    """The frames of a real run, as if they were predicted."""
    program = Program.parse(source, "/tape.py")
    entry, limits = Entry(function, args), Limits(frames=20_000)
    with ThreadPoolExecutor(1) as pool:  # there may be an event loop in this thread
        run = pool.submit(asyncio.run, observe(program, entry, limits)).result()
    assert run.end is End.FINISHED, run.message
    return [as_predicted(frame, is_given=index == 0) for index, frame in enumerate(run.frames)]


def as_predicted(frame: Frame, *, is_given: bool) -> Frame:
    """A real frame as a model would have given it."""

    def value(real: Value) -> Value:
        if is_given:
            return replace(real, provenance=Provenance.GIVEN, confidence=None)
        return replace(real, provenance=Provenance.PREDICTED, confidence=CONFIDENCE)

    values = None if frame.locals is None else {n: value(v) for n, v in frame.locals.items()}
    return replace(
        frame,
        locals=values,
        value=frame.value and value(frame.value),
        parts=tuple(Part(part.index, value(part.value)) for part in frame.parts),
        upcoming=frame.upcoming and value(frame.upcoming),
    )


def save(frames: Sequence[Frame], path: Path) -> None:
    """Writes frames to a file, for a process that must not run the program."""
    path.write_text(json.dumps([asdict(frame) for frame in frames]))


def load(path: Path) -> list[Frame]:
    """Reads what `save` wrote."""
    return [
        Frame(
            **{
                **record,
                "event": Event(record["event"]),
                "locals": record["locals"]
                and {name: value_of(value) for name, value in record["locals"].items()},
                "value": record["value"] and value_of(record["value"]),
                "parts": tuple(Part(p["index"], value_of(p["value"])) for p in record["parts"]),
                "upcoming": record["upcoming"] and value_of(record["upcoming"]),
            }
        )
        for record in json.loads(path.read_text())
    ]


def value_of(record: dict[str, object]) -> Value:
    return Value(**{**record, "provenance": Provenance(record["provenance"])})


def marks(source: str) -> dict[str, int]:
    """Names of `# @name` comments → the line they stand on."""
    return {
        line.rpartition("# @")[2].strip(): number
        for number, line in enumerate(source.splitlines(), 1)
        if "# @" in line
    }
