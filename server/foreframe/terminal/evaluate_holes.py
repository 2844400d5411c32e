"""`foreframe eval holes`: how often a hole is filled right, with and without verification."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from foreframe.candidates import ranked
from foreframe.errors import BadOption, RunFailed
from foreframe.examples import Example, Kind
from foreframe.filling import Budget, Candidate, judge, outcome_of, wanted_for
from foreframe.language.analysis import Analysis
from foreframe.language.predictor import Predictor
from foreframe.reality import observe
from foreframe.terminal.progress import Progress
from foreframe.trying import RUN_LIMITS
from foreframe_models.engines import open_engine
from foreframe_models.engines.base import EngineError
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import End, Trace, Verdict

FRAMES = 120
WAYS = ("verified", "predicted", "likeliest", "reachable")


@dataclass(frozen=True, slots=True)
class Task:
    """A program with one hole, and calls whose results are not shown to whoever fills it."""

    name: str
    kind: str
    code: str
    hidden: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was tried for a task: whether the first choice is right, by each way of choosing."""

    task: Task
    verified: bool  # ranked by examples right, by rules where they tell, else as predicted
    predicted: bool  # the same with the model's predictions alone
    likeliest: bool  # the model's likeliest answer, or the first guess
    reachable: bool  # any candidate is right
    first_seconds: float
    seconds: float


@dataclass(slots=True)
class Results:
    """All answers."""

    answers: list[Answer] = field(default_factory=list)
    failed: int = 0

    def share(self, which: str, kind: str | None = None) -> float:
        """The share of tasks of a kind for which `which` holds."""
        chosen = [a for a in self.answers if kind is None or a.task.kind == kind]
        right = sum(bool(getattr(a, which)) for a in chosen)
        return round(right / max(1, len(chosen)), 4)

    def as_json(self) -> dict[str, object]:
        """The report as one object."""
        kinds = sorted({a.task.kind for a in self.answers})
        times = [a.first_seconds for a in self.answers]
        return {
            "task": "holes",
            "n": len(self.answers) + self.failed,
            "failed": self.failed,
            **{way: self.share(way) for way in WAYS},
            "by_kind": {kind: {way: self.share(way, kind) for way in WAYS} for kind in kinds},
            "first_candidate_p50_seconds": round(median(times), 3) if times else None,
            "all_p50_seconds": round(median([a.seconds for a in self.answers]), 3)
            if times
            else None,
        }


def read_tasks(path: Path) -> list[Task]:
    """The tasks of a file. Raises BadOption."""
    found: list[Task] = []
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            row: dict[str, Any] = json.loads(line)
            analysis = Analysis(path.name, row["code"])
            function = analysis.holes[0].function or "f"
            hidden = tuple(
                Example(function, one["args"], 0, Kind.COMMENT, returned=one["returned"])
                for one in row["hidden"]
            )
            name = str(row.get("id", number))
            found.append(Task(name, str(row.get("kind", "")), row["code"], hidden))
    except OSError as error:
        raise BadOption(f"--data: {error.strerror}: {path}") from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise BadOption(f"--data: {path}: no such tasks: {error}") from error
    return found


async def is_right(task: Task, analysis: Analysis, candidate: Candidate) -> bool:
    """Whether the filled program really gives what is wanted, hidden results included.

    Run in limited processes of their own.
    """
    program = Program.parse(candidate.filled(analysis.text, analysis.holes[:1]), analysis.path)
    assert analysis.program is not None
    shown = wanted_for(analysis.holes[0], analysis.program, analysis.examples)
    for example in (*shown, *task.hidden):
        run = await observe(program, Entry(example.function, example.args), RUN_LIMITS)
        trace = Trace()
        for frame in run.frames:
            trace = trace.append(frame)
        ended = run.end is End.FINISHED
        if not ended or judge(example, outcome_of(trace)) is not Verdict.MATCH:
            return False
    return True


async def answer(task: Task, predictor: Predictor, budget: Budget) -> Answer:
    """Fills one task's hole. Raises EngineError."""
    analysis = Analysis(f"{task.name}.py", task.code)
    assert analysis.program is not None
    hole = analysis.holes[0]
    wanted = wanted_for(hole, analysis.program, analysis.examples)
    began = time.monotonic()
    first = 0.0
    found: list[Candidate] = []
    async for candidate in predictor.fill(analysis, [hole], wanted, budget):
        first = first or time.monotonic() - began
        found.append(candidate)
    seconds = time.monotonic() - began
    alone = replace(budget, rules=False)
    foreseen = [c async for c in predictor.fill(analysis, [hole], wanted, alone)]
    if not found:
        return Answer(task, False, False, False, False, seconds, seconds)
    known: dict[tuple[str, ...], bool] = {}

    async def right(candidate: Candidate) -> bool:
        if candidate.texts not in known:  # a process for each of its examples
            known[candidate.texts] = await is_right(task, analysis, candidate)
        return known[candidate.texts]

    likely = max(foreseen or found, key=_likelihood)  # of equals the first, as without any trial
    best, by_model = ranked(found), ranked(foreseen)
    verified = await right(best[0])
    predicted = bool(by_model) and await right(by_model[0])
    likeliest = await right(likely)
    reachable = verified or predicted or likeliest
    for candidate in (*best, *by_model):
        reachable = reachable or await right(candidate)
    return Answer(task, verified, predicted, likeliest, reachable, first or seconds, seconds)


def _likelihood(candidate: Candidate) -> float:
    return candidate.logprob if candidate.logprob is not None else -1e6


async def evaluate(tasks: Sequence[Task], engine: str, budget: Budget) -> Results:
    """All tasks, with progress. Raises BadOption, EngineError when the engine cannot be opened."""
    try:
        world = WorldModel(open_engine(engine), max_frames=FRAMES, max_tokens=10_000)
    except ValueError as error:
        raise BadOption(f"--engine: {error}") from error
    results = Results()
    try:
        async with Progress(sys.stderr) as progress:
            await world.open()
            for number, task in enumerate(tasks, 1):
                progress.news(f"hole {number} of {len(tasks)}")
                try:
                    results.answers.append(await answer(task, Predictor(world), budget))
                except (EngineError, RunFailed):  # or a real run that could not even begin
                    results.failed += 1
            progress.clear()
    finally:
        await world.close()
    return results


def run(data: Path, engine: str, candidates: int, as_json: bool) -> None:
    """Runs the command on this process's own streams."""
    tasks = read_tasks(data)
    results = asyncio.run(evaluate(tasks, engine, Budget(candidates=candidates)))
    body = results.as_json()
    if as_json:
        print(json.dumps(body))
        return
    print(f"{len(tasks)} holes; filled right as really run, by the first choice")
    heads = ("verified", "predicted only", "likeliest", "any of them")
    print("".join([" " * 12, *(f"{head:>16}" for head in heads)]))
    kinds = sorted({a.task.kind for a in results.answers})
    for kind in (*kinds, None):
        shares = "".join(f"{results.share(way, kind):>16.0%}" for way in WAYS)
        print(f"{kind or 'all':12}{shares}")
    first, whole = body["first_candidate_p50_seconds"], body["all_p50_seconds"]
    print(f"the first candidate after {first} s, all after {whole} s (p50)")
    if results.failed:
        print(f"not answered, the engine failed: {results.failed}")
