"""`foreframe trace` as a person runs it: a process of its own, its streams and its exit status."""

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from foreframe.reality import observe
from foreframe.source_file import load_program
from foreframe_models.entry import Entry
from foreframe_protocol.trace_text import parse_text, to_text, write_trace

FOREFRAME = Path(sys.executable).with_name("foreframe")
CODE = """\
def f(a, b=2):
    c = a + b
    return c * 2


if __name__ == "__main__":
    print(f(1))
"""
TEXT = (
    '<|call_sep|>{"a": "1", "b": "2"}<|action_sep|>def f(a, b=2):\n<|frame_sep|>'
    '<|line_sep|>{"a": "..", "b": ".."}<|action_sep|>    c = a + b\n<|frame_sep|>'
    '<|line_sep|>{"a": "..", "b": "..", "c": "3"}<|action_sep|>    return c * 2\n<|frame_sep|>'
    '<|return_sep|><|action_sep|>    return c * 2\n<|arg_sep|>"6"<|frame_sep|>'
    "<|end_of_text|>"
)


def run(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FOREFRAME, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **env},
        check=False,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(CODE)
    return path


@pytest.fixture
def call(file: Path) -> list[str | Path]:
    """The arguments that trace `f(1)` with an engine that answers as the program really runs."""
    return ["trace", file, "--function", "f", "--args", "1", "--engine", recording(file, "f", "1")]


def recording(file: Path, function: str | None, args: str, **exchange: object) -> str:
    """An engine whose answer is the true trace, or the fields of another exchange."""
    if "answer" not in exchange:
        run = asyncio.run(observe(load_program(file), Entry(function, args)))
        exchange["answer"] = after_call(to_text(write_trace(run.frames, end=True)))
    path = file.with_suffix(".jsonl")
    path.write_text(json.dumps(exchange) + "\n")
    return f"recorded:{path}"


def after_call(text: str) -> str:
    """A trace's text without its first frame, which the engine is given."""
    return text.split("<|frame_sep|>", 1)[1]


def test_a_table_is_printed_and_its_last_line_says_how_much_is_right(call: list[str | Path]):
    done = run(*call, "--check")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1].strip() == "frames 4/4 right, values 8/8, return right"
    assert "f(1)" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_wrong_prediction_is_also_done(file: Path):
    answer = after_call(TEXT.replace('"c": "3"', '"c": "4"'))
    engine = recording(file, "f", "1", answer=answer)
    done = run("trace", file, "--function", "f", "--args", "1", "--check", "--engine", engine)
    assert done.returncode == 0, done.stderr
    assert "c = 4 ✗ really 3" in done.stdout
    assert done.stdout.splitlines()[-1].strip() == "frames 3/4 right, values 7/8, return right"


def test_json_is_one_object_a_frame_and_the_summary_last(call: list[str | Path]):
    done = run(*call, "--json", "--check")
    assert done.returncode == 0, done.stderr
    *frames, last = map(json.loads, done.stdout.splitlines())
    assert [frame["event"] for frame in frames] == ["call", "line", "line", "return"]
    assert frames[2] == {
        "step": 3,
        "event": "line",
        "function": "f",
        "line": 3,
        "source": "    return c * 2",
        "scope_line": 1,
        "depth": 0,
        "confidence": frames[2]["confidence"],
        "locals": frames[2]["locals"],
        "expressions": [],
        "next": None,
        "value": None,
        "right": True,
        "real": None,
    }
    c = frames[2]["locals"]["c"]
    assert (c["value"], c["provenance"], c["changed"]) == ("3", "predicted", True)
    assert (c["real"], c["verdict"]) == ("3", "match")
    assert frames[2]["locals"]["a"]["changed"] is False
    assert frames[3]["value"]["value"] == "6"
    assert last["summary"]["end"] == "finished"
    assert last["summary"]["check"]["text"] == "frames 4/4 right, values 8/8, return right"


def test_micro_asks_for_one_operation_at_a_time_and_shows_each(tmp_path: Path):
    file, halves = tmp_path / "program.py", tmp_path / "split.py"
    file.write_text("def f(s):\n    return '-'.join(sorted(s.split())[::-1])\n")
    halves.write_text(
        "def f(s):\n    _t0 = s.split()\n    _t1 = sorted(_t0)\n    _t2 = _t1[::-1]\n"
        "    return '-'.join(_t2)\n"
    )
    engine = recording(halves, "f", "'b a'")
    call = ("trace", file, "--function", "f", "--args", "'b a'", "--engine", engine, "--micro")
    done = run(*call, "--check")
    assert done.returncode == 0, done.stderr
    rows = [" ".join(row.split()) for row in done.stdout.splitlines()]
    assert "s.split() = ['b', 'a']" in rows[4]
    assert "sorted(s.split()) = ['a', 'b']" in rows[5]
    assert "sorted(s.split())[::-1] = ['b', 'a']" in rows[6]
    assert all(row.endswith("✓") for row in rows[4:8])
    assert "frames 3/3 right" in rows[-1]


def test_without_check_nothing_is_run_and_no_verdict_given(tmp_path: Path):
    file, mark = tmp_path / "program.py", tmp_path / "mark"
    file.write_text(f"x = open({str(mark)!r}, 'w')\n")
    answer = after_call(
        "<|call_sep|>{}<|action_sep|>x<|frame_sep|>"
        f"<|line_sep|>{{}}<|action_sep|>x = open({str(mark)!r}, 'w')\n<|frame_sep|>"
        f"<|return_sep|><|action_sep|>x = open({str(mark)!r}, 'w')\n<|arg_sep|>"
        '"None"<|frame_sep|><|end_of_text|>'
    )
    done = run("trace", file, "--json", "--engine", recording(file, None, "", answer=answer))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[1])["right"] is None
    assert not mark.exists()


