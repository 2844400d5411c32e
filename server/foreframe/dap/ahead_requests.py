"""What is predicted ahead of a stop, before anyone steps there. Not in the protocol.

`foreframe/ahead` `{frames?, wait?}` → `{frames, taken, skipped, isSettled}`: the frames after the
cursor that are known, or were predicted before they are asked for; nothing is predicted for the
request. With `wait` it is answered when no more are under way, or the session goes on.

A frame: `event`, `function`, `line`, `depth` (of the scope that is shown: 0), `changed` (variables
with another value than before, as in `foreframe/timeline`), `confidence`, and `value` for what is
returned or raised. `taken` are the lines that the scope that is shown comes to, in their order;
`skipped` those between them that it does not come to, as `[first, last]`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from foreframe.dap.conversation import Body
from foreframe.dap.current import Current
from foreframe.dap.timeline_requests import shortened
from foreframe.dap.variables import provenance
from foreframe.errors import NotStopped
from foreframe.timeline import level
from foreframe_protocol.states import Event, Scope, Trace

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program
    from foreframe_protocol import dap_arguments as asked


class AheadRequests:
    """Tells of the hidden walk ahead of a session."""

    def __init__(self, current: Current) -> None:
        self._current = current

    async def own_ahead(self, arguments: asked.AheadArguments) -> Body:
        stop, session = self._current.stop, self._current.session
        if arguments.wait:
            await session.ahead.settled()
            if self._current.live is not session or session.timeline.cursor is not stop:
                raise NotStopped("the session has gone on meanwhile")
        here = stop.trace
        nodes = [*session.timeline.ahead(), *session.ahead.ready(session.timeline.branch.model)]
        nodes = nodes[: arguments.frames]
        base = level(here.state)
        taken = lines_taken(here, nodes)
        scope = here.state.stack[base]
        program = self._current.launched.program
        return {
            "frames": [
                self._frame(before, node, base)
                for before, node in zip([here, *nodes], nodes, strict=False)
            ],
            "taken": [self._current.line_out(line) for line in taken],
            "skipped": [
                [self._current.line_out(first), self._current.line_out(last)]
                for first, last in lines_skipped(program, scope, taken)
            ],
            "isSettled": session.ahead.is_settled,
        }

    def _frame(self, before: Trace, node: Trace, base: int) -> dict[str, object]:
        frame = node.frame
        assert frame is not None
        told: dict[str, object] = {
            "event": frame.event.value,
            "function": frame.function,
            "line": self._current.line_out(frame.line),
            "depth": frame.depth - base,
            "changed": [
                {"name": name, "value": shortened(value.text), **provenance(value)}
                for name, value in (frame.locals or {}).items()
                if is_news(before, node, name)
            ],
        }
        if frame.confidence is not None:
            told["confidence"] = round(frame.confidence, 4)
        if frame.value is not None:
            told["value"] = {"value": shortened(frame.value.text), **provenance(frame.value)}
        return told


def is_news(before: Trace, node: Trace, name: str) -> bool:
    """Whether a name has another value than where its scope was shown before."""
    frame, stack = node.frame, before.state.stack
    assert frame is not None
    if frame.event is Event.CALL or frame.depth >= len(stack):
        return True
    known = stack[frame.depth].locals.get(name)
    return known is None or frame.locals is None or known.text != frame.locals[name].text


def lines_taken(here: Trace, nodes: list[Trace]) -> list[int]:
    """The lines that the scope that is shown comes to, until it is left; each once."""
    base = level(here.state)
    lines: dict[int, None] = {here.state.stack[base].line: None}
    for node in nodes:
        frame = node.frame
        assert frame is not None
        if frame.depth < base or (frame.depth == base and frame.event is Event.RETURN):
            break
        if frame.depth == base and frame.event is Event.LINE:
            lines[frame.line] = None
    return list(lines)


def lines_skipped(program: Program, scope: Scope, taken: list[int]) -> list[tuple[int, int]]:
    """First and last lines of the scope's statements that lie between those taken, and are not."""
    if len(taken) < 2:
        return []
    from foreframe.explaining import statements  # late: no stop needs it before it is told

    function = program.function_for(scope.function, scope.scope_line)
    known = statements(program.tree)
    passed: set[ast.stmt | None] = {known[line] for line in taken if line in known}
    found = []
    for line in sorted(function.lines):
        statement = known.get(line)
        if not min(taken) < line < max(taken) or line in taken or statement in passed:
            continue
        is_simple = statement is not None and not isinstance(statement, BLOCKS)
        last = statement.end_lineno if is_simple and statement is not None else line
        passed.add(statement)
        found.append((line, last or line))
    return found


BLOCKS = (
    ast.AsyncFor, ast.AsyncFunctionDef, ast.AsyncWith, ast.ClassDef, ast.For, ast.FunctionDef,
    ast.If, ast.Match, ast.Try, ast.TryStar, ast.While, ast.With,
)  # fmt: skip
