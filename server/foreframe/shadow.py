"""The prediction of one step beside a real program, on a timeline of its own."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass, replace

from foreframe.parties import Output
from foreframe.run import Run
from foreframe.timeline import NO_USAGE, Reason, Stop, Timeline
from foreframe.walking import LEFT_OUT, Walker
from foreframe_models.engines.base import EngineError
from foreframe_protocol.states import End, Event, Goal, State, Trace, Usage, left_entry

SHADOW = -1  # the branch for which the hits of predictions are counted


@dataclass(frozen=True, slots=True)
class Predicted:
    """What became of the prediction of a step. `stop` is None where there is none, `why` why."""

    start: State
    stop: Stop | None
    why: str = ""
    run: Run | None = None
    end: End = End.FAILED
    usage: Usage = NO_USAGE


class Silent:
    """A listener for predictions: what a real program prints is not to be told twice."""

    def stopped(self, stop: Stop) -> None: ...

    def output(self, output: Output) -> None: ...

    def ended(self, exit_code: int) -> None: ...


class Shadow:
    """Predicts as the session's walker would, and leaves its timeline alone."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self._run: Run | None = None

    @property
    def frames(self) -> int:
        """Frames that the last prediction has by now."""
        return 0 if self._run is None else self._run.frames

    async def predict(self, node: Trace, model: Trace, goal: Goal, reason: Reason) -> Predicted:
        """Where `goal` leads from `node`, which the world model knows as `model`.

        Never raises but when it is cancelled.
        """
        mine, start = self.walker, model.state
        if model.frame is not None and left_entry(model.frame):
            return Predicted(start, None, "as predicted, the program has ended before")
        stopping = replace(mine.stopping, branch=SHADOW, variables=[])
        for breakpoint_ in stopping.breakpoints():
            # Counted on, whatever the lengths of the traces: each prediction begins a new one.
            hits = breakpoint_.hits.get(SHADOW, ())
            breakpoint_.hits[SHADOW] = list(range(-len(hits), 0))
        walker = Walker(mine.world, mine.program, Silent(), Timeline(node), stopping, mine.ahead)
        run = self._run = Run(goal, reason, Stop(node, reason), node, model)
        try:
            stop = await walker.forward(run)
        except EngineError as error:
            return Predicted(start, None, f"{error} (error {error.code})")
        except Exception as error:  # a fault of our own must not hide what was observed
            traceback.print_exception(error, file=sys.stderr)
            return Predicted(start, None, f"internal error: {type(error).__name__}: {error}")
        step = walker.timeline.branch.tip
        if walker.left_out and not mine.left_out:
            mine.listener.output(Output(LEFT_OUT.format(walker.left_out), "note"))
            mine.left_out = walker.left_out
        if stop is None or step.end is End.CUT_OFF:
            return Predicted(start, None, step.message, run, step.end, step.usage)
        return Predicted(start, stop, "", run, step.end, step.usage)


def raised_there(trace: Trace, start: State, real: Trace) -> Trace:
    """Where a predicted walk raised what the program has stopped at, if it has: steps go on from
    there to the next line, as nothing tells yet whether something will catch it."""
    frame = real.frame
    if frame is None or frame.event is not Event.EXCEPTION:
        return trace
    node: Trace | None = trace
    while node is not None and node.frame is not None and node.state is not start:
        mine = node.frame
        if mine.event is frame.event and (mine.function, mine.line, mine.depth) == (
            frame.function, frame.line, frame.depth,
        ):  # fmt: skip
            return node
        node = node.parent
    last = trace.frame
    if start.event is Event.RETURN and last is not None and last.event is Event.EXCEPTION:
        # It was raised before this step, in a scope that has been left since: both know only that
        # it ends the program, and the real debugger goes back to where it came from.
        return Trace(
            replace(real.state, value=last.value), replace(frame, value=last.value), trace.parent
        )
    return trace
