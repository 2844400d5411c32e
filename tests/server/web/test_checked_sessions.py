"""Sessions that execute the program beside its prediction, and those that begin from the end."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tape import record
from web_person import WebTape, at_web

from foreframe.errors import DebuggeeError
from foreframe.web.real_program import RealProgram, clear_leftovers
from foreframe_models.inputs import Guess, Verified
from foreframe_protocol.states import Frame, Trace, Value

SOURCE = """\
def double(n):
    m = n + n
    print("m is", m)
    return m
"""
CALL = {"source": SOURCE, "function": "double", "args": "4"}


@cache
def frames() -> list[Frame]:
    return record(SOURCE, "double", "4")


class GuessingTape(WebTape):
    """Knows which argument led there."""

    async def guess_inputs(self, *asked: Any, **options: Any) -> list[Guess]:
        trace = Trace()
        for frame in self.frames:
            trace = trace.append(frame)
        return [Guess("4", -0.5, 1, Verified.MATCH, Value("8"), trace)]


async def test_each_stop_of_a_checked_session_has_both_sides_and_verdicts(tmp_path: Path) -> None:
    async with at_web(WebTape(frames()), allows_run=True) as person:
        view = await person.begin(**CALL, mode="check")
        assert view["mode"] == "check"
        ident = view["id"]
        stop = await person.step(ident)
        (predicted,), (real,) = stop["state"]["stack"], stop["real"]["stack"]
        assert predicted["locals"]["m"]["provenance"] == "predicted"
        assert real["locals"]["m"] == {
            "text": "8", "provenance": "observed", "confidence": None, "cut": False,
        }  # fmt: skip
        assert (stop["right"], stop["verdicts"]["m"]) == (True, "match")
        path = f"/sessions/{ident}/events?after=0"
        await person.step(ident, "run_to")
        async with person.events(path) as events:
            outputs: list[str] = []
            async for name, _, body in events:
                if name == "output" and body["stream"] == "stdout":
                    outputs.append(body["text"])
                if name == "stopped" and "end" in body["stop"]["description"]:
                    break
        assert "".join(outputs) == "m is 8\n"  # what it really wrote
        step = (await person.get(f"/sessions/{ident}/timeline"))["steps"][2]
        assert step["right"] is True
        assert step["real"]["m"]["text"] == "8"


async def test_what_was_pasted_to_be_run_is_gone_with_its_session() -> None:
    async with at_web(WebTape(frames()), allows_run=True) as person:
        ident = (await person.begin(**CALL, mode="check"))["id"]
        live = await person.serving.registry.find(ident)
        file = live.launched.program.path
        assert texts_in(Path(file).parent) == [SOURCE]
        await person.ask("DELETE", f"/sessions/{ident}", 204)
        assert not texts_in(Path(file).parent)


def texts_in(folder: Path) -> list[str]:
    return [file.read_text() for file in folder.glob("*.py")]


async def test_a_checked_session_is_opened_again_without_its_program() -> None:
    async with at_web(WebTape(frames()), allows_run=True) as person:
        ident = (await person.begin(**CALL, mode="check"))["id"]
        await person.step(ident)
    async with at_web(WebTape(frames())) as person:
        view = await person.get(f"/sessions/{ident}")
        assert (view["mode"], view["steps"], view["stop"]["right"]) == ("imagine", 3, True)


async def test_a_session_begins_from_what_the_call_comes_to() -> None:
    async with at_web(GuessingTape(frames())) as person:
        asked = {"source": SOURCE, "function": "double", "returned": "8"}
        view = await person.begin(**asked)
        stop = view["stop"]
        assert stop["text"] == "guessed: double(4) → 8 [match]; step back to see how"
        assert stop["state"]["value"]["text"] == "8"
        stop = await person.step(view["id"], direction="backward")
        assert stop["state"]["stack"][0]["locals"]["m"]["text"] == "8"
        for change, code in (({"args": "4"}, 2010), ({"raised": "KeyError"}, 2320)):
            asked_for = {**asked, **change}
            assert await person.problem("POST", "/sessions", 422, json=asked_for) == code
    async with at_web(GuessingTape(frames()), allows_run=True) as person:
        checked = {**asked, "mode": "check"}
        assert await person.problem("POST", "/sessions", 422, json=checked) == 2010


@pytest.mark.skipif(sys.platform == "win32", reason="age alone tells there")
def test_the_folders_of_killed_servers_are_cleared_away_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, young = (tmp_path / f"foreframe-run-{gone.pid}-{word}" for word in ("abc", "new"))
    own, others = tmp_path / f"foreframe-run-{os.getpid()}-abc", tmp_path / "foreframe-run-1-a.b"
    for folder in (left, young, own, others):
        folder.mkdir()
        (folder / "program.py").write_text("x = 1\n")
    link = tmp_path / f"foreframe-run-{gone.pid}-link"
    link.symlink_to(others)
    for folder in (left, own, others):
        os.utime(folder, (time.time() - 600,) * 2)
    clear_leftovers()
    assert sorted(tmp_path.iterdir()) == sorted([young, own, others, link])
    assert (others / "program.py").exists()
    os.utime(own, (0, 0))  # by now the number is somebody else's
    clear_leftovers()
    assert not own.exists()


async def test_a_folder_of_a_pasted_program_goes_with_a_session_that_does_not_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async def fails(*_: object) -> None:
        raise DebuggeeError("it does not start")

    monkeypatch.setattr(RealProgram, "start", fails)
    async with at_web(WebTape(frames()), allows_run=True, folders=(tmp_path,)) as person:
        assert await person.problem("POST", "/sessions", 502, json={**CALL, "mode": "check"})
        assert (await person.get("/kept"))["sessions"] == []
        assert os.listdir(tmp_path) == []
