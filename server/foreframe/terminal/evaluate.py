"""`foreframe eval`: measures a model on a file of programs, and tells what came out."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TextIO

from foreframe.errors import BadOption, ExtraMissing, RunFailed
from foreframe.reality import Limits, observe
from foreframe.terminal.progress import Progress
from foreframe_models.engines import open_engine
from foreframe_models.evaluation import calibration
from foreframe_models.evaluation.cruxeval import BadData, Item, load
from foreframe_models.evaluation.outcomes import Outcome, all_failed, outcomes
from foreframe_models.evaluation.report import Report, as_json, report
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import End, Frame

RUNS_AT_ONCE = 2
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
OPERATIONS_SHOWN = 15


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """What the command line says."""

    data: Path
    task: str = "output"  # or "trace"
    limit: int | None = None
    seed: int | None = None
    engine: str = "auto"
    max_frames: int = 500
    parallel: int = 1
    as_json: bool = False
    plot: Path | None = None


async def evaluate(options: EvaluateOptions, out: TextIO, err: TextIO) -> None:
    """Predicts, compares, tells. Raises LaunchError, EngineError."""
    if options.plot is not None and find_spec("matplotlib") is None:
        raise ExtraMissing(
            "--plot needs matplotlib, which is not installed: pip install 'foreframe[train]'"
        )
    try:
        items = load(options.data, limit=options.limit, seed=options.seed)
    except BadData as error:
        raise BadOption(f"--data: {error}") from error
    try:
        engine = open_engine(options.engine)
    except ValueError as error:
        raise BadOption(f"--engine: {error}") from error
    model = WorldModel(engine, max_frames=options.max_frames)
    count = Count(len(items))
    try:
        async with Progress(err) as progress:
            progress.doing = f"starting {engine.name}"
            info = (await model.open()).info

            def on_outcome(found: Outcome | None) -> None:
                progress.doing = count.add(found)

            found = await outcomes(
                model,
                items,
                truth=RealRuns(options.max_frames) if options.task == "trace" else None,
                parallel=options.parallel,
                on_outcome=on_outcome,
            )
    finally:
        await model.close()
    failure = all_failed(found)
    if failure is not None:
        raise failure
    result = report(options.task, found)
    if options.plot is not None:
        options.plot.mkdir(parents=True, exist_ok=True)
        calibration.plot(result.calibrations, options.plot / "reliability.png")
    if options.as_json:
        about = {
            "left_out": len(items) - len(found),
            "engine": engine.name,
            "model": info.name,
            "seed": options.seed,
            "limit": options.limit,
        }
        print(json.dumps(as_json(result, about)), file=out)
    else:
        tell(result, f"{info.name} ({engine.name})", len(items) - len(found), out)


@dataclass(slots=True)
class Count:
    """How far an evaluation is."""

    of: int
    done: int = 0
    frames: int = 0
    cut_off: int = 0

    def add(self, found: Outcome | None) -> str:
        """One more program; what to say about it all."""
        self.done += 1
        if found is not None:
            self.frames += len(found.walk.frames) + len(found.steps)
            self.cut_off += found.walk.end is End.CUT_OFF
        cut_off = f", {self.cut_off} cut off" if self.cut_off else ""
        return f"{self.done} of {self.of} programs, {self.frames} frames{cut_off}"


class RealRuns:
    """Real traces of programs, each run once in a process of its own."""

    def __init__(self, max_frames: int) -> None:
        self.limits = Limits(frames=max_frames)
        self.gate = asyncio.Semaphore(RUNS_AT_ONCE)

    async def __call__(self, item: Item) -> tuple[Frame, ...] | None:
        """The frames; None where the run cannot be made, or does not end within its limits."""
        async with self.gate:
            try:
                found = await observe(item.program, item.entry, self.limits)
            except RunFailed:
                return None
        return tuple(found.frames) if found.end is End.FINISHED else None


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


def tell(found: Report, model: str, left_out: int, out: TextIO) -> None:
    """The report for a person."""
    table, metrics = Table(out), found.metrics
    apart = f", {left_out} left out: no real end" if left_out else ""
    print(f"{model}: {found.n} programs{apart}", file=out)
    table.title("Output, by a full trace")
    table.line("pass@1", found.pass_at_1, f"{found.right}/{found.n}")
    table.line("cut off", found.cut_off)
    table.line("failed", found.failed)
    table.line("legal frames", metrics["legal_frames"])
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
    table.title("Confidence")
    for name, sure in found.calibrations.items():
        error = "-" if sure.error is None else f"{sure.error:.3f}"
        table.line(f"ECE of {name}", error, sure.count)
    table.title("Cost of a frame")
    speed = metrics["speed"]
    assert isinstance(speed, Mapping)
    for name, value in speed.items():
        table.line(name.replace("_", " "), "-" if value is None else f"{value:.1f}")


def shown(value: object) -> str:
    """A share as a percentage."""
    if isinstance(value, float):
        return f"{100 * value:.1f} %"
    return "-" if value is None else str(value)


def run(options: EvaluateOptions) -> None:
    """Runs the command on this process's own streams."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    asyncio.run(evaluate(options, sys.stdout, sys.stderr))
