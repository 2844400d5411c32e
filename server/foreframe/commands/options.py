"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

engine_option = click.option(
    "--engine",
    default="auto",
    show_default=True,
    metavar="auto|embedded|URL",
    help="What predicts: the small model that ships, or a vLLM server of CWM or of its checkpoint.",
)

host_option = click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address that --port is of. Any but this machine's own needs a token.",
)
token_option = click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Who connects to --port must send the token in this file, else in FOREFRAME_TOKEN.",
)
