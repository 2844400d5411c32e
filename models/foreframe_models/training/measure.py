"""How often a model writes the right frame, given the true past: one forward pass a trace."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

import torch
from transformers import LlamaForCausalLM

from foreframe_models.dialects.listing import Listing
from foreframe_models.training.batches import bucket, collate
from foreframe_models.training.documents import (
    Document,
    Run,
    TraceLimits,
    Untraceable,
    trace,
)
from foreframe_models.training.forward_documents import traces
from foreframe_models.training.fresh import fresh_document
from foreframe_models.training.programs.generator import Sample
from foreframe_models.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Exactness:
    """Over all frames that are not given, their parts with them, end marks left out.

    For tasks other than traces a frame is what the document calls one.
    """

    frames: int
    exact: float  # share of frames with every token right
    loss: float  # nats a token
    tokens: float  # share right
    by_event: dict[str, float]  # share exact by event, or task; "for": line frames on a `for`

    def as_json(self, name: str) -> dict[str, object]:
        """For a log."""
        events = {f"{name}_{event}": round(share, 4) for event, share in self.by_event.items()}
        return {
            f"{name}_frames": self.frames,
            f"{name}_exact": round(self.exact, 4),
            f"{name}_loss": round(self.loss, 4),
            f"{name}_tokens_right": round(self.tokens, 4),
            **events,
        }


def heldout(
    count: int,
    vocabulary: Vocabulary,
    context: int,
    seed: int = 20_000_003,
    *,
    parts: bool = True,
    drills: bool = True,
) -> list[Document]:
    """Generated programs from a seed that no worker uses."""
    rng = Random(seed)
    found: list[Document] = []
    while len(found) < count:
        written = fresh_document(rng, 1.0, vocabulary, context, parts=parts, drills=drills)
        if written is not None:
            found.append(written)
    return found


def read_programs(
    path: Path, vocabulary: Vocabulary, context: int, *, parts: bool = True
) -> Iterator[Document]:
    """Programs from JSONL with `code` (defining `f`) and `input`: for measuring only.

    They are run in this process; what does not trace or fit is left out.
    """
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        sample = Sample(row["code"] + "\n", "f", row["input"])
        try:
            run = Run(*trace(sample, TraceLimits(1000, 2.0, 400, parts)))
            yield traces(Listing(sample.source, vocabulary), [run], context=context)
        except (Untraceable, SyntaxError, ValueError):
            continue


@torch.no_grad()
def exactness(
    model: LlamaForCausalLM, documents: Sequence[Document], vocabulary: Vocabulary
) -> Exactness:
    """Argmax exactness with the true past."""
    special = vocabulary.special
    device = next(model.parameters()).device
    frames = exact = tokens = right_tokens = 0
    loss = 0.0
    events: dict[str, list[bool]] = {}
    for doc in documents:
        batch = collate([doc], bucket(len(doc.ids)))
        ids = torch.from_numpy(batch.ids).to(device)
        logits = model(input_ids=ids).logits[0].float()
        labels = torch.from_numpy(batch.labels[0]).to(device)
        scored = labels != -100
        loss += float(
            torch.nn.functional.cross_entropy(logits[scored], labels[scored], reduction="sum")
        )
        right = (logits.argmax(-1) == labels).tolist()
        tokens += int(scored.sum())
        right_tokens += sum(right)
        counts = (scored & (labels != special["<end>"])).tolist()
        for start, end in pairwise([*doc.frames, len(doc.ids)]):
            found = [right[at] for at in range(start - 1, end - 1) if counts[at]]
            if not found:
                continue  # given
            frames += 1
            exact += all(found)
            events.setdefault(_kind(doc, start, end, vocabulary), []).append(all(found))
    return Exactness(
        frames,
        exact / max(1, frames),
        loss / max(1, tokens),
        right_tokens / max(1, tokens),
        {event: sum(found) / len(found) for event, found in events.items()},
    )


def _kind(doc: Document, start: int, end: int, vocabulary: Vocabulary) -> str:
    """The event of a trace's frame; other tasks' own name."""
    if doc.task not in ("forward", "middle"):
        return doc.task
    tokens = [vocabulary.tokens[token] for token in doc.ids[start:end]]
    if "<it>" in tokens:
        return "for"
    events = ("<call>", "<line>", "<ret>", "<exc>", "<unwind>")
    return next(token for token in tokens if token in events).strip("<>")
