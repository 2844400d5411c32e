"""`foreframe halts` and `foreframe eval halts` on the model that ships."""

import json
from pathlib import Path

from click.testing import CliRunner

from foreframe.cli import cli

STRANGE = (
    "from math import floor\ndef f(n):\n    while n > 0:\n        n = floor(n + 1)\n    return n\n"
)
LOOP = "def f(n):\n    while n > 0:\n        n += 1\n    return n\n"
ANSWERS = {"ends", "repeats", "grows", "unknown"}


def run(*words: str):
    return CliRunner().invoke(cli, words, catch_exceptions=False)


def test_an_answer_comes_with_its_reason_and_executes_nothing(tmp_path: Path):
    mark = tmp_path / "mark"
    path = tmp_path / "loop.py"
    path.write_text(f"open({str(mark)!r}, 'w')\n{STRANGE}")
    words = ("--function", "f", "--args", "1", "--max-frames", "30")
    told = run("halts", str(path), *words)
    assert told.exit_code == 0
    assert told.stdout.split(":")[0] in ANSWERS
    answer = json.loads(run("halts", str(path), *words, "--json").stdout)
    assert answer["answer"] in ANSWERS
    assert 0 < answer["predicted_frames"] <= 30
    assert answer["basis"] == "predicted"
    assert not mark.exists()


def test_what_follows_from_literals_is_worked_out_and_not_predicted(tmp_path: Path):
    path = tmp_path / "loop.py"
    path.write_text(LOOP)
    words = ("halts", str(path), "--function", "f", "--args", "1")
    assert "worked out from literals" in run(*words).stdout
    answer = json.loads(run(*words, "--json").stdout)
    assert (answer["answer"], answer["basis"]) == ("grows", "worked out")
    assert answer["predicted_frames"] == 0


def test_the_confusion_table_counts_every_program_once(tmp_path: Path):
    data = tmp_path / "programs.jsonl"
    rows = [{"code": LOOP, "input": "1"}, {"code": LOOP, "input": "-1"}]
    data.write_text("\n".join(map(json.dumps, rows)))
    told = run("eval", "halts", "--data", str(data), "--max-frames", "20", "--json")
    report = json.loads(told.stdout)
    assert (report["n"], report["failed"]) == (2, 0)
    true_frames = report["from_true_frames"]
    assert true_frames["ends"]["ends"] == 1
    assert true_frames["never ends"]["grows"] == 1
    assert report["right_as_answered"] == 1.0  # both follow from literals
    predicted = report["from_predictions"]
    assert sum(predicted["ends"].values()) == sum(predicted["never ends"].values()) == 1


def test_a_file_that_holds_no_programs_is_told_of(tmp_path: Path):
    data = tmp_path / "none.jsonl"
    data.write_text('{"text": 1}\n')
    from foreframe.cli import run as command

    assert command(["eval", "halts", "--data", str(data)]) == 2
