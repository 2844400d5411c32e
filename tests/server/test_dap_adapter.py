"""The adapter without a transport: every message is checked against the protocol's schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from dap_client import Failed, in_process
from tape import TapeWorld, marks, record

from foreframe.dap import progress
from foreframe_models.engines.base import EngineUnreachable

SOURCE = """\
from dataclasses import dataclass

@dataclass
class Point:
    x: int
    y: list

def area(point):

    # a comment
    size = point.x * len(point.y)  # @area_first
    return size  # @area_return

def f(n):
    points = {"a": Point(n, [1, 2])}  # @f_first
    big = list(range(250))  # @big
    size = area(points["a"])  # @call
    print("size is", area(points["a"]))  # @print
    if n > 5:
        raise ValueError("too large")  # @raise
    return size  # @f_return

text = "x" * 1500  # @text
result = f(2)  # @module_call
"""
MARKS = marks(SOURCE)


class Setting:
    """A program on disk, its tape, and a client of an adapter."""

    def __init__(self, path: Path, function: str | None, args: str) -> None:
        self.path = str(path)
        path.write_text(SOURCE)
        self.world = TapeWorld(record(SOURCE, function, args))
        self.engines: list[tuple[str, int | None]] = []
        self.client, self.adapter = in_process(self.open_world)
        self.launch = {"function": function, "args": args} if function else {}

    def write(self, content: bytes) -> None:
        Path(self.path).write_bytes(content)

    def open_world(self, engine: str, max_frames: int | None) -> TapeWorld:
        self.engines.append((engine, max_frames))
        return self.world

    async def start(self, *breakpoints: object, **options: object) -> dict[str, object]:
        await self.client.start(self.path, breakpoints, **self.launch, **options)
        return await self.client.event("stopped")


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


async def test_variables_come_in_pages_and_open_lazily(call: Setting):
    client = call.client
    await call.start(MARKS["call"])
    by_name = {v["name"]: v for v in await client.local_variables()}
    big, points = by_name["big"], by_name["points"]
    assert (big["indexedVariables"], points["namedVariables"]) == (250, 1)
    reference = big["variablesReference"]
    page = await client.variables(
        variablesReference=reference, filter="indexed", start=100, count=3
    )
    assert [(v["name"], v["value"]) for v in page["variables"]] == [
        ("100", "100"),
        ("101", "101"),
        ("102", "102"),
    ]
    assert page["variables"][0]["evaluateName"] == "big[100]"
    named = await client.variables(variablesReference=reference, filter="named")
    assert named["variables"] == []
    page = await client.variables(variablesReference=points["variablesReference"])
    (point,) = page["variables"]
    assert (point["name"], point["evaluateName"]) == ("'a'", "points['a']")
    page = await client.variables(variablesReference=point["variablesReference"])
    assert [(v["name"], v["value"]) for v in page["variables"]] == [("x", "2"), ("y", "[1, 2]")]
    assert page["variables"][1]["evaluateName"] == "points['a'].y"


async def test_every_value_says_where_it_comes_from(call: Setting):
    client = call.client
    await call.start(MARKS["call"])
    by_name = {v["name"]: v for v in await client.local_variables()}
    assert by_name["points"]["type"] == "dict, predicted 87%"
    assert by_name["points"]["foreframe"] == {"provenance": "predicted", "confidence": 0.87}
    assert by_name["points"]["presentationHint"]["attributes"] == ["predicted"]
    body = await client.evaluate(expression="big[0] + 1", context="watch")
    assert (body["result"], body["type"]) == ("1", "int, predicted 87%")


async def test_a_long_value_is_shown_in_part_and_copied_whole(module: Setting):
    client = module.client
    await module.start(MARKS["module_call"])
    shown = (await client.locals())["text"]
    assert shown.endswith("… (1,502 characters)")
    assert len(shown) < 1100
    assert await client.value("text", "clipboard") == repr("x" * 1500)


async def test_a_stop_that_was_left_is_stale(call: Setting):
    client = call.client
    await call.start(stopOnEntry=True)
    frame = (await client.stack())[0]["id"]
    scope = (await client.scopes(frameId=frame))["scopes"][0]["variablesReference"]
    await client.step("next")
    for command, arguments in (
        ("scopes", {"frameId": frame}),
        ("variables", {"variablesReference": scope}),
        ("evaluate", {"expression": "n", "frameId": frame}),
    ):
        with pytest.raises(Failed) as failed:
            await client.ask(command, arguments)
        assert failed.value.code == 2103


async def test_the_stack_is_given_in_parts(call: Setting):
    client = call.client
    await call.start(MARKS["area_first"])
    whole = await client.stackTrace(threadId=1)
    assert whole["totalFrames"] == 2
    part = await client.stackTrace(threadId=1, startFrame=1, levels=1)
    assert part["totalFrames"] == 2
    assert part["stackFrames"] == whole["stackFrames"][1:]
    assert (await client.stackTrace(threadId=1, startFrame=5))["stackFrames"] == []


async def test_evaluate_knows_refuses_and_explains(call: Setting):
    client = call.client
    await call.start(MARKS["area_return"])
    frames = await client.stack()
    assert await client.value("point.x * 2") == "4"
    body = await client.evaluate(expression="points['a'].y", frameId=frames[1]["id"])
    assert body["result"] == "[1, 2]"
    assert body["indexedVariables"] == 2
    for expression, code in (
        ("points", 2203),
        ("size +", 2201),
        ("open('x')", 2202),
        ("1/0", 2204),
    ):
        with pytest.raises(Failed) as failed:
            await client.value(expression)
        assert failed.value.code == code
        assert not failed.value.error["showUser"]


async def test_completions_know_names_attributes_and_keys(call: Setting):
    client = call.client
    await call.start(MARKS["call"])
    frame = (await client.stack())[0]["id"]

    async def labels(text: str) -> list[str]:
        body = await client.completions(text=text, column=len(text) + 1, frameId=frame)
        return [t["label"] for t in body["targets"]]

    assert await labels("1 + po") == ["points"]
    assert set(await labels("")) == {"n", "points", "big"}
    assert await labels("points['a'].") == ["x", "y"]
    assert "'a'" in await labels("points[")
    assert "count" in await labels("big.co")
    assert await labels("nothing.") == []
    body = await client.completions(text="😀 po", column=6, frameId=frame)
    (target,) = body["targets"]
    assert (target["label"], target["start"], target["length"]) == ("points", 4, 2)


async def test_sources_are_given(call: Setting):
    client = call.client
    await call.start(stopOnEntry=True)
    (source,) = (await client.loadedSources())["sources"]
    assert source == {"name": "program.py", "path": call.path}
    assert (await client.ask("source", {"source": source, "sourceReference": 0}))[
        "content"
    ] == SOURCE
    with pytest.raises(Failed):
        await client.ask("source", {"source": {"path": "/etc/passwd"}, "sourceReference": 0})


async def test_lines_and_columns_count_from_zero_if_the_client_does(call: Setting):
    client = call.client
    await client.initialize(adapterID="x", linesStartAt1=False, columnsStartAt1=False)
    await client.launch(program=call.path, **call.launch)
    (told,) = await client.set_breakpoints(call.path, [MARKS["call"] - 1])
    assert told["line"] == MARKS["call"] - 1
    await client.configurationDone()
    await client.event("stopped")
    frame = (await client.stack())[0]
    assert (frame["line"], frame["column"]) == (MARKS["call"] - 1, 0)
    body = await client.completions(text="po", column=2, frameId=frame["id"])
    assert body["targets"][0]["start"] == 0


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
