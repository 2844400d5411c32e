"""`foreframe trace`."""

from __future__ import annotations

from pathlib import Path

import click

from foreframe.commands.options import engine_option


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--function", metavar="NAME", help="Trace a call of this function, not the module.")
@click.option("--args", default="", metavar="LITERALS", help="Its arguments: \"'abc', [1], k=2\".")
@engine_option
@click.option(
    "--max-frames",
    type=click.IntRange(1, 1_000_000),
    default=1000,
    show_default=True,
    help="Cut a longer trace off there.",
)
@click.option("--check", is_flag=True, help="Also run the program once and say what was right.")
@click.option("--micro", is_flag=True, help="Show the value of each expression on the way.")
@click.option(
    "--returned", metavar="LITERAL", help="Guess the arguments for which it returns this."
)
@click.option("--raised", metavar="EXCEPTION", help="The same for \"KeyError: 'a'\", or KeyError.")
@click.option("--reached", metavar="STATE", help='The same for a state at a line: "7: total = 3".')
@click.option(
    "--guesses", type=click.IntRange(1, 100), default=4, show_default=True, metavar="N",
    help="How many arguments are guessed and verified.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object a frame, then a summary.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "cwm"]),
    default="table",
    show_default=True,
    help="A table for people, or the trace as CWM's text.",
)
def trace(
    file: Path,
    function: str | None,
    args: str,
    engine: str,
    max_frames: int,
    check: bool,
    micro: bool,
    returned: str | None,
    raised: str | None,
    reached: str | None,
    guesses: int,
    as_json: bool,
    style: str,
) -> None:
    """Predict a whole run of a Python FILE, or of one call in it.

    With an outcome (--returned, --raised, --reached) the model goes back from there: it guesses
    arguments, verifies each by predicting forward, and shows the trace of the best.

    Exit status: 0 done (right or wrong), 2 a mistake of yours, 3 trouble with the engine.
    """
    from foreframe.errors import BadOption
    from foreframe.terminal.trace import TraceOptions, run

    if as_json and style == "cwm":
        raise BadOption("--json and --format cwm exclude each other")
    style = "json" if as_json else style
    options = TraceOptions(file, function, args, engine, max_frames, check, style, micro)
    if returned is None and raised is None and reached is None:
        run(options)
        return
    from foreframe.terminal import guesses as going_back

    outcome = (returned, raised, reached)
    going_back.run(going_back.GuessOptions(options, *outcome, guesses))
