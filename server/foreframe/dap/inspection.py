"""Requests that look at a stop: the stack, values, expressions, sources. No model is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from foreframe.dap.completions import completions, index_to_units, units_to_index
from foreframe.dap.conversation import Body
from foreframe.dap.current import Current
from foreframe.dap.variables import Variables, shown_stack, value_text
from foreframe.errors import BadArguments, ExpressionError, NotKnown
from foreframe.evaluated import Evaluated, expressions_of
from foreframe.expressions import evaluate
from foreframe.stopping import names_of
from foreframe.timeline import Reason
from foreframe_models.program.source import HOLE
from foreframe_protocol import dap
from foreframe_protocol.states import Event, Trace, Value, left_entry

if TYPE_CHECKING:
    from foreframe.checking import Comparison
    from foreframe_protocol import dap_arguments as asked

THREAD = 1  # a predicted program has one
ELSEWHERE = -1  # the index of the scope where a prediction stands that is not where reality is


class Inspection:
    """Answers from the timeline at the cursor."""

    def __init__(self, current: Current) -> None:
        self._current = current
        self.variables = Variables()

    def on_threads(self, arguments: asked.NoArguments) -> Body:
        live = self._current.live
        is_checked = live is not None and live.lockstep is not None
        name = "real, beside its prediction" if is_checked else "predicted"
        return {"threads": [{"id": THREAD, "name": name}]}

    def on_stack_trace(self, arguments: asked.StackTraceArguments) -> Body:
        cursor, launched = self._current.stop, self._current.launched
        stack = shown_stack(cursor.state)
        start = arguments.start_frame or 0
        stop = len(stack) if not arguments.levels else min(start + arguments.levels, len(stack))
        frames: list[dap.StackFrame] = []
        for distance in range(start, stop):
            index = len(stack) - 1 - distance
            frames.append(
                {
                    "id": self.variables.frame_id(index),
                    "name": stack[index].function,
                    "line": self._current.line_out(stack[index].line),
                    "column": self._current.first_column,
                    "source": launched.source,
                }
            )
        total = len(stack)
        if cursor.comparison is not None and not cursor.comparison.frame.same_place:
            total += 1
            if start <= 1 <= stop:
                frames.insert(1 - start, self._elsewhere(cursor.comparison))
        return {"stackFrames": frames, "totalFrames": total}

    def _elsewhere(self, comparison: Comparison) -> dap.StackFrame:
        """Where the prediction stands, when the program does not: below its innermost frame."""
        top = shown_stack(comparison.predicted.state)[-1]
        is_over = left_entry(comparison.predicted.frame) if comparison.predicted.frame else False
        return {
            "id": self.variables.frame_id(ELSEWHERE),
            "name": f"≠ predicted {'to end in' if is_over else 'here'}: {top.function}",
            "line": self._current.line_out(top.line),
            "column": self._current.first_column,
            "source": self._current.launched.source,
            "presentationHint": "subtle",
        }

    def on_scopes(self, arguments: asked.ScopesArguments) -> Body:
        cursor = self._current.stop
        index = self.variables.frame_index(arguments.frame_id)
        if cursor.observation is not None:
            from foreframe.dap import check_scopes

            is_top = index == len(shown_stack(cursor.state)) - 1
            found = check_scopes.named(cursor.comparison, cursor.trace, index, is_top=is_top)
            scopes = self.variables.compared(found)
            if cursor.comparison is not None and cursor.comparison.frame.same_place:
                scopes += self._evaluated(cursor.comparison.predicted, index)
            return {"scopes": scopes}
        scopes = self.variables.scopes(cursor.trace, index)
        scopes[1:1] = self._evaluated(cursor.trace, index)
        return {"scopes": scopes}

    def _evaluated(self, trace: Trace, index: int) -> list[dap.Scope]:
        """The expressions that a scope evaluated on the way to this stop."""
        program = self._current.launched.program
        found = list(expressions_of(program).at(trace, index))
        given: dict[str, tuple[int, str]] = {}
        if program.holes:
            from foreframe.hole_values import from_holes, resting_on_holes

            scope = trace.state.stack[index]
            for one in from_holes(program, trace, index):
                found.append(Evaluated(f"{HOLE} for {one.name}", one.value, scope))
                given[found[-1].source] = index, one.name
            for name, value in resting_on_holes(program, trace, index):
                found.append(Evaluated(f"{HOLE} within {name}", value, scope))
        return self.variables.evaluated(found, given)

    def on_variables(self, arguments: asked.VariablesArguments) -> Body:
        _ = self._current.stop  # there must be one
        page = self.variables.page(
            arguments.variables_reference, arguments.filter, arguments.start or 0, arguments.count
        )
        return {"variables": page}

    def on_evaluate(self, arguments: asked.EvaluateArguments) -> Body:
        result = evaluate(arguments.expression, self._names(arguments.frame_id))
        origin = Value(result.text, result.provenance, result.confidence)
        index = len(shown_stack(self._current.stop.state)) - 1
        if arguments.frame_id is not None:
            index = self.variables.frame_index(arguments.frame_id)
        body: dict[str, object] = {
            **self.variables.shown(result.tree, origin, arguments.expression, index)
        }
        is_whole = arguments.context == "clipboard"
        body["result"] = result.text if is_whole else value_text(result.tree, origin)
        if not is_whole:
            told = self._predicted(arguments.expression, index, origin)
            body["result"] = f"{body['result']}{told}"
        return body

    def _predicted(self, expression: str, index: int, real: Value) -> str:
        """What the expression is predicted to be, where that is known and is not the real value."""
        comparison = self._current.stop.comparison
        if comparison is None or index == ELSEWHERE:
            return ""
        state = comparison.predicted.state
        if index >= len(shown_stack(state)):
            return ""
        try:
            found = evaluate(expression, names_of(state, index))
        except ExpressionError:
            return ""
        from foreframe.dap.check_scopes import remark
        from foreframe_protocol.alignment import check_value

        mine = Value(found.text, found.provenance, found.confidence)
        return remark(check_value(mine, real), "predicted", mine)

    def _names(self, frame_id: int | None) -> Mapping[str, Value]:
        """What can be named in a frame; without one, in the innermost."""
        cursor = self._current.stop
        if frame_id is None:
            return names_of(cursor.state, len(shown_stack(cursor.state)) - 1)
        index = self.variables.frame_index(frame_id)
        if index == ELSEWHERE and cursor.comparison is not None:
            state = cursor.comparison.predicted.state
            return names_of(state, len(shown_stack(state)) - 1)
        return names_of(cursor.state, index)

    def on_completions(self, arguments: asked.CompletionsArguments) -> Body:
        names = self._names(arguments.frame_id)
        row = 0 if arguments.line is None else arguments.line - self._current.first_line
        lines = arguments.text.split("\n")
        text = lines[row] if 0 <= row < len(lines) else ""
        end = units_to_index(text, arguments.column - self._current.first_column)
        start, found = completions(text[:end], names)
        first = index_to_units(text, start)
        length = index_to_units(text, end) - first
        return {
            "targets": [
                {
                    "label": label,
                    "type": kind,
                    "start": first + self._current.first_column,
                    "length": length,
                }
                for label, kind in found
            ]
        }

    def on_exception_info(self, arguments: asked.ThreadArguments) -> Body:
        cursor, launched = self._current.stop, self._current.launched
        origin = self._current.session.exception_origin()
        node: Trace | None = cursor.trace
        if cursor.state.event is not Event.EXCEPTION:  # at the end, the filter is switched off
            node = origin if cursor.reason is Reason.EXCEPTION else None
        if node is None or node.state.value is None:
            raise NotKnown("there is no exception at this stop")
        kind, _, message = node.state.value.text.partition(": ")
        lines = [
            f'  File "{launched.program.path}", line {scope.line}, in {scope.function}\n'
            for scope in node.state.stack
        ]
        return {
            "exceptionId": kind,
            "description": message or kind,
            "breakMode": "unhandled" if node is origin else "always",
            "details": {"message": message, "typeName": kind, "stackTrace": "".join(lines)},
        }

    def on_source(self, arguments: asked.SourceRequestArguments) -> Body:
        launched = self._current.launch
        path = arguments.source.path if arguments.source else None
        if launched is None or not launched.is_program(path):
            raise BadArguments("only the text of the launched program can be given")
        return {"content": launched.program.source, "mimeType": "text/x-python"}

    def on_loaded_sources(self, arguments: asked.NoArguments) -> Body:
        return {"sources": [] if self._current.launch is None else [self._current.launch.source]}
