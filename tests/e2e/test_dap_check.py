"""Check mode over DAP, with the real program under the real debugger."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from any_tape import AnyTape
from dap_client import Client, Failed, in_process
from rule_world import SOURCE, RuleWorld
from tape import marks, record

from foreframe.dap.adapter import Adapter

LINES = marks(SOURCE)
WRONG = SOURCE.replace("c = a + b", "c = a * b")
PRINTS = """\
import sys

def shout(text):
    print(text.upper())  # @print
    return len(text)

size = shout("hi")
print("done", file=sys.stderr)
total = size + 1
"""
RAISES = """\
def g(n):
    return 10 // n  # @raises

x = g(5)
y = g(0)  # @call
"""
SLEEPS = """\
import time

def f(n):
    print("begun")
    x = n
    while x:
        time.sleep(0.01)  # @sleep
    return x
"""


class Setting:
    """A client, and files to launch; closed at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.adapters: list[Adapter] = []

    def write(self, source: str, name: str = "program.py") -> str:
        path = self.folder / name
        path.write_text(source)
        return str(path)

    def client(self, world: Any) -> Client:
        client, adapter = in_process(lambda engine, frames: world)
        self.adapters.append(adapter)
        return client

    def pid(self) -> int:
        session = self.adapters[-1]._current.session
        return session.lockstep._party.debuggee._process.pid


@pytest.fixture
async def setting(tmp_path: Path):
    found = Setting(tmp_path)
    yield found
    for adapter in found.adapters:
        await adapter.close()


def tape(source: str, function: str | None = None, args: str = "") -> AnyTape:
    return AnyTape(record(source, function, args))


async def scopes(client: Client, frame: int = 0) -> dict[str, dict[str, str]]:
    """Title → name → value, in their order."""
    stack = await client.stack()
    found = {}
    for scope in (await client.scopes(frameId=stack[frame]["id"]))["scopes"]:
        page = await client.variables(variablesReference=scope["variablesReference"])
        found[scope["name"]] = {v["name"]: v["value"] for v in page["variables"]}
    return found


async def test_two_scopes_show_what_differs_first_in_any_client(setting: Setting):
    client = setting.client(RuleWorld())
    program = setting.write(WRONG)
    await client.start(program, function="f", args="3", mode="check", stopOnEntry=True)
    await client.event("stopped")
    for _ in range(2):
        await client.step("next")
    await client.step("stepIn")
    stopped = await client.step("next")
    assert "c predicted as 3, really 0" in stopped["text"]
    assert (await client.threads())["threads"][0]["name"] == "real, beside its prediction"
    found = await scopes(client)
    assert list(found) == ["Predicted", "Real"]
    assert next(iter(found["Predicted"].items())) == ("c", "3   ≠ real 0")
    assert next(iter(found["Real"].items())) == ("c", "0   ≠ predicted 3")
    assert found["Predicted"]["a"] == found["Real"]["a"] == "0"
    assert await client.value("c") == "0   ≠ predicted 3"
    assert await client.value("a + b") == "3"
    assert await client.value("c", "clipboard") == "0"
    outer = await scopes(client, 1)
    assert outer["Real"]["total"] == "0"
    (told,) = [e for e in client.events("foreframe/comparison") if not e["right"]]
    assert told["place"] == "match"
    assert told["counts"] == {"match": 4, "differs": 1}
    assert told["scopes"][1]["values"][0] == {
        "name": "c", "verdict": "differs", "predicted": "3", "confidence": None, "real": "0",
    }  # fmt: skip


async def test_both_places_are_in_the_stack_when_they_differ(setting: Setting):
    client = setting.client(RuleWorld())
    program = setting.write(SOURCE.replace("while n > 0", "while n > 1"))
    await client.start(program, function="f", args="1", mode="check", stopOnEntry=True)
    await client.event("stopped")
    await client.step("next")
    stopped = await client.step("next")
    assert stopped["text"] == "predicted f:8, really f:10"
    stack = await client.stack()
    assert [(frame["name"], frame["line"]) for frame in stack] == [
        ("f", 10),
        ("≠ predicted here: f", 8),
    ]
    assert (await scopes(client, 1))["Predicted"] == {"n": "1", "total": "0"}
    await client.step("next")


