"""What tools are given, and the form of what they give back."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import BaseModel, Field

from foreframe.client import News
from foreframe_protocol.api import EventView, RunningEvent

Ctx = Context[Any, Any]

# Texts are plain `str` with "" for "not given": the SDK reads JSON out of texts for any other
# type, and a program or a literal may be JSON.
Source = Annotated[str, Field(description="Python source text; or give `file`")]
File = Annotated[
    str, Field(description="path of a Python file, inside a folder that Foreframe was started with")
]
Function = Annotated[
    str, Field(description="qualified name of the function to call; without it the module runs")
]
Args = Annotated[
    str, Field(description="its arguments as Python literals, as in a call: \"'abc', [1], k=2\"")
]
MaxFrames = Annotated[
    int, Field(ge=1, le=100_000, description="cut the predicted trace off after so many frames")
]
SessionId = Annotated[str, Field(description="what start_session gave")]
TraceLines = Annotated[int, Field(ge=2, le=1000, description="lines of the trace to show")]

LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
MOVES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
EXECUTES = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=True)


def told(body: BaseModel, text: str) -> CallToolResult:
    """An answer for machines and one to read, of the same things."""
    return CallToolResult(
        content=[TextContent(type="text", text=text)],
        structured_content=body.model_dump(mode="json"),
    )


def program(source: str, file: str, function: str, args: str, max_frames: int) -> dict[str, Any]:
    """The fields of a request that say what is run. What is wrong with them the request says."""
    fields: dict[str, Any] = {"max_frames": max_frames, "args": args}
    given = {"source": source, "file": file, "function": function}
    return fields | {name: value for name, value in given.items() if value}


def call_name(file: str, function: str, args: str) -> str:
    """What is run, in a few characters."""
    shown = args if len(args) <= 60 else f"{args[:57]}..."
    return f"{function}({shown})" if function else (file or "the module")


class Progress:
    """Passes on how far something has come, to a client that wants to know."""

    def __init__(self, ctx: Ctx) -> None:
        self._ctx, self._told = ctx, 0

    async def event(self, event: EventView) -> None:
        """Of a session's action."""
        if isinstance(event, RunningEvent):
            await self._tell(event.frames_done, f"{event.frames_done} frames predicted")

    async def news(self, news: News) -> None:
        """Of a request that streams: `frames` or `done`, where it says so."""
        done = news.data.get("frames", news.data.get("done"))
        count = done if isinstance(done, int) else self._told + 1
        await self._tell(count, f"{news.kind} {count}")

    async def _tell(self, done: int, message: str) -> None:
        if done > self._told:  # it only ever grows
            self._told = done
            await self._ctx.report_progress(done, None, message)
