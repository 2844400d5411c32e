"""Live mode: the real session leads, as with debugpy alone; looking ahead and back runs nothing.

What debugpy can do is passed on to it, and nothing else. Besides, in no protocol:

`foreframe/lookAhead` `{frames?, line?}` → `{frames, end, message}` shows the predicted future, so
many stops ahead (1) or at a line, from the real state. `stepBack` and `reverseContinue` go back:
from there to the real stop, to the stops before that were seen, then into a predicted past.
`foreframe/backToReal` returns to the real stop, as any step forward does.

While something imagined is shown, a label on the stack says so. `stopped` events then have the
reason `goto`; the event `foreframe/imagined` `{position, sight}` comes before each.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from foreframe.dap.conversation import Body, Conversation, Raw, number
from foreframe.dap.variables import Variables, shown_stack, value_text
from foreframe.debuggee import Debuggee
from foreframe.errors import CannotSet, DebuggeeError, ForeframeError, NotStopped, SessionEnded
from foreframe.expressions import evaluate
from foreframe.imagination import Imagination, Place, Sight
from foreframe.observation import Observation
from foreframe.parties import WorldModel
from foreframe.stopping import names_of
from foreframe_models.engines.base import EngineError
from foreframe_protocol.states import Action, Value

if TYPE_CHECKING:
    from foreframe_protocol import dap_arguments as asked

OWN = 1 << 30  # our references and frames are above, debugpy's below
BANNER = -1  # the index of the label on the stack
MAX_SEEN = 1000  # stops that can be gone back to
EVENTS = frozenset(("breakpoint", "continued", "loadedSource", "module", "process", "thread"))
OURS: dict[str, object] = {
    "supportsStepBack": True,
    "supportsCancelRequest": True,
    # Announced before it was known that this session is a real one; debugpy has none of it.
    "supportsBreakpointLocationsRequest": False,
    "supportsDataBreakpoints": False,
    "supportsExceptionFilterOptions": False,
    "supportsLoadedSourcesRequest": False,
    "supportsRestartFrame": False,
    "supportsRestartRequest": False,
}
TITLES = {
    Sight.REAL: "Back at the real stop",
    Sight.OBSERVED: "Seen before",
    Sight.PREDICTED: "Imagined",
}


def passed(command: str) -> Callable[[Live, Raw], Coroutine[None, None, Body]]:
    """A request that is debugpy's to answer."""

    async def ask(self: Live, arguments: Raw) -> Body:
        return await self.debuggee.request(command, arguments) or None

    return ask


