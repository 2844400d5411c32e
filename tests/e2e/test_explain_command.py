"""`foreframe explain`: on the model that ships, which cannot retell, and on one that chats."""

import json
from pathlib import Path

import pytest

from foreframe.cli import run
from foreframe.explaining import OWN_WORDS
from foreframe.terminal import explain

CODE = "def f(n):\n    return n\n"


@pytest.fixture
def call(tmp_path: Path) -> list[str]:
    path = tmp_path / "p.py"
    path.write_text(CODE)
    return ["explain", str(path), "--function", "f", "--args", "3"]


def test_a_model_without_a_chat_format_refuses_to_retell_before_it_predicts(call, capsys):
    assert run([*call, "--retell"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert "error 1040" in told.err
    assert "leave retelling out" in told.err


def test_own_words_come_after_the_rules_and_are_marked(call, capsys, monkeypatch):
    asked: list[list[str]] = []

    async def ready(world):
        return None

    async def retold(world, story):
        asked.append(list(story))
        return "It gives back what it got."

    monkeypatch.setattr(explain, "must_retell", ready)
    monkeypatch.setattr(explain, "retold", retold)
    assert run(call) == 0
    plain = capsys.readouterr().out
    assert run([*call, "--retell"]) == 0
    assert capsys.readouterr().out == f"{plain}\n{OWN_WORDS}\nIt gives back what it got.\n"
    assert run([*call, "--retell", "--json"]) == 0
    *sentences, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert last == {"retold": "It gives back what it got."}
    assert len(sentences) == len(asked[-1])
    assert all(text.startswith(one["text"]) for one, text in zip(sentences, asked[-1], strict=True))
