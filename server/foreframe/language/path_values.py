"""What a predicted run says of each line: the values that names had there, in order. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foreframe_protocol.states import Event, Trace, Value

SHOWN = 6  # values of one name that are shown, the first and the last ones


@dataclass(frozen=True, slots=True)
class Step:
    """What one line did in one visit: the names that changed, or what it returned or raised."""

    line: int
    changed: dict[str, Value]
    event: Event = Event.LINE
    value: Value | None = None


def steps_of(trace: Trace, function: str) -> list[Step]:
    """The visits of lines of one function (qualified name), over all its activations, in order."""
    found: list[Step] = []
    lines: dict[int, tuple[int, dict[str, Value]]] = {}  # by depth: line, locals there
    for node in trace.nodes():
        frame = node.frame
        assert frame is not None
        if frame.function != function:
            continue
        before = lines.get(frame.depth)
        if frame.event is Event.CALL:
            lines[frame.depth] = frame.line, dict(frame.locals or {})
            found.append(Step(frame.line, dict(frame.locals or {}), Event.CALL))
        elif frame.event is Event.LINE:
            now = dict(frame.locals or {})
            if before is not None:
                changed = {
                    name: value
                    for name, value in now.items()
                    if name not in before[1] or before[1][name].text != value.text
                }
                if changed:
                    found.append(Step(before[0], changed))
            lines[frame.depth] = frame.line, now
        else:
            found.append(Step(frame.line, {}, frame.event, frame.value))
    return found


def by_line(steps: Sequence[Step]) -> dict[int, dict[str, list[Value]]]:
    """Line → name → the values that it took there, in order."""
    found: dict[int, dict[str, list[Value]]] = {}
    for step in steps:
        names = found.setdefault(step.line, {})
        for name, value in step.changed.items():
            names.setdefault(name, []).append(value)
        if step.value is not None and step.event is Event.RETURN:
            names.setdefault("returns", []).append(step.value)
        elif step.value is not None:
            names.setdefault("raises", []).append(step.value)
    return found


def values_of(steps: Sequence[Step], name: str) -> list[Value]:
    """The values that a name took along the run, in order."""
    return [step.changed[name] for step in steps if name in step.changed]


def sequence_text(values: Sequence[Value], width: int = 60) -> str:
    """Values in order, the middle left out where there are many; cut to `width` characters."""
    texts = [value.text for value in values]
    if len(texts) > SHOWN:
        half = SHOWN // 2
        texts = [*texts[:half], f"… {len(texts) - 2 * half} more …", *texts[-half:]]
    text = ", ".join(texts)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def least_sure(values: Sequence[Value]) -> float | None:
    """The lowest confidence among values that have one."""
    return min((v.confidence for v in values if v.confidence is not None), default=None)
