"""Searching the timeline: a request that is not in the protocol.

`foreframe/search` `{kind, direction?, condition?, name?, frameId?, line?}` looks through what is
known of the current branch, `direction` "backward" (as without one) or "forward". Kinds:
`breakpoint` (those that are set, with their conditions), `condition` (a line before which
`condition` is true), `change` (the line that gave the variable `name` of the frame `frameId`, or of
the innermost one, the value that it has; forward, its next one), `exception` (where one was
raised), `line` (a visit of `line` of the program).

→ `{found: true, frame, line, function, text}`, and a `stopped` event with the reason `goto` comes
after it; or `{found: false, text}`: nothing moves, and `text` says what was looked through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreframe.dap.conversation import Body
from foreframe.dap.current import Current
from foreframe.dap.inspection import Inspection
from foreframe.timeline import level
from foreframe_protocol.states import Direction

if TYPE_CHECKING:
    from foreframe.timeline_search import Search
    from foreframe_protocol import dap_arguments as asked


class SearchRequests:
    """Finds places on the timeline, and goes there."""

    def __init__(self, current: Current, inspection: Inspection) -> None:
        self._current, self._inspection = current, inspection

    def own_search(self, arguments: asked.SearchArguments) -> Body:
        _ = self._current.stop  # there must be one
        direction = Direction(arguments.direction)
        found = self._current.begun.search(self._wanted(arguments), direction)
        if found is None:
            where = "before" if direction is Direction.BACKWARD else "after"
            return {"found": False, "text": f"not found in what is known {where} this stop"}
        state = found.trace.state
        scope = state.stack[level(state)]
        return {
            "found": True,
            "frame": found.trace.length,
            "line": self._current.line_out(scope.line),
            "function": scope.function,
            "text": found.text,
        }

    def _wanted(self, arguments: asked.SearchArguments) -> Search:
        """What is looked for. Raises BadArguments or BadExpression."""
        from foreframe.searching import wanted  # late: most sessions never search

        current, frame, line = self._current, arguments.frame_id, arguments.line
        return wanted(
            current.session,
            arguments.kind,
            condition=arguments.condition or "",
            name=arguments.name or "",
            scope=None if frame is None else self._inspection.variables.frame_index(frame),
            line=None if line is None else current.line_in(line),
            direction=Direction(arguments.direction),
        )
