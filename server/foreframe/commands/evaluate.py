"""`foreframe eval ...`."""

from __future__ import annotations

from pathlib import Path

import click

from foreframe.commands.options import engine_option


@click.group("eval")
def evaluate() -> None:
    """Measure how well a model predicts execution."""


@evaluate.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help='JSON lines: {"code": ..., "input": ..., "output": ..., "id": ...}; the function is f.',
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only N programs.")
@click.option("--seed", type=int, metavar="S", help="Choose them at random, not the first.")
@engine_option
@click.option(
    "--task",
    type=click.Choice(["output", "input", "trace"]),
    default="output",
    show_default=True,
    help="What f returns; an input for which it does; or its trace, against a real run.",
)
@click.option(
    "--max-frames",
    type=click.IntRange(1, 1_000_000),
    default=500,
    show_default=True,
    help="Cut a longer trace off there.",
)
@click.option(
    "--parallel", type=click.IntRange(1, 256), default=1, show_default=True,
    metavar="N", help="Predict N programs at a time: for a server; spoils times.",
)  # fmt: skip
@click.option(
    "--as-written",
    is_flag=True,
    help="Take frames as the model wrote them, with nothing put right that the trace shows.",
)
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Draw reliability diagrams, as PNG (needs the train extra).",
)
@click.option(
    "--measured",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Add to what was measured of a model; as measured.json beside its weights, "
    "the page of `foreframe serve` draws it.",
)
def cruxeval(
    data: Path,
    limit: int | None,
    seed: int | None,
    engine: str,
    task: str,
    max_frames: int,
    parallel: int,
    as_written: bool,
    as_json: bool,
    plot: Path | None,
    measured: Path | None,
) -> None:
    """Predict programs in the form of CRUXEval, and compare.

    Outputs are predicted by a full trace, by a jump to the return and by running to the last line,
    as far as the model can. With `--task input` and `--task trace` programs are also run, each in
    a process of its own. Ctrl-C ends with a report on what is done.
    """
    from foreframe.terminal.evaluate import EvaluateOptions, run

    run(
        EvaluateOptions(
            data,
            task,
            limit,
            seed,
            engine,
            max_frames,
            parallel,
            as_json,
            plot,
            as_written,
            measured,
        )
    )
