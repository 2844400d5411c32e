"""The learning curve of a run's log, as a picture."""

from __future__ import annotations

import json
from pathlib import Path


def plot(log: Path, picture: Path) -> None:
    """Draws loss and frame exactness over the tokens seen."""
    import matplotlib  # here, not above: its import is slow and training goes without it

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4))
    losses = [(row["tokens"] / 1e6, row["loss"]) for row in rows if "loss" in row]
    left.plot(*zip(*losses, strict=True) if losses else ([], []), label="training", linewidth=0.8)
    for name, shown in (("generated", "held-out generated"), ("programs", "given programs")):
        found = [row for row in rows if f"{name}_exact" in row]
        if found:
            tokens = [row["tokens"] / 1e6 for row in found]
            left.plot(tokens, [row[f"{name}_loss"] for row in found], "o-", label=shown)
            right.plot(tokens, [row[f"{name}_exact"] for row in found], "o-", label=shown)
    left.set(xlabel="million tokens", ylabel="loss, nats a token", yscale="log")
    right.set(xlabel="million tokens", ylabel="frames exact, true past", ylim=(0, 1))
    for axes in (left, right):
        axes.grid(alpha=0.3)
        if axes.has_data():
            axes.legend()
    figure.tight_layout()
    figure.savefig(picture, dpi=110)
    pyplot.close(figure)
