"""The Debug Adapter Protocol on one side, a session on the other: translates, decides nothing.

Three requests that are not in the protocol go backward, where it has only `stepBack` (over calls)
and `reverseContinue`:

`foreframe/reverseStepIn` goes to the line before, into a call at the last line that it came to;
`foreframe/reverseStepOut`, to the line that called the function that is shown. Like `stepBack`.

`foreframe/setDirection` `{direction}` → `{direction}`: with `"backward"`, `next`, `stepIn`,
`stepOut` and `continue` go backward, until it is `"forward"` again or a program is launched.
"""

from __future__ import annotations

from asyncio import get_running_loop, to_thread
from collections.abc import Mapping
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, cast

from foreframe.dap.ahead_requests import AheadRequests
from foreframe.dap.breakpoint_requests import BreakpointRequests
from foreframe.dap.breakpoints import Placement
from foreframe.dap.check_room import CheckRoom
from foreframe.dap.conversation import Body, Conversation, Raw, Send
from foreframe.dap.current import Current
from foreframe.dap.edit_requests import EditRequests
from foreframe.dap.inspection import THREAD, Inspection
from foreframe.dap.launch import Launch, OpenWorld, launch, look_ahead_tokens, open_model, warm_up
from foreframe.dap.live_door import LiveDoor
from foreframe.dap.progress import Progress
from foreframe.dap.search_requests import SearchRequests
from foreframe.dap.telling import TellingRequests
from foreframe.dap.timeline_requests import TimelineRequests
from foreframe.errors import BadArguments, OnlyForward
from foreframe.parties import Output
from foreframe.session import Session
from foreframe.stopping import Place
from foreframe.timeline import Stop
from foreframe_protocol import dap
from foreframe_protocol.states import Action, Direction

if TYPE_CHECKING:
    from foreframe.memory.keeper import Keeper
    from foreframe_protocol import dap_arguments as asked

CATEGORIES = {
    "stdout": "stdout",
    "stderr": "stderr",
    "log": "console",
    "limit": "console",
    "note": "console",
    "error": "important",
}
TITLES = {
    Action.STEP_OVER: "Predicting the next line",
    Action.STEP_INTO: "Predicting the step",
    Action.STEP_OUT: "Predicting the return",
    Action.RUN_TO: "Predicting until a breakpoint",
}


