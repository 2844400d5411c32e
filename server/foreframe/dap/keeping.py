"""Which sessions of an editor are kept on disk, and where; and those that are gone on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from foreframe.dap.launch import Launch, literals
from foreframe.memory.folder import state_folder, workspace_file
from foreframe.memory.keeper import Keeper, Subject


def keeper_for(launched: Launch, engine: str, tell: Callable[[str], None]) -> Keeper | None:
    """Who keeps a session that begins; None where nothing is to be kept.

    `engine`: the one that is used unless the launch names another. `tell` is called from another
    thread, and gets what a person should know.
    """
    folder = state_folder()
    if folder is None:
        return None
    arguments, program = launched.arguments, launched.program
    workspace = workspace_of(launched)
    subject = Subject(
        program.path,
        program.source,
        arguments.function or None,
        literals(arguments.args),
        arguments.engine or engine,
    )
    return Keeper(workspace_file(folder, workspace), workspace, subject, tell)


def workspace_of(launched: Launch) -> Path:
    """The folder that a session belongs to: that of its launch configuration, or the program's."""
    return Path(launched.arguments.cwd or Path(launched.program.path).parent)
