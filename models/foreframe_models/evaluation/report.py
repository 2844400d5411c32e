"""What outcomes add up to: the metrics of a report, as numbers and as text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean, quantiles

from foreframe_models.evaluation.calibration import Calibration
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
from foreframe_models.evaluation.outcomes import Outcome, Step
from foreframe_models.program.control_flow import Walker
from foreframe_protocol.states import NO_LOCALS, End, Event, Frame, State, Usage

Share = float | None  # in 0..1; None where there is nothing to share


@dataclass(frozen=True, slots=True)
class Report:
    """Everything measured; `metrics` are ready for JSON."""

    task: str
    n: int
    right: int
    cut_off: int
    failed: int  # no legal answer, or the model could not be asked: counted as wrong
    metrics: dict[str, object]
    calibrations: dict[str, Calibration] = field(default_factory=dict)

    @property
    def pass_at_1(self) -> Share:
        """Share of programs whose predicted return value is the real one."""
        return self.right / self.n if self.n else None


def report(task: str, outcomes: Sequence[Outcome]) -> Report:
    """The report on all that was predicted for a task, "output" or "trace"."""
    good = [returns(o.walk.frames, o.walk.end, o.item.output) for o in outcomes]
    ends = [o.walk.end for o in outcomes]
    traced = [o for o in outcomes if o.real]
    metrics: dict[str, object] = {}
    calibrations = {"returned values": Calibration.of(list(returned(outcomes)))}
    metrics["legal_frames"] = legal_share(outcomes)
    if task == "trace":
        metrics["free_running"] = free_running(traced)
        steps = [(o, step) for o in traced for step in o.steps]
        metrics["true_past"] = true_past(steps)
        values, places = confidences([step for _, step in steps])
        calibrations = {"values": Calibration.of(values), "next frame": Calibration.of(places)}
    metrics["calibration"] = {name: calibration(c) for name, c in calibrations.items()}
    metrics["speed"] = speed(outcomes)
    return Report(
        task, len(outcomes), sum(good), ends.count(End.CUT_OFF), ends.count(End.FAILED),
        metrics, calibrations,
    )  # fmt: skip


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
    return mean(legal)


def follows(walker: Walker, frame: Frame) -> bool:
    """Whether a frame may come next; the walker goes on to it."""
    landing = walker.advance(frame.event, line=frame.line, function=frame.function)
    return landing is not None


def returned(outcomes: Iterable[Outcome]) -> Iterable[tuple[float, bool]]:
    """Confidence of each value that a program was said to return, and whether it was right."""
    for one in outcomes:
        last = one.walk.frames[-1] if one.walk.frames else None
        sure = last.value.confidence if last is not None and last.value is not None else None
        if one.walk.end is End.FINISHED and sure is not None:
            yield sure, returns(one.walk.frames, one.walk.end, one.item.output)


Sure = list[tuple[float, bool]]


def confidences(steps: Iterable[Step]) -> tuple[Sure, Sure]:
    """Of every value that was predicted anew with the true past, and of every next place.

    Values are compared where the predicted frame stands in the right place: elsewhere there is no
    real value beside them.
    """
    values: Sure = []
    places: Sure = []
    for step in steps:
        predicted, real = step.predicted, step.real
        if predicted is None:
            continue
        same = compare_frames(predicted, real).action
        if predicted.confidence is not None:
            places.append((predicted.confidence, same))
        if not same:
            continue
        shown = real.locals or NO_LOCALS
        for name, value in (predicted.locals or NO_LOCALS).items():
            if value.confidence is not None:
                values.append((value.confidence, name in shown and right(value, shown[name])))
        if predicted.value is not None and predicted.value.confidence is not None:
            good = real.value is not None and right(predicted.value, real.value)
            values.append((predicted.value.confidence, good))
    return values, places


def calibration(found: Calibration) -> dict[str, object]:
    """As JSON."""
    bins = [asdict(part) for part in found.bins]
    return {"ece": found.error, "count": found.count, "bins": bins}


def speed(outcomes: Sequence[Outcome]) -> dict[str, Share]:
    """What predictions cost: milliseconds and tokens of a frame.

    `walk`: of whole traces in one go, the mean of each. `step`: one request for one frame.
    """
    walks = [o.walk for o in outcomes if o.walk.frames]
    walked = [walk.usage.seconds / len(walk.frames) for walk in walks]
    stepped = [s.usage.seconds for o in outcomes for s in o.steps if s.predicted is not None]
    usage = sum((walk.usage for walk in walks), Usage())
    frames = sum(len(walk.frames) for walk in walks)
    return {
        "frames_per_second": ratio(frames, usage.seconds),
        "walk_ms_p50": milliseconds(walked, 50),
        "walk_ms_p95": milliseconds(walked, 95),
        "step_ms_p50": milliseconds(stepped, 50),
        "step_ms_p95": milliseconds(stepped, 95),
        "tokens_per_frame": ratio(usage.generated_tokens + usage.forced_tokens, frames),
        "generated_per_frame": ratio(usage.generated_tokens, frames),
    }


def ratio(part: float, whole: float) -> Share:
    """None of nothing."""
    return part / whole if whole else None


def milliseconds(seconds: Sequence[float], percentile: int) -> Share:
    """A percentile of durations."""
    if len(seconds) < 2:
        return 1000 * seconds[0] if seconds else None
    return 1000 * quantiles(seconds, n=100, method="inclusive")[percentile - 1]


def as_json(found: Report, about: Mapping[str, object]) -> dict[str, object]:
    """One object; numbers with four digits after the point."""
    head = {
        "task": found.task,
        "n": found.n,
        "pass_at_1": found.pass_at_1,
        "cut_off": found.cut_off,
        "failed": found.failed,
        "metrics": found.metrics,
        **about,
    }
    return {name: rounded(value) for name, value in head.items()}


def rounded(value: object) -> object:
    """Floats at every depth, shortened."""
    match value:
        case float():
            return round(value, 4)
        case dict():
            return {key: rounded(part) for key, part in value.items()}
        case list():
            return [rounded(part) for part in value]
    return value
