"""`foreframe mcp`."""

from __future__ import annotations

from pathlib import Path

import click

from foreframe.commands.options import engine_option


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Listen on 127.0.0.1, at /mcp, not on stdio."
)
@engine_option
@click.option(
    "--server",
    metavar="URL",
    help="Use a running `foreframe serve`, not an engine in this process.",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="That server's token is in this file, else in FOREFRAME_TOKEN.",
)
@click.option(
    "--folder",
    "folders",
    type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True),
    multiple=True,
    help="Programs in it may be named as files.",
)
@click.option(
    "--allow-run", is_flag=True, help="Agents may have programs really run, to be compared with."
)
def mcp(
    port: int | None,
    engine: str,
    server: str | None,
    token_file: Path | None,
    folders: tuple[Path, ...],
    allow_run: bool,
) -> None:
    """Serve coding agents over the Model Context Protocol: step, predict, guess, fill, explain."""
    from foreframe.errors import BadOption
    from foreframe.mcp.server import run

    if server is None:
        from foreframe.client.in_process import in_process
        from foreframe.web.settings import ServeSettings

        if token_file is not None:
            raise BadOption("--token-file is for --server: there is no other server here")
        settings = ServeSettings(engine=engine, folders=folders, allows_run=allow_run, keeps=False)
        run(in_process(settings), port, allows_run=allow_run)
        return
    from foreframe.client import Client

    if folders or allow_run or engine != "auto":
        raise BadOption("--engine, --folder and --allow-run are what `foreframe serve` is told")
    run(Client(server, token_file=token_file), port)
