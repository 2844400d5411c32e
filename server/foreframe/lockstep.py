"""The world model and the real program side by side: one action for both, one stop with both.

The timeline of a checked session is that of reality: its frames are observed, and each step carries
what was predicted for it. Where the next prediction begins is the person's choice: from what was
observed (`Resync.REALITY`), or where the last prediction ended, to see how far a model gets alone
(`Resync.FREE`). Nothing is executed backward, nor on branches that begin with an edit: those are
imagined, and the real program waits where it is.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Coroutine
from dataclasses import replace
from enum import StrEnum

from foreframe.check_report import Scores, different
from foreframe.checking import Comparison, compare_stops, where
from foreframe.errors import ForeframeError, InternalError, RealityDied, RealityHangs
from foreframe.history import History, is_elsewhere, way_back
from foreframe.observation import Observation
from foreframe.parties import Output, Reality
from foreframe.run import Run
from foreframe.shadow import Predicted, Shadow, raised_there
from foreframe.stopping import Place, uncaught
from foreframe.timeline import Reason, Stop, remaining
from foreframe.walking import Walker
from foreframe_protocol.states import (
    Action,
    Event,
    Goal,
    State,
    Trace,
    left_entry,
)

PATIENCE_SECONDS = 20.0  # for the other one, once the first of the two has stopped
GRACE_SECONDS = 5.0  # for a program that was asked to pause
PAUSE_AGAIN_SECONDS = 0.3
FOREIGN_STEPS = 10_000  # that a call into another file may take until it is back


class Resync(StrEnum):
    """Where the prediction of a step begins."""

    REALITY = "reality"
    FREE = "free"


class Lockstep:
    """Takes each action of a session with both parties, as long as there is a real program.

    `walker` is the session's. `patience` and `grace` are in seconds; without a limit for `patience`
    (None) a slow prediction is waited for as long as it takes.
    """

    def __init__(
        self,
        walker: Walker,
        reality: Reality,
        *,
        resync: Resync = Resync.REALITY,
        patience: float | None = PATIENCE_SECONDS,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self.walker, self.resync = walker, resync
        self.patience, self.grace = patience, grace
        self.reality: Reality | None = reality
        self.scores = Scores()
        self.exit_code: int | None = None
        self._party = reality  # closed at the end, also when it was lost on the way
        self._history = History(walker.timeline.tip, walker.timeline.tip)
        self._model = walker.timeline.tip  # what the next prediction goes on from
        self._is_begun = False
        self._acting: asyncio.Task[Observation] | None = None
        self.shadow = Shadow(walker)
        self._pausing = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()

    @property
    def leads(self) -> bool:
        """Whether the real program takes the actions of the branch that the cursor is on."""
        return self.reality is not None and self.walker.timeline.branch.number == 0

    @property
    def frames_done(self) -> int:
        """Frames that the step under way has predicted so far."""
        return self.shadow.frames

    async def forward(self, run: Run) -> Stop | None:
        """Over visited ground, then on with both. None: both are over, or the program is."""
        timeline = self.walker.timeline
        for node in timeline.ahead():
            found = self.walker.judge(run, node)
            if found is not None:
                return found
        tip = timeline.tip
        if tip.frame is not None and left_entry(tip.frame):
            return None if run.start.trace is tip else self._at_end(tip)
        await self._settle()
        while self.reality is not None:
            here = self._history.seen.state
            goal = remaining(run.goal, run.start.state, here)
            last = self._history.seen
            predicted, real = await self._both(goal, run.reason)
            if isinstance(real, Observation) and real.ended and (real.exit_code or 0) < 0:
                real = RealityDied(f"it died: {real.text}")
            if isinstance(real, ForeframeError):
                return self._alone(run, predicted, real)
            stop = self._meet(goal, run.reason, predicted, real)
            run.node = timeline.tip
            if stop is None or real.ended:
                return stop
            frame = self._history.seen.frame
            is_left = goal is not run.goal and real.reason == "step" and last is not stop.trace
            if is_left and frame and not run.goal.reached(run.start.state, frame):
                continue  # only back from deeper down
            return stop
        return await self.walker.forward(run)

    def pause(self) -> None:
        """Ends the step under way where the program stands; the prediction is left at that."""
        self._pausing.set()

    def leave(self) -> None:
        """A branch begins with something that the person has changed."""
        number = self.walker.timeline.branch.tip.number
        self._say(
            "From here on all is imagined: the real program keeps its values and stays where it "
            f"is. Step {number} of branch 0 leads back to it (foreframe/goTo, or the timeline)"
        )

    async def close(self) -> None:
        """Ends the real program."""
        self.reality = None
        if self._acting is not None:
            self._acting.cancel()
        await self._party.close()
        if self._background:
            await asyncio.wait(self._background)

    async def _ask_to_pause(self, reality: Reality) -> None:
        while self._acting is not None and not self._acting.done() and self.reality is reality:
            try:
                await reality.pause()
            except ForeframeError:
                return  # the step itself tells what has become of the program
            # Asked too early, before a program has begun to run, it would have been for nothing.
            await asyncio.wait({self._acting}, timeout=PAUSE_AGAIN_SECONDS)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # Both at once

    async def _both(
        self, goal: Goal, reason: Reason
    ) -> tuple[Predicted, Observation | ForeframeError]:
        """The same action for both. Neither that one fails nor that it is slow stops the other."""
        is_resynced = self.resync is Resync.REALITY
        node = self._history.seen if is_resynced else self._model
        predicting = asyncio.create_task(self.shadow.predict(node, self._model, goal, reason))
        acting = self._acting = asyncio.create_task(self._act(goal))
        pausing = asyncio.create_task(self._pausing.wait())
        try:
            await self._wait_for_real(acting, predicting, pausing)
            if acting.done() and not predicting.done() and not pausing.done():
                await asyncio.wait(
                    {predicting, pausing},
                    timeout=self.patience,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            why = "the prediction was not there in time"
            if pausing.done():
                why = "paused: what would have been predicted is not known"
        finally:
            self._pausing.clear()
            pausing.cancel()
            if not predicting.done():
                predicting.cancel()
                await asyncio.wait([predicting])
        predicted = Predicted(self._model.state, None, why)
        if not predicting.cancelled():
            predicted = predicting.result()
        return predicted, await self._result()

    async def _wait_for_real(
        self,
        acting: asyncio.Task[Observation],
        predicting: asyncio.Task[Predicted],
        pausing: asyncio.Task[object],
    ) -> None:
        """Until the program has stopped, or has not answered to a pause."""
        is_told = False
        while not acting.done():
            if pausing.done() and self.reality is not None:
                self._spawn(self._ask_to_pause(self.reality))
                await asyncio.wait({acting}, timeout=self.grace)
                return
            waited = {acting, pausing} if predicting.done() else {acting, pausing, predicting}
            patience = self.patience if predicting.done() and not is_told else None
            done, _ = await asyncio.wait(
                waited, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                is_told = True
                found = predicting.result().stop
                place = f"predicted to stop at {where(found.trace)}" if found else "not predicted"
                self._say(f"the real program still runs; {place}. Pause to stop it")

    async def _result(self) -> Observation | ForeframeError:
        """What became of the program's part of the step."""
        acting = self._acting
        assert acting is not None
        if not acting.done():
            acting.cancel()
            await asyncio.wait([acting])
            self._acting = None
            return RealityHangs(
                f"the real program did not stop within {self.grace:g} s of being asked to: it may "
                "be in C code or wait for something that never comes. It was ended"
            )
        self._acting = None
        try:
            return acting.result()
        except ForeframeError as error:
            return error
        except Exception as error:  # a fault of our own: the prediction is there all the same
            traceback.print_exception(error, file=sys.stderr)
            return InternalError(f"{type(error).__name__}: {error}")

    async def _act(self, goal: Goal) -> Observation:
        """The program's part: back in its file, as a call into another one is one step."""
        reality = self.reality
        assert reality is not None
        if self._is_begun:
            found = await reality.step(goal.action, goal.lines)
        else:
            self._is_begun = True
            found = await reality.start(stop_on_entry=goal.action is not Action.RUN_TO)
        program = self.walker.program
        for _ in range(FOREIGN_STEPS):
            if found.ended or found.reason != "step":
                break
            if is_elsewhere(program, found):
                found = await reality.step(way_back(found, goal.action))
            elif self._history.is_within_line(program, found):
                found = await reality.step(goal.action)
            else:
                break
        return found

    async def _settle(self) -> None:
        """Brings a step to its end that the person did not wait for."""
        reality = self.reality
        if self._acting is None or reality is None:
            return
        if not self._acting.done():
            self._spawn(self._ask_to_pause(reality))
            await asyncio.wait({self._acting}, timeout=self.grace)
        real = await self._result()
        if isinstance(real, ForeframeError):
            self._lose(real)
        else:
            predicted = Predicted(self._model.state, None, "another action was asked for")
            self._meet(Goal(Action.RUN_TO), Reason.PAUSE, predicted, real)

    # Where they meet

    def _meet(
        self, goal: Goal, reason: Reason, predicted: Predicted, real: Observation
    ) -> Stop | None:
        """One more step on the timeline, with both; the stop that it leads to.

        None when the program is over and has been seen to be.
        """
        walker, before = self.walker, self._history
        program = walker.program
        was_raised = before.seen.state.event is Event.EXCEPTION
        comparison: Comparison | None = None
        if real.ended:
            self.exit_code = real.exit_code
            ending = predicted.stop.trace.frame if predicted.stop is not None else None
            line = ending.line if ending is not None and left_entry(ending) else None
            self._history = before.end(program, real.returned, line)
            if was_raised and real.exit_code:  # the exception that ended it has been shown
                predicted = replace(predicted, stop=None, why="")
        else:
            state = before.shown(program, real)
            if not state.stack:
                return Stop(before.seen, Reason(real.reason), "Outside of the program")
            self._history = before.observe(program, self._begin, state)
        seen = self._history.seen
        if predicted.stop is not None and real.reason != "pause":
            trace = raised_there(predicted.stop.trace, predicted.start, seen)
            comparison = self._compare(predicted, trace, real)
            if predicted.run is not None and predicted.stop.trace is predicted.run.model:
                predicted.run.model = trace
        self._model = self._next_model(predicted)
        text = predicted.why
        step = walker.timeline.append(
            goal.action, seen, self._model, predicted.end, text, predicted.usage,
            observation=real, comparison=comparison,
        )  # fmt: skip
        self.scores.add(step.number, seen, comparison)
        if text:
            self._say(f"not predicted: {text}")
        if real.ended:
            if real.text:
                self._say(real.text)
            is_seen = was_raised and bool(real.exit_code)
            return None if is_seen or not walker.stops_at_end else self._at_end(seen)
        stop = self._stop(real, reason, seen, goal.lines)
        return replace(different(stop, comparison), observation=real, comparison=comparison)

    def _begin(self, state: State) -> Trace:
        return self.walker.world.begin(self.walker.program, state)

    def _next_model(self, predicted: Predicted) -> Trace:
        """Where the next prediction begins."""
        if self.resync is Resync.FREE:
            if predicted.run is not None and predicted.stop is not None:
                return predicted.run.model
            if predicted.run is None and self._model.frame and left_entry(self._model.frame):
                return self._model
            self._say("the next prediction begins from the observed state, as this one is missing")
        return self._history.known

    def _compare(self, predicted: Predicted, trace: Trace, real: Observation) -> Comparison:
        """The two stops. A program's end is compared by whether an exception made it, too."""
        seen = self._history.seen
        if real.ended:
            raised = uncaught(trace) if trace.frame and left_entry(trace.frame) else None
            if raised is not None and not str(raised.state.value).startswith("SystemExit"):
                trace = trace if real.exit_code else raised
            elif raised is None and real.exit_code and trace.state.event is not Event.EXCEPTION:
                seen = self._history.died(self.walker.program)
        return compare_stops(predicted.start, trace, seen)

    def _stop(
        self, real: Observation, reason: Reason, seen: Trace, places: frozenset[Place]
    ) -> Stop:
        """Why the program stands where it does; `places` are where it was to stop."""
        found = Reason(real.reason) if real.reason in set(Reason) else Reason.STEP
        if found is Reason.STEP:
            found = reason
        top = seen.state.top
        hit = [
            breakpoint_
            for breakpoint_ in self.walker.stopping.breakpoints()
            if (top.scope_line, top.line) in breakpoint_.places and not breakpoint_.log_message
        ]
        if not hit and (top.scope_line, top.line) in places:
            return Stop(seen, reason, text=real.text)
        if found not in (Reason.BREAKPOINT, Reason.FUNCTION_BREAKPOINT):
            return Stop(seen, found, text=real.text)
        return Stop(
            seen,
            hit[0].reason if hit else found,
            text=real.text,
            breakpoints=tuple(breakpoint_.id for breakpoint_ in hit),
        )

    def _at_end(self, end: Trace) -> Stop:
        """The stop after the program's last step, where its outcome can be seen."""
        value = end.state.value
        text = f"returns {value.text}" if value is not None and not value.cut else ""
        if self.exit_code:
            text = f"exit status {self.exit_code}"
        step = self.walker.timeline.branch.tip
        return different(Stop(end, Reason.STEP, "At the end", text), step.comparison)

    # Without the program

    def _alone(self, run: Run, predicted: Predicted, error: ForeframeError) -> Stop:
        """The program is lost: the session goes on without it, from the last that is known."""
        self._lose(error)
        timeline = self.walker.timeline
        title, text = "The real program is lost", f"{error} (error {error.code})"
        if self.resync is Resync.FREE or predicted.stop is None or predicted.run is None:
            timeline.branch.model = self._history.known
            return Stop(run.start.trace, Reason.PAUSE, title, text)
        mine = predicted.run
        timeline.append(run.goal.action, mine.node, mine.model, predicted.end, "", predicted.usage)
        run.node = mine.node
        return replace(predicted.stop, description=title, text=text)

    def _lose(self, error: ForeframeError) -> None:
        self.reality = None
        self.scores.lost = str(error)
        self._spawn(self._party.close())
        text = f"Reality is lost (error {error.code}): {error}. From here on all is imagined.\n"
        self.walker.listener.output(Output(text, "error"))

    def _say(self, text: str) -> None:
        self.walker.listener.output(Output(f"{text}.\n", "note"))
