"""`foreframe fill`: tries what could stand in holes, shows what speaks for it, writes the best."""

from __future__ import annotations

import asyncio
import difflib
import sys
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from foreframe.candidates import Candidate, ranked
from foreframe.errors import BadExample, BadOption, NotFilled
from foreframe.examples import Example
from foreframe.fill_asked import examples_for, given_examples, holes_meant
from foreframe.filling import Budget
from foreframe.holes import Hole
from foreframe.language.analysis import Analysis
from foreframe.language.calls import calls_for, chosen_for
from foreframe.language.predictor import FRAMES, Predictor
from foreframe.rewriting import replace_file, rewritten
from foreframe.source_file import load_program, read_source
from foreframe.terminal.progress import Progress
from foreframe_models.engines import open_engine
from foreframe_models.world_model import WorldModel

if TYPE_CHECKING:
    from foreframe.language.predictor import Foresight

ALL_RIGHT, NOT_ALL_RIGHT = 0, 1  # exit statuses
SURE = 0.9  # of an example that is predicted, for it to count as right


@dataclass(frozen=True, slots=True)
class FillOptions:
    """What the command line says. `style`: "text", "diff" or "json"."""

    path: Path
    line: int | None = None
    function: str | None = None
    examples: tuple[str, ...] = ()
    engine: str = "auto"
    candidates: int = 24
    runs: bool = False
    style: str = "text"
    trace: bool = False
    write: bool = False
    anyway: bool = False


@dataclass(slots=True)
class Group:
    """The holes of one function, tried together; of the module where `function` is None.

    Those of `chosen` are to be filled: what could stand in one of several shows with the others.
    """

    function: str | None
    analysis: Analysis  # of the text with the groups before it filled
    holes: Sequence[Hole]
    chosen: Sequence[Hole]
    examples: Sequence[Example]
    found: list[Candidate] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.function or "the module"

    @property
    def ranked(self) -> list[Candidate]:
        """Best first."""
        return ranked(self.found)

    @property
    def best(self) -> Candidate | None:
        return self.ranked[0] if self.found else None

    def bears_out(self, one: Candidate) -> bool:
        """Whether all examples come out right with a candidate, and there are any."""
        return bool(self.examples) and one.right == len(self.examples)

    @property
    def is_right(self) -> bool:
        """Whether all examples come out right with the best one, for certain or nearly so."""
        best = self.best
        return best is not None and self.bears_out(best) and self.least >= SURE

    @property
    def least(self) -> float:
        """How probable the least likely example of the best one is, 0 where there is none."""
        return min((e.likely for e in self.best.evidence), default=0.0) if self.best else 0.0

    @property
    def whole(self) -> str:
        """The whole text with the best one in all holes; as it was where there is none."""
        return self._with(self.holes)

    @property
    def filled(self) -> str:
        """The same with the best one in those that were chosen."""
        return self._with(self.chosen)

    def _with(self, chosen: Sequence[Hole]) -> str:
        source, best = self.analysis.source, self.best
        if best is None:
            return source
        texts = [t for h, t in zip(self.holes, best.texts, strict=True) if h in chosen]
        return replace(best, texts=tuple(texts)).filled(source, chosen)


class Printer(Protocol):
    """Tells what is found, in one of the ways there are."""

    def group(self, group: Group) -> None: ...

    def candidate(self, group: Group, one: Candidate) -> None: ...

    def best(self, group: Group) -> None: ...

    def end(self, groups: Sequence[Group], diff: str, *, written: bool) -> None:
        """`diff`: of what is right, or may be written all the same."""


async def fill(options: FillOptions, out: TextIO, err: TextIO) -> int:
    """Finds, shows, writes; gives the exit status. Raises LaunchError, EngineError."""
    if options.anyway and not options.write:
        raise BadOption("--anyway belongs to --write: it writes what is not known to be right, too")
    first = analysis = read(options.path)
    meant = holes_meant(analysis, options.line, options.function)
    given = given_examples(options.examples)
    must_be_of_use(given, analysis, meant)
    before = options.path.read_bytes()
    try:
        engine = open_engine(options.engine)
    except ValueError as error:
        raise BadOption(f"--engine: {error}") from error
    world = WorldModel(engine, max_frames=FRAMES, max_tokens=60 * FRAMES)
    predictor = Predictor(world)
    printer = printer_for(options, out)
    groups: list[Group] = []
    try:
        async with Progress(err) as progress:
            for function in dict.fromkeys(hole.function for hole in meant):
                group = next_group(analysis, options, function, given)
                groups.append(group)
                await fill_group(group, predictor, options, printer, progress)
                if group.is_right or (options.anyway and group.best is not None):
                    text, calls = group.filled, analysis.calls
                    analysis = await asyncio.to_thread(
                        Analysis.of, analysis.path, text, None, calls
                    )
            progress.clear()
    finally:
        await predictor.close()
    after = before if analysis is first else rewritten(before, analysis.source)
    is_right = all(group.is_right for group in groups)
    written = options.write and (is_right or options.anyway) and after != before
    if written:
        replace_file(options.path, before, after)
    diff = diff_of(options.path, before.decode("utf-8"), after.decode("utf-8"))
    printer.end(groups, diff, written=written)
    if options.write and not written:
        raise NotFilled(refusal(options.path, groups))
    return ALL_RIGHT if is_right else NOT_ALL_RIGHT


