"""What is predicted ahead of a stop, before anyone steps there. Not in the protocol.

`foreframe/ahead` `{frames?, wait?}` → `{frames, taken, skipped, isSettled}`: the frames after the
cursor that are known, or were predicted before they are asked for; nothing is predicted for the
request. With `wait` it is answered when no more are under way, or the session goes on.

A frame: `event`, `function`, `line`, `depth` (of the scope that is shown: 0), `changed` (variables
with another value than before, as in `foreframe/timeline`), `confidence`, and `value` for what is
returned or raised. `taken` are the lines that the scope that is shown comes to, in their order;
`skipped` those between them that it does not come to, as `[first, last]`.

`foreframe/passed` `{frameId}` → `{lines, isKnown}`: the lines that a frame's scope has come through
since it was called, as `[first, last]`; those that can have run before it came to where it stands,
if that is not known, as behind a jump.
"""

from __future__ import annotations

from asyncio import to_thread
from typing import TYPE_CHECKING

from foreframe.dap.conversation import Body
from foreframe.dap.current import Current
from foreframe.dap.timeline_requests import shortened
from foreframe.dap.variables import provenance
from foreframe.errors import BadArguments, NotStopped
from foreframe.paths import lines_skipped, lines_taken, seen
from foreframe.timeline import level
from foreframe_protocol.states import Event, Trace

if TYPE_CHECKING:
    from foreframe.dap.inspection import Inspection
    from foreframe_protocol import dap_arguments as asked


class AheadRequests:
    """Tells of the hidden walk ahead of a session."""

    def __init__(self, current: Current, inspection: Inspection) -> None:
        self._current, self._inspection = current, inspection

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

    async def own_passed(self, arguments: asked.PassedArguments) -> Body:
        trace = self._current.stop.trace
        index = self._inspection.variables.frame_index(arguments.frame_id)
        if not 0 <= index < len(trace.state.stack):
            raise BadArguments("the prediction stands there, and the program does not")
        # In a thread: a long way takes some milliseconds.
        spans, is_known = await to_thread(seen, self._current.launched.program, trace, index)
        out = self._current.line_out
        return {"lines": [[out(first), out(last)] for first, last in spans], "isKnown": is_known}

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
