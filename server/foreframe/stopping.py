"""What ends a continue: breakpoints, with conditions judged on predicted values."""

from __future__ import annotations

import operator
import re
from bisect import bisect_left, insort
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from foreframe.errors import BadExpression, ExpressionError
from foreframe.expressions import evaluate, parse
from foreframe.timeline import Reason
from foreframe_protocol.states import Event, Frame, State, Trace, Value, left_entry

Place = tuple[int, int]  # (scope_line, line)
MAX_SHOWN = 100  # characters of a value that has changed

_HITS = re.compile(r"\s*(==|>=|<=|>|<|%)?\s*(\d{1,9})\s*")
_SIGNS: Mapping[str, Callable[[int, int], bool]] = {
    "": operator.eq,
    "==": operator.eq,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "%": lambda hits, number: number > 0 and hits % number == 0,
}


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of any activation of a scope."""

    function: str
    scope_line: int
    name: str

    def change(self, node: Trace) -> str:
        """What has become of its value since the frame before in its activation; empty: nothing.

        Only line frames show that: a change is seen on the line after the one that made it.
        """
        frame, before = node.frame, node.parent
        if frame is None or before is None or frame.event is not Event.LINE:
            return ""
        if (frame.function, frame.scope_line) != (self.function, self.scope_line):
            return ""
        if frame.depth >= len(before.state.stack):
            return ""
        old = before.state.stack[frame.depth].locals.get(self.name)
        new = node.state.stack[frame.depth].locals.get(self.name)
        if old is new or (old is not None and new is not None and old.text == new.text):
            return ""
        return f"{self.name}: {shown_value(old)} → {shown_value(new)}"


def shown_value(value: Value | None) -> str:
    if value is None:
        return "no value"
    return value.text if len(value.text) <= MAX_SHOWN else value.text[:MAX_SHOWN] + "…"


@dataclass(eq=False, slots=True)
class Breakpoint:
    """Stops (or logs) at lines, if its conditions hold. Empty texts stand for no condition.

    One with a `variable` stops wherever that has changed.

    `hits` are, for each branch, the lengths of the traces on which it was reached with its
    condition true: counting them up to a frame gives the same number whichever way that frame was
    come to.
    """

    id: int
    places: frozenset[Place]
    condition: str = ""
    hit_condition: str = ""
    log_message: str = ""
    reason: Reason = Reason.BREAKPOINT
    variable: Variable | None = None
    hits: dict[int, list[int]] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether reaching it is stopping at it."""
        return not (self.condition or self.hit_condition or self.log_message or self.variable)

    def check(self) -> None:
        """Raises BadExpression when its condition, hit condition or log message cannot be read."""
        if self.condition:
            parse(self.condition)
        if self.hit_condition and not _HITS.fullmatch(self.hit_condition):
            raise BadExpression(
                f"the hit condition {self.hit_condition!r} is not a number, "
                "or one of == >= <= > < % and a number, such as %3"
            )
        for expression in log_parts(self.log_message)[1::2]:
            parse(expression)

    def count(self, length: int, branch: int = 0) -> tuple[int, bool]:
        """Which hit it is on the trace of this length, from 1; whether that was not yet known."""
        hits = self.hits.setdefault(branch, [])
        index = bisect_left(hits, length)
        is_new = index == len(hits) or hits[index] != length
        if is_new:
            insort(hits, length)
        return index + 1, is_new

    def wants(self, hit: int) -> bool:
        """Whether the hit condition holds for this hit."""
        match = _HITS.fullmatch(self.hit_condition)
        return match is None or _SIGNS[match[1] or ""](hit, int(match[2]))


@dataclass(frozen=True, slots=True)
class Hit:
    """Breakpoints that stop at a frame, and why if it is not plain to see."""

    breakpoints: tuple[int, ...]
    reason: Reason
    text: str = ""


