"""The tools of `foreframe mcp`, asked in this process; the model is a tape."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import CallToolResult
from tape import TapeWorld, record

from foreframe.client import Client as ApiClient
from foreframe.client import ServerUnreachable
from foreframe.client.in_process import in_process
from foreframe.mcp.server import make_server
from foreframe.web.settings import ServeSettings
from foreframe_protocol.states import Frame

SOURCE = """\
def total(numbers):
    result = 0
    for number in numbers:
        result += number
    return result
"""
CALL = {"source": SOURCE, "function": "total", "args": "[1, 2, 3]"}
FRAMES = record(SOURCE, "total", "[1, 2, 3]")


class Agent:
    """Calls tools, and reads what they say."""

    def __init__(self, client: Client) -> None:
        self.client, self.text = client, ""

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """What a tool gives, which went well."""
        result = await self.client.call_tool(tool, arguments)
        self.text = said(result)
        assert not result.is_error, self.text
        assert isinstance(result.structured_content, dict)
        return result.structured_content

    async def fail(self, tool: str, **arguments: Any) -> str:
        """What a tool says that cannot do it."""
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error, said(result)
        return said(result)


def said(result: CallToolResult) -> str:
    return "\n".join(getattr(part, "text", "") for part in result.content)


@asynccontextmanager
async def agent_of(
    frames: list[Frame] = FRAMES, *, allows_run: bool = False, folder: Path | None = None
) -> AsyncIterator[Agent]:
    settings = ServeSettings(
        keeps=False,
        engine="tape",
        allows_run=allows_run,
        folders=() if folder is None else (folder,),
    )

    def open_world(engine: str, max_frames: int | None) -> TapeWorld:
        return TapeWorld(frames, max_frames=max_frames or 1000)

    async with (
        in_process(settings, open_world=open_world) as api,
        Client(make_server(api, allows_run=allows_run)) as client,
    ):
        yield Agent(client)


async def test_every_tool_says_what_it_does_and_what_it_takes() -> None:
    async with agent_of() as agent:
        tools = (await agent.client.list_tools()).tools
        assert {tool.name for tool in tools} >= {
            "start_session", "step", "go_back", "go_to_step", "set_variable", "set_line",
            "get_state", "timeline", "look_ahead", "search", "evaluate", "end_session",
            "predict_call", "guess_inputs", "fill_holes", "does_it_end", "explain", "about",
        }  # fmt: skip
        for tool in tools:
            assert len(tool.description or "") > 20, tool.name
            assert tool.output_schema is not None, tool.name
            assert tool.annotations is not None, tool.name
        instructions = agent.client.instructions or ""
        assert "Nothing is executed" in instructions


async def test_what_executes_is_offered_only_where_it_is_allowed() -> None:
    async with agent_of() as agent:
        assert "compare" not in {tool.name for tool in (await agent.client.list_tools()).tools}
        async with agent_of(FRAMES, allows_run=True) as other:
            told = await other.call("compare", **CALL)
            assert (told["right"], told["total"], told["executed"]) == (
                len(FRAMES), len(FRAMES), True,
            )  # fmt: skip
            assert "really run" in other.text
            (tool,) = [t for t in (await other.client.list_tools()).tools if t.name == "compare"]
            assert tool.annotations is not None
            assert not tool.annotations.read_only_hint
        assert "2603" in await agent.fail("start_session", **CALL, check=True)


async def test_an_agent_steps_forward_and_back_edits_and_ends() -> None:
    async with agent_of() as agent:
        told = await agent.call("start_session", **CALL)
        session = told["session"]
        assert (told["function"], told["line"], told["source"]) == ("total", 2, "result = 0")
        told = await agent.call("step", session=session, times=3)
        assert told["line"] == 3
        assert told["locals"]["result"] == {
            "text": "1", "provenance": "predicted", "confidence": 0.87, "cut": False,
        }  # fmt: skip
        assert "result = 1 [predicted 87%, unsure] (changed)" in agent.text
        assert "nothing was executed" in agent.text
        told = await agent.call("go_back", session=session)
        assert (told["line"], told["changed"]) == (4, ["result"])
        told = await agent.call("set_variable", session=session, name="result", value="40")
        assert told["locals"]["result"]["provenance"] == "edited"
        assert told["branches"] == 2
        told = await agent.call("timeline", session=session)
        assert [step["action"] for step in told["steps"]][-1] == "edit"
        assert told["steps"][-1]["change"] == "result = 40"
        told = await agent.call("go_to_step", session=session, step=1)
        assert told["branch"] == 0
        told = await agent.call("evaluate", session=session, expression="len(numbers) + 1")
        assert told["text"] == "4"
        assert [s["session"] for s in (await agent.call("list_sessions"))["sessions"]] == [session]
        await agent.call("end_session", session=session)
        assert "2601" in await agent.fail("get_state", session=session)


async def test_a_run_ends_at_its_return_and_then_the_program_is_over() -> None:
    async with agent_of() as agent:
        session = (await agent.call("start_session", **CALL))["session"]
        told = await agent.call("step", session=session, way="run")
        assert (told["event"], told["value"]["text"]) == ("return", "6")
        assert "returns 6" in agent.text
        told = await agent.call("step", session=session, times=9)
        assert (told["status"], told["exit_code"]) == ("ended", 0)
        assert "error 21" in await agent.fail("step", session=session)


async def test_a_session_is_searched_looked_ahead_in_and_stopped_by_breakpoints() -> None:
    async with agent_of() as agent:
        told = await agent.call("start_session", **CALL, breakpoints=[4], stop_on_entry=False)
        session = told["session"]
        assert told["line"] == 4
        ahead = await agent.call("look_ahead", session=session, frames=3)
        assert ahead["frames"] == 3
        assert "total:3" in ahead["trace"][0]
        points = [{"line": 4, "condition": "result > 2"}, {"line": 99}]
        told = await agent.call("set_breakpoints", session=session, breakpoints=points)
        assert "breakpoint at line 4\nnot placed" in told["note"]
        told = await agent.call("step", session=session, way="run")
        assert told["locals"]["result"]["text"] == "3"
        told = await agent.call("search", session=session, wanted="change", name="result")
        assert "result: 1 → 3" in told["note"]
        told = await agent.call("search", session=session, wanted="exception")
        assert "not found" in told["note"]
        told = await agent.call("set_line", session=session, line=5)
        assert told["line"] == 5
        told = await agent.call("restart_frame", session=session)
        assert told["line"] == 2


async def test_a_whole_call_is_predicted_at_once() -> None:
    async with agent_of() as agent:
        told = await agent.call("predict_call", **CALL, trace_lines=4)
        assert (told["outcome"], told["value"]["text"]) == ("returns", "6")
        assert (told["least_confidence"], told["end"], told["executed"]) == (
            0.87,
            "finished",
            False,
        )
        assert len(told["trace"]) == 4
        assert "frames ..." in told["trace"][2]
        assert agent.text.startswith("total([1, 2, 3]) returns 6 [predicted 87%, unsure]")


async def test_an_exception_that_leaves_the_call_is_what_it_raises() -> None:
    source = "def f(n):\n    if n:\n        raise KeyError(n)\n"
    async with agent_of(record(source, "f", "1")) as agent:
        told = await agent.call("predict_call", source=source, function="f", args="1")
    assert told["outcome"] == "raises"
    assert told["value"]["text"].startswith("KeyError")


async def test_a_call_that_is_cut_off_has_no_outcome() -> None:
    async with agent_of() as agent:
        told = await agent.call("predict_call", **CALL, max_frames=5)
        assert (told["outcome"], told["value"]) == ("unknown", None)
        assert "not known" in agent.text


async def test_a_run_is_explained_and_judged_with_a_session_and_without() -> None:
    async with agent_of() as agent:
        told = await agent.call("explain", **CALL)
        assert "total is called with numbers=[1, 2, 3]" in told["text"]
        assert (await agent.call("does_it_end", **CALL))["answer"] == "ends"
        session = (await agent.call("start_session", **CALL))["session"]
        await agent.call("step", session=session, way="run")
        assert (await agent.call("explain", session=session))["sentences"]
        assert (await agent.call("does_it_end", session=session))["answer"] == "ends"
        assert "2302" in await agent.fail("explain", session=session, **CALL)


async def test_a_file_is_read_only_inside_the_folders_that_were_named(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out.py"
    inside.mkdir()
    (inside / "total.py").write_text(SOURCE)
    outside.write_text(SOURCE)
    async with agent_of(FRAMES, folder=inside) as agent:
        called = {"function": "total", "args": "[1, 2, 3]"}
        told = await agent.call("predict_call", file="total.py", **called)
        assert told["value"]["text"] == "6"
        assert "2604" in await agent.fail("predict_call", file=str(outside), **called)


MISTAKES: list[tuple[str, dict[str, Any], str]] = [
    ("step", {"session": "x", "direction": "left"}, "takes no 'direction'"),
    ("step", {"session": "x", "way": "sideways"}, "way:"),
    ("step", {"session": "x", "times": 0}, "times:"),
    ("step", {}, "session:"),
    ("step", {"session": "../health"}, "error 26"),
    ("start_session", {}, "`source` or `file`"),
    ("start_session", {"source": "def f(:"}, "error 2003"),
    ("start_session", {"source": "a" * 1_000_001}, "source:"),
    ("predict_call", {"source": SOURCE, "max_frames": 0}, "max_frames:"),
    ("guess_inputs", {"source": SOURCE, "function": "total"}, "error 2"),
    ("fill_holes", {"source": "x = 1\n"}, "error 2"),
]


async def test_what_cannot_be_done_is_said_with_a_number_and_leaves_all_else_working() -> None:
    async with agent_of() as agent:
        for tool, arguments, expected in MISTAKES:
            text = await agent.fail(tool, **arguments)
            assert text.startswith("error 2"), text
            assert expected in text
        assert (await agent.call("about"))["ok"]


async def test_a_program_that_happens_to_be_json_stays_a_program() -> None:
    async with agent_of(record("[1, 2]")) as agent:
        for source in ("[1, 2]", "12", '{"a": 1}', '"text"'):
            told = await agent.call("start_session", source=source)
            assert told["source"] == source


async def test_a_value_that_happens_to_be_json_stays_a_literal() -> None:
    async with agent_of() as agent:
        session = (await agent.call("start_session", **CALL))["session"]
        told = await agent.call("set_variable", session=session, name="numbers", value="[4, 5]")
        assert told["locals"]["numbers"]["text"] == "[4, 5]"


async def test_a_session_can_be_read_as_a_timeline_and_as_a_models_text() -> None:
    async with agent_of() as agent:
        session = (await agent.call("start_session", **CALL))["session"]
        timeline = await agent.client.read_resource(f"foreframe://sessions/{session}/timeline")
        assert json.loads(getattr(timeline.contents[0], "text", ""))["total"] == 2
        trace = await agent.client.read_resource(f"foreframe://sessions/{session}/trace")
        text = getattr(trace.contents[0], "text", "")
        assert "<|frame_sep|>" in text
        told = await agent.call("compare_traces", predicted=text, real=text)
        assert told["right"] == told["total"] > 0
        assert not told["differences"]
        with pytest.raises(MCPError, match="2601"):
            await agent.client.read_resource("foreframe://sessions/nope/trace")


async def test_a_server_that_has_gone_is_an_error_of_the_tool_and_not_the_end() -> None:
    async with ApiClient("http://127.0.0.1:1") as api:
        with pytest.raises(ServerUnreachable):
            await api.health()
        async with Client(make_server(api, allows_run=False)) as client:
            agent = Agent(client)
            assert "error 2651" in await agent.fail("predict_call", **CALL)
            assert "foreframe serve" in await agent.fail("about")
