"""Tools that step through a program: a session is begun, moved, edited, looked at and ended."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult
from pydantic import Field

from foreframe.client import Client
from foreframe.client.client import new_session
from foreframe.client.session import Session
from foreframe.mcp.parameters import (
    LOOKS,
    MOVES,
    Args,
    Ctx,
    File,
    Function,
    MaxFrames,
    Progress,
    SessionId,
    Source,
    program,
    told,
)
from foreframe.mcp.session_told import (
    AheadTold,
    SessionsTold,
    StopTold,
    TimelineTold,
    sessions_told,
    stop_told,
    timeline_told,
)
from foreframe.mcp.told import ValueTold, least_confidence, value_told
from foreframe.mcp.words import NOT_EXECUTED, stop_text, timeline_text, trace_lines, value_text
from foreframe_protocol.api import (
    BreakpointSpec,
    GoTo,
    LookAhead,
    RestartFrame,
    SearchTimeline,
    SetBreakpoints,
    SetLine,
    SetVariable,
    Step,
)
from foreframe_protocol.states import Action, Direction

Way = Literal["over", "into", "out", "run"]
WAYS = {
    "over": Action.STEP_OVER,
    "into": Action.STEP_INTO,
    "out": Action.STEP_OUT,
    "run": Action.RUN_TO,
}
Times = Annotated[int, Field(ge=1, le=200, description="how often; ends early at the end")]
Stopped = Annotated[CallToolResult, StopTold]


class SessionTools:
    """What can be done with sessions."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def add_to(self, server: MCPServer) -> None:
        for move in (
            self.start_session,
            self.step,
            self.go_back,
            self.go_to_step,
            self.set_variable,
            self.set_line,
            self.restart_frame,
            self.set_breakpoints,
            self.search,
            self.end_session,
        ):
            server.add_tool(move, annotations=MOVES)
        for look in (
            self.get_state,
            self.timeline,
            self.look_ahead,
            self.evaluate,
            self.list_sessions,
        ):
            server.add_tool(look, annotations=LOOKS)

    async def start_session(
        self,
        ctx: Ctx,
        source: Source = "",
        file: File = "",
        function: Function = "",
        args: Args = "",
        breakpoints: Annotated[list[int], Field(description="lines to stop at")] = [],  # noqa: B006
        stop_on_entry: Annotated[
            bool, Field(description="stop at the first line; else at a breakpoint, or the end")
        ] = True,
        returned: Annotated[
            str, Field(description="begin at the END, where it returned this literal, and go back")
        ] = "",
        raised: Annotated[
            str, Field(description="the same, for \"KeyError: 'a'\" or a class alone")
        ] = "",
        check: Annotated[
            bool,
            Field(description="EXECUTE the program beside the prediction; only if it is allowed"),
        ] = False,
        max_frames: MaxFrames = 1000,
    ) -> Stopped:
        """Begin to debug a Python program that is predicted by a model and not executed.

        Works on code that is incomplete, costly or dangerous to run. Gives the first stop with all
        local variables; go on with step, go_back, set_variable and the rest, then end_session.
        """
        given: dict[str, Any] = {"returned": returned, "raised": raised}
        asked = new_session(
            **program(source, file, function, args, max_frames),
            mode="check" if check else "imagine",
            stop_on_entry=stop_on_entry,
            breakpoints=[BreakpointSpec.model_validate({"line": line}) for line in breakpoints],
            **{name: value for name, value in given.items() if value},
        )
        session = await self._client.create_session(asked)
        try:
            await session.settle(on_event=Progress(ctx).event)
        except BaseException:
            await session.leave()  # nobody has heard of it
            raise
        return stop_of(session)

    async def step(
        self, ctx: Ctx, session: SessionId, way: Way = "over", times: Times = 1
    ) -> Stopped:
        """Go forward and see the predicted state: over a line, into calls, out of the function, or
        run to the next breakpoint or the end. Values are predictions with a confidence."""
        return await self._step(ctx, session, way, times, Direction.FORWARD)

    async def go_back(
        self, ctx: Ctx, session: SessionId, way: Way = "over", times: Times = 1
    ) -> Stopped:
        """Go backward in time: over the line before, into a call from its return, out to the call
        of this function, or run back to a breakpoint or the beginning. What was visited is shown as
        it was; before that the past is predicted, and the note says so."""
        return await self._step(ctx, session, way, times, Direction.BACKWARD)

    async def go_to_step(
        self,
        session: SessionId,
        step: Annotated[int, Field(ge=0, description="its number, as timeline gives it")],
        branch: Annotated[
            int | None, Field(ge=0, description="go on there; the step's own if not given")
        ] = None,
    ) -> Stopped:
        """Go to a step of the timeline, on any branch."""
        found = await self._client.find_session(session)
        await found.act(GoTo(step=step, branch=branch))
        return stop_of(found)

    async def set_variable(
        self,
        session: SessionId,
        name: Annotated[str, Field(description="a variable that is shown")],
        value: Annotated[str, Field(description='a Python literal: "[1, 2]", "\'a\'", "None"')],
        scope: Annotated[
            int | None,
            Field(ge=0, description="of the stack, 0 outermost; the shown one if not given"),
        ] = None,
        path: Annotated[
            list[int | str], Field(description="keys and indexes, to set only a part of it")
        ] = [],  # noqa: B006
    ) -> Stopped:
        """Change a variable here and see another future: what follows is predicted from the new
        value on a new branch; the old one stays."""
        found = await self._client.find_session(session)
        await found.act(SetVariable(name=name, value=value, scope=scope, path=path))
        return stop_of(found)

    async def set_line(self, session: SessionId, line: Annotated[int, Field(ge=1)]) -> Stopped:
        """Go on at another line of the same function; what is between does not happen."""
        found = await self._client.find_session(session)
        await found.act(SetLine(line=line))
        return stop_of(found)

    async def restart_frame(
        self,
        session: SessionId,
        scope: Annotated[int | None, Field(ge=0, description="of the stack, 0 outermost")] = None,
    ) -> Stopped:
        """Go back to the first line of a function on the stack."""
        found = await self._client.find_session(session)
        await found.act(RestartFrame(scope=scope))
        return stop_of(found)

    async def set_breakpoints(
        self,
        session: SessionId,
        breakpoints: Annotated[
            list[BreakpointSpec],
            Field(description='as [{"line": 7, "condition": "n > 3"}], in place of all there are'),
        ],
    ) -> Stopped:
        """Set the breakpoints; conditions are judged on predicted values, nothing is executed."""
        found = await self._client.find_session(session)
        await found.act(SetBreakpoints(breakpoints=breakpoints))
        answer = stop_of(found)
        placed = [
            f"breakpoint at line {point.line}" if point.verified else f"not placed: {point.message}"
            for point in found.view.breakpoints
        ]
        return with_note(answer, "\n".join(placed))

    async def search(
        self,
        session: SessionId,
        wanted: Literal["breakpoint", "condition", "change", "exception", "line"],
        direction: Direction = Direction.BACKWARD,
        condition: Annotated[str, Field(description='for "condition": as "total > 10"')] = "",
        name: Annotated[str, Field(description='for "change": the variable')] = "",
        line: Annotated[int | None, Field(ge=1, description='for "line"')] = None,
    ) -> Stopped:
        """Find a place among the steps already predicted, and go there: where a condition first
        holds, where a variable got its value, where an exception was raised."""
        found = await self._client.find_session(session)
        asked = SearchTimeline(
            wanted=wanted,
            direction=direction,
            condition=condition or None,
            name=name or None,
            line=line,
        )
        answer = await found.act(asked)
        return with_note(stop_of(found), answer.text)

    async def get_state(self, session: SessionId) -> Stopped:
        """Where a session stands: the line, all local variables, the stack."""
        return stop_of(await self._client.find_session(session))

    async def timeline(
        self,
        session: SessionId,
        start: Annotated[int, Field(ge=0, description="the first step to list")] = 0,
        count: Annotated[int, Field(ge=1, le=1000)] = 50,
    ) -> Annotated[CallToolResult, TimelineTold]:
        """List the steps of a session and what changed at each, over all branches."""
        found = await self._client.find_session(session)
        answer = timeline_told(session, await found.timeline(start, count))
        return told(answer, timeline_text(answer))

    async def look_ahead(
        self, session: SessionId, frames: Annotated[int, Field(ge=1, le=200)] = 10
    ) -> Annotated[CallToolResult, AheadTold]:
        """See what is likely to come, without going there."""
        found = await self._client.find_session(session)
        ahead = (await found.act(LookAhead(frames=frames))).ahead
        answer = AheadTold(
            session=session,
            trace=trace_lines(ahead),
            frames=len(ahead),
            least_confidence=least_confidence(ahead),
        )
        return told(answer, "\n".join([*answer.trace, NOT_EXECUTED]))

    async def evaluate(
        self,
        session: SessionId,
        expression: Annotated[str, Field(description='Python, as "len(words) + 1"')],
        scope: Annotated[int | None, Field(ge=0, description="of the stack, 0 outermost")] = None,
    ) -> Annotated[CallToolResult, ValueTold]:
        """Compute an expression from the values at this stop, by an evaluator that runs no code and
        refuses calls that would."""
        found = await self._client.find_session(session)
        answer = value_told(await found.evaluate(expression, scope))
        return told(answer, f"{expression} = {value_text(answer)}")

    async def list_sessions(self) -> Annotated[CallToolResult, SessionsTold]:
        """List the sessions that are open."""
        answer = sessions_told(await self._client.sessions())
        lines = [f"{s.session}  {s.call}  {s.status}, {s.steps} steps" for s in answer.sessions]
        return told(answer, "\n".join(lines) or "no sessions")

    async def end_session(self, session: SessionId) -> str:
        """End a session and forget its steps."""
        found = await self._client.find_session(session)
        await found.delete()
        return f"session {session} has ended"

    async def _step(
        self, ctx: Ctx, session: str, way: Way, times: int, direction: Direction
    ) -> CallToolResult:
        found, progress = await self._client.find_session(session), Progress(ctx)
        action = Step(action=WAYS[way], direction=direction)
        for _ in range(times):
            before = found.view.cursor
            await found.act(action, on_event=progress.event)
            if found.is_over or found.view.cursor == before:
                break  # at the end, at the beginning, or it has failed: the note says so
        return stop_of(found)


def stop_of(session: Session) -> CallToolResult:
    """Where a session stands, told."""
    answer = stop_told(session.view)
    return told(answer, stop_text(answer))


def with_note(answer: CallToolResult, note: str) -> CallToolResult:
    """The same, with something to be known besides."""
    told_before = StopTold.model_validate(answer.structured_content)
    body = told_before.model_copy(update={"note": note})
    return told(body, stop_text(body))
