"""The command `foreframe`. Each subcommand imports what it needs only when it is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from foreframe import __version__

DONE, MISTAKE, ENGINE_TROUBLE, INTERRUPTED, PIPE_CLOSED = 0, 2, 3, 130, 141

engine_option = click.option(
    "--engine",
    default="auto",
    show_default=True,
    metavar="auto|embedded|URL",
    help="What predicts: the small model that ships, or a vLLM server that serves CWM.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="foreframe")
def cli() -> None:
    """A debugger whose program runs in a model's head.

    A code world model predicts every line and every value; nothing is executed.
    """


@cli.command()
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
    as_json: bool,
    style: str,
) -> None:
    """Predict a whole run of a Python FILE, or of one call in it.

    Exit status: 0 done (right or wrong), 2 a mistake of yours, 3 trouble with the engine.
    """
    from foreframe.errors import BadOption
    from foreframe.terminal.trace import TraceOptions, run

    if as_json and style == "cwm":
        raise BadOption("--json and --format cwm exclude each other")
    run(TraceOptions(file, function, args, engine, max_frames, check, "json" if as_json else style))


@cli.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on 127.0.0.1, not on stdio.")
@engine_option
def dap(port: int | None, engine: str) -> None:
    """Serve editors over the Debug Adapter Protocol."""
    from foreframe.dap.server import serve_stdio, serve_tcp

    if port is None:
        serve_stdio(engine)
    else:
        serve_tcp(port, engine)


@cli.group("eval")
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
    type=click.Choice(["output", "trace"]),
    default="output",
    show_default=True,
    help="What f returns, by a full trace; or the trace itself, against a real run.",
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
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Draw reliability diagrams there (needs the train extra).",
)
def cruxeval(
    data: Path,
    limit: int | None,
    seed: int | None,
    engine: str,
    task: str,
    max_frames: int,
    parallel: int,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Predict programs in the form of CRUXEval, and compare.

    With `--task trace` each program is also run, in a process of its own.
    """
    from foreframe.terminal.evaluate import EvaluateOptions, run

    run(EvaluateOptions(data, task, limit, seed, engine, max_frames, parallel, as_json, plot))


@cli.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def train(arguments: tuple[str, ...]) -> None:
    """Train the small model, on a CPU or a GPU; resumable.

    Programs are generated, run and traced; nothing else is learned from.
    """
    from foreframe.errors import ExtraMissing

    try:
        from foreframe_models.training.__main__ import main as train_model
    except ModuleNotFoundError as error:
        raise ExtraMissing(
            f"training needs {error.name}, which is not installed: "
            "pip install 'foreframe[train]', or `make train` in a clone"
        ) from error
    train_model(arguments, "foreframe train")


def complain(code: int, message: str) -> None:
    """One error on stderr, with its stable number."""
    sys.stderr.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    click.echo(f"foreframe: error {code}: {message}", err=True)


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line (without the program's name) and gives its exit status."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with cli.make_context("foreframe", words) as context:
            cli.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.UsageError as error:
        error.show()
        return MISTAKE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KeyboardInterrupt:
        click.echo("foreframe: interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read has seen enough. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Exception as error:
        found = told(error)
        if found is None:
            raise
        status, code = found
        complain(code, str(error))
        return status
    return DONE


def told(error: Exception) -> tuple[int, int] | None:
    """Exit status and number of an error that is for a person; None for a fault of our own."""
    from foreframe.errors import BadEntry, ForeframeError
    from foreframe_models.engines.base import EngineError
    from foreframe_models.entry import EntryError

    match error:
        case EngineError():
            return ENGINE_TROUBLE, error.code
        case EntryError():
            return MISTAKE, BadEntry.code
        case ForeframeError():
            return MISTAKE, error.code
    return None


def main() -> None:
    """The console script."""
    sys.exit(run())
