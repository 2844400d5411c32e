"""`foreframe dap`."""

from __future__ import annotations

from pathlib import Path

import click

from foreframe.commands.options import engine_option, host_option, token_option


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on TCP, not on stdio.")
@host_option
@token_option
@engine_option
def dap(port: int | None, host: str, token_file: Path | None, engine: str) -> None:
    """Serve editors over the Debug Adapter Protocol."""
    from foreframe.dap.server import serve_stdio, serve_tcp

    if port is None:
        serve_stdio(engine)
    else:
        from foreframe.tokens import read_token

        serve_tcp(port, engine, host=host, token=read_token(token_file))
