"""`python -m foreframe_models.training`: trains, or continues; with `data`, writes documents."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from foreframe_models.training.config import TrainConfig, TrainingError
from foreframe_models.training.data import main as write_data
from foreframe_models.training.trainer import train


def main(arguments: Sequence[str] | None = None, name: str | None = None) -> None:
    """Reads a config file and what overrides it, and trains. `name` is the command's, for help.

    Raises TrainingError.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words[:1] == ["data"]:
        write_data(words[1:], f"{name or 'python -m foreframe_models.training'} data")
        return
    parser = argparse.ArgumentParser(
        name,
        description="Train the small model on fresh programs, or go on with a run.",
        epilog="`data` as the first word writes documents to train on; see `data --help`.",
    )
    parser.add_argument("--config", type=Path, help="JSON with the fields of TrainConfig")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--decay", type=float, help="share of the time in which the rate falls")
    parser.add_argument("--programs", type=Path, help="JSONL to measure on, never to train on")
    parser.add_argument("--start-from", type=Path, help="a published checkpoint")
    parser.add_argument("--data", type=Path, help="a folder that `data` wrote, to read first")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--seed", type=int)
    given = {k: v for k, v in vars(parser.parse_args(words)).items() if v is not None}
    path = given.pop("config", None)
    config = TrainConfig.load(path) if path else TrainConfig()
    print(train(replace(config, **given)))


if __name__ == "__main__":
    try:
        main()
    except TrainingError as problem:
        sys.exit(f"error: {problem}")
