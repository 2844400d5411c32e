"""A predicted trace beside the real one: frame by frame, value by value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from foreframe_protocol.states import NO_LOCALS, Event, Frame, Locals, Value, Verdict
from foreframe_protocol.values import compare

WRONG = frozenset({Verdict.DIFFERS, Verdict.MISSING, Verdict.EXTRA})


@dataclass(frozen=True, slots=True)
class ValueCheck:
    """A predicted value, the real one, and how they compare."""

    predicted: Value | None
    real: Value | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class FrameCheck:
    """A predicted frame beside the real one at the same position of the trace.

    `locals` has every name of either side, the predicted ones first. Where the two stand in
    different scopes there is nothing to compare: `locals` is empty and `value` None.
    """

    predicted: Frame
    real: Frame | None  # None: the real trace has ended before
    same_place: bool
    locals: Mapping[str, ValueCheck] = field(default_factory=dict)
    value: ValueCheck | None = None

    @property
    def values(self) -> list[ValueCheck]:
        """All that was compared in this frame."""
        return [*self.locals.values(), *([self.value] if self.value else [])]

    @property
    def right(self) -> bool:
        """The frame is where it should be, and no value is known to be wrong."""
        return self.same_place and not any(check.verdict in WRONG for check in self.values)


def check_value(predicted: Value | None, real: Value | None) -> ValueCheck:
    """Two values, either of which may be missing (not both)."""
    if predicted is None:
        return ValueCheck(None, real, Verdict.MISSING)
    if real is None:
        return ValueCheck(predicted, None, Verdict.EXTRA)
    verdict = compare(predicted.text, real.text, predicted_cut=predicted.cut, real_cut=real.cut)
    return ValueCheck(predicted, real, verdict)


def check_locals(predicted: Locals, real: Locals) -> dict[str, ValueCheck]:
    """Locals by name."""
    names = dict.fromkeys((*predicted, *real))
    return {name: check_value(predicted.get(name), real.get(name)) for name in names}


def check_frame(predicted: Frame, real: Frame | None) -> FrameCheck:
    """Compares the frames at one position."""
    if real is None:
        return FrameCheck(predicted, None, same_place=False)
    if scope(predicted) != scope(real):
        return FrameCheck(predicted, real, same_place=False)
    same_event = predicted.event is real.event
    found: dict[str, ValueCheck] = {}
    if predicted.locals is not None and real.locals is not None:
        found = check_locals(predicted.locals, real.locals)
    value = None
    if same_event and (predicted.value or real.value):
        value = check_value(predicted.value, real.value)
    return FrameCheck(predicted, real, same_event and predicted.line == real.line, found, value)


def scope(frame: Frame) -> tuple[str, int, int]:
    """Which activation a frame belongs to, as far as one frame tells."""
    return frame.function, frame.scope_line, frame.depth


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of a predicted trace is right.

    `frames` counts the positions of the longer trace. `values` counts each value of each frame,
    also where the places differ; those that cannot be compared are counted apart.
    """

    frames: int
    frames_right: int
    values: int
    values_right: int
    not_comparable: int
    outcome: str  # "return right", "exception wrong", "end not reached", ...

    def __str__(self) -> str:
        text = (
            f"frames {self.frames_right}/{self.frames} right, "
            f"values {self.values_right}/{self.values}, {self.outcome}"
        )
        apart = f" ({self.not_comparable} not comparable)" if self.not_comparable else ""
        return text.replace(f", {self.outcome}", f"{apart}, {self.outcome}")


def tally(checks: Iterable[FrameCheck], real: tuple[Frame, ...], *, ended: bool) -> Tally:
    """Counts what is right. `real` are the frames to be held against: all, or as far as both go.

    `ended`: both traces go to their end, so that outcomes compare.
    """
    checks = list(checks)
    values = right = apart = 0
    for check in checks:
        if check.real is not None and not check.values:
            values += count(check.real)  # another scope: none of its values was predicted here
        for value in check.values:
            if value.verdict is Verdict.NOT_COMPARABLE:
                apart += 1
                continue
            values += 1
            right += value.verdict is Verdict.MATCH
    values += sum(count(frame) for frame in real[len(checks) :])
    return Tally(
        max(len(checks), len(real)),
        sum(check.right for check in checks),
        values,
        right,
        apart,
        outcome([check.predicted for check in checks], real) if ended else "end not reached",
    )


def count(frame: Frame) -> int:
    """How many values a frame shows."""
    return len(frame.locals or NO_LOCALS) + (frame.value is not None)


def outcome(predicted: list[Frame], real: tuple[Frame, ...]) -> str:
    """Whether the entry scope ends as it should: what it returns, or what it raises."""
    end, true_end = ending(predicted), ending(list(real))
    if end is None or true_end is None:
        return "end not reached"
    word = "return" if true_end.event is Event.RETURN else "exception"
    same = end.event is true_end.event
    right = same and check_value(end.value, true_end.value).verdict not in WRONG
    return f"{word} {'right' if right else 'wrong'}"


def ending(frames: list[Frame]) -> Frame | None:
    """The frame that tells how the entry scope ended: its return, or the exception that left it."""
    if not frames or frames[-1].event is not Event.RETURN or frames[-1].depth:
        return None
    last = frames[-1]
    if len(frames) > 1 and last.value is not None and last.value.text == "None":
        before = frames[-2]
        if before.event is Event.EXCEPTION and scope(before) == scope(last):
            return before
    return last
