"""The shipped model's card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foreframe_models import catalog
from foreframe_models.training.export import Agreement
from foreframe_models.vocabulary import Vocabulary

pytest.importorskip("torch")

from foreframe_models.training.measure import Exactness
from foreframe_models.training.ship import Card


def test_a_card_tells_what_was_measured_on_what() -> None:
    found = Exactness(100, 0.5, 0.3, 0.9, {"line": 0.6, "for": 0.25})
    other = Exactness(40, 0.25, 0.4, 0.8, {"line": 0.5})
    card = Card(
        parameters=1_234_567,
        vocabulary="abc",
        vocabulary_size=900,
        tokens_seen=7_000_000,
        training_minutes=61.2,
        hardware="1 thread of a processor",
        precision="int8",
        agreement=Agreement(1000, 0.999, 0.01, 0.1),
        generated=found,
        programs=other,
        extra={"output_pass_at_1": 0.1},
    )
    text = card.text("- It guesses.", "In one night.")
    assert "1,234,567 parameters" in text
    assert "| generated programs never trained on | 100 | 0.500 | 0.300 | 0.250 | 0.600 |" in text
    assert "| given programs (real ones, only measured) | 40 | 0.250 | 0.400 | - | 0.500 |" in text
    assert "- output pass at 1: 0.1" in text
    assert "- It guesses." in text
    assert "## How it came to be\n\nIn one night.\n\n## Weaknesses" in text
    assert "How it came to be" not in card.text("")
    assert card.as_json()["generated_for"] == 0.25


def test_the_shipped_folder_is_whole_and_small() -> None:
    folder = catalog.SHIPPED
    card = json.loads((folder / "card.json").read_text())
    vocabulary = Vocabulary.load(folder / "vocabulary.json")
    assert card["vocabulary"] == vocabulary.version
    assert Vocabulary.standard().continues(vocabulary.tokens)
    assert (folder / "checkpoint" / "vocabulary.json").exists()
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert max(file.stat().st_size for file in files) < 16 << 20
    assert sum(file.stat().st_size for file in files) < 60 << 20
    assert {Path("model.onnx"), Path("README.md"), Path("curve.png")} <= {
        file.relative_to(folder) for file in files
    }
