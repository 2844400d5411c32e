"""`foreframe check FILE`: a program predicted and really run side by side, stop by stop."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from foreframe.check_report import CheckReport
from foreframe.checked_program import CheckedProgram, is_noise
from foreframe.debuggee import LaunchTarget
from foreframe.errors import BadOption
from foreframe.lockstep import Lockstep, Resync
from foreframe.parties import Output
from foreframe.session import Session
from foreframe.source_file import load_program
from foreframe.terminal.progress import Progress
from foreframe.timeline import Stop
from foreframe_models.engines import open_engine
from foreframe_models.engines.base import EngineAborted
from foreframe_models.world_model import Entry, WorldModel
from foreframe_protocol.states import Action

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What the command line says."""

    path: Path
    function: str | None = None
    args: str = ""
    engine: str = "auto"
    resync: str = "reality"  # or "free"
    max_stops: int = 1000
    as_json: bool = False
    html: Path | None = None


@dataclass(slots=True)
class Checked:
    """A checked run as far as it got: what a page and a table are made of."""

    program: Program
    title: str
    engine: str
    resync: str
    stops: list[Stop] = field(default_factory=list)
    output: list[tuple[str, str]] = field(default_factory=list)  # stream, text
    notes: list[str] = field(default_factory=list)
    report: CheckReport | None = None


class Printer(Protocol):
    """Shows a checked run as it comes."""

    def stop(self, stop: Stop) -> None: ...

    def output(self, stream: str, text: str) -> None: ...

    def note(self, text: str) -> None: ...

    def end(self, report: CheckReport) -> None: ...


class Ears:
    """Listens to the session and, as `real`, to the program."""

    def __init__(self, checked: Checked, printer: Printer, progress: Progress) -> None:
        self.checked, self.printer, self.progress = checked, printer, progress
        self.news = asyncio.Event()
        self.is_over = False
        self.real = RealEars(self)

    def stopped(self, stop: Stop) -> None:
        self.checked.stops.append(stop)
        self.progress.news(f"stop {len(self.checked.stops) + 1}")
        self.printer.stop(stop)
        self.news.set()

    def output(self, output: Output) -> None:
        if output.kind in ("note", "limit", "error"):
            self.progress.clear()
            self.checked.notes.append(output.text)
            self.printer.note(output.text)

    def ended(self, exit_code: int) -> None:
        self.is_over = True
        self.news.set()


class RealEars:
    """Hears what the program writes."""

    def __init__(self, ears: Ears) -> None:
        self.ears = ears

    def output(self, category: str, text: str) -> None:
        if is_noise(text):
            return
        self.ears.progress.clear()
        self.ears.checked.output.append((category, text))
        self.ears.printer.output(category, text)

    def event(self, name: str, body: Mapping[str, object]) -> None:
        """What else its debugger tells is for the session."""


async def check(options: CheckOptions, out: TextIO, err: TextIO) -> bool:
    """Predicts, runs, compares, tells; whether it came to an end: not when it was interrupted.

    Raises LaunchError, DebuggeeError, EntryError, EngineError. What was told before has been
    shown then; the real program is ended in every case.
    """
    if options.args and options.function is None:
        raise BadOption("--args are the arguments of a function: name it with --function")
    program = load_program(options.path)
    entry = Entry(options.function, options.args)
    try:
        engine = open_engine(options.engine)
    except ValueError as error:
        raise BadOption(f"--engine: {error}") from error
    model = WorldModel(engine, max_frames=max(1000, 10 * options.max_stops))
    what = options.path.name if entry.function is None else f"{entry.function}({entry.args})"
    checked = Checked(program, what, engine.name, options.resync)
    printer = printer_for(options, checked, out)
    try:
        async with Progress(err) as progress:
            progress.doing = f"starting {engine.name}"
            ears = Ears(checked, printer, progress)
            start = await model.start(program, entry)
            await model.open()
            session = Session(model, program, start, ears)
            real = await CheckedProgram.open(program, target_of(options), ears.real)
            real.watch(lambda: session.stopping)
            resync = Resync(options.resync)
            lockstep = Lockstep(session.walker, real, resync=resync, patience=None)
            session.lockstep = lockstep
            try:
                whole = await walk(session, ears, options.max_stops)
            finally:
                await session.close()
    finally:
        await model.close()
    report = checked.report = lockstep.scores.report()
    printer.end(report)
    if options.html is not None:
        from foreframe.terminal.check_page import page

        write(options.html, page(checked, report))
    if checked.stops and not report.frames and not report.lost and whole:
        raise EngineAborted("no stop could be predicted: what the engine said is above")
    return whole


async def walk(session: Session, ears: Ears, max_stops: int) -> bool:
    """Steps into everything until the end, or the limit; False when a person broke it off."""
    stops = ears.checked.stops
    session.begin(stop_on_entry=True)
    try:
        while True:
            await ears.news.wait()
            ears.news.clear()
            if ears.is_over:
                return True
            if stops[-1].observation is None:
                return True  # the program is lost, which has been told
            if len(stops) >= max_stops:
                text = f"cut off after {max_stops} stops (--max-stops)\n"
                ears.output(Output(text, "limit"))
                return True
            session.step(Action.STEP_INTO)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()  # what was found is still to be told
        return False


def target_of(options: CheckOptions) -> LaunchTarget:
    """What is run: in the folder that the command was called from."""
    path = os.path.abspath(options.path)
    return LaunchTarget(file=path, function=options.function, args=options.args)


def printer_for(options: CheckOptions, checked: Checked, out: TextIO) -> Printer:
    """The printer of the style asked for."""
    from foreframe.terminal.check_table import CheckRecords, CheckTable

    if options.as_json:
        return CheckRecords(out)
    return CheckTable(out, checked, options.max_stops)


def write(path: Path, text: str) -> None:
    """Writes a file. Raises BadOption."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadOption(f"--html: {path} cannot be written: {error.strerror}") from error


def run(options: CheckOptions) -> None:
    """Runs the command on this process's own streams. Raises KeyboardInterrupt after a Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if not asyncio.run(check(options, sys.stdout, sys.stderr)):
        raise KeyboardInterrupt
