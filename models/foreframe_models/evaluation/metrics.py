"""How much of what was predicted is right, as shares: of traces, frames, events, operations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from foreframe_models.confidence import of_way
from foreframe_models.evaluation.actions import Act
from foreframe_models.evaluation.comparing import (
    align,
    compare_frames,
    returns,
    right,
    values_of,
    well_formed,
)
from foreframe_models.evaluation.cruxeval import Item
from foreframe_models.evaluation.operations import operations
from foreframe_models.evaluation.outcomes import Outcome, Step, Walk
from foreframe_models.program.control_flow import Walker
from foreframe_protocol.states import NO_LOCALS, Action, End, Event, Frame, Scope, State

Share = float | None  # in 0..1; None where there is nothing to share
Sure = list[tuple[float, bool]]  # confidence, and whether it was right


def free_running(outcomes: Sequence[Outcome]) -> dict[str, Share]:
    """The metrics of CWM's table: frames by position, averaged over a trace, then over traces.

    Positions are those of the longer trace, so that a missing frame is a wrong one. A valid
    trace is one without an illegal frame; that it was cut off is counted elsewhere.
    """
    rows: defaultdict[str, list[float]] = defaultdict(list)
    for one in outcomes:
        found = align(one.walk.frames, one.real)
        rows["final_output"].append(returns(one.walk.frames, one.walk.end, one.item.output))
        rows["valid_trace"].append(one.walk.end is not End.FAILED)
        rows["state_exact"].append(fmean(c.state for c in found))
        rows["action_exact"].append(fmean(c.action for c in found))
        rows["frame_exact"].append(fmean(c.exact for c in found))
        valid = [well_formed(f, v) for f in one.walk.frames for v in values_of(f)]
        keys = [c.keys for c in found if c.keys is not None]
        pairs = [c.pairs for c in found if c.pairs is not None]
        for name, values in (("valid_values", valid), ("keys", keys), ("keys_and_values", pairs)):
            if values:
                rows[name].append(fmean(values))
    names = (
        "final_output", "valid_trace", "state_exact", "action_exact", "frame_exact",
        "valid_values", "keys", "keys_and_values",
    )  # fmt: skip
    return {name: mean(rows[name]) for name in names}


def true_past(steps: Sequence[tuple[Outcome, Step]]) -> dict[str, object]:
    """The share of frames predicted exactly from the true frames before them, over all frames.

    `events` has line frames on the header of a `for` under "for", not under "line". `operations`
    are those of the line that ran just before the frame; a frame counts for each of them.
    """
    exact: list[bool] = []
    state: list[bool] = []
    action: list[bool] = []
    events: defaultdict[str, list[bool]] = defaultdict(list)
    words: defaultdict[str, list[bool]] = defaultdict(list)
    lines: dict[Item, Mapping[int, frozenset[str]]] = {}
    for one, step in steps:
        found = compare_frames(step.predicted, step.real)
        exact.append(found.exact)
        state.append(found.state)
        action.append(found.action)
        events[kind(one, step.real)].append(found.exact)
        if one.item not in lines:
            lines[one.item] = operations(one.item.program)
        for word in done(lines[one.item], step.before):
            words[word].append(found.exact)
    common = sorted(words.items(), key=lambda entry: -len(entry[1]))
    return {
        "frames": len(exact),
        "frame_exact": mean(exact),
        "state_exact": mean(state),
        "action_exact": mean(action),
        "events": {name: tallied(found) for name, found in sorted(events.items())},
        "operations": {name: tallied(found) for name, found in common},
    }


def outputs(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """Pass@1 of the output by each way to it; cut off answers are wrong, and counted apart."""
    ways: defaultdict[str, list[tuple[Outcome, Walk]]] = defaultdict(list)
    for one in outcomes:
        ways["full_trace"].append((one, one.walk))
        for name, found in one.short.items():
            ways[name].append((one, found))
    return {
        name: {
            "programs": len(found),
            "pass_at_1": mean([returns(w.frames, w.end, o.item.output) for o, w in found]),
            "cut_off": sum(w.end is End.CUT_OFF for _, w in found),
            "failed": sum(w.end is End.FAILED for _, w in found),
        }
        for name, found in ways.items()
    }


def actions(acts: Iterable[Act]) -> dict[str, dict[str, dict[str, Share]]]:
    """By way ("walk", "jump", "back") and action: where it stops, and the whole frame there."""
    rows: defaultdict[str, defaultdict[Action, list[Act]]]
    rows = defaultdict(lambda: defaultdict(list))
    for one in acts:
        rows[one.way][one.action].append(one)
    return {
        way: {action.value: stopped(found) for action, found in sorted(by_action.items())}
        for way, by_action in rows.items()
    }


def stopped(acts: Sequence[Act]) -> dict[str, Share]:
    """How often the stop of an action is the right place, and the right frame."""
    found = [compare_frames(one.predicted, one.real) for one in acts]
    return {
        "frames": len(acts),
        "action_exact": mean([c.action for c in found]),
        "exact": mean([c.exact for c in found]),
        "cut_off": sum(one.end is End.CUT_OFF for one in acts),
    }


def backward(outcomes: Sequence[Outcome]) -> dict[str, object] | None:
    """The line before each stop on its level, from the state alone; None where none was asked for.

    `operations` are those of that line, which ran between the two.
    """
    steps = [
        (o, one) for o in outcomes for one in o.acts
        if one.way == "back" and one.action is Action.STEP_OVER
    ]  # fmt: skip
    if not steps:
        return None
    events: defaultdict[str, list[bool]] = defaultdict(list)
    words: defaultdict[str, list[bool]] = defaultdict(list)
    lines: dict[Item, Mapping[int, frozenset[str]]] = {}
    found = [compare_frames(one.predicted, one.real) for _, one in steps]
    for (outcome, one), compared in zip(steps, found, strict=True):
        events[kind(outcome, one.real)].append(compared.exact)
        if outcome.item not in lines:
            lines[outcome.item] = operations(outcome.item.program)
        if one.real.event is Event.LINE:
            for word in lines[outcome.item].get(one.real.line, ()):
                words[word].append(compared.exact)
    common = sorted(words.items(), key=lambda entry: -len(entry[1]))
    return {
        "frames": len(steps),
        "frame_exact": mean([c.exact for c in found]),
        "previous_values": mean([c.state for c in found]),
        "previous_line": mean([c.action for c in found]),
        "cut_off": sum(one.end is End.CUT_OFF for _, one in steps),
        "events": {name: tallied(good) for name, good in sorted(events.items())},
        "operations": {name: tallied(good) for name, good in common},
    }


def kind(outcome: Outcome, frame: Frame) -> str:
    """A frame's event, or "for" on the header of a loop."""
    function = outcome.item.program.function_for(frame.function, frame.scope_line)
    header = frame.event is Event.LINE and frame.line in function.for_lines
    return "for" if header else frame.event.value


