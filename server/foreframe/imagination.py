"""What surrounds a real stop: a past that was seen or is predicted, a future that is predicted.

Nothing here runs anything: the world model is asked from states that were observed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from foreframe.errors import LaunchError, NotKnown
from foreframe.observation import Observation
from foreframe.parties import WorldModel
from foreframe_protocol.states import (
    Action,
    Direction,
    End,
    Event,
    Frame,
    Goal,
    Prediction,
    Scope,
    State,
    Trace,
)

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

STOPS = frozenset({Event.LINE, Event.RETURN, Event.EXCEPTION})  # the frames that are shown


class Sight(StrEnum):
    """How it is known what is shown."""

    REAL = "real"  # the program stands here
    OBSERVED = "observed"  # it was here
    PREDICTED = "predicted"


@dataclass(frozen=True, slots=True)
class Place:
    """A state that can be shown. `outer`: the scopes below, of other files, as observed."""

    sight: Sight
    trace: Trace
    paths: tuple[str, ...]  # the file of each scope, the outer ones first
    outer: tuple[Scope, ...] = ()
    reason: str = ""  # of a real stop

    def whole(self) -> Trace:
        """The trace with all scopes on its stack."""
        state = self.trace.state
        if not self.outer:
            return self.trace
        whole = State((*self.outer, *state.stack), state.event, state.value)
        return Trace(whole, self.trace.frame, self.trace.parent, self.trace.length)

    def depth(self) -> int:
        """How many scopes are shown."""
        state = self.trace.state
        count = len(self.outer) + len(state.stack)
        return count - 1 if state.event is Event.RETURN and count > 1 else count


class Imagination:
    """The places around the stop `real`, before and after, and which of them is shown.

    `here` is 0 at the real stop, negative in the past and positive in the future. `seen` are the
    stops before it, oldest first.
    """

    def __init__(self, world: WorldModel, real: Observation, seen: Sequence[Observation]) -> None:
        self.world, self.real = world, real
        self.here = 0
        self.past = [observed(one) for one in reversed(seen) if one.thread == real.thread]
        self.future: list[Place] = []
        self._programs: dict[str, Program] = {}
        self._oldest: Trace | None = None  # with the predicted past in it

    @property
    def place(self) -> Place:
        """What is shown."""
        return self._at(self.here)

    def _at(self, position: int) -> Place:
        if position == 0:
            return observed(self.real, Sight.REAL)
        return self.future[position - 1] if position > 0 else self.past[-position - 1]

    def label(self) -> str:
        """That this is no real stop, and where the program stands meanwhile."""
        real = self.real.shown[-1]
        stands = f"nothing runs, the program stands at line {real.line} of {real.function}"
        if self.place.sight is Sight.OBSERVED:
            return f"SEEN BEFORE, {-self.here} back: {stands}"
        way = "ahead" if self.here > 0 else "back"
        return f"IMAGINED, {abs(self.here)} {way}: {stands}"

    async def ahead(self, frames: int, line: int | None = None) -> Prediction:
        """Goes `frames` stops into the predicted future, or to a line of the file shown.

        From the real stop, or on from where the future is shown. Raises NotKnown or EngineError;
        `here` has not moved then.
        """
        if self.here < 0:
            self.here = 0
        from_place = self.place
        begun = await self._begin(from_place)
        program = await self._program(begun.paths[-1])
        goal = Goal(Action.RUN_TO, lines=places_of(program, line))
        left = frames

        def count(frame: Frame) -> bool:
            nonlocal left
            left -= frame.event in STOPS
            return line is None and left <= 0

        prediction = await self.world.predict(program, begun.trace, goal, on_frame=count)
        found = prediction.trace.nodes()[-len(prediction.frames) :] if prediction.frames else []
        shown = [node for node in found if node.frame is not None and node.frame.event in STOPS]
        if not shown:
            raise NotKnown(f"nothing ahead could be predicted: {prediction.message or 'no frame'}")
        added = [Place(Sight.PREDICTED, n, paths_of(begun, n), begun.outer) for n in shown]
        self.future = self.future[: self.here] + added
        self.here = len(self.future)
        return prediction

    async def back(self, action: Action = Action.STEP_OVER) -> str:
        """Goes to the stop before: one that was seen, then one that is predicted.

        STEP_OVER passes over what is predicted deeper on the stack; RUN_TO goes to the stop before
        that was no step, or to the first one seen. What to tell. Raises NotKnown or EngineError.
        """
        if action is Action.RUN_TO and self._to_breakpoint():
            return ""
        if self._over_known(self.place.depth()):
            return ""
        level = self.place.depth()
        message = await self._imagine_past()
        if not self._over_known(level):
            raise NotKnown(
                f"what was before this is not known: {message or 'the model has no idea'}"
            )
        return message

    def _over_known(self, level: int) -> bool:
        for position in range(self.here - 1, -len(self.past) - 1, -1):
            place = self._at(position)
            if place.sight is not Sight.PREDICTED or place.depth() <= level:
                self.here = position
                return True
        return False

    def _to_breakpoint(self) -> bool:
        """To the real stop, the last stop before that was no step, or the first one seen."""
        if self.here > 0:
            self.here = 0
            return True
        seen = [n for n, one in enumerate(self.past, 1) if one.sight is Sight.OBSERVED]
        older = [n for n in seen if n > -self.here]
        halts = [n for n in older if self.past[n - 1].reason != "step"]
        if older:
            self.here = -(halts or older[-1:])[0]
        return bool(older)

    async def _imagine_past(self) -> str:
        """Asks the model for what came before the first place that is known."""
        first = await self._begin(self._at(-len(self.past)))
        program = await self._program(first.paths[-1])
        present = self._oldest or first.trace
        goal = Goal(Action.STEP_OVER, Direction.BACKWARD)
        prediction = await self.world.predict(program, present, goal)
        count = len(prediction.frames)
        if not count:
            return prediction.message
        self._oldest = prediction.trace
        for node in reversed(prediction.trace.nodes()[:count]):
            if node.frame is not None and node.frame.event is Event.LINE:
                paths = paths_of(first, node)
                self.past.append(Place(Sight.PREDICTED, node, paths, first.outer))
        return prediction.message if prediction.end is not End.REACHED else ""

    async def _begin(self, place: Place) -> Place:
        """The place with only the scopes that the model can go on from: those of one file."""
        if place.sight is Sight.PREDICTED:
            return place
        state, paths = place.trace.state, place.paths
        if not state.stack:
            raise NotKnown("nothing can be predicted here: no scope of the program is shown")
        inner = len(paths)
        while inner and paths[inner - 1] == paths[-1]:
            inner -= 1
        portion = State(state.stack[inner:], state.event, state.value)
        program = await self._program(paths[-1])
        for scope in portion.stack:
            try:
                program.function_for(scope.function, scope.scope_line)
            except (KeyError, ValueError) as error:
                raise NotKnown(
                    f"{paths[-1]} has no {scope.function} at line {scope.scope_line}: it was "
                    "changed since the program was started"
                ) from error
        trace = self.world.begin(program, portion)
        return Place(place.sight, trace, paths, state.stack[:inner])

    async def _program(self, path: str) -> Program:
        """The program of a file. Raises NotKnown where it cannot be read."""
        if path not in self._programs:
            from foreframe.source_file import load_program

            try:
                self._programs[path] = await asyncio.to_thread(load_program, Path(path))
            except LaunchError as error:
                raise NotKnown(f"nothing can be predicted here: {error}") from error
        return self._programs[path]


def observed(seen: Observation, sight: Sight = Sight.OBSERVED) -> Place:
    """A stop of the real program, to be shown."""
    state = seen.state
    if not state.stack or state.event is Event.LINE:
        return Place(sight, Trace(state), seen.paths, reason=seen.reason)
    top, event = state.top, state.event or Event.LINE
    depth = len(state.stack) - 1
    frame = Frame(event, top.function, top.scope_line, top.line, "", None, state.value, depth)
    return Place(sight, Trace(state, frame), seen.paths, reason=seen.reason)


def paths_of(begun: Place, node: Trace) -> tuple[str, ...]:
    """The files of the scopes at a predicted place: all but the outer ones are of one file."""
    return (*begun.paths[: len(begun.outer)], *(begun.paths[-1],) * len(node.state.stack))


def places_of(program: Program, line: int | None) -> frozenset[tuple[int, int]]:
    """Where a walk to a line ends. Raises NotKnown when there is no code at it or after it."""
    if line is None:
        return frozenset()
    scopes = {function.id: function.scope_line for function in program.functions}
    found = frozenset((scopes[ident], line) for ident in program.scopes_on(line))
    if not found:
        raise NotKnown(f"line {line} has no code to stop at")
    return found
