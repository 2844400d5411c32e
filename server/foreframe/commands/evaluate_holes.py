"""`foreframe eval holes`."""

from __future__ import annotations

from pathlib import Path

import click

from foreframe.commands.options import engine_option


@click.command("holes")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help='JSON lines: {"code": ..., "hidden": [{"args": ..., "returned": ...}], "kind", "id"}.',
)
@engine_option
@click.option(
    "--candidates",
    type=click.IntRange(1, 200),
    default=16,
    show_default=True,
    help="How many are tried for a hole.",
)
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object.")
def holes(data: Path, engine: str, candidates: int, as_json: bool) -> None:
    """Fill the ?? of small programs, and see by really running them which are right."""
    from foreframe.terminal.evaluate_holes import run

    run(data, engine, candidates, as_json)
