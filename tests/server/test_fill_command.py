"""`foreframe fill`: what it finds, tells and writes, and that it runs nothing unasked."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from foreframe.candidates import Basis, Candidate, Evidence
from foreframe.cli import cli
from foreframe.cli import run as command
from foreframe.errors import BadExample, NoHole, NotFilled
from foreframe.language.analysis import Analysis
from foreframe.rewriting import rewritten
from foreframe.terminal.fill import Group, refusal
from foreframe.terminal.fill_told import one_line
from foreframe_protocol.states import Verdict

DOUBLE = "# double(2) -> 4\n# double(5) -> 10\ndef double(n):\n    return n * ??\n"
OPEN = "def nothing(a):\n    return ??\n"
FOREFRAME = [sys.executable, "-c", "from foreframe.cli import main; main()"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOREFRAME_STATE", "off")
    return tmp_path


def file(folder: Path, text: str | bytes, name: str = "f.py") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def records(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_best_is_shown_with_what_speaks_for_it_and_as_a_diff(folder, capsys):
    path = file(folder, DOUBLE)
    assert command(["fill", "f.py"]) == 0
    told = capsys.readouterr().out
    best = told[told.index("best:") :]
    assert "✓ 2/2 2" in best
    assert "double(5) → 10 (worked out)" in best
    assert "-    return n * ??\n+    return n * 2\n" in best
    assert "Nothing was executed." in best
    assert "\x1b" not in told
    assert path.read_text() == DOUBLE


def test_many_examples_are_told_in_few_lines(folder, capsys):
    file(folder, "".join(f"# double({n}) -> {2 * n}\n" for n in range(40)) + DOUBLE)
    assert command(["fill", "f.py"]) == 0
    told = capsys.readouterr().out
    assert told.count("wanted:") == 8
    assert told.count("… and 32 more examples") == 2
    assert "40/40" in told


def test_holes_of_each_function_are_filled_together_and_an_example_can_be_given(folder, capsys):
    file(folder, f"{DOUBLE}def swap(a, b):\n    return ??, ??\n")
    assert command(["fill", "f.py", "--example", "swap(1, 2) -> (2, 1)", "--json"]) == 0
    told = records(capsys)
    best = {one["function"]: one["best"] for one in told if "best" in one}
    assert best["double"]["texts"] == ["2"]
    assert best["swap"]["texts"] == ["b", "a"]
    assert best["swap"]["evidence"][0]["basis"] == "worked out"
    assert told[-1]["summary"]["right"] == told[-1]["summary"]["groups"] == 2
    tried = [one["candidate"] for one in told if "candidate" in one]
    assert len(tried) > 2
    assert told.index({"function": "swap", "holes": told_holes(6), "examples": wanted()}) > 0


def told_holes(line: int) -> list[dict[str, object]]:
    found = {"line": line, "missing": "part", "chosen": True}
    return [found | {"column": column} for column in (11, 15)]


def wanted() -> list[dict[str, object]]:
    return [{"call": "swap(1, 2)", "wanted": "(2, 1)", "line": 1, "from": "comment"}]


def test_only_the_holes_that_are_asked_for_are_filled(folder, capsys):
    file(folder, DOUBLE + OPEN)
    for choice in (["--line", "4"], ["--function", "double"]):
        assert command(["fill", "f.py", "--diff", *choice]) == 0
        diff = capsys.readouterr().out
        assert diff.count("\n+    ") == 1
        assert "return n * 2" in diff


def test_a_hole_is_tried_with_the_others_of_its_function_that_stay_open(folder, capsys):
    path = file(folder, "# swap(1, 2) -> (2, 1)\ndef swap(a, b):\n    x = ??\n    return x, ??\n")
    assert command(["fill", "f.py", "--line", "3", "--write", "--trace"]) == 0
    assert "swap: a hole in line 3, tried with 1 more that stay open" in capsys.readouterr().out
    assert path.read_text().endswith("    x = b\n    return x, ??\n")


def test_a_file_with_a_hole_that_nothing_is_wanted_of_is_not_all_right(folder, capsys):
    file(folder, DOUBLE + OPEN)
    assert command(["fill", "f.py"]) == 1
    told = capsys.readouterr().out
    assert "no example: nothing can be tried (--example 'nothing(1) -> 2')" in told
    assert "1 of 2 functions filled" in told


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\xef\xbb\xbf", b"\xef\xbb\xbf"),
        (b"# \xf0\x9f\x98\x80 caf\xc3\xa9\n", b"# \xf0\x9f\x98\x80 caf\xc3\xa9\n"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_written_file_keeps_its_line_ends_its_mark_and_its_mode(
    folder, before: bytes, after: bytes, end: str
):
    text = DOUBLE.replace("\n", end)
    path = file(folder, before + text.encode())
    path.chmod(0o640)
    assert command(["fill", "f.py", "--write"]) == 0
    assert path.read_bytes() == after + text.replace("??", "2").encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in folder.iterdir()] == ["f.py"]


def test_mixed_line_ends_and_a_missing_last_one_stay(folder):
    path = file(folder, DOUBLE.replace("\n", "\r\n", 1).rstrip("\n"))
    assert command(["fill", "f.py", "--write"]) == 0
    assert path.read_bytes() == DOUBLE.replace("\n", "\r\n", 1).rstrip().replace("??", "2").encode()


def test_a_statement_of_several_lines_gets_the_line_ends_of_the_file():
    assert rewritten(b"a\r\nb", "a\nif b:\n    c") == b"a\r\nif b:\r\n    c"
    assert rewritten(b"a\rb\n", "a\nb\nc\n") == b"a\rb\rc\r"


def test_a_statement_of_several_lines_is_told_in_one():
    assert one_line("if x > top:\n    top = x") == "if x > top: top = x"


def test_a_link_stays_one(folder):
    path = file(folder, DOUBLE, "real.py")
    (folder / "f.py").symlink_to(path)
    assert command(["fill", "f.py", "--write"]) == 0
    assert (folder / "f.py").is_symlink()
    assert "n * 2" in path.read_text()


def test_what_is_not_known_to_be_right_is_written_only_on_demand(folder, capsys):
    path = file(folder, DOUBLE + OPEN)
    assert command(["fill", "f.py", "--write"]) == 1
    told = capsys.readouterr().err
    assert (
        f"error {NotFilled.code}: f.py: nothing was written: no example says what nothing" in told
    )
    assert "--function double writes that one alone" in told
    assert path.read_text() == DOUBLE + OPEN
    assert command(["fill", "f.py", "--write", "--anyway"]) == 1
    assert "??" not in path.read_text()


HALF = "class A:\n    @staticmethod\n    def half(n):\n        return n // ??\n# A.half(84) -> 42\n"


def test_what_is_predicted_with_little_certainty_does_not_count_as_right(folder):
    analysis = Analysis.of("/f.py", HALF, None)
    (example,) = analysis.examples
    evidence = Evidence(example, "42", Verdict.MATCH, basis=Basis.MODEL, probability=0.54)
    group = Group("A.half", analysis, analysis.holes, analysis.holes, [example])
    group.found = [Candidate(("2",), "scope", None, (evidence,))]
    assert not group.is_right
    assert "only predicted to come out right, 54% sure (--run makes" in refusal(Path("f"), [group])
    group.found = [replace(group.found[0], evidence=(replace(evidence, probability=0.95),))]
    assert group.is_right


def test_a_run_makes_certain_what_is_predicted(folder, capsys):
    path = file(folder, HALF)
    assert command(["fill", "f.py", "--candidates", "12", "--write", "--run"]) == 0
    assert "A.half(84) → 42 (run" in capsys.readouterr().out
    assert path.read_text() == HALF.replace("??", "2")


def test_a_file_that_changes_meanwhile_is_left_alone(folder, capsys, monkeypatch):
    path = file(folder, DOUBLE)
    from foreframe.terminal import fill

    def changed(*given):
        path.write_text("x = 1\n")
        return before(*given)

    before = fill.rewritten
    monkeypatch.setattr(fill, "rewritten", changed)
    assert command(["fill", "f.py", "--write"]) == 1
    assert "has changed meanwhile" in capsys.readouterr().err
    assert path.read_text() == "x = 1\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told_of(folder, capsys):
    path = file(folder, DOUBLE)
    folder.chmod(0o500)
    try:
        assert command(["fill", "f.py", "--write"]) == 1
    finally:
        folder.chmod(0o700)
    assert "nothing was written" in capsys.readouterr().err
    assert path.read_text() == DOUBLE


def test_a_hole_filled_first_helps_those_that_call_its_function(folder, capsys):
    text = DOUBLE + "# quad(3) -> 12\ndef quad(n):\n    return double(n) * ??\n"
    file(folder, text)
    assert command(["fill", "f.py", "--json"]) == 0
    best = {one["function"]: one["best"] for one in records(capsys) if "best" in one}
    (evidence,) = best["quad"]["evidence"]
    assert (evidence["predicted"], evidence["basis"]) == ("12", "worked out")


def test_a_file_with_errors_elsewhere_is_filled_around_them(folder):
    path = file(folder, f"{DOUBLE}\ndef broken(:\n    pass\n")
    assert command(["fill", "f.py", "--write"]) == 0
    assert path.read_text() == f"{DOUBLE}\ndef broken(:\n    pass\n".replace("??", "2")


def test_the_diff_is_one_that_patch_takes(folder, capsys):
    patch = shutil.which("patch")
    if patch is None:
        pytest.skip("there is no `patch` here")
    for text in (DOUBLE, DOUBLE.rstrip("\n"), DOUBLE.replace("\n", "\r\n")):
        path = file(folder, text)
        assert command(["fill", "f.py", "--diff"]) == 0
        diff = capsys.readouterr().out
        subprocess.run([patch, "--binary", "f.py"], input=diff.encode(), cwd=folder, check=True)
        assert path.read_bytes() == text.replace("??", "2").encode()


def test_the_run_of_the_best_is_told_in_sentences(folder, capsys):
    file(folder, DOUBLE)
    assert command(["fill", "f.py", "--trace"]) == 0
    told = capsys.readouterr().out
    assert "double(5) -> 10\n  double is called with n=5." in told
    assert "Line 4 returns `n * 2`, which is 10." in told
    assert command(["fill", "f.py", "--trace", "--json"]) == 0
    stories = next(one["stories"] for one in records(capsys) if "stories" in one)
    assert [story["example"] for story in stories] == ["double(2) -> 4", "double(5) -> 10"]


def test_nothing_is_run_without_leave_and_with_it_confined(folder, capsys):
    mark = folder / "mark"
    text = f"# f(1) -> 1\ndef f(n):\n    open({str(mark)!r}, 'w').close()\n    return ??\n"
    file(folder, text)
    words = ["fill", "f.py", "--candidates", "2", "--json"]
    command(words)
    assert not any("ran" in e for one in records(capsys) for e in evidence(one))
    command([*words, "--run"])
    ran = [e["ran"] for one in records(capsys) for e in evidence(one)]
    assert ran
    assert all("PermissionError: not in a run to fill a hole" in one for one in ran)
    assert not mark.exists()


def evidence(record: dict) -> list[dict]:
    return record["candidate"]["evidence"] if "candidate" in record else []


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--line", "1"], NoHole.code, "holes are in line 4"),
        (["--function", "g"], NoHole.code, "no `??` hole is there"),
        (["--example", "nonsense"], BadExample.code, "write a call with literals"),
        (["--example", "g(1) -> 2"], BadExample.code, "tells nothing of the holes in double"),
        (["--example", "double(print()) -> 2"], BadExample.code, "with literals"),
        (["--anyway"], 2010, "--anyway belongs to --write"),
        (["--diff", "--json"], 2010, "exclude each other"),
        (["--engine", "magic"], 2010, "unknown engine"),
    ],
)
def test_mistakes_are_told_with_what_to_do(folder, capsys, words: list[str], code: int, text: str):
    file(folder, DOUBLE)
    assert command(["fill", "f.py", *words]) == 2
    told = capsys.readouterr().err
    assert f"error {code}:" in told
    assert text in told


def test_a_file_that_is_none_is_told_of(folder, capsys):
    assert command(["fill", "gone.py"]) == 2
    file(folder, "def f(:\n", "bad.py")
    assert command(["fill", "bad.py"]) == 2
    file(folder, "x = 1\n", "whole.py")
    assert command(["fill", "whole.py"]) == 2
    told = capsys.readouterr().err
    assert "gone.py: no such file" in told
    assert "bad.py:1:7" in told
    assert "the program has none" in told


def test_the_command_says_what_its_exit_status_means():
    told = CliRunner().invoke(cli, ["fill", "--help"])
    assert "1 when not" in " ".join(told.output.split())


def test_an_interrupt_ends_it_at_once_and_writes_nothing(folder):
    path = file(folder, DOUBLE + "".join(OPEN.replace("nothing", f"n{i}") for i in range(40)))
    words = [*FOREFRAME, "fill", "f.py", "--write", "--anyway", "--json"]
    with subprocess.Popen(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "foreframe: interrupted\n"
    assert "??" in path.read_text()
    assert [one.name for one in folder.iterdir()] == ["f.py"]


def test_a_terminal_of_few_signs_gets_those_that_it_can_show(folder):
    file(folder, DOUBLE)
    plain = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    words = [*FOREFRAME, "fill", "f.py", "--trace"]
    told = subprocess.run(words, cwd=folder, env=plain, capture_output=True, check=True).stdout
    assert b"ok 2/2 2" in told
    assert b"double(5) -> 10 (worked out)" in told
    assert b"\\u" not in told


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_of_any_width_is_kept_to(folder, columns: int):
    file(folder, DOUBLE)
    ours, theirs = pty.openpty()
    environment = os.environ | {"COLUMNS": str(columns), "TERM": "xterm"}
    process = subprocess.Popen(
        [*FOREFRAME, "fill", "f.py"],
        cwd=folder, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environment,
    )  # fmt: skip
    os.close(theirs)
    told = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        told += piece
    assert process.wait(60) == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""  # no progress where stderr is no terminal
    process.stderr.close()
    os.close(ours)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", told.decode())
    assert plain != told.decode()  # colours
    assert max(map(len, plain.splitlines())) <= columns
