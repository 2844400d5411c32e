"""`foreframe lsp`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from foreframe.commands.options import engine_option, host_option, token_option

SLICE_SECONDS = 0.001  # a thread that reads a large file lets requests in after so long


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on TCP, not on stdio.")
@host_option
@token_option
@engine_option
def lsp(port: int | None, host: str, token_file: Path | None, engine: str) -> None:
    """Serve editors over the Language Server Protocol: holes, predicted values, lenses."""
    sys.setswitchinterval(SLICE_SECONDS)
    try:
        if port is None:
            from foreframe.language.server import make_server

            make_server(engine).start_io()
        else:
            from foreframe.language.port import serve_tcp
            from foreframe.tokens import read_token

            serve_tcp(port, engine, host=host, token=read_token(token_file))
    except ValueError as error:
        from foreframe.errors import BadOption

        raise BadOption(f"--engine: {error}") from error
