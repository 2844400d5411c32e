"""A timeline as JSON lines: one object a step, in the order in which they were made.

`step`, `parent` (the step before it; null: it replaces the very first frame), `branch`, `reason`
(launch, edit, goto, or the action: step_into, step_over, step_out, run_to), `change` (what a person
changed, or null), `end` (reached, finished, cut off, cancelled, failed), `message` (why it was cut
off or failed), `frame` (its last frame's number on the branch, from 1), `event`, `value` (returned
or raised, or null), `stack` (outermost scope first: `function`, `line`, `locals`), `frames` (those
after the step before it: `event`, `function`, `line`, `depth`, `source`, `locals`, `value` and
`confidence`, which may be null), `usage` (requests, tokens by kind, seconds), `observed` (in a
checked session the real stop: `reason`, `stack`; or null), `check` (its comparison: `right`,
`place`, `values`: verdicts by name; or null).

A value is `{value, provenance}`, with `confidence` where there is one and `cut: true` where the
text is only the beginning. Lines count from 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from foreframe.timeline import Step, Timeline, nodes_of, reason_of
from foreframe_protocol.states import Frame, Locals, Scope, Value

Record = dict[str, object]


def lines(timeline: Timeline) -> Iterator[str]:
    """Each step as one line, its newline at the end."""
    for step in timeline.steps:
        yield json.dumps(record(step), ensure_ascii=True) + "\n"


def record(step: Step) -> Record:
    """A step as the module's docstring describes it."""
    state = step.trace.state
    return {
        "step": step.number,
        "parent": None if step.parent is None else step.parent.number,
        "branch": step.branch,
        "reason": reason_of(step),
        "change": None if step.change is None else step.change.text,
        "end": step.end.value,
        "message": step.message,
        "frame": step.trace.length,
        "event": None if state.event is None else state.event.value,
        "value": None if state.value is None else value_of(state.value),
        "stack": [scope_of(scope) for scope in state.stack],
        "frames": [frame_of(node.frame) for node in nodes_of(step) if node.frame is not None],
        "usage": asdict(step.usage),
        "observed": observed(step),
        "check": check(step),
    }


def scope_of(scope: Scope) -> Record:
    return {"function": scope.function, "line": scope.line, "locals": locals_of(scope.locals)}


def frame_of(frame: Frame) -> Record:
    return {
        "event": frame.event.value,
        "function": frame.function,
        "line": frame.line,
        "depth": frame.depth,
        "source": frame.source,
        "locals": None if frame.locals is None else locals_of(frame.locals),
        "value": None if frame.value is None else value_of(frame.value),
        "confidence": frame.confidence,
    }


def locals_of(shown: Locals) -> Record:
    return {name: value_of(value) for name, value in shown.items()}


def value_of(value: Value) -> Record:
    told: Record = {"value": value.text, "provenance": value.provenance.value}
    if value.confidence is not None:
        told["confidence"] = value.confidence
    if value.cut:
        told["cut"] = True
    return told


def observed(step: Step) -> Record | None:
    """Where the real program stopped."""
    found = step.observation
    if found is None:
        return None
    return {"reason": found.reason, "stack": [scope_of(scope) for scope in found.shown]}


def check(step: Step) -> Record | None:
    """How the prediction compares with that."""
    found = step.comparison
    if found is None:
        return None
    return {
        "right": found.right,
        "place": found.place.value,
        "values": {name: check.verdict.value for name, check in found.frame.locals.items()},
    }
