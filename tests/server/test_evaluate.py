"""`foreframe eval cruxeval` from the command line, in this process."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
import sys
from pathlib import Path

import pytest
from exam import ADD, ROWS, replies, write

from foreframe.cli import DONE, ENGINE_TROUBLE, MISTAKE, run
from foreframe.terminal import evaluate
from foreframe.terminal.evaluate_table import TITLES
from foreframe_models.engines.base import EngineAborted
from foreframe_models.evaluation import inputs, measured
from foreframe_models.evaluation.cruxeval import Item, load
from foreframe_models.evaluation.outcomes import Outcome
from foreframe_protocol.states import Value

Output = pytest.CaptureFixture[str]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write(tmp_path / "data.jsonl")


def recording(folder: Path, *, steps: bool, jump: bool = False) -> str:
    lines = [json.dumps(dataclasses.asdict(reply)) for reply in replies(steps=steps, jump=jump)]
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
    for title in (*TITLES.values(), "pass@1", "cut off", "legal frames", ".append()"):
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
    assert command(data, "--task", "outputs") == MISTAKE
    told = capsys.readouterr().err
    assert "'outputs'" in told
    assert "'output', 'input', 'trace'" in told


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
    picture = tmp_path / "new" / "reliability.png"
    assert command(data, "--engine", engine, "--plot", picture) == DONE
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_what_is_measured_is_put_beside_a_model_for_its_page(data: Path, tmp_path: Path) -> None:
    engine, file = recording(tmp_path, steps=True), tmp_path / "measured.json"
    assert command(data, "--engine", engine, "--task", "trace", "--measured", file) == DONE
    found = measured.read(file)
    assert found is not None
    assert found.reliability == []  # a recording has no confidence
    by_event = next(one for one in found.accuracy if one.name == "frames by event")
    assert all(row.right == 1 for row in by_event.rows)
    assert command(data, "--engine", engine, "--task", "input", "--measured", file) == MISTAKE


def test_without_matplotlib_a_plot_is_refused_before_anything_is_measured(
    data: Path, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "find_spec", lambda name: None)
    assert command(data, "--engine", "recorded:/nowhere", "--plot", tmp_path / "a.png") == MISTAKE
    assert "pip install 'foreframe[train]'" in capsys.readouterr().err


def test_an_output_is_predicted_by_each_way_that_the_model_knows(
    data: Path, tmp_path: Path, capsys: Output
) -> None:
    engine = recording(tmp_path, steps=False, jump=True)
    assert command(data, "--engine", engine, "--json") == DONE
    ways = json.loads(capsys.readouterr().out.splitlines()[-1])["metrics"]["output"]
    right = {"programs": 2, "pass_at_1": 1, "cut_off": 0, "failed": 0}
    assert ways == {"full_trace": right, "jump": right}  # a CWM runs to no line at once
    assert command(data, "--engine", recording(tmp_path, steps=False, jump=True)) == DONE
    assert "by a jump to the return" in capsys.readouterr().out


@dataclasses.dataclass
class Guess:
    args: str


def guessing(answers: dict[str, list[str]]) -> object:
    """Stands for the model: what it guesses for an output."""

    async def guess_inputs(
        model: object, program: object, function: str, outcome: Value, n: int
    ) -> list[Guess]:
        if outcome.text not in answers:
            raise EngineAborted("no idea")
        return [Guess(args) for args in answers[outcome.text]]

    return guess_inputs


def test_an_input_counts_if_the_real_function_makes_the_output_of_it(
    tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"code": ADD, "input": "0", "output": str(n), "id": str(n)} for n in range(1, 7)]
    tries = {"1": ["-0"], "2": ["5", "1"], "3": ["'a'"], "4": ["[].pop()"], "5": []}
    monkeypatch.setattr(inputs, "guess_inputs", guessing(tries))
    data = write(tmp_path / "data.jsonl", rows)
    engine = recording(tmp_path, steps=False)
    assert command(data, "--engine", engine, "--task", "input", "--json") == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["task"], found["n"], found["cut_off"], found["failed"]) == ("input", 6, 1, 1)
    assert found["pass_at_1"] == pytest.approx(1 / 6, abs=1e-3)
    assert found["metrics"]["answered"] == pytest.approx(4 / 6, abs=1e-3)
    assert command(data, "--engine", engine, "--task", "input") == DONE
    assert "16.7 %   1/6" in capsys.readouterr().out


def test_a_slip_that_the_trace_shows_counts_only_as_written(tmp_path: Path, capsys: Output) -> None:
    (reply,) = replies(ROWS[:1], steps=False)
    before, _, after = reply.answer.rpartition("2")  # what is returned, and stood in `b` before
    lines = json.dumps(dataclasses.asdict(dataclasses.replace(reply, answer=f"{before}9{after}")))
    (tmp_path / "slip.jsonl").write_text(lines)
    data, engine = write(tmp_path / "data.jsonl", ROWS[:1]), f"recorded:{tmp_path / 'slip.jsonl'}"
    for options, right in (([], 1), (["--as-written"], 0)):
        assert command(data, "--engine", engine, "--json", *options) == DONE
        found = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (found["pass_at_1"], found["as_written"]) == (right, bool(options))


def test_inputs_have_no_reliability_to_draw(data: Path, tmp_path: Path, capsys: Output) -> None:
    options = ("--task", "input", "--plot", tmp_path / "a.png", "--engine", "recorded:/nowhere")
    assert command(data, *options) == MISTAKE
    assert "--plot" in capsys.readouterr().err


async def test_a_run_that_is_broken_off_tells_what_is_done_and_says_so(
    data: Path, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, first = evaluate.Count.add, asyncio.Event()

    def add(count: evaluate.Count, found: Outcome | None) -> str:
        first.set()
        return real(count, found)

    monkeypatch.setattr(evaluate.Count, "add", add)
    for as_json in (True, False):
        first.clear()
        engine = recording(tmp_path, steps=False, jump=True)
        options = evaluate.EvaluateOptions(data, engine=engine, as_json=as_json)
        task = asyncio.create_task(evaluate.evaluate(options, sys.stdout, io.StringIO()))
        await first.wait()
        task.cancel()
        assert await task is False
        told = capsys.readouterr().out
        if as_json:
            found = json.loads(told.splitlines()[-1])
            assert (found["n"], found["asked"], found["interrupted"]) == (1, 2, True)
        else:
            assert "1 programs; interrupted: 1 of 2 not asked" in told


async def test_what_a_real_function_returns_is_none_where_it_returns_nothing(data: Path) -> None:
    runs = evaluate.RealRuns(100)
    item: Item = load(data)[0]
    assert await runs.output(item, "41") == "42"
    assert await runs.output(item, "'x'") is None
    assert await runs.output(item, "1, 2") is None
