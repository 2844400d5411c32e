"""`foreframe eval halts`: judged from predictions, beside what really happens."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from foreframe.errors import BadOption
from foreframe.halting import Answer, does_it_end
from foreframe.parties import WorldModel as Predicts
from foreframe.reality import Limits, observe
from foreframe.reckoned_halting import reckoned_halting
from foreframe.terminal.halts import judge
from foreframe.terminal.progress import Progress
from foreframe_models.engines import open_engine
from foreframe_models.engines.base import EngineError
from foreframe_models.program.control_flow import Program
from foreframe_models.world_model import Entry, WorldModel
from foreframe_protocol.states import End, Trace

REAL = Limits(frames=20_000, seconds=5.0)


@dataclass(frozen=True, slots=True)
class Question:
    """One program."""

    name: str
    program: Program
    entry: Entry


@dataclass(slots=True)
class Confusion:
    """What was answered against what is so: counts by (really ends, answer)."""

    predicted: Counter[tuple[bool, Answer]] = field(default_factory=Counter)
    observed: Counter[tuple[bool, Answer]] = field(default_factory=Counter)  # from true frames
    answered: Counter[tuple[bool, Answer]] = field(default_factory=Counter)  # by rules where known
    wrong: list[str] = field(default_factory=list)
    failed: int = 0

    def as_json(self) -> dict[str, object]:
        """The report as one object."""
        return {
            "task": "halts",
            "n": sum(self.predicted.values()) + self.failed,
            "failed": self.failed,
            "right": share(self.predicted),
            "answered": cells(self.answered),
            "right_as_answered": share(self.answered),
            "from_predictions": cells(self.predicted),
            "from_true_frames": cells(self.observed),
            "right_from_true_frames": share(self.observed),
            "wrong": self.wrong,
        }


def is_right(ends: bool, answer: Answer) -> bool:
    """Whether an answer is so; not to know is not right, and not wrong either."""
    return answer is not Answer.UNKNOWN and ends is (answer is Answer.ENDS)


def share(counts: Counter[tuple[bool, Answer]]) -> float:
    """The share of right answers."""
    right = sum(count for cell, count in counts.items() if is_right(*cell))
    return round(right / max(1, sum(counts.values())), 4)


def cells(counts: Counter[tuple[bool, Answer]]) -> dict[str, dict[str, int]]:
    """The table: what is so → what was answered → how often."""
    rows = ((True, "ends"), (False, "never ends"))
    return {name: {a.value: counts[so, a] for a in Answer} for so, name in rows}


def questions(path: Path) -> Iterator[Question]:
    """The programs of a file. Raises BadOption."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(filter(str.strip, lines), 1):
            row = json.loads(line)
            program = Program.parse(row["code"], f"{path.name}:{number}")
            yield Question(str(row.get("id", number)), program, Entry("f", row["input"]))
    except OSError as error:
        raise BadOption(f"--data: {error.strerror}: {path}") from error
    except (ValueError, KeyError) as error:
        raise BadOption(f"--data: {path}: no such programs: {error}") from error


async def compare(
    asked: Sequence[Question], world: Predicts, max_frames: int, progress: Progress
) -> Confusion:
    """Runs each program for real, and judges from what is predicted and from what is true."""
    found = Confusion()
    for number, question in enumerate(asked, 1):
        progress.news(f"program {number} of {len(asked)}")
        real = await observe(question.program, question.entry, REAL)
        ends = real.end is End.FINISHED
        truth = Trace()
        for frame in real.frames[:max_frames]:
            truth = truth.append(frame)
        found.observed[ends, does_it_end(question.program, truth).answer] += 1
        try:
            halting, _ = await judge(world, question.program, question.entry)
        except EngineError:
            found.failed += 1
            continue
        found.predicted[ends, halting.answer] += 1
        known = reckoned_halting(question.program, question.entry, max_frames)
        found.answered[ends, (known[0] if known else halting).answer] += 1
        if halting.answer is not Answer.UNKNOWN and not is_right(ends, halting.answer):
            found.wrong.append(f"{question.name}: {halting.answer}: {halting.text}")
    return found


async def evaluate(data: Path, engine: str, max_frames: int, out: TextIO, err: TextIO) -> Confusion:
    """The whole comparison. Raises BadOption, RunFailed, EngineError."""
    asked = list(questions(data))
    try:
        world = WorldModel(open_engine(engine), max_frames=max_frames, max_tokens=100 * max_frames)
    except ValueError as error:
        raise BadOption(f"--engine: {error}") from error
    try:
        async with Progress(err) as progress:
            await world.open()
            found = await compare(asked, world, max_frames, progress)
            progress.clear()
    finally:
        await world.close()
    return found


def report(found: Confusion, out: TextIO) -> None:
    """Three tables for a person."""
    kinds = (
        ("by rules where they tell, else from predictions", found.answered),
        ("from predictions alone", found.predicted),
        ("from true frames", found.observed),
    )
    for title, counts in kinds:
        print(f"{title}: {share(counts):.0%} right", file=out)
        print(f"  {'':12}" + "".join(f"{answer.value:>9}" for answer in Answer), file=out)
        for name, row in cells(counts).items():
            print(f"  {name:12}" + "".join(f"{count:>9}" for count in row.values()), file=out)
    if found.failed:
        print(f"not answered, the engine failed: {found.failed}", file=out)
    for line in found.wrong:
        print(f"wrong: {line}", file=out)


def run(data: Path, engine: str, max_frames: int, as_json: bool) -> None:
    """Runs the command on this process's own streams."""
    found = asyncio.run(evaluate(data, engine, max_frames, sys.stdout, sys.stderr))
    if as_json:
        print(json.dumps(found.as_json()))
    else:
        report(found, sys.stdout)
