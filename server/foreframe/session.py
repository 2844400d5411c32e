"""The one owner of a session's state and life: what is asked of it, and where it stands."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from foreframe.ahead import Ahead
from foreframe.editing import Target, edited, edited_state, moved
from foreframe.errors import InternalError, NoSuchPlace, NotStopped, SessionEnded
from foreframe.parties import Listener, Output, WorldModel
from foreframe.run import Run
from foreframe.stopping import Place, Stopping, uncaught
from foreframe.timeline import (
    Change,
    Reason,
    Stop,
    Timeline,
    first_line,
    level,
)
from foreframe.walking import Walker
from foreframe_models.engines.base import EngineError
from foreframe_protocol.states import (
    Action,
    Direction,
    End,
    Goal,
    Trace,
    Value,
    left_entry,
)

if TYPE_CHECKING:
    from foreframe.lockstep import Lockstep
    from foreframe.timeline_search import Found, Search
    from foreframe_models.program.control_flow import Program


class Session:
    """Steps through one program on predicted states.

    One prediction runs at a time; asking for another action cancels it. An engine that fails ends
    the action and not the session: what was predicted until then is kept, and the next try goes on
    from there.
    """

    def __init__(
        self,
        world: WorldModel,
        program: Program,
        start: Trace,
        listener: Listener,
        *,
        stops_at_end: bool = True,
        look_ahead_tokens: int = 0,
        keep: Callable[[Timeline], None] | None = None,
        before: Timeline | None = None,
    ) -> None:
        """`look_ahead_tokens`: what may be predicted after each stop before it is asked for.

        `keep` is given the timeline before anyone else hears of it. `before`: a session's that is
        gone on with; `start` is not needed then.
        """
        self.world, self.program, self.listener = world, program, listener
        self.timeline = Timeline(start) if before is None else before
        self._is_resumed = before is not None
        if keep is not None:
            keep(self.timeline)
        self.timeline.subscribe(listener.stopped)
        self.stopping = Stopping()
        self.ahead = Ahead(world, program, look_ahead_tokens)
        self.walker = Walker(
            world,
            program,
            listener,
            self.timeline,
            self.stopping,
            self.ahead,
            stops_at_end=stops_at_end,
        )
        self.stopping.branch = self.timeline.branch.number
        self.lockstep: Lockstep | None = None  # with a real program, in a session that checks
        self.is_over = False
        self._run: Run | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether an action is under way: there is no stop to be looked at."""
        return self._run is not None

    @property
    def frames_done(self) -> int:
        """Frames that the action under way has predicted so far."""
        if self.lockstep is not None and self.lockstep.leads:
            return self.lockstep.frames_done
        return self._run.frames if self._run else 0

    def exception_origin(self) -> Trace | None:
        """Where the exception was raised that the program is known to end with, if it is."""
        return uncaught(self.timeline.tip)

    def suppose(self, branch: int, way: Trace, change: Change) -> None:
        """Puts a way that may have led to where the session began before it, on a new branch.

        Stands at its end. Nothing is told.
        """
        timeline = self.timeline
        timeline.branch = timeline.branches[branch]
        timeline.cursor = replace(timeline.cursor, trace=timeline.tip)
        self.walker.put_before(way, change)

    def begin_here(self, description: str, text: str) -> None:
        """Stands where it is. Told to the listener after this has returned."""
        self._jump(Stop(self.timeline.cursor.trace, Reason.ENTRY, description, text))

    def begin(self, *, stop_on_entry: bool) -> None:
        """Goes to the first line, or to the first breakpoint; where a session was left before."""
        if self._is_resumed:
            self._jump(self.timeline.cursor)
        elif stop_on_entry:
            self.step(Action.STEP_INTO, reason=Reason.ENTRY)
        else:
            self.step(Action.RUN_TO)

    def step(
        self,
        action: Action,
        direction: Direction = Direction.FORWARD,
        *,
        reason: Reason = Reason.STEP,
        places: frozenset[Place] = frozenset(),
    ) -> None:
        """Starts an action; where it leads is told to the listener, after this has returned.

        `places` are lines that end it too, as the ones of a function to step into. Must be called
        from a running event loop. Raises SessionEnded.
        """
        if self.is_over:
            raise SessionEnded("the program has ended: restart it to go on")
        previous = self._cancel()
        if direction is Direction.BACKWARD:
            self.ahead.rest()
        run = self._begin_run(Goal(action, direction, places), reason)
        self._task = asyncio.create_task(self._perform(run, previous))

    def pause(self) -> bool:
        """Ends the action under way at its last finished frame; False if there is none."""
        run = self._run
        if run is None or self._task is None:
            return False
        is_forward = run.goal.direction is Direction.FORWARD
        if self.lockstep is not None and self.lockstep.leads and is_forward:
            self.lockstep.pause()
            return True
        self._task.cancel()
        asyncio.get_running_loop().call_soon(self._paused, run)
        return True

    def edit(self, index: int, target: Target, text: str) -> Value:
        """Sets a variable of the scope at `index` of the stack to a literal; its new value.

        Begins a branch. Nothing is told: where the session stands stays the same. Raises
        NotStopped, SessionEnded, and what `edited_state` raises.
        """
        here = self._changeable().trace
        state, value = edited_state(here.state, index, target, text)
        name = target.name + "".join(f"[{key!r}]" for key in target.path)
        self._fork(edited(here, state), Change("edit", f"{name} = {value.text}"))
        return value

    def go_to(self, number: int, branch: int | None = None) -> None:
        """Goes to the end of a step, and follows its branch from now on, or the one that is given.

        Told to the listener after this has returned. Raises NoSuchPlace or SessionEnded.
        """
        if self.is_over:
            raise SessionEnded("the program has ended: restart it to go on")
        timeline = self.timeline
        step, chosen = timeline.find(number, branch)
        self._cancel()
        timeline.branch, self.stopping.branch = chosen, chosen.number
        self._jump(Stop(step.trace, Reason.GOTO, "On the timeline"))

    def search(self, wanted: Search, direction: Direction) -> Found | None:
        """Goes to the nearest place on known ground that is looked for, if there is one.

        Told to the listener after this has returned. Raises NotStopped.
        """
        self._standing()
        found = wanted.find(self.timeline, direction)
        if found is not None:
            self._jump(Stop(found.trace, Reason.GOTO, "Found", found.text))
        return found

    def restart_frame(self, index: int) -> None:
        """Goes back to the first line of the activation at `index` of the stack.

        Told to the listener after this has returned. Raises NotStopped or NoSuchPlace.
        """
        found = first_line(self._standing().trace, index)
        if found is None:
            raise NoSuchPlace("the beginning of this frame has not been predicted")
        self._jump(Stop(found, Reason.GOTO, "Frame restarted"))

    def check_line(self, line: int) -> None:
        """Raises NoSuchPlace, SessionEnded or NotStopped when `set_line` cannot go there."""
        state = self._changeable().state
        scope = state.stack[level(state)]
        function = self.program.function_for(scope.function, scope.scope_line)
        if line not in function.lines:
            raise NoSuchPlace(
                f"line {line} is no line to stop at in {function.qualname}: only lines of the "
                "function that is shown can be jumped to"
            )

    def set_line(self, line: int) -> None:
        """Jumps to a line of the scope that is shown: nothing in between runs. Begins a branch.

        Told to the listener after this has returned. Raises as `check_line`.
        """
        self.check_line(line)
        here = self.timeline.cursor.trace
        there = moved(here, level(here.state) + 1, line, self.program.line_text(line))
        self._fork(there, Change("goto", f"line {line}"))
        self._jump(Stop(there, Reason.GOTO, f"Jumped to line {line}"))

    async def close(self) -> None:
        """Ends what is under way, and tells nothing any more. The world model stays open."""
        self.is_over = True
        previous = self._cancel()
        if previous is not None:
            await asyncio.wait([previous])
        await self.ahead.close()
        if self.lockstep is not None:
            await self.lockstep.close()

    def _jump(self, stop: Stop) -> None:
        """Stands at `stop` from now on; told as an action that is done."""
        self.timeline.cursor = stop
        run = self._begin_run(Goal(Action.RUN_TO), stop.reason)
        asyncio.get_running_loop().call_soon(self._stop, run, stop)

    def _standing(self) -> Stop:
        """Where the session stands. Raises NotStopped."""
        if self.is_running or self.is_over:
            raise NotStopped("the program is being predicted, or it has ended")
        return self.timeline.cursor

    def _changeable(self) -> Stop:
        """A stop where something can be changed. Raises NotStopped or SessionEnded."""
        stop = self._standing()
        if stop.trace.frame is not None and left_entry(stop.trace.frame):
            raise SessionEnded("the program has ended here: step back to change something")
        return stop

    def _fork(self, trace: Trace, change: Change) -> None:
        """Begins a branch with `trace` in the place of the cursor's frame."""
        timeline = self.timeline
        origin = timeline.branch.number
        if self.lockstep is not None and self.lockstep.leads:
            self.lockstep.leave()
        # Its length counts on, so that frames keep their numbers, and limits hold for the whole.
        model = replace(self.world.begin(self.program, trace.state), length=trace.length)
        branch = timeline.fork(trace, model, change)
        self.stopping.fork(origin, branch.number, trace)
        self.walker.fork(trace.state)
        self._look_ahead()

    def _begin_run(self, goal: Goal, reason: Reason) -> Run:
        timeline = self.timeline
        model = timeline.branch.model
        self._run = Run(goal, reason, timeline.cursor, timeline.tip, model)
        return self._run

    def _cancel(self) -> asyncio.Task[None] | None:
        """Cancels the action under way, keeping the frames that it has; its task, if any."""
        task, run = self._task, self._run
        if run is not None:
            self._keep(run, End.CANCELLED)
            self._run = None
        if task is None or task.done():
            return None
        task.cancel()
        return task

    def _paused(self, run: Run) -> None:
        if run is self._run:
            self._keep(run, End.CANCELLED)
            is_back = run.goal.direction is Direction.BACKWARD
            where = run.start.trace if is_back else run.node
            self._stop(run, Stop(where, Reason.PAUSE, "Paused"))

    async def _perform(self, run: Run, previous: asyncio.Task[None] | None) -> None:
        """One action from its start to the stop that it leads to."""
        try:
            if previous is not None:
                await asyncio.wait([previous])
            if run.goal.direction is Direction.BACKWARD:
                self._stop(run, await self.walker.backward(run))
                return
            is_checked = self.lockstep is not None and self.lockstep.leads
            party = self.lockstep if is_checked and self.lockstep else self.walker
            stop = await party.forward(run)
            if stop is not None:
                self._stop(run, stop)
            elif run is self._run:
                self._end()
        except EngineError as error:
            if error.partial is not None and error.partial.trace.length >= run.node.length:
                run.follow(error.partial.trace)
            self._fail(run, "Prediction failed", error.code, str(error))
        except Exception as error:  # a fault of our own must not end the session either
            traceback.print_exception(error, file=sys.stderr)
            message = f"{type(error).__name__}: {error}"
            self._fail(run, "Internal error", InternalError.code, message)

    def _stop(self, run: Run, stop: Stop) -> None:
        """Ends an action at a stop, unless another one has taken its place."""
        if run is self._run:
            self._run = None
            if run.goal.direction is Direction.FORWARD:
                self.ahead.learn(stop.trace.length - run.start.trace.length)
            self.timeline.stop(stop)
            self._look_ahead()

    def _look_ahead(self) -> None:
        """Has what may be asked for next predicted, on from the end of what is known."""
        if self.lockstep is not None and self.lockstep.leads:
            return  # each step is predicted from what was observed before it
        timeline, stopping = self.timeline, self.stopping
        known = timeline.tip.length - timeline.cursor.trace.length
        is_far = next(stopping.breakpoints(), None) is not None
        self.ahead.begin(timeline.cursor, timeline.branch.model, known, is_far=is_far)

    def _end(self) -> None:
        """The program is over: says how it ended, and takes no more actions."""
        if self.lockstep is not None and self.lockstep.exit_code is not None:
            self._run, self.is_over = None, True
            self.ahead.drop()
            self.listener.ended(self.lockstep.exit_code)
            return
        raised = self.exception_origin()
        frame = raised.frame if raised is not None else None
        if frame is not None and frame.value is not None:
            self.listener.output(Output(f"{frame.value.text}\n", "stderr", frame.line))
        self._run, self.is_over = None, True
        self.ahead.drop()
        self.listener.ended(0 if frame is None else 1)

    def _keep(self, run: Run, end: End, message: str = "") -> None:
        """Puts what an unfinished action has predicted on the timeline."""
        if run.node is not self.timeline.tip:
            self.timeline.append(run.goal.action, run.node, run.model, end, message, run.usage)

    def _fail(self, run: Run, title: str, code: int, message: str) -> None:
        """The action has failed: the session stays where it began, and says so."""
        if run is not self._run:
            return
        self._keep(run, End.FAILED, message)
        self.listener.output(Output(f"{title} (error {code}): {message}\n", "error"))
        stop = Stop(run.start.trace, Reason.PAUSE, title, f"{message} (step again to retry)")
        self._stop(run, stop)
