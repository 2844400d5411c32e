"""What was measured of a model, beside its weights: a file that the page about models draws.

    python -m foreframe_models.evaluation.measured FILE --report JSON --log LOG --until TOKENS

`foreframe eval cruxeval --measured FILE` adds to it as well.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from foreframe_protocol.api.server import Accuracy, ConfidenceBin, Learned, Measured, Reliability

FILE = "measured.json"
DIGITS = 4
GROUPS = {  # of frames by event and by operation, in a report's metrics
    "frames by event": ("true_past", "events"),
    "frames by operation": ("true_past", "operations"),
    "steps back by event": ("backward", "events"),
}


class Named(Protocol):
    """What another with the same name takes the place of."""

    @property
    def name(self) -> str: ...


AnyNamed = TypeVar("AnyNamed", bound=Named)


def of_metrics(metrics: Mapping[str, Any]) -> Measured:
    """From the metrics of a report, as `foreframe eval cruxeval --json` tells them.

    Raises LookupError, TypeError and ValueError for what is none.
    """
    told = metrics.get("calibration", {})
    reliability = [reliable(name, found) for name, found in told.items() if found["count"]]
    accuracy = [
        Accuracy(name=name, rows=rows(metrics[part][by]))
        for name, (part, by) in GROUPS.items()
        if metrics.get(part, {}).get(by)
    ]
    accuracy += [
        Accuracy(name=f"actions, {way}", rows=rows(found))
        for way, found in metrics.get("actions", {}).items()
        if found
    ]
    return Measured(reliability=reliability, accuracy=accuracy)


def reliable(name: str, found: Mapping[str, Any]) -> Reliability:
    """One reliability diagram."""
    bins = [ConfidenceBin(**part) for part in found["bins"] if part["count"]]
    chance = found.get("by_chance")
    return Reliability(
        name=name, count=found["count"], error=found["ece"], by_chance=chance, bins=bins
    )


def rows(found: Mapping[str, Mapping[str, Any]]) -> list[Accuracy.Row]:
    """Shares of right ones, with how many there were."""
    return [
        Accuracy.Row(name=name, count=one["frames"], right=one["exact"])
        for name, one in found.items()
        if one["frames"] and one["exact"] is not None
    ]


def of_log(log: Iterable[Mapping[str, Any]], until: int | None = None) -> Measured:
    """The learning curve from a training run's log. `until`: tokens of the weights that ship."""
    return Measured(
        curve=[
            Learned(
                tokens=row["tokens"],
                generated_exact=row["generated_exact"],
                generated_loss=row.get("generated_loss"),
                programs_exact=row.get("programs_exact"),
                programs_loss=row.get("programs_loss"),
            )
            for row in log
            if "generated_exact" in row and (until is None or row["tokens"] <= until)
        ]
    )


def read(file: Path) -> Measured | None:
    """What a file holds; None where nothing was measured, or the file is none of these."""
    try:
        return Measured.model_validate_json(file.read_bytes())
    except (OSError, ValueError):
        return None


def add(file: Path, new: Measured) -> Measured:
    """Puts what was measured into a file, in place of what it held under the same names."""
    old = read(file) or Measured()
    both = Measured(
        reliability=replaced(old.reliability, new.reliability),
        accuracy=replaced(old.accuracy, new.accuracy),
        curve=new.curve or old.curve,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    shown = shortened(both.model_dump(exclude_none=True))
    file.write_text(json.dumps(shown, indent=1) + "\n", encoding="utf-8")
    return both


def replaced(old: Sequence[AnyNamed], new: Sequence[AnyNamed]) -> list[AnyNamed]:
    """The old ones that no new one takes the place of, and the new ones, each where it was."""
    by_name = {one.name: one for one in (*old, *new)}
    return list(by_name.values())


def shortened(value: Any) -> Any:
    """Floats at every depth, rounded."""
    match value:
        case float():
            return round(value, DIGITS)
        case dict():
            return {key: shortened(part) for key, part in value.items()}
        case list():
            return [shortened(part) for part in value]
    return value


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Put what was measured beside a model's weights.")
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--report", type=Path, action="append", default=[], help="of foreframe eval"
    )
    parser.add_argument("--log", type=Path, help="of a training run")
    parser.add_argument("--until", type=int, help="tokens seen by the weights")
    given = parser.parse_args(arguments)
    for report in given.report:
        add(given.file, of_metrics(json.loads(report.read_text(encoding="utf-8"))["metrics"]))
    if given.log is not None:
        lines = given.log.read_text(encoding="utf-8").splitlines()
        add(given.file, of_log(map(json.loads, lines), given.until))


if __name__ == "__main__":
    main()
