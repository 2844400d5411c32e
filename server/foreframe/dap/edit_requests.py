"""Requests that change values at a stop: each begins a branch of the timeline.

Where the value came out of a `??` hole, the expressions are told that would give the new one: as
console output, and as the event `foreframe/holeProposals` with `line`, `column`, `name`, `value`
and `expressions`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from foreframe.dap.conversation import Body
from foreframe.dap.current import Current
from foreframe.dap.inspection import Inspection
from foreframe.dap.variables import shown_stack, value_text
from foreframe.editing import Target, read_target
from foreframe_protocol.states import Value
from foreframe_protocol.values import parse_value

if TYPE_CHECKING:
    from foreframe.hole_values import FromHole
    from foreframe_protocol import dap_arguments as asked


class EditRequests:
    """Sets variables to literals. `changed` is called after each change."""

    def __init__(
        self,
        current: Current,
        inspection: Inspection,
        changed: Callable[[], None],
        event: Callable[[str, Mapping[str, object]], None],
    ) -> None:
        self._current, self._inspection = current, inspection
        self._changed, self._event = changed, event

    def on_set_variable(self, arguments: asked.SetVariableArguments) -> Body:
        _ = self._current.stop  # there must be one
        index, expression = self._inspection.variables.settable(
            arguments.variables_reference, arguments.name
        )
        return self._set(index, read_target(expression), expression, arguments.value)

    def on_set_expression(self, arguments: asked.SetExpressionArguments) -> Body:
        stack = shown_stack(self._current.stop.state)
        index = len(stack) - 1
        if arguments.frame_id is not None:
            index = self._inspection.variables.frame_index(arguments.frame_id)
        target = read_target(arguments.expression)
        return self._set(index, target, arguments.expression, arguments.value)

    def _set(self, index: int, target: Target, expression: str, text: str) -> Body:
        session, program = self._current.begun, self._current.launched.program
        here = session.timeline.cursor.trace
        value = session.edit(index, target, text)
        self._changed()
        if program.holes and not target.path:
            from foreframe.hole_values import chosen, expressions_giving, from_holes

            for one in from_holes(program, here, index):
                if one.name == target.name:
                    before = chosen(program, here.parent) if here.parent else []
                    others = [other for other in before if other.hole == one.hole]
                    found = expressions_giving(one, value.text, others)
                    self._proposed(one, value, found, len(others))
        tree = parse_value(value.text)
        shown = self._inspection.variables.shown(tree, value, expression, index)
        return {"value": value_text(tree, value), **shown}

    def _proposed(self, one: FromHole, value: Value, found: list[str], others: int) -> None:
        """Tells which expressions would give the value that a person has chosen for a hole.

        `others`: how often one has been chosen for it before, which these give as well.
        """
        line = self._current.line_out(one.hole.line)
        shown = " or ".join(f"`{text}`" for text in found) or "no expression that is known here"
        if others:
            shown += f", with what was chosen there before ({others})"
        self._event(
            "output",
            {
                "category": "console",
                "output": f"the ?? for {one.name} on line {line} gives {value.text} as {shown}\n",
                "source": self._current.launched.source,
                "line": line,
            },
        )
        self._event(
            "foreframe/holeProposals",
            {
                "line": line,
                "column": one.hole.column + self._current.first_column,
                "name": one.name,
                "value": value.text,
                "expressions": found,
            },
        )
