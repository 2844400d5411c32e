"""The adapter without a transport: every message is checked against the protocol's schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from dap_client import Failed
from dap_setting import MARKS, Setting


@pytest.fixture
def call(tmp_path: Path) -> Setting:
    return Setting(tmp_path / "program.py", "f", "2")


@pytest.fixture
def module(tmp_path: Path) -> Setting:
    return Setting(tmp_path / "program.py", None, "")


async def test_a_function_is_stepped_through(call: Setting):
    client = call.client
    stopped = await call.start(stopOnEntry=True)
    assert stopped["reason"] == "entry"
    assert await client.line() == MARKS["f_first"]
    assert await client.locals() == {"n": "2"}
    await client.step("next")
    assert await client.locals() == {"n": "2", "points": "{'a': Point(x=2, y=[1, 2])}"}
    await client.step("next")
    await client.step("stepIn")
    assert [f["name"] for f in await client.stack()] == ["area", "f"]
    stopped = await client.step("stepOut")
    assert stopped["reason"] == "step"
    assert (await client.locals())["(return) area"] == "4"
    assert await client.line() == MARKS["call"]
    stopped = await client.step("continue")
    assert stopped["description"] == "At the end"
    assert (await client.locals())["(return) f"] == "4"
    await client.ask("continue", {"threadId": 1})
    assert (await client.event("exited"))["exitCode"] == 0
    await client.event("terminated")
    assert client.printed() == "size is 4\n"


async def test_a_module_is_stepped_through_and_shows_its_globals(module: Setting):
    client = module.client
    await module.start(MARKS["area_return"])
    stack = await client.stack()
    assert [f["name"] for f in stack] == ["area", "f", "<module>"]
    scopes = (await client.scopes(frameId=stack[0]["id"]))["scopes"]
    assert [s["name"] for s in scopes] == ["Locals", "Expression", "Globals"]
    page = await client.variables(variablesReference=scopes[2]["variablesReference"])
    assert [v["name"] for v in page["variables"]] == ["text"]
    assert await client.value("len(text) + size") == "1504"
    scopes = (await client.scopes(frameId=stack[2]["id"]))["scopes"]
    assert [s["name"] for s in scopes] == ["Locals"]


async def test_the_response_comes_before_its_events(call: Setting):
    await call.start(stopOnEntry=True)
    for command in ("next", "stepIn", "continue"):
        await call.client.step(command)
    kinds = [m.get("event") or m["command"] for m in call.client.log]
    for index, kind in enumerate(kinds):
        if kind == "stopped":
            before = [k for k in kinds[:index] if k not in ("output", "stopped")]
            assert before[-1] not in ("event", "stopped")
    assert kinds.index("launch") < kinds.index("initialized") < kinds.index("configurationDone")


async def test_breakpoints_move_to_code_and_say_so(call: Setting):
    await call.start(stopOnEntry=True)
    below = MARKS["area_first"] - 2
    wanted = [below, MARKS["call"], 9999]
    moved, stays, none = await call.client.set_breakpoints(call.path, wanted)
    assert (moved["line"], moved["verified"]) == (MARKS["area_first"], True)
    assert f"line {below}" in moved["message"]
    assert (stays["line"], stays["verified"], "message" in stays) == (MARKS["call"], True, False)
    assert (none["verified"], none["line"]) == (False, 9999)


async def test_breakpoints_keep_their_numbers(call: Setting):
    await call.start(stopOnEntry=True)
    first = await call.client.set_breakpoints(call.path, [MARKS["call"], MARKS["big"]])
    second = await call.client.set_breakpoints(call.path, [MARKS["print"], MARKS["big"]])
    assert second[1]["id"] == first[1]["id"]
    assert second[0]["id"] not in {b["id"] for b in first}
    stopped = await call.client.step("continue")
    assert stopped["hitBreakpointIds"] == [first[1]["id"]]


async def test_breakpoints_set_before_the_launch_take_their_place_after_it(call: Setting):
    client = call.client
    await client.initialize(adapterID="foreframe")
    (early,) = await client.set_breakpoints(call.path, [MARKS["area_first"] - 1])
    assert not early["verified"]
    await client.launch(program=call.path, **call.launch)
    changed = await client.event("breakpoint")
    assert changed["breakpoint"]["id"] == early["id"]
    assert changed["breakpoint"]["verified"]
    assert changed["breakpoint"]["line"] == MARKS["area_first"]
    await client.configurationDone()
    assert (await client.event("stopped"))["hitBreakpointIds"] == [early["id"]]


async def test_breakpoints_in_another_file_are_not_verified(call: Setting):
    await call.start(stopOnEntry=True)
    (other,) = await call.client.set_breakpoints("/elsewhere/other.py", [3])
    assert not other["verified"]
    assert "program.py" in other["message"]
    assert (await call.client.step("continue"))["description"] == "At the end"


async def test_conditions_hits_and_logs_are_judged_on_predicted_values(call: Setting):
    client = call.client
    await call.start(
        {"line": MARKS["area_return"], "condition": "size > 99"},
        {"line": MARKS["area_return"], "hitCondition": "2", "condition": "size == 4"},
        {"line": MARKS["area_first"], "logMessage": "x is {point.x}"},
    )
    assert await client.line() == MARKS["area_return"]
    assert (await client.stack())[1]["line"] == MARKS["print"]
    logs = [e for e in client.events("output") if "x is" in e["output"]]
    assert [e["output"] for e in logs] == ["x is 2\n", "x is 2\n"]
    assert logs[0]["line"] == MARKS["area_first"]


@pytest.mark.parametrize(
    ("field", "text"),
    [("condition", "size >"), ("hitCondition", "often"), ("logMessage", "{size +}")],
)
async def test_a_breakpoint_that_cannot_be_read_is_not_verified(call: Setting, field, text):
    await call.start(stopOnEntry=True)
    (bad,) = await call.client.set_breakpoints(call.path, [{"line": MARKS["call"], field: text}])
    assert not bad["verified"]
    assert text.strip("{}") in bad["message"]


async def test_function_breakpoints_stop_on_the_first_line(call: Setting):
    client = call.client
    await call.start(stopOnEntry=True)
    body = await client.setFunctionBreakpoints(breakpoints=[{"name": "area"}, {"name": "nope"}])
    good, bad = body["breakpoints"]
    assert (good["verified"], good["line"]) == (True, MARKS["area_first"])
    assert (bad["verified"], "nope" in bad["message"]) == (False, True)
    stopped = await client.step("continue")
    assert (stopped["reason"], stopped["hitBreakpointIds"]) == ("function breakpoint", [good["id"]])
    assert await client.line() == MARKS["area_first"]


async def test_an_exception_stops_and_is_explained(tmp_path: Path):
    setting = Setting(tmp_path / "program.py", "f", "6")
    client = setting.client
    stopped = await setting.start()
    assert (stopped["reason"], stopped["text"]) == ("exception", "ValueError: too large")
    assert await client.line() == MARKS["raise"]
    info = await client.exceptionInfo(threadId=1)
    assert (info["exceptionId"], info["breakMode"]) == ("ValueError", "unhandled")
    assert info["details"]["message"] == "too large"
    assert f"line {MARKS['raise']}, in f" in info["details"]["stackTrace"]
    assert (await client.locals())["(exception)"] == "ValueError: too large"
    await client.ask("continue", {"threadId": 1})
    assert (await client.event("exited"))["exitCode"] == 1
    assert client.printed("stderr") == "ValueError: too large\n"


async def test_without_debugging_it_only_prints_and_ends(call: Setting):
    client = call.client
    await client.initialize(adapterID="x")
    await client.launch(program=call.path, noDebug=True, stopOnEntry=True, **call.launch)
    await client.configurationDone()
    await client.event("terminated")
    assert client.printed() == "size is 4\n"
    assert client.events("stopped") == []


async def test_the_exception_is_explained_at_the_end_too(tmp_path: Path):
    setting = Setting(tmp_path / "program.py", "f", "6")
    client = setting.client
    await setting.start(stopOnEntry=True)
    await client.setExceptionBreakpoints(filters=[])
    stopped = await client.step("continue")
    assert stopped["reason"] == "exception"
    assert (await client.exceptionInfo(threadId=1))["exceptionId"] == "ValueError"
    await client.step("stepBack")
    with pytest.raises(Failed, match="no exception"):
        await client.exceptionInfo(threadId=1)


async def test_exception_filters_can_be_chosen(tmp_path: Path):
    setting = Setting(tmp_path / "program.py", "f", "6")
    client = setting.client
    await setting.start(stopOnEntry=True)
    await client.setExceptionBreakpoints(
        filters=[], filterOptions=[{"filterId": "raised", "condition": "n == 6"}]
    )
    stopped = await client.step("continue")
    assert (stopped["reason"], await client.line()) == ("exception", MARKS["raise"])
    with pytest.raises(Failed, match="no caught"):
        await client.setExceptionBreakpoints(filters=["caught"])
    with pytest.raises(Failed, match="not a valid expression"):
        await client.setExceptionBreakpoints(
            filters=[], filterOptions=[{"filterId": "raised", "condition": "n =="}]
        )


async def test_breakpoint_locations_are_the_lines_with_code(call: Setting):
    await call.start(stopOnEntry=True)
    source = {"path": call.path}
    last = MARKS["area_return"]
    body = await call.client.breakpointLocations(source=source, line=1, endLine=last)
    assert [b["line"] for b in body["breakpoints"]] == [MARKS["area_first"], last]
