"""`foreframe sessions` on what servers have kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kept import Kept, same_timeline
from person import INTO, OVER, RUN, Person
from rule_world import SOURCE, RuleWorld

from foreframe.cli import MISTAKE, run
from foreframe.editing import Target
from foreframe.memory.folder import VARIABLE, workspace_file
from foreframe.memory.library import load


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace that is the current folder."""
    workspace = tmp_path / "my work"
    workspace.mkdir()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "state"))
    monkeypatch.chdir(workspace)
    return workspace


async def session_in(workspace: Path, n: str = "3", *, branched: bool = False) -> Kept:
    """A session that is over."""
    file = workspace_file(workspace.parent / "state", workspace)
    one = Kept(file, Person(SOURCE, n, RuleWorld()), workspace=workspace)
    await one.person.begin()
    await one.person.walk(OVER, OVER, INTO)
    if branched:
        one.person.session.edit(0, Target("n"), "5")
    await one.person.step(RUN)
    one.keeper.close()
    return one


def command(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    """What a command prints; on stderr if it fails."""
    assert run(["sessions", *words]) == status
    told = capsys.readouterr()
    return told.err if status else told.out


async def test_sessions_are_listed_with_what_they_are_of(here: Path, capsys):
    await session_in(here)
    await session_in(here, "2")
    told = command(capsys, "list").splitlines()
    assert told[0] == f"sessions of {here}"
    assert told[1].split() == ["id", "begun", "program", "engine", "steps"]
    assert [line.split()[0] for line in told[2:]] == ["1", "2"]
    assert told[2].endswith("/f.py: f(3)  tape        6")
    found = json.loads(command(capsys, "list", "--json"))
    assert [(one["id"], one["steps"], one["workspace"]) for one in found] == [
        (1, 6, str(here)), (2, 6, str(here)),
    ]  # fmt: skip


async def test_a_workspace_is_found_from_below_and_by_name(here: Path, capsys, monkeypatch):
    await session_in(here)
    (here / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(here / "deep" / "er")
    assert "f(3)" in command(capsys, "list")
    monkeypatch.chdir(here.parent)
    told = command(capsys, "list", status=MISTAKE)
    assert "error 2331: no sessions have been kept for" in told
    assert str(here) in told
    assert "f(3)" in command(capsys, "list", "--workspace", str(here))
    assert "f(3)" in command(capsys, "list", "--all")
    assert "exclude each other" in command(
        capsys, "list", "--all", "--workspace", str(here), status=MISTAKE
    )


async def test_the_steps_of_a_session_are_shown(here: Path, capsys):
    await session_in(here, branched=True)
    told = command(capsys, "show", "1").splitlines()
    assert told[0].startswith("session 1: /f.py: f(3), predicted by tape")
    assert told[1].split() == ["step", "action", "scope:line", "what", "changed", "branch"]
    assert told[2].split() == ["0", "launch", "f:5", "n", "=", "3", "0"]
    assert "total = 0" in told[4]
    assert told[-3].split()[:3] == ["5", "edit", "add:2"]
    assert "return 13" in told[-2]
    assert told[-1].startswith("it stands at f:10, frame ")
    assert told[-1].endswith(" of branch 1")
    found = json.loads(command(capsys, "show", "1", "--json"))
    assert [step["reason"] for step in found["steps"]][:2] == ["launch", "step_into"]
    assert (found["program"], found["function"]) == ("/f.py", "f")


@pytest.mark.parametrize(
    ("style", "begins"),
    [("jsonl", '{"step": 0,'), ("cwm", "<|call_sep|>"), ("perfetto", '{"traceEvents"')],
)
async def test_a_session_is_exported_to_stdout_and_to_files(here: Path, capsys, style, begins):
    await session_in(here, branched=True)
    told = command(capsys, "export", "1", "--format", style)
    assert told.startswith(begins)
    assert command(capsys, "export", "1", "--format", style, "-o", "out") == ""
    assert (here / "out").read_text() == told


async def test_a_branch_is_chosen_for_cwms_text(here: Path, capsys):
    await session_in(here, branched=True)
    words = "export", "1", "--format", "cwm"
    current, first = command(capsys, *words), command(capsys, *words, "--branch", "0")
    assert current.startswith(first[:100])
    assert len(current) > len(first)
    assert "error 2105" in command(
        capsys, "export", "1", "--format", "cwm", "--branch", "7", status=MISTAKE
    )
    assert "--branch is for" in command(capsys, "export", "1", "--branch", "0", status=MISTAKE)


async def test_a_file_that_cannot_be_written_is_an_error_with_a_number(here: Path, capsys):
    await session_in(here)
    told = command(capsys, "export", "1", "-o", "no/such/folder", status=MISTAKE)
    assert "error 2338: no/such/folder cannot be written (No such file or directory)" in told


async def test_sessions_are_deleted_all_that_are_named_or_none(here: Path, capsys):
    for _ in range(3):
        await session_in(here)
    assert "error 2336: there is no session 9" in command(
        capsys, "delete", "1", "9", status=MISTAKE
    )
    assert len(json.loads(command(capsys, "list", "--json"))) == 3
    assert command(capsys, "delete", "1", "3") == "deleted 2 sessions\n"
    assert [one["id"] for one in json.loads(command(capsys, "list", "--json"))] == [2]
    await session_in(here)  # its number is not one that was given before
    assert [one["id"] for one in json.loads(command(capsys, "list", "--json"))] == [2, 4]
    assert command(capsys, "delete", "--all") == "deleted 2 sessions\n"
    assert command(capsys, "list") == "no sessions are kept\n"
    assert "name the sessions" in command(capsys, "delete", status=MISTAKE)


async def test_a_session_that_is_not_there_is_an_error_with_a_number(here: Path, capsys):
    await session_in(here)
    for words in (("show", "7"), ("export", "7")):
        told = command(capsys, *words, status=MISTAKE)
        assert "error 2336: there is no session 7: there are 1 to 1" in told


async def test_a_damaged_file_is_an_error_with_a_number(here: Path, capsys):
    one = await session_in(here)
    one.file.write_bytes(b"nonsense" * 1000)
    for words in (("list",), ("show", "1"), ("delete", "1")):
        assert "error 2334" in command(capsys, *words, status=MISTAKE)
    assert command(capsys, "list", "--all") == "no sessions are kept\n"


async def test_nothing_is_read_where_keeping_is_off(here: Path, capsys, monkeypatch):
    monkeypatch.setenv(VARIABLE, "off")
    assert "FOREFRAME_STATE is off" in command(capsys, "list", status=MISTAKE)
    assert command(capsys, "list", "--all") == "no sessions are kept\n"


async def test_a_session_is_loaded_as_a_timeline_that_can_be_walked(here: Path):
    one = await session_in(here, branched=True)
    found = load(1, here)
    assert same_timeline(found.timeline, one.person.session.timeline)
    assert found.about.workspace == str(here)
