"""Whether confidences are probabilities: of values said to be 80 % sure, are 80 % right?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from foreframe_models.confidence import Scale, log_odds

BINS = 10
FEW = 60  # predictions: with fewer, nothing is fitted
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

    @classmethod
    def of(cls, predictions: Sequence[tuple[float, bool]]) -> Calibration:
        """From (confidence, whether it was right)."""
        groups: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
        for confidence, good in predictions:
            groups[min(BINS - 1, max(0, int(confidence * BINS)))].append((confidence, good))
        bins = []
        for index, group in enumerate(groups):
            size = len(group) or 1
            sure, good_share = sum(c for c, _ in group) / size, sum(g for _, g in group) / size
            low, high = index / BINS, (index + 1) / BINS
            bins.append(Bin(low, high, len(group), sure, good_share))
        count = len(predictions)
        gap = sum(b.count * abs(b.confidence - b.right) for b in bins)
        return cls(tuple(bins), count, gap / count if count else None)


def fit(predictions: Sequence[tuple[float, bool]]) -> Scale:
    """The scale under which what happened is likeliest (logistic regression on log-odds).

    Of (confidence, whether it was right), the confidences as the model gave them.
    """
    if len(predictions) < FEW:
        return Scale()
    points = [(log_odds(sure), float(good)) for sure, good in predictions]
    slope, bias = 1.0, 0.0
    for _ in range(50):  # Newton's method, towards a slope of one where data are few
        gradient = [PRIOR * (1 - slope), -PRIOR * bias]
        a, b, c = PRIOR, 0.0, PRIOR
        for odds, good in points:
            expected = 1 / (1 + math.exp(-(slope * odds + bias)))
            gradient[0] += (good - expected) * odds
            gradient[1] += good - expected
            weight = expected * (1 - expected)
            a, b, c = a + weight * odds * odds, b + weight * odds, c + weight
        determinant = a * c - b * b
        step = (
            (c * gradient[0] - b * gradient[1]) / determinant,
            (a * gradient[1] - b * gradient[0]) / determinant,
        )
        slope, bias = slope + step[0], bias + step[1]
        if max(map(abs, step)) < 1e-9:
            break
    return Scale(1 / max(slope, 0.05), bias)


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
