"""What was observed, as the trace that a prediction would have made of it: models go on from there.

Between two stops that lie next to each other nothing is missing: an observed stop is the frame that
comes next, after a call frame if a scope was entered. A call that was stepped over has no frames,
as if it were untraced. Where a stop cannot follow the one before it, as after running to a
breakpoint, the model's trace begins anew from the observed state; the timeline's goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from foreframe.observation import Observation
from foreframe_models.program.walker import Walker
from foreframe_protocol.states import Action, Event, Frame, Provenance, Scope, State, Trace, Value

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Function, Program

NOTHING = Value("None", Provenance.OBSERVED)
UNSEEN = Value("", Provenance.OBSERVED, cut=True)  # compares with nothing, as all of it was cut
Begin = Callable[[State], Trace]


@dataclass(frozen=True, slots=True)
class History:
    """The observed stops of one run. `seen` is the timeline's trace, `known` the model's."""

    seen: Trace
    known: Trace

    def shown(self, program: Program, observation: Observation) -> State:
        """An observed state as a trace shows states: scopes of the program, its names in order."""
        before = shown_stack(self.seen.state)
        state = observation.state
        stack: list[Scope] = []
        for scope, path in zip(state.stack, observation.paths, strict=True):
            function = function_of(program, scope) if is_same_file(path, program.path) else None
            if function is not None:
                old = before[len(stack)] if len(stack) < len(before) else None
                stack.append(as_shown(function, scope, old))
        if state.event is Event.RETURN and is_elsewhere(program, observation):
            return State(tuple(stack), Event.LINE)  # what has returned is not of the program
        return replace(state, stack=tuple(stack))

    def is_within_line(self, program: Program, observation: Observation) -> bool:
        """Whether the program stands on the line where it stood, and that is not run anew.

        So it is within a comprehension, which is one step in a trace.
        """
        state, before = self.shown(program, observation), shown_stack(self.seen.state)
        if state.event is not Event.LINE or self.seen.state.event is Event.CALL:
            return False
        if [place(scope) for scope in state.stack] != [place(scope) for scope in before]:
            return False
        function = function_of(program, before[-1])
        return function is not None and before[-1].line not in function.successors.get(
            before[-1].line, ()
        )

    def observe(self, program: Program, begin: Begin, state: State) -> History:
        """One more stop, in a state that `shown` gave and that has a stack."""
        event, stack, depth, top = state.event, state.stack, len(state.stack) - 1, state.top
        before = State(stack, Event.LINE)
        if event is Event.RETURN or event is Event.EXCEPTION:
            value = state.value or UNSEEN
            frame = _frame(program, event, top, depth, value)
            return self._append(program, begin, [(frame, State(stack, event, value))], before)
        frames: list[tuple[Frame, State]] = []
        if self._is_called(program, stack):
            function = program.function_for(top.function, top.scope_line)
            called = replace(top, line=function.def_line)
            frame = replace(_frame(program, Event.CALL, called, depth), locals=top.locals)
            frames.append((frame, State((*stack[:-1], called), Event.CALL)))
        line = replace(_frame(program, Event.LINE, top, depth), locals=top.locals)
        return self._append(program, begin, [*frames, (line, before)], before, whole=True)

    def end(self, program: Program, value: Value | None, line: int | None = None) -> History:
        """The program has ended: the entry scope is left with `value`, unknown if that is None.

        On which line is not observed: it is taken from a prediction that ends too, if there is one.
        Nothing can be predicted after it, so that the model's trace stays.
        """
        entry = self.seen.state.stack[0]
        entry = replace(entry, line=line or entry.line)
        value = value or (NOTHING if entry.scope_line == 0 else UNSEEN)
        frame = _frame(program, Event.RETURN, entry, 0, value)
        state = State((entry,), Event.RETURN, value)
        return History(Trace(state, frame, self.seen, self.seen.length + 1), self.known)

    def died(self, program: Program) -> Trace:
        """The end of a program that an exception ended which no one saw, to be compared with."""
        last = self.seen.parent or self.seen
        scope = shown_stack(last.state)[-1]
        frame = _frame(program, Event.EXCEPTION, scope, len(shown_stack(last.state)) - 1, UNSEEN)
        return Trace(State(shown_stack(last.state), Event.EXCEPTION, UNSEEN), frame, last)

    def _is_called(self, program: Program, stack: Sequence[Scope]) -> bool:
        """Whether the scope on top has just been entered from the last stop."""
        before = shown_stack(self.seen.state)
        if [place(scope) for scope in stack[:-1]] != [place(scope) for scope in before]:
            return False
        function = program.function_for(stack[-1].function, stack[-1].scope_line)
        return stack[-1].line in function.entry_lines

    def _append(
        self,
        program: Program,
        begin: Begin,
        frames: Iterable[tuple[Frame, State]],
        root: State,
        *,
        whole: bool = False,
    ) -> History:
        """With `frames` and the states after them at the end.

        `root`: the state that the model begins from where they do not follow what it knows;
        `whole`: the frames are part of that then.
        """
        frames = list(frames)
        seen, known = self.seen, self.known
        for frame, state in frames:
            seen = Trace(state, frame, seen, seen.length + 1)
        if follows(program, known.state, [frame for frame, _ in frames]):
            for frame, _ in frames:
                known = known.append(frame)
        else:
            known = begin(root)
            for frame, _ in () if whole else frames:
                known = known.append(frame)
            known = replace(known, length=seen.length)
        return History(seen, known)


def shown_stack(state: State) -> tuple[Scope, ...]:
    """The scopes that a stop shows, outermost first: one that has returned only as the last."""
    return state.stack[:-1] if state.event is Event.RETURN and len(state.stack) > 1 else state.stack


def place(scope: Scope) -> tuple[str, int, int]:
    """Where a scope stands."""
    return scope.function, scope.scope_line, scope.line


def is_elsewhere(program: Program, observation: Observation) -> bool:
    """Whether the innermost scope, also one that returns, is none that the program shows."""
    stack, paths = observation.state.stack, observation.paths
    return not stack or not (
        is_same_file(paths[-1], program.path) and function_of(program, stack[-1]) is not None
    )


def way_back(found: Observation, action: Action) -> Action:
    """How a program that stopped in another file comes back: as asked, if it has returned already.

    The real debugger does not find the way out of a module that is being imported, but over its
    lines.
    """
    if found.state.event is Event.RETURN:
        return action
    is_imported = not found.state.stack or found.state.top.scope_line == 0
    return Action.STEP_OVER if is_imported else Action.STEP_OUT


@lru_cache(maxsize=1024)
def is_same_file(one: str, other: str) -> bool:
    """Whether two paths mean one file."""
    return one == other or os.path.realpath(one) == os.path.realpath(other)


def function_of(program: Program, scope: Scope) -> Function | None:
    """The function of a scope; None where the program shows no such scope."""
    try:
        return program.function_for(scope.function, scope.scope_line)
    except KeyError:
        return None


def as_shown(function: Function, scope: Scope, before: Scope | None) -> Scope:
    """A scope with the names that a trace shows, in the order in which it shows them.

    `before`: the scope at this level at the last stop, which is the same one or another.
    """
    same = before is not None and (before.function, before.scope_line) == (
        scope.function, scope.scope_line,
    )  # fmt: skip
    names = [name for name in function.names if name in scope.locals]
    kept = [name for name in (before.locals if same and before else ()) if name in names]
    order = [*kept, *(name for name in names if name not in kept)]
    legal = [o for o in function.orders(scope.line) or () if set(o) == set(names)]
    if legal and tuple(order) not in legal:
        order = list(next((o for o in legal if list(o[: len(kept)]) == kept), legal[0]))
    return replace(scope, locals={name: scope.locals[name] for name in order})


def follows(program: Program, state: State, frames: Sequence[Frame]) -> bool:
    """Whether control flow allows these frames after a state."""
    walker = Walker.from_state(program, state)
    return all(
        walker.advance(frame.event, line=frame.line, function=frame.function) is not None
        for frame in frames
    )


def _frame(
    program: Program, event: Event, scope: Scope, depth: int, value: Value | None = None
) -> Frame:
    text = program.line_text(scope.line)
    where = scope.function, scope.scope_line, scope.line, text
    return Frame(event, *where, value=value, depth=depth)
