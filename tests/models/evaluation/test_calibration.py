"""Expected calibration error, over bins that anyone can recompute."""

from pathlib import Path

import pytest

from foreframe_models.evaluation.calibration import Calibration, plot


def test_the_error_is_the_weighted_gap_of_the_bins() -> None:
    sure = [(0.95, True)] * 3 + [(0.95, False)]  # 0.95 against 0.75
    found = Calibration.of([*sure, (0.25, True)])  # 0.25 against 1
    assert found.error == pytest.approx((4 * 0.20 + 1 * 0.75) / 5)
    assert [b.count for b in found.bins] == [0, 0, 1, 0, 0, 0, 0, 0, 0, 4]
    assert found.bins[9].right == 0.75


def test_confidences_that_are_right_as_often_as_they_say_have_no_error() -> None:
    found = Calibration.of([(0.5, True), (0.5, False), (1.0, True), (0.0, False)])
    assert found.error == 0
    assert found.bins[9].count == found.bins[0].count == 1


def test_of_nothing_no_error_is_told() -> None:
    assert Calibration.of([]).error is None
    assert Calibration.of([]).by_chance is None


def test_what_chance_makes_of_few_predictions_is_told() -> None:
    told = [(0.3, False), (0.6, True), (0.9, True), (0.8, False)]
    few, many = Calibration.of(told), Calibration.of(told * 500)
    assert few.by_chance is not None
    assert many.by_chance is not None
    assert few.by_chance > 0.2 > 0.02 > many.by_chance
    assert few.by_chance == Calibration.of(told).by_chance  # the same for everyone
    assert Calibration.of([(1.0, False)]).by_chance == 0  # what is certain is left to no chance


def test_a_reliability_diagram_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    plot({"values": Calibration.of([(0.9, True)]), "none": Calibration.of([])}, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
