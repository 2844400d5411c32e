"""`foreframe trace --returned`: which arguments lead to an outcome, and the trace of the best."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TextIO

from rich.table import Table
from rich.text import Text

from foreframe.errors import BadOption
from foreframe.outcome import best_of, entry_of, read_outcome
from foreframe.source_file import load_program
from foreframe.terminal.progress import Progress
from foreframe.terminal.records import Records
from foreframe.terminal.story import Ending, Story
from foreframe.terminal.trace import TOKENS_PER_FRAME, TraceOptions, printer_for
from foreframe_models.engines import open_engine
from foreframe_models.entry import find_function
from foreframe_models.inputs import Guess, Outcome, Verified, guess_inputs
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import End

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

SHOWN_CHARS = 80  # of an outcome in the table; --json has all of it
STYLES = {Verified.MATCH: "green", Verified.DIFFERS: "red", Verified.CUT_OFF: "magenta"}


@dataclass(frozen=True, slots=True)
class GuessOptions:
    """What the command line says: how the call ends, and how many guesses there may be."""

    trace: TraceOptions
    returned: str | None = None
    raised: str | None = None
    reached: str | None = None
    guesses: int = 4


async def guess(options: GuessOptions, out: TextIO, err: TextIO) -> None:
    """Goes back, verifies, shows. Raises LaunchError, EntryError, EngineError."""
    asked = options.trace
    if asked.args or asked.check:
        which = "--args" if asked.args else "--check"
        raise BadOption(f"{which} and an outcome exclude each other: the arguments are guessed")
    program = load_program(asked.path)
    given = options.returned, options.raised, options.reached
    outcome = read_outcome(*given, asked.function)
    name = asked.function or ""
    find_function(program.tree, name)
    try:
        engine = open_engine(asked.engine)
    except ValueError as error:
        raise BadOption(f"--engine: {error}") from error
    world = WorldModel(
        engine,
        max_frames=asked.max_frames,
        max_tokens=max(20_000, TOKENS_PER_FRAME * asked.max_frames),
    )
    found: list[Guess] = []
    try:
        async with Progress(err) as progress:
            progress.news(f"starting {engine.name}")

            def count(one: Guess) -> None:
                found.append(one)
                progress.news(f"going back: {len(found)} of {options.guesses} guesses verified")

            guesses = await guess_inputs(
                world, program, name, outcome, options.guesses, on_guess=count
            )
            progress.clear()
        best_of(guesses, outcome)
        show(out, program, world, options, outcome, guesses)
    finally:
        await world.close()


def show(
    out: TextIO,
    program: Program,
    world: WorldModel,
    options: GuessOptions,
    outcome: Outcome,
    guesses: list[Guess],
) -> None:
    """The guesses, the best first, then the trace of that."""
    asked = options.trace
    name, best = asked.function or "", guesses[0]
    if asked.style == "json":
        records = Records(out)
        for number, one in enumerate(guesses, 1):
            records.write(record_of(number, one))
    elif asked.style == "table":
        table(out, name, outcome, guesses)
    printer = printer_for(asked, out, program, entry_of(name, best), world)
    story = Story(None, program)
    for frame in best.trace.frames():
        printer.frame(story.add(frame))
    ended = End.CUT_OFF if best.verified is Verified.CUT_OFF else End.FINISHED
    usage = best.usage
    for other in guesses[1:]:
        usage += other.usage
    printer.end(story, Ending(ended, "", replace(usage), world.engine.name))


def table(out: TextIO, name: str, outcome: Outcome, guesses: list[Guess]) -> None:
    """The guesses as a table."""
    from foreframe.terminal.table import Marks, console_for, printable

    console = console_for(out)
    marks = Marks(plain=console.options.ascii_only)
    signs = {
        Verified.MATCH: marks.right,
        Verified.DIFFERS: marks.wrong,
        Verified.CUT_OFF: marks.unknown,
    }
    title = f"guessed backward, nothing is executed: {name}(?) {outcome}"
    console.print(Text(printable(title), style="bold"))
    grid = Table(box=None, pad_edge=False, header_style="dim")
    for header, justify in (("", "left"), ("call", "left"), ("predicted forward", "left"),
                            ("tries", "right"), ("log p", "right")):  # fmt: skip
        grid.add_column(header, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for one in guesses:
        came = one.forward.text if one.forward is not None else one.verified.value
        if one.verified is Verified.MATCH and one.forward is None:
            came = "comes there"
        if len(came) > SHOWN_CHARS:
            came = came[:SHOWN_CHARS] + marks.more
        style = STYLES[one.verified]
        grid.add_row(
            Text(signs[one.verified], style=style),
            Text(printable(f"{name}({one.args})")),
            Text(printable(came), style=style),
            str(one.votes),
            f"{one.logprob:.1f}",
        )
    console.print(grid)
    console.print()


def record_of(number: int, one: Guess) -> dict[str, object]:
    """A guess as a JSON object."""
    return {
        "guess": number,
        "args": one.args,
        "verified": one.verified,
        "forward": None if one.forward is None else one.forward.text,
        "logprob": one.logprob,
        "tries": one.votes,
        "frames": len(one.trace.nodes()),
    }


def run(options: GuessOptions) -> None:
    """Runs the command on this process's own streams."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    asyncio.run(guess(options, sys.stdout, sys.stderr))
