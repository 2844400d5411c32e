"""A session's state as bodies of the API. Pure."""

from __future__ import annotations

from foreframe.history import shown_stack
from foreframe.timeline import Branch, Step, Stop, Timeline, changes, level, reason_of
from foreframe_protocol.api import (
    BranchView,
    CursorView,
    StateView,
    StepView,
    StopView,
    TimelineView,
    UsageView,
    ValueView,
    locals_view,
)
from foreframe_protocol.states import State, Verdict


def stop_view(stop: Stop, before: State | None) -> StopView:
    """Where a session stands. `before`: the state of the stop before it.

    In a session that checks, `state` is what was predicted of this stop, if anything was.
    """
    comparison, observed = stop.comparison, stop.observation
    state = stop.state if comparison is None else comparison.predicted.state
    verdicts: dict[str, Verdict] = {}
    if comparison is not None:
        verdicts = {name: check.verdict for name, check in comparison.frame.locals.items()}
    has_changed = before is not None and before.stack and state.stack
    return StopView(
        reason=stop.reason.value,
        description=stop.description,
        text=stop.text,
        state=StateView.of(state),
        shown=level(state),
        changed=[name for name, _ in changes(before, state)] if has_changed else [],
        breakpoints=list(stop.breakpoints),
        real=None if observed is None else StateView.of(stop.state),
        verdicts=verdicts,
        right=None if comparison is None else comparison.right,
    )


def cursor_view(timeline: Timeline) -> CursorView:
    here = timeline.here()
    return CursorView(
        branch=timeline.branch.number,
        step=None if here is None else here.number,
        frame=timeline.cursor.trace.length,
    )


def timeline_view(timeline: Timeline, start: int, count: int) -> TimelineView:
    """Some of the steps, in the order in which they were made, and all branches."""
    return TimelineView(
        steps=[step_view(step) for step in timeline.steps[start : start + count]],
        total=len(timeline.steps),
        branches=[
            branch_view(branch, is_current=branch is timeline.branch)
            for branch in timeline.branches
        ],
        cursor=cursor_view(timeline),
    )


def step_view(step: Step) -> StepView:
    comparison = step.comparison
    real = step.trace.state
    state = real if comparison is None else comparison.predicted.state
    scope = shown_stack(real)[-1]
    before = None if step.parent is None else step.parent.trace.state
    frame = step.trace.frame
    verdicts: dict[str, Verdict] = {}
    if comparison is not None:
        verdicts = {name: check.verdict for name, check in comparison.frame.locals.items()}
    return StepView(
        number=step.number,
        parent=None if step.parent is None else step.parent.number,
        branch=step.branch,
        reason=reason_of(step),
        change=None if step.change is None else step.change.text,
        end=step.end,
        message=step.message,
        frame=step.trace.length,
        event=real.event,
        function=scope.function,
        line=scope.line,
        depth=level(real),
        value=None if real.value is None else ValueView.of(real.value),
        locals=locals_view(shown_stack(state)[-1].locals),
        changed=[name for name, _ in changes(before, real)],
        right=None if comparison is None else comparison.right,
        verdicts=verdicts,
        real=None if step.observation is None else locals_view(scope.locals),
        confidence=None if frame is None else frame.confidence,
        usage=UsageView.of(step.usage),
    )


def branch_view(branch: Branch, *, is_current: bool) -> BranchView:
    change = branch.first.change
    return BranchView(
        number=branch.number,
        parent=branch.origin,
        first=branch.first.number,
        tip=branch.tip.number,
        change=None if change is None else change.text,
        frames=branch.tip.trace.length,
        is_current=is_current,
    )
