"""`foreframe eval cruxeval`: measures a model on a file of programs, and tells what came out."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TextIO

from foreframe.errors import BadOption, ExtraMissing, RunFailed
from foreframe.reality import Limits, observe
from foreframe.terminal.evaluate_table import tell
from foreframe.terminal.progress import Progress
from foreframe_models.engines import open_engine
from foreframe_models.entry import EntryError
from foreframe_models.evaluation import calibration, measured
from foreframe_models.evaluation.cruxeval import BadData, Item, load
from foreframe_models.evaluation.inputs import Given, given_inputs
from foreframe_models.evaluation.outcomes import Outcome, all_failed, outcomes
from foreframe_models.evaluation.report import Report, as_json, input_report, report
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import End, Event, Frame

RUNS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """What the command line says."""

    data: Path
    task: str = "output"  # or "input" or "trace"
    limit: int | None = None
    seed: int | None = None
    engine: str = "auto"
    max_frames: int = 500
    parallel: int = 1
    as_json: bool = False
    plot: Path | None = None
    as_written: bool = False
    measured: Path | None = None


class Follower(Protocol):
    """Who hears of each program as it is done, None where it has no real end, and of the report."""

    def program(self, found: Outcome | None) -> None: ...

    def end(self, report: Report, model: str) -> None: ...


async def evaluate(
    options: EvaluateOptions, out: TextIO, err: TextIO, follower: Follower | None = None
) -> bool:
    """Predicts, compares, tells; whether all of it was done: not when it was interrupted.

    Raises LaunchError, EngineError.
    """
    if options.plot is not None and find_spec("matplotlib") is None:
        raise ExtraMissing(
            "--plot needs matplotlib, which is not installed: pip install 'foreframe[train]'"
        )
    if options.plot is not None and options.task == "input":
        raise BadOption("--plot: inputs have no confidence to draw: use --task output or trace")
    if options.measured is not None and options.task == "input":
        raise BadOption("--measured: inputs have nothing to draw: use --task output or trace")
    try:
        items = load(options.data, limit=options.limit, seed=options.seed)
    except BadData as error:
        raise BadOption(f"--data: {error}") from error
    try:
        engine = open_engine(options.engine)
    except ValueError as error:
        raise BadOption(f"--engine: {error}") from error
    model = WorldModel(engine, max_frames=options.max_frames, as_written=options.as_written)
    count = Count(len(items))
    try:
        async with Progress(err) as progress:
            progress.doing = f"starting {engine.name}"
            info = (await model.open()).info
            whole = await measure(options, model, items, count, progress, follower)
    finally:
        await model.close()
    failure = all_failed(count.outcomes)
    if failure is not None:
        raise failure
    if not whole and not count.done:
        return False
    result = input_report(count.given) if options.task == "input" else report(
        options.task, count.outcomes
    )  # fmt: skip
    if follower is not None:
        follower.end(result, f"{info.name} ({engine.name})")
    if options.plot is not None:
        options.plot.parent.mkdir(parents=True, exist_ok=True)
        calibration.plot(result.calibrations, options.plot)
    if options.measured is not None:
        measured.add(options.measured, measured.of_metrics(result.metrics))
    if options.as_json:
        about = {
            "left_out": count.left_out,
            "interrupted": not whole,
            "asked": len(items),
            "engine": engine.name,
            "model": info.name,
            "seed": options.seed,
            "limit": options.limit,
            "as_written": options.as_written,
        }
        print(json.dumps(as_json(result, about)), file=out)
    else:
        tell(result, f"{info.name} ({engine.name})", count.missing(whole), out)
    return whole


async def measure(
    options: EvaluateOptions,
    model: WorldModel,
    items: list[Item],
    count: Count,
    progress: Progress,
    follower: Follower | None,
) -> bool:
    """Asks about every item into `count`; False when a person broke it off."""

    def on_outcome(found: Outcome | None) -> None:
        progress.doing = count.add(found)
        if follower is not None:
            progress.clear()
            follower.program(found)

    def on_given(found: Given) -> None:
        progress.doing = count.add_given(found)

    runs = RealRuns(options.max_frames)
    asking: Awaitable[object]
    match options.task:
        case "input":
            asking = given_inputs(
                model, items, runs.output, parallel=options.parallel, on_given=on_given
            )
        case task:
            truth = runs if task == "trace" else None
            asking = outcomes(
                model, items, truth=truth, parallel=options.parallel, on_outcome=on_outcome
            )
    try:
        await asking
    except asyncio.CancelledError:
        task_now = asyncio.current_task()
        if task_now is not None:
            task_now.uncancel()  # what is done is still to be told
        return False
    return True


@dataclass(slots=True)
class Count:
    """How far an evaluation is, and what came of it."""

    of: int
    outcomes: list[Outcome] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    left_out: int = 0
    frames: int = 0
    cut_off: int = 0
    right: int = 0

    @property
    def done(self) -> int:
        """Programs that are over."""
        return len(self.outcomes) + len(self.given) + self.left_out

    def add(self, found: Outcome | None) -> str:
        """One more program; what to say about it all."""
        if found is None:
            self.left_out += 1
        else:
            self.outcomes.append(found)
            self.frames += len(found.walk.frames) + len(found.steps)
            self.cut_off += found.walk.end is End.CUT_OFF
        return self._so_far(f"{self.frames} frames")

    def add_given(self, found: Given) -> str:
        """The same, of inputs."""
        self.given.append(found)
        self.right += found.right
        self.cut_off += found.end is End.CUT_OFF
        return self._so_far(f"{self.right} right")

    def _so_far(self, what: str) -> str:
        cut_off = f", {self.cut_off} cut off" if self.cut_off else ""
        return f"{self.done} of {self.of} programs, {what}{cut_off}"

    def missing(self, whole: bool) -> str:
        """What the report does not hold."""
        apart = f", {self.left_out} left out: no real end" if self.left_out else ""
        short = "" if whole else f"; interrupted: {self.of - self.done} of {self.of} not asked"
        return f"{apart}{short}"


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

    async def output(self, item: Item, args: str) -> str | None:
        """What the function returns for `args`; None where it raises, or cannot be called so."""
        try:
            frames = await self(replace(item, entry=replace(item.entry, args=args)))
        except EntryError:
            return None
        last = frames[-1] if frames else None
        if frames is None or last is None or last.event is not Event.RETURN or last.value is None:
            return None
        if len(frames) > 1 and frames[-2].event is Event.EXCEPTION and frames[-2].depth == 0:
            return None
        return last.value.text


def run(options: EvaluateOptions) -> None:
    """Runs the command on this process's own streams. Raises KeyboardInterrupt after a Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if not asyncio.run(evaluate(options, sys.stdout, sys.stderr)):
        raise KeyboardInterrupt
