"""The training loop, end to end and small."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from foreframe_models.training.config import LARGE, ModelConfig, TrainConfig, TrainingError
from foreframe_models.vocabulary import Vocabulary

torch = pytest.importorskip("torch")

from foreframe_models.training import model as models  # noqa: E402
from foreframe_models.training.data import write  # noqa: E402
from foreframe_models.training.measure import exactness, heldout, read_programs  # noqa: E402
from foreframe_models.training.muon import Muon, orthogonal  # noqa: E402
from foreframe_models.training.tasks import TASKS  # noqa: E402
from foreframe_models.training.trainer import rate_share, train  # noqa: E402

VOCABULARY = Vocabulary.standard()
TINY = ModelConfig(hidden=32, inner=48, layers=1, heads=2, context=512)
RUN = TrainConfig(
    minutes=0.04,
    model=TINY,
    batch_tokens=1024,
    warmup_steps=1,
    compile=False,
    heldout=2,
    curriculum_tokens=1.0,
)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    path = tmp_path / "programs.jsonl"
    row = {"code": "def f(a):\n    b = a + 1\n    return b", "input": "3"}
    path.write_text(json.dumps(row) + "\n")
    return path


def test_a_run_trains_saves_measures_and_goes_on(tmp_path: Path, programs: Path) -> None:
    config = replace(RUN, out=tmp_path / "run", programs=programs)
    checkpoint = train(config)
    rows = [json.loads(line) for line in (config.out / "log.jsonl").read_text().splitlines()]
    assert rows[0]["parameters"] > 0
    assert 0 <= rows[-1]["programs_exact"] <= 1
    steps = rows[-1]["step"]
    assert steps > 0
    assert (config.out / "curve.png").read_bytes().startswith(b"\x89PNG")
    names = {file.name for file in checkpoint.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "vocabulary.json"} <= names
    assert sys.float_info.min / 2 > 0  # what else runs in this process counts as ever
    again = train(config)
    rows = [json.loads(line) for line in (config.out / "log.jsonl").read_text().splitlines()]
    assert again == checkpoint
    assert rows[-1]["step"] > steps


def test_a_checkpoint_comes_back_and_is_split_into_small_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models.build(TINY, VOCABULARY).bfloat16().float()
    models.save(model, VOCABULARY, tmp_path)
    loaded, vocabulary = models.load(tmp_path)
    assert vocabulary.tokens == VOCABULARY.tokens
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, loaded.state_dict()[name])
    monkeypatch.setattr(models, "SHARD_BYTES", 30_000)
    models.save(model, VOCABULARY, tmp_path)
    files = sorted(tmp_path.glob("model*.safetensors"))
    assert len(files) > 1
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert {file.name for file in files} == set(index["weight_map"].values())
    loaded, _ = models.load(tmp_path)
    assert torch.equal(loaded.model.norm.weight, model.model.norm.weight)


def test_muon_makes_updates_nearly_orthogonal_and_lowers_a_loss() -> None:
    torch.manual_seed(0)
    for shape in ((3, 8, 20), (2, 20, 8)):
        found = orthogonal(torch.randn(shape))
        gram = found @ found.mT if shape[1] < shape[2] else found.mT @ found
        singular = torch.linalg.eigvalsh(gram).sqrt()
        assert singular.min() > 0.4
        assert singular.max() < 1.5
    weight = torch.nn.Parameter(torch.randn(6, 6))
    target = torch.randn(6, 6)
    optimizer = Muon([weight], lr=0.2)
    losses = []
    for _ in range(60):
        loss = ((weight - target) ** 2).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 3


def test_exactness_is_one_for_a_model_that_knows_the_answers() -> None:
    documents = heldout(2, VOCABULARY, 512)

    class Oracle(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, input_ids: torch.Tensor) -> object:
            logits = torch.nn.functional.one_hot(input_ids.roll(-1, 1), len(VOCABULARY)) * 50.0
            return type("Output", (), {"logits": logits})()

    found = exactness(Oracle(), documents, VOCABULARY)  # type: ignore[arg-type]
    assert found.exact == 1
    assert found.tokens == 1
    assert found.frames > 4
    assert set(found.by_event) <= {"call", "line", "ret", "exc", "unwind", "for"} | {
        task.name for task in TASKS
    }


def test_given_programs_are_read_and_what_cannot_run_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "programs.jsonl"
    rows = [
        {"code": "def f(a):\n    return a * 2", "input": "'x'"},
        {"code": "def f(a):\n    return (", "input": "1"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    (document,) = read_programs(path, VOCABULARY, 512)
    shown = VOCABULARY.show(document.ids)
    assert shown.endswith("<line> <L2> <ret> ' x x ' <L2> <end>")


def test_the_rate_is_held_and_falls_at_the_end() -> None:
    class Fake:
        step, warm_from = 100, 0

    config = replace(RUN, decay=0.2, warmup_steps=10)
    shares = [rate_share(config, Fake(), done) for done in (0, 0.5, 0.8, 0.9, 1)]  # type: ignore[arg-type]
    assert shares == pytest.approx([1, 1, 1, 0.5, 0])


def test_a_run_can_end_after_so_many_tokens_and_leave_parts_out(tmp_path: Path) -> None:
    config = replace(RUN, out=tmp_path / "run", minutes=1000, tokens=3000, parts=False)
    train(config)
    rows = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert rows[0]["start"]["parts"] is False
    assert 3000 <= rows[-1]["tokens"] < 6000


def test_documents_without_parts_tell_neither_them_nor_the_next_elements() -> None:
    told = {
        parts: {
            VOCABULARY.tokens[token]
            for document in heldout(12, VOCABULARY, 512, parts=parts)
            for token in document.ids
        }
        for parts in (True, False)
    }
    assert {"<p0>", "<it>", "<line>"} <= told[True]
    assert not {"<p0>", "<it>"} & told[False]
    assert "<line>" in told[False]


def test_a_config_file_with_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text('{"minutes": 3, "model": {"hidden": 64}, "out": "there"}')
    config = TrainConfig.load(path)
    assert (config.minutes, config.model, config.out) == (3, ModelConfig(64), Path("there"))
    path.write_text('{"minuts": 3}')
    with pytest.raises(TrainingError, match="no such setting: minuts"):
        TrainConfig.load(path)


def test_what_is_not_told_is_chosen_by_the_machine() -> None:
    small, large = TrainConfig().fitted("cpu"), TrainConfig().fitted("cuda")
    assert (small.model, small.bf16, small.workers) == (ModelConfig(), False, 1)
    assert (large.model, large.bf16) == (LARGE, True)
    assert small.batch_tokens < large.batch_tokens  # type: ignore[operator]
    told = replace(RUN, bf16=True, workers=3).fitted("cpu")
    assert (told.model, told.batch_tokens, told.bf16, told.workers) == (TINY, 1024, True, 3)


def test_a_run_in_bfloat16_reads_stored_documents_first(tmp_path: Path) -> None:
    write(tmp_path / "data", iter([heldout(12, VOCABULARY, 512)]))
    config = replace(RUN, out=tmp_path / "run", bf16=True, data=tmp_path / "data")
    run = train(config)
    rows = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert rows[0]["start"]["data"] == str(tmp_path / "data")
    assert rows[-1]["step"] > 0
    assert (run / "model.safetensors").exists()


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is no checkpoint to go on from"):
        train(replace(RUN, out=tmp_path / "run", start_from=tmp_path))
