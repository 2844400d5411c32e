"""Requests that change values at a stop: each begins a branch of the timeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from foreframe.dap.conversation import Body
from foreframe.dap.current import Current
from foreframe.dap.inspection import Inspection
from foreframe.dap.variables import shown_stack, value_text
from foreframe.editing import Target, read_target
from foreframe_protocol.values import parse_value

if TYPE_CHECKING:
    from foreframe_protocol import dap_arguments as asked


class EditRequests:
    """Sets variables to literals. `changed` is called after each change."""

    def __init__(
        self, current: Current, inspection: Inspection, changed: Callable[[], None]
    ) -> None:
        self._current, self._inspection, self._changed = current, inspection, changed

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
        value = self._current.begun.edit(index, target, text)
        self._changed()
        tree = parse_value(value.text)
        shown = self._inspection.variables.shown(tree, value, expression, index)
        return {"value": value_text(tree, value), **shown}
