"""Going backward: over visited ground, then into a past that the model predicts, to its beginning.

A predicted past begins a branch: the same known ground, behind it what may have led there. The
branch that was there before stays as it was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from foreframe.parties import Output
from foreframe.timeline import Change, Reason, Stop, Timeline, is_reached_backward
from foreframe_models.engines.base import EngineError
from foreframe_protocol.states import (
    Action,
    Direction,
    End,
    Event,
    Frame,
    Goal,
    Prediction,
    Trace,
)

if TYPE_CHECKING:
    from foreframe.run import Run
    from foreframe.walking import Walker

MOST_TOKENS = 4000  # that one action may spend on the past
VISITED, PREDICTED, UNKNOWN = "Visited past", "Predicted past", "Unknown past"
AT_THE_START = "At the start"


class Past:
    """Finds where actions backward lead. The cursor stays; what is predicted is on a new branch."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker

    @property
    def timeline(self) -> Timeline:
        return self.walker.timeline

    async def back(self, run: Run) -> Stop:
        """To the goal, to the call that everything began with, or as far as the model can tell.

        Raises EngineError; the past that was found before it is on the timeline.
        """
        found = self._over_known(run)
        if found is not None:
            return found
        first = self._first()
        if is_beginning(first):
            return self._at_the_start()
        prediction = await self._predict(run)
        found = self._over_known(run)
        if found is not None:
            return found
        if prediction.end is End.FINISHED:
            return self._at_the_start()
        message = prediction.message or "the model found nothing that could have come before"
        self._tell(Output(f"The prediction of the past was {message}.\n", "limit"))
        return Stop(self._first(), Reason.PAUSE, UNKNOWN, message)

    def _over_known(self, run: Run) -> Stop | None:
        """Over visited ground, and what was predicted before it."""
        walker = self.walker
        for node in self.timeline.behind():
            if run.goal.action is Action.RUN_TO:
                hit = walker.stopping.judge(node, walker.log)
                if hit is not None:
                    text, ids = hit.text, hit.breakpoints
                    return Stop(node, hit.reason, self._kind(node), text, breakpoints=ids)
            elif is_reached_backward(run.goal, run.start.state, node):
                return Stop(node, Reason.STEP, self._kind(node))
        return None

    def _kind(self, node: Trace) -> str:
        """Whether a frame was predicted backward, or was come to."""
        return PREDICTED if node.length <= self.timeline.branch.past else VISITED

    def _first(self) -> Trace:
        """The earliest frame that is known."""
        first = self.timeline.cursor.trace
        for node in self.timeline.behind():
            first = node
        return first

    def _at_the_start(self) -> Stop:
        """On the first line, or on the call itself where no line is known."""
        first = where = self._first()
        for node in (self.timeline.cursor.trace, *self.timeline.behind()):
            if node.frame is not None and node.frame.event is Event.LINE:
                where = node
        name = first.state.stack[0].function
        what = "the module" if name == "<module>" else f"the call of {name}"
        text = f"this is the beginning of {what}: nothing comes before it"
        return Stop(where, Reason.ENTRY, AT_THE_START, text)

    async def _predict(self, run: Run) -> Prediction:
        """Asks the world model for what came before, and puts that before all that is known."""
        walker = self.walker
        goal = Goal(
            run.goal.action, Direction.BACKWARD, walker.stopping.plain_places() | run.goal.lines
        )

        def count(frame: Frame) -> None:
            run.frames += 1

        try:
            prediction = await walker.world.predict(
                walker.program, run.start.trace, goal, on_frame=count, max_tokens=MOST_TOKENS
            )
        except EngineError as error:
            if error.partial is not None:
                self._keep(run, error.partial)
                error.partial = None  # it is no way forward
            raise
        self._keep(run, prediction)
        return prediction

    def _keep(self, run: Run, prediction: Prediction) -> None:
        """The predicted frames become the beginning of a branch, on which the cursor is then."""
        if not prediction.frames:
            return
        count = len(prediction.frames)
        change = Change("past", f"{count} earlier frame{'s' if count > 1 else ''}")
        timeline = self.timeline
        self.walker.put_before(
            prediction.trace, change, prediction.end, prediction.message, prediction.usage
        )
        run.node = timeline.tip
        run.model = timeline.branch.model
        run.start = replace(run.start, trace=timeline.cursor.trace)

    def _tell(self, output: Output) -> None:
        self.walker.listener.output(output)


def is_beginning(node: Trace) -> bool:
    """Whether nothing can have come before a frame: it is the call of the entry scope."""
    state = node.state
    return state.event is Event.CALL and len(state.stack) == 1
