"""A launch that begins in mid-program: `"start": "state"` and the stack of a stop that is real.

`stack` has the scopes of the program's file as DAP's `stackTrace` gives them, the innermost first:
`name`, `line` (1-based), `variables` (name → text as `repr` gives it) and `cut` (the names of those
whose text is only a beginning). `raised` is what was raised there, if that is why it stopped. What
follows is predicted from there, and what came before is when it is asked for; nothing runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from foreframe.errors import BadOption, BadState
from foreframe_models.program.visible import HIDDEN_FRAMES, is_shown
from foreframe_protocol.states import Event, Frame, Provenance, Scope, State, Trace, Value

if TYPE_CHECKING:
    from foreframe.session import Session
    from foreframe_models.program.control_flow import Function, Program
    from foreframe_protocol.dap_arguments import LaunchArguments, StackScope

MODULE = "<module>"


@dataclass(frozen=True, slots=True)
class FromState:
    """The state that a session begins with, as a trace of one frame."""

    start: Trace

    def place(self, session: Session) -> None:
        """Has the model go on from the whole stack, of which the frame tells the top alone."""
        begun = session.world.begin(session.program, self.start.state)
        session.timeline.branch.model = replace(begun, length=self.start.length)
        session.walker.begin_with(self.start.state)

    def begin(self, session: Session) -> None:
        """Stands there."""
        session.begin_here("At the real stop", "what follows is predicted from here")

    def report(self) -> str:
        """Where that is, for a person."""
        top = self.start.state.top
        return (
            f"the program stands at line {top.line} of {top.function}, as a debugger has seen it: "
            "steps from here are predicted, and it stays where it is"
        )


def from_state(arguments: LaunchArguments, program: Program) -> FromState:
    """What is launched from a stack. Raises BadOption or BadState."""
    if arguments.stack is None:
        raise BadOption('`start` "state" needs a `stack`: the scopes of a stop, innermost first')
    if arguments.start != "state":
        raise BadOption('`stack` is where a session begins in mid-program: set `start` to "state"')
    if arguments.mode != "imagine":
        raise BadOption('a session that begins with a state is imagined: use `mode` "imagine"')
    if arguments.function or arguments.args:
        raise BadOption("`function` and `args` begin a call: leave them where a `stack` is given")
    if arguments.returned is not None or arguments.state is not None:
        raise BadOption('`returned` and `state` are outcomes: they go with `start` "end"')
    return FromState(trace_of(program, state_of(program, arguments.stack, arguments.raised)))


def state_of(program: Program, stack: list[StackScope], raised: str | None = None) -> State:
    """The state that a stack of this program shows, innermost scope first. Raises BadState."""
    scopes = [scope_of(program, told) for told in reversed(stack) if told.name not in HIDDEN_FRAMES]
    if not scopes:
        raise BadState("`stack` has no scope of the program: nothing can be predicted from it")
    if raised is not None:
        return State(tuple(scopes), Event.EXCEPTION, Value(raised, Provenance.OBSERVED))
    return State(tuple(scopes), Event.LINE)


def scope_of(program: Program, told: StackScope) -> Scope:
    """A scope with the names that a trace of it shows, in their order. Raises BadState."""
    function = function_at(program, told.name, told.line)
    cut = frozenset(told.cut)
    values = {
        name: Value(text, Provenance.OBSERVED, cut=name in cut)
        for name, text in told.variables.items()
        if is_shown(name, program.hidden)
    }
    ordered = {name: values[name] for name in order_of(function, told.line, values)}
    return Scope(function.qualname, function.scope_line, told.line, ordered)


def function_at(program: Program, name: str, line: int) -> Function:
    """The function that a debugger calls `name` and that has code on a line. Raises BadState."""
    last = name.rpartition(".")[2]
    found = [
        program.functions[ident]
        for ident in program.lines_with_code.get(line, ())
        if last in (program.functions[ident].name, MODULE if not ident else "")
    ]
    if not found:
        raise BadState(
            f"{program.path} has no code of {name} on line {line}: it was changed since the "
            "program was started. Start the program anew, or undo the change"
        )
    return max(found, key=lambda function: function.scope_line)


def order_of(function: Function, line: int, values: Mapping[str, Value]) -> list[str]:
    """The names as a frame on the line shows them; those that the code does not bind come last."""
    for order in function.orders(line) or ():
        if set(order) == values.keys():
            return list(order)
    known = [name for name in function.names if name in values]
    return known + [name for name in values if name not in known]


def trace_of(program: Program, state: State) -> Trace:
    """A trace of one frame that ends in a state."""
    top, event = state.top, state.event or Event.LINE
    values = top.locals if event is Event.LINE else None
    frame = Frame(
        event,
        top.function,
        top.scope_line,
        top.line,
        program.line_text(top.line),
        values,
        state.value,
        len(state.stack) - 1,
    )
    return Trace(state, frame, Trace(), 1)
