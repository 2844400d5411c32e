"""What a training run is made of: the model's size, the schedule, where things go."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path


class TrainingError(Exception):
    """What keeps a run from starting or going on, told to a person as it stands."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """A Llama decoder."""

    hidden: int = 192
    inner: int = 512
    layers: int = 4
    heads: int = 6
    context: int = 2048


SMALL = ModelConfig()  # 2 million parameters: what one core can feed
LARGE = ModelConfig(hidden=512, inner=1408, layers=8, heads=8)  # 26 million: one GPU


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One run. Paths are folders; times are in minutes of wall clock, rates per step.

    What is None is chosen by the machine (see `fitted`).

    The rate is held after a warm-up and falls to zero over the last `decay` of the run, so that
    a run that ends early or goes on later loses little: `resume` continues from `out`.
    """

    out: Path = Path(".build/train")
    minutes: float = 90.0
    tokens: float | None = None  # where given, a run ends after so many instead
    decay: float = 0.2
    resume: bool = True
    reset_optimizer: bool = False
    start_from: Path | None = None  # a published checkpoint's folder
    model: ModelConfig | None = None  # of a run that starts from nothing
    batch_tokens: int | None = None
    bf16: bool | None = None
    rate: float = 3e-3  # of matrices (Muon, scaled to AdamW's size)
    embedding_rate: float = 3e-3
    warmup_steps: int = 60
    weight_decay: float = 0.01
    curriculum_tokens: float = 2e6  # after so many, everything is drawn
    compile: bool = True  # minutes at the start, then a third faster or more
    threads: int = 1
    workers: int | None = None  # processes that generate
    parts: bool = True  # False: traces without the values within lines and a loop's next elements
    data: Path | None = None  # documents of `foreframe train data`, read before any is generated
    seed: int = 1
    evaluate_minutes: float = 14.0
    save_minutes: float = 5.0
    heldout: int = 60  # generated programs never trained on
    programs: Path | None = None  # JSONL with code and input, for measuring only

    @classmethod
    def load(cls, path: Path) -> TrainConfig:
        """Reads a JSON file of the fields above; what it leaves out keeps its default."""
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TrainingError(f"{path} is no readable JSON file: {error}") from error
        if not isinstance(body, dict):
            raise TrainingError(f"{path}: a JSON object of settings belongs there")
        known = {f.name for f in fields(cls)}
        if unknown := body.keys() - known:
            raise TrainingError(
                f"{path}: no such setting: {', '.join(sorted(unknown))}; "
                f"there are {', '.join(sorted(known))}"
            )
        for name in ("out", "programs", "start_from", "data"):
            if body.get(name):
                body[name] = Path(body[name])
        if body.get("model"):
            try:
                body["model"] = ModelConfig(**body["model"])
            except TypeError as error:
                raise TrainingError(f"{path}: the model's settings: {error}") from error
        return cls(**body)

    def fitted(self, device: str) -> TrainConfig:
        """With what is None chosen for "cpu" or "cuda"."""
        gpu = device == "cuda"
        spare = max(1, (os.cpu_count() or 1) - 1)  # one stays for the loop that trains
        tokens, workers = (65_536, min(spare, 24)) if gpu else (4096, 1)
        return replace(
            self,
            model=self.model or (LARGE if gpu else SMALL),
            batch_tokens=self.batch_tokens or tokens,
            workers=self.workers or workers,
            # CPUs without bfloat16 units are slower with it
            bf16=gpu if self.bf16 is None else self.bf16,
        )

    def as_json(self) -> dict[str, object]:
        """The fields, paths as text."""
        return {k: str(v) if isinstance(v, Path) else v for k, v in asdict(self).items()}
