"""Documents on disk: NumPy archives under 16 MB, and a manifest that says what they are of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from foreframe_models.training.config import TrainingError
from foreframe_models.training.documents import Document
from foreframe_models.vocabulary import Vocabulary

MANIFEST = "data.json"
SHARD_TOKENS = 4_000_000  # two bytes each, and what else there is, before compression
NUMBERS = np.uint16


class Writer:
    """Fills a folder. What lies there already stays, so that more can be added later."""

    def __init__(
        self, folder: Path, vocabulary: Vocabulary, shard_tokens: int = SHARD_TOKENS
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.vocabulary, self.shard_tokens = folder, vocabulary, shard_tokens
        self.number = len(shards_of(folder, vocabulary)) if (folder / MANIFEST).exists() else 0
        self.waiting: list[Document] = []
        self.documents = self.tokens = self.held = 0
        self.tasks: dict[str, int] = {}

    def add(self, documents: Iterable[Document]) -> None:
        """Takes documents; writes a shard whenever one is full."""
        for doc in documents:
            self.waiting.append(doc)
            self.held += len(doc.ids)
            self.documents += 1
            self.tokens += len(doc.ids)
            self.tasks[doc.task] = self.tasks.get(doc.task, 0) + 1
            if self.held >= self.shard_tokens:
                self.flush()

    def flush(self) -> None:
        """Writes what waits, and the manifest."""
        if self.waiting:
            self.number += 1
            write_shard(self.folder / f"documents-{self.number:05}.npz", self.waiting)
            self.waiting, self.held = [], 0
        body = {"vocabulary": self.vocabulary.version, "shards": self.number}
        (self.folder / MANIFEST).write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")


def write_shard(path: Path, documents: list[Document]) -> None:
    """One archive. Lists of unlike lengths lie end to end, each with the list of its lengths."""
    tasks = sorted({doc.task for doc in documents})
    np.savez_compressed(
        path,
        ids=np.concatenate([np.array(doc.ids, NUMBERS) for doc in documents]),
        lengths=np.array([len(doc.ids) for doc in documents], NUMBERS),
        starts=np.array([doc.start for doc in documents], NUMBERS),
        frames=np.array([at for doc in documents for at in doc.frames], NUMBERS),
        frame_counts=np.array([len(doc.frames) for doc in documents], NUMBERS),
        given=np.array([at for doc in documents for pair in doc.given for at in pair], NUMBERS),
        given_counts=np.array([2 * len(doc.given) for doc in documents], NUMBERS),
        task=np.array([tasks.index(doc.task) for doc in documents], NUMBERS),
        tasks=np.array(tasks),
    )


def read_shard(path: Path) -> list[Document]:
    """What `write_shard` wrote. Raises TrainingError for a file that is damaged."""
    try:
        with np.load(path, allow_pickle=False) as found:
            ids = _cut(found["ids"], found["lengths"])
            frames = _cut(found["frames"], found["frame_counts"])
            given = _cut(found["given"], found["given_counts"])
            starts, task, tasks = found["starts"].tolist(), found["task"].tolist(), found["tasks"]
            rows = zip(ids, starts, frames, given, task, strict=True)
            return [
                Document(i, s, f, tuple(zip(g[::2], g[1::2], strict=True)), str(tasks[t]))
                for i, s, f, g, t in rows
            ]
    except (OSError, ValueError, KeyError, IndexError, EOFError) as error:
        raise TrainingError(
            f"{path} is no shard of documents ({error}); write it again with `foreframe train data`"
        ) from error


def _cut(numbers: NDArray[np.uint16], lengths: NDArray[np.uint16]) -> Iterator[list[int]]:
    bounds = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    for start, end in pairwise(bounds.tolist()):
        yield numbers[start:end].tolist()


def shards_of(folder: Path, vocabulary: Vocabulary) -> list[Path]:
    """The folder's shards. Raises TrainingError where there are none, or of another vocabulary."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        version = manifest["vocabulary"]
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(
            f"{folder} holds no documents: no readable {MANIFEST}; "
            f"write some with `foreframe train data --out {folder} --documents 10000`"
        ) from error
    if version != vocabulary.version:
        raise TrainingError(
            f"{folder} was written with vocabulary {version}, and this Foreframe's is "
            f"{vocabulary.version}; write it again with `foreframe train data`"
        )
    return sorted(folder.glob("documents-*.npz"))
