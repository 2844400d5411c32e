"""What outcomes add up to: the metrics of a report, as numbers and as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from foreframe_models.evaluation.calibration import Calibration
from foreframe_models.evaluation.comparing import returns
from foreframe_models.evaluation.inputs import Given
from foreframe_models.evaluation.metrics import (
    Share,
    actions,
    backward,
    confidences,
    free_running,
    legal_share,
    outputs,
    returned,
    sure_of_acts,
    true_past,
)
from foreframe_models.evaluation.outcomes import Outcome
from foreframe_models.evaluation.speed import speed
from foreframe_protocol.states import End


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
    if task == "output":
        metrics["output"] = outputs(outcomes)
        at_once = [replace(o, walk=o.short["jump"]) for o in outcomes if "jump" in o.short]
        if at_once:
            calibrations["values returned in one jump"] = Calibration.of(list(returned(at_once)))
    else:
        metrics["free_running"] = free_running(traced)
        steps = [(o, step) for o in traced for step in o.steps]
        metrics["true_past"] = true_past(steps)
        values, places = confidences([step for _, step in steps])
        calibrations = {"values": Calibration.of(values), "next frame": Calibration.of(places)}
        acts = [act for o in traced for act in o.acts]
        jumped, _ = sure_of_acts(act for act in acts if act.way == "jump")
        past_values, past_places = sure_of_acts(act for act in acts if act.way == "back")
        for name, told in (
            ("values jumped to", jumped),
            ("past values", past_values),
            ("past places", past_places),
        ):
            if told:
                calibrations[name] = Calibration.of(told)
        metrics["actions"] = actions(acts)
        metrics["backward"] = backward(traced)
    metrics["calibration"] = {name: calibration(c) for name, c in calibrations.items()}
    metrics["speed"] = speed(outcomes)
    return Report(
        task, len(outcomes), sum(good), ends.count(End.CUT_OFF), ends.count(End.FAILED),
        metrics, calibrations,
    )  # fmt: skip


def input_report(given: Sequence[Given]) -> Report:
    """The report on inputs that were given for outputs."""
    ends = [one.end for one in given]
    right = sum(one.right for one in given)
    answered = sum(one.args is not None for one in given)
    metrics: dict[str, object] = {"answered": answered / len(given) if given else None}
    return Report(
        "input", len(given), right, ends.count(End.CUT_OFF), ends.count(End.FAILED), metrics
    )


def calibration(found: Calibration) -> dict[str, object]:
    """As JSON."""
    bins = [asdict(part) for part in found.bins]
    by_chance = found.by_chance
    return {"ece": found.error, "by_chance": by_chance, "count": found.count, "bins": bins}


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
