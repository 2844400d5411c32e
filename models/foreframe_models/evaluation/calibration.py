"""Whether confidences are probabilities: of values said to be 80 % sure, are 80 % right?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import fmean

from foreframe_models.confidence import Scale, log_odds

BINS = 10
FEW = 60  # predictions: with fewer, nothing is fitted
LEAST_SLOPE = 0.05
DRAWS = 50  # of what might have been right, to tell what chance makes
PRIOR = 3.0  # how many predictions it takes to move a scale from where it starts


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions whose confidence lies in [low, high), the last bin's in [low, high]."""

    low: float
    high: float
    count: int
    confidence: float  # mean; 0 where the bin is empty
    right: float  # share; 0 where the bin is empty


@dataclass(frozen=True, slots=True)
class Calibration:
    """Ten bins of equal width, and the expected calibration error over them.

    `error` is the mean over all predictions of how far their bin's confidence is from its share
    of right ones; None where there is no prediction.
    """

    bins: tuple[Bin, ...]
    count: int
    error: float | None
    confidences: tuple[float, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, predictions: Sequence[tuple[float, bool]]) -> Calibration:
        """From (confidence, whether it was right)."""
        bins = binned(predictions)
        error = gap(bins) if predictions else None
        return cls(bins, len(predictions), error, tuple(sure for sure, _ in predictions))

    @property
    def by_chance(self) -> float | None:
        """What `error` would be on average, were each prediction right as often as it says.

        Drawn anew at each call, the same for everyone; None where there is no prediction.
        """
        if not self.confidences:
            return None
        rng = Random(self.count)
        return fmean(
            gap(binned([(sure, rng.random() < sure) for sure in self.confidences]))
            for _ in range(DRAWS)
        )


def binned(predictions: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    """Ten bins of equal width."""
    groups: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, good in predictions:
        groups[min(BINS - 1, max(0, int(confidence * BINS)))].append((confidence, good))
    bins = []
    for index, group in enumerate(groups):
        size = len(group) or 1
        sure, good_share = sum(c for c, _ in group) / size, sum(g for _, g in group) / size
        bins.append(Bin(index / BINS, (index + 1) / BINS, len(group), sure, good_share))
    return tuple(bins)


def gap(bins: Sequence[Bin]) -> float:
    """How far confidences are from shares of right ones, over all predictions of the bins."""
    return sum(b.count * abs(b.confidence - b.right) for b in bins) / sum(b.count for b in bins)


def fit(predictions: Sequence[tuple[float, bool]]) -> Scale:
    """The scale under which what happened is likeliest (logistic regression on log-odds).

    Of (confidence, whether it was right), the confidences as the model gave them.
    """
    if len(predictions) < FEW:
        return Scale()
    points = [(log_odds(sure), 1.0 if good else -1.0) for sure, good in predictions]
    slope, bias = 1.0, 0.0
    now = surprise(points, slope, bias)
    for _ in range(60):  # Newton's method, each step halved until it is one ahead
        gradient = [PRIOR * (slope - 1), PRIOR * bias]
        a, b, c = PRIOR, 0.0, PRIOR
        for odds, sign in points:
            missed = sigmoid(-sign * (slope * odds + bias))
            gradient[0] -= sign * missed * odds
            gradient[1] -= sign * missed
            weight = missed * (1 - missed)
            a, b, c = a + weight * odds * odds, b + weight * odds, c + weight
        determinant = a * c - b * b
        step = (
            (b * gradient[1] - c * gradient[0]) / determinant,
            (b * gradient[0] - a * gradient[1]) / determinant,
        )
        for _ in range(30):
            then = surprise(points, slope + step[0], bias + step[1])
            if then <= now:
                break
            step = (step[0] / 2, step[1] / 2)
        slope, bias, before, now = slope + step[0], bias + step[1], now, then
        if before - now < 1e-9:
            break
    return Scale(1 / max(slope, LEAST_SLOPE), bias)


def surprise(points: Sequence[tuple[float, float]], slope: float, bias: float) -> float:
    """What a scale makes of what happened (1 for right, -1 for wrong), in nats."""
    total = sum(softplus(-sign * (slope * odds + bias)) for odds, sign in points)
    return total + PRIOR / 2 * ((slope - 1) ** 2 + bias**2)


def sigmoid(value: float) -> float:
    """The probability of log-odds."""
    return 1 / (1 + math.exp(-value)) if value > 0 else math.exp(value) / (1 + math.exp(value))


def softplus(value: float) -> float:
    """log(1 + exp(value))."""
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))


def plot(calibrations: dict[str, Calibration], picture: Path) -> None:
    """Draws reliability diagrams side by side: share of right ones over confidence, and counts.

    Raises ImportError without matplotlib.
    """
    import matplotlib  # here, not above: it belongs to the train extra, and is slow to import

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = max(1, len(calibrations))
    figure, axes = pyplot.subplots(
        2, columns, figsize=(5 * columns, 6), squeeze=False, sharex=True, height_ratios=(3, 1)
    )
    for column, (name, found) in enumerate(calibrations.items()):
        shown = [b for b in found.bins if b.count]
        top, bottom = axes[0][column], axes[1][column]
        top.plot((0, 1), (0, 1), "--", color="gray", linewidth=0.8)
        top.plot([b.confidence for b in shown], [b.right for b in shown], "o-")
        error = "none" if found.error is None else f"{found.error:.3f}"
        top.set(title=f"{name}: ECE {error}", ylabel="right", xlim=(0, 1), ylim=(-0.03, 1.03))
        middles = [(b.low + b.high) / 2 for b in found.bins]
        bottom.bar(middles, [b.count for b in found.bins], width=0.9 / BINS)
        bottom.set(xlabel="confidence", ylabel="count")
        top.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(picture, dpi=110)
    pyplot.close(figure)
