"""The timeline: a tree of frozen steps that only grows, and a cursor on one of its frames.

Ground that has been visited is walked without a model, in both directions: a stop is a frame of a
step's trace, and traces share all that they have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from foreframe.errors import NoSuchPlace
from foreframe_protocol.states import Action, End, Event, Goal, Locals, State, Trace, Usage, Value

if TYPE_CHECKING:
    from foreframe.checking import Comparison
    from foreframe.observation import Observation

NO_USAGE = Usage()


class Reason(StrEnum):
    """Why the session stands where it does, in DAP's words."""

    ENTRY = "entry"
    STEP = "step"
    BREAKPOINT = "breakpoint"
    FUNCTION_BREAKPOINT = "function breakpoint"
    EXCEPTION = "exception"
    PAUSE = "pause"
    GOTO = "goto"
    DATA_BREAKPOINT = "data breakpoint"


@dataclass(frozen=True, slots=True)
class Change:
    """What begins a branch. `kind`: "edit" for a value, "goto" for the line that a person changed;
    "past" for frames that were predicted backward, which come before all that was known.
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One action and all that was predicted for it. `action` is None for the launch and edits.

    `parent` is the last step before it on its branch; None if it replaces the very first frame.
    """

    number: int
    parent: Step | None
    action: Action | None
    trace: Trace  # up to the last frame that was predicted
    end: End
    message: str = ""
    usage: Usage = NO_USAGE
    branch: int = 0  # the number of the one it was made on
    change: Change | None = None  # what began its branch, if it is a branch's first
    observation: Observation | None = None  # where the real program stopped: `trace` ends there
    comparison: Comparison | None = None  # of that with what was predicted


