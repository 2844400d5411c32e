"""`foreframe trace`: predicts one run of a program, shows it as it comes, checks it if asked to."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from foreframe.errors import BadOption, RunFailed
from foreframe.reality import Limits, Run, observe
from foreframe.source_file import load_program
from foreframe.terminal.progress import Progress
from foreframe.terminal.records import Records
from foreframe.terminal.story import Ending, Story, Told
from foreframe_models.engines import open_engine
from foreframe_models.engines.base import EngineError
from foreframe_models.micro import MicroWorldModel
from foreframe_models.world_model import Entry, WorldModel
from foreframe_protocol.states import Action, End, Frame, Goal, Prediction, Trace
from foreframe_protocol.trace_text import Separator, special, to_text, write_frame

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

TOKENS_PER_FRAME = 60  # that a trace may take on average before it is cut off


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """What the command line says."""

    path: Path
    function: str | None = None
    args: str = ""
    engine: str = "auto"
    max_frames: int = 1000
    check: bool = False
    style: str = "table"  # "table", "cwm" or "json"
    micro: bool = False


class Printer(Protocol):
    """Shows a trace in one of the ways there are."""

    def frame(self, told: Told) -> None: ...

    def end(self, story: Story, ending: Ending) -> None: ...


class TraceText:
    """Writes a trace as CWM's text, byte for byte."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def frame(self, told: Told) -> None:
        self.out.write(to_text(write_frame(told.frame, told.previous)))
        self.out.flush()

    def end(self, story: Story, ending: Ending) -> None:
        if ending.end is End.FINISHED:
            self.out.write(special(Separator.END_OF_TEXT))
            self.out.flush()


async def trace(options: TraceOptions, out: TextIO, err: TextIO) -> None:
    """Predicts, shows, checks. Raises LaunchError, EntryError, EngineError.

    What was predicted before an engine failed has been shown then.
    """
    if options.args and options.function is None:
        raise BadOption("--args are the arguments of a function: name it with --function")
    program = load_program(options.path)
    entry = Entry(options.function, options.args)
    try:
        engine = open_engine(options.engine)
    except ValueError as error:
        raise BadOption(f"--engine: {error}") from error
    model = WorldModel(
        engine,
        max_frames=options.max_frames,
        max_tokens=max(20_000, TOKENS_PER_FRAME * options.max_frames),
    )
    world = MicroWorldModel(model) if options.micro else model
    try:
        async with Progress(err) as progress:
            await tell(world, program, entry, options, out, progress)
    finally:
        await model.close()


async def tell(
    model: WorldModel | MicroWorldModel,
    program: Program,
    entry: Entry,
    options: TraceOptions,
    out: TextIO,
    progress: Progress,
) -> None:
    """Starts, walks to the end, and shows it all on the way."""
    start = await model.start(program, entry)
    progress.news(f"starting {model.engine.name}")
    run, trouble = await prepare(model, program, entry, options)
    story = Story(run, program)
    printer = printer_for(options, out, program, entry, model)

    def show(frame: Frame) -> None:
        progress.news(f"predicting frame {len(story.told) + 2}")
        printer.frame(story.add(frame))

    for frame in start.frames():
        show(frame)
    failure: EngineError | None = None
    try:
        answer = await model.predict(program, start, Goal(Action.RUN_TO), on_frame=show)
    except EngineError as error:
        failure, answer = error, partial(error, start)
    progress.clear()
    name = model.engine.name
    printer.end(story, Ending(answer.end, answer.message, answer.usage, name))
    if failure is not None:
        raise failure
    if trouble is not None:
        raise trouble


async def prepare(
    model: WorldModel | MicroWorldModel, program: Program, entry: Entry, options: TraceOptions
) -> tuple[Run | None, RunFailed | None]:
    """Opens the engine and, at the same time, runs the program once if it is to be checked.

    A program that cannot be run is still predicted: why is given back, to be told at the end.
    """
    if not options.check:
        await model.open()
        return None, None
    running = asyncio.ensure_future(observe(program, entry, Limits(frames=options.max_frames)))
    try:
        await model.open()
        return await running, None
    except RunFailed as error:
        return None, error
    finally:
        running.cancel()


def partial(error: EngineError, start: Trace) -> Prediction:
    """What there was before the engine failed."""
    if error.partial is not None:
        return error.partial
    return Prediction(start, (), End.FAILED, str(error))


def printer_for(
    options: TraceOptions,
    out: TextIO,
    program: Program,
    entry: Entry,
    model: WorldModel | MicroWorldModel,
) -> Printer:
    """The printer of the style asked for."""
    if options.style == "json":
        return Records(out)
    if options.style == "cwm":
        return TraceText(out)
    from foreframe.terminal.table import TracePrinter

    digits = len(str(len(program.lines)))
    printer = TracePrinter(
        out,
        steps=len(str(options.max_frames)),
        places=max(len(f.qualname) for f in program.functions) + 1 + digits,
        sources=max(len(line.expandtabs(4)) for line in program.lines),
        checked=options.check,
        micro=options.micro,
    )
    what = options.path.name if entry.function is None else f"{entry.function}({entry.args})"
    how = "checked against one real run" if options.check else "nothing is executed"
    printer.title(f"predicted, {how}: {what}")
    return printer


def run(options: TraceOptions) -> None:
    """Runs the command on this process's own streams."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    asyncio.run(trace(options, sys.stdout, sys.stderr))
