"""`foreframe serve`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from foreframe.commands.options import engine_option


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8642,
    show_default=True,
    help="0 takes a free one, which is told on stderr.",
)
@engine_option
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What clients must know is in this file, else in FOREFRAME_TOKEN. Needed for any address "
    "but this machine's own.",
)
@click.option(
    "--folder",
    "folders",
    type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True),
    multiple=True,
    help="Programs in it may be named as files. The first is where sessions are kept for.",
)
@click.option("--host-name", "hosts", multiple=True, metavar="NAME", help="It is reached by, too.")
@click.option("--origin", "origins", multiple=True, metavar="URL", help="A page that may ask, too.")
@click.option(
    "--allow-run", is_flag=True, help="Clients may have programs really run, to be compared with."
)
@click.option(
    "--most-sessions",
    type=click.IntRange(1, 100_000),
    default=200,
    show_default=True,
    help="That are open at a time.",
)
@click.option(
    "--idle-minutes",
    type=click.FloatRange(0.1, 1e6),
    default=60.0,
    show_default=True,
    help="After which a session that nobody uses is closed; it stays on disk.",
)
def serve(
    host: str,
    port: int,
    engine: str,
    token_file: Path | None,
    folders: tuple[Path, ...],
    hosts: tuple[str, ...],
    origins: tuple[str, ...],
    allow_run: bool,
    most_sessions: int,
    idle_minutes: float,
) -> None:
    """Serve debugging sessions over HTTP, with a page to look at them."""
    from foreframe.tokens import VARIABLE, read_token
    from foreframe.web.running import serve as run
    from foreframe.web.settings import ServeSettings

    token = read_token(token_file)
    os.environ.pop(VARIABLE, None)  # no program that is run inherits it
    run(
        ServeSettings(
            engine=engine,
            host=host,
            port=port,
            token=token,
            folders=folders,
            hosts=hosts,
            origins=origins,
            allows_run=allow_run,
            most_sessions=most_sessions,
            idle_minutes=idle_minutes,
        )
    )
