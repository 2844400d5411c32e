"""`foreframe fill`."""

from __future__ import annotations

from pathlib import Path

import click

from foreframe.commands.options import engine_option


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--line", type=click.IntRange(min=1), metavar="N", help="Only the holes of this line."
)
@click.option("--function", metavar="NAME", help="Only the holes of this function.")
@click.option(
    "--example",
    "examples",
    multiple=True,
    metavar="'F(1) -> 2'",
    help="What is wanted besides what the file says; can be repeated. Only literals count.",
)
@engine_option
@click.option(
    "--candidates",
    type=click.IntRange(1, 1000),
    default=24,
    show_default=True,
    help="Try so many for each function.",
)
@click.option(
    "--run", "runs", is_flag=True, help="Also RUN the examples, confined: without it nothing runs."
)
@click.option("--trace", is_flag=True, help="Also how the examples would run, in sentences.")
@click.option("--diff", is_flag=True, help="Only a diff for `patch`, of what comes out right.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--write", is_flag=True, help="Fill the file, if all examples come out right.")
@click.option("--anyway", is_flag=True, help="With --write: also what is not known to be right.")
def fill(
    file: Path,
    line: int | None,
    function: str | None,
    examples: tuple[str, ...],
    engine: str,
    candidates: int,
    runs: bool,
    trace: bool,
    diff: bool,
    as_json: bool,
    write: bool,
    anyway: bool,
) -> None:
    """Fill the `??` holes of FILE by what predicted execution bears out.

    What is wanted is read from doctests, asserts, comments such as `# f(1) -> 2`, launch
    configurations and --example. The holes of a function are filled together.

    The exit status is 0 when all examples come out right (where that is predicted and not worked
    out: 90 % sure), 1 when not, or when --write wrote nothing, 2 for a mistake of yours, 3 for
    trouble with the engine.
    """
    from foreframe.errors import BadOption
    from foreframe.terminal.fill import FillOptions, run

    if diff and as_json:
        raise BadOption("--diff and --json exclude each other: the JSON has the diff")
    style = "json" if as_json else "diff" if diff else "text"
    status = run(
        FillOptions(
            *(file, line, function, examples, engine, candidates),
            runs=runs,
            style=style,
            trace=trace,
            write=write,
            anyway=anyway,
        )
    )
    if status:
        raise click.exceptions.Exit(status)
