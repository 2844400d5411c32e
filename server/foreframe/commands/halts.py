"""`foreframe halts`, and `foreframe eval halts`."""

from __future__ import annotations

from pathlib import Path

import click

from foreframe.commands.options import engine_option

frames_option = click.option(
    "--max-frames",
    type=click.IntRange(10, 100_000),
    default=300,
    show_default=True,
    help="Predict so many, and judge from them.",
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--function", metavar="NAME", help="A call of this function, not the module.")
@click.option("--args", default="", metavar="LITERALS", help="Its arguments: \"'abc', [1], k=2\".")
@engine_option
@frames_option
@click.option("--json", "as_json", is_flag=True, help="The answer as one JSON object.")
def halts(
    file: Path, function: str | None, args: str, engine: str, max_frames: int, as_json: bool
) -> None:
    """Say whether a run of FILE ends: it ends, repeats, grows, or is not known; with evidence."""
    from foreframe.terminal.halts import HaltsOptions, run

    run(HaltsOptions(file, function, args, engine, max_frames, as_json))


@click.command("halts")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help='JSON lines: {"code": ..., "input": ..., "id": ...}; the function is f.',
)
@engine_option
@frames_option
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object.")
def eval_halts(data: Path, engine: str, max_frames: int, as_json: bool) -> None:
    """Judge whether programs end, and compare with a real run of each.

    The real runs are limited in time, in processes of their own; what is not over then counts as
    never ending.
    """
    from foreframe.terminal.evaluate_halts import run

    run(data, engine, max_frames, as_json)
