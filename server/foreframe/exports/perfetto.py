"""A timeline as Perfetto's trace JSON (the Trace Event Format), for ui.perfetto.dev.

Time is the number of the frame, one microsecond each. A branch is a process; one that left another
begins where it left it. Its threads: `scopes` has a slice for each activation and in it one for
each line that ran, `steps` a slice for each step. Integers and floats are counters, other new
values are instants; all of a frame's new values are arguments of its line's slice, with provenance
and confidence. In a checked session steps have the colour of their verdict (VERDICT_COLOURS).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence

from foreframe.timeline import Branch, Step, Timeline, changes, reason_of
from foreframe_protocol.states import Event, Frame, Scope, Trace, Value, Verdict

SCOPES, STEPS = 1, 2  # threads
MAX_SHOWN = 200  # characters of a value
EventRecord = dict[str, object]

VERDICT_COLOURS = {  # names that the format reserves
    Verdict.MATCH: "good",
    Verdict.DIFFERS: "terrible",
    Verdict.MISSING: "bad",
    Verdict.EXTRA: "bad",
    Verdict.NOT_COMPARABLE: "grey",
}
SEVERITY = (
    Verdict.DIFFERS, Verdict.MISSING, Verdict.EXTRA, Verdict.NOT_COMPARABLE, Verdict.MATCH,
)  # fmt: skip


def text(timeline: Timeline, name: str) -> str:
    """The whole file. `name`: what the session is of."""
    return json.dumps(trace(timeline, name), ensure_ascii=True)


def trace(timeline: Timeline, name: str) -> dict[str, object]:
    """The file as one object."""
    found: list[EventRecord] = []
    for branch in timeline.branches:
        found += named(branch, name)
        found += Slices(branch.number).of_scopes(own_nodes(branch))
        found += of_steps([s for s in timeline.steps if s.branch == branch.number], branch.number)
    found.sort(key=lambda one: (one["ph"] != "M", one["ts"]))  # stable: what nests stays nested
    return {
        "traceEvents": found,
        "displayTimeUnit": "ns",
        "otherData": {"program": name, "time": "1 us is 1 frame", "by": "foreframe"},
    }


def own_nodes(branch: Branch) -> list[Trace]:
    """The frames of a branch from where it leaves its origin."""
    nodes = branch.tip.trace.nodes()
    if branch.origin is None:
        return nodes
    return [node for node in nodes if node.length >= branch.first.trace.length]


def named(branch: Branch, name: str) -> Iterator[EventRecord]:
    """What the branch and its threads are called."""
    change = branch.first.change
    title = f"{name}: branch {branch.number}" + (f" ({change.text})" if change else "")
    for kind, tid, text in (
        ("process_name", SCOPES, title),
        ("thread_name", SCOPES, "scopes"),
        ("thread_name", STEPS, "steps"),
    ):
        args = {"name": text[:MAX_SHOWN]}
        yield {"ph": "M", "name": kind, "pid": branch.number, "tid": tid, "ts": 0, "args": args}


class Slices:
    """The thread of scopes of one branch."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._events: list[EventRecord] = []
        self._open: list[Scope] = []  # activations that have a slice
        self._is_line_open = False

    def of_scopes(self, nodes: Sequence[Trace]) -> list[EventRecord]:
        """Slices of activations and lines, values in them."""
        time = 0
        for node in nodes:
            time = node.length
            self._end_line(time)
            while len(self._open) > len(node.state.stack):
                self._pop(time)
            for scope in node.state.stack[len(self._open) :]:
                self._begin(scope.function, time, {"line": scope.scope_line})
                self._open.append(scope)
            self._frame(node, time)
        self._end_line(time + 1)
        while self._open:
            self._pop(time + 1)
        return self._events

    def _frame(self, node: Trace, time: int) -> None:
        frame = node.frame
        assert frame is not None
        before = node.parent.state if node.parent is not None and node.parent.frame else None
        new = dict(changes(before, node.state)) if frame.locals is not None else {}
        if frame.event is Event.LINE:
            args = {"line": frame.line, **{name: told(value) for name, value in new.items()}}
            self._begin(f"{frame.line}: {frame.source.strip()}"[:MAX_SHOWN], time, args)
            self._is_line_open = True
        elif frame.event is not Event.CALL and frame.value is not None:
            word = "return" if frame.event is Event.RETURN else "raise"
            self._instant(f"{word} {shown(frame.value)}", time, told(frame.value))
        for name, value in new.items():
            self._value(frame, name, value, time)

    def _value(self, frame: Frame, name: str, value: Value, time: int) -> None:
        number = numeric(value)
        title = f"{frame.function}.{name}"
        if number is None:
            self._instant(f"{title} = {shown(value)}"[:MAX_SHOWN], time, told(value))
        else:
            self._add("C", title, time, {"value": number})

    def _begin(self, name: str, time: int, args: EventRecord) -> None:
        self._add("B", name, time, args)

    def _end_line(self, time: int) -> None:
        if self._is_line_open:
            self._add("E", None, time)
        self._is_line_open = False

    def _pop(self, time: int) -> None:
        self._open.pop()
        self._add("E", None, time)

    def _instant(self, name: str, time: int, args: EventRecord) -> None:
        self._add("i", name, time, args)
        self._events[-1]["s"] = "t"

    def _add(self, kind: str, name: str | None, time: int, args: EventRecord | None = None) -> None:
        event: EventRecord = {"ph": kind, "pid": self.pid, "tid": SCOPES, "ts": time}
        if name is not None:
            event |= {"name": name, "cat": "scope"}
        if args is not None:
            event["args"] = args
        self._events.append(event)


def of_steps(steps: Sequence[Step], pid: int) -> Iterator[EventRecord]:
    """The thread of steps of one branch: each from the end of the one before it to its own."""
    last = 0
    for step in steps:
        begin = last if step.parent is None else max(last, step.parent.trace.length)
        last = max(begin + 1, step.trace.length)
        where: EventRecord = {"pid": pid, "tid": STEPS, "cat": "step"}
        args: EventRecord = {"step": step.number, "end": step.end.value}
        if step.message:
            args["message"] = step.message
        opened: EventRecord = {"ph": "B", "name": title_of(step), "ts": begin, **where}
        verdict = verdict_of(step)
        if verdict is not None:
            opened["cname"] = VERDICT_COLOURS[verdict]
            args["verdict"] = verdict.value
        yield opened | {"args": args}
        yield {"ph": "E", "ts": last, **where}


def title_of(step: Step) -> str:
    change = "" if step.change is None else f": {step.change.text}"
    return f"{reason_of(step)}{change}"[:MAX_SHOWN]


def verdict_of(step: Step) -> Verdict | None:
    """The worst verdict of a checked step; None: it was not checked."""
    found = step.comparison
    if found is None:
        return None
    verdicts = {found.place, *(check.verdict for check in found.frame.values)}
    return next(verdict for verdict in SEVERITY if verdict in verdicts)


def numeric(value: Value) -> float | None:
    """The number that a value is, where a counter can show it."""
    if value.cut or len(value.text) > 40:
        return None
    try:
        number = float(value.text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def shown(value: Value) -> str:
    return value.text if len(value.text) <= MAX_SHOWN else value.text[:MAX_SHOWN] + "…"


def told(value: Value) -> EventRecord:
    """A value as an argument."""
    found: EventRecord = {"value": shown(value), "provenance": value.provenance.value}
    if value.confidence is not None:
        found["confidence"] = round(value.confidence, 4)
    return found
