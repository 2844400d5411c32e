"""The report of an evaluation for a person."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TextIO

from foreframe_models.evaluation.report import Report

TITLES = {
    "final_output": "final output correct",
    "valid_trace": "valid trace format",
    "state_exact": "state exact per frame",
    "action_exact": "action exact per frame",
    "frame_exact": "frame exact",
    "valid_values": "valid values",
    "keys": "keys (Jaccard)",
    "keys_and_values": "keys and values (Jaccard)",
}
WAYS = {
    "full_trace": "by a full trace",
    "jump": "by a jump to the return",
    "run_to": "by running to the last line",
}
ACTIONS = {
    "walk": "An action's stop, walking there",
    "jump": "An action's stop, in one jump",
    "back": "An action's stop, backward",
}
OPERATIONS_SHOWN = 15


class Table:
    """Lines of a name, a number and what it is of, under titles."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def title(self, text: str) -> None:
        """Begins a part."""
        print(f"\n{text}", file=self.out)

    def line(self, name: str, value: object, of: object = "") -> None:
        """A share is shown as a percentage."""
        print(f"  {name:<28}{shown(value):>9}   {of}".rstrip(), file=self.out)

    def shares(self, found: object, most: int | None = None) -> None:
        """Shares by name, each with the number of frames it is of."""
        assert isinstance(found, Mapping)
        for name, counted in islice(found.items(), most):
            self.line(f"  {name}", counted["exact"], counted["frames"])


def shown(value: object) -> str:
    """A share as a percentage."""
    if isinstance(value, float):
        return f"{100 * value:.1f} %"
    return "-" if value is None else str(value)


def tell(found: Report, model: str, about: str, out: TextIO) -> None:
    """The whole report; `about` says what is not in it."""
    table, metrics = Table(out), found.metrics
    print(f"{model}: {found.n} programs{about}", file=out)
    if found.task == "input":
        table.title("Input, given the output")
        table.line("pass@1", found.pass_at_1, f"{found.right}/{found.n}")
        table.line("cut off", found.cut_off)
        table.line("failed", found.failed)
        return
    table.title("Output, by a full trace")
    table.line("pass@1", found.pass_at_1, f"{found.right}/{found.n}")
    table.line("cut off", found.cut_off)
    table.line("failed", found.failed)
    table.line("legal frames", metrics["legal_frames"])
    outputs = metrics.get("output")
    if isinstance(outputs, Mapping) and len(outputs) > 1:
        table.title("Output by each way, pass@1")
        for name, way in outputs.items():
            cut_off = f", {way['cut_off']} cut off" if way["cut_off"] else ""
            table.line(WAYS[name], way["pass_at_1"], f"{way['programs']}{cut_off}")
    walked, past = metrics.get("free_running"), metrics.get("true_past")
    if isinstance(walked, Mapping):
        table.title("Walking by itself, mean over traces")
        for name, title in TITLES.items():
            table.line(title, walked[name])
    if isinstance(past, Mapping):
        table.title(f"With the true past, over {past['frames']} frames")
        for name in ("frame_exact", "state_exact", "action_exact"):
            table.line(TITLES[name].removesuffix(" per frame"), past[name])
        table.shares(past["events"])
        table.title("Frame exact after the most common operations")
        table.shares(past["operations"], OPERATIONS_SHOWN)
    tell_actions(metrics, table)
    table.title("Confidence")
    for name, sure in found.calibrations.items():
        error = "-" if sure.error is None else f"{sure.error:.3f}"
        table.line(f"ECE of {name}", error, sure.count)
    table.title("Cost of a frame")
    speed = metrics["speed"]
    assert isinstance(speed, Mapping)
    for name, value in speed.items():
        table.line(name.replace("_", " "), "-" if value is None else f"{value:.1f}")


def tell_actions(metrics: Mapping[str, object], table: Table) -> None:
    """What a debugger's actions come to, forward and backward."""
    actions, back = metrics.get("actions"), metrics.get("backward")
    if isinstance(actions, Mapping):
        for way, found in actions.items():
            table.title(ACTIONS[way])
            for name, counted in found.items():
                table.line(name.replace("_", " "), counted["exact"], counted["frames"])
    if isinstance(back, Mapping):
        table.title(f"The line before, over {back['frames']} stops")
        table.line("frame exact", back["frame_exact"])
        table.line("previous line", back["previous_line"])
        table.line("previous values", back["previous_values"])
        table.shares(back["events"])
