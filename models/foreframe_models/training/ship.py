"""A checkpoint → the folder of the shipped model: exported, measured, and with its card.

    python -m foreframe_models.training.ship CHECKPOINT FOLDER --log LOG [--programs JSONL]

Beside what the embedded engine reads, the folder gets `checkpoint/` (to continue from, or to serve
with vLLM), `card.json`, its text `README.md`, and the learning curve.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from foreframe_models.evaluation import measured
from foreframe_models.training import model as models
from foreframe_models.training.calibrate import Told, calibrate
from foreframe_models.training.curve import plot
from foreframe_models.training.export import Agreement, export
from foreframe_models.training.measure import Exactness, exactness, heldout, read_programs

CARD_SEED = 30_000_001  # generated programs for the card, used nowhere else


@dataclass(frozen=True, slots=True)
class Card:
    """What is measured of a model, and what it was made with."""

    parameters: int
    vocabulary: str  # version
    vocabulary_size: int
    tokens_seen: int
    training_minutes: float
    hardware: str
    precision: str
    agreement: Agreement
    generated: Exactness
    programs: Exactness | None
    extra: dict[str, object]  # measured elsewhere, from a JSON file
    confidence: Mapping[str, Told] = field(default_factory=dict)  # by kind, as calibrated

    def as_json(self) -> dict[str, object]:
        """For machines."""
        return {
            "parameters": self.parameters,
            "vocabulary": self.vocabulary,
            "vocabulary_size": self.vocabulary_size,
            "tokens_seen": self.tokens_seen,
            "training_minutes": self.training_minutes,
            "hardware": self.hardware,
            "precision": self.precision,
            "top1_as_checkpoint": round(self.agreement.top1, 4),
            **self.generated.as_json("generated"),
            **(self.programs.as_json("programs") if self.programs else {}),
            "confidence": {kind: dict(told) for kind, told in self.confidence.items()},
            **self.extra,
        }

    def text(self, weaknesses: str, history: str = "") -> str:
        """For people."""
        measured = [("generated programs never trained on", self.generated)]
        if self.programs:
            measured.append(("given programs (real ones, only measured)", self.programs))
        events = sorted({event for _, found in measured for event in found.by_event})
        head = " | ".join(["measured on", "frames", "frame exact", "loss", *events])
        rows = [
            " | ".join(
                [
                    name,
                    str(found.frames),
                    f"{found.exact:.3f}",
                    f"{found.loss:.3f}",
                    *(
                        f"{found.by_event[event]:.3f}" if event in found.by_event else "-"
                        for event in events
                    ),
                ]
            )
            for name, found in measured
        ]
        line = " | ".join(["---"] * (4 + len(events)))
        table = "\n".join(f"| {row} |" for row in (head, line, *rows))
        extra = "\n".join(
            f"- {name.replace('_', ' ')}: {value}" for name, value in self.extra.items()
        )
        extra += "".join(confidence_rows(self.confidence))
        minutes = round(self.training_minutes)
        return f"""# The small model

The model that runs inside Foreframe when no other is named: a Llama decoder with
{self.parameters:,} parameters that writes traces in the compact dialect. It guesses, and is often
wrong; every value says how sure it is.

| | |
|---|---|
| made with | `python -m foreframe_models.training`, from nothing, on {self.hardware} |
| seen | {self.tokens_seen / 1e6:.1f} million tokens, none twice, in {minutes} minutes |
| data | generated programs and their real traces (`training/programs/`); no file of anyone's |
| vocabulary | {self.vocabulary_size} tokens, version {self.vocabulary} |
| exported as | {self.precision}; likeliest token as the checkpoint's in {self.agreement.top1:.2%} |

## Measured

Frame exact: every token of a frame, its parts' values among them, likeliest where the true past is
given, no grammar. `for` are line frames on the header of a `for`; `ret`, `exc`: return and
exception frames; `jump`, `backward`, `outcome`, `hole`: the other tasks.

{table}

{extra}

![learning curve](curve.png)

{_section("How it came to be", history)}## Weaknesses

{weaknesses.strip()}

## To go on

    foreframe train --start-from CHECKPOINT --out FOLDER --minutes 120

with the folder `checkpoint/` as CHECKPOINT goes on from these weights with fresh data; the same
command again goes on with what lies in FOLDER. Where there is a GPU,

    foreframe train --out FOLDER --minutes 25

