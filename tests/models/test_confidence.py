"""Confidences mapped to how often they are right."""

from __future__ import annotations

from random import Random

import pytest

from foreframe_models.confidence import Scale, as_json, from_json, of_way
from foreframe_models.evaluation.calibration import FEW, Calibration, fit
from foreframe_protocol.states import Event, Frame, Part, Value


def drawn(rng: Random, count: int, too_sure: float) -> list[tuple[float, bool]]:
    """Confidences that are too sure by a factor of log-odds."""
    found = []
    for _ in range(count):
        true = Scale()(rng.random()) or 0.0
        found.append((Scale(1 / too_sure)(true) or 0.0, rng.random() < true))
    return found


def test_a_scale_keeps_the_order_and_leaves_what_is_not_known() -> None:
    scale = Scale(2.0, -0.5)
    told = [scale(p) for p in (0.0, 0.2, 0.5, 0.9, 1.0)]
    assert all(p is not None and 0 < p < 1 for p in told)
    assert told == sorted(p for p in told if p is not None)
    assert scale(None) is None
    assert Scale()(0.3) == 0.3


def test_a_model_that_is_too_sure_is_told_with_the_temperature_that_it_lacks() -> None:
    rng = Random(3)
    scale = fit(drawn(rng, 4000, 2.0))
    assert scale.temperature == pytest.approx(2.0, abs=0.25)
    assert scale.bias == pytest.approx(0.0, abs=0.1)
    others = drawn(rng, 4000, 2.0)
    before, after = Calibration.of(others), Calibration.of([(scale(p) or 0, g) for p, g in others])
    assert before.error is not None
    assert after.error is not None
    assert after.error < 0.03 < before.error


def test_few_or_one_sided_predictions_move_a_scale_little() -> None:
    assert fit([(0.9, True)] * (FEW - 1)) == Scale()
    right = fit([(0.9, True)] * FEW)
    assert 0.9 < (right(0.9) or 0) < 1


def test_a_fit_does_not_run_away_on_confidences_that_say_nothing_or_are_all_at_the_ends() -> None:
    rng = Random(4)
    ends = [(rng.choice((0.0, 1.0)), rng.random() < 0.9) for _ in range(500)]
    scale = fit(ends)
    assert scale.temperature > 3
    assert scale(1.0) == pytest.approx(0.9, abs=0.06)
    backwards = fit([(0.999, False)] * 200 + [(0.001, True)] * 200)
    assert backwards.temperature == pytest.approx(20)
    assert backwards(0.9) == pytest.approx(0.5, abs=0.1)


def test_scales_are_kept_in_a_models_metadata() -> None:
    scales = {"values": Scale(1.5, 0.25), "places": Scale()}
    assert from_json(as_json(scales)) == scales
    for wrong in ({"values": [0, 1]}, {"values": 3}, {"values": ["a", 1]}):
        with pytest.raises(ValueError, match="values"):
            from_json(wrong)


def line(locals_: dict[str, Value], depth: int = 0, place: float | None = None) -> Frame:
    return Frame(Event.LINE, "f", 1, 2, "", locals_, depth=depth, confidence=place)


def test_a_way_is_as_sure_as_all_that_its_frames_tell_anew() -> None:
    a, b = Value("1", confidence=0.5), Value("2", confidence=0.8)
    inner = Value("3", confidence=0.9)
    way = [
        line({"a": a}, place=0.9),  # 0.5, the least
        line({"a": a, "b": b}),  # 0.8: `a` stays what it was
        line({"c": inner}, depth=1),  # 0.9
        line({"a": a, "b": b}),  # nothing new
    ]
    assert of_way(way) == pytest.approx(0.5 * 0.8 * 0.9)
    part = Frame(Event.RETURN, "f", 1, 2, "", value=b, parts=(Part(0, a),))
    assert of_way([part]) == 0.5


def test_a_way_that_nothing_is_said_of_has_no_confidence() -> None:
    assert of_way([]) is None
    assert of_way([line({"a": Value("1")})]) is None
