"""`foreframe explain`: predicts a run, and tells it in words."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from foreframe.errors import BadOption
from foreframe.explaining import OWN_WORDS, Detail, explain
from foreframe.source_file import load_program
from foreframe.terminal.progress import Progress
from foreframe_models.engines import open_engine
from foreframe_models.engines.base import EngineError
from foreframe_models.retelling import must_retell, retold
from foreframe_models.world_model import Entry, WorldModel
from foreframe_protocol.states import Action, End, Frame, Goal


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """What the command line says."""

    path: Path
    function: str | None = None
    args: str = ""
    engine: str = "auto"
    max_frames: int = 1000
    detail: Detail | None = None
    as_json: bool = False
    retell: bool = False


async def tell(options: ExplainOptions, out: TextIO, err: TextIO) -> None:
    """Predicts and prints. Raises LaunchError, EntryError, EngineError.

    What was predicted before an engine failed is told first.
    """
    if options.args and options.function is None:
        raise BadOption("--args are the arguments of a function: name it with --function")
    program = load_program(options.path)
    try:
        engine = open_engine(options.engine)
    except ValueError as error:
        raise BadOption(f"--engine: {error}") from error
    world = WorldModel(engine, max_frames=options.max_frames, max_tokens=60 * options.max_frames)
    failure: EngineError | None = None
    end, message = End.FAILED, ""
    try:
        if options.retell:
            await must_retell(world)
        async with Progress(err) as progress:
            trace = await world.start(program, Entry(options.function, options.args))

            def news(frame: Frame) -> None:
                progress.news(f"predicting line {frame.line} of {frame.function}")

            try:
                found = await world.predict(program, trace, Goal(Action.RUN_TO), on_frame=news)
                trace, end, message = found.trace, found.end, found.message
            except EngineError as error:
                failure = error
                trace = error.partial.trace if error.partial else trace
            progress.clear()
        sentences = explain(program, trace, options.detail)
        if options.as_json:
            for sentence in sentences:
                print(json.dumps(asdict(sentence)), file=out)
        else:
            print("As predicted by a model; nothing was executed.\n", file=out)
            for sentence in sentences:
                print(f"{'  ' * sentence.depth}{sentence}", file=out)
            if end is End.CUT_OFF:
                print(f"\nThe prediction was {message}.", file=out)
        if options.retell and failure is None:
            told = await retold(world, [str(sentence) for sentence in sentences])
            shown = f"\n{OWN_WORDS}\n{told or 'nothing.'}"
            print(json.dumps({"retold": told}) if options.as_json else shown, file=out)
    finally:
        await world.close()
    if failure is not None:
        raise failure


def run(options: ExplainOptions) -> None:
    """Runs the command on this process's own streams."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    asyncio.run(tell(options, sys.stdout, sys.stderr))
