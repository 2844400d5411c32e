"""`foreframe check` in this process: a known model, the real program under the real debugger."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from exam import ROWS, replies, write
from rule_world import SOURCE, RuleWorld

from foreframe.cli import DONE, MISTAKE, run
from foreframe.terminal import check
from foreframe.terminal.check import CheckOptions

Output = pytest.CaptureFixture[str]
WRONG = SOURCE.replace("c = a + b", "c = a * b") + "\nMARKUP = '<script>alert(1)</script>'\n"


class World(RuleWorld):
    """The rules, as a model that is opened by an engine's name."""

    engine = SimpleNamespace(name="rules")

    def __init__(self, engine: object = None, **options: Any) -> None:
        super().__init__()

    async def open(self) -> object:
        return SimpleNamespace(info=None)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(check, "WorldModel", World)
    monkeypatch.setattr(check, "open_engine", lambda name: World.engine)
    path = tmp_path / "wrong.py"
    path.write_text(WRONG)
    return path


class Loud(io.StringIO):
    """Says when some lines have been written."""

    def __init__(self) -> None:
        super().__init__()
        self.is_long = asyncio.Event()

    def write(self, text: str) -> int:
        if self.getvalue().count("\n") > 8:
            self.is_long.set()
        return super().write(text)


class Page(HTMLParser):
    """What a page is made of; raises when its elements are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: dict[str, int] = {}
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.outside: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        if tag != "meta":
            self.open.append(tag)
        given = dict(attrs)
        self.ids.add(given.get("id") or "")
        if (href := given.get("href")) is not None:
            self.links.add(href.removeprefix("#"))
        self.outside += [name for name in ("src", "onload", "onclick") if name in given]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_table_has_a_row_a_stop_and_a_summary(program: Path, capsys: Output) -> None:
    assert run(["check", str(program), "--function", "f", "--args", "2"]) == DONE
    told = capsys.readouterr().out
    assert "executed under debugpy, each step predicted from what was observed: f(2)" in told
    assert "c = 2 ✗ really 0" in told
    assert "frames 14/16 right" in told
    assert "first divergence at stop" in told
    assert "wrong by variable: add: c 2/2" in told


def test_free_tells_how_a_mistake_goes_on(program: Path, capsys: Output) -> None:
    command = ["check", str(program), "--function", "f", "--args", "2", "--resync", "free"]
    assert run(command) == DONE
    told = capsys.readouterr().out
    assert "return 3 ✗ really 0" in told
    assert "frames 14/16 right" not in told


def test_json_is_an_object_a_stop_then_the_report(program: Path, capsys: Output) -> None:
    assert run(["check", str(program), "--function", "f", "--args", "1", "--json"]) == DONE
    *stops, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (wrong, *_) = [stop for stop in stops if stop["right"] is False]
    assert wrong["scopes"][-1]["values"]["c"] == {
        "verdict": "differs", "predicted": "1", "confidence": None, "real": "0",
    }  # fmt: skip
    report = last["report"]
    assert report["frames"] == len(stops)
    assert report["framesRight"] == sum(stop["right"] for stop in stops)
    assert report["firstDivergence"]["place"] == "add:3"


def test_a_page_needs_nothing_else_and_escapes_what_it_shows(program: Path, tmp_path: Path) -> None:
    page = tmp_path / "pages" / "page.html"
    command = ["check", str(program), "--function", "f", "--args", "2", "--html", str(page)]
    assert run(command) == DONE
    text = page.read_text(encoding="utf-8")
    found = Page(text)
    assert "script" not in found.tags
    assert "link" not in found.tags
    assert "img" not in found.tags
    assert found.outside == []
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text
    assert "MARKUP = '<script>alert(1)</script>'" in found.text
    assert found.links <= found.ids
    assert "≠ really 0" in found.text
    assert "14 of 16" in found.text


def test_a_long_run_is_cut_off_and_says_so(program: Path, capsys: Output) -> None:
    command = ["check", str(program), "--function", "f", "--args", "9", "--max-stops", "5"]
    assert run(command) == DONE
    told = capsys.readouterr().out
    assert "cut off after 5 stops" in told
    assert "frames 4/5 right" in told


async def test_breaking_it_off_tells_what_is_done_and_ends_the_program(program: Path) -> None:
    out = Loud()
    options = CheckOptions(program, "f", "100000")
    task = asyncio.create_task(check.check(options, out, io.StringIO()))
    async with asyncio.timeout(60):
        await out.is_long.wait()
    task.cancel()
    assert await task is False
    assert "frames " in out.getvalue()
    others = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
    assert not others


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check"], "name one FILE"),
        (["check", "a.py", "--data", "b.jsonl"], "name one FILE"),
        (["check", "--data", "b.jsonl", "--function", "f"], "not for --data"),
        (["check", "a.py", "--args", "1"], "--function"),
        (["check", "/nowhere/a.py"], "no such file"),
    ],
)
def test_a_wrong_command_line_is_told(words: list[str], said: str, capsys: Output) -> None:
    assert run(words) == MISTAKE
    assert said in capsys.readouterr().err


def test_many_programs_have_the_totals_of_an_evaluation(tmp_path: Path, capsys: Output) -> None:
    data = write(tmp_path / "data.jsonl", [*ROWS, {**ROWS[0], "input": "7", "output": "8"}])
    rows = [*ROWS, {**ROWS[0], "input": "7", "output": "8"}]
    lines = [json.dumps(dataclasses.asdict(reply)) for reply in replies(rows, steps=True)]
    (tmp_path / "answers.jsonl").write_text("\n".join(lines))
    more = ["--data", str(data), "--engine", f"recorded:{tmp_path / 'answers.jsonl'}", "--json"]
    assert run(["eval", "cruxeval", "--task", "trace", *more]) == DONE
    evaluated = json.loads(capsys.readouterr().out.splitlines()[-1])
    page = tmp_path / "page.html"
    assert run(["check", *more, "--html", str(page)]) == DONE
    *programs, checked = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    evaluated["metrics"].pop("speed")
    checked["metrics"].pop("speed")
    assert checked == evaluated
    assert [one["program"] for one in programs] == [row["id"] for row in rows]
    frames = sum(one["frames"] for one in programs)
    assert frames == checked["metrics"]["true_past"]["frames"]
    right = sum(one["right"] for one in programs)
    assert right / frames == pytest.approx(checked["metrics"]["true_past"]["frame_exact"], abs=1e-4)
    assert sum(one["output"] for one in programs) / 3 == checked["pass_at_1"]
    found = Page(page.read_text(encoding="utf-8"))
    assert "loop" in found.text


def test_many_programs_are_told_as_they_come(tmp_path: Path, capsys: Output) -> None:
    data = write(tmp_path / "data.jsonl")
    lines = [json.dumps(dataclasses.asdict(reply)) for reply in replies(steps=True)]
    (tmp_path / "answers.jsonl").write_text("\n".join(lines))
    engine = f"recorded:{tmp_path / 'answers.jsonl'}"
    assert run(["check", "--data", str(data), "--engine", engine]) == DONE
    told = capsys.readouterr().out.splitlines()
    assert told[0].split() == "program with the true past alone output".split()
    assert told[1].split() == ["add", "3/3", "3/3", "ok"]
    assert told[3].startswith("recorded (recorded): 2 programs")
