"""`foreframe dap`."""

from __future__ import annotations

import click

from foreframe.commands.options import engine_option


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on 127.0.0.1, not on stdio.")
@engine_option
def dap(port: int | None, engine: str) -> None:
    """Serve editors over the Debug Adapter Protocol."""
    from foreframe.dap.server import serve_stdio, serve_tcp

    if port is None:
        serve_stdio(engine)
    else:
        serve_tcp(port, engine)
