"""From a launch configuration to a program and the call frame that its session begins with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from foreframe.errors import BadEntry, BadOption, ModeNotAvailable
from foreframe.parties import WorldModel
from foreframe_protocol import dap
from foreframe_protocol.states import Trace

if TYPE_CHECKING:
    from foreframe.dap.end_launch import FromTheEnd
    from foreframe.dap.state_launch import FromState
    from foreframe_models.program.control_flow import Program
    from foreframe_protocol.dap_arguments import LaunchArguments

AHEAD_TOKENS = 1000
MODES = {
    "imagine": "nothing is executed",
    "check": "the program is executed beside its prediction",
}

OpenWorld = Callable[[str, int | None], WorldModel]
"""Engine and the most frames of a trace (None: the usual limit) → a world model, not yet loaded."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What was launched."""

    program: Program
    world: WorldModel
    start: Trace
    arguments: LaunchArguments
    end: FromTheEnd | FromState | None = None  # where it begins with an outcome or a state

    @property
    def source(self) -> dap.Source:
        """The program, as an editor knows it."""
        return {"name": Path(self.program.path).name, "path": self.program.path}

    def is_program(self, path: str | None) -> bool:
        """Whether a path means the launched file."""
        return path is not None and same_file(path, self.program.path)


async def launch(arguments: LaunchArguments, engine: str, open_world: OpenWorld) -> Launch:
    """Reads and checks all that is asked for; loads no model, but to begin from the end.

    Raises LaunchError and EntryError, whose texts are for a person, and EngineError.
    """
    if arguments.mode not in MODES:
        raise ModeNotAvailable(
            f"the mode {arguments.mode!r} is not available in this version: there is "
            + ", ".join(f'"{mode}" ({what})' for mode, what in MODES.items())
            + ', and to launch "live" (the program is executed and leads)'
        )
    args = literals(arguments.args)
    if args and not arguments.function:
        raise BadEntry('`args` are the arguments of a function: name it with "function"')
    # Imported here and not above: the answer to `initialize` must not wait for it.
    from foreframe.source_file import load_program
    from foreframe_models.entry import Entry

    from_end = arguments.start != "entry" or _has_outcome(arguments)
    path = Path(arguments.cwd or ".") / arguments.program
    program = await asyncio.to_thread(load_program, path)
    try:
        world = open_world(arguments.engine or engine, arguments.max_frames)
    except ValueError as error:
        raise BadOption(f"`engine`: {error}") from error
    if arguments.start == "state" or arguments.stack is not None:
        from foreframe.dap.state_launch import from_state

        begun = from_state(arguments, program)
        return Launch(program, world, begun.start, arguments, begun)
    if from_end:
        from foreframe.dap.end_launch import from_the_end, wants_the_end

        if wants_the_end(arguments):
            end = await from_the_end(arguments, program, world)
            return Launch(program, world, end.start, arguments, end)
    start = await world.start(program, Entry(arguments.function or None, args))
    return Launch(program, world, start, arguments)


def _has_outcome(arguments: LaunchArguments) -> bool:
    return any(o is not None for o in (arguments.returned, arguments.raised, arguments.state))


def look_ahead_tokens(arguments: LaunchArguments, engine: str) -> int:
    """What may be predicted after each stop before it is asked for.

    By default nothing with an engine that has no answers but those to what was once asked.
    """
    if arguments.look_ahead_tokens is not None:
        return arguments.look_ahead_tokens
    kind = (arguments.engine or engine).strip().partition(":")[0]
    return AHEAD_TOKENS if kind in ("auto", "embedded", "http", "https") else 0


def literals(args: str | list[object] | None) -> str:
    """The arguments of a call as Python literals, from the same or from a list of JSON values."""
    if isinstance(args, list):
        return ", ".join(repr(value) for value in args)
    return args or ""


def same_file(one: str, other: str) -> bool:
    """Whether two paths mean one file, which need not exist any more."""
    if one == other:
        return True
    try:
        return Path(one).resolve() == Path(other).resolve()
    except (OSError, ValueError):
        return False


def open_model(engine: str, max_frames: int | None) -> WorldModel:
    """The world model of an engine that is named as on the command line."""
    from foreframe_models.engines import open_engine
    from foreframe_models.world_model import WorldModel as Model

    frames = 1000 if max_frames is None else max_frames
    return Model(open_engine(engine), max_frames=frames, max_tokens=max(20_000, 30 * frames))


def warm_up(engine: str) -> None:
    """Imports what a launch will need: run in a thread while the client makes up its mind."""
    import foreframe_models.world_model
    import foreframe_protocol.dap_arguments  # noqa: F401
    from foreframe.memory.folder import state_folder

    if engine.partition(":")[0] in ("auto", "embedded"):
        with suppress(ImportError):  # told when the engine is opened
            import foreframe_models.engines.generation  # noqa: F401
    if state_folder() is not None:  # last: no stop is told before its steps are on disk
        import foreframe.memory.writing  # noqa: F401