class Live:
    """Answers one client for one real program. Listens to the debuggee."""

    def __init__(self, conversation: Conversation, open_world: Callable[[], WorldModel]) -> None:
        self._conversation, self._open_world = conversation, open_world
        self.debuggee: Debuggee
        self.variables = Variables(OWN)
        self.is_disconnected = False
        self._stops_on_entry = self._only_runs = False
        self._terminates = False
        self._seen: deque[Observation] = deque(maxlen=MAX_SEEN)
        self._real: Observation | None = None  # where the program stands, if it does
        self._imagination: Imagination | None = None
        self._world: WorldModel | None = None
        self._thinking: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None

    # Life

    def begin(self, debuggee: Debuggee, *, stop_on_entry: bool, only_runs: bool) -> None:
        """Announces what can be done; the program runs when the client has set its breakpoints.

        `only_runs`: without debugging, breakpoints do not count.
        """
        self.debuggee, self._only_runs = debuggee, only_runs
        self._stops_on_entry = stop_on_entry and not only_runs
        capabilities = {**debuggee.capabilities, **OURS}
        self._conversation.event("capabilities", {"capabilities": capabilities})
        self._conversation.event("initialized", {})

    def on_configuration_done(self, arguments: Raw) -> Body:
        self._conversation.after_response(self._start)
        return None

    def _start(self) -> None:
        if self._following is None:
            self._following = asyncio.ensure_future(self._follow())

    async def _follow(self) -> None:
        """Tells the client of each real stop, to the end."""
        seen = await self.debuggee.start(stop_on_entry=self._stops_on_entry)
        while not seen.ended:
            self._moved()
            self._real = seen
            self._conversation.event("stopped", seen.stop)
            if not seen.state.stack and seen.text:
                self._conversation.tell(seen.text, "important")
            seen = await self.debuggee.wait()
        self._moved()
        if seen.text:
            self._conversation.tell(f"the program has ended: {seen.text}")
        if seen.exit_code is not None:
            self._conversation.event("exited", {"exitCode": seen.exit_code})
        self._conversation.event("terminated", {})

    async def close(self) -> None:
        """Ends the program that was started, leaves one that was attached to."""
        tasks = [task for task in (self._thinking, self._following) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if hasattr(self, "debuggee"):
            await self.debuggee.close(terminate=self._terminates)
        if self._world is not None:
            await self._world.close()

    def on_disconnect(self, arguments: Raw) -> Body:
        self._terminates = arguments.get("terminateDebuggee") is True
        self._conversation.after_response(self._disconnect)
        return None

    def _disconnect(self) -> None:
        self.is_disconnected = True

    # What the debuggee tells

    def output(self, category: str, text: str) -> None:
        """What the program writes, and what debugpy has to say."""
        self._conversation.event("output", {"category": category, "output": text})

    def event(self, name: str, body: Mapping[str, object]) -> None:
        if name in EVENTS:
            self._conversation.event(name, body)

    # Passed on

    on_completions = passed("completions")
    on_exception_info = passed("exceptionInfo")
    on_goto_targets = passed("gotoTargets")
    on_modules = passed("modules")
    on_set_exception_breakpoints = passed("setExceptionBreakpoints")
    on_set_function_breakpoints = passed("setFunctionBreakpoints")
    on_source = passed("source")
    on_step_in_targets = passed("stepInTargets")
    on_terminate = passed("terminate")
    on_threads = passed("threads")

    async def on_set_breakpoints(self, arguments: Raw) -> Body:
        if not self._only_runs:
            return await self.debuggee.request("setBreakpoints", arguments)
        asked = cast(list[object], arguments.get("breakpoints") or [])
        told = {"verified": False, "message": "this session runs without debugging"}
        return {"breakpoints": [told for _ in asked]}

    async def on_pause(self, arguments: Raw) -> Body:
        if self._real is None and not await self.debuggee.pause():
            self._conversation.tell(await self._where(), "important")
        return None

    async def _where(self) -> str:
        """Why the program does not stop."""
        try:
            top = (await self.debuggee.look()).state.top
        except (DebuggeeError, IndexError):
            return "the program does not stop yet: it lets nothing else run"
        return (
            f"the program does not stop yet: line {top.line} of {top.function} is in code that is "
            "not Python (a sleep, a lock, input, a library). It stops when it comes back from there"
        )

    # Forward: really, or back to reality first

    async def on_next(self, arguments: Raw) -> Body:
        return await self._go("next", arguments)

    async def on_step_in(self, arguments: Raw) -> Body:
        return await self._go("stepIn", arguments)

    async def on_step_out(self, arguments: Raw) -> Body:
        return await self._go("stepOut", arguments)

    async def on_continue(self, arguments: Raw) -> Body:
        return await self._go("continue", arguments) or {"allThreadsContinued": False}

    async def on_goto(self, arguments: Raw) -> Body:
        self._only_real("the next line to run can be set")
        body = await self.debuggee.request("goto", arguments)
        self._moved()
        return body or None

    async def _go(self, command: str, arguments: Raw) -> Body:
        if self._is_imagining():
            return self.own_back_to_real(arguments)
        body = await self.debuggee.request(command, arguments)
        self._moved()
        return body or None

    def _moved(self) -> None:
        """The program goes on: what was imagined around its stop is of no use any more."""
        if self._thinking is not None:
            self._thinking.cancel()
        if self._real is not None:
            self._seen.append(self._real)
        self._real = self._imagination = None
        self.variables.forget()

    # Imagining

    def own_back_to_real(self, arguments: Raw) -> Body:
        """To the real stop, from wherever the imagination is."""
        imagination = self._around()
        if self._thinking is not None:
            self._thinking.cancel()
        imagination.here = 0
        self._conversation.goes_on(imagination.real.thread)
        self._conversation.after_response(self._show)
        return None

    async def own_look_ahead(self, arguments: asked.LookAheadArguments) -> Body:
        """Predicts from the real state; answered when that is done."""
        imagination = self._around()
        before = max(0, imagination.here)
        prediction = await imagination.ahead(arguments.frames, arguments.line)
        if imagination is not self._imagination:
            raise NotStopped("the program has gone on meanwhile")
        self._conversation.goes_on(imagination.real.thread)
        self._conversation.after_response(self._show)
        return {
            "frames": imagination.here - before,
            "end": prediction.end.value,
            "message": prediction.message,
        }

    def on_step_back(self, arguments: Raw) -> Body:
        return self._back(Action.STEP_OVER)

    def on_reverse_continue(self, arguments: Raw) -> Body:
        return self._back(Action.RUN_TO)

    def _back(self, action: Action) -> Body:
        imagination = self._around()
        if self._thinking is not None and not self._thinking.done():
            raise NotStopped("the past is being predicted: wait for it, or step forward")
        self._thinking = asyncio.ensure_future(self._think(imagination, action))
        return None

    async def _think(self, imagination: Imagination, action: Action) -> None:
        """Goes back, and tells where that led; stays where it is when that is nowhere."""
        await asyncio.sleep(0)  # the response goes first
        try:
            message = await imagination.back(action)
        except (ForeframeError, EngineError) as error:
            message = f"{error} (error {error.code})"
            self._conversation.tell(message, "important")
        if imagination is self._imagination:
            self._show(message)

    def on_cancel(self, arguments: Raw) -> Body:
        if self._thinking is not None:
            self._thinking.cancel()
        return None

    def _around(self) -> Imagination:
        """What surrounds the real stop. Raises NotStopped or SessionEnded."""
        if self._real is None:
            raise NotStopped("the real program runs, or has ended: pause it first")
        if not self._real.state.stack:
            raise SessionEnded("this stop could not be looked at: nothing can be imagined from it")
        if self._imagination is None:
            if self._world is None:
                self._world = self._open_world()
            self._imagination = Imagination(self._world, self._real, list(self._seen))
        return self._imagination

    def _is_imagining(self) -> bool:
        return self._imagination is not None and self._imagination.here != 0

    def _only_real(self, what: str) -> None:
        if self._is_imagining():
            raise CannotSet(f"only at the real stop {what}: go back there first")

    def _show(self, message: str = "") -> None:
        """Tells the client that something else is shown."""
        imagination = self._imagination
        if imagination is None:
            return
        self.variables.forget()
        sight = imagination.place.sight
        self._conversation.event(
            "foreframe/imagined", {"position": imagination.here, "sight": sight.value}
        )
        self._conversation.event(
            "stopped",
            {
                "reason": "goto",
                "description": TITLES[sight],
                "text": message,
                "threadId": imagination.real.thread,
                "allThreadsStopped": True,
            },
        )

    # What is shown

    async def on_stack_trace(self, arguments: Raw) -> Body:
        imagination = self._imagination
        if imagination is None or not self._is_imagining():
            return await self.debuggee.request("stackTrace", arguments)
        if arguments.get("threadId") != imagination.real.thread:
            return await self.debuggee.request("stackTrace", arguments)
        place = imagination.place
        stack = shown_stack(place.whole().state)
        frames = [self._banner(imagination)]
        for index in range(len(stack) - 1, -1, -1):
            path = place.paths[index]
            frames.append(
                {
                    "id": self.variables.frame_id(index),
                    "name": stack[index].function,
                    "line": stack[index].line,
                    "column": 1,
                    "source": {"name": Path(path).name, "path": path},
                }
            )
        start = number(arguments.get("startFrame")) or 0
        levels = number(arguments.get("levels")) or len(frames)
        return {"stackFrames": frames[start : start + levels], "totalFrames": len(frames)}

    def _banner(self, imagination: Imagination) -> dict[str, object]:
        return {
            "id": self.variables.frame_id(BANNER),
            "name": imagination.label(),
            "line": 0,
            "column": 0,
            "presentationHint": "label",
        }

    async def on_scopes(self, arguments: Raw) -> Body:
        frame = number(arguments.get("frameId")) or 0
        if frame < OWN:
            return await self.debuggee.request("scopes", arguments)
        index = self.variables.frame_index(frame)
        if index == BANNER:
            return {"scopes": []}
        return {"scopes": self.variables.scopes(self._place().whole(), index)}

    async def on_variables(self, arguments: Raw) -> Body:
        reference = number(arguments.get("variablesReference")) or 0
        if reference < OWN:
            return await self.debuggee.request("variables", arguments)
        kind = cast(str | None, arguments.get("filter"))
        start, count = number(arguments.get("start")) or 0, number(arguments.get("count"))
        return {"variables": self.variables.page(reference, kind, start, count)}

    async def on_evaluate(self, arguments: Raw) -> Body:
        """Of imagined values: by our own evaluator, which runs nothing."""
        frame = number(arguments.get("frameId"))
        if (frame or 0) < OWN and not (frame is None and self._is_imagining()):
            return await self.debuggee.request("evaluate", arguments)
        index = BANNER if frame is None else self.variables.frame_index(frame)
        if index == BANNER:
            index = len(shown_stack(self._place().whole().state)) - 1
        expression = str(arguments.get("expression", ""))
        result = evaluate(expression, names_of(self._place().whole().state, index))
        origin = Value(result.text, result.provenance, result.confidence)
        body: dict[str, Any] = {**self.variables.shown(result.tree, origin, expression, index)}
        whole = arguments.get("context") == "clipboard"
        body["result"] = result.text if whole else value_text(result.tree, origin)
        return body

    async def on_set_variable(self, arguments: Raw) -> Body:
        if (number(arguments.get("variablesReference")) or 0) >= OWN:
            raise CannotSet("an imagined value cannot be set: go back to the real stop first")
        return await self.debuggee.request("setVariable", arguments)

    async def on_set_expression(self, arguments: Raw) -> Body:
        self._only_real("an expression can be set")
        return await self.debuggee.request("setExpression", arguments)

    def _place(self) -> Place:
        imagination = self._imagination
        if imagination is None:
            raise NotStopped("nothing is imagined at the moment")
        return imagination.place
