"""The command `foreframe`: its subcommands are in `commands/`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from foreframe import __version__
from foreframe.commands.check import check
from foreframe.commands.dap import dap
from foreframe.commands.evaluate import evaluate
from foreframe.commands.evaluate_holes import holes
from foreframe.commands.explain import explain
from foreframe.commands.fill import fill
from foreframe.commands.halts import eval_halts, halts
from foreframe.commands.lsp import lsp
from foreframe.commands.mcp import mcp
from foreframe.commands.models import models
from foreframe.commands.serve import serve
from foreframe.commands.sessions import sessions
from foreframe.commands.trace import trace
from foreframe.commands.train import train

DONE, NOT_FILLED, MISTAKE, ENGINE_TROUBLE, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="foreframe")
def cli() -> None:
    """A debugger whose program runs in a model's head.

    A code world model predicts every line and every value; nothing is executed.
    """


for command in (
    trace,
    check,
    dap,
    serve,
    mcp,
    sessions,
    evaluate,
    train,
    fill,
    halts,
    explain,
    lsp,
    models,
):
    cli.add_command(command)
for measure in (eval_halts, holes):
    evaluate.add_command(measure)


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
    from foreframe.errors import BadEntry, ForeframeError, NotFilled
    from foreframe_models.engines.base import EngineError
    from foreframe_models.entry import EntryError

    match error:
        case EngineError():
            return ENGINE_TROUBLE, error.code
        case EntryError():
            return MISTAKE, BadEntry.code
        case NotFilled():
            return NOT_FILLED, error.code
        case ForeframeError():
            return MISTAKE, error.code
    return None


def main() -> None:
    """The console script."""
    sys.exit(run())
