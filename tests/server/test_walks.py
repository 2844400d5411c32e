"""Random walks through a session, held against a plain list of frames for each branch.

FOREFRAME_WALKS sets how many; 10,000 take a few minutes.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from person import BACK, INTO, OUT, OVER, RUN, Person
from rule_world import PROGRAM, SOURCE, RuleWorld, first_frame, next_frame

from foreframe.editing import Target
from foreframe.stopping import Breakpoint, Variable
from foreframe.timeline import Reason
from foreframe_protocol.states import Action, Direction, Event, Frame, State, Value, left_entry

WALKS = int(os.environ.get("FOREFRAME_WALKS", "250"))
FORWARD = Direction.FORWARD
LINES = {"f": (6, 7, 8, 9, 10), "add": (2, 3)}

Node = tuple[Frame, State]
Kind = str  # of a breakpoint


@dataclass
class PlainList:
    """The same session, with every branch known to its end from the start and nothing shared."""

    branches: list[list[Node]]
    stops_at: Kind
    branch: int = 0
    cursor: int = 0

    @property
    def nodes(self) -> list[Node]:
        return self.branches[self.branch]

    @property
    def level(self) -> int:
        frame = self.nodes[self.cursor][0]
        return max(0, frame.depth - (frame.event is Event.RETURN))

    @property
    def is_at_end(self) -> bool:
        return left_entry(self.nodes[self.cursor][0])

    def step(self, action: Action, direction: Direction) -> None:
        if direction is FORWARD:
            last = len(self.nodes) - 1
            ahead = range(self.cursor + 1, last)
            level = self.level
            self.cursor = next((i for i in ahead if self.ends(action, i, level)), last)
            return
        lines = [i for i in range(self.cursor) if self.nodes[i][0].event is Event.LINE]
        found = [i for i in lines if self.ends_backward(action, i)]
        self.cursor = (found[-1:] or lines[:1] or [self.cursor])[0]

    def ends(self, action: Action, index: int, level: int) -> bool:
        frame = self.nodes[index][0]
        if self.hit(index):
            return True
        match action:
            case Action.STEP_INTO:
                return frame.event in (Event.LINE, Event.RETURN)
            case Action.STEP_OVER:
                return frame.event in (Event.LINE, Event.RETURN) and frame.depth <= level
            case Action.STEP_OUT:
                return frame.event is Event.RETURN and frame.depth <= level
        return False

    def ends_backward(self, action: Action, index: int) -> bool:
        depth = self.nodes[index][0].depth
        match action:
            case Action.STEP_INTO:
                return True
            case Action.STEP_OVER:
                return depth <= self.level
            case Action.STEP_OUT:
                return depth < self.level
        return self.hit(index)

    def hit(self, index: int) -> bool:
        """Whether the breakpoint stops at a frame."""
        frame, state = self.nodes[index]
        if frame.event is not Event.LINE or index == 0:
            return False
        match self.stops_at:
            case "condition":
                c = state.top.locals.get("c")
                return frame.line == 3 and (c is None or int(c.text) > 3)
            case "hits":
                seen = [f for f, _ in self.nodes[: index + 1] if f.event is Event.LINE]
                return frame.line == 9 and sum(f.line == 9 for f in seen) % 2 == 0
            case "data":
                before = self.nodes[index - 1][1].stack
                if frame.function != "f":
                    return False
                old, new = before[frame.depth].locals.get("total"), state.top.locals.get("total")
                return (old and old.text) != (new and new.text)
        return False

    def begin(self, state: State, *, line: int | None = None) -> None:
        """A branch on which the frame at the cursor is another."""
        frame = self.nodes[self.cursor][0]
        if line is not None:
            top = state.top
            place = top.function, top.scope_line, line, ""
            frame = Frame(Event.LINE, *place, top.locals, depth=len(state.stack) - 1)
        self.branches.append([*self.nodes[: self.cursor], (frame, state), *rest(state)])
        self.branch = len(self.branches) - 1

    def edit(self, index: int, name: str, text: str) -> None:
        state = self.nodes[self.cursor][1]
        scope = state.stack[index]
        scope = replace(scope, locals={**scope.locals, name: Value(text)})
        stack = (*state.stack[:index], scope, *state.stack[index + 1 :])
        self.begin(replace(state, stack=stack))

    def jump(self, line: int) -> None:
        stack = self.nodes[self.cursor][1].stack[: self.level + 1]
        stack = (*stack[:-1], replace(stack[-1], line=line))
        self.begin(State(stack, Event.LINE), line=line)


def rest(state: State) -> list[Node]:
    """All frames from a state to the end."""
    nodes: list[Node] = []
    while not nodes or not left_entry(nodes[-1][0]):
        frame = next_frame(state)
        state = state.after(frame)
        nodes.append((frame, state))
    return nodes


def texts(state: State) -> object:
    """What a state shows, wherever it comes from."""
    scopes = [(s.function, s.line, [(n, v.text) for n, v in s.locals.items()]) for s in state.stack]
    return scopes, state.event, state.value and state.value.text


def breakpoint_of(kind: Kind, person: Person) -> None:
    match kind:
        case "condition":
            person.set("add_return", condition="c > 3")
        case "hits":
            person.set("down", hit_condition="%2")
        case "data":
            variable = Variable("f", 5, "total")
            made = Breakpoint(1, frozenset(), reason=Reason.DATA_BREAKPOINT, variable=variable)
            person.session.stopping.variables.append(made)


STEPS = [(action, way) for action in (INTO, OVER, OUT, RUN) for way in (FORWARD, BACK)]
MOVES = (
    st.sampled_from(STEPS)
    | st.tuples(st.just("seek"), st.integers(0, 40))
    | st.tuples(st.just("edit"), st.integers(0, 40))
    | st.tuples(st.just("jump"), st.integers(0, 40))
    | st.tuples(st.just("read"), st.integers(1, 40))
)


async def move(person: Person, plain: PlainList, kind: object, number: object) -> None:
    """One action in both."""
    session, timeline = person.session, person.session.timeline
    if isinstance(kind, Action):
        assert isinstance(number, Direction)
        plain.step(kind, number)
        await person.step(kind, number)
        return
    assert isinstance(number, int)
    if kind == "read":
        for _ in range(number):  # what is predicted ahead gets so far
            await asyncio.sleep(0)
    elif kind == "seek":
        step = timeline.steps[number % len(timeline.steps)]
        plain.branch, plain.cursor = step.branch, step.trace.length - 1
        session.go_to(step.number)
        await person.wait()
    elif not plain.is_at_end and kind == "edit":
        index = number % (plain.level + 1)
        names = list(timeline.cursor.state.stack[index].locals)
        name, text = names[number % len(names)], str(number % 4)
        plain.edit(index, name, text)
        session.edit(index, Target(name), text)
    elif not plain.is_at_end:
        lines = LINES[timeline.cursor.state.stack[plain.level].function]
        line = lines[number % len(lines)]
        plain.jump(line)
        session.set_line(line)
        await person.wait()


@settings(max_examples=WALKS, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    st.lists(MOVES, max_size=25),
    st.integers(0, 4),
    st.sampled_from(["", "condition", "hits", "data"]),
    st.sampled_from([0, 1]),
)
def test_any_walk_visits_what_plain_lists_would(moves, n, kind, ahead):
    async def walk() -> None:
        person = Person(SOURCE, str(n), RuleWorld(), look_ahead_tokens=ahead)
        first = first_frame(str(n))
        start = State().after(first)
        plain = PlainList([[(first, start), *rest(start)]], kind)
        breakpoint_of(kind, person)
        await person.begin()
        plain.step(INTO, FORWARD)
        for one in moves:
            if plain.is_at_end and isinstance(one[0], Action) and one[1] is FORWARD:
                break  # the session would be over
            await move(person, plain, *one)
            cursor = person.session.timeline.cursor.trace
            assert cursor.length - 1 == plain.cursor, one
            assert texts(cursor.state) == texts(plain.nodes[plain.cursor][1]), one
        timeline = person.session.timeline
        for number, branch in enumerate(timeline.branches):
            known = branch.tip.trace.nodes()
            nodes = plain.branches[number][: len(known)]
            assert [texts(node.state) for node in known] == [texts(state) for _, state in nodes]

    assert PROGRAM.source == SOURCE
    asyncio.run(walk())
