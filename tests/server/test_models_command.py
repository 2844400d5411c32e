"""`foreframe models`, as a person types it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from foreframe import gpus
from foreframe.cli import run
from foreframe_models.capacity_page import PAGE

FAKE = Path(__file__).parents[1] / "support" / "fake_vllm.py"
SECONDS = 60


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without one, whatever this one has."""
    monkeypatch.setattr(gpus, "QUERY", ("no-such-program-anywhere",))


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    status = run(["models", *words])
    out, err = capsys.readouterr()
    assert status == 0, err
    return out


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["models", *words]) == 2
    return capsys.readouterr().err


def test_all_models_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "list")
    assert [line.split()[0] for line in text.splitlines()[2:] if line[0] != " "] == [
        "cwm", "cwm-awq", "cwm-pretrain", "cwm-sft", "small",
    ]  # fmt: skip
    listed = {one["name"]: one for one in json.loads(told(capsys, "list", "--json"))}
    assert listed["cwm"]["repository"] == "facebook/cwm"
    assert listed["cwm"]["kv_bytes_per_token"] == 262_144
    assert listed["small"]["embedded"]


def test_a_model_is_shown_with_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "show", "cwm", "--frame-tokens", "100")
    assert "256 KiB a token, 64 KiB beyond 8,192; 25.00 MiB a frame of 100 tokens" in text
    assert "research only" in text
    assert "22 (2x1)" in text
    shown = json.loads(told(capsys, "show", "cwm", "--json"))
    two = next(one for one in shown["capacity"] if (one["gpus"], one["gib"]) == (2, 80))
    assert (two["sessions"], two["tensor_parallel"]) == (22, 2)


