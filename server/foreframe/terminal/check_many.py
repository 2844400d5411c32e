"""`foreframe check --data`: many programs, predicted and really run; an evaluation's totals.

It is the trace task of `foreframe eval cruxeval`, told program by program: the same predictions,
held against the same real runs by the same code. The truth is the tracer's here, as it sees every
frame, calls and exceptions too; debugpy, which `foreframe check FILE` runs, sees stops.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TextIO

from foreframe.terminal.evaluate import EvaluateOptions, evaluate
from foreframe.terminal.table import printable
from foreframe_models.evaluation.comparing import compare_frames, returns
from foreframe_models.evaluation.outcomes import Outcome
from foreframe_models.evaluation.report import Report
from foreframe_protocol.states import Frame

NAME_CHARS = 24
SHOWN_CHARS = 60  # of what is wrong first


@dataclass(frozen=True, slots=True)
class Row:
    """One program: frames right with the true past, frames right alone, and the output.

    `first`: where the model, on its own, first goes wrong; empty where it never does.
    """

    name: str
    frames: int
    right: int
    alone: int
    output: bool
    first: str


def row_of(found: Outcome) -> Row:
    """What is to be told of a program."""
    stepped = [compare_frames(step.predicted, step.real).exact for step in found.steps]
    walked = [
        (mine, real, compare_frames(mine, real).exact)
        for mine, real in zip_longest(found.walk.frames, found.real)
    ]
    first = next(((mine, real) for mine, real, exact in walked if not exact), None)
    return Row(
        found.item.id,
        len(found.real),
        sum(stepped),
        sum(exact for _, _, exact in walked),
        returns(found.walk.frames, found.walk.end, found.item.output),
        "" if first is None else difference(*first) or found.walk.message,
    )


def difference(mine: Frame | None, real: Frame | None) -> str:
    """What is wrong with a predicted frame, in a few words."""
    if mine is None or real is None:
        return "the trace ends too early" if mine is None else "the real run has ended before"
    if (mine.event, mine.function, mine.line) != (real.event, real.function, real.line):
        return f"{place(mine)}, really {place(real)}"
    for name, value in (mine.locals or {}).items():
        other = (real.locals or {}).get(name)
        if other is None or other.text != value.text:
            really = "nothing" if other is None else other.text[:SHOWN_CHARS]
            return f"{place(mine)}: {name} = {value.text[:SHOWN_CHARS]}, really {really}"
    if mine.value is not None and real.value is not None:
        told = mine.value.text[:SHOWN_CHARS]
        return f"{place(mine)} of {told}, really {real.value.text[:SHOWN_CHARS]}"
    return place(mine)


def place(frame: Frame) -> str:
    """A frame's event and place."""
    event = "" if frame.event == "line" else f"{frame.event} "
    return f"{event}{frame.function}:{frame.line}"


@dataclass(slots=True)
class Follower:
    """Hears of each program as it is done, and keeps the rows for a page."""

    out: TextIO
    as_json: bool
    rows: list[Row] = field(default_factory=list)
    left_out: int = 0
    report: Report | None = None
    model: str = ""

    def program(self, found: Outcome | None) -> None:
        """One more program; None where its real run has no end."""
        if found is None:
            self.left_out += 1
            return
        row = row_of(found)
        if not self.rows and not self.as_json:
            print(f"{'program':<{NAME_CHARS}}  with the true past  alone     output", file=self.out)
        self.rows.append(row)
        if self.as_json:
            print(json.dumps({"program": row.name, "frames": row.frames, "right": row.right,
                              "alone": row.alone, "output": row.output, "first": row.first}),
                  file=self.out, flush=True)  # fmt: skip
            return
        past, alone = f"{row.right}/{row.frames}", f"{row.alone}/{row.frames}"
        sign = "ok" if row.output else "no"
        told = (
            f"{printable(row.name)[:NAME_CHARS]:<{NAME_CHARS}}  {past:<18}  {alone:<8}  {sign:<6}"
        )
        print(f"{told}  {printable(row.first)}".rstrip(), file=self.out, flush=True)

    def end(self, report: Report, model: str) -> None:
        """The report on all of them."""
        self.report, self.model = report, model


def check_many(options: EvaluateOptions, html: Path | None) -> None:
    """Runs the command on this process's own streams. Raises KeyboardInterrupt after a Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    follower = Follower(sys.stdout, options.as_json)
    whole = asyncio.run(evaluate(options, sys.stdout, sys.stderr, follower))
    if html is not None and follower.report is not None:
        from foreframe.terminal.check import write
        from foreframe.terminal.check_many_page import page

        write(html, page(follower.rows, follower.report, follower.model, options.data.name))
    if not whole:
        raise KeyboardInterrupt
