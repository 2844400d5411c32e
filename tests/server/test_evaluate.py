"""`foreframe eval cruxeval` from the command line, in this process."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from exam import ADD, ROWS, replies, write

from foreframe.cli import DONE, ENGINE_TROUBLE, MISTAKE, run
from foreframe.terminal import evaluate

Output = pytest.CaptureFixture[str]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write(tmp_path / "data.jsonl")


def recording(folder: Path, *, steps: bool) -> str:
    lines = [json.dumps(dataclasses.asdict(reply)) for reply in replies(steps=steps)]
    (folder / "answers.jsonl").write_text("\n".join(lines))
    return f"recorded:{folder / 'answers.jsonl'}"


def command(data: Path, *more: str | Path) -> int:
    return run(["eval", "cruxeval", "--data", str(data), *map(str, more)])


def test_json_is_one_object_on_the_last_line(data: Path, tmp_path: Path, capsys: Output) -> None:
    engine = recording(tmp_path, steps=True)
    assert command(data, "--engine", engine, "--task", "trace", "--json") == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["task"], found["n"], found["pass_at_1"], found["cut_off"]) == ("trace", 2, 1, 0)
    assert found["metrics"]["true_past"]["frame_exact"] == 1
    assert found["metrics"]["legal_frames"] == 1
    assert len(found["metrics"]["calibration"]["values"]["bins"]) == 10
    assert (found["engine"], found["model"]) == ("recorded", "recorded")
    assert (found["seed"], found["limit"], found["left_out"]) == (None, None, 0)


def test_a_report_for_people_names_every_metric(data: Path, tmp_path: Path, capsys: Output) -> None:
    assert command(data, "--engine", recording(tmp_path, steps=True), "--task", "trace") == DONE
    told = capsys.readouterr().out
    assert told.startswith("recorded (recorded): 2 programs\n")
    for title in (*evaluate.TITLES.values(), "pass@1", "cut off", "legal frames", ".append()"):
        assert title in told
    assert "100.0 %   2/2" in told


def test_the_output_task_is_the_usual_one_and_runs_nothing(
    data: Path, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = recording(tmp_path, steps=False)
    monkeypatch.setattr(evaluate, "observe", None)
    assert command(data, "--engine", engine, "--limit", "1") == DONE
    told = capsys.readouterr().out
    assert "100.0 %   1/1" in told
    assert "With the true past" not in told


def test_a_program_that_never_ends_is_left_out_of_a_trace_evaluation(
    tmp_path: Path, capsys: Output
) -> None:
    endless = "def f(a):\n    while a:\n        a += 1"
    rows = [{"code": endless, "input": "1", "output": "0", "id": "endless"}, *ROWS]
    data = write(tmp_path / "data.jsonl", rows)
    engine = recording(tmp_path, steps=True)
    assert command(data, "--engine", engine, "--task", "trace", "--max-frames", "50") == DONE
    told = capsys.readouterr().out
    assert "2 programs, 1 left out" in told
    assert "100.0 %   2/2" in told


def test_an_unknown_task_is_told_which_there_are(data: Path, capsys: Output) -> None:
    assert command(data, "--task", "input") == MISTAKE
    told = capsys.readouterr().err
    assert "'input'" in told
    assert "'output', 'trace'" in told


def test_bad_data_is_a_mistake_told_with_its_line(tmp_path: Path, capsys: Output) -> None:
    data = write(tmp_path / "data.jsonl", [ROWS[0], {"code": ADD}])
    assert command(data, "--engine", "recorded:/nowhere") == MISTAKE
    assert f"--data: {data}:2: 'input' is missing" in capsys.readouterr().err


def test_a_wrong_engine_is_a_mistake_and_a_missing_one_trouble(data: Path, capsys: Output) -> None:
    assert command(data, "--engine", "oracle") == MISTAKE
    assert "unknown engine 'oracle'" in capsys.readouterr().err
    assert command(data, "--engine", "embedded:/nowhere") == ENGINE_TROUBLE


def test_an_engine_without_an_answer_is_trouble(data: Path, tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "answers.jsonl").write_text("")
    assert command(data, "--engine", f"recorded:{tmp_path / 'answers.jsonl'}") == ENGINE_TROUBLE
    assert "no program could be predicted" in capsys.readouterr().err


def test_a_plot_is_drawn_where_it_is_wanted(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    engine = recording(tmp_path, steps=False)
    assert command(data, "--engine", engine, "--plot", tmp_path / "new" / "plots") == DONE
    picture = tmp_path / "new" / "plots" / "reliability.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_a_plot_is_refused_before_anything_is_measured(
    data: Path, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "find_spec", lambda name: None)
    assert command(data, "--engine", "recorded:/nowhere", "--plot", tmp_path) == MISTAKE
    assert "pip install 'foreframe[train]'" in capsys.readouterr().err
