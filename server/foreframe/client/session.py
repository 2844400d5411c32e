"""One session on a server: what can be done with it, and where it stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

import anyio

from foreframe.client.connection import Call, Connection, new_key
from foreframe.client.news import events
from foreframe.errors import ApiError, ClientError, NotStopped
from foreframe_protocol.api import (
    Act,
    ActionAnswer,
    BreakpointSpec,
    EndedEvent,
    EventView,
    Explanation,
    GoTo,
    HaltingView,
    LookAhead,
    Pause,
    RestartFrame,
    SearchTimeline,
    SessionView,
    SetBreakpoints,
    SetLine,
    SetVariable,
    StateView,
    Step,
    StoppedEvent,
    StopView,
    TimelineView,
    ValueView,
)
from foreframe_protocol.states import Action, Direction

if TYPE_CHECKING:
    from foreframe.client.socket import Socket

OnEvent = Callable[[EventView], Awaitable[None] | None]

PATIENCE = 20.0  # seconds that an action's request waits for its stop, before events are read
GLANCE = 0.5  # the same when someone wants to be told on the way
FAREWELL = 5.0  # seconds that a session's end, or a cancelled action's pause, may take


class Session:
    """A session that a server holds. `view` is what it last said of it."""

    def __init__(self, connection: Connection, view: SessionView) -> None:
        self._connection, self.view = connection, view

    @property
    def id(self) -> str:
        return self.view.id

    @property
    def stop(self) -> StopView:
        """Where it stands, or last stood. Raises NotStopped before the first stop."""
        if self.view.stop is None:
            raise NotStopped("the program is being predicted: there is no stop yet")
        return self.view.stop

    @property
    def state(self) -> StateView:
        """The stack at the stop. Raises NotStopped."""
        return self.stop.state

    @property
    def is_over(self) -> bool:
        """Whether the program has ended."""
        return self.view.status == "ended"

    async def step_over(self, *, on_event: OnEvent | None = None) -> StopView:
        """To the next line of this scope. Every step raises ApiError or ServerUnreachable."""
        return await self._step(Action.STEP_OVER, Direction.FORWARD, on_event)

    async def step_into(self, *, on_event: OnEvent | None = None) -> StopView:
        """To the next line, in a called function too."""
        return await self._step(Action.STEP_INTO, Direction.FORWARD, on_event)

    async def step_out(self, *, on_event: OnEvent | None = None) -> StopView:
        """To this scope's return."""
        return await self._step(Action.STEP_OUT, Direction.FORWARD, on_event)

    async def run(self, *, on_event: OnEvent | None = None) -> StopView:
        """To the next breakpoint, or to the end."""
        return await self._step(Action.RUN_TO, Direction.FORWARD, on_event)

    async def step_back(self, *, on_event: OnEvent | None = None) -> StopView:
        """To the line before, in this scope or its caller."""
        return await self._step(Action.STEP_OVER, Direction.BACKWARD, on_event)

    async def step_back_into(self, *, on_event: OnEvent | None = None) -> StopView:
        """To the line before, in a called function too."""
        return await self._step(Action.STEP_INTO, Direction.BACKWARD, on_event)

    async def step_back_out(self, *, on_event: OnEvent | None = None) -> StopView:
        """Back to the line of this scope's call."""
        return await self._step(Action.STEP_OUT, Direction.BACKWARD, on_event)

    async def run_back(self, *, on_event: OnEvent | None = None) -> StopView:
        """Back to the breakpoint before, or to the beginning."""
        return await self._step(Action.RUN_TO, Direction.BACKWARD, on_event)

    async def pause(self) -> ActionAnswer:
        """Ends the action under way; what it has predicted stays."""
        return await self.act(Pause())

    async def go_to(self, step: int, branch: int | None = None) -> StopView:
        """To the end of a step of the timeline."""
        await self.act(GoTo(step=step, branch=branch))
        return self.stop

    async def set_variable(
        self, name: str, value: str, *, scope: int | None = None, path: Sequence[int | str] = ()
    ) -> StopView:
        """A variable, or a part of it, to a literal's value: begins a branch."""
        await self.act(SetVariable(name=name, value=value, scope=scope, path=[*path]))
        return self.stop

    async def set_line(self, line: int) -> StopView:
        """Goes on at another line of the shown function: begins a branch."""
        await self.act(SetLine(line=line))
        return self.stop

    async def restart_frame(self, scope: int | None = None) -> StopView:
        """Back to the first line of an activation."""
        await self.act(RestartFrame(scope=scope))
        return self.stop

    async def search(self, wanted: SearchTimeline) -> bool:
        """Goes to the nearest place on known ground that is looked for, if there is one."""
        return bool((await self.act(wanted)).found)

    async def look_ahead(self, frames: int = 10) -> ActionAnswer:
        """What is likely to come (`ahead`), without going there."""
        return await self.act(LookAhead(frames=frames))

    async def set_breakpoints(self, breakpoints: Sequence[BreakpointSpec | int]) -> SessionView:
        """In place of all there are: lines, or lines with conditions."""
        specs = [
            BreakpointSpec.model_validate({"line": b}) if isinstance(b, int) else b
            for b in breakpoints
        ]
        return (await self.act(SetBreakpoints(breakpoints=specs))).session

    async def act(self, action: Act, *, on_event: OnEvent | None = None) -> ActionAnswer:
        """Does something, and returns when it is done, however long that takes.

        `on_event` is told what happens on the way. When this is cancelled, the session is paused.
        """
        wait = PATIENCE if on_event is None else GLANCE
        call = Call("POST", self._path("/actions"), action, {"wait": wait}, key=new_key())
        try:
            answer = await self._connection.ask(call, ActionAnswer)
            self.view = answer.session
            if self.view.status == "running" and not isinstance(action, Pause):
                await self.settle(on_event=on_event)
                answer = answer.model_copy(update={"session": self.view})
        except asyncio.CancelledError:
            with anyio.move_on_after(FAREWELL, shield=True), suppress(ClientError):
                if not isinstance(action, Pause):
                    await self._connection.ask(
                        Call("POST", self._path("/actions"), Pause(), key=new_key()), ActionAnswer
                    )
            raise
        return answer

    async def settle(self, *, on_event: OnEvent | None = None) -> SessionView:
        """Waits until no action is under way."""
        while self.view.status == "running":
            async with aclosing(self.events(self.view.sequence)) as happening:
                async for event in happening:
                    if on_event is not None:
                        done = on_event(event)
                        if done is not None:
                            await done
                    if isinstance(event, StoppedEvent | EndedEvent):
                        break
            await self.refresh()
        return self.view

    async def refresh(self) -> SessionView:
        """Asks the server where the session stands."""
        self.view = await self._connection.ask(Call("GET", self._path()), SessionView)
        return self.view

    def events(self, after: int = 0) -> AsyncGenerator[EventView, None]:
        """What happens, from the event after number `after` on (0: from the beginning), each once.

        Goes on after a lost connection; ends with the session. Close it (`contextlib.aclosing`)
        when it is left before.
        """
        return events(self._connection, quote(self.id, safe=""), after)

    @asynccontextmanager
    async def socket(self, after: int | None = None) -> AsyncIterator[Socket]:
        """Actions and events over one WebSocket; events from after the view's on if not said."""
        from foreframe.client.socket import Socket

        last = self.view.sequence if after is None else after
        socket = Socket(self._connection, quote(self.id, safe=""), last)
        try:
            yield await socket.open()
        finally:
            with anyio.CancelScope(shield=True):
                await socket.close()

    async def timeline(self, start: int = 0, count: int | None = None) -> TimelineView:
        """Its steps from number `start` on, at most `count`, and all branches."""
        query = {"start": start} | ({} if count is None else {"count": count})
        return await self._connection.ask(
            Call("GET", self._path("/timeline"), query=query), TimelineView
        )

    async def evaluate(self, expression: str, scope: int | None = None) -> ValueView:
        """An expression's value from what is predicted; nothing is executed for it."""
        query: dict[str, str | int | float] = {"expression": expression}
        if scope is not None:
            query["scope"] = scope
        return await self._connection.ask(
            Call("GET", self._path("/evaluate"), query=query), ValueView
        )

    async def explain(
        self, detail: Literal["steps", "changes", "calls"] | None = None
    ) -> Explanation:
        """What has happened until here, in sentences."""
        query = {} if detail is None else {"detail": detail}
        return await self._connection.ask(
            Call("GET", self._path("/explain"), query=query), Explanation
        )

    async def halts(self) -> HaltingView:
        """Whether it ends, going on from here."""
        return await self._connection.ask(Call("GET", self._path("/halts")), HaltingView)

    async def export(self, form: Literal["jsonl", "cwm", "perfetto"] = "jsonl") -> bytes:
        """The timeline as a file."""
        return await self._connection.fetch(
            Call("GET", self._path("/export"), query={"form": form})
        )

    async def delete(self) -> None:
        """Ends the session on the server, which forgets what it kept of it."""
        await self._connection.tell(Call("DELETE", self._path()))

    async def leave(self) -> None:
        """The same when it no longer matters whether the server hears of it."""
        with anyio.move_on_after(FAREWELL, shield=True), suppress(ClientError, ApiError):
            await self.delete()

    async def _step(
        self, action: Action, direction: Direction, on_event: OnEvent | None
    ) -> StopView:
        await self.act(Step(action=action, direction=direction), on_event=on_event)
        return self.stop

    def _path(self, rest: str = "") -> str:
        return f"/sessions/{quote(self.id, safe='')}{rest}"
