"""One action from a state or an entry, as a session would take it; nothing is kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from foreframe.ahead import Ahead
from foreframe.dap.breakpoints import BreakpointTable, Placement
from foreframe.errors import BadState
from foreframe.parties import WorldModel
from foreframe.run import Run
from foreframe.stopping import Breakpoint, Stopping
from foreframe.timeline import NO_USAGE, Reason, Timeline
from foreframe.walking import Walker
from foreframe.web.launching import wanted_of
from foreframe.web.working import Counter
from foreframe_models.program.control_flow import Program
from foreframe_protocol.api import BreakpointSpec, FrameView, PredictedStep, StateView, UsageView
from foreframe_protocol.states import Direction, End, Event, Frame, Goal, State, Trace


@dataclass(frozen=True, slots=True)
class OneAction:
    """What is asked: an action of a program from where `start` ends.

    `state`: the start is this alone, and not what led there.
    """

    program: Program
    world: WorldModel
    start: Trace
    goal: Goal
    breakpoints: tuple[BreakpointSpec, ...] = ()
    state: State | None = None

    async def predict(self, counter: Counter) -> PredictedStep:
        """Where it leads. Raises EngineError."""
        timeline, stopping = Timeline(self.start), Stopping()
        stopping.lines = self._placed()
        ahead = Ahead(self.world, self.program, 0)
        walker = Walker(self.world, self.program, counter, timeline, stopping, ahead)
        if self.state is not None:
            model = self.world.begin(self.program, self.state)
            timeline.branch.model = replace(model, length=self.start.length)
            walker.begin_with(self.state)
        model = timeline.branch.model
        run = counter.run = Run(self.goal, Reason.STEP, timeline.cursor, self.start, model)
        is_back = self.goal.direction is Direction.BACKWARD
        stop = await walker.backward(run) if is_back else await walker.forward(run)
        trace = self.start if stop is None else stop.trace
        known, last, usage = len(timeline.steps) > 1, timeline.steps[-1], NO_USAGE
        for step in timeline.steps:
            usage += step.usage
        end = last.end if known else End.FINISHED
        if is_back:  # the steps that lie behind a past have come along
            first = timeline.branch.first
            end = first.end if known else End.FINISHED
        return PredictedStep(
            frames=[FrameView.of(frame) for frame in walked(timeline, trace, is_back=is_back)],
            state=StateView.of(trace.state),
            end=end,
            message=last.message or ("" if stop is None else stop.text),
            usage=UsageView.of(usage),
        )

    def _placed(self) -> list[Breakpoint]:
        if not self.breakpoints:
            return []
        table, path = BreakpointTable(), self.program.path
        table.ask(path, wanted_of(self.breakpoints))
        return table.place(Placement(self.program, with_module=True), path)[0]


def walked(timeline: Timeline, trace: Trace, *, is_back: bool) -> Iterator[Frame]:
    """The frames between where the timeline's cursor is and the end of `trace`, in the order of
    the walk; that at the end among them."""
    start = timeline.cursor.trace
    later, earlier = (start, trace) if is_back else (trace, start)
    nodes: list[Trace] = []
    node: Trace | None = later
    while node is not None and node is not earlier:
        nodes.append(node)
        node = node.parent
    if is_back:  # from the start, which is where one stands, to the end
        nodes = [*nodes[1:], earlier] if nodes else []
    else:
        nodes.reverse()
    return (node.frame for node in nodes if node.frame is not None)


def state_of(program: Program, told: StateView) -> State:
    """A state that a client has told, as one of this program. Raises BadState."""
    state = told.state()
    if not state.stack:
        raise BadState("`state` has no scope: nothing can be predicted from it")
    for number, scope in enumerate(state.stack):
        try:
            function = program.function_for(scope.function, scope.scope_line)
        except KeyError as error:
            raise BadState(f"scope {number} of `state`: {error.args[0]}") from error
        if scope.line not in function.lines and scope.line != function.def_line:
            raise BadState(
                f"scope {number} of `state`: line {scope.line} is no line of {scope.function}"
            )
    event = state.event or Event.LINE
    if (state.value is None) is (event in (Event.RETURN, Event.EXCEPTION)):
        raise BadState("`state`: a return and an exception have a `value`, and nothing else has")
    return replace(state, event=event)
