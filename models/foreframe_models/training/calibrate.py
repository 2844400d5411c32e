"""Fits how an exported model's confidences are told, on programs that no model was trained on.

    python -m foreframe_models.training.calibrate FOLDER

Predicts each frame of generated programs from the true frames before it, jumps and goes back, and
compares; writes temperatures and biases into the folder's `model.json`. Half of the programs are
fitted on, the other half tells how good that is.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import TypedDict

from foreframe_models.confidence import KINDS, Scale, as_json
from foreframe_models.engines.embedded import EmbeddedEngine
from foreframe_models.engines.onnx_model import METADATA, Metadata
from foreframe_models.entry import Entry
from foreframe_models.evaluation.actions import said, stops_back
from foreframe_models.evaluation.calibration import Calibration, fit
from foreframe_models.evaluation.cruxeval import Item
from foreframe_models.evaluation.metrics import Sure, sure_of
from foreframe_models.evaluation.outcomes import NEXT_FRAME
from foreframe_models.jumps import Aim, landing
from foreframe_models.program.control_flow import Program, ProgramError
from foreframe_models.training.documents import TraceLimits, Untraceable, trace
from foreframe_models.training.programs.mixture import draw
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import (
    Action,
    Direction,
    Event,
    Frame,
    Goal,
    Prediction,
    Trace,
)

SEED = 40_000_003  # of programs that are used nowhere else
LIMITS = TraceLimits(frames=60)
STEPS, JUMPS, PASTS = 9, 2, 3  # places of one program, at most
Found = dict[str, Sure]  # by kind of confidence


class Told(TypedDict):
    """How well confidences of one kind are calibrated, on programs they were not fitted on."""

    count: int
    right: float
    ece_before: float
    ece: float
    by_chance: float  # the error that so few predictions would show if they were told just right
    temperature: float
    bias: float


def programs(count: int, seed: int = SEED) -> Iterator[tuple[Item, list[Frame]]]:
    """Generated calls with their real traces, no drills. Runs them, in this process."""
    rng = Random(seed)
    made = 0
    while made < count:
        sample = draw(rng, 1.0, drills=False)
        try:
            frames, finished = trace(sample, LIMITS)
            program = Program.parse(sample.source, f"generated {made}")
        except (Untraceable, SyntaxError, ValueError, ProgramError, MemoryError, RecursionError):
            continue
        if not finished or len(frames) < 3:
            continue
        yield Item(f"{seed}-{made}", program, Entry(sample.function, sample.args), ""), frames
        made += 1


async def predict(model: WorldModel, item: Item, frames: Sequence[Frame]) -> Found:
    """What the model says of a few places of one program, each with whether it was right."""
    rng = Random(item.id)
    nodes = [Trace().append(frames[0])]
    for frame in frames[1:]:
        nodes.append(nodes[-1].append(frame))
    found: Found = {kind: [] for kind in KINDS}
    program = item.program
    for at in places(rng, range(len(frames) - 1), STEPS):
        answer = await said(model.predict(program, nodes[at], NEXT_FRAME))
        note(found, answer, frames[at + 1], "values", "places")
    for at in places(rng, range(len(frames) - 1), JUMPS):
        there = landing(frames, at, Aim(Action.STEP_OUT))
        if frames[at].event is not Event.EXCEPTION and there is not None:
            answer = await said(model.jump(program, nodes[at], Goal(Action.STEP_OUT)))
            note(found, answer, frames[there], "jumps", "")
    known = [at for at in range(1, len(frames)) if frames[at].event in (Event.LINE, Event.RETURN)]
    back = Goal(Action.STEP_OVER, Direction.BACKWARD)
    for at in places(rng, known, PASTS):
        root = model.begin(program, nodes[at].state)
        answer = await said(model.predict(program, root, back))
        real = frames[stops_back(frames, at, nodes[at].state, back)]
        note(found, answer, real, "past_values", "past_places")
    return found


def places(rng: Random, known: Sequence[int], most: int) -> list[int]:
    """Some of the places, in order: what the engine keeps of one serves the next."""
    return sorted(rng.sample(known, min(most, len(known))))


def note(found: Found, answer: Prediction | None, real: Frame, values: str, where: str) -> None:
    """Adds what an answer tells with confidence, under these kinds."""
    if answer is None or not answer.frames:
        return
    told_values, told_places = sure_of(answer.frames[-1], real)
    found[values] += told_values
    if where:
        found[where] += told_places


async def collect(folder: Path, count: int) -> list[Found]:
    """What the model of a folder says of `count` programs."""
    model = WorldModel(EmbeddedEngine(folder))
    try:
        return [await predict(model, item, frames) for item, frames in programs(count)]
    finally:
        await model.close()


def calibrate(folder: Path, *, count: int = 1600) -> dict[str, Told]:
    """Fits and writes the scales; how they do on programs that they were not fitted on, by kind.

    Raises EngineError for a folder without a model.
    """
    metadata = dataclasses.replace(Metadata.load(folder), confidence={})
    save(folder, metadata)
    found = asyncio.run(collect(folder, count))
    scales = {kind: fit(joined(found[::2], kind)) for kind in KINDS}
    scales = {kind: scale for kind, scale in scales.items() if scale != Scale()}
    save(folder, dataclasses.replace(metadata, confidence=as_json(scales)))
    return {
        kind: told(joined(found[1::2], kind), scales.get(kind, Scale()))
        for kind in KINDS
        if joined(found[1::2], kind)
    }


def joined(found: Sequence[Found], kind: str) -> Sure:
    """One kind of all programs."""
    return [one for part in found for one in part[kind]]


def told(found: Sure, scale: Scale) -> Told:
    """The expected calibration error before and after, for the card."""
    after = Calibration.of([(scale(sure) or 0.0, good) for sure, good in found])
    return Told(
        count=len(found),
        right=round(sum(good for _, good in found) / len(found), 4),
        ece_before=round(Calibration.of(found).error or 0.0, 4),
        ece=round(after.error or 0.0, 4),
        by_chance=round(after.by_chance or 0.0, 4),
        temperature=round(scale.temperature, 4),
        bias=round(scale.bias, 4),
    )


def save(folder: Path, metadata: Metadata) -> None:
    """Writes a folder's metadata."""
    body = json.dumps(dataclasses.asdict(metadata), indent=1)
    (folder / METADATA).write_text(body + "\n", encoding="utf-8")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Fit how sure an exported model says it is.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1600, help="generated programs to predict")
    given = parser.parse_args()
    print(json.dumps(calibrate(given.folder, count=given.count), indent=1))


if __name__ == "__main__":
    main()
