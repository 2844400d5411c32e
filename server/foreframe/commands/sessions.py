"""`foreframe sessions ...`."""

from __future__ import annotations

from pathlib import Path

import click

workspace_option = click.option(
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="The folder whose sessions are meant, not the current one or the nearest above it.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")


@click.group()
def sessions() -> None:
    """Sessions of editors, as they were kept on disk.

    FOREFRAME_STATE names the folder that they lie in, or is `off`.
    """


@sessions.command("list")
@workspace_option
@click.option("--all", "everywhere", is_flag=True, help="Those of all workspaces.")
@json_option
def list_sessions(workspace: Path | None, everywhere: bool, as_json: bool) -> None:
    """Which sessions there are, newest last."""
    from foreframe.errors import BadOption
    from foreframe.terminal.sessions import show_list

    if everywhere and workspace is not None:
        raise BadOption("--all and --workspace exclude each other")
    show_list(workspace, everywhere=everywhere, as_json=as_json)


@sessions.command()
@click.argument("session", type=click.IntRange(1), metavar="ID")
@workspace_option
@json_option
def show(session: int, workspace: Path | None, as_json: bool) -> None:
    """The steps of one session."""
    from foreframe.terminal.sessions import show_steps

    show_steps(session, workspace, as_json=as_json)


@sessions.command()
@click.argument("session", type=click.IntRange(1), metavar="ID")
@click.option(
    "--format",
    "style",
    type=click.Choice(["jsonl", "cwm", "perfetto"]),
    default="jsonl",
    show_default=True,
    help="JSON, a step a line; CWM's trace text; a file for ui.perfetto.dev.",
)
@click.option("--branch", type=click.IntRange(0), metavar="N", help="For cwm: not the current one.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Not to the terminal."
)
@workspace_option
def export(
    session: int, style: str, branch: int | None, output: Path | None, workspace: Path | None
) -> None:
    """Write one session for other programs."""
    from foreframe.errors import BadOption
    from foreframe.terminal.sessions import export as write

    if branch is not None and style != "cwm":
        raise BadOption("--branch is for --format cwm: the others hold all branches")
    write(session, style, branch, output, workspace)


@sessions.command()
@click.argument("session", type=click.IntRange(1), nargs=-1, metavar="ID...")
@click.option("--all", "everything", is_flag=True, help="All sessions of the workspace.")
@workspace_option
def delete(session: tuple[int, ...], everything: bool, workspace: Path | None) -> None:
    """Delete sessions: all that are named, or none if one of them does not exist."""
    from foreframe.errors import BadOption
    from foreframe.terminal.sessions import delete as remove

    if bool(session) == everything:
        raise BadOption("name the sessions to delete, or --all")
    remove(session, everything, workspace)
