"""`foreframe halts`: predicts a run, and says whether it ends."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from foreframe.errors import BadOption
from foreframe.halting import Answer, Halting, does_it_end
from foreframe.parties import WorldModel as Predicts
from foreframe.reckoned_halting import reckoned_halting
from foreframe.recurring import Recurrence
from foreframe.source_file import load_program
from foreframe.terminal.progress import Progress
from foreframe.terminal.story import Story
from foreframe_models.engines import open_engine
from foreframe_models.program.control_flow import Program
from foreframe_models.world_model import Entry, WorldModel
from foreframe_protocol.states import Action, Frame, Goal, Trace

SHOWN = 40  # frames of a cycle that are printed


@dataclass(frozen=True, slots=True)
class HaltsOptions:
    """What the command line says."""

    path: Path
    function: str | None = None
    args: str = ""
    engine: str = "auto"
    max_frames: int = 300
    as_json: bool = False


async def judge(
    world: Predicts, program: Program, entry: Entry, progress: Progress | None = None
) -> tuple[Halting, Trace]:
    """Predicts to the end, to where nothing new can follow, or to the world model's limit, and
    judges. Raises as `predict` does."""
    start = await world.start(program, entry)
    recurrence = Recurrence(program, start)

    def watch(frame: Frame) -> bool:
        is_back = recurrence(frame)
        if progress is not None:
            progress.news(f"predicting frame {recurrence.trace.length}")
        return is_back

    prediction = await world.predict(program, start, Goal(Action.RUN_TO), on_frame=watch)
    return does_it_end(program, prediction.trace), prediction.trace


async def halts(options: HaltsOptions, out: TextIO, err: TextIO) -> None:
    """Predicts, judges, prints. Raises LaunchError, EntryError, EngineError."""
    if options.args and options.function is None:
        raise BadOption("--args are the arguments of a function: name it with --function")
    program = load_program(options.path)
    try:
        engine = open_engine(options.engine)
    except ValueError as error:
        raise BadOption(f"--engine: {error}") from error
    world = WorldModel(engine, max_frames=options.max_frames, max_tokens=100 * options.max_frames)
    try:
        async with Progress(err) as progress:
            entry = Entry(options.function, options.args)
            known = reckoned_halting(program, entry, options.max_frames)
            halting, trace = known or await judge(world, program, entry, progress)
            progress.clear()
    finally:
        await world.close()
    if options.as_json:
        print(json.dumps(as_json(halting, trace)), file=out)
        return
    print(f"{halting.answer}: {halting.text}", file=out)
    if halting.by_rules:
        print("  (worked out from literals: nothing was predicted, and nothing executed)", file=out)
    elif halting.confidence is not None:
        sure = f"as predicted; the least certain step is {halting.confidence:.0%} sure"
        print(f"  ({sure}; nothing was executed)", file=out)
    if halting.answer is Answer.REPEATS and halting.cycle is not None:
        show(program, trace, halting.cycle, out)


def as_json(halting: Halting, trace: Trace) -> dict[str, object]:
    """The answer as one object."""
    return {
        "answer": halting.answer.value,
        "text": halting.text,
        "frames": halting.frames,
        "line": halting.line,
        "cycle": list(halting.cycle) if halting.cycle else None,
        "confidence": halting.confidence,
        "basis": halting.basis,
        "predicted_frames": 0 if halting.by_rules else trace.length,
    }


def show(program: Program, trace: Trace, cycle: tuple[int, int], out: TextIO) -> None:
    """The frames of a cycle, as `foreframe trace` shows them."""
    from foreframe.terminal.table import TracePrinter

    digits = len(str(len(program.lines)))
    printer = TracePrinter(
        out,
        steps=len(str(trace.length)),
        places=max(len(f.qualname) for f in program.functions) + 1 + digits,
        sources=max(len(line.expandtabs(4)) for line in program.lines),
        checked=False,
    )
    story = Story()
    first, last = cycle
    for number, frame in enumerate(trace.frames(), 1):
        told = story.add(frame)
        if first <= number <= min(last, first + SHOWN):
            printer.frame(told)


def run(options: HaltsOptions) -> None:
    """Runs the command on this process's own streams."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    asyncio.run(halts(options, sys.stdout, sys.stderr))
