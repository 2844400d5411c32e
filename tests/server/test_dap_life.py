"""Launching, restarting, pausing and ending through the adapter, and what goes wrong there."""

from __future__ import annotations

from pathlib import Path

import pytest
from dap_client import Failed, in_process
from dap_setting import MARKS, SOURCE, Setting
from tape import TapeWorld

from foreframe.dap import progress
from foreframe_models.engines.base import EngineUnreachable


@pytest.fixture
def call(tmp_path: Path) -> Setting:
    return Setting(tmp_path / "program.py", "f", "2")


@pytest.fixture
def module(tmp_path: Path) -> Setting:
    return Setting(tmp_path / "program.py", None, "")


async def test_restart_starts_over_with_the_file_as_it_is_now(call: Setting):
    client = call.client
    await call.start(MARKS["print"])
    first = call.world
    call.world = TapeWorld(first.frames)
    await client.restart(arguments={"program": call.path, **call.launch, "stopOnEntry": True})
    stopped = await client.event("stopped")
    assert (stopped["reason"], await client.line()) == ("entry", MARKS["f_first"])
    assert first.is_closed
    await client.step("continue")
    assert await client.line() == MARKS["print"]


async def test_a_restart_that_fails_leaves_the_session_as_it_was(call: Setting):
    client = call.client
    await call.start(MARKS["print"])
    call.write(b"def f(:\n")
    with pytest.raises(Failed) as failed:
        await client.ask("restart", {})
    assert failed.value.code == 2003
    assert await client.line() == MARKS["print"]
    assert (await client.step("next"))["reason"] == "step"


async def test_terminate_ends_the_session_and_disconnect_the_conversation(call: Setting):
    client = call.client
    await call.start(stopOnEntry=True)
    await client.terminate()
    await client.event("terminated")
    with pytest.raises(Failed) as failed:
        await client.ask("next", {"threadId": 1})
    assert failed.value.code == 2101
    await client.disconnect()
    assert call.adapter.is_closed
    await call.adapter.close()
    assert call.world.is_closed


async def test_nothing_to_look_at_while_it_is_predicted_and_pause_stops(call: Setting):
    client, world = call.client, call.world
    await call.start(stopOnEntry=True)
    world.hold = 5
    await client.ask("continue", {"threadId": 1})
    await world.is_held.wait()
    with pytest.raises(Failed) as failed:
        await client.stack()
    assert failed.value.code == 2102
    assert (await client.threads())["threads"] == [{"id": 1, "name": "predicted"}]
    (told,) = await client.set_breakpoints(call.path, [MARKS["f_return"]])
    assert told["verified"]
    stopped = await client.step("pause")
    assert stopped["reason"] == "pause"
    world.go.set()
    await client.step("continue")
    assert await client.line() == MARKS["f_return"]


async def test_a_long_prediction_shows_progress_and_can_be_cancelled(
    call: Setting, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(progress, "DELAY", 0.0)
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    client, world = call.client, call.world
    world.hold = 6
    await client.initialize(adapterID="x", supportsProgressReporting=True)
    await client.launch(program=call.path, **call.launch)
    await client.configurationDone()
    start = await client.event("progressStart")
    assert start["cancellable"]
    await client.cancel(progressId=start["progressId"])
    assert (await client.event("stopped"))["reason"] == "pause"
    assert [e["progressId"] for e in client.events("progressEnd")] == [start["progressId"]]
    with pytest.raises(Failed):
        await client.cancel(progressId=start["progressId"])
    await client.cancel(requestId=1)


async def test_a_quick_prediction_shows_no_progress(call: Setting):
    client = call.client
    await client.initialize(adapterID="x", supportsProgressReporting=True)
    await client.launch(program=call.path, **call.launch)
    await client.configurationDone()
    await client.event("stopped")
    assert client.events("progressStart") == []


async def test_an_engine_that_is_down_is_told_and_the_next_try_works(call: Setting):
    client = call.client
    call.world.failures[1] = EngineUnreachable("nothing answers at http://h:1")
    stopped = await call.start(stopOnEntry=True)
    assert (stopped["reason"], stopped["description"]) == ("pause", "Prediction failed")
    assert "nothing answers" in stopped["text"]
    assert await client.locals() == {"n": "2"}
    (told,) = [e for e in client.events("output") if e["category"] == "important"]
    assert "1001" in told["output"]
    await client.step("next")
    assert await client.line() == MARKS["f_first"]


async def test_the_engine_and_the_limit_of_frames_are_passed_on(call: Setting):
    await call.start(engine="http://h:1", maxFrames=7)
    assert call.engines == [("http://h:1", 7)]


async def test_a_list_of_json_values_is_a_list_of_arguments(call: Setting):
    call.launch = {"function": "f", "args": [2]}
    await call.start(stopOnEntry=True)
    assert await call.client.locals() == {"n": "2"}


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"program": "/no/such/file.py"}, 2001, "no such file"),
        ({"program": "/"}, 2001, "directory"),
        ({"function": "ff"}, 2004, "ff"),
        ({"function": "f", "args": "n"}, 2004, "literal"),
        ({"function": "f", "args": "1, 2, 3"}, 2004, "too many"),
        ({"function": "f", "args": ""}, 2004, "missing"),
        ({"args": "1"}, 2004, "function"),
        ({"mode": "dream"}, 2006, "dream"),
        ({"mode": "dream"}, 2006, "imagine"),
        ({"mode": "dream"}, 2006, "live"),
        ({"maxFrames": -1}, 2302, "maxFrames"),
        ({"program": None}, 2302, "program"),
        ({"stopOnEntry": "yes"}, 2302, "stopOnEntry"),
    ],
)
async def test_a_launch_that_cannot_be_says_why(call: Setting, options, code, said):
    from foreframe_models.world_model import WorldModel

    call.open_world = None  # type: ignore[assignment,method-assign]
    client, _ = in_process(lambda engine, frames: WorldModel(None))  # type: ignore[arg-type]
    await client.initialize(adapterID="x")
    with pytest.raises(Failed) as failed:
        await client.ask("launch", {"program": call.path, **options})
    assert failed.value.code == code
    assert said in failed.value.error["format"]
    assert failed.value.error["showUser"]


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"x = 1\ndef f(:\n    pass\n", 2003, ":2:"),
        (b"x = '\xff'\n", 2002, "UTF-8"),
        (b"", 2005, "empty"),
        (b"\n  \n", 2005, "empty"),
    ],
)
async def test_a_file_that_cannot_be_read_says_where(call: Setting, content, code, said):
    call.write(content)
    await call.client.initialize(adapterID="x")
    with pytest.raises(Failed) as failed:
        await call.client.launch(program=call.path)
    assert failed.value.code == code
    assert said in failed.value.error["format"]
    call.write(SOURCE.encode())
    await call.client.launch(program=call.path, **call.launch)


