"""`foreframe serve`: how it is started, and what it says when it cannot be."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from foreframe import cli
from foreframe.web import running
from foreframe.web.settings import ServeSettings

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[ServeSettings]:
    """What servers were started with, in place of starting them."""
    found: list[ServeSettings] = []
    monkeypatch.setattr(running, "serve", found.append)
    return found


def test_without_a_word_it_serves_this_machine_alone(started: list[ServeSettings]) -> None:
    assert cli.run(["serve"]) == 0
    (settings,) = started
    assert settings == ServeSettings()
    assert settings.is_loopback


def test_all_that_can_be_said_comes_to_the_server(
    started: list[ServeSettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOREFRAME_TOKEN", TOKEN)
    words = (
        f"serve --host 0.0.0.0 --port 0 --engine http://x:1 --folder {tmp_path} --host-name box "
        "--origin http://page:1 --allow-run --most-sessions 7 --idle-minutes 2"
    )
    assert cli.run(words.split()) == 0
    assert started == [
        ServeSettings(
            engine="http://x:1", host="0.0.0.0", port=0, token=TOKEN, folders=(tmp_path.resolve(),),
            hosts=("box",), origins=("http://page:1",), allows_run=True, most_sessions=7,
            idle_minutes=2.0,
        )
    ]  # fmt: skip


def test_programs_that_are_run_do_not_inherit_the_token(
    started: list[ServeSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOREFRAME_TOKEN", TOKEN)
    assert cli.run(["serve"]) == 0
    told = subprocess.check_output([sys.executable, "-c", "import os; print(dict(os.environ))"])
    assert TOKEN.encode() not in told


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--host", "0.0.0.0"], 2640),
        (["--engine", "nonsense"], 2010),
        (["--token-file", "/nowhere"], 2641),
        (["--host", "256.1.1.1.invalid"], 2640),
    ],
)
def test_what_cannot_be_served_is_told_with_its_number(
    words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["serve", "--port", "0", *words]) == 2
    assert f"error {code}" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert cli.run(["serve", "--port", port]) == 2
    assert f"127.0.0.1:{port} cannot be listened on" in capsys.readouterr().err


def test_what_only_a_server_needs_is_not_imported_by_the_other_commands() -> None:
    heavy = ["fastapi", "uvicorn", "starlette", "prometheus_client", "websockets"]
    script = (
        "import sys, foreframe.cli, foreframe.dap.server;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    told: Any = subprocess.check_output([sys.executable, "-c", script], text=True)
    assert told.strip() == "[]"