def test_no_model_of_that_name_is_an_error_with_those_that_are(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert "error 2501: no model is called 'cwn': there are cwm," in refused(capsys, "show", "cwn")
    assert "error 2502" in refused(capsys, "show", str(tmp_path))


def test_the_command_is_printed_for_gpus_that_are_planned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = told(capsys, "serve", "cwm", "--gpus", "2x80", "--", "--seed", "7")
    command = [line for line in text.splitlines() if not line.startswith("#")]
    words = shlex.split("\n".join(command).replace("\\\n", " "))
    assert words[:3] == ["vllm", "serve", "facebook/cwm"]
    assert words[-2:] == ["--seed", "7"]
    as_json = json.loads(told(capsys, "serve", "cwm", "--gpus", "2x80", "--json"))
    assert as_json["command"] == words[:-2]
    assert as_json["layout"]["sessions"] == 22


def test_what_does_not_fit_is_refused_with_the_arithmetic(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = refused(capsys, "serve", "cwm", "--gpus", "1x80")
    assert "error 2503: cwm with 8 sessions of 32,768 tokens does not fit" in text
    assert "21.2 GiB  are missing" in text
    assert "error 2504" in refused(capsys, "serve", "cwm")
    assert "error 2505" in refused(
        capsys, "serve", "cwm", "--gpus", "3x80", "--tensor-parallel", "3"
    )


def test_a_model_without_a_known_build_asks_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    text = refused(capsys, "serve", "cwm-awq", "--gpus", "1x80")
    assert "error 2502" in text
    assert "--path" in text
    text = told(capsys, "serve", "cwm-awq", "--gpus", "1x80", "--path", "someone/cwm-awq")
    assert "vllm serve someone/cwm-awq" in text


def test_another_address_needs_a_key_which_is_never_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["serve", "cwm", "--gpus", "2x80", "--host", "0.0.0.0"]
    monkeypatch.delenv("FOREFRAME_API_KEY", raising=False)
    assert "FOREFRAME_API_KEY" in refused(capsys, *words)
    monkeypatch.setenv("FOREFRAME_API_KEY", "very-secret")
    text = told(capsys, *words)
    assert "very-secret" not in text
    assert 'VLLM_API_KEY="$FOREFRAME_API_KEY" vllm' in text


def test_options_that_contradict_each_other_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    planned = ["serve", "cwm", "--gpus", "2x80"]
    assert "error 2010" in refused(capsys, *planned, "--run")
    assert "error 2010" in refused(capsys, "serve", "small", "--run", "--json")
    assert "error 2010" in refused(capsys, *planned, "--nodes", "2")
    assert "error 2010" in refused(capsys, *planned, "--cluster", "vllm", "--run")
    assert "error 2504" in refused(capsys, "serve", "cwm", "--cluster", "vllm")
    assert "error 2505" in refused(
        capsys, *planned, "--cluster", "vllm", "--nodes", "3", "--addresses", "a,b"
    )


def test_a_cluster_s_file_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "foreframe.yaml"
    words = ["serve", "cwm", "--gpus", "4x80", "--cluster", "ray-serve", "--nodes", "2"]
    assert told(capsys, *words, "-o", str(file)) == ""
    assert "import_path: ray.serve.llm:build_openai_app" in file.read_text()
    assert "error 2338" in refused(capsys, *words, "-o", str(tmp_path / "no" / "file"))


def test_the_capacity_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "capacity") == PAGE.read_text(encoding="utf-8")


class Served:
    """`foreframe models serve small --run` with a stand-in for vLLM."""

    def __init__(self, folder: Path, behaviour: str, extra: Sequence[str] = ()) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.log = folder / "vllm.log"
        vllm = shlex.join([sys.executable, str(FAKE)])
        words = ["models", "serve", "small", "--run", "--vllm", vllm, "--log", str(self.log)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN, *words, "--port", str(port), *extra],
            env={**os.environ, "FAKE_VLLM": behaviour, "FOREFRAME_API_KEY": "secret"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ready(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def ended(self) -> tuple[int, str]:
        _, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, err


MAIN = """
import sys
from foreframe import gpus, model_server
from foreframe.cli import run
gpus.QUERY = ("no-such-program-anywhere",)
model_server.END_SECONDS = 0.5
sys.exit(run(sys.argv[1:]))
"""


def test_a_server_is_waited_for_and_ends_with_its_command(tmp_path: Path) -> None:
    served = Served(tmp_path, "ready")
    assert served.ready().startswith("ready: foreframe trace FILE --engine http://127.0.0.1:")
    assert "arguments serve" in served.log.read_text()
    assert "key secret" in served.log.read_text()
    served.process.send_signal(signal.SIGTERM)
    status, err = served.ended()
    assert (status, "ended" in err) == (0, True)
    assert "secret" not in err


def failed(capsys: pytest.CaptureFixture[str], folder: Path, *extra: str) -> str:
    """What is told of a stand-in that fails, run from here."""
    vllm = shlex.join([sys.executable, str(FAKE)])
    words = ["serve", "small", "--run", "--vllm", vllm, "--log", str(folder / "log"), *extra]
    return refused(capsys, *words, "--port", "9")  # of the protocol discard: no one answers there


def test_a_server_that_dies_is_told_with_its_last_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_VLLM", "dies")
    err = failed(capsys, tmp_path)
    assert "error 2507" in err
    assert "ValueError: no such device" in err


def test_a_server_that_never_answers_is_given_up_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_VLLM", "deaf")
    err = failed(capsys, tmp_path, "--wait", "1")
    assert "not ready after 1 s" in err
    assert "its log" in err


def test_a_command_that_is_asked_to_end_while_it_waits_ends(tmp_path: Path) -> None:
    served = Served(tmp_path, "deaf")
    deadline = time.monotonic() + SECONDS
    while not (served.log.exists() and "loading" in served.log.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    served.process.send_signal(signal.SIGINT)
    assert served.ended()[0] == 0


def test_nothing_outlives_a_server_that_will_not_end(tmp_path: Path) -> None:
    served = Served(tmp_path, "stubborn")
    served.ready()
    line = next(x for x in served.log.read_text().splitlines() if x.startswith("child"))
    served.process.send_signal(signal.SIGTERM)
    assert served.ended()[0] == 0
    deadline = time.monotonic() + SECONDS
    while _alive(int(line.split()[1])):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _alive(process: int) -> bool:
    """Not one that has ended and waits to be collected."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_without_vllm_the_way_to_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    text = refused(capsys, "serve", "small", "--run", "--vllm", "no-such-vllm --x")
    assert "error 2506: there is no no-such-vllm here" in text
