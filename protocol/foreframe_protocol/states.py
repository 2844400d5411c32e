"""Frames, scopes and states: what a trace is made of and what a debugger shows at a stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType


class Event(StrEnum):
    """What opened a frame, in the words of `sys.settrace`."""

    CALL = "call"
    LINE = "line"
    RETURN = "return"
    EXCEPTION = "exception"


class Action(StrEnum):
    """What a person asks of the debugger."""

    STEP_INTO = "step_into"
    STEP_OVER = "step_over"
    STEP_OUT = "step_out"
    RUN_TO = "run_to"


class Direction(StrEnum):
    """The way through time an action goes."""

    FORWARD = "forward"
    BACKWARD = "backward"


class Provenance(StrEnum):
    """Where a value comes from. It is never lost on the way to the person."""

    GIVEN = "given"  # fixed by the launch arguments or by the program's text
    PREDICTED = "predicted"
    OBSERVED = "observed"
    EDITED = "edited"  # set by the person at a stop
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """How a predicted value compares with the real one."""

    MATCH = "match"
    DIFFERS = "differs"
    MISSING = "missing"  # real has it, the prediction does not
    EXTRA = "extra"  # the prediction has it, real does not
    NOT_COMPARABLE = "not comparable"  # addresses, values that were cut


class End(StrEnum):
    """Why a prediction ended."""

    REACHED = "reached"  # the action's target
    FINISHED = "finished"  # the entry scope was left: the trace is over
    CUT_OFF = "cut off"  # a limit (frames, tokens, context) was reached first
    CANCELLED = "cancelled"
    FAILED = "failed"  # the engine or its answer broke; the message says how


@dataclass(frozen=True, slots=True)
class Value:
    """A value as text: what `repr` gives, or a prefix of it when `cut`.

    `confidence` is a probability in 0..1 that the text is right, given all before it;
    None where it means nothing (given, observed) or is not known.
    """

    text: str
    provenance: Provenance = Provenance.PREDICTED
    confidence: float | None = None
    cut: bool = False


Locals = Mapping[str, Value]
NO_LOCALS: Locals = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Part:
    """The value of one expression within a statement, on the way to its result.

    `index` counts the statement's parts in order of evaluation, as `program/parts.py` lists them.
    """

    index: int
    value: Value


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry of a trace.

    A `line` frame shows the state BEFORE its line runs. `locals` are full (never `".."`), in order
    of first binding, for call and line frames; None for return and exception frames, which carry
    `value` instead: what is returned, or `TypeName: message`.
    """

    event: Event
    function: str  # qualified name of the scope's code: "f", "A.method", "<module>"
    scope_line: int  # 1-based first line of that code (co_firstlineno); 0 for a module
    line: int  # 1-based
    source: str  # the text of that line, without its newline
    locals: Locals | None = None
    value: Value | None = None
    depth: int = 0  # activations below this one; the entry scope has 0
    confidence: float | None = None  # of event and line, as a probability in 0..1
    parts: tuple[Part, ...] = ()  # evaluated since the previous frame; empty where not known
    upcoming: Value | None = None  # what a `for` on this line takes next: its next few elements


@dataclass(frozen=True, slots=True)
class Scope:
    """One activation on the stack, at its current line."""

    function: str
    scope_line: int
    line: int
    locals: Locals = field(default_factory=lambda: NO_LOCALS)


@dataclass(frozen=True, slots=True)
class State:
    """What a debugger shows at a stop: the stack, outermost scope first, and what just happened.

    After a return frame the scope that returns is still on top; the next frame pops it.
    """

    stack: tuple[Scope, ...] = ()
    event: Event | None = None
    value: Value | None = None

    @property
    def top(self) -> Scope:
        """The innermost scope. Raises IndexError on the empty state before the first frame."""
        return self.stack[-1]

    def after(self, frame: Frame) -> State:
        """The state that follows when `frame` comes next."""
        stack = self.stack[:-1] if self.event is Event.RETURN else self.stack
        if frame.event is Event.CALL:
            scope = Scope(frame.function, frame.scope_line, frame.line, frame.locals or NO_LOCALS)
            return State((*stack, scope), frame.event, None)
        if not stack:
            raise ValueError(f"a {frame.event} frame needs a scope, and the stack is empty")
        top = replace(
            stack[-1],
            line=frame.line,
            locals=stack[-1].locals if frame.locals is None else frame.locals,
        )
        return State((*stack[:-1], top), frame.event, frame.value)


