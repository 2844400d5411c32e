"""A world model that is asked for one operation at a time: it predicts the split program.

What comes back are frames of the user's program, with the values of the `_tN` as their parts. For
models of CWM's dialect; the small model's has parts of its own. See `program/split.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from foreframe_models.engines.base import Engine, EngineError
from foreframe_models.program.control_flow import Program
from foreframe_models.program.split import Split, split
from foreframe_models.world_model import Entry, WorldModel
from foreframe_protocol.states import (
    Direction,
    End,
    Event,
    Frame,
    Goal,
    Part,
    Prediction,
    Scope,
    State,
    Trace,
    Usage,
    Value,
    left_entry,
)

if TYPE_CHECKING:
    from foreframe_models.dialects.base import Dialect

__all__ = ["MicroWorldModel", "SplitProgram"]

OnFrame = Callable[[Frame], bool | None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trace of the user's program stands in the split one."""

    trace: Trace
    parts: tuple[Part, ...] = ()  # evaluated since the last frame that the user sees


class SplitProgram:
    """A program and the split one, and the way from one's frames and goals to the other's."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.map: Split = split(program.source)
        self.split = Program.parse(self.map.source, program.path)

    def follow(self, place: Place, node: Trace) -> tuple[Frame | None, Place]:
        """The user's frame for the split frame that `node` adds to `place`; None within a line."""
        frame, before = node.frame, place.trace.state
        assert frame is not None
        parts = () if node.skipped else place.parts
        stack = before.stack[:-1] if before.event is Event.RETURN else before.stack
        came = stack[-1].line if stack else 0
        evaluated = self.map.names.get(came)
        if (
            frame.event is Event.LINE
            and before.event is not Event.EXCEPTION
            and evaluated is not None
            and frame.line == came + 1
            and not node.skipped
        ):
            index, name = evaluated
            value = (frame.locals or {}).get(name)
            if value is not None:
                parts = (*parts, Part(index, value))
            return None, Place(node, parts)
        return self.users(frame, parts), Place(node)

    def users(self, frame: Frame, parts: tuple[Part, ...] = ()) -> Frame:
        """A split frame as one of the user's program."""
        line = self.map.line_of.get(frame.line, frame.line)
        return replace(
            frame,
            line=line,
            scope_line=self.map.line_of.get(frame.scope_line, frame.scope_line),
            source=self.program.line_text(line),
            locals=None if frame.locals is None else self._shown(frame.locals),
            parts=parts,
        )

    def _shown(self, values: Mapping[str, Value]) -> dict[str, Value]:
        return {name: value for name, value in values.items() if name not in self.map.hidden}

    def begin(self, state: State) -> Place:
        """The place of a state of the user's program, what led there unknown."""
        stack: list[Scope] = []
        for depth, scope in enumerate(state.stack):
            inner = state.stack[depth + 1] if depth + 1 < len(state.stack) else None
            line = self._line(scope, inner, state.event)
            top = self.map.first.get(scope.scope_line, scope.scope_line)
            stack.append(replace(scope, line=line, scope_line=top))
        return Place(Trace(replace(state, stack=tuple(stack))))

    def _line(self, scope: Scope, inner: Scope | None, event: Event | None) -> int:
        """The split line of a scope: the one that called `inner`, or the next to run."""
        first, own = self.map.first[scope.line], self.map.own[scope.line]
        if inner is not None:
            top = self.map.first.get(scope.scope_line, scope.scope_line)
            calls = self.split.function_for(scope.function, top).calls
            called = self.split.function_for(
                inner.function, self.map.first.get(inner.scope_line, inner.scope_line)
            )
            return next((n for n in range(first, own) if called.id in calls.get(n, ())), own)
        targets = self._loop_targets(scope.line)
        if event in (Event.RETURN, Event.EXCEPTION) or (targets and targets <= set(scope.locals)):
            return own
        return first

    def _loop_targets(self, line: int) -> set[str]:
        function = self.split.lines[self.map.own[line] - 1].strip()
        if not function.startswith("for "):
            return set()
        return {name.strip(" ()") for name in function[4:].partition(" in ")[0].split(",")}

    def goal(self, goal: Goal) -> Goal:
        """The user's goal on the split program: reached wherever the user's may be."""
        lines = {
            (self.map.first.get(scope, scope), at)
            for scope, line in goal.lines
            for at in {self.map.first.get(line, line), self.map.own.get(line, line)}
        }
        return replace(goal, lines=frozenset(lines))


