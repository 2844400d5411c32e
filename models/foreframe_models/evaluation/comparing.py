"""Predicted frames beside real ones at the same position: what is right, as numbers.

A value is right when `values.compare` finds no difference: addresses do not count. One that was
predicted as cut is right when it agrees as far as it goes, and goes CUT characters or to the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from foreframe_protocol.alignment import ending, scope
from foreframe_protocol.states import NO_LOCALS, End, Event, Frame, Locals, Value, Verdict
from foreframe_protocol.value_tree import Kind, parse_value
from foreframe_protocol.values import compare

CUT = 200  # characters of a value that a model must be able to write


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two frames at one position. What means nothing for them is None."""

    action: bool  # event, scope and line
    state: bool  # all locals, or the value
    keys: float | None = None  # Jaccard, over names of locals
    pairs: float | None = None  # Jaccard, over names with their values

    @property
    def exact(self) -> bool:
        """The whole frame is right."""
        return self.action and self.state


def right(predicted: Value, real: Value) -> bool:
    """Whether a predicted value is right."""
    verdict = compare(predicted.text, real.text, predicted_cut=predicted.cut, real_cut=real.cut)
    short = predicted.cut and len(predicted.text) < min(CUT, len(real.text))
    return verdict is Verdict.MATCH or (verdict is Verdict.NOT_COMPARABLE and not short)


def compare_frames(predicted: Frame | None, real: Frame | None) -> Comparison:
    """Either may be missing: then nothing is right."""
    shows_locals = any(f is not None and f.locals is not None for f in (predicted, real))
    nothing = 0.0 if shows_locals else None
    if predicted is None or real is None:
        return Comparison(False, False, nothing, nothing)
    same_event = predicted.event is real.event
    action = same_event and predicted.line == real.line and scope(predicted) == scope(real)
    if predicted.locals is not None and real.locals is not None:
        keys, pairs = jaccard(predicted.locals, real.locals)
        return Comparison(action, pairs == 1, keys, pairs)
    state = False
    if same_event and predicted.value is not None and real.value is not None:
        state = right(predicted.value, real.value)
    return Comparison(action, state, nothing, nothing)


def jaccard(predicted: Locals, real: Locals) -> tuple[float, float]:
    """How alike two sets of names are, and of names with values. 1 where both are empty."""
    both = predicted.keys() & real.keys()
    names = len(predicted.keys() | real.keys())
    same = sum(right(predicted[name], real[name]) for name in both)
    pairs = len(predicted) + len(real) - same
    return (len(both) / names if names else 1.0, same / pairs if pairs else 1.0)


def align(predicted: Sequence[Frame], real: Sequence[Frame]) -> list[Comparison]:
    """By position; where one trace is longer, nothing is right."""
    return [compare_frames(*pair) for pair in zip_longest(predicted, real)]


def returns(frames: Sequence[Frame], end: End, output: str) -> bool:
    """Whether a predicted trace ends with the entry's return of exactly `output`."""
    last = ending(list(frames))
    return (
        end is End.FINISHED
        and last is not None
        and last.event is Event.RETURN
        and last.value is not None
        and not last.value.cut
        and compare(last.value.text, output) is Verdict.MATCH
    )


def values_of(frame: Frame) -> list[Value]:
    """The values that a frame shows."""
    shown = [*(frame.locals or NO_LOCALS).values()]
    return shown if frame.value is None else [*shown, frame.value]


def well_formed(frame: Frame, value: Value) -> bool:
    """Whether a value reads as the repr of something. An exception's message is free text."""
    if frame.event is Event.EXCEPTION or value.cut:
        return True
    todo = [parse_value(value.text)]
    while todo:
        tree = todo.pop()
        if tree.cut or (tree.kind is Kind.OPAQUE and not tree.text.startswith("<")):
            return False
        for child in tree.children:
            todo += (child.value,) if child.key is None else (child.key, child.value)
    return True