@dataclass(slots=True)
class Stopping:
    """All that can end a continue. One owner, the session; changed whenever the person likes."""

    lines: list[Breakpoint] = field(default_factory=list)
    functions: list[Breakpoint] = field(default_factory=list)
    variables: list[Breakpoint] = field(default_factory=list)
    raised: bool = False
    raised_condition: str = ""
    uncaught: bool = True
    branch: int = 0  # of the timeline: the one whose hits are counted

    def breakpoints(self) -> Iterator[Breakpoint]:
        yield from self.lines
        yield from self.functions
        yield from self.variables

    def fork(self, origin: int, branch: int, node: Trace) -> None:
        """A branch begins with `node`: what was hit before it counts there too."""
        self.branch = branch
        for breakpoint_ in self.breakpoints():
            hits = breakpoint_.hits.get(origin, [])
            breakpoint_.hits[branch] = hits[: bisect_left(hits, node.length)]
        self.judge(node, lambda text, frame: None)  # it has been reached; logpoints have spoken

    def prepend(self, origin: int, branch: int, shift: int) -> None:
        """A branch begins that is another with `shift` frames before it: its hits come later."""
        self.branch = branch
        for breakpoint_ in self.breakpoints():
            hits = breakpoint_.hits.get(origin, [])
            breakpoint_.hits[branch] = [length + shift for length in hits]

    def plain_places(self) -> frozenset[Place]:
        """Where every arrival stops."""
        places: set[Place] = set()
        for breakpoint_ in self.breakpoints():
            if breakpoint_.is_plain:
                places |= breakpoint_.places
        return frozenset(places)

    def judge(self, node: Trace, log: Callable[[str, Frame], None]) -> Hit | None:
        """Whether the last frame of `node` stops. `log` is told what logpoints there say, once."""
        frame = node.frame
        if frame is None:
            return None
        if frame.event is Event.EXCEPTION:
            return self._judge_exception(node, frame)
        if frame.event is not Event.LINE:
            return None
        place = (frame.scope_line, frame.line)
        hit: list[Breakpoint] = []
        text = ""
        for breakpoint_ in self.breakpoints():
            change = breakpoint_.variable.change(node) if breakpoint_.variable else ""
            if place not in breakpoint_.places and not change:
                continue
            holds, problem = is_true(breakpoint_.condition, node.state)
            if not holds:
                continue
            number, is_new = breakpoint_.count(node.length, self.branch)
            if not breakpoint_.wants(number):
                continue
            if breakpoint_.log_message:
                if is_new:
                    log(log_text(breakpoint_.log_message, names_of(node.state)), frame)
            else:
                hit.append(breakpoint_)
                text = text or problem or change
        if not hit:
            return None
        return Hit(tuple(b.id for b in hit), hit[0].reason, text)

    def _judge_exception(self, node: Trace, frame: Frame) -> Hit | None:
        if not self.raised or is_propagated(node):
            return None
        holds, problem = is_true(self.raised_condition, node.state)
        if not holds:
            return None
        return Hit((), Reason.EXCEPTION, problem or (frame.value.text if frame.value else ""))


def is_true(condition: str, state: State) -> tuple[bool, str]:
    """Whether a condition holds. One that cannot be judged does: the person is told why."""
    if not condition:
        return True, ""
    try:
        return evaluate(condition, names_of(state)).truth, ""
    except ExpressionError as error:
        return True, f"the condition {condition!r} cannot be judged here: {error}"


def names_of(state: State, index: int = -1) -> Mapping[str, Value]:
    """The names that an expression in a scope of the stack can use: its own, then the module's."""
    scope = state.stack[index]
    module = state.stack[0]
    if module is scope or module.scope_line != 0:
        return scope.locals
    return ChainMap(dict(scope.locals), dict(module.locals))


def log_parts(message: str) -> list[str]:
    """Text and expressions of a log message in turn: `n is {n}` → `n is `, `n`, ``.

    Braces are doubled to stand for themselves.
    """
    parts, begin, depth = [""], 0, 0
    index = 0
    while index < len(message):
        char = message[index]
        if depth == 0 and message[index : index + 2] in ("{{", "}}"):
            parts[-1] += char
            index += 2
            continue
        if char == "{":
            depth += 1
            if depth == 1:
                begin = index + 1
        elif char == "}" and depth:
            depth -= 1
            if depth == 0:
                parts += [message[begin:index], ""]
        elif depth == 0:
            parts[-1] += char
        index += 1
    if depth:
        parts[-1] += message[begin - 1 :]
    return parts


def log_text(message: str, names: Mapping[str, Value]) -> str:
    """A log message with the values of its expressions; what is not known says so in place."""
    parts = log_parts(message)
    for index in range(1, len(parts), 2):
        try:
            parts[index] = evaluate(parts[index], names).shown
        except ExpressionError as error:
            parts[index] = f"<{error}>"
    return "".join(parts)


def is_propagated(node: Trace) -> bool:
    """Whether this exception comes out of a scope that was called, and was not raised here."""
    return _origin(node) is not None


def _origin(node: Trace) -> Trace | None:
    """The exception's frame in the scope that was called, if it comes from there."""
    returned = node.parent
    if node.frame is None or returned is None or returned.frame is None:
        return None
    below = returned.parent
    if returned.frame.event is not Event.RETURN or below is None or below.frame is None:
        return None
    if below.frame.event is Event.EXCEPTION and below.frame.depth == node.frame.depth + 1:
        return below
    return None


def uncaught(end: Trace) -> Trace | None:
    """Where the exception was raised that a finished trace ended with; None if it did not."""
    node = end.parent
    if end.frame is None or not left_entry(end.frame) or node is None or node.frame is None:
        return None
    if node.frame.event is not Event.EXCEPTION or node.frame.depth != 0:
        return None
    while (deeper := _origin(node)) is not None:
        node = deeper
    return node
