"""`foreframe eval holes`: right is what really runs right."""

import json
from pathlib import Path

import pytest
from oracle_world import OracleWorld

from foreframe.cli import run as command
from foreframe.filling import Budget
from foreframe.language import predictor as predicting
from foreframe.language.predictor import Predictor
from foreframe.terminal.evaluate_holes import Results, answer, read_tasks
from foreframe_models.proposals import Proposal

TASK = {
    "id": "one",
    "kind": "returns",
    "code": "# f([3, 9, 2]) -> 9\ndef f(nums):\n    return ??\n",
    "hidden": [{"args": "[4, 1]", "returned": "4"}],
}


def written(folder: Path, task: dict[str, object]) -> Path:
    path = folder / "tasks.jsonl"
    path.write_text(json.dumps(task) + "\n")
    return path


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    return written(tmp_path, TASK)


async def test_verification_finds_what_likelihood_does_not(tasks: Path, monkeypatch):
    async def proposals(world, program, hole, wishes, *, count, **options):
        for number, text in enumerate(("nums[1]", "max(nums)", "nums")):
            yield Proposal(text, -float(number))

    monkeypatch.setattr(predicting, "proposals", proposals)
    (task,) = read_tasks(tasks)
    one = await answer(task, Predictor(OracleWorld()), Budget(candidates=3))
    # `nums[1]` gives what the one example wants; only the hidden one tells them apart
    assert (one.likeliest, one.verified, one.reachable) == (False, False, True)

    both = {**TASK, "code": f"# f([1, 0]) -> 1\n{TASK['code']}"}
    (task,) = read_tasks(written(tasks.parent, both))
    one = await answer(task, Predictor(OracleWorld()), Budget(candidates=3))
    assert (one.likeliest, one.verified) == (False, True)
    report = Results([one]).as_json()
    assert report["verified"] == report["predicted"] == 1.0
    assert report["by_kind"]["returns"]["likeliest"] == 0.0


def test_a_file_without_tasks_is_told_of(tmp_path: Path, capsys):
    path = tmp_path / "none.jsonl"
    path.write_text('{"code": "x = 1"}\n')
    assert command(["eval", "holes", "--data", str(path)]) == 2
    assert "no such tasks" in capsys.readouterr().err


def test_the_model_that_ships_is_measured(tasks: Path, capsys):
    assert command(["eval", "holes", "--data", str(tasks), "--candidates", "2", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["task"], report["n"], report["failed"]) == ("holes", 1, 0)