async def test_an_unknown_engine_is_the_persons_mistake(call: Setting):
    from foreframe.dap.launch import open_model

    client, _ = in_process(open_model)
    await client.initialize(adapterID="x")
    with pytest.raises(Failed) as failed:
        await client.launch(program=call.path, engine="gpt")
    assert failed.value.code == 2010


URL_PATHS = {"pathFormat": "url"}
BAD_REQUESTS: list[tuple[object, int]] = [
    ({"type": "request", "seq": 5, "command": "fly"}, 2301),
    ({"type": "request", "seq": 5, "command": "__init__"}, 2301),
    ({"type": "request", "seq": 5, "command": ""}, 2301),
    ({"type": "request", "seq": 5, "command": "readMemory", "arguments": {}}, 2301),
    ({"type": "request", "seq": 5, "command": 3}, 2303),
    ({"type": "request", "seq": 5}, 2303),
    ({"type": "wish", "seq": 5, "command": "next"}, 2303),
    ({"type": "request", "seq": 5, "command": "next", "arguments": [1]}, 2302),
    ({"type": "request", "seq": 5, "command": "next", "arguments": {"threadId": "1"}}, 2302),
    ({"type": "request", "seq": 5, "command": "next", "arguments": {"threadId": 1}}, 2101),
    ({"type": "request", "seq": 5, "command": "stackTrace", "arguments": {"threadId": 1}}, 2101),
    ({"type": "request", "seq": 5, "command": "attach", "arguments": {}}, 2402),
    (
        {"type": "request", "seq": 5, "command": "initialize", "arguments": {"pathFormat": "url"}},
        2302,
    ),
]


@pytest.mark.parametrize(("message", "code"), BAD_REQUESTS)
async def test_a_request_that_cannot_be_is_answered_with_an_error(message, code):
    client, adapter = in_process(lambda engine, frames: TapeWorld([]))
    adapter.receive(message)
    response = await client.response(5)
    assert not response["success"]
    assert response["body"]["error"]["id"] == code


@pytest.mark.parametrize(
    "message",
    [{}, {"type": "request", "seq": "5", "command": "next"}, {"type": "response", "seq": 1}],
)
async def test_a_message_without_a_number_is_told_to_the_person(message):
    client, adapter = in_process(lambda engine, frames: TapeWorld([]))
    adapter.receive(message)
    assert len(client.events("output")) == 1


async def test_a_fault_in_a_handler_is_answered(call: Setting, monkeypatch: pytest.MonkeyPatch):
    await call.start(stopOnEntry=True)

    def broken(self: object, *args: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("foreframe.dap.variables.Variables.scopes", broken)
    frame = (await call.client.stack())[0]["id"]
    with pytest.raises(Failed) as failed:
        await call.client.scopes(frameId=frame)
    assert failed.value.code == 2900
    assert (await call.client.step("next"))["reason"] == "step"