takes a larger model by itself (hidden 512, 8 layers, 26 million parameters), bfloat16, batches of
65,536 tokens and a worker for each core that is left; start it from nothing, as sizes differ.
`foreframe train data --out DATA --documents 1000000 --ray ADDRESS` writes documents on a cluster
beforehand, and `--data DATA` reads them. Then `python -m foreframe_models.training.ship` makes this
folder again.
"""


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n{text.strip()}\n\n" if text.strip() else ""


def confidence_rows(found: Mapping[str, Told]) -> Iterator[str]:
    """A table of how well confidences were calibrated, after a blank line; nothing of nothing."""
    if not found:
        return
    yield (
        "\n\nHow sure it says it is, fitted on generated programs and measured on others; by "
        "chance is\nwhat confidences that are just right would show on so few:\n\n"
    )
    yield "| of | told | right | error before | after | by chance | temperature | bias |\n"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
    for kind, told in found.items():
        yield (
            f"| {kind.replace('_', ' ')} | {told['count']} | {told['right']:.3f} | "
            f"{told['ece_before']:.3f} | {told['ece']:.3f} | {told['by_chance']:.3f} | "
            f"{told['temperature']:.2f} | {told['bias']:.2f} |\n"
        )


def hardware(threads: int) -> str:
    """The processor or GPU, in words."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    name = platform.processor() or platform.machine()
    for line in (
        Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ()
    ):
        if line.startswith("model name"):
            name = line.partition(":")[2].strip()
            break
    return f"{threads} thread of {name}" if threads == 1 else f"{threads} threads of {name}"


def ship(
    checkpoint: Path,
    folder: Path,
    log: Path,
    *,
    programs: Path | None = None,
    extra: Path | None = None,
    precision: str = "int8",
    weaknesses: str = "",
    history: str = "",
    count: int = 300,
    calibrated_on: int = 1600,
) -> Card:
    """Makes the folder, its confidences fitted on `calibrated_on` programs. Raises ExportError."""
    agreement = export(checkpoint, folder, precision=precision)
    confidence = calibrate(folder, count=calibrated_on) if calibrated_on else {}
    model, vocabulary = models.load(checkpoint)
    context = model.config.max_position_embeddings
    given = list(read_programs(programs, vocabulary, context)) if programs else []
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    threads = next(row["start"]["threads"] for row in rows if "start" in row)
    unseen = heldout(count, vocabulary, context, CARD_SEED, drills=False)
    card = Card(
        parameters=sum(weight.numel() for weight in model.parameters()),
        vocabulary=vocabulary.version,
        vocabulary_size=len(vocabulary),
        tokens_seen=rows[-1]["tokens"],
        training_minutes=max((row["minutes"] for row in rows if "minutes" in row), default=0.0),
        hardware=hardware(threads),
        precision=precision,
        agreement=agreement,
        generated=exactness(model, unseen, vocabulary),
        programs=exactness(model, given, vocabulary) if given else None,
        extra=json.loads(extra.read_text(encoding="utf-8")) if extra else {},
        confidence=confidence,
    )
    shutil.copytree(checkpoint, folder / "checkpoint", dirs_exist_ok=True)
    for file in (folder / "checkpoint").iterdir():
        file.chmod(0o644)
    (folder / "card.json").write_text(json.dumps(card.as_json(), indent=1) + "\n")
    (folder / "README.md").write_text(card.text(weaknesses, history), encoding="utf-8")
    plot(log, folder / "curve.png")
    measured.add(folder / measured.FILE, measured.of_log(rows))
    return card


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Make the folder of the shipped model.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--programs", type=Path, help="JSONL to measure on")
    parser.add_argument("--extra", type=Path, help="JSON of what was measured elsewhere")
    parser.add_argument("--weaknesses", type=Path, help="a text for the card")
    parser.add_argument("--history", type=Path, help="a text for the card: how it came to be")
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--calibrated-on", type=int, default=1600, help="programs; 0: not at all")
    given = parser.parse_args(arguments)
    card = ship(
        given.checkpoint,
        given.folder,
        given.log,
        programs=given.programs,
        extra=given.extra,
        precision=given.precision,
        weaknesses=given.weaknesses.read_text(encoding="utf-8") if given.weaknesses else "",
        history=given.history.read_text(encoding="utf-8") if given.history else "",
        calibrated_on=given.calibrated_on,
    )
    print(json.dumps(card.as_json()))


if __name__ == "__main__":
    main()
