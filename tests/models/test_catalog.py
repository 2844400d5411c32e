"""The cards, and those made from checkpoints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foreframe_models import catalog
from foreframe_models.capacity import Quantization
from foreframe_models.catalog import BadCheckpoint, UnknownModel

CONFIG = {
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 32,
    "hidden_size": 64,
    "intermediate_size": 192,
    "vocab_size": 2048,
    "max_position_embeddings": 4096,
    "sliding_window": 64,
    "layer_types": ["full_attention", *["sliding_attention"] * 3],
    "dtype": "float32",
}


def checkpoint(folder: Path, **changes: object) -> Path:
    (folder / "config.json").write_text(json.dumps({**CONFIG, **changes}))
    return folder


def test_the_cards_say_what_can_be_served_and_from_where() -> None:
    cards = catalog.cards()
    assert list(cards) == ["cwm", "cwm-awq", "cwm-pretrain", "cwm-sft", "small"]
    assert cards["cwm"].source == catalog.CWM
    assert cards["cwm-awq"].source is None  # no build is known: the person names one
    assert cards["cwm-awq"].weights < cards["cwm"].weights / 3
    for card in cards.values():
        assert card.licence
        assert card.good_at
        assert card.dialect in ("cwm", "compact")


def test_the_small_card_is_true_of_the_checkpoint_that_ships() -> None:
    card = catalog.cards()["small"]
    shipped = catalog.card_of_folder(catalog.SHIPPED / "checkpoint")
    assert card.geometry == shipped.geometry
    assert (card.dtype, card.dialect) == (shipped.dtype, shipped.dialect)
    told = json.loads((catalog.SHIPPED / "model.json").read_text())
    assert card.geometry.parameters == told["parameters"]
    assert card.embedded


def test_a_folder_with_a_checkpoint_is_a_model_too(tmp_path: Path) -> None:
    card = catalog.find(str(checkpoint(tmp_path)))
    assert card.source == str(tmp_path.resolve())
    assert (card.geometry.full_layers, card.geometry.window, card.dtype) == (1, 64, "float32")
    assert card.quantization is Quantization.NONE


def test_a_config_without_kinds_of_layers_is_read_as_cwm_reads_it(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, layer_types=None, num_hidden_layers=6)
    assert catalog.find(str(folder)).geometry.full_layers == 2
    folder = checkpoint(tmp_path, sliding_window=None, layer_types=None)
    assert catalog.find(str(folder)).geometry.window is None


def test_a_quantized_checkpoint_is_known_by_its_config(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, quantization_config={"quant_method": "awq"})
    placed = catalog.placed(catalog.cards()["cwm-awq"], str(folder))
    assert placed.quantization is Quantization.AWQ
    assert placed.name == "cwm-awq"
    assert placed.geometry.layers == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"num_hidden_layers": 0},
        {"hidden_size": None},
        {"num_hidden_layers": 10**9},
        {"quantization_config": {"quant_method": "gguf"}},
        {"quantization_config": 3},
    ],
)
def test_a_checkpoint_that_cannot_be_served_is_refused(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    with pytest.raises(BadCheckpoint, match=r"config\.json"):
        catalog.find(str(checkpoint(tmp_path, **changes)))


def test_names_and_places_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="cwm-awq"):
        catalog.find("cmw")
    with pytest.raises(BadCheckpoint, match="no checkpoint"):
        catalog.find(str(tmp_path))
    for place in ("./nowhere", "nowhere", "/no/where", "--flag/x"):
        with pytest.raises(BadCheckpoint, match="no folder"):
            catalog.placed(catalog.cards()["cwm"], place)
    assert catalog.placed(catalog.cards()["cwm-awq"], "someone/cwm-awq").source == "someone/cwm-awq"


def test_only_what_vllm_can_make_while_loading_is_made_then() -> None:
    cwm, awq = catalog.cards()["cwm"], catalog.cards()["cwm-awq"]
    assert cwm.quantized(Quantization.NONE) is cwm
    assert cwm.quantized(Quantization.FP8).weights < 0.6 * cwm.weights
    with pytest.raises(BadCheckpoint, match="cwm-awq"):
        cwm.quantized(Quantization.AWQ)
    with pytest.raises(BadCheckpoint, match="already"):
        awq.quantized(Quantization.FP8)
