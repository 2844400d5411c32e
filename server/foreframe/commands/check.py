"""`foreframe check`."""

from __future__ import annotations

from pathlib import Path

import click

from foreframe.commands.options import engine_option


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--function", metavar="NAME", help="Check a call of this function, not the module.")
@click.option("--args", default="", metavar="LITERALS", help="Its arguments: \"'abc', [1], k=2\".")
@engine_option
@click.option(
    "--resync",
    type=click.Choice(["reality", "free"]),
    default="reality",
    show_default=True,
    help="Predict each step from what was observed, or from where the last prediction ended.",
)
@click.option(
    "--max-stops",
    type=click.IntRange(1, 1_000_000),
    default=1000,
    show_default=True,
    help="End a longer run there.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a stop, then the report.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write a page that needs nothing else.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Check many programs instead, as `foreframe eval cruxeval --task trace` reads them.",
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Of --data: only N programs.")
@click.option("--seed", type=int, metavar="S", help="Choose them at random, not the first.")
@click.option(
    "--max-frames",
    type=click.IntRange(1, 1_000_000),
    default=500,
    show_default=True,
    help="Of --data: cut a longer trace off there.",
)
@click.option(
    "--parallel", type=click.IntRange(1, 256), default=1, show_default=True,
    metavar="N", help="Of --data: predict N programs at a time.",
)  # fmt: skip
def check(
    file: Path | None,
    function: str | None,
    args: str,
    engine: str,
    resync: str,
    max_stops: int,
    as_json: bool,
    html: Path | None,
    data: Path | None,
    limit: int | None,
    seed: int | None,
    max_frames: int,
    parallel: int,
) -> None:
    """Predict a Python FILE and RUN it, side by side, and compare every stop.

    The program is executed, under debugpy. Exit status: 0 done (right or wrong), 2 a mistake of
    yours, 3 trouble with the engine.
    """
    from foreframe.errors import BadOption

    if (file is None) is (data is None):
        raise BadOption("name one FILE to check, or a file of programs with --data")
    if data is not None:
        from foreframe.terminal.check_many import check_many
        from foreframe.terminal.evaluate import EvaluateOptions

        if function is not None or args or resync != "reality":
            raise BadOption("--function, --args and --resync are for one FILE, not for --data")
        options = EvaluateOptions(data, "trace", limit, seed, engine, max_frames, parallel, as_json)
        check_many(options, html)
        return
    from foreframe.terminal.check import CheckOptions, run

    assert file is not None
    run(CheckOptions(file, function, args, engine, resync, max_stops, as_json, html))
