"""A checked run in a terminal: a row a stop with its verdict, or one JSON object a stop."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from foreframe.check_report import CheckReport
from foreframe.checking import Comparison, where
from foreframe.history import shown_stack
from foreframe.terminal.story import Told
from foreframe.terminal.table import DOUBT, QUIET, RIGHT, WRONG_STYLE, TracePrinter, printable
from foreframe.timeline import Stop
from foreframe_protocol.alignment import WRONG, ValueCheck
from foreframe_protocol.states import Locals, Trace

if TYPE_CHECKING:
    from foreframe.terminal.check import Checked


class Steps:
    """Says of each stop what is to be told: what has changed since the last one in its scope."""

    def __init__(self) -> None:
        self.count = 0
        self.parted = False
        self.last: Trace | None = None

    def told(self, stop: Stop) -> Told:
        """The next stop: the predicted frame beside the real one, or the real one alone."""
        self.count += 1
        comparison, seen = stop.comparison, stop.trace
        frame = comparison.predicted.frame if comparison is not None else seen.frame
        assert frame is not None
        before = locals_before(self.last, seen)
        shown = frame.locals or {}
        changed = tuple(
            name
            for name, value in shown.items()
            if before is None or name not in before or before[name].text != value.text
        )
        gone = tuple(n for n in before or {} if n not in shown) if frame.locals is not None else ()
        check = None if comparison is None else comparison.frame
        parts = check is not None and not check.same_place and not self.parted
        self.parted = self.parted or parts
        self.last = seen
        return Told(self.count, frame, before, changed, gone, check, parts)


def locals_before(last: Trace | None, seen: Trace) -> Locals | None:
    """The locals of the scope that is shown, as they were observed last; None: it is new."""
    if last is None:
        return None
    stack, now = shown_stack(last.state), shown_stack(seen.state)
    depth = len(now) - 1
    if depth >= len(stack) or stack[depth].function != now[depth].function:
        return None
    return stack[depth].locals


class CheckTable:
    """Prints the rows of a checked run."""

    def __init__(self, out: TextIO, checked: Checked, max_stops: int) -> None:
        program = checked.program
        digits = len(str(len(program.lines)))
        self.steps = Steps()
        self.table = TracePrinter(
            out,
            steps=len(str(max_stops)),
            places=max(len(f.qualname) for f in program.functions) + 1 + digits,
            sources=max(len(line.expandtabs(4)) for line in program.lines),
            checked=True,
        )
        start = "what was observed" if checked.resync == "reality" else "the last prediction"
        self.table.title(
            f"executed under debugpy, each step predicted from {start}: {checked.title}"
        )

    def stop(self, stop: Stop) -> None:
        """A row, one more for the place where it really stops, and for what differs elsewhere."""
        if stop.observation is None:
            return  # not of the real program: why is told
        told = self.steps.told(stop)
        self.table.frame(told)
        if stop.comparison is None:
            self.line(f"not predicted; {where(stop.trace)} as observed", QUIET)
            return
        for function, name, check in outer(stop.comparison):
            real = "it does not exist" if check.real is None else f"really {check.real.text}"
            mine = "nothing" if check.predicted is None else check.predicted.text
            text = f"in {function}: {name} = {mine} {self.table.marks.wrong} {real}"
            self.line(text[:300], WRONG_STYLE)

    def output(self, stream: str, text: str) -> None:
        """What the real program writes."""
        for line in text.splitlines():
            self.line(f"{stream}: {line}", QUIET)

    def note(self, text: str) -> None:
        """Something that is to be known."""
        self.line(text.strip(), DOUBT)

    def line(self, text: str, style: str) -> None:
        """A line between the rows."""
        self.table.console.print(Text(f"      {printable(text)}", style=style))

    def end(self, report: CheckReport) -> None:
        """How much is right."""
        first, *more = report.lines()
        all_right = report.frames == report.frames_right and report.values == report.values_right
        self.table.console.print(Text(first, style=RIGHT if all_right else WRONG_STYLE))
        for line in more:
            self.table.console.print(Text(printable(line), style=QUIET))


def outer(comparison: Comparison) -> list[tuple[str, str, ValueCheck]]:
    """What differs in scopes further out than the one that is shown: (function, name, check)."""
    return [
        (scope.real.function, name, check)
        for scope in comparison.scopes[:-1]
        if scope.predicted is not None and scope.real is not None
        for name, check in scope.values.items()
        if check.verdict in WRONG and comparison.frame.same_place
    ]


class CheckRecords:
    """Writes a checked run as JSON lines."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.count = 0

    def stop(self, stop: Stop) -> None:
        """One object a stop."""
        self.count += 1
        comparison, seen = stop.comparison, stop.trace
        self.write(
            {
                "stop": self.count,
                "reason": stop.reason,
                "text": stop.text,
                "observed": stop.observation is not None,
                "real": place(seen),
                "predicted": None if comparison is None else place(comparison.predicted),
                "right": None if comparison is None else comparison.right,
                "scopes": []
                if comparison is None
                else [
                    {
                        "function": (one.real or one.predicted or seen.state.top).function,
                        "verdict": one.line,
                        "values": {name: value(check) for name, check in one.values.items()},
                    }
                    for one in comparison.scopes
                ],
                "value": None
                if comparison is None or comparison.value is None
                else value(comparison.value),
            }
        )

    def output(self, stream: str, text: str) -> None:
        """What the real program writes."""
        self.write({"stream": stream, "output": text})

    def note(self, text: str) -> None:
        """Something that is to be known."""
        self.write({"note": text.strip()})

    def end(self, report: CheckReport) -> None:
        """The report."""
        self.write({"report": report.as_json()})

    def write(self, record: dict[str, object]) -> None:
        """One line, at once."""
        self.out.write(json.dumps(record) + "\n")
        self.out.flush()


def place(trace: Trace) -> dict[str, object]:
    """Where a trace ends."""
    frame = trace.frame
    assert frame is not None
    return {"event": frame.event, "function": frame.function, "line": frame.line}


def value(check: ValueCheck) -> dict[str, object]:
    """A value on both sides."""
    predicted, real = check.predicted, check.real
    return {
        "verdict": check.verdict,
        "predicted": None if predicted is None else predicted.text,
        "confidence": None if predicted is None else predicted.confidence,
        "real": None if real is None else real.text,
    }
