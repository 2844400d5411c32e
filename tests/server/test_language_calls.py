"""The calls that people have made of a file's functions, read from where they are kept."""

import json
from pathlib import Path

import pytest
from dap_client import in_process
from oracle_world import OracleWorld
from rule_world import SOURCE, RuleWorld

from foreframe.candidates import Basis, ranked
from foreframe.examples import Kind
from foreframe.filling import Filling
from foreframe.language import calls, views
from foreframe.language.analysis import Analysis
from foreframe.language.calls import CONFIGURATIONS, calls_for, chosen_for
from foreframe.memory.folder import workspace_file


def configured(root: Path, text: str) -> None:
    (root / CONFIGURATIONS).parent.mkdir(exist_ok=True)
    (root / CONFIGURATIONS).write_text(text)


def configuration(**more: object) -> str:
    one = {"type": "foreframe", "program": "${workspaceFolder}/p.py", "function": "f"}
    return json.dumps({"configurations": [one | more]})


def test_a_launch_configuration_says_what_is_wanted_of_a_hole(tmp_path: Path):
    configured(
        tmp_path,
        """{
        // as "people" write it
        "configurations": [
            {"type": "python", "program": "p.py", "function": "f", "args": "0"},
            {"type": "foreframe", "program": "other.py", "function": "f", "args": "1"},
            {"type": "foreframe", "program": "${file}", "function": "f",
             "args": "2, [3], 'a // /* b'", "returned": "6",}, /* the last */
        ],
    }""",
    )
    (call,) = calls_for(tmp_path / "p.py", tmp_path)
    assert (call.call, call.wanted, call.kind) == ("f(2, [3], 'a // /* b')", "6", Kind.LAUNCH)
    analysis = Analysis.of("/p.py", "def f(a, b, c):\n    return ??\n", 1, [call])
    assert analysis.examples == [call]


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", '{"configurations": 3}', '{"configurations": [3]}', "[" * 100_000,
        configuration(args=[1]), configuration(args="open('x')"), configuration(function=3),
        configuration(program=None), configuration(program="\0"),
    ],
)  # fmt: skip
def test_what_is_no_configuration_of_a_call_is_none(tmp_path: Path, text: str):
    configured(tmp_path, text)
    assert calls_for(tmp_path / "p.py", tmp_path) == []


async def test_the_last_session_s_arguments_are_an_example_of_the_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.py").write_text(SOURCE)
    for args in ("2", "3"):
        client, adapter = in_process(lambda engine, frames: RuleWorld())
        await client.start(str(tmp_path / "p.py"), function="f", args=args, stopOnEntry=True)
        await client.event("stopped")
        await adapter.close()
    calls = calls_for(tmp_path / "p.py", tmp_path)
    assert [(call.call, call.wanted, call.kind) for call in calls] == [
        ("f(3)", "anything", Kind.SESSION)
    ]
    assert calls_for(tmp_path / "q.py", tmp_path) == []
    analysis = Analysis.of(str(tmp_path / "p.py"), SOURCE, 1, calls)
    example = views.example_for(analysis, "f")
    assert example is not None
    assert example.args == "3"


HOLE = "def f(nums):\n    for x in nums:\n        n = ??\n        m = n\n    return m\n"


async def test_values_chosen_for_a_hole_at_stops_are_wanted_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "p.py"
    path.write_text(HOLE)
    client, adapter = in_process(lambda engine, frames: OracleWorld())
    await client.start(str(path), function="f", args="[4, 5]", stopOnEntry=True)
    await client.event("stopped")
    for value in ("4", "5"):
        for _ in range(2 if value == "4" else 3):
            await client.step("next")
        await client.setExpression(expression="n", value=value)
    await adapter.close()
    moved = f"# a line above\n{HOLE}"
    analysis = Analysis.of(str(path), moved, 1)
    found = chosen_for(path, tmp_path, moved, analysis.holes)
    assert [(one.returned, one.stop.known[-1], one.stop.line) for one in found if one.stop] == [
        ("4", ("x", "4"), 4),
        ("5", ("m", "None"), 4),
    ]
    assert chosen_for(path, tmp_path, "", []) == []
    other = HOLE.replace("n = ??", "n = 1 + ??")
    assert chosen_for(path, tmp_path, other, Analysis.of(str(path), other, 1).holes) == []
    filling = Filling(OracleWorld(), moved, str(path), analysis.holes, found)
    candidates = ranked([c async for c in filling.candidates(None)])
    assert candidates[0].texts == ("x",)
    assert candidates[0].right == 2
    assert candidates[0].evidence[0].basis is Basis.RULES


def test_sessions_are_read_again_when_they_have_changed_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FOREFRAME_STATE", str(tmp_path))
    read: list[Path] = []
    monkeypatch.setattr(calls, "listed", lambda root: read.append(root) or ())
    assert calls_for(tmp_path / "p.py", tmp_path) == []
    assert read == []  # no session has been kept
    file = workspace_file(tmp_path, tmp_path)
    for text in ("one", "three"):
        file.write_text(text)
        for _ in range(3):
            calls_for(tmp_path / "p.py", tmp_path)
    assert read == [tmp_path, tmp_path]