@dataclass(slots=True, eq=False)
class Branch:
    """One known future. `tip` is its last step, `first` the one that began it.

    `model` is the trace that the world model goes on from: it has not the past before an edit,
    which would contradict it.
    """

    number: int
    first: Step
    tip: Step
    model: Trace
    origin: int | None = None  # the number of the branch that it leaves

    def steps(self) -> Iterator[Step]:
        """The steps on the way to its end, last first, those of other branches included."""
        step: Step | None = self.tip
        while step is not None:
            yield step
            step = step.parent

    @property
    def past(self) -> int:
        """How many of its frames were predicted backward, from what came after them."""
        return max(
            (s.trace.length for s in self.steps() if s.change and s.change.kind == "past"),
            default=0,
        )


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the session stands: the last frame of `trace`, and why it stops there."""

    trace: Trace
    reason: Reason
    description: str = ""  # for a person, in a few words
    text: str = ""  # more of it: an exception, an error, a limit
    breakpoints: tuple[int, ...] = ()
    observation: Observation | None = None  # where a real program was run beside
    comparison: Comparison | None = None

    @property
    def state(self) -> State:
        return self.trace.state


Subscriber = Callable[[Stop], None]
Recorder = Callable[[Step], None]


class Timeline:
    """The steps of one session. Subscribers are told each new stop, once.

    The cursor is on a frame on the way to the end of `branch`, the one of `branches` that going
    forward follows. An edit begins a branch; nothing is ever removed.
    """

    def __init__(self, start: Trace) -> None:
        first = Step(0, None, None, start, End.REACHED)
        self.branch = Branch(0, first, first, start)
        self.branches = [self.branch]
        self.steps = [first]
        self.cursor = Stop(start, Reason.ENTRY)
        self._subscribers: list[Subscriber] = []
        self._recorders: list[Recorder] = []
        self._checked: dict[Trace, Step] = {}  # by the frame that a real program stopped at

    @classmethod
    def of(cls, steps: list[Step], branches: list[Branch], branch: int, stop: Stop) -> Timeline:
        """A timeline that there was before, standing at `stop` on a branch."""
        timeline = cls(steps[0].trace)
        timeline.steps, timeline.branches = steps, branches
        timeline._checked = {s.trace: s for s in steps if s.observation is not None}
        timeline.branch = branches[branch]
        timeline.stop(stop)
        return timeline

    @property
    def tip(self) -> Trace:
        """The furthest frame known on the cursor's branch."""
        return self.branch.tip.trace

    def subscribe(self, subscriber: Subscriber) -> None:
        """`subscriber` is called with every new stop from now on."""
        self._subscribers.append(subscriber)

    def record(self, recorder: Recorder) -> None:
        """`recorder` is called with every new step from now on, before the stop it leads to."""
        self._recorders.append(recorder)

    def append(
        self,
        action: Action,
        trace: Trace,
        model: Trace,
        end: End,
        message: str = "",
        usage: Usage = NO_USAGE,
        *,
        observation: Observation | None = None,
        comparison: Comparison | None = None,
    ) -> Step:
        """A step that goes on from the tip, up to `trace`. The cursor stays where it is."""
        branch = self.branch
        number = len(self.steps)
        step = Step(
            number, branch.tip, action, trace, end, message, usage, branch.number,
            observation=observation, comparison=comparison,
        )  # fmt: skip
        if observation is not None:
            self._checked[trace] = step
        branch.tip, branch.model = step, model
        self._add(step)
        return step

    def fork(self, trace: Trace, model: Trace, change: Change) -> Branch:
        """A branch on which `trace` takes the place of the frame at the cursor, which goes there.

        Subscribers are not told: the person who changes something knows.
        """
        number, origin = len(self.branches), self.branch
        before = (step for step in origin.steps() if step.trace.length < trace.length)
        parent = next(before, None)
        step = Step(len(self.steps), parent, None, trace, End.REACHED, branch=number, change=change)
        self.branch = Branch(number, step, step, model, origin.number)
        self.branches.append(self.branch)
        self.cursor = replace(self.cursor, trace=trace)
        self._add(step)
        return self.branch

    def prepend(
        self,
        trace: Trace,
        change: Change,
        end: End = End.REACHED,
        message: str = "",
        usage: Usage = NO_USAGE,
    ) -> Branch:
        """A branch that is this one with a past: `trace` begins earlier and ends at the cursor.

        Its steps are those there were, each at its frame of `trace` or behind it. The cursor goes
        there; subscribers are not told: what is shown there is the same.
        """
        origin, shift = self.branch, trace.length - self.cursor.trace.length
        known = first_known(self.tip)
        for node in self.ahead():
            trace = Trace(node.state, node.frame, trace, trace.length + 1, node.skipped)
        at = {node.length: node for node in trace.nodes()}
        number, length = len(self.branches), self.cursor.trace.length + shift
        past = at[known + shift - 1 + origin.past]
        first = Step(len(self.steps), None, None, past, end, message, usage, number, change)
        branch = Branch(number, first, first, origin.model, origin.number)
        self.branches.append(branch)
        self._add(first)
        for old in reversed([*origin.steps()]):
            if old.change is not None and old.change.kind == "past":
                continue  # it is in the new one
            branch.tip = replace(
                old, number=len(self.steps), parent=branch.tip, branch=number,
                trace=at[old.trace.length + shift], usage=NO_USAGE,
            )  # fmt: skip
            if old.observation is not None:
                self._checked[branch.tip.trace] = branch.tip
            self._add(branch.tip)
        self.branch = branch
        self.cursor = replace(self.cursor, trace=at[length])
        return branch

    def _add(self, step: Step) -> None:
        self.steps.append(step)
        for recorder in self._recorders:
            recorder(step)

    def find(self, number: int, branch: int | None = None) -> tuple[Step, Branch]:
        """A step and a branch that it is on, the one that it was made on by default.

        Raises NoSuchPlace.
        """
        if not 0 <= number < len(self.steps):
            raise NoSuchPlace(f"there is no step {number}: there are {len(self.steps)}, from 0")
        step = self.steps[number]
        wanted = step.branch if branch is None else branch
        if not 0 <= wanted < len(self.branches):
            raise NoSuchPlace(
                f"there is no branch {wanted}: there are {len(self.branches)}, from 0"
            )
        if step not in self.branches[wanted].steps():
            raise NoSuchPlace(f"step {number} is not on branch {wanted}")
        return step, self.branches[wanted]

    def here(self) -> Step | None:
        """The last step at or before the cursor on its branch."""
        length = self.cursor.trace.length
        return next((s for s in self.branch.steps() if s.trace.length <= length), None)

    def stop(self, stop: Stop) -> None:
        """Moves the cursor, and tells the subscribers. What was observed there comes along."""
        checked = self._checked.get(stop.trace)
        if stop.observation is None and checked is not None:
            stop = replace(stop, observation=checked.observation, comparison=checked.comparison)
        self.cursor = stop
        for subscriber in self._subscribers:
            subscriber(stop)

    def ahead(self) -> list[Trace]:
        """What is known after the cursor on its branch, nearest first; O(its length)."""
        nodes: list[Trace] = []
        node: Trace | None = self.tip
        while node is not None and node is not self.cursor.trace:
            nodes.append(node)
            node = node.parent
        nodes.reverse()
        return nodes

    def behind(self) -> Iterator[Trace]:
        """What lies before the cursor, nearest first, without the frameless root."""
        node = self.cursor.trace.parent
        while node is not None and node.frame is not None:
            yield node
            node = node.parent


