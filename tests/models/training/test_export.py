"""Export: what the embedded engine runs is what the checkpoint computes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foreframe_models.vocabulary import Vocabulary

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("onnxruntime_genai")

from foreframe_models.engines.embedded import EmbeddedEngine  # noqa: E402
from foreframe_models.training.export import ExportError, export, save_in_pieces  # noqa: E402


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Llama with random weights, wide enough to have something to say."""
    folder = tmp_path_factory.mktemp("checkpoint")
    vocabulary = Vocabulary.standard()
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.15,
        tie_word_embeddings=True,
        bos_token_id=vocabulary.special["<bos>"],
        eos_token_id=vocabulary.special["<end>"],
        pad_token_id=vocabulary.special["<pad>"],
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    vocabulary.save(folder / "vocabulary.json")
    vocabulary.save_tokenizer(folder)
    return folder


@pytest.mark.parametrize(("precision", "top1", "worst"), [("fp32", 0.999, 0.01), ("int8", 0.8, 1)])
async def test_the_exported_model_agrees_with_its_checkpoint(
    checkpoint: Path, tmp_path: Path, precision: str, top1: float, worst: float
) -> None:
    folder = tmp_path / "model"
    found = export(checkpoint, folder, precision=precision, name="tiny")
    assert found.tokens == 1024
    assert found.top1 >= top1
    assert found.mean_difference <= found.worst_difference <= worst
    written = json.loads((folder / "model.json").read_text())
    assert (written["name"], written["precision"], written["layers"]) == ("tiny", precision, 2)
    assert written["parameters"] == sum(
        parameter.numel()
        for parameter in transformers.LlamaForCausalLM.from_pretrained(checkpoint).parameters()
    )
    engine = EmbeddedEngine(folder)
    info = await engine.open()
    assert (info.name, info.context_tokens) == ("tiny", 512)
    await engine.close()


def test_weights_are_written_in_pieces_that_load_as_one(tmp_path: Path) -> None:
    import numpy as np
    import onnx
    from onnx import numpy_helper

    weights = [np.full((64, 64), number, np.float32) for number in range(5)]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", [f"w{n}"], [f"y{n}"]) for n in range(5)],
        "pieces",
        [],
        [
            onnx.helper.make_tensor_value_info(f"y{n}", onnx.TensorProto.FLOAT, (64, 64))
            for n in range(5)
        ],
        [numpy_helper.from_array(array, f"w{n}") for n, array in enumerate(weights)],
    )
    onnx.save(onnx.helper.make_model(graph), tmp_path / "whole.onnx")
    folder = tmp_path / "out"
    folder.mkdir()
    save_in_pieces(tmp_path / "whole.onnx", folder, piece_bytes=2 * 64 * 64 * 4)
    assert sorted(path.name for path in folder.iterdir()) == [
        "model.onnx",
        *(f"model.onnx.{n}" for n in (1, 2, 3)),
    ]
    loaded = onnx.load(folder / "model.onnx").graph.initializer
    assert [numpy_helper.to_array(tensor).max() for tensor in loaded] == [0, 1, 2, 3, 4]


def test_a_folder_that_is_no_checkpoint_is_named(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is no checkpoint with a vocabulary"):
        export(tmp_path, tmp_path / "out")
    Vocabulary(Vocabulary.standard().tokens[:-1]).save(tmp_path / "vocabulary.json")
    (tmp_path / "config.json").write_text((checkpoint / "config.json").read_text())
    with pytest.raises(ExportError, match="tokens, the checkpoint"):
        export(tmp_path, tmp_path / "out")
