"""The MCP server: its tools and resources, over stdio or HTTP, in front of a client of the API."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractAsyncContextManager, closing
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp_types import CallToolResult, InputRequiredResult, TextContent
from pydantic import ValidationError

from foreframe import __version__
from foreframe.client import Client
from foreframe.client.client import complaints
from foreframe.errors import BadArguments, ForeframeError
from foreframe.mcp.program_tools import ProgramTools
from foreframe.mcp.session_tools import SessionTools

INSTRUCTIONS = """\
Foreframe is a debugger whose program runs in a model's head: it predicts each line and each local
variable of Python code. Nothing is executed, unless a tool says EXECUTE.

- For one answer use predict_call; to look around use start_session, then step, go_back,
  set_variable; end_session when done.
- Every value says where it comes from: given, predicted (with a confidence), observed, edited or
  unknown. Predictions can be wrong, more so the longer the trace; below 90 % doubt them, and never
  report a predicted value as a fact.
- Arguments and values are Python literals as text.
"""


class Server(MCPServer[Any]):
    """Tells errors of ours with their number, and refuses arguments that it does not know."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        try:
            await self._check_names(name, arguments)
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError):
                return refusal(BadArguments(complaints(cause)))
            if isinstance(cause, ForeframeError):
                return refusal(cause)
            raise
        except ForeframeError as error:
            return refusal(error)

    async def _check_names(self, name: str, arguments: dict[str, Any]) -> None:
        """Raises BadArguments for an argument that the tool does not have."""
        for tool in await self.list_tools():
            if tool.name == name:
                known = tool.input_schema.get("properties", {})
                if unknown := [each for each in arguments if each not in known]:
                    raise BadArguments(
                        f"{name} takes no {', '.join(map(repr, unknown))}: it takes "
                        f"{', '.join(known) or 'nothing'}"
                    )


def refusal(error: ForeframeError) -> CallToolResult:
    """An error as a tool's result, which the agent reads."""
    return CallToolResult(
        content=[TextContent(type="text", text=f"error {error.code}: {error}")], is_error=True
    )


def make_server(client: Client, *, allows_run: bool) -> Server:
    """The server with all that it offers. `allows_run`: also what executes programs."""
    server = Server(
        "foreframe",
        title="Foreframe",
        instructions=INSTRUCTIONS,
        version=__version__,
        log_level="WARNING",
    )
    SessionTools(client).add_to(server)
    ProgramTools(client).add_to(server, allows_run=allows_run)
    add_resources(server, client)
    return server


def add_resources(server: Server, client: Client) -> None:
    """What there is to read of a session."""

    @server.resource(
        "foreframe://sessions/{session}/timeline",
        mime_type="application/json",
        description="The steps and branches of a session, with all that is known of each",
    )
    async def timeline(session: str) -> str:
        try:
            view = await (await client.find_session(session)).timeline()
        except ForeframeError as error:
            raise ResourceError(f"error {error.code}: {error}") from error
        return view.model_dump_json()

    @server.resource(
        "foreframe://sessions/{session}/trace",
        mime_type="text/plain",
        description="A session's predicted trace, in the text format of Meta's Code World Model",
    )
    async def trace(session: str) -> str:
        try:
            return (await (await client.find_session(session)).export("cwm")).decode()
        except ForeframeError as error:
            raise ResourceError(f"error {error.code}: {error}") from error


def run(
    opened: AbstractAsyncContextManager[Client],
    port: int | None = None,
    *,
    allows_run: bool | None = None,
) -> None:
    """Serves one agent on stdin and stdout, or any number on a loopback port, until they are done.

    `opened` gives the client of the server that does the work, and closes it. `allows_run`: whether
    that server executes programs; it is asked if that is not known. Raises BadOption.
    """
    asyncio.run(_run(opened, port, allows_run))


async def _run(
    opened: AbstractAsyncContextManager[Client], port: int | None, allows_run: bool | None
) -> None:
    async with opened as client:
        if allows_run is None:
            allows_run = (await client.health()).allows_run
        server = make_server(client, allows_run=allows_run)
        if port is None:
            await server.run_stdio_async()
        else:
            await _listen(server, port)


async def _listen(server: Server, port: int) -> None:
    """Serves HTTP on a loopback port; other names for it than its own are refused by the SDK."""
    import uvicorn

    from foreframe.web.running import address, listen
    from foreframe.web.settings import ServeSettings

    with closing(listen(ServeSettings(port=port))) as listening:
        app = server.streamable_http_app(host="127.0.0.1")
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        print(f"foreframe mcp: listening on {address(listening)}/mcp", file=sys.stderr, flush=True)
        await uvicorn.Server(config).serve([listening])
