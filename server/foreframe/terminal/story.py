"""A trace as it is told: frame by frame, with what changed and whether it is right."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from foreframe.evaluated import Evaluated, expressions_of
from foreframe.reality import Run
from foreframe_protocol.alignment import (
    FrameCheck,
    Tally,
    ValueCheck,
    check_frame,
    check_value,
    tally,
)
from foreframe_protocol.states import End, Event, Frame, Locals, State, Usage
from foreframe_protocol.trace_text import compared_with

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program


@dataclass(frozen=True, slots=True)
class Told:
    """One frame, ready to be shown."""

    step: int  # 1-based
    frame: Frame
    previous: Locals | None  # locals of the same activation's frame before; None on its call
    changed: tuple[str, ...]  # new names, and names with a new value
    deleted: tuple[str, ...]
    check: FrameCheck | None  # None: not checked
    parts: bool = False  # the first frame that stands elsewhere than the real one
    evaluated: tuple[Evaluated, ...] = ()  # on the way here
    checks: tuple[ValueCheck | None, ...] = ()  # of those, one each
    upcoming: Evaluated | None = None  # what a `for` here takes next

    @property
    def confidence(self) -> float | None:
        """That of the place, or of the least certain value that changed here."""
        frame = self.frame
        values = [frame.value] if frame.value else [(frame.locals or {})[n] for n in self.changed]
        known = [v.confidence for v in values if v.confidence is not None]
        if frame.confidence is not None:
            known.append(frame.confidence)
        return min(known, default=None)


@dataclass(slots=True)
class Story:
    """Collects frames and says of each what is to be told. `run` is the real run, if any.

    `program` gives expressions their source texts; without it none are told.
    """

    run: Run | None = None
    program: Program | None = None
    state: State = field(default_factory=State)
    told: list[Told] = field(default_factory=list)

    def add(self, frame: Frame) -> Told:
        """The next frame."""
        previous = None if frame.event is Event.CALL else compared_with(self.state)
        changed: tuple[str, ...] = ()
        deleted: tuple[str, ...] = ()
        if frame.locals is not None:
            before = previous or {}
            changed = tuple(
                name
                for name, value in frame.locals.items()
                if name not in before or before[name].text != value.text
            )
            deleted = tuple(name for name in before if name not in frame.locals)
        check = self.check(frame)
        astray = check is not None and not check.same_place
        parts = astray and not any(t.check and not t.check.same_place for t in self.told)
        told = Told(len(self.told) + 1, frame, previous, changed, deleted, check, parts)
        if self.program is not None:
            expressions = expressions_of(self.program)
            evaluated = tuple(expressions.told(self.state, frame))
            told = replace(
                told,
                evaluated=evaluated,
                checks=part_checks(frame, check)[: len(evaluated)],
                upcoming=expressions.upcoming(frame),
            )
        self.state = self.state.after(frame)
        self.told.append(told)
        return told

    def check(self, frame: Frame) -> FrameCheck | None:
        """The frame beside the real one at its position; None past what the real run shows."""
        if self.run is None:
            return None
        position = len(self.told)
        if position < len(self.run.frames):
            return check_frame(frame, self.run.frames[position])
        return None if self.run.end is not End.FINISHED else check_frame(frame, None)

    def tally(self, end: End) -> Tally | None:
        """What is right of it all, when the prediction ended with `end`."""
        if self.run is None:
            return None
        checks = [told.check for told in self.told if told.check is not None]
        finished = end is End.FINISHED
        real = self.run.frames if finished else self.run.frames[: len(checks)]
        return tally(checks, tuple(real), ended=finished and self.run.end is End.FINISHED)


def part_checks(frame: Frame, check: FrameCheck | None) -> tuple[ValueCheck | None, ...]:
    """The parts of a frame beside those of the real one at the same place."""
    if check is None or check.real is None or not check.same_place:
        return (None,) * len(frame.parts)
    real = {part.index: part.value for part in check.real.parts}
    return tuple(
        check_value(part.value, real[part.index]) if part.index in real else None
        for part in frame.parts
    )


@dataclass(frozen=True, slots=True)
class Ending:
    """How a trace ended, for the last line."""

    end: End
    message: str = ""
    usage: Usage = field(default_factory=Usage)
    engine: str = ""
