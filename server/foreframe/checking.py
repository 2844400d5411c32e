"""A predicted stop beside the real one: both places, and a verdict on each value of each scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest

from foreframe.history import shown_stack
from foreframe_protocol.alignment import (
    WRONG,
    FrameCheck,
    ValueCheck,
    check_frame,
    check_locals,
    check_value,
)
from foreframe_protocol.states import Event, Scope, State, Trace, Verdict, left_entry

ORDER = (
    Verdict.DIFFERS, Verdict.MISSING, Verdict.EXTRA, Verdict.NOT_COMPARABLE, Verdict.MATCH,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScopeCheck:
    """One level of the predicted and the real stack. Either scope may be missing (not both).

    `values` has every name of either side. Where the two are other functions, all predicted ones
    are EXTRA and all real ones MISSING, each in a check of its own.
    """

    predicted: Scope | None
    real: Scope | None
    line: Verdict
    values: Mapping[str, ValueCheck] = field(default_factory=dict)

    def sorted(self) -> list[tuple[str, ValueCheck]]:
        """The values by name, differences first, else as they are shown."""
        return sorted(self.values.items(), key=lambda pair: ORDER.index(pair[1].verdict))


@dataclass(frozen=True, slots=True)
class Sure:
    """A confidence that the model gave in this step, and whether what it was about is right."""

    confidence: float
    is_right: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """One stop, predicted and real.

    `frame` is what counts: the last frame of either side, as in an evaluation of traces. `scopes`
    is what is shown: all levels of both stacks, outermost first; the values of outer ones are as
    old as the last frame that showed them. There are none at the end of the program. `place` says
    whether both stop at the same place.
    """

    predicted: Trace
    real: Trace
    frame: FrameCheck
    scopes: tuple[ScopeCheck, ...]
    value: ValueCheck | None  # returned or raised, where both do that
    values: tuple[Sure, ...] = ()
    places: tuple[Sure, ...] = ()

    @property
    def place(self) -> Verdict:
        return Verdict.MATCH if self.frame.same_place else Verdict.DIFFERS

    @property
    def right(self) -> bool:
        """The stop is where it should be, and no value that it tells is wrong."""
        return self.frame.right

    def counts(self) -> Counter[Verdict]:
        """How many values of all scopes have which verdict."""
        checks = [check for scope in self.scopes for check in scope.values.values()]
        checks += [self.value] if self.value else []
        return Counter(check.verdict for check in checks)

    def wrong(self) -> Iterator[tuple[str, ValueCheck]]:
        """What this stop tells and is wrong, by name; a value returned or raised has none."""
        found = [
            *self.frame.locals.items(),
            *([("", self.frame.value)] if self.frame.value else ()),
        ]
        yield from ((name, check) for name, check in found if check.verdict in WRONG)


def compare_stops(start: State, predicted: Trace, real: Trace) -> Comparison:
    """Compares where a prediction from `start` has stopped with where the program did."""
    assert predicted.frame is not None
    assert real.frame is not None
    frame = check_frame(predicted.frame, real.frame)
    mine, yours = shown_stack(predicted.state), shown_stack(real.state)
    scopes: list[ScopeCheck] = []
    together = True
    # What the variables were at a program's end is not observed any more.
    for one, other in () if left_entry(real.frame) else zip_longest(mine, yours):
        together = together and one is not None and other is not None and same(one, other)
        scopes += _checked(one, other) if together else _apart(one, other)
    return Comparison(
        predicted,
        real,
        frame,
        tuple(scopes),
        frame.value,
        tuple(_sure(start, predicted.state, frame)),
        _sure_of_place(frame),
    )


def same(one: Scope, other: Scope) -> bool:
    """Whether two scopes are of one function."""
    return (one.function, one.scope_line) == (other.function, other.scope_line)


def _checked(one: Scope, other: Scope) -> Iterator[ScopeCheck]:
    line = Verdict.MATCH if one.line == other.line else Verdict.DIFFERS
    yield ScopeCheck(one, other, line, check_locals(one.locals, other.locals))


def _apart(one: Scope | None, other: Scope | None) -> Iterator[ScopeCheck]:
    if other is not None:
        missing = {name: check_value(None, value) for name, value in other.locals.items()}
        yield ScopeCheck(None, other, Verdict.MISSING, missing)
    if one is not None:
        extra = {name: check_value(value, None) for name, value in one.locals.items()}
        yield ScopeCheck(one, None, Verdict.EXTRA, extra)


def _sure(start: State, state: State, frame: FrameCheck) -> Iterator[Sure]:
    """Of each value that was predicted since `start`, told by this frame, and can be judged."""
    if not frame.same_place:
        return
    depth = frame.predicted.depth
    before: set[int] = set()
    if depth < len(start.stack) and same(start.stack[depth], state.stack[depth]):
        before = {id(value) for value in start.stack[depth].locals.values()}
    for check in frame.values:
        value = check.predicted
        if value is None or value.confidence is None or id(value) in before:
            continue
        if check.verdict is not Verdict.NOT_COMPARABLE:
            yield Sure(value.confidence, check.verdict is Verdict.MATCH)


def _sure_of_place(frame: FrameCheck) -> tuple[Sure, ...]:
    confidence = frame.predicted.confidence
    return () if confidence is None else (Sure(confidence, frame.same_place),)


def where(trace: Trace) -> str:
    """A place for a person: `f:12`, with what has just happened there if it is no line."""
    frame = trace.frame
    if frame is None:
        return "nowhere"
    if left_entry(frame):
        return "the end"
    scope = shown_stack(trace.state)[-1]
    at = f"{scope.function}:{scope.line}"
    match frame.event:
        case Event.RETURN:
            return f"{at} ({frame.function} has returned)"
        case Event.EXCEPTION:
            return f"{at} (exception)"
    return at