async def test_a_whole_program_prints_once_and_ends_with_a_report(setting: Setting):
    client = setting.client(tape(PRINTS))
    await client.start(setting.write(PRINTS), mode="check", stopOnEntry=True)
    await client.event("stopped")
    while not client.events("terminated"):
        await client.ask("stepIn", {"threadId": 1})
        count = len(client.events("stopped"))
        await client.until(
            lambda count=count: (
                len(client.events("stopped")) > count or client.events("terminated") or None
            )
        )
    assert client.printed("stdout") == "HI\n"
    assert client.printed("stderr") == "done\n"
    assert client.events("exited") == [{"exitCode": 0}]
    (report,) = client.events("foreframe/report")
    assert report["frames"] == report["framesRight"] == len(client.events("stopped"))
    assert report["values"] == report["valuesRight"] > 0
    assert report["firstDivergence"] is None
    told = client.printed("console")
    assert 'is EXECUTED beside its prediction, as "mode" is "check"' in told
    assert f"frames {report['frames']}/{report['frames']} right" in told


async def test_breakpoints_and_exceptions_stop_both(setting: Setting):
    line = marks(RAISES)["raises"]
    client = setting.client(tape(RAISES))
    await client.start(setting.write(RAISES), [{"line": line, "condition": "n == 5"}], mode="check")
    stopped = await client.event("stopped")
    assert (stopped["reason"], stopped["hitBreakpointIds"]) == ("breakpoint", [1])
    assert client.events("foreframe/comparison")[-1]["right"]
    stopped = await client.step("continue")
    assert stopped["reason"] == "exception"
    assert client.events("foreframe/comparison")[-1]["right"]
    info = await client.exceptionInfo(threadId=1)
    assert info["exceptionId"] == "ZeroDivisionError"
    await client.ask("continue", {"threadId": 1})
    await client.event("terminated")
    assert client.events("exited") == [{"exitCode": 1}]
    assert client.printed("stderr").count("ZeroDivisionError") == 1


async def test_a_breakpoint_that_is_set_while_the_program_runs_stops_it(setting: Setting):
    world = tape(SLEEPS.replace("while x", "while not x"), "f", "1")
    client = setting.client(world)
    program = setting.write(SLEEPS)
    await client.start(program, function="f", args="1", mode="check")
    await client.set_breakpoints(program, [marks(SLEEPS)["sleep"]])
    stopped = await client.event("stopped")
    assert stopped["reason"] == "breakpoint"
    assert await client.line() == marks(SLEEPS)["sleep"]


async def test_a_program_that_runs_is_paused(setting: Setting):
    client = setting.client(tape(SLEEPS.replace("while x", "while not x"), "f", "1"))
    await client.start(setting.write(SLEEPS), function="f", args="1", mode="check")
    await client.until(lambda: client.printed() or None)
    await client.pause(threadId=1)
    stopped = await client.event("stopped")
    assert stopped["reason"] in ("pause", "step")
    assert (await scopes(client))["Real"]["n"] == "1"


async def test_stepping_back_shows_the_stops_that_were_and_runs_nothing(setting: Setting):
    client = setting.client(RuleWorld())
    await client.start(setting.write(WRONG), function="f", args="2", mode="check", stopOnEntry=True)
    await client.event("stopped")
    seen = []
    for _ in range(3):
        await client.step("next")
        seen.append((await client.line(), await scopes(client)))
    for line, values in reversed(seen[:-1]):
        await client.step("stepBack")
        assert (await client.line(), await scopes(client)) == (line, values)
    await client.step("next")
    assert (await client.line(), await scopes(client)) == seen[1]


