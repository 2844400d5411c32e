"""Fitting how sure an exported model says it is."""

from __future__ import annotations

import dataclasses
import json
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from foreframe_models.confidence import KINDS, Scale, from_json
from foreframe_models.engines.onnx_model import METADATA, Metadata
from foreframe_models.training import calibrate
from foreframe_protocol.states import Event

MODEL = Metadata("small", "compact", 2048, 1122, 2, 2, 16, 1000, "int8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    metadata = dataclasses.replace(MODEL, confidence={"values": [9.0, 9.0]})
    calibrate.save(tmp_path, metadata)
    return tmp_path


def too_sure(rng: Random) -> calibrate.Found:
    """Values whose log-odds are twice what they should be, and a few places."""
    found: calibrate.Found = {kind: [] for kind in KINDS}
    for _ in range(40):
        true = rng.random()
        found["values"].append((Scale(0.5)(true) or 0.0, rng.random() < true))
    found["places"].append((0.5, True))
    return found


def test_what_was_fitted_is_written_and_told_with_what_it_brings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = Random(5)

    async def collect(place: Path, count: int) -> list[calibrate.Found]:
        assert Metadata.load(place).confidence == {}  # what is fitted is what the model says
        return [too_sure(rng) for _ in range(count)]

    monkeypatch.setattr(calibrate, "collect", collect)
    told = calibrate.calibrate(folder, count=80)
    assert set(told) == {"values", "places"}
    assert told["values"]["ece"] < 0.05 < told["values"]["ece_before"]
    assert told["values"]["temperature"] == pytest.approx(2, abs=0.3)
    assert told["values"]["count"] == 1600
    scales = from_json(json.loads((folder / METADATA).read_text())["confidence"])
    assert set(scales) == {"values"}  # of places there were too few
    assert scales["values"].temperature == pytest.approx(told["values"]["temperature"], abs=1e-3)


def test_programs_to_fit_on_are_finished_calls_with_their_real_traces() -> None:
    for item, frames in islice(calibrate.programs(6), 6):
        assert frames[0].event is Event.CALL
        assert frames[-1].event is Event.RETURN
        assert item.program.function_for(frames[0].function, frames[0].scope_line)
