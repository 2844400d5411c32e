"""Walks one action to the stop that it leads to: over known ground, then with the world model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from foreframe.ahead import Ahead
from foreframe.parties import Listener, OnFrame, Output, WorldModel
from foreframe.past import Past
from foreframe.printing import Printing
from foreframe.run import Run
from foreframe.stopping import Stopping, uncaught
from foreframe.timeline import NO_USAGE, Branch, Change, Reason, Stop, Timeline, remaining
from foreframe_protocol.states import End, Frame, Goal, State, Trace, Usage, left_entry

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program


LEFT_OUT = "The past has outgrown the model's context: it goes on without the oldest {} frames.\n"


class Walker:
    """Finds where actions lead. What it predicts goes on the timeline; the cursor stays."""

    def __init__(
        self,
        world: WorldModel,
        program: Program,
        listener: Listener,
        timeline: Timeline,
        stopping: Stopping,
        ahead: Ahead,
        *,
        stops_at_end: bool = True,
    ) -> None:
        self.world, self.program, self.listener = world, program, listener
        self.timeline, self.stopping, self.ahead = timeline, stopping, ahead
        self.stops_at_end = stops_at_end
        self.left_out = 0  # frames of the past that a prediction had no room for, the most so far
        self._printing = [Printing(program.tree)]  # by branch
        if len(timeline.steps) > 1:  # those of a session that is gone on with
            self._printing = [self._printed(branch) for branch in timeline.branches]

    def _printed(self, branch: Branch) -> Printing:
        """What prints on a branch, as far as that is known: all of it has been told."""
        begin = branch.first.trace
        printing = Printing(self.program.tree, None if branch.origin is None else begin.state)
        for node in branch.tip.trace.nodes():
            if branch.origin is None or node.length > begin.length:
                printing.feed(node)
        return printing

    def begin_with(self, state: State) -> None:
        """The session begins in mid-program: what was printed before is not known."""
        self._printing = [Printing(self.program.tree, state)]

    def fork(self, state: State) -> None:
        """A branch has begun in `state`."""
        self._printing.append(Printing(self.program.tree, state))

    def put_before(
        self,
        trace: Trace,
        change: Change,
        end: End = End.REACHED,
        message: str = "",
        usage: Usage = NO_USAGE,
    ) -> None:
        """A branch begins that is this one with a past, which `trace` has, up to the cursor."""
        timeline = self.timeline
        origin, before = timeline.branch.number, timeline.cursor.trace.length
        branch = timeline.prepend(trace, change, end, message, usage)
        self.stopping.prepend(origin, branch.number, timeline.cursor.trace.length - before)
        self._printing.append(self._printing[origin])

    async def forward(self, run: Run) -> Stop | None:
        """Over visited ground, over what was predicted ahead, then on with the model.

        None: the program is over, and nothing is left to stop at. Raises EngineError.
        """
        for node in self.timeline.ahead():
            found = self.judge(run, node)
            if found is not None:
                return found
        tip = self.timeline.tip
        if tip.frame is not None and left_entry(tip.frame):
            return self._at_end(run, tip)
        while (ready := await self.ahead.next(run.model)) is not None:
            run.take(*ready)
            stop = self._see(run)
            is_over = run.node.frame is not None and left_entry(run.node.frame)
            if stop is not None or is_over:
                end = End.FINISHED if is_over else End.REACHED
                self.timeline.append(run.goal.action, run.node, run.model, end, usage=run.usage)
                return stop or self._at_end(run, run.node)
        return await self._predict(run)

    async def backward(self, run: Run) -> Stop:
        """Over visited ground, then into what the model says came before. Raises EngineError."""
        return await Past(self).back(run)

    async def _predict(self, run: Run) -> Stop | None:
        """Asks the world model until the goal, the program's end or a limit is reached.

        The breakpoints that every arrival stops at are part of what it is asked for; the others,
        and those set in the meantime, are judged on each frame and end the walk there.
        """
        while True:
            goal = replace(
                remaining(run.goal, run.start.state, run.node.state),
                lines=self.stopping.plain_places() | run.goal.lines,
                exceptions=self.stopping.raised and not self.stopping.raised_condition,
            )
            watch = self._watch(run, goal, run.node.state)
            prediction = await self.world.predict(self.program, run.model, goal, on_frame=watch)
            run.follow(prediction.trace)
            self._tell_left_out(prediction.left_out)
            trace, end, message = run.node, prediction.end, prediction.message
            usage, run.usage = run.usage + prediction.usage, NO_USAGE
            self.timeline.append(run.goal.action, trace, run.model, end, message, usage)
            if run.found is not None:
                return replace(run.found, trace=trace)
            if end is End.FINISHED:
                return self._at_end(run, trace)
            if end is not End.REACHED:
                self.listener.output(Output(f"The prediction was {message}.\n", "limit"))
                return Stop(trace, Reason.PAUSE, "Cut off", message)

    def _tell_left_out(self, frames: int) -> None:
        """Says, once, that the model does not know the whole past any more."""
        if frames and not self.left_out:
            self.listener.output(Output(LEFT_OUT.format(frames), "note"))
        self.left_out = max(self.left_out, frames)

    def _watch(self, run: Run, goal: Goal, begin: State) -> OnFrame:
        """What is done with each frame as it comes."""

        def watch(frame: Frame) -> bool:
            run.append(frame)
            run.found = self._see(run)
            return run.found is not None and not goal.reached(begin, frame)

        return watch

    def _see(self, run: Run) -> Stop | None:
        """A frame has become the last one known: what it prints, and why to stop there, if so."""
        printed = self._printing[self.timeline.branch.number].feed(run.node)
        if printed is not None and printed.text:
            self.listener.output(Output(printed.text, printed.stream, printed.line))
        return self.judge(run, run.node)

    def judge(self, run: Run, node: Trace) -> Stop | None:
        """Why a walk forward stops on the last frame of `node`, if it does."""
        assert node.frame is not None
        hit = self.stopping.judge(node, self.log)
        if hit is not None:
            return Stop(node, hit.reason, text=hit.text, breakpoints=hit.breakpoints)
        if run.goal.reached(run.start.state, node.frame) and not left_entry(node.frame):
            return Stop(node, run.reason)
        return None

    def log(self, text: str, frame: Frame) -> None:
        """What a logpoint says."""
        self.listener.output(Output(text + "\n", "log", frame.line))

    def _at_end(self, run: Run, end: Trace) -> Stop | None:
        """The entry scope is left: stops once, so that the outcome can be seen, then ends."""
        raised, at = uncaught(end), run.start.trace
        frame = raised.frame if raised is not None else end.frame
        text = frame.value.text if frame is not None and frame.value is not None else ""
        is_seen = raised is not None and self.stopping.uncaught and at.length >= raised.length
        if at is end or is_seen or not self.stops_at_end:
            return None
        where = raised if raised is not None and self.stopping.uncaught else end
        if raised is not None:
            return Stop(where, Reason.EXCEPTION, "Uncaught exception", text)
        return Stop(end, Reason.STEP, "At the end", f"returns {text}")
