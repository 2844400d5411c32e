"""Jumps: one frame predicted in place of all that lead to it, on the level of one scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from foreframe_models.engines.base import CannotJump
from foreframe_models.frame_writer import shown_order
from foreframe_models.program.walker import ahead, shown_line, standings
from foreframe_protocol.states import Action, Direction, Event, Frame, Goal, State

if TYPE_CHECKING:
    from foreframe_models.program.binding import Names
    from foreframe_models.program.control_flow import Function, Program


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a jump goes, on the level of the scope that it starts from.

    `action`: STEP_OUT to the scope's return (of a generator: what it yields next), STEP_OVER to
    its next line, RUN_TO to `line` of it. An aim that is never come to is answered by the scope's
    return, and every aim by the exception that leaves the scope.
    """

    action: Action
    line: int = 0

    def meets(self, frame: Frame) -> bool:
        """Whether a frame of the scope that the jump started from is what it aims at."""
        match self.action:
            case Action.STEP_OUT:
                return frame.event is Event.RETURN
            case Action.STEP_OVER:
                return frame.event is Event.LINE
            case Action.RUN_TO:
                return frame.event is Event.LINE and frame.line == self.line
        return False


@dataclass(slots=True)
class Targets:
    """The frames of a scope that may answer a jump.

    `lines`: a line with the line and the names that the scope shows before it; `returns` and
    `raises`: lines of return frames, and of exception frames that leave the scope.
    """

    function: Function
    lines: dict[tuple[int, int, Names | None], None] = field(default_factory=dict)
    returns: set[int] = field(default_factory=set)
    raises: set[int] = field(default_factory=set)


def targets(program: Program, state: State, aim: Aim) -> Targets:
    """What may answer a jump, as control flow has it. Raises CannotJump."""
    depth = scope_depth(state)
    scope = state.stack[depth]
    function = program.function_for(scope.function, scope.scope_line)
    flow = function.flow
    if aim.action is Action.RUN_TO and aim.line not in function.lines:
        raise CannotJump(
            f"{program.path}:{aim.line}: no line that {scope.function} stops on: "
            "jump to a line with code, in the function that is on top of the stack"
        )
    found = Targets(function)
    for line, _ in standings(function, state, depth):
        if aim.action is Action.STEP_OVER:
            reach = {line}
            aims = flow.successors.get(line, set()) | flow.handlers.get(line, set())
        else:
            reach = ahead(function, line)
            aims = {aim.line} & reach if aim.action is Action.RUN_TO else set()
        order = shown_order(function, line, scope)
        found.lines.update(((after, line, order), None) for after in sorted(aims))
        found.returns |= {shown_line(function, at) for at in reach & (flow.returns | flow.yields)}
        found.raises |= {shown_line(function, at) for at in reach if may_fail(function, at)}
    if not (found.lines or found.returns or found.raises):  # it can only be left by an exception
        found.raises |= {shown_line(function, at) for at in reach & flow.raises}
    return found


def may_fail(function: Function, line: int) -> bool:
    """Whether an exception is likely there, or in what is called there."""
    called = (function.program.functions[ident] for ident in function.calls.get(line, ()))
    return function.raises(line) or any(f.raises(at) for f in called for at in f.lines)


def scope_depth(state: State) -> int:
    """Where in a state's stack the scope is that a jump goes on in: not one that has returned.

    Raises CannotJump where there is none.
    """
    depth = len(state.stack) - (2 if state.event is Event.RETURN else 1)
    if depth < 0:
        raise CannotJump("the program has ended: there is nothing to jump to")
    return depth


def aim_of(goal: Goal, state: State) -> Aim:
    """The aim that an action means in a state. Raises CannotJump for one that is no jump."""
    scope = state.stack[scope_depth(state)]
    if goal.direction is Direction.BACKWARD:
        raise CannotJump("jumps go forward: step back instead")
    match goal.action:
        case Action.STEP_OUT | Action.STEP_OVER:
            return Aim(goal.action)
        case Action.RUN_TO:
            lines = [line for first, line in goal.lines if first == scope.scope_line]
            if len(lines) == 1 == len(goal.lines):
                return Aim(Action.RUN_TO, lines[0])
    raise CannotJump(
        f"a jump goes to the return, to the next line or to one line of {scope.function}: "
        "for any other stop, step there"
    )


def usual_aim(frame: Frame) -> Aim:
    """The aim that a jump to this frame is written with, where nothing tells what was asked."""
    if frame.event is Event.LINE:
        return Aim(Action.RUN_TO, frame.line)
    return Aim(Action.STEP_OUT)


def landing(frames: Sequence[Frame], at: int, aim: Aim) -> int | None:
    """Where in a real trace a jump from `frames[at]` comes to; None beyond the trace's end."""
    level = frames[at].depth - (frames[at].event is Event.RETURN)
    for index in range(at + 1, len(frames)):
        frame, before = frames[index], frames[index - 1]
        if frame.depth != level:
            continue
        if frame.event is Event.RETURN:
            raised = before.event is Event.EXCEPTION and before.depth == level and index - 1 > at
            unwinds = frame.value is not None and frame.value.text == "None"
            return index - 1 if raised and unwinds else index
        if aim.meets(frame):
            return index
    return None