@dataclass(frozen=True, eq=False)
class Trace:
    """A persistent list of frames with the state after each: appending shares all that came before.

    A trace that starts in mid-program has a `state` and no frames. `skipped`: it came to its last
    frame by a jump, and no one knows the frames between. Compared by identity, so that it can key
    caches.
    """

    state: State = State()
    frame: Frame | None = None
    parent: Trace | None = None
    length: int = 0
    skipped: bool = False

    def append(self, frame: Frame, *, skipped: bool = False) -> Trace:
        """A new trace with `frame` at its end; O(depth of the stack)."""
        return Trace(self.state.after(frame), frame, self, self.length + 1, skipped)

    def nodes(self) -> list[Trace]:
        """The traces that end on each frame, oldest first (without the frameless root)."""
        nodes: list[Trace] = []
        node: Trace | None = self
        while node is not None and node.frame is not None:
            nodes.append(node)
            node = node.parent
        nodes.reverse()
        return nodes

    def frames(self) -> Iterator[Frame]:
        """The frames, oldest first."""
        for node in self.nodes():
            assert node.frame is not None
            yield node.frame

    @property
    def last(self) -> Frame | None:
        """The last frame; where a trace begins in mid-program, what its state tells of one."""
        if self.frame is not None or not self.state.stack:
            return self.frame
        top, event = self.state.top, self.state.event or Event.LINE
        place = top.function, top.scope_line, top.line, ""
        has_locals = event in (Event.CALL, Event.LINE)
        depth = len(self.state.stack) - 1
        return Frame(event, *place, top.locals if has_locals else None, self.state.value, depth)

    def root(self) -> Trace:
        """The frameless trace this one grew from."""
        node = self
        while node.parent is not None:
            node = node.parent
        return node


@dataclass(frozen=True, slots=True)
class Usage:
    """What a prediction cost: requests to the engine and tokens, by kind."""

    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0  # of the prompt's, taken from the engine's cache
    forced_tokens: int = 0  # fed because the program fixes them, not generated
    generated_tokens: int = 0
    seconds: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.forced_tokens + other.forced_tokens,
            self.generated_tokens + other.generated_tokens,
            self.seconds + other.seconds,
        )


@dataclass(frozen=True, slots=True)
class Goal:
    """An action made exact: where the walk that it asks for may end.

    `lines` are breakpoints as (scope_line, line); they end any action. `events` are the frames a
    step may stop on: debuggers pass over calls, whose first line follows at once.
    `exceptions`: every exception frame ends the walk.
    """

    action: Action
    direction: Direction = Direction.FORWARD
    lines: frozenset[tuple[int, int]] = frozenset()
    events: frozenset[Event] = frozenset({Event.LINE, Event.RETURN})
    exceptions: bool = False

    def reached(self, start: State, frame: Frame) -> bool:
        """Whether a walk from `start` ends on `frame`, leaving the end of the program aside.

        The level of a step is that of the scope shown at `start`: after a return, the caller's.
        """
        if frame.event is Event.LINE and (frame.scope_line, frame.line) in self.lines:
            return True
        if frame.event is Event.EXCEPTION and self.exceptions:
            return True
        level = len(start.stack) - (2 if start.event is Event.RETURN else 1)
        match self.action:
            case Action.STEP_INTO:
                return frame.event in self.events
            case Action.STEP_OVER:
                return frame.event in self.events and frame.depth <= level
            case Action.STEP_OUT:
                return frame.event is Event.RETURN and frame.depth <= level
            case Action.RUN_TO:
                return False

    def reached_backward(self, start: State, frame: Frame) -> bool:
        """The same for a walk back from `start`: only line frames end it.

        Calls are passed over from behind; one that is stepped into is entered at its return.
        """
        if frame.event is not Event.LINE:
            return False
        if (frame.scope_line, frame.line) in self.lines:
            return True
        level = max(0, len(start.stack) - (2 if start.event is Event.RETURN else 1))
        match self.action:
            case Action.STEP_INTO:
                return True
            case Action.STEP_OVER:
                return frame.depth <= level
            case Action.STEP_OUT:
                return frame.depth < level
            case Action.RUN_TO:
                return False


def left_entry(frame: Frame) -> bool:
    """Whether the entry scope is left with this frame: the trace is over."""
    return frame.event is Event.RETURN and frame.depth == 0


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer to an action: the frames walked through, and the trace that ends on the last."""

    trace: Trace
    frames: tuple[Frame, ...]
    end: End
    message: str = ""  # for a person: why it was cut off or failed
    usage: Usage = Usage()
    left_out: int = 0  # of the trace's frames, the oldest: they do not fit the model's context
