"""Documents in bulk: on processes, on Ray, and in files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import pytest

from foreframe_models.training import data, shards
from foreframe_models.training.batches import documents
from foreframe_models.training.config import TrainingError
from foreframe_models.training.data import Chunk, chunks, on_processes, on_ray, write
from foreframe_models.training.documents import Document
from foreframe_models.training.shards import Writer, read_shard, shards_of
from foreframe_models.vocabulary import Vocabulary

VOCABULARY = Vocabulary.standard()
DOCUMENTS = [
    Document([5, 6, 7, 8], 2, [2, 3], ((3, 4),)),
    Document([1100, 9, 8], 1, [1], (), "hole"),
    Document([5, 6, 7, 8, 9], 2, [], ((2, 3), (4, 5)), "jump"),
]


def texts(found: list[list[Document]]) -> set[str]:
    """Documents without addresses, which are never the same."""
    return {re.sub("0x[0-9a-f]+", "", VOCABULARY.decode(d.ids)) for part in found for d in part}


def test_documents_come_back_from_shards_whole_and_more_can_be_added(tmp_path: Path) -> None:
    writer = Writer(tmp_path, VOCABULARY, shard_tokens=6)
    writer.add(DOCUMENTS)
    writer.flush()
    files = shards_of(tmp_path, VOCABULARY)
    assert len(files) == 2
    assert [doc for file in files for doc in read_shard(file)] == DOCUMENTS
    more = Writer(tmp_path, VOCABULARY)
    more.add(DOCUMENTS[:1])
    more.flush()
    assert len(shards_of(tmp_path, VOCABULARY)) == 3


def test_what_is_wrong_with_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="foreframe train data --out"):
        shards_of(tmp_path, VOCABULARY)
    Writer(tmp_path, VOCABULARY).flush()
    with pytest.raises(TrainingError, match="with vocabulary"):
        shards_of(tmp_path, Vocabulary(VOCABULARY.tokens[:-1]))
    (tmp_path / "documents-00001.npz").write_bytes(b"PK no")
    with pytest.raises(TrainingError, match="no shard of documents"):
        read_shard(tmp_path / "documents-00001.npz")


def test_stored_documents_come_before_fresh_ones_and_once_each(tmp_path: Path) -> None:
    writer = Writer(tmp_path, VOCABULARY)
    writer.add(DOCUMENTS)
    writer.flush()
    stream = documents(Random(0), VOCABULARY, 1.0, 512, shards_of(tmp_path, VOCABULARY))
    first = [next(stream) for _ in range(5)]
    assert sorted(doc.ids for doc in first[:3]) == sorted(doc.ids for doc in DOCUMENTS)
    assert all(len(doc.ids) > 10 for doc in first[3:])


def test_the_command_writes_documents_on_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(data, "CHUNK", 8)
    data.main(["--out", str(tmp_path), "--documents", "20", "--processes", "1"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["documents"], told["shards"]) == (20, 1)
    assert sum(told["tasks"].values()) == 20
    found = read_shard(tmp_path / "documents-00001.npz")
    assert len(found) == 20
    assert max(file.stat().st_size for file in tmp_path.iterdir()) < 16 << 20
    assert shards.SHARD_TOKENS * 2 < 16 << 20


def test_ray_gives_what_processes_give(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    monkeypatch.setattr(data, "CHUNK", 6)
    jobs = chunks(10, seed=4, context=512)
    assert [job.documents for job in jobs] == [6, 4]
    on_cluster = list(on_ray(jobs, None))
    assert not ray.is_initialized()
    local = list(on_processes(jobs, 1))
    assert sorted(map(len, on_cluster)) == sorted(map(len, local)) == [4, 6]
    # A busy machine may stop a program that a quiet one lets run: the rest is the same.
    assert len(texts(on_cluster) & texts(local)) >= 5


def test_no_cluster_at_an_address_is_told() -> None:
    pytest.importorskip("ray")
    with pytest.raises(TrainingError, match="no Ray cluster at"):
        list(on_ray([Chunk(1, 1)], "127.0.0.1:1"))


def test_a_summary_tells_how_fast_documents_came(tmp_path: Path) -> None:
    summary = write(tmp_path, iter([DOCUMENTS]))
    assert summary["tokens"] == 12
    assert summary["tasks"] == {"forward": 1, "hole": 1, "jump": 1}


def test_a_chunk_is_as_long_as_asked_and_jobs_have_seeds_of_their_own() -> None:
    jobs = [*chunks(600, 1, 512), *chunks(600, 2, 512)]
    assert len({job.seed for job in jobs}) == len(jobs) == 6
    assert sum(job.documents for job in jobs) == 1200
