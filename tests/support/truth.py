"""True traces for tests, and an engine that answers with them in CWM's own text."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from foreframe_models.engines.recorded import Exchange, RecordedEngine
from foreframe_models.training import tracer
from foreframe_protocol.states import Event, Frame, Provenance, State, Value
from foreframe_protocol.trace_text import to_text, write_trace


def real_frames(source: str, function: str | None = None, args: str = "") -> list[Frame]:
    """The frames of a real run, from a child process."""
    job = {"source": source, "path": "program.py", "function": function, "args": args}
    run = subprocess.run(
        [sys.executable, "-I", tracer.__file__],
        input=json.dumps(job), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    lines = source.split("\n")
    records = [json.loads(line) for line in run.stdout.splitlines()]
    assert records[-1]["end"] == "finished", records[-1]
    return [frame(record, lines) for record in records if "event" in record]


def frame(record: dict[str, object], lines: Sequence[str]) -> Frame:
    """A tracer's record as a frame of observed values."""

    def observed(text: object) -> Value:
        return Value(str(text), Provenance.OBSERVED)

    shown, value, line = record.get("locals"), record.get("value"), int(str(record["line"]))
    return Frame(
        Event(str(record["event"])),
        str(record["function"]),
        int(str(record["scope_line"])),
        line,
        lines[line - 1],
        {n: observed(v) for n, v in shown.items()} if isinstance(shown, dict) else None,
        None if value is None else observed(value),
        int(str(record["depth"])),
    )


def answer(frames: Sequence[Frame], after: State) -> str:
    """Frames as a model would write them behind a prompt that ends in `after`."""
    return to_text(write_trace(frames, after))


def oracle(frames: Sequence[Frame], given: int = 1, *, answers: int = 1) -> RecordedEngine:
    """An engine that knows the whole trace: each request is answered from frame `given` on.

    It refuses what the request's grammar does not allow, and ends where the grammar ends.
    """
    state = State()
    for known in frames[:given]:
        state = state.after(known)
    text = answer(frames[given:], state)
    return RecordedEngine([Exchange(text) for _ in range(answers)], check_grammar=True)