def test_the_cwm_format_is_cwms_text(call: list[str | Path]):
    done = run(*call, "--format", "cwm")
    assert done.returncode == 0, done.stderr
    assert done.stdout == TEXT
    assert to_text(parse_text(done.stdout)) == TEXT


def test_a_module_is_traced_when_no_function_is_named(file: Path):
    done = run("trace", file, "--check", "--engine", recording(file, None, ""))
    assert done.returncode == 0, done.stderr
    assert "<module>:7" in done.stdout
    assert "return right" in done.stdout.splitlines()[-1]


def test_a_trace_that_is_cut_off_says_so_and_is_checked_as_far_as_it_goes(call: list[str | Path]):
    done = run(*call, "--check", "--max-frames", "2")
    assert done.returncode == 0, done.stderr
    assert "cut off after 2 frames" in done.stdout
    last = done.stdout.splitlines()[-1].strip()
    assert last == "frames 2/2 right, values 4/4, end not reached"


def test_a_program_that_cannot_be_run_is_predicted_and_the_check_refused(tmp_path: Path):
    file = tmp_path / "program.py"
    file.write_text(f"import no_such_module_anywhere\n\n\n{CODE}")
    engine = recording(file, "f", "1", answer=after_call(TEXT))
    done = run("trace", file, "--function", "f", "--args", "1", "--check", "--engine", engine)
    assert done.returncode == 2
    assert "return 6" in done.stdout
    assert "error 2008" in done.stderr
    assert "ModuleNotFoundError" in done.stderr


MISTAKES = {
    "no file": (["trace", "nowhere.py"], "2001", "nowhere.py: no such file"),
    "a near miss": (["trace", "progam.py"], "2001", "there is program.py"),
    "a directory": (["trace", "."], "2001", "directory"),
    "not UTF-8": (["trace", "latin.py"], "2002", "latin.py:2: not UTF-8 (byte 0xe9"),
    "a syntax error": (["trace", "wrong.py"], "2003", "wrong.py:2:"),
    "an empty file": (["trace", "empty.py"], "2005", "empty"),
    "no such function": (["trace", "program.py", "--function", "g"], "2004", "'g'"),
    "no literals": (["trace", "program.py", "--function", "f", "--args", "x"], "2004", "literal"),
    "too few": (["trace", "program.py", "--function", "f"], "2004", "missing"),
    "too many": (["trace", "program.py", "--function", "f", "--args", "1,2,3"], "2004", "too many"),
    "no function": (["trace", "program.py", "--args", "1"], "2010", "--function"),
    "no engine": (["trace", "program.py", "--engine", "gpt"], "2010", "unknown engine 'gpt'"),
    "two styles": (["trace", "program.py", "--json", "--format", "cwm"], "2010", "exclude"),
}


@pytest.mark.parametrize(("arguments", "code", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_gets_one_message_with_its_number(
    file: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: str, words: str
):
    monkeypatch.chdir(file.parent)
    Path("latin.py").write_bytes(b"x = 1\ny = '\xe9'\n")
    Path("wrong.py").write_text("x = 1\nif x\n")
    Path("empty.py").write_text("\n\n")
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"foreframe: error {code}: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_engine_that_is_down_is_engine_trouble(file: Path):
    done = run("trace", file, "--engine", "http://127.0.0.1:9")
    assert done.returncode == 3
    assert done.stderr.startswith("foreframe: error 1001: ")
    assert "127.0.0.1:9" in done.stderr


def test_what_was_predicted_before_an_engine_died_is_shown(file: Path):
    half = after_call(TEXT).partition("<|return_sep|>")[0]
    engine = recording(file, "f", "1", answer=half, error="EngineAborted: out of luck")
    call = ["trace", file, "--function", "f", "--args", "1", "--engine", engine]
    done = run(*call)
    assert done.returncode == 3
    assert "c = 3" in done.stdout
    assert "error 1005: out of luck" in done.stderr
    records = [json.loads(line) for line in run(*call, "--json").stdout.splitlines()]
    assert len(records) == 4
    assert records[-1]["summary"]["end"] == "failed"


def test_an_interrupt_ends_it_cleanly(file: Path):
    engine = recording(file, "f", "1", delay=600)
    call = ["trace", file, "--function", "f", "--args", "1", "--json", "--engine", engine]
    process = subprocess.Popen(
        [FOREFRAME, *call], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["event"] == "call"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == "foreframe: interrupted\n"


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path: Path):
    file = tmp_path / "program.py"
    file.write_text("for i in range(300):\n    x = i\n")
    engine = recording(file, None, "")
    process = subprocess.Popen(
        [FOREFRAME, "trace", str(file), "--json", "--engine", engine],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=30) == 141


def test_progress_is_told_on_a_terminal_only(file: Path):
    engine = recording(file, "f", "1", delay=1.5)
    call = [FOREFRAME, "trace", file, "--function", "f", "--args", "1", "--engine", engine]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    assert process.communicate(timeout=60)[0]
    assert b"predicting frame 2" in read_all(ours)
    assert run(*call[1:]).stderr == ""


def read_all(terminal: int) -> bytes:
    """What came to a terminal whose other side is closed."""
    parts = []
    for _ in range(1000):
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(terminal)
    return b"".join(parts)


def test_the_command_starts_without_what_it_does_not_need():
    heavy = ("rich", "numpy", "onnxruntime", "pydantic", "llguidance", "httpx", "torch")
    code = (
        "import sys\nfrom foreframe.cli import run\nassert run(['--version']) == 0\n"
        f"assert not [m for m in {heavy} if m in sys.modules]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("foreframe, version ")
