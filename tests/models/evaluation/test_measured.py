"""What was measured of a model, as the page about models draws it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foreframe_models.catalog import SHIPPED
from foreframe_models.evaluation.calibration import Calibration
from foreframe_models.evaluation.measured import FILE, add, main, of_log, of_metrics, read
from foreframe_models.evaluation.report import calibration, rounded
from foreframe_protocol.api import Measured

TOLD = [(0.05, False), (0.95, True), (0.97, False)]
METRICS = {
    "true_past": {
        "events": {"line": {"frames": 5, "exact": 0.8}, "call": {"frames": 0, "exact": None}},
        "operations": {},
    },
    "actions": {"walk": {"step_over": {"frames": 9, "exact": 1 / 3}}, "jump": {}},
    "calibration": {
        "values": calibration(Calibration.of(TOLD)),
        "returned values": calibration(Calibration.of([])),
    },
}
LOG = [
    {"tokens": 5, "loss": 2.0},
    {"tokens": 10, "generated_exact": 0.25, "generated_loss": 1.5},
    {"tokens": 20, "generated_exact": 0.5, "programs_exact": 0.25},
    {"tokens": 30, "generated_exact": 0.625},
]


def test_a_report_gives_diagrams_and_shares_of_what_was_seen() -> None:
    found = of_metrics(METRICS)
    (diagram,) = found.reliability
    assert (diagram.name, diagram.count) == ("values", 3)
    assert [(part.count, part.right) for part in diagram.bins] == [(1, 0.0), (2, 0.5)]
    assert {one.name: {row.name: row.count for row in one.rows} for one in found.accuracy} == {
        "frames by event": {"line": 5},
        "actions, walk": {"step_over": 9},
    }


def test_a_log_gives_the_curve_up_to_the_weights_that_ship() -> None:
    curve = of_log(LOG, until=20).curve
    assert [(one.tokens, one.generated_exact, one.programs_exact) for one in curve] == [
        (10, 0.25, None),
        (20, 0.5, 0.25),
    ]
    assert len(of_log(LOG).curve) == 3


def test_what_is_measured_again_takes_the_place_of_what_was(tmp_path: Path) -> None:
    file = tmp_path / "new" / FILE
    add(file, of_log(LOG))
    add(file, of_metrics(METRICS))
    again = {"calibration": {"values": calibration(Calibration.of(TOLD * 2))}}
    both = add(file, of_metrics(again))
    assert [one.count for one in both.reliability] == [6]
    assert [one.name for one in both.accuracy] == ["frames by event", "actions, walk"]
    assert len(both.curve) == 3
    kept = read(file)
    assert kept is not None
    assert kept.model_dump() == rounded(both.model_dump())


@pytest.mark.parametrize("text", ["", "[]", '{"reliability": 5}', '{"curve": [{"tokens": -1}]}'])
def test_a_file_that_is_none_of_these_tells_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / FILE
    assert read(file) is None
    file.write_text(text)
    assert read(file) is None


def test_kept_reports_are_put_together_on_the_command_line(tmp_path: Path) -> None:
    report, log, file = tmp_path / "report.json", tmp_path / "log.jsonl", tmp_path / FILE
    report.write_text(json.dumps({"task": "trace", "metrics": METRICS}))
    log.write_text("".join(json.dumps(row) + "\n" for row in LOG))
    main([str(file), "--report", str(report), "--log", str(log), "--until", "20"])
    found = read(file)
    assert found is not None
    assert (len(found.reliability), len(found.accuracy), len(found.curve)) == (1, 2, 2)


def test_what_ships_was_measured() -> None:
    found = read(SHIPPED / FILE)
    assert isinstance(found, Measured)
    assert {"values", "next frame"} <= {one.name for one in found.reliability}
    assert all(sum(part.count for part in one.bins) == one.count for one in found.reliability)
    assert {"frames by event", "frames by operation"} <= {one.name for one in found.accuracy}
    assert len(found.curve) > 1