def done(lines: Mapping[int, frozenset[str]], before: State) -> Iterable[str]:
    """What the line did that ran last; nothing after a call, whose scope has run no line yet."""
    depth = -2 if before.event is Event.RETURN else -1
    if before.event is Event.CALL or len(before.stack) < -depth:
        return ()
    return lines.get(before.stack[depth].line, ())


def tallied(found: Sequence[bool]) -> dict[str, float]:
    """How many, and the share of right ones."""
    return {"frames": len(found), "exact": fmean(found)}


def mean(found: Sequence[float]) -> Share:
    """None of nothing."""
    return fmean(found) if found else None


def legal_share(outcomes: Iterable[Outcome]) -> Share:
    """How many predicted frames control flow allows where they stand: a check on the grammar.

    An answer that was no legal frame counts as one that is not.
    """
    legal: list[bool] = []
    for one in outcomes:
        program = one.item.program
        called = program.find(one.item.entry.function or "")
        walker = Walker.from_state(program, State())
        walker.advance(Event.CALL, line=called.def_line, function=called.qualname)
        legal += (follows(walker, frame) for frame in one.walk.frames)
        if one.walk.end is End.FAILED and one.walk.usage.requests:
            legal.append(False)
        legal += (
            follows(Walker.from_state(program, step.before), step.predicted)
            for step in one.steps
            if step.predicted is not None
        )
        scope = Scope(called.qualname, called.scope_line, called.def_line)
        start = State((scope,), Event.CALL)
        legal += (
            follows(Walker.ahead(program, start), walk.frames[0])
            for walk in one.short.values()
            if walk.frames
        )
        legal += (
            follows(Walker.ahead(program, act.before), act.predicted)
            for act in one.acts
            if act.way == "jump" and act.predicted is not None
        )
    return mean(legal)


def follows(walker: Walker, frame: Frame) -> bool:
    """Whether a frame may come next; the walker goes on to it."""
    landing = walker.advance(frame.event, line=frame.line, function=frame.function)
    return landing is not None


def returned(outcomes: Iterable[Outcome]) -> Iterable[tuple[float, bool]]:
    """Confidence of each value that a program was said to return, and whether it was right.

    After a walk that is how sure the whole way is, after a jump how sure the value.
    """
    for one in outcomes:
        last = one.walk.frames[-1] if one.walk.frames else None
        sure = last.value.confidence if last is not None and last.value is not None else None
        if len(one.walk.frames) > 1:
            sure = of_way(one.walk.frames)
        if one.walk.end is End.FINISHED and sure is not None:
            yield sure, returns(one.walk.frames, one.walk.end, one.item.output)


def confidences(steps: Iterable[Step]) -> tuple[Sure, Sure]:
    """Of every value that was predicted anew with the true past, and of every next place."""
    return _sure(sure_of(step.predicted, step.real) for step in steps)


def sure_of_acts(acts: Iterable[Act]) -> tuple[Sure, Sure]:
    """Of the values and places where actions stop."""
    return _sure(sure_of(act.predicted, act.real) for act in acts)


def _sure(found: Iterable[tuple[Sure, Sure]]) -> tuple[Sure, Sure]:
    values: Sure = []
    places: Sure = []
    for told, where in found:
        values += told
        places += where
    return values, places


def sure_of(predicted: Frame | None, real: Frame) -> tuple[Sure, Sure]:
    """The confidences of a frame's values, and of its place; empty where it tells none.

    Values are compared where the predicted frame stands in the right place: elsewhere there is no
    real value beside them.
    """
    values: Sure = []
    places: Sure = []
    if predicted is None:
        return values, places
    same = compare_frames(predicted, real).action
    if predicted.confidence is not None:
        places.append((predicted.confidence, same))
    if same:
        shown = real.locals or NO_LOCALS
        for name, value in (predicted.locals or NO_LOCALS).items():
            if value.confidence is not None:
                values.append((value.confidence, name in shown and right(value, shown[name])))
        if predicted.value is not None and predicted.value.confidence is not None:
            good = real.value is not None and right(predicted.value, real.value)
            values.append((predicted.value.confidence, good))
    return values, places
