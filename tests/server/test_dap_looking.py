"""What the adapter shows at a stop: variables, stack, evaluation, completions, sources."""

from __future__ import annotations

from pathlib import Path

import pytest
from dap_client import Failed
from dap_setting import MARKS, SOURCE, Setting


@pytest.fixture
def call(tmp_path: Path) -> Setting:
    return Setting(tmp_path / "program.py", "f", "2")


@pytest.fixture
def module(tmp_path: Path) -> Setting:
    return Setting(tmp_path / "program.py", None, "")


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
