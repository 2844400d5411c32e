"""The Debug Adapter Protocol on one side, a session on the other: translates, decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Thread
from typing import TYPE_CHECKING, cast

from foreframe.dap.breakpoints import FUNCTIONS, PENDING, BreakpointTable, Placement, Wanted
from foreframe.dap.completions import completions, index_to_units, units_to_index
from foreframe.dap.conversation import Body, Conversation, Raw, Send
from foreframe.dap.launch import Launch, OpenWorld, launch
from foreframe.dap.progress import Progress
from foreframe.dap.variables import Variables, shown_stack, value_text
from foreframe.errors import (
    AttachNotAvailable,
    BadArguments,
    NotKnown,
    NotLaunched,
    NotStopped,
)
from foreframe.expressions import evaluate, parse
from foreframe.session import Output, Session
from foreframe.stopping import names_of
from foreframe.timeline import Stop
from foreframe_protocol import dap
from foreframe_protocol.states import Action, Direction, Event, Value

if TYPE_CHECKING:
    from foreframe_protocol import dap_arguments as asked

THREAD = 1  # a predicted program has one
CATEGORIES = {
    "stdout": "stdout",
    "stderr": "stderr",
    "log": "console",
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
        self._launch: Launch | None = None
        self._session: Session | None = None
        self._is_configured = self._has_begun = False
        self._first_line = self._first_column = 1
        self._table = BreakpointTable()
        self._placement: Placement | None = None
        self._exceptions: dict[str, str] | None = None  # filter → condition
        self._variables = Variables()
        self._progress = Progress(self.event, self._frames_done)
        self.is_closed = False

    async def close(self) -> None:
        """Ends the session and all that is still to be answered. Nothing is sent any more."""
        self.is_closed = True
        await self.finish()
        await self._end_session()
        if self._launch is not None:
            await self._launch.world.close()
            self._launch = None

    # What a session tells

    def stopped(self, stop: Stop) -> None:
        """Sent as the last event of an action."""
        self._progress.end()
        self._variables.forget()
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
        self.event("stopped", cast(Mapping[str, object], body))

    def output(self, output: Output) -> None:
        """Predicted prints are marked as predicted; clients show them as a program's output."""
        body: dict[str, object] = {"category": CATEGORIES[output.kind], "output": output.text}
        if output.kind in ("stdout", "stderr"):
            body["data"] = {"foreframe": "predicted"}
        if output.line is not None and self._launch is not None:
            body["source"] = self._launch.source
            body["line"] = self._line_out(output.line)
        self.event("output", body)

    def ended(self, exit_code: int) -> None:
        """The program has ended, as predicted."""
        self._progress.end()
        self._variables.forget()
        self.event("exited", {"exitCode": exit_code})
        self.event("terminated", {})

    # Life

    def on_initialize(self, arguments: Raw) -> Body:
        path_format = arguments.get("pathFormat", "path")
        if path_format != "path":
            raise BadArguments(f'the path format {path_format!r} is not supported: use "path"')
        self._first_line = 1 if arguments.get("linesStartAt1", True) else 0
        self._first_column = 1 if arguments.get("columnsStartAt1", True) else 0
        self._variables.with_types = bool(arguments.get("supportsVariableType"))
        self._progress.is_enabled = bool(arguments.get("supportsProgressReporting"))
        self.after_response(warm_up)
        return dap.CAPABILITIES

    async def on_launch(self, arguments: asked.LaunchArguments) -> Body:
        if self._launch is not None:
            raise BadArguments("a program is launched already: use `restart`")
        await self._begin(arguments)
        self.after_response(self._announce)
        return None

    def _announce(self) -> None:
        """After the launch: what was set before it has its place now, and the client may go on."""
        assert self._launch is not None
        name = self._launch.source["name"]
        self.event("process", {"name": name, "isLocalProcess": True, "startMethod": "launch"})
        self.event("initialized", {})
        self._start_if_ready()

    async def _begin(self, arguments: asked.LaunchArguments) -> None:
        """Puts a new session in the place of the one there is, if all is well with it."""
        launched = await launch(arguments, self._engine, self._open_world)
        await self._end_session()
        if self._launch is not None:
            await self._launch.world.close()
        self._launch = launched
        self._placement = Placement(launched.program, with_module=arguments.function is None)
        self._session = Session(launched.world, launched.program, launched.start, self)
        self._table.forget_hits()
        self._has_begun = False
        self._place_pending(launched)
        self._place_functions()
        self._place_exceptions()

    async def _end_session(self) -> None:
        session, self._session = self._session, None
        self._progress.end()
        if session is not None:
            await session.close()

    def on_attach(self, arguments: asked.NoArguments) -> Body:
        raise AttachNotAvailable(
            "there is no running program to attach to, nothing is executed: use a configuration "
            'with "request": "launch"'
        )

    def on_configuration_done(self, arguments: asked.NoArguments) -> Body:
        self._is_configured = True
        self.after_response(self._start_if_ready)
        return None

    def _start_if_ready(self) -> None:
        session, launched = self._session, self._launch
        if not self._is_configured or session is None or launched is None:
            return
        self._is_configured, self._has_begun = False, True
        self._progress.start("Predicting")
        session.begin(stop_on_entry=launched.arguments.stop_on_entry)

    async def on_restart(self, arguments: asked.RestartArguments) -> Body:
        if self._launch is None:
            raise NotLaunched("nothing has been launched that could be restarted")
        await self._begin(arguments.arguments or self._launch.arguments)
        self._is_configured = True
        self.after_response(self._start_if_ready)
        return None

    async def on_terminate(self, arguments: asked.NoArguments) -> Body:
        await self._end_session()
        self.after_response(lambda: self.event("terminated", {}))
        return None

    def on_disconnect(self, arguments: asked.NoArguments) -> Body:
        self.after_response(self._disconnected)
        return None

    def _disconnected(self) -> None:
        self.is_closed = True

    def on_cancel(self, arguments: asked.CancelArguments) -> Body:
        if arguments.progress_id is not None:
            if not self._progress.is_shown(arguments.progress_id):
                raise BadArguments(f"no progress {arguments.progress_id!r} is under way")
            self.session.pause()
        return None

    # Stepping

    def on_next(self, arguments: asked.ThreadArguments) -> Body:
        return self._step(Action.STEP_OVER)

    def on_step_in(self, arguments: asked.ThreadArguments) -> Body:
        return self._step(Action.STEP_INTO)

    def on_step_out(self, arguments: asked.ThreadArguments) -> Body:
        return self._step(Action.STEP_OUT)

    def on_continue(self, arguments: asked.ThreadArguments) -> Body:
        self._step(Action.RUN_TO)
        return {"allThreadsContinued": True}

    def on_step_back(self, arguments: asked.ThreadArguments) -> Body:
        return self._step(Action.STEP_OVER, Direction.BACKWARD)

    def on_reverse_continue(self, arguments: asked.ThreadArguments) -> Body:
        return self._step(Action.RUN_TO, Direction.BACKWARD)

    def on_pause(self, arguments: asked.ThreadArguments) -> Body:
        self.session.pause()
        return None

    def _step(self, action: Action, direction: Direction = Direction.FORWARD) -> Body:
        session = self.session
        session.step(action, direction)
        self._progress.start(TITLES[action] if direction is Direction.FORWARD else "Going back")
        return None

    # Breakpoints

    def on_set_breakpoints(self, arguments: asked.SetBreakpointsArguments) -> Body:
        path, launched = arguments.source.path, self._launch
        if path is None:
            raise BadArguments("source: a path is needed, nothing here is without a file")
        if launched is not None and launched.is_program(path):
            path = launched.program.path
        wanted = [
            Wanted(
                self._line_in(b.line),
                condition=b.condition or "",
                hit_condition=b.hit_condition or "",
                log_message=b.log_message or "",
            )
            for b in arguments.wanted()
        ]
        self._table.ask(path, wanted)
        if launched is None:
            told = self._table.refused(path, PENDING)
        elif path != launched.program.path:
            name = launched.source["name"]
            told = self._table.refused(path, f"only {name} is predicted in this session")
        else:
            told = self._place_lines()
        return {"breakpoints": told}

    def _place_lines(self) -> list[dap.Breakpoint]:
        """Sets the launched file's breakpoints in the session."""
        launched, session, placement = self._launch, self._session, self._placement
        if launched is None or session is None or placement is None:
            return []
        session.stopping.lines, told = self._table.place(placement, launched.program.path)
        for answer in told:
            answer["source"] = launched.source
            answer["line"] = self._line_out(answer["line"])
        return told

    def _place_pending(self, launched: Launch) -> None:
        """Sets what was asked for before the launch, and tells what became of it."""
        for path in self._table.paths():
            if launched.is_program(path):
                self._table.rename(path, launched.program.path)
        for answer in self._place_lines():
            self.event("breakpoint", {"reason": "changed", "breakpoint": answer})

    def on_set_function_breakpoints(self, arguments: asked.SetFunctionBreakpointsArguments) -> Body:
        wanted = [
            Wanted(
                function=b.name, condition=b.condition or "", hit_condition=b.hit_condition or ""
            )
            for b in arguments.breakpoints
        ]
        self._table.ask(FUNCTIONS, wanted)
        if self._launch is None:
            return {"breakpoints": self._table.refused(FUNCTIONS, PENDING)}
        return {"breakpoints": self._place_functions()}

    def _place_functions(self) -> list[dap.Breakpoint]:
        """Sets the function breakpoints in the session."""
        launched, session, placement = self._launch, self._session, self._placement
        if launched is None or session is None or placement is None:
            return []
        session.stopping.functions, told = self._table.place(placement, FUNCTIONS)
        for answer in told:
            if "line" in answer:
                answer["source"] = launched.source
                answer["line"] = self._line_out(answer["line"])
        return told

    def on_set_exception_breakpoints(
        self, arguments: asked.SetExceptionBreakpointsArguments
    ) -> Body:
        options = {o.filter_id: o.condition or "" for o in arguments.filter_options or ()}
        wanted = {**dict.fromkeys(arguments.filters, ""), **options}
        unknown = wanted.keys() - {"raised", "uncaught"}
        if unknown:
            raise BadArguments(f"filters: there is no {', '.join(sorted(unknown))}")
        if wanted.get("raised"):
            parse(wanted["raised"])
        self._exceptions = wanted
        self._place_exceptions()
        return None

    def _place_exceptions(self) -> None:
        if self._session is not None and self._exceptions is not None:
            stopping = self._session.stopping
            stopping.raised = "raised" in self._exceptions
            stopping.raised_condition = self._exceptions.get("raised", "")
            stopping.uncaught = "uncaught" in self._exceptions

    def on_breakpoint_locations(self, arguments: asked.BreakpointLocationsArguments) -> Body:
        launched, placement = self._launch, self._placement
        if launched is None or placement is None:
            raise NotLaunched("nothing has been launched yet")
        if not launched.is_program(arguments.source.path):
            return {"breakpoints": []}
        first = self._line_in(arguments.line)
        last = first if arguments.end_line is None else self._line_in(arguments.end_line)
        lines = placement.lines(first, last)
        return {"breakpoints": [{"line": self._line_out(line)} for line in lines]}

    # What there is to see at a stop

    def on_threads(self, arguments: asked.NoArguments) -> Body:
        return {"threads": [{"id": THREAD, "name": "predicted"}]}

    def on_stack_trace(self, arguments: asked.StackTraceArguments) -> Body:
        cursor, launched = self._stop()
        stack = shown_stack(cursor.state)
        start = arguments.start_frame or 0
        stop = len(stack) if not arguments.levels else min(start + arguments.levels, len(stack))
        frames: list[dap.StackFrame] = []
        for distance in range(start, stop):
            index = len(stack) - 1 - distance
            frames.append(
                {
                    "id": self._variables.frame_id(index),
                    "name": stack[index].function,
                    "line": self._line_out(stack[index].line),
                    "column": self._first_column,
                    "source": launched.source,
                }
            )
        return {"stackFrames": frames, "totalFrames": len(stack)}

    def on_scopes(self, arguments: asked.ScopesArguments) -> Body:
        cursor, _ = self._stop()
        index = self._variables.frame_index(arguments.frame_id)
        return {"scopes": self._variables.scopes(cursor.trace, index)}

    def on_variables(self, arguments: asked.VariablesArguments) -> Body:
        self._stop()
        page = self._variables.page(
            arguments.variables_reference, arguments.filter, arguments.start or 0, arguments.count
        )
        return {"variables": page}

    def on_evaluate(self, arguments: asked.EvaluateArguments) -> Body:
        result = evaluate(arguments.expression, self._names(arguments.frame_id))
        origin = Value(result.text, result.provenance, result.confidence)
        body: dict[str, object] = {
            **self._variables.shown(result.tree, origin, arguments.expression)
        }
        is_whole = arguments.context == "clipboard"
        body["result"] = result.text if is_whole else value_text(result.tree, origin)
        return body

    def _names(self, frame_id: int | None) -> Mapping[str, Value]:
        """What can be named in a frame; without one, in the innermost."""
        cursor, _ = self._stop()
        if frame_id is None:
            return names_of(cursor.state, len(shown_stack(cursor.state)) - 1)
        return names_of(cursor.state, self._variables.frame_index(frame_id))

    def on_completions(self, arguments: asked.CompletionsArguments) -> Body:
        names = self._names(arguments.frame_id)
        row = 0 if arguments.line is None else arguments.line - self._first_line
        lines = arguments.text.split("\n")
        text = lines[row] if 0 <= row < len(lines) else ""
        end = units_to_index(text, arguments.column - self._first_column)
        start, found = completions(text[:end], names)
        first = index_to_units(text, start)
        length = index_to_units(text, end) - first
        return {
            "targets": [
                {
                    "label": label,
                    "type": kind,
                    "start": first + self._first_column,
                    "length": length,
                }
                for label, kind in found
            ]
        }

    def on_exception_info(self, arguments: asked.ThreadArguments) -> Body:
        cursor, launched = self._stop()
        frame = cursor.trace.frame
        if frame is None or frame.event is not Event.EXCEPTION or frame.value is None:
            raise NotKnown("there is no exception at this stop")
        kind, _, message = frame.value.text.partition(": ")
        is_uncaught = self.session.exception_origin() is cursor.trace
        lines = [
            f'  File "{launched.program.path}", line {scope.line}, in {scope.function}\n'
            for scope in cursor.state.stack
        ]
        return {
            "exceptionId": kind,
            "description": message or kind,
            "breakMode": "unhandled" if is_uncaught else "always",
            "details": {"message": message, "typeName": kind, "stackTrace": "".join(lines)},
        }

    # Sources

    def on_source(self, arguments: asked.SourceRequestArguments) -> Body:
        launched = self._launch
        path = arguments.source.path if arguments.source else None
        if launched is None or not launched.is_program(path):
            raise BadArguments("only the text of the launched program can be given")
        return {"content": launched.program.source, "mimeType": "text/x-python"}

    def on_loaded_sources(self, arguments: asked.NoArguments) -> Body:
        return {"sources": [] if self._launch is None else [self._launch.source]}

    # The session there is

    @property
    def session(self) -> Session:
        """Raises NotLaunched."""
        if self._session is None:
            raise NotLaunched("there is no session: launch a program first")
        return self._session

    def _stop(self) -> tuple[Stop, Launch]:
        """Where the session stands. Raises NotLaunched or NotStopped."""
        session, launched = self.session, self._launch
        assert launched is not None
        if session.is_running or session.is_over or not self._has_begun:
            why = "has ended" if session.is_over else "is being predicted: pause it first"
            raise NotStopped(f"the program {why}")
        return session.timeline.cursor, launched

    def _frames_done(self) -> int:
        return 0 if self._session is None else self._session.frames_done

    def _line_in(self, line: int) -> int:
        """A line of the client's as ours, which count from 1."""
        return line + 1 - self._first_line

    def _line_out(self, line: int) -> int:
        return line - 1 + self._first_line


def warm_up() -> None:
    """Imports what a launch needs while the client makes up its mind."""

    def imports() -> None:
        import foreframe_protocol.dap_arguments  # noqa: F401

    Thread(target=imports, name="warm-up").start()
