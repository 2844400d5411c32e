"""What a prediction by the embedded model costs: time, memory, tokens."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from measurement import Measurement, median

from foreframe.source_file import load_program
from foreframe_models.engines import open_engine
from foreframe_models.world_model import Entry, WorldModel
from foreframe_protocol.states import Action, End, Goal, Prediction

FOREFRAME = Path(sys.executable).with_name("foreframe")
RUNS = 5
STEPS = 20
PROGRAM = '''"""Thirty lines, as people write them."""

LIMIT = 3


def clean(word):
    word = word.strip()
    word = word.lower()
    return word


def count(words):
    found = {}
    for word in words:
        word = clean(word)
        if not word:
            continue
        if word in found:
            found[word] += 1
        else:
            found[word] = 1
    return found


def most(found):
    best = sorted(found)
    return best[:LIMIT]


print(most(count(["a ", "B", "b", "", "c"])))
'''


def measure() -> list[Measurement]:
    """Each number of the embedded engine; several runs, the middle one."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(PROGRAM)
        first, whole, memory = zip(*(traced(path) for _ in range(RUNS)), strict=True)
        answers = asyncio.run(steps(path))
    usages = [answer.usage for answer in answers]
    later = usages[1:]
    asked = sum(usage.prompt_tokens for usage in later)
    return [
        Measurement("embedded: process start to first stop, 30 lines", median([*first]), "s"),
        Measurement("embedded: process start to end of a trace", median([*whole]), "s"),
        Measurement("embedded: resident memory, whole process", max(memory), "MiB", 400),
        Measurement("embedded: a step over, p50", 1e3 * median([u.seconds for u in usages]), "ms"),
        Measurement(
            "embedded: prompt tokens from the cache, later steps",
            100 * sum(usage.cached_tokens for usage in later) / asked if asked else 0,
            "%",
        ),
        Measurement("embedded: tokens generated per step", mean_of(usages, "generated"), "tokens"),
        Measurement("embedded: tokens forced per step", mean_of(usages, "forced"), "tokens"),
        Measurement("embedded: requests per step", mean_of(usages, "requests"), "requests", 1.0),
    ]


def mean_of(usages: list, kind: str) -> float:
    """Mean of one kind of cost."""
    field = kind if kind == "requests" else f"{kind}_tokens"
    return sum(getattr(usage, field) for usage in usages) / max(1, len(usages))


def traced(path: Path) -> tuple[float, float, float]:
    """Seconds to the first predicted frame and to the end, and MiB, of a process of its own."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [FOREFRAME, "trace", str(path), "--engine", "embedded", "--json", "--max-frames", "200"],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    first = 0.0
    last = b"{}"
    for number, line in enumerate(process.stdout):
        if number == 1:
            first = time.perf_counter() - began
        last = line
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or "summary" not in json.loads(last):
        raise SystemExit(f"foreframe trace ended with {process.returncode}")
    return first, time.perf_counter() - began, usage.ru_maxrss / 1024


async def steps(path: Path) -> list[Prediction]:
    """Steps over, from the module's first line on, until it ends."""
    model = WorldModel(open_engine("embedded"))
    answers: list[Prediction] = []
    try:
        program = load_program(path)
        trace = await model.start(program, Entry())
        while len(answers) < STEPS:
            answer = await model.predict(program, trace, Goal(Action.STEP_INTO))
            answers.append(answer)
            trace = answer.trace
            if answer.end is not End.REACHED:
                break
    finally:
        await model.close()
    return answers
