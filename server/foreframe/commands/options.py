"""Options that several commands share."""

from __future__ import annotations

import click

engine_option = click.option(
    "--engine",
    default="auto",
    show_default=True,
    metavar="auto|embedded|URL",
    help="What predicts: the small model that ships, or a vLLM server that serves CWM.",
)