class Adapter(Conversation):
    """Serves one client, and one session after the other. Listens to the session."""

    def __init__(self, send: Send, open_world: OpenWorld, engine: str = "auto") -> None:
        super().__init__(send)
        self._open_world, self._engine = open_world, engine
        self._is_configured = False
        self._direction = Direction.FORWARD  # of steps that do not say which
        self._current = Current()
        self._inspection = Inspection(self._current)
        self._check = CheckRoom(self._current, self.event)
        self._breakpoints = BreakpointRequests(self._current, self._inspection, self._check.changed)
        edits = EditRequests(self._current, self._inspection, self._changed, self.event)
        self._targets = TimelineRequests(self._current, self._inspection)
        search = SearchRequests(self._current, self._inspection)
        telling = TellingRequests(self._current)
        self._door = LiveDoor(self, open_world, engine, self.on_launch)
        self.rooms = (
            self._door, self, self._breakpoints, self._inspection, self._check, edits,
            self._targets, search, telling, AheadRequests(self._current, self._inspection),
        )  # fmt: skip
        self._refreshes = False  # the client, when it is told that something has changed
        self._progress = Progress(self.event, self._frames_done)
        self._keeper: Keeper | None = None
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether the client has disconnected."""
        return self._is_closed or self._door.is_left

    async def close(self) -> None:
        """Ends the session and all that is still to be answered. Nothing is sent any more."""
        self._is_closed = True
        await self.finish()
        await self._door.close()
        await self._end_session()
        if self._current.launch is not None:
            await self._current.launch.world.close()
            self._current.launch = None

    # What a session tells

    def stopped(self, stop: Stop) -> None:
        """Sent as the last event of an action."""
        self._progress.end()
        self._inspection.variables.forget()
        body: dap.Stopped = {
            "reason": stop.reason.value,
            "threadId": THREAD,
            "allThreadsStopped": True,
        }
        if stop.description:
            body["description"] = stop.description
        if stop.text:
            body["text"] = stop.text
        if stop.breakpoints:
            body["hitBreakpointIds"] = list(stop.breakpoints)
        self._check.stopped(stop)
        self.event("stopped", cast(Mapping[str, object], body))

    def output(self, output: Output) -> None:
        """Predicted prints are marked as predicted; clients show them as a program's output."""
        body: dict[str, object] = {"category": CATEGORIES[output.kind], "output": output.text}
        if output.kind == "limit":
            body["output"] = f'{output.text}"maxFrames" in the launch configuration is the limit.\n'
        if output.kind == "note":
            body["output"] = f"foreframe: {output.text}"
        if output.kind in ("stdout", "stderr"):
            body["data"] = {"foreframe": "predicted"}
        if output.line is not None and self._current.launch is not None:
            body["source"] = self._current.launch.source
            body["line"] = self._current.line_out(output.line)
        self.event("output", body)

    def ended(self, exit_code: int) -> None:
        """The program has ended, as predicted."""
        self._progress.end()
        self._inspection.variables.forget()
        self._check.ended()
        self.event("exited", {"exitCode": exit_code})
        self.event("terminated", {})

    def _changed(self) -> None:
        """A value was set at a stop: other views of it are to be asked for again."""
        if self._refreshes:
            self.after_response(lambda: self.event("invalidated", {"areas": ["all"]}))

    def _respond(self, seq: int, command: str, body: Body) -> None:
        if self._current.live is not None and self._current.live.is_running:
            self.goes_on(THREAD)
        super()._respond(seq, command, body)

    # Life

    def on_initialize(self, arguments: Raw) -> Body:
        path_format = arguments.get("pathFormat", "path")
        if path_format != "path":
            raise BadArguments(f'the path format {path_format!r} is not supported: use "path"')
        self._current.first_line = 1 if arguments.get("linesStartAt1", True) else 0
        self._current.first_column = 1 if arguments.get("columnsStartAt1", True) else 0
        self._inspection.variables.with_types = bool(arguments.get("supportsVariableType"))
        self._refreshes = bool(arguments.get("supportsInvalidatedEvent"))
        self._progress.is_enabled = bool(arguments.get("supportsProgressReporting"))
        if self._open_world is open_model:  # nothing else needs what is imported
            warming = Thread(target=warm_up, args=(self._engine,), name="warm-up")
            self.after_response(warming.start)
        return dap.CAPABILITIES

    async def on_launch(self, arguments: asked.LaunchArguments) -> Body:
        if self._current.launch is not None:
            raise BadArguments("a program is launched already: use `restart`")
        placed = await self._begin(arguments)
        self.after_response(lambda: self._announce(placed))
        return None

    def _announce(self, placed: list[dap.Breakpoint]) -> None:
        """After the launch: the client may go on."""
        name = self._current.launched.source["name"]
        self.event("process", {"name": name, "isLocalProcess": True, "startMethod": "launch"})
        if self._current.session.lockstep is None:
            self.tell(f"{name} is predicted, output included: nothing is executed")
        else:
            self.tell(f'{name} is EXECUTED beside its prediction, as "mode" is "check"')
        if self._current.launched.end is not None:
            self.tell(self._current.launched.end.report())
        self._announce_breakpoints(placed)
        self.event("initialized", {})
        self._start_if_ready()

    def _announce_breakpoints(self, placed: list[dap.Breakpoint]) -> None:
        for breakpoint_ in placed:
            self.event("breakpoint", {"reason": "changed", "breakpoint": breakpoint_})

    async def _begin(self, arguments: asked.LaunchArguments) -> list[dap.Breakpoint]:
        """Puts a new session in the place of the one there is, if all is well with it.

        What was asked for before has its place then: those breakpoints are given back.
        """
        from foreframe.dap.keeping import resumed  # late, as what it imports is

        current = self._current
        launched = await launch(arguments, self._engine, self._open_world)
        with_module = arguments.function is None
        # In a thread: all functions of a large file are looked into.
        placement = await to_thread(Placement, launched.program, with_module=with_module)
        before = await to_thread(resumed, launched)
        real = await self._check.start(launched)
        await self._end_session()
        if current.launch is not None:
            await current.launch.world.close()
        current.launch, current.has_begun = launched, False
        self._direction = Direction.FORWARD
        self._keeper = self._keeper_for(launched)
        current.live = Session(
            launched.world,
            launched.program,
            launched.start,
            self,
            stops_at_end=not arguments.no_debug,
            look_ahead_tokens=look_ahead_tokens(arguments, self._engine),
            keep=None if self._keeper is None else self._keeper.follow,
            before=before,
        )
        if launched.end is not None:
            launched.end.place(current.live)
        self._check.begin(current.live, real)
        return self._breakpoints.place_all(placement)

    async def _end_session(self) -> None:
        session, self._current.live = self._current.live, None
        self._progress.end()
        if session is not None:
            await session.close()
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            await to_thread(keeper.close)

    def _keeper_for(self, launched: Launch) -> Keeper | None:
        """Who keeps the session on disk, if it is to be kept."""
        from foreframe.dap.keeping import keeper_for  # late, as what it imports is

        loop = get_running_loop()

        def tell(text: str) -> None:
            with suppress(RuntimeError):  # the loop has ended: nobody is there to be told
                loop.call_soon_threadsafe(self.tell, text, "important")

        return keeper_for(launched, self._engine, tell)

    def on_configuration_done(self, arguments: asked.NoArguments) -> Body:
        self._is_configured = True
        self.after_response(self._start_if_ready)
        return None

    def _start_if_ready(self) -> None:
        """Begins when the program is launched and the client has set its breakpoints."""
        current = self._current
        if self._is_configured and current.live is not None and not current.has_begun:
            current.has_begun = True
            self._progress.start("Predicting")
            arguments = current.launched.arguments
            if current.launched.end is not None:
                current.launched.end.begin(current.live)
                return
            current.live.begin(stop_on_entry=arguments.stop_on_entry and not arguments.no_debug)

    async def on_restart(self, arguments: asked.RestartArguments) -> Body:
        placed = await self._begin(arguments.arguments or self._current.launched.arguments)

        def announce() -> None:
            self._announce_breakpoints(placed)
            self._start_if_ready()

        self.after_response(announce)
        return None

    async def on_terminate(self, arguments: asked.NoArguments) -> Body:
        self._check.ended()
        await self._end_session()
        self.after_response(lambda: self.event("terminated", {}))
        return None

    def on_disconnect(self, arguments: asked.NoArguments) -> Body:
        self.after_response(self._disconnected)
        return None

    def _disconnected(self) -> None:
        self._is_closed = True

    def on_cancel(self, arguments: asked.CancelArguments) -> Body:
        if arguments.progress_id is not None:
            if not self._progress.is_shown(arguments.progress_id):
                raise BadArguments(f"no progress {arguments.progress_id!r} is under way")
            self._current.begun.pause()
        return None

    # Stepping

    def on_next(self, arguments: asked.ThreadArguments) -> Body:
        return self._step(Action.STEP_OVER)

    def on_step_in(self, arguments: asked.StepInArguments) -> Body:
        if arguments.target_id is None:
            return self._step(Action.STEP_INTO)
        if self._direction is Direction.BACKWARD:
            raise OnlyForward(
                "a call of the line can be chosen only forward: step in without a target, or set "
                "the direction to forward"
            )
        places = self._targets.places(arguments.target_id)
        return self._step(Action.STEP_OVER, Direction.FORWARD, places)

    def on_step_out(self, arguments: asked.ThreadArguments) -> Body:
        return self._step(Action.STEP_OUT)

    def on_continue(self, arguments: asked.ThreadArguments) -> Body:
        self._step(Action.RUN_TO)
        return {"allThreadsContinued": True}

    def on_step_back(self, arguments: asked.ThreadArguments) -> Body:
        return self._step(Action.STEP_OVER, Direction.BACKWARD)

    def on_reverse_continue(self, arguments: asked.ThreadArguments) -> Body:
        return self._step(Action.RUN_TO, Direction.BACKWARD)

    def own_reverse_step_in(self, arguments: asked.ThreadArguments) -> Body:
        return self._step(Action.STEP_INTO, Direction.BACKWARD)

    def own_reverse_step_out(self, arguments: asked.ThreadArguments) -> Body:
        return self._step(Action.STEP_OUT, Direction.BACKWARD)

    def own_set_direction(self, arguments: asked.DirectionArguments) -> Body:
        self._direction = Direction(arguments.direction)
        return {"direction": self._direction.value}

    def on_pause(self, arguments: asked.ThreadArguments) -> Body:
        self._current.begun.pause()
        return None

    def _step(
        self,
        action: Action,
        direction: Direction | None = None,
        places: frozenset[Place] = frozenset(),
    ) -> Body:
        direction = direction or self._direction
        session = self._current.begun
        session.step(action, direction, places=places)
        self._progress.start(TITLES[action] if direction is Direction.FORWARD else "Going back")
        return None

    def _frames_done(self) -> int:
        return 0 if self._current.live is None else self._current.live.frames_done
