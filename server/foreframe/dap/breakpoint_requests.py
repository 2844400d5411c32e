"""Requests that set breakpoints: what was asked for is kept, and placed in each new session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from foreframe.dap.breakpoints import (
    FUNCTIONS,
    PENDING,
    VARIABLES,
    BreakpointTable,
    Placement,
    Wanted,
    data_id,
    variable_of,
)
from foreframe.dap.conversation import Body
from foreframe.dap.current import Current
from foreframe.dap.inspection import Inspection
from foreframe.dap.variables import shown_stack
from foreframe.errors import BadArguments, BadExpression, CannotSet
from foreframe.expressions import parse
from foreframe.stopping import Variable
from foreframe_protocol import dap

if TYPE_CHECKING:
    from foreframe_protocol import dap_arguments as asked


class BreakpointRequests:
    """Sets breakpoints in the session there is, or keeps them for the one to come."""

    def __init__(
        self, current: Current, inspection: Inspection, changed: Callable[[], None] = lambda: None
    ) -> None:
        """`changed` is called when something else is stopped at from now on."""
        self._current, self._inspection, self._changed = current, inspection, changed
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

    def on_data_breakpoint_info(self, arguments: asked.DataBreakpointInfoArguments) -> Body:
        """What can be watched: a variable of a scope, as a whole."""
        variables, name = self._inspection.variables, arguments.name
        stack = shown_stack(self._current.stop.state)
        index = len(stack) - 1
        try:
            if arguments.variables_reference is not None:
                index, name = variables.settable(arguments.variables_reference, name)
            elif arguments.frame_id is not None:
                index = variables.frame_index(arguments.frame_id)
            if not name.isidentifier():
                raise BadExpression(f"{name!r} is not a variable: only a whole one can be watched")
            scope = stack[index]
            data = data_id(Variable(scope.function, scope.scope_line, name))
            variable_of(self._current.launched.program, data)
        except (BadExpression, CannotSet) as error:
            return {"dataId": None, "description": f"{error} (error {error.code})"}
        description = f"{name} in {scope.function}, as predicted"
        return {"dataId": data, "description": description, "accessTypes": ["write"]}

    def on_set_data_breakpoints(self, arguments: asked.SetDataBreakpointsArguments) -> Body:
        wanted = [
            Wanted(data=b.data_id, condition=b.condition or "", hit_condition=b.hit_condition or "")
            for b in arguments.breakpoints
        ]
        self._table.ask(VARIABLES, wanted)
        return {"breakpoints": self._place(VARIABLES)}

    def place_all(self, placement: Placement) -> list[dap.Breakpoint]:
        """Sets all that was asked for in a session that is new, and says what became of it."""
        launched = self._current.launched
        self._placement = placement
        self._table.forget_hits()
        for path in self._table.paths():
            if launched.is_program(path):
                self._table.rename(path, launched.program.path)
        self._place_exceptions()
        placed = self._place(launched.program.path) + self._place(FUNCTIONS)
        return placed + self._place(VARIABLES)

    def _place(self, path: str) -> list[dap.Breakpoint]:
        """Sets what was asked for in a file, or for functions, as far as that can be."""
        launched, session, placement = self._current.launch, self._current.live, self._placement
        if launched is None or session is None or placement is None:
            told = self._table.refused(path, PENDING)
        elif path == FUNCTIONS:
            session.stopping.functions, told = self._table.place(placement, path)
        elif path == VARIABLES and session.lockstep is not None:
            told = self._table.refused(path, "not in check mode: the real debugger has none")
        elif path == VARIABLES:
            session.stopping.variables, told = self._table.place(placement, path)
        elif path == launched.program.path:
            session.stopping.lines, told = self._table.place(placement, path)
        else:
            name = launched.source["name"]
            told = self._table.refused(path, f"only {name} is predicted in this session")
        self._changed()
        for answer in told:
            if "line" in answer:
                answer["line"] = self._current.line_out(answer["line"])
            if launched is not None and "line" in answer and answer["verified"]:
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
            self._changed()

    def on_breakpoint_locations(self, arguments: asked.BreakpointLocationsArguments) -> Body:
        launched, placement = self._current.launched, self._placement
        if placement is None or not launched.is_program(arguments.source.path):
            return {"breakpoints": []}
        first = self._current.line_in(arguments.line)
        last = first if arguments.end_line is None else self._current.line_in(arguments.end_line)
        lines = placement.lines(first, last)
        return {"breakpoints": [{"line": self._current.line_out(line)} for line in lines]}
