"""A trained checkpoint → a model folder for the embedded engine, and how well the two agree.

    python -m foreframe_models.training.export CHECKPOINT FOLDER --precision int8 --name small

CHECKPOINT is a Llama checkpoint as transformers writes it, with `vocabulary.json` beside it. The
folder gets `model.onnx`, its weights in files that version control can hold, `vocabulary.json`
and `model.json`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from foreframe_models.engines.generation import log_softmax
from foreframe_models.engines.onnx_model import METADATA, Branch, Metadata, OnnxModel
from foreframe_models.vocabulary import Vocabulary

PRECISIONS = ("fp32", "int8")
PIECE_BYTES = 12 << 20  # of weights in one file
PROBES, PROBE_TOKENS = 4, 256


class ExportError(Exception):
    """The checkpoint cannot be exported: what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How an exported model compares with its checkpoint on text of its own making.

    `top1` is the part of positions where both find the same token likeliest; differences are of
    log-probabilities, in nats, of the tokens that stand in the text.
    """

    tokens: int
    top1: float
    mean_difference: float
    worst_difference: float


def export(
    checkpoint: Path, folder: Path, *, precision: str = "int8", name: str = "small"
) -> Agreement:
    """Writes the model folder and measures it against the checkpoint. Raises ExportError."""
    vocabulary = checkpoint / "vocabulary.json"
    try:
        config = json.loads((checkpoint / "config.json").read_text())
        size = len(Vocabulary.load(vocabulary))
    except (OSError, ValueError) as error:
        raise ExportError(f"{checkpoint} is no checkpoint with a vocabulary: {error}") from error
    if size != config["vocab_size"]:
        raise ExportError(
            f"the vocabulary has {size} tokens, the checkpoint {config['vocab_size']}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("model.onnx*"):
        old.unlink()
    with tempfile.TemporaryDirectory() as built:
        build(checkpoint, Path(built), precision)
        save_in_pieces(Path(built) / "model.onnx", folder)
    shutil.copyfile(vocabulary, folder / "vocabulary.json")
    heads = config["num_attention_heads"]
    metadata = Metadata(
        name=name,
        dialect="compact",
        context_tokens=config["max_position_embeddings"],
        vocabulary_size=size,
        layers=config["num_hidden_layers"],
        kv_heads=config.get("num_key_value_heads") or heads,
        head_size=config.get("head_dim") or config["hidden_size"] // heads,
        parameters=parameters(checkpoint),
        precision=precision,
    )
    (folder / METADATA).write_text(json.dumps(dataclasses.asdict(metadata), indent=1) + "\n")
    return compare(checkpoint, folder)


def build(checkpoint: Path, out: Path, precision: str) -> None:
    """Runs onnxruntime's model builder, in a process of its own: it changes global state."""
    builder = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-e", "cpu"]
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(
            [*builder, "-m", checkpoint, "-o", out, "-c", cache, "-p", precision],
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise ExportError(f"the model builder failed:\n{done.stderr[-2000:]}")


def save_in_pieces(model: Path, folder: Path, piece_bytes: int = PIECE_BYTES) -> None:
    """Writes a graph again, its weights in `model.onnx.1`, `.2`... of about `piece_bytes` each."""
    import onnx
    from onnx.external_data_helper import set_external_data

    graph = onnx.load(model)
    piece, filled = 1, 0
    for tensor in graph.graph.initializer:
        if not tensor.HasField("raw_data"):
            continue
        if filled and filled + len(tensor.raw_data) > piece_bytes:
            piece, filled = piece + 1, 0
        filled += len(tensor.raw_data)
        set_external_data(tensor, f"model.onnx.{piece}")
    onnx.save(graph, folder / "model.onnx")
    for path in folder.glob("model.onnx.*"):
        path.chmod(0o644)


def parameters(checkpoint: Path) -> int:
    """How many numbers a checkpoint learned."""
    from safetensors import safe_open

    total = 0
    for path in checkpoint.glob("*.safetensors"):
        with safe_open(path, "np") as tensors:
            names = list(tensors.keys())
            total += sum(int(np.prod(tensors.get_slice(k).get_shape())) for k in names)
    return total


def compare(checkpoint: Path, folder: Path, *, seed: int = 0) -> Agreement:
    """Lets the exported model write, and asks the checkpoint in fp32 what it thinks of that."""
    import torch
    from transformers import AutoModelForCausalLM

    truth = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    model = OnnxModel(folder, threads=2)
    tokens = min(PROBE_TOKENS, model.metadata.context_tokens)
    rng = np.random.default_rng(seed)
    first = Vocabulary.load(folder / model.metadata.vocabulary).special["<bos>"]
    same: list[bool] = []
    differences: list[float] = []
    for _ in range(PROBES):
        branch, token = Branch(model), first
        exported = []
        for _ in range(tokens):
            exported.append(log_softmax(branch.feed([token])[-1]))
            weights = np.exp(exported[-1], dtype=np.float64)
            token = int(rng.choice(len(weights), p=weights / weights.sum()))
        with torch.no_grad():
            logits = truth(torch.tensor([branch.ids])).logits[0]
        known = torch.log_softmax(logits, -1).numpy()
        same += list(known.argmax(-1) == np.stack(exported).argmax(-1))
        differences += (
            abs(float(exported[at][branch.ids[at + 1]] - known[at][branch.ids[at + 1]]))
            for at in range(tokens - 1)
        )
    return Agreement(len(same), float(np.mean(same)), float(np.mean(differences)), max(differences))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Export a checkpoint for the embedded engine.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--precision", choices=PRECISIONS, default="int8")
    parser.add_argument("--name", default="small")
    given = parser.parse_args()
    try:
        found = export(given.checkpoint, given.folder, precision=given.precision, name=given.name)
    except ExportError as error:
        sys.exit(f"error: {error}")
    print(
        f"{given.folder}: {found.top1:.2%} of {found.tokens} tokens as the checkpoint, "
        f"log-probabilities off by {found.mean_difference:.4f} on average, "
        f"{found.worst_difference:.3f} at worst"
    )


if __name__ == "__main__":
    main()
