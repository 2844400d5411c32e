"""Requests that move through the timeline, three of them not in the protocol.

`foreframe/timeline` `{start?, count?}` → `{steps, totalSteps, cursor}`. A step: `id`, `parent`
(absent for the first), `branch`, `line` and `function` at its end, `reason` (launch, edit, goto,
step_over, ...), `change` (of an edit or a goto), `changed` (variables: `name`, `value`,
`provenance`, `confidence`), `frame` (its number), `end` (reached, cut off, ...), `message`.
The cursor: `branch`, `step` (the last one at or before it), `frame`.

`foreframe/branches` → `{branches}`. A branch: `id`, `parent` (the one that it leaves), `first` and
`tip` (steps), `change`, `frames`, `isCurrent`.

`foreframe/goTo` `{step, branch?}` goes to the end of a step, and follows its branch from there or
the one that is given; a `stopped` event with the reason `goto` comes after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreframe.dap.conversation import Body
from foreframe.dap.current import Current
from foreframe.dap.inspection import Inspection
from foreframe.dap.variables import provenance, shown_stack
from foreframe.errors import BadArguments, NoSuchPlace
from foreframe.stopping import Place
from foreframe.timeline import Branch, Step, changes, level, reason_of
from foreframe_protocol.states import Event

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Function
    from foreframe_protocol import dap_arguments as asked

MAX_STEPS = 1000  # in one answer to a client that does not ask for pages
MAX_SHOWN = 200  # characters of a value that has changed


class TimelineRequests:
    """Lists steps and branches, and goes to them; goes to lines and into functions by name."""

    def __init__(self, current: Current, inspection: Inspection) -> None:
        self._current, self._inspection = current, inspection

    # Steps and branches

    def own_timeline(self, arguments: asked.TimelineArguments) -> Body:
        timeline = self._current.session.timeline
        start = arguments.start or 0
        steps = timeline.steps[start : start + (arguments.count or MAX_STEPS)]
        here = timeline.here()
        cursor: dict[str, object] = {
            "branch": timeline.branch.number,
            "frame": timeline.cursor.trace.length,
        }
        if here is not None:
            cursor["step"] = here.number
        return {
            "steps": [self._step(step) for step in steps],
            "totalSteps": len(timeline.steps),
            "cursor": cursor,
        }

    def _step(self, step: Step) -> dict[str, object]:
        state = step.trace.state
        scope = state.stack[level(state)]
        before = None if step.parent is None else step.parent.trace.state
        told: dict[str, object] = {
            "id": step.number,
            "branch": step.branch,
            "line": self._current.line_out(scope.line),
            "function": scope.function,
            "reason": reason_of(step),
            "frame": step.trace.length,
            "end": step.end.value,
            "changed": [
                {"name": name, "value": shortened(value.text), **provenance(value)}
                for name, value in changes(before, state)
            ],
        }
        if step.parent is not None:
            told["parent"] = step.parent.number
        if step.change is not None:
            told["change"] = shortened(step.change.text)
        if step.message:
            told["message"] = step.message
        return told

    def own_branches(self, arguments: asked.NoArguments) -> Body:
        timeline = self._current.session.timeline
        return {
            "branches": [
                {**branch_told(branch), "isCurrent": branch is timeline.branch}
                for branch in timeline.branches
            ]
        }

    def own_go_to(self, arguments: asked.GoToArguments) -> Body:
        self._current.begun.go_to(arguments.step, arguments.branch)
        return None

    # Places

    def on_restart_frame(self, arguments: asked.FrameArguments) -> Body:
        _ = self._current.stop  # there must be one
        index = self._inspection.variables.frame_index(arguments.frame_id)
        self._current.begun.restart_frame(index)
        return None

    def on_goto_targets(self, arguments: asked.GotoTargetsArguments) -> Body:
        _ = self._current.stop
        path = arguments.source.path
        if not self._current.launched.is_program(path):
            raise NoSuchPlace("only lines of the launched program can be jumped to")
        line = self._current.line_in(arguments.line)
        self._current.begun.check_line(line)
        return {"targets": [{"id": line, "label": f"Line {line}", "line": arguments.line}]}

    def on_goto(self, arguments: asked.GotoArguments) -> Body:
        _ = self._current.stop
        self._current.begun.set_line(arguments.target_id)
        return None

    def on_step_in_targets(self, arguments: asked.FrameArguments) -> Body:
        """The functions that the line of the innermost frame may call."""
        state = self._current.stop.state
        index = self._inspection.variables.frame_index(arguments.frame_id)
        if index != len(shown_stack(state)) - 1:
            return {"targets": []}
        found = self._called()
        return {"targets": [{"id": f.id, "label": f.qualname} for f in found]}

    def places(self, target: int) -> frozenset[Place]:
        """The first lines of a function to step into. Raises BadArguments."""
        for function in self._called():
            if function.id == target:
                return frozenset((function.scope_line, line) for line in function.entry_lines)
        raise BadArguments(f"targetId: {target} is no function that this line calls")

    def _called(self) -> list[Function]:
        """What the line that is about to run may call, by name."""
        state = self._current.stop.state
        if state.event is not Event.LINE:
            return []
        program, scope = self._current.launched.program, state.top
        calls = program.function_for(scope.function, scope.scope_line).calls
        found = [program.functions[ident] for ident in calls.get(scope.line, ())]
        return sorted(found, key=lambda function: function.qualname)


def branch_told(branch: Branch) -> dict[str, object]:
    """A branch for a client."""
    told: dict[str, object] = {
        "id": branch.number,
        "first": branch.first.number,
        "tip": branch.tip.number,
        "frames": branch.tip.trace.length,
    }
    if branch.origin is not None:
        told["parent"] = branch.origin
    if branch.first.change is not None:
        told["change"] = shortened(branch.first.change.text)
    return told


def shortened(text: str) -> str:
    """A text for one line on a screen."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
