"""What an agent reads: values with where they come from and how sure that is. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from foreframe_protocol.api import FrameView, LocalsView, ValueView
from foreframe_protocol.states import Event, Provenance

if TYPE_CHECKING:
    from foreframe.mcp.session_told import StopTold, TimelineTold
    from foreframe.mcp.told import (
        CallTold,
        CompareTold,
        FillTold,
        InputsTold,
        TracesTold,
        ValueTold,
    )

SURE, HALF_SURE = 0.9, 0.6  # the marks of a terminal's table
SHOWN_VALUE = 200  # characters of a value in a text
SHOWN_LOCALS = 20  # variables in a text
NOT_EXECUTED = "Predicted by a model; nothing was executed."
WORKED_OUT = "Worked out by rules from the call's literals; nothing was executed."
ORIGINS = {  # of a candidate
    "model": "the model's",
    "form": "a form read off the code, its expression the model's",
    "scope": "a cheap guess",
}


def value_text(value: ValueTold | ValueView) -> str:
    """A value, where it comes from, and how sure that is."""
    shown = clipped(value.text) + (" (cut)" if value.cut else "")
    return f"{shown} [{sureness(value.provenance, value.confidence)}]"


def sureness(provenance: Provenance, confidence: float | None) -> str:
    """As "predicted 72%, unsure"."""
    if provenance is not Provenance.PREDICTED or confidence is None:
        return provenance.value
    mark = "" if confidence >= SURE else ", unsure" if confidence >= HALF_SURE else ", a guess"
    return f"predicted {percent(confidence)}{mark}"


def percent(probability: float) -> str:
    """Rounded down: a prediction is never shown as certain."""
    return f"{min(99, math.floor(100 * probability))}%"


def clipped(text: str, most: int = SHOWN_VALUE) -> str:
    """One line of at most so many characters."""
    line = text.replace("\r", "\\r").replace("\n", "\\n")
    return line if len(line) <= most else f"{line[: most - 3]}..."


def stop_text(told: StopTold) -> str:
    """A stop in a few lines."""
    head = {"running": "Still being predicted", "ended": "The program has ended"}.get(
        told.status, "Stopped"
    )
    if told.status == "ended" and told.exit_code is not None:
        head += f" with exit code {told.exit_code}"
    lines = [f"{head} at {told.function}:{told.line}  {told.source}" if told.line else head]
    if told.note:
        lines.append(told.note)
    if told.value is not None:
        what = "raises" if told.event is Event.EXCEPTION else "returns"
        lines.append(f"{what} {value_text(told.value)}")
    names = list(told.locals)
    for name in names[:SHOWN_LOCALS]:
        mark = " (changed)" if name in told.changed else ""
        real = (told.real or {}).get(name)
        differs = f"  but really {clipped(real.text)}" if real and name in told.differs else ""
        lines.append(f"  {name} = {value_text(told.locals[name])}{mark}{differs}")
    if len(names) > SHOWN_LOCALS:
        lines.append(f"  ... and {len(names) - SHOWN_LOCALS} more")
    if told.real is None:
        lines.append(NOT_EXECUTED)
    else:
        lines.append("The real program ran beside this prediction.")
    lines.append(f"session {told.session}, step {told.step} of branch {told.branch}")
    return "\n".join(lines)


def trace_lines(frames: Sequence[FrameView]) -> list[str]:
    """A line a frame: the place, what runs next, and what has changed in that scope."""
    lines: list[str] = []
    before: dict[int, LocalsView] = {}
    for frame in frames:
        place = f"{'  ' * frame.depth}{frame.function}:{frame.line}"
        if frame.event is Event.CALL:
            before.pop(frame.depth, None)
        shown = frame.locals or {}
        known = before.get(frame.depth, {})
        changes = [
            f"{name} = {value_text(value)}"
            for name, value in shown.items()
            if name not in known or known[name].text != value.text
        ]
        if frame.locals is not None:
            before[frame.depth] = frame.locals
        match frame.event:
            case Event.RETURN:
                text = "returns" + ("" if frame.value is None else f" {value_text(frame.value)}")
            case Event.EXCEPTION:
                text = "raises" + ("" if frame.value is None else f" {value_text(frame.value)}")
            case _:
                text = clipped(frame.source.strip())
        lines.append("   ".join(filter(None, (place, text, ", ".join(changes)))))
    return lines


def shortened(lines: list[str], most: int) -> list[str]:
    """The first and the last of too many lines."""
    if len(lines) <= most:
        return lines
    head = max(1, most // 2)
    tail = max(1, most - head - 1)
    return [*lines[:head], f"... {len(lines) - head - tail} frames ...", *lines[-tail:]]


def call_text(told: CallTold, call: str) -> str:
    """A predicted call in words, its value first."""
    match told.outcome:
        case "unknown":
            head = f"{call}: how it ends is not known ({told.note or told.end.value})"
        case outcome:
            shown = "" if told.value is None else f" {value_text(told.value)}"
            head = f"{call} {outcome}{shown}"
    least = told.least_confidence
    sure = "" if least is None else f" The least sure value on the way has {percent(least)}."
    return "\n".join([head, f"{NOT_EXECUTED} {told.frames} frames.{sure}", *told.trace])


def timeline_text(told: TimelineTold) -> str:
    """A line a step, the current one marked."""
    lines = []
    for step in told.steps:
        is_here = step.step == told.current_step
        changed = ", ".join(f"{n} = {value_text(v)}" for n, v in step.changed.items())
        edit = f"[{step.change}]" if step.change else ""
        where = f"{step.function}:{step.line}"
        head = f"{'>' if is_here else ' '}{step.step:4} b{step.branch} {step.action:9} {where}"
        lines.append("   ".join(filter(None, (head, edit, changed))))
    lines.append(
        f"{len(told.steps)} of {told.total} steps, {told.branches} branches; > is where it stands"
    )
    return "\n".join(lines)


def inputs_text(told: InputsTold, outcome: str) -> str:
    """The guesses, each with what became of it."""
    if not told.guesses:
        return f"No arguments were found for {outcome}. {NOT_EXECUTED}"
    lines = [f"Guessed arguments for {outcome}, best first. {NOT_EXECUTED}"]
    for guess in told.guesses:
        found = "predicted to lead there" if guess.verified else "not predicted to lead there"
        lines.append(f"  ({guess.args})   {found}: {clipped(guess.predicted)}")
    return "\n".join(lines)


def fill_text(told: FillTold) -> str:
    """The candidates, each with what speaks for it."""
    if not told.candidates:
        return "Nothing was found that could stand in the holes."
    lines = [f"{told.total} candidates, best first:"]
    for candidate in told.candidates:
        texts = " ; ".join(clipped(text) for text in candidate.texts)
        right = f"{candidate.right} of {candidate.examples} examples predicted right"
        ran = "" if candidate.ran_right is None else f", {candidate.ran_right} really right"
        origin = ORIGINS[candidate.origin]
        lines.append(f"  {texts}   ({origin}; {right}{ran})")
    if all(candidate.ran_right is None for candidate in told.candidates):
        lines.append(NOT_EXECUTED)
    return "\n".join(lines)


def compare_text(told: CompareTold) -> str:
    """How much was right, and what was not."""
    lines = [
        f"The program was really run. {told.right} of {told.total} predicted frames are right."
    ]
    if told.note:
        lines.append(told.note)
    return "\n".join([*lines, *difference_lines(told)])


def traces_text(told: TracesTold) -> str:
    """The same of two traces."""
    head = f"{told.right} of {told.total} frames are right. Nothing was executed."
    return "\n".join([head, *difference_lines(told)])


def difference_lines(told: CompareTold | TracesTold) -> list[str]:
    """What was predicted otherwise than it was."""
    lines = []
    for found in told.differences:
        lines += [
            f"  frame {found.frame} at {found.place}",
            f"    predicted: {clipped(found.predicted)}",
            f"    really:    {clipped(found.real)}",
        ]
    missing = told.total - told.right - len(told.differences)
    if missing > 0:
        lines.append(f"  ... and {missing} more")
    return lines
