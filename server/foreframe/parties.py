"""Who a session deals with: a world model that predicts, and a listener that is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from foreframe.timeline import Stop
from foreframe_protocol.states import Action, Frame, Goal, Prediction, State, Trace

if TYPE_CHECKING:
    from foreframe.observation import Observation
    from foreframe_models.entry import Entry
    from foreframe_models.inputs import Guess, Outcome
    from foreframe_models.program.control_flow import Program

OnFrame = Callable[[Frame], bool | None]


class WorldModel(Protocol):
    """What a session needs of `foreframe_models.world_model.WorldModel`."""

    async def start(self, program: Program, entry: Entry) -> Trace: ...

    async def predict(
        self,
        program: Program,
        trace: Trace,
        goal: Goal,
        *,
        on_frame: OnFrame | None = None,
        priority: int = 0,
        max_tokens: int | None = None,
    ) -> Prediction: ...

    def begin(self, program: Program, state: State) -> Trace: ...

    async def guess_inputs(
        self,
        program: Program,
        function: str,
        outcome: Outcome,
        n: int = 4,
        *,
        on_guess: Callable[[Guess], None] | None = None,
    ) -> list[Guess]: ...

    async def close(self) -> None: ...


class Reality(Protocol):
    """What a checked session needs of `foreframe.debuggee.Debuggee`: the program, really run.

    An observation with `ended` is the last. `places` are (scope line, line) that end a step, too.
    Raises DebuggeeError when the program cannot go on.
    """

    async def start(self, *, stop_on_entry: bool) -> Observation: ...

    async def step(
        self, action: Action, places: frozenset[tuple[int, int]] = frozenset()
    ) -> Observation: ...

    async def pause(self) -> object: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Output:
    """Something to tell besides where the session stands."""

    text: str
    kind: str  # "stdout", "stderr": as predicted; "log": a logpoint's; our own: "limit", "note",
    # "error"
    line: int | None = None


class Listener(Protocol):
    """Who is told what happens in a session."""

    def stopped(self, stop: Stop) -> None: ...

    def output(self, output: Output) -> None: ...

    def ended(self, exit_code: int) -> None: ...
