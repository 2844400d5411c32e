"""From what a request says of a program to that program, and to where a session on it begins."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from foreframe.dap.breakpoints import Wanted
from foreframe.dap.end_launch import FromTheEnd, find_the_end
from foreframe.errors import (
    BadEntry,
    BadOption,
    EmptyProgram,
    NotPython,
    OutsideFolders,
    RunNotAllowed,
)
from foreframe.memory.library import Kept
from foreframe.outcome import read_outcome
from foreframe.parties import WorldModel
from foreframe.source_file import load_program
from foreframe.timeline import Timeline
from foreframe.web.real_program import on_disk
from foreframe.web.settings import ServeSettings
from foreframe.web.worlds import Worlds
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program, ProgramError
from foreframe_protocol.api import BreakpointSpec, NewSession, RunRequest
from foreframe_protocol.states import Trace

GUESSES = 4
PASTED = "program.py"  # what a program without a file is called


@dataclass(frozen=True, slots=True)
class Launched:
    """What a session begins with."""

    program: Program
    world: WorldModel
    start: Trace
    asked: NewSession
    end: FromTheEnd | None = None  # where it begins with an outcome
    before: Timeline | None = None  # of the kept session that it goes on with
    folder: TemporaryDirectory[str] | None = None  # where a pasted program lies, to be run

    @property
    def name(self) -> str:
        return Path(self.program.path).name


async def launch(
    asked: NewSession, worlds: Worlds, settings: ServeSettings, kept: Kept | None = None
) -> Launched:
    """Reads and checks all that is asked for; `kept` is what `resume` names.

    Raises LaunchError, EntryError, EngineError, RunNotAllowed, KeepingError.
    """
    has_outcome = asked.returned is not None or asked.raised is not None
    if asked.mode == "check":
        must_allow_run(settings, 'the mode "check" runs the program')
        if has_outcome or kept is not None:
            raise BadOption(
                "`returned`, `raised` and `resume` begin what is imagined: leave `mode`"
            )
    world = worlds.of(asked.max_frames)
    if kept is not None:
        return await resumed(asked, kept, world, settings)
    if has_outcome:
        return await from_the_end(asked, world, settings)
    program = await program_of(asked, settings)
    folder = None
    if asked.mode == "check" and asked.file is None:
        path, folder = await asyncio.to_thread(on_disk, program.source, PASTED)
        program = await asyncio.to_thread(parsed, program.source, path)
    try:
        start = await world.start(program, entry_of(asked))
    except BaseException:
        if folder is not None:
            folder.cleanup()
        raise
    return Launched(program, world, start, asked, folder=folder)


async def from_the_end(asked: NewSession, world: WorldModel, settings: ServeSettings) -> Launched:
    """A session that stands at an outcome, with what may have led there before it."""
    if asked.args:
        raise BadOption("`args` are guessed in a session that begins from the end: leave them")
    program = await program_of(asked, settings)
    outcome = read_outcome(asked.returned, asked.raised, None, asked.function)
    end = await find_the_end(program, world, asked.function or "", outcome, GUESSES)
    return Launched(program, world, end.start, asked, end)


async def resumed(
    asked: NewSession, kept: Kept, world: WorldModel, settings: ServeSettings
) -> Launched:
    """A session that goes on where a kept one was left, as one of its own."""
    if asked.source is None and asked.file is None:
        program = await asyncio.to_thread(parsed, kept.source, kept.about.program)
        entry = {"function": kept.about.function, "args": kept.about.args}
        asked = asked.model_copy(update=entry)
    else:
        program = await program_of(asked, settings)
        kept.check_same(program.source, asked.function, asked.args)
    start = kept.timeline.steps[0].trace
    return Launched(program, world, start, asked, before=kept.timeline)


def entry_of(asked: RunRequest) -> Entry:
    """Where a run begins. Raises BadEntry."""
    if asked.args and asked.function is None:
        raise BadEntry("`args` are the arguments of a function: name it with `function`")
    return Entry(asked.function, asked.args)


async def program_of(asked: RunRequest, settings: ServeSettings) -> Program:
    """The program that a request names. Raises LaunchError or OutsideFolders."""
    if asked.file is not None:
        return await asyncio.to_thread(load_program, allowed_file(asked.file, settings))
    return await asyncio.to_thread(parsed, asked.source or "", PASTED)


def wanted_of(asked: Sequence[BreakpointSpec]) -> list[Wanted]:
    """Breakpoints as they are asked for."""
    return [
        Wanted(
            one.line,
            condition=one.condition or "",
            hit_condition=one.hit_condition or "",
            log_message=one.log_message or "",
        )
        for one in asked
    ]


def parsed(source: str, path: str) -> Program:
    """A program from its text. Raises LaunchError."""
    if not source.strip():
        raise EmptyProgram("the program is empty, there is nothing to trace")
    try:
        return Program.parse(source.replace("\r\n", "\n").replace("\r", "\n"), path)
    except ProgramError as error:
        raise NotPython(error.message) from error


def allowed_file(name: str, settings: ServeSettings) -> Path:
    """The file that a request names, all links resolved, if it lies in one of the folders.

    A relative name counts from the first folder. Raises OutsideFolders, whatever is there.
    """
    where = "the folders that the server was started with (--folder)"
    if not settings.folders:
        raise OutsideFolders(f"`file`: no files are served: there are none of {where}")
    try:
        path = (settings.folders[0] / name).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise OutsideFolders("`file`: this is no path") from error
    if not any(path.is_relative_to(folder) for folder in settings.folders):
        raise OutsideFolders(f"`file`: it lies outside of {where}")
    return path


def must_allow_run(settings: ServeSettings, why: str) -> None:
    """Raises RunNotAllowed unless the server was started to run programs."""
    if not settings.allows_run:
        raise RunNotAllowed(f"{why}: start the server with --allow-run, if you trust its users")