def first_known(trace: Trace) -> int:
    """The length at which what is known of a trace begins: 0 for one that begins with a state."""
    return 0 if trace.root().state.stack else 1


def reason_of(step: Step) -> str:
    """What led to a step."""
    if step.change is not None:
        return step.change.kind
    return "launch" if step.action is None else step.action.value


def nodes_of(step: Step) -> list[Trace]:
    """What a step's trace has after the end of the one before it, oldest first."""
    end = None if step.parent is None else step.parent.trace
    nodes: list[Trace] = []
    node: Trace | None = step.trace
    while node is not None and node is not end:
        nodes.append(node)
        node = node.parent
    nodes.reverse()
    return nodes


def level(state: State) -> int:
    """The depth of the scope that is shown: after a return, the caller's if there is one."""
    return max(0, len(state.stack) - (2 if state.event is Event.RETURN else 1))


def first_line(trace: Trace, depth: int) -> Trace | None:
    """The first line frame of the activation at `depth`, going back; None: it is not known."""
    found: Trace | None = None
    node: Trace | None = trace
    while node is not None and node.frame is not None:
        if node.frame.depth == depth:
            if node.frame.event is Event.LINE:
                found = node
            elif node.frame.event is Event.CALL:
                return found
        node = node.parent
    return None


def changes(before: State | None, after: State) -> Iterator[tuple[str, Value]]:
    """The variables of the scope that is shown that differ from what they were before.

    All of them, where another scope was shown.
    """
    scope = after.stack[level(after)]
    known: Locals = {}
    if before is not None and level(before) == level(after):
        other = before.stack[level(before)]
        if (other.function, other.scope_line) == (scope.function, scope.scope_line):
            known = other.locals
    for name, value in scope.locals.items():
        if name not in known or known[name].text != value.text:
            yield name, value


def remaining(goal: Goal, start: State, here: State) -> Goal:
    """The goal that is left of `goal`, begun at `start`, when a walk has to go on from `here`.

    A goal counts levels from where it begins: from deeper down, the scopes in between are
    stepped out of first. The result may be reached more than once before `goal` is.
    """
    if goal.action is not Action.RUN_TO and level(here) > level(start):
        return Goal(Action.STEP_OUT, goal.direction, goal.lines, goal.events, goal.exceptions)
    return goal


def is_reached_backward(goal: Goal, start: State, node: Trace) -> bool:
    """Whether a walk back from `start` ends on `node`; breakpoints are judged elsewhere."""
    return node.frame is not None and replace(goal, lines=frozenset()).reached_backward(
        start, node.frame
    )
