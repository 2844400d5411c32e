"""Which sessions of an editor are kept on disk, and where; and those that are gone on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from foreframe.dap.launch import Launch, literals
from foreframe.errors import BadOption
from foreframe.memory.folder import state_folder, workspace_file
from foreframe.memory.keeper import Keeper, Subject
from foreframe.timeline import Timeline


def keeper_for(launched: Launch, engine: str, tell: Callable[[str], None]) -> Keeper | None:
    """Who keeps a session that begins; None where nothing is to be kept.

    `engine`: the one that is used unless the launch names another. `tell` is called from another
    thread, and gets what a person should know.
    """
    folder = state_folder()
    if folder is None or launched.arguments.start == "state":  # a glance from another debugger
        return None
    arguments, program = launched.arguments, launched.program
    workspace = workspace_of(launched)
    subject = Subject(
        program.path,
        program.source,
        *called(launched),
        arguments.engine or engine,
    )
    return Keeper(workspace_file(folder, workspace), workspace, subject, tell)


def resumed(launched: Launch) -> Timeline | None:
    """The timeline of the kept session that a launch goes on with, if it names one.

    What follows is kept as a session of its own. Raises KeepingError or BadOption.
    """
    arguments = launched.arguments
    if arguments.resume is None:
        return None
    from foreframe.memory.library import load  # late: most launches do not need it

    if arguments.mode != "imagine":
        raise BadOption('`resume`: only a session in the mode "imagine" can be gone on with')
    kept = load(arguments.resume, workspace_of(launched))
    kept.check_same(launched.program.source, *called(launched))
    return kept.timeline


def called(launched: Launch) -> tuple[str | None, str]:
    """The function that is launched, None for the module, and its arguments."""
    return launched.arguments.function or None, literals(launched.arguments.args)


def workspace_of(launched: Launch) -> Path:
    """The folder that a session belongs to: that of its launch configuration, or the program's."""
    return Path(launched.arguments.cwd or Path(launched.program.path).parent)
