"""`foreframe lsp`."""

from __future__ import annotations

import click

from foreframe.commands.options import engine_option


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Listen on 127.0.0.1, not on stdio.")
@engine_option
def lsp(port: int | None, engine: str) -> None:
    """Serve editors over the Language Server Protocol: holes, predicted values, lenses."""
    from foreframe.language.server import make_server

    try:
        server = make_server(engine)
    except ValueError as error:
        from foreframe.errors import BadOption

        raise BadOption(f"--engine: {error}") from error
    if port is None:
        server.start_io()
    else:
        server.start_tcp("127.0.0.1", port)
