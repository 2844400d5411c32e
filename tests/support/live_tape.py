"""A world model that plays back a real run, both ways, from any observed state. For tests only."""

from __future__ import annotations

from typing import Any

from any_tape import AnyTape, key

from foreframe_models.backward import front
from foreframe_protocol.states import Direction, End, Event, Prediction, Trace


class LiveTape(AnyTape):
    """Knows the past as well, one line at a time."""

    async def predict(self, program: Any, trace: Any, goal: Any, **options: Any) -> Prediction:
        if goal.direction is Direction.FORWARD:
            return await super().predict(program, trace, goal, **options)
        state = front(trace)
        at = [n for n, node in enumerate(self.nodes) if key(node) == key(Trace(state))]
        assert at, f"{key(Trace(state))} is not on the tape"
        first = at[0] - 1
        while first > 0 and self.frames[first].event is not Event.LINE:
            first -= 1
        before = self.nodes[first : at[0]]
        if first < 1:
            return Prediction(trace, (), End.FINISHED, "this is where it begins")
        made = Trace()
        for node in before:
            made = Trace(node.state, node.frame, made, made.length + 1)
        for node in trace.nodes() or [self.nodes[at[0]]]:
            made = Trace(node.state, node.frame, made, made.length + 1)
        return Prediction(made, tuple(n.frame for n in reversed(before)), End.REACHED)