async def fill_group(
    group: Group, predictor: Foresight, options: FillOptions, printer: Printer, progress: Progress
) -> None:
    """Tries candidates for the holes of one function, told as they are tried."""
    printer.group(group)
    budget = Budget(candidates=options.candidates, runs=options.runs)
    progress.news(f"filling {group.name}")
    work = predictor.fill(group.analysis, group.holes, group.examples, budget)
    async with aclosing(work) as candidates:
        async for candidate in candidates:
            group.found.append(candidate)
            progress.news(f"filling {group.name}: {len(group.found)} candidates tried")
            printer.candidate(group, candidate)
    progress.clear()
    printer.best(group)


def read(path: Path) -> Analysis:
    """A file, with what is known of it besides its text. Raises LaunchError."""
    source = read_source(path)
    root = Path.cwd()
    calls = calls_for(path, root)
    analysis = Analysis.of(str(path.resolve()), source, None, calls)
    if analysis.program is None or (not analysis.is_whole and not analysis.holes):
        load_program(path)  # says what is wrong with it
    chosen = chosen_for(path, root, source, analysis.holes)
    return Analysis.of(analysis.path, source, None, [*calls, *chosen]) if chosen else analysis


def next_group(
    analysis: Analysis, options: FillOptions, function: str | None, given: Sequence[Example]
) -> Group:
    """The holes of a function, as they stand once those before it are filled."""
    meant = holes_meant(analysis, options.line, options.function)
    chosen = [hole for hole in meant if hole.function == function]
    holes = [hole for hole in analysis.holes if hole.function == function]
    return Group(function, analysis, holes, chosen, examples_for(analysis, holes, given))


def must_be_of_use(given: Sequence[Example], analysis: Analysis, holes: Sequence[Hole]) -> None:
    """Raises BadExample for an example that tells nothing about any of the holes."""
    useful = examples_for(analysis, holes, given)
    for example in given:
        if example not in useful:
            names = ", ".join(dict.fromkeys(hole.function or "the module" for hole in holes))
            raise BadExample(f"--example: {example.call} tells nothing of the holes in {names}")


def diff_of(path: Path, before: str, after: str) -> str:
    """What changes, as a unified diff that `patch` takes; empty where nothing does."""
    old, new = (StringIO(text, newline="").readlines() for text in (before, after))
    lines = difflib.unified_diff(old, new, str(path), str(path))
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def refusal(path: Path, groups: Sequence[Group]) -> str:
    """Why nothing was written, and what can be done."""
    reasons: list[str] = []
    for group in groups:
        if group.best is None:
            reasons.append(f"nothing was found for {group.name}")
        elif not group.examples:
            reasons.append(f"no example says what {group.name} is to give (--example 'f(1) -> 2')")
        elif not group.is_right and group.bears_out(group.best):
            reasons.append(
                f"{group.name} is only predicted to come out right, {group.least:.0%} sure "
                "(--run makes it certain)"
            )
        elif not group.is_right:
            wanted = len(group.examples)
            reasons.append(
                f"with the best for {group.name} {group.best.right} of {wanted} examples come out"
            )
    right = [group.function for group in groups if group.is_right and group.function]
    ways = [f"--function {right[0]} writes that one alone"] if right else []
    ways += ["--candidates tries more", "--anyway writes the best all the same"]
    return f"{path}: nothing was written: {'; '.join(reasons)}. {', '.join(ways)}"


def printer_for(options: FillOptions, out: TextIO) -> Printer:
    """The printer of the style asked for."""
    from foreframe.terminal.fill_told import DiffAlone, Lines, Records

    if options.style == "json":
        return Records(out, options.path, trace=options.trace)
    if options.style == "diff":
        return DiffAlone(out)
    return Lines(out, options.path, trace=options.trace)


def run(options: FillOptions) -> int:
    """Runs the command on this process's own streams; gives the exit status."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    return asyncio.run(fill(options, sys.stdout, sys.stderr))
