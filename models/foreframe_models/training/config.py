"""What a training run is made of: the model's size, the schedule, where things go."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """A Llama decoder."""

    hidden: int = 192
    inner: int = 512
    layers: int = 4
    heads: int = 6
    context: int = 2048


LARGE = ModelConfig(hidden=512, inner=1408, layers=8, heads=8)


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One run. Paths are folders; times are in minutes of wall clock, rates per step.

    The rate is held after a warm-up and falls to zero over the last `decay` of the time, so that
    a run that ends early or goes on later loses little: `resume` continues from `out`.
    """

    out: Path = Path(".build/train")
    minutes: float = 90.0
    decay: float = 0.2
    resume: bool = True
    reset_optimizer: bool = False
    start_from: Path | None = None  # a published checkpoint's folder
    model: ModelConfig = ModelConfig()
    batch_tokens: int = 3072
    rate: float = 3e-3  # of matrices (Muon, scaled to AdamW's size)
    embedding_rate: float = 3e-3
    warmup_steps: int = 60
    weight_decay: float = 0.01
    curriculum_tokens: float = 2e6  # after so many, everything is drawn
    compile: bool = True  # minutes at the start, then a third faster or more
    threads: int = 1
    workers: int = 1
    seed: int = 1
    evaluate_minutes: float = 14.0
    save_minutes: float = 5.0
    heldout: int = 60  # generated programs never trained on
    programs: Path | None = None  # JSONL with code and input, for measuring only

    @classmethod
    def load(cls, path: Path) -> TrainConfig:
        """Reads a JSON file of the fields above; what it leaves out keeps its default."""
        body = json.loads(path.read_text(encoding="utf-8"))
        known = {f.name for f in fields(cls)}
        if unknown := body.keys() - known:
            raise ValueError(f"{path}: no such setting: {', '.join(sorted(unknown))}")
        for name in ("out", "programs", "start_from"):
            if body.get(name):
                body[name] = Path(body[name])
        if "model" in body:
            body["model"] = ModelConfig(**body["model"])
        return cls(**body)

    def as_json(self) -> dict[str, object]:
        """The fields, paths as text."""
        return {k: str(v) if isinstance(v, Path) else v for k, v in asdict(self).items()}
