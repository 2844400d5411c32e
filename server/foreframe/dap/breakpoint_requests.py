"""Requests that set breakpoints: what was asked for is kept, and placed in each new session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreframe.dap.breakpoints import FUNCTIONS, PENDING, BreakpointTable, Placement, Wanted
from foreframe.dap.conversation import Body
from foreframe.dap.current import Current
from foreframe.errors import BadArguments
from foreframe.expressions import parse
from foreframe_protocol import dap

if TYPE_CHECKING:
    from foreframe_protocol import dap_arguments as asked


class BreakpointRequests:
    """Sets breakpoints in the session there is, or keeps them for the one to come."""

    def __init__(self, current: Current) -> None:
        self._current = current
        self._table = BreakpointTable()
        self._placement: Placement | None = None
        self._exceptions: dict[str, str] | None = None  # filter → condition

    def on_set_breakpoints(self, arguments: asked.SetBreakpointsArguments) -> Body:
        path, launched = arguments.source.path, self._current.launch
        if path is None:
            raise BadArguments("source: a path is needed, nothing here is without a file")
        if launched is not None and launched.is_program(path):
            path = launched.program.path
        wanted = [
            Wanted(
                self._current.line_in(b.line),
                condition=b.condition or "",
                hit_condition=b.hit_condition or "",
                log_message=b.log_message or "",
            )
            for b in arguments.wanted()
        ]
        self._table.ask(path, wanted)
        return {"breakpoints": self._place(path)}

    def on_set_function_breakpoints(self, arguments: asked.SetFunctionBreakpointsArguments) -> Body:
        wanted = [
            Wanted(
                function=b.name, condition=b.condition or "", hit_condition=b.hit_condition or ""
            )
            for b in arguments.breakpoints
        ]
        self._table.ask(FUNCTIONS, wanted)
        return {"breakpoints": self._place(FUNCTIONS)}

    def place_all(self, placement: Placement) -> list[dap.Breakpoint]:
        """Sets all that was asked for in a session that is new, and says what became of it."""
        launched = self._current.launched
        self._placement = placement
        self._table.forget_hits()
        for path in self._table.paths():
            if launched.is_program(path):
                self._table.rename(path, launched.program.path)
        self._place_exceptions()
        return self._place(launched.program.path) + self._place(FUNCTIONS)

    def _place(self, path: str) -> list[dap.Breakpoint]:
        """Sets what was asked for in a file, or for functions, as far as that can be."""
        launched, session, placement = self._current.launch, self._current.live, self._placement
        if launched is None or session is None or placement is None:
            told = self._table.refused(path, PENDING)
        elif path == FUNCTIONS:
            session.stopping.functions, told = self._table.place(placement, path)
        elif path == launched.program.path:
            session.stopping.lines, told = self._table.place(placement, path)
        else:
            name = launched.source["name"]
            told = self._table.refused(path, f"only {name} is predicted in this session")
        for answer in told:
            if "line" in answer:
                answer["line"] = self._current.line_out(answer["line"])
            if launched is not None and answer["verified"]:
                answer["source"] = launched.source
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
        if self._current.live is not None and self._exceptions is not None:
            stopping = self._current.live.stopping
            stopping.raised = "raised" in self._exceptions
            stopping.raised_condition = self._exceptions.get("raised", "")
            stopping.uncaught = "uncaught" in self._exceptions

    def on_breakpoint_locations(self, arguments: asked.BreakpointLocationsArguments) -> Body:
        launched, placement = self._current.launched, self._placement
        if placement is None or not launched.is_program(arguments.source.path):
            return {"breakpoints": []}
        first = self._current.line_in(arguments.line)
        last = first if arguments.end_line is None else self._current.line_in(arguments.end_line)
        lines = placement.lines(first, last)
        return {"breakpoints": [{"line": self._current.line_out(line)} for line in lines]}
