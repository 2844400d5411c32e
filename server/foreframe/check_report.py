"""What the stops of a checked session add up to: how much was right, where it first went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from foreframe.checking import Comparison, Sure, where
from foreframe.timeline import Stop
from foreframe_models.evaluation.calibration import Calibration
from foreframe_protocol.alignment import ValueCheck, count
from foreframe_protocol.states import Event, Trace, Verdict

SHOWN_CHARS = 60  # of a value in a sentence
MOST = 12  # scopes and variables that are listed for a person, the worst first


@dataclass(slots=True)
class Score:
    """Values by verdict."""

    right: int = 0
    wrong: int = 0
    not_comparable: int = 0

    def add(self, verdict: Verdict) -> None:
        """One more value."""
        if verdict is Verdict.MATCH:
            self.right += 1
        elif verdict is Verdict.NOT_COMPARABLE:
            self.not_comparable += 1
        else:
            self.wrong += 1


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first stop that is not as predicted."""

    step: int
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """A frame is a stop that was predicted. It is right when it is where it should be and no value
    that it tells is wrong: the locals of its scope, or what is returned or raised.

    `scopes` and `variables` ("f: total") count the values that were told of them.
    """

    frames: int
    frames_right: int
    values: int
    values_right: int
    not_comparable: int
    not_predicted: int
    first: Divergence | None
    calibrations: Mapping[str, Calibration]
    scopes: Mapping[str, Score]
    variables: Mapping[str, Score]
    lost: str = ""

    def lines(self) -> list[str]:
        """For a person."""
        apart = f" ({self.not_comparable} not comparable)" if self.not_comparable else ""
        missing = f", {self.not_predicted} not predicted" if self.not_predicted else ""
        found = [
            f"frames {self.frames_right}/{self.frames} right, "
            f"values {self.values_right}/{self.values}{apart}{missing}"
        ]
        if self.first is not None:
            first = self.first
            found.append(f"first divergence at stop {first.step}, {first.place}: {first.text}")
        for name, sure in self.calibrations.items():
            if sure.error is not None:
                found.append(f"calibration (ECE) of {name}: {sure.error:.3f} over {sure.count}")
        for title, scores in (("scope", self.scopes), ("variable", self.variables)):
            wrong = [(name, score) for name, score in scores.items() if score.wrong]
            wrong.sort(key=lambda pair: -pair[1].wrong)
            found += (
                f"wrong by {title}: {name} {s.wrong}/{s.right + s.wrong}"
                for name, s in wrong[:MOST]
            )
        if self.lost:
            found.append(f"the real program was lost: {self.lost}")
        return found

    def as_json(self) -> dict[str, object]:
        """The same as an object."""
        first = self.first
        return {
            "frames": self.frames,
            "framesRight": self.frames_right,
            "values": self.values,
            "valuesRight": self.values_right,
            "notComparable": self.not_comparable,
            "notPredicted": self.not_predicted,
            "firstDivergence": first
            and {"step": first.step, "place": first.place, "text": first.text},
            "calibration": {
                name: {"ece": sure.error, "count": sure.count}
                for name, sure in self.calibrations.items()
            },
            "scopes": {name: score_json(score) for name, score in self.scopes.items()},
            "variables": {name: score_json(score) for name, score in self.variables.items()},
            "lost": self.lost,
        }


def score_json(score: Score) -> dict[str, int]:
    """A score as an object."""
    return {
        "right": score.right,
        "wrong": score.wrong,
        "notComparable": score.not_comparable,
    }


@dataclass(slots=True)
class Scores:
    """Fed each stop of a session, gives the report on all of them."""

    lost: str = ""
    stops: int = 0
    frames_right: int = 0
    not_predicted: int = 0
    total: Score = field(default_factory=Score)
    first: Divergence | None = None
    values: list[Sure] = field(default_factory=list)
    places: list[Sure] = field(default_factory=list)
    scopes: dict[str, Score] = field(default_factory=dict)
    variables: dict[str, Score] = field(default_factory=dict)

    def add(self, step: int, seen: Trace, comparison: Comparison | None) -> None:
        """A stop of the real program, and how it compares with what was predicted, if anything."""
        if comparison is None:
            self.not_predicted += 1
            return
        self.stops += 1
        self.frames_right += comparison.right
        self.values += comparison.values
        self.places += comparison.places
        frame = comparison.frame
        assert frame.real is not None
        scope = frame.real.function
        if not frame.values:
            self.total.wrong += count(frame.real)  # elsewhere: none of its values was predicted
        for name, check in frame.locals.items():
            self._score(scope, name, check)
        if frame.value is not None:
            word = "returned" if frame.real.event is Event.RETURN else "raised"
            self._score(scope, f"({word})", frame.value)
        if self.first is None and not comparison.right:
            self.first = Divergence(step, where(seen), what_is_wrong(comparison))

    def _score(self, scope: str, name: str, check: ValueCheck) -> None:
        for score in (
            self.total,
            self.scopes.setdefault(scope, Score()),
            self.variables.setdefault(f"{scope}: {name}", Score()),
        ):
            score.add(check.verdict)

    def report(self) -> CheckReport:
        """All that was added."""
        calibrations = {
            "values": Calibration.of([(sure.confidence, sure.is_right) for sure in self.values]),
            "next places": Calibration.of([(s.confidence, s.is_right) for s in self.places]),
        }
        return CheckReport(
            self.stops,
            self.frames_right,
            self.total.right + self.total.wrong,
            self.total.right,
            self.total.not_comparable,
            self.not_predicted,
            self.first,
            calibrations,
            self.scopes,
            self.variables,
            self.lost,
        )


def what_is_wrong(comparison: Comparison) -> str:
    """In a sentence: both places, or the first values that differ; empty where all is right."""
    if not comparison.frame.same_place:
        return f"predicted {where(comparison.predicted)}, really {where(comparison.real)}"
    found = [sentence(name, check) for name, check in comparison.wrong()]
    more = f" and {len(found) - 2} more" if len(found) > 2 else ""
    return "; ".join(found[:2]) + more


def sentence(name: str, check: ValueCheck) -> str:
    """What is wrong with a value."""
    what = name or "its value"
    if check.predicted is None and check.real is not None:
        return f"{what} was not predicted, really {shortened(check.real.text)}"
    assert check.predicted is not None
    mine = f"{what} predicted as {shortened(check.predicted.text)}"
    return (
        f"{mine}, does not exist"
        if check.real is None
        else (f"{mine}, really {shortened(check.real.text)}")
    )


def shortened(text: str, limit: int = SHOWN_CHARS) -> str:
    """A value for a sentence."""
    return text if len(text) <= limit else text[:limit] + "…"


def different(stop: Stop, comparison: Comparison | None) -> Stop:
    """A stop that says what is not as predicted there."""
    if comparison is None or comparison.right:
        return stop
    text = what_is_wrong(comparison)
    return replace(stop, text=f"{text}. {stop.text}" if stop.text else text)