class MicroWorldModel:
    """Predicts like the world model that it wraps, in smaller steps where its dialect is CWM's."""

    def __init__(self, inner: WorldModel) -> None:
        self.inner = inner
        self._programs: WeakKeyDictionary[Program, SplitProgram] = WeakKeyDictionary()
        self._places: WeakKeyDictionary[Trace, Place] = WeakKeyDictionary()

    @property
    def engine(self) -> Engine:
        """The engine that answers."""
        return self.inner.engine

    async def open(self) -> Dialect:
        """Opens the engine once. Raises EngineError."""
        return await self.inner.open()

    async def close(self) -> None:
        """Closes the engine."""
        await self.inner.close()

    async def start(self, program: Program, entry: Entry) -> Trace:
        """The trace that stands on the entry scope's call. Raises EntryError."""
        return await self.inner.start(program, entry)

    def begin(self, program: Program, state: State) -> Trace:
        """A trace from any stack of scopes, without what led there."""
        return self.inner.begin(program, state)

    async def predict(
        self,
        program: Program,
        trace: Trace,
        goal: Goal,
        *,
        on_frame: OnFrame | None = None,
        priority: int = 0,
        max_tokens: int | None = None,
    ) -> Prediction:
        """Walks on from `trace` until the goal, the program's end or a limit.

        A line takes a request for each of its operations where the goal is a step. Raises
        EngineError; what was finished before it is its `partial`.
        """
        dialect = await self.open()
        over = trace.frame is not None and left_entry(trace.frame)
        if dialect.name != "cwm" or goal.direction is Direction.BACKWARD or program.holes or over:
            return await self.inner.predict(
                program, trace, goal, on_frame=on_frame, priority=priority, max_tokens=max_tokens
            )
        halves = self._halves(program)
        walk = _Walk(self, halves, trace, goal, on_frame)
        inner_goal = halves.goal(goal)
        while True:
            place = self._place(halves, walk.trace) if walk.place is None else walk.place
            walk.open(place)
            try:
                answer = await self.inner.predict(
                    halves.split,
                    place.trace,
                    inner_goal,
                    on_frame=walk.look,
                    priority=priority,
                    max_tokens=walk.left(max_tokens),
                )
            except EngineError as error:
                if error.partial is not None:
                    walk.take(error.partial)
                error.partial = walk.prediction(End.FAILED, str(error))
                raise
            walk.take(answer)
            last = walk.trace.frame
            if walk.frames and last is not None:
                if left_entry(last):
                    return walk.prediction(End.FINISHED)
                if goal.reached(trace.state, last) and not walk.place_is_inside:
                    return walk.prediction(End.REACHED)
            if answer.end is not End.REACHED:
                return walk.prediction(answer.end, answer.message)

    def _halves(self, program: Program) -> SplitProgram:
        if program not in self._programs:
            self._programs[program] = SplitProgram(program)
        return self._programs[program]

    def _place(self, halves: SplitProgram, trace: Trace) -> Place:
        """Where a trace stands in the split program."""
        if trace not in self._places:
            frame = trace.frame
            if trace.length == 1 and frame is not None and frame.event is Event.CALL:
                first = halves.map.first
                line = first.get(frame.line, frame.line)
                call = replace(
                    frame,
                    line=line,
                    scope_line=first.get(frame.scope_line, frame.scope_line),
                    source=halves.split.line_text(line),
                )
                self._places[trace] = Place(Trace().append(call))
            else:
                self._places[trace] = halves.begin(trace.state)
        return self._places[trace]

    def keep(self, trace: Trace, place: Place) -> None:
        """Remembers where a trace stands in the split program."""
        self._places[trace] = place


class _Walk:
    """One prediction under way, in the user's frames."""

    def __init__(
        self,
        model: MicroWorldModel,
        halves: SplitProgram,
        start: Trace,
        goal: Goal,
        on_frame: OnFrame | None,
    ) -> None:
        self.model, self.halves, self.on_frame = model, halves, on_frame
        self.start, self.goal = start, goal
        self.trace = start
        self.frames: list[Frame] = []
        self.place: Place | None = None
        self.seen: Place | None = None  # runs ahead of `place` while an answer comes
        self.place_is_inside = False  # of a line whose frame the user has seen already
        self.usage = Usage()

    def open(self, place: Place) -> None:
        """Before a request."""
        self.place = self.seen = place

    def left(self, max_tokens: int | None) -> int | None:
        """What may still be generated."""
        if max_tokens is None:
            return None
        return max(1, max_tokens - self.usage.generated_tokens - self.usage.forced_tokens)

    def look(self, frame: Frame) -> bool | None:
        """A split frame as it comes; True ends the walk."""
        assert self.seen is not None
        shown, self.seen = self.halves.follow(self.seen, self.seen.trace.append(frame))
        if shown is None or self.on_frame is None:
            return None
        return self.on_frame(shown)

    def take(self, answer: Prediction) -> None:
        """Goes on to where an answer ends."""
        assert self.place is not None
        self.usage += answer.usage
        nodes: list[Trace] = []
        node = answer.trace
        while node is not self.place.trace and node.parent is not None:
            nodes.append(node)
            node = node.parent
        for node in reversed(nodes):
            shown, self.place = self.halves.follow(self.place, node)
            self.place_is_inside = shown is None
            if shown is not None:
                self.trace = self.trace.append(shown, skipped=node.skipped)
                self.frames.append(shown)
                self.model.keep(self.trace, self.place)

    def prediction(self, end: End, message: str = "") -> Prediction:
        """What there is."""
        return Prediction(self.trace, tuple(self.frames), end, message, self.usage)
