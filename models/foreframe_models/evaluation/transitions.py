"""Whether real traces are among the legal ones, and how few legal ones there are.

`python -m foreframe_models.evaluation.transitions --data FILE.jsonl` runs each program of a file
(`code`, and `input` as arguments of its function `f`) in a process of its own, and prints a line.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foreframe_models.program.control_flow import CALLED, Function, Program, Walker
from foreframe_models.training import tracer
from foreframe_protocol.states import Event, Frame, State, Value


def real_frames(
    source: str, function: str | None = None, args: str = "", *, max_frames: int = 2000
) -> list[Frame]:
    """The frames of a real run, in a child process. Raises RuntimeError when it does not start."""
    job = {
        "source": source,
        "path": "program.py",
        "function": function,
        "args": args,
        "max_frames": max_frames,
    }
    done = subprocess.run(
        [sys.executable, "-I", tracer.__file__],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    if not records or records[-1].get("end", "failed") == "failed":
        why = records[-1].get("message") if records else done.stderr[-500:]
        raise RuntimeError(f"the program does not run: {why}")
    lines = source.split("\n")
    return [frame_of(record, lines) for record in records if "event" in record]


def frame_of(record: dict[str, Any], lines: Sequence[str]) -> Frame:
    """A record of the tracer's as a frame."""
    shown = record.get("locals")
    value = record.get("value")
    cut = record["cut"]
    return Frame(
        Event(record["event"]),
        record["function"],
        record["scope_line"],
        record["line"],
        lines[record["line"] - 1],
        None if shown is None else {n: Value(text, cut=n in cut) for n, text in shown.items()},
        None if value is None else Value(value, cut=bool(cut)),
        record["depth"],
    )


@dataclass(slots=True)
class Coverage:
    """Counts over traces. `wrong` says what no rule allows, one sentence each."""

    frames: int = 0
    legal: int = 0
    next_lines: int = 0  # legal line frames after each line frame, exceptions aside
    line_frames: int = 0
    ordered: int = 0  # frames whose names have but a few possible orders
    named: int = 0
    wrong: list[str] = field(default_factory=list)

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(
            self.frames + other.frames,
            self.legal + other.legal,
            self.next_lines + other.next_lines,
            self.line_frames + other.line_frames,
            self.ordered + other.ordered,
            self.named + other.named,
            self.wrong + other.wrong,
        )


def measure(program: Program, frames: Iterable[Frame]) -> Coverage:
    """Follows a real trace along the legal ones."""
    found = Coverage()
    walker = Walker.from_state(program, State())
    previous: dict[int, Frame] = {}  # by depth
    for number, frame in enumerate(frames):
        found.frames += 1
        function = program.function_for(frame.function, frame.scope_line)
        landing = walker.advance(frame.event, line=frame.line, function=frame.function)
        reasons = [] if landing is not None else ["no such frame can come here"]
        if frame.locals is not None:
            reasons += wrong_names(function, frame, previous.get(frame.depth), found)
        if frame.event is Event.LINE:
            found.line_frames += 1
            found.next_lines += len(function.successors.get(frame.line, ()))
        found.legal += not reasons
        found.wrong += (
            f"{program.path}, frame {number} ({frame.event}, {frame.function}:{frame.line}): {why}"
            for why in reasons
        )
        if landing is None:
            break
        if frame.locals is not None:
            previous[frame.depth] = frame
    return found


def wrong_names(
    function: Function, frame: Frame, before: Frame | None, found: Coverage
) -> list[str]:
    """What is wrong with a frame's names: their order, and where they came from."""
    assert frame.locals is not None
    names = tuple(frame.locals)
    found.named += 1
    reasons = []
    if not set(names) <= set(function.names):
        reasons.append(f"{set(names) - set(function.names)} are no names of this scope")
    if frame.event is Event.CALL:
        starts = [CALLED] if frame.line == function.def_line else []
        starts += [frame.line] if frame.line in function.yields else []
        orders = [function.call_orders(line) for line in starts]
    else:
        orders = [function.orders(frame.line)]
    known = [order for order in orders if order is not None]
    if len(known) == len(orders):
        found.ordered += 1
        if not any(names in order for order in known):
            reasons.append(f"{names} is not one of {known}")
    if frame.event is Event.LINE and before is not None and before.event is Event.LINE:
        assert before.locals is not None
        new = set(names) - set(before.locals) - function.binds.get(before.line, frozenset())
        gone = set(before.locals) - set(names) - function.deletes.get(before.line, frozenset())
        if new or gone:
            reasons.append(f"line {before.line} cannot bind {new} nor unbind {gone}")
    return reasons


def main() -> None:
    """Measures each program of a file and prints totals; exits 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    total = Coverage()
    programs = 0
    for line in data.read_text().splitlines():
        item = json.loads(line)
        source, name = item["code"], item.get("id", "program.py")
        try:
            frames = real_frames(source, "f", item["input"])
        except RuntimeError:  # arguments that are no literals: called from the module instead
            source += f"\nf({item['input']})\n"
            frames = real_frames(source)
        total += measure(Program.parse(source, name), frames)
        programs += 1
    print(
        f"Python {sys.version_info.major}.{sys.version_info.minor}: {programs} programs, "
        f"{total.legal}/{total.frames} real frames legal, "
        f"{total.next_lines / total.line_frames:.2f} next lines on average, "
        f"{total.ordered}/{total.named} frames with known orders of names"
    )
    print(*total.wrong, sep="\n", end="\n" if total.wrong else "")
    sys.exit(bool(total.wrong))


if __name__ == "__main__":
    main()