@pytest.mark.parametrize("number", range(5))
async def test_a_program_that_is_killed_leaves_a_session_that_goes_on(setting: Setting, number):
    client = setting.client(RuleWorld())
    await client.start(
        setting.write(SOURCE), function="f", args="2", mode="check", stopOnEntry=True
    )
    await client.event("stopped")
    for _ in range(number):
        await client.step("stepIn")
    os.kill(setting.pid(), signal.SIGKILL)
    stopped = await client.step("stepIn")
    if stopped.get("description") != "The real program is lost":  # it was killed too late for that
        stopped = await client.step("stepIn")
    assert stopped["description"] == "The real program is lost"
    assert "killed by SIGKILL (error 2430)" in stopped["text"]
    await client.step("continue")
    await client.ask("continue", {"threadId": 1})
    await client.event("terminated")
    (report,) = client.events("foreframe/report")
    assert "SIGKILL" in report["lost"]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"resync": "sometimes"}, 2010, '"free"'),
        ({"python": "/no/such/python"}, 2401, '"python"'),
        ({"cwd": "/no/such/folder"}, 2401, '"cwd"'),
    ],
)
async def test_a_check_that_cannot_be_launched_says_why(setting: Setting, options, code, said):
    client = setting.client(RuleWorld())
    with pytest.raises(Failed) as failed:
        await client.start(setting.write(SOURCE), function="f", args="2", mode="check", **options)
    assert failed.value.code == code
    assert said in str(failed.value)


async def test_a_program_with_a_hole_cannot_be_checked(setting: Setting):
    source = SOURCE.replace("return total", "return ??")
    client = setting.client(RuleWorld())
    with pytest.raises(Failed) as failed:
        await client.start(setting.write(source), function="f", args="2", mode="check")
    assert failed.value.code == 2401
    assert "fill it first" in str(failed.value)


async def test_data_breakpoints_are_refused_as_the_real_debugger_has_none(setting: Setting):
    client = setting.client(RuleWorld())
    await client.start(
        setting.write(SOURCE), function="f", args="2", mode="check", stopOnEntry=True
    )
    await client.event("stopped")
    frame = (await client.stack())[0]["id"]
    data = (await client.dataBreakpointInfo(name="n", frameId=frame))["dataId"]
    (told,) = (await client.setDataBreakpoints(breakpoints=[{"dataId": data}]))["breakpoints"]
    assert not told["verified"]
    assert "check mode" in told["message"]


async def test_a_chosen_call_is_stepped_into_by_both(setting: Setting):
    client = setting.client(RuleWorld())
    await client.start(
        setting.write(SOURCE), function="f", args="2", mode="check", stopOnEntry=True
    )
    await client.event("stopped")
    for _ in range(2):
        await client.step("next")
    frame = (await client.stack())[0]["id"]
    (target,) = (await client.stepInTargets(frameId=frame))["targets"]
    await client.ask("stepIn", {"threadId": 1, "targetId": target["id"]})
    stopped = await client.event("stopped")
    assert stopped["reason"] == "step"
    assert await client.line() == LINES["add_first"]
    assert client.events("foreframe/comparison")[-1]["right"]
    await client.step("stepOut")
    assert await client.line() == LINES["call"]


async def test_free_goes_on_from_the_last_prediction(setting: Setting):
    client = setting.client(RuleWorld())
    await client.start(
        setting.write(WRONG), function="f", args="2", mode="check", resync="free", stopOnEntry=True
    )
    await client.event("stopped")
    stopped = await client.step("continue")
    assert stopped["description"] == "At the end"
    assert stopped["text"].startswith("its value predicted as 3, really 0")
    found = await scopes(client)
    assert found["Real"]["(return) f"] == "0   ≠ predicted 3"
    report = await client.ask("foreframe/report")
    assert report["framesRight"] < report["frames"]
