"""`foreframe explain`."""

from __future__ import annotations

from pathlib import Path

import click

from foreframe.commands.options import engine_option


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--function", metavar="NAME", help="A call of this function, not the module.")
@click.option("--args", default="", metavar="LITERALS", help="Its arguments: \"'abc', [1], k=2\".")
@engine_option
@click.option(
    "--max-frames",
    type=click.IntRange(1, 1_000_000),
    default=1000,
    show_default=True,
    help="Cut a longer trace off there.",
)
@click.option(
    "--detail",
    type=click.Choice(["steps", "changes", "calls"]),
    help="Every line, only what changed, or a sentence a call. By the length if not said.",
)
@click.option("--retell", is_flag=True, help="Also in the model's own words: needs CWM.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a sentence.")
def explain(
    file: Path,
    function: str | None,
    args: str,
    engine: str,
    max_frames: int,
    detail: str | None,
    retell: bool,
    as_json: bool,
) -> None:
    """Tell in plain sentences what a run of FILE would do. Nothing is executed."""
    from foreframe.explaining import Detail
    from foreframe.terminal.explain import ExplainOptions, run

    chosen = Detail(detail) if detail else None
    run(ExplainOptions(file, function, args, engine, max_frames, chosen, as_json, retell))
