"""What a dialect is: frames → token ids for a model, token ids → frames, and the legal ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foreframe_models.engines.base import Chunk, Engine, ModelInfo
from foreframe_protocol.states import Frame, Goal, Part, State, Trace

if TYPE_CHECKING:
    from foreframe_models.dialects.way_back import WayBack
    from foreframe_models.jumps import Aim
    from foreframe_models.program.control_flow import Program


class MalformedFrame(ValueError):
    """A model's answer that is no legal frame: says what was read, and where it went wrong."""


class Reader(ABC):
    """Reads one answer: fed chunks of a stream, gives each frame when it is complete."""

    @abstractmethod
    async def feed(self, chunk: Chunk) -> Sequence[tuple[Frame, tuple[int, ...]]]:
        """The frames that this chunk completes, each with the token ids that wrote it.

        Raises MalformedFrame.
        """


@dataclass(frozen=True, slots=True)
class Asked:
    """A jump as a dialect asks for it: the token ids after the trace, and the legal answers."""

    ids: tuple[int, ...]
    grammar: str
    reader: Reader  # gives one frame, with all the token ids that wrote it, those of `ids` too


class Dialect(ABC):
    """A way of writing traces that a model was trained on. Opened with the engine's model."""

    name: str
    tells_upcoming = False  # whether frames say what a `for` takes next

    def __init__(self, engine: Engine, info: ModelInfo) -> None:
        self.engine, self.info = engine, info

    @abstractmethod
    async def context(self, program: Program, trace: Trace) -> tuple[int, ...]:
        """The prompt's start: the source, and what stands before the first frame."""

    @abstractmethod
    async def write(self, program: Program, node: Trace) -> tuple[int, ...]:
        """The token ids of `node.frame`, written as what follows `node.parent`."""

    def write_parts(self, program: Program, trace: Trace, parts: Sequence[Part]) -> tuple[int, ...]:
        """The token ids of the first parts of a frame after `trace`; none where it has no parts."""
        return ()

    @abstractmethod
    def grammar(self, program: Program, trace: Trace, goal: Goal, *, one_frame: bool) -> str:
        """A lark grammar of every legal continuation of `trace` that ends on the goal.

        `one_frame`: of the single next frame instead, for programs beyond the engine's limits.
        """

    @abstractmethod
    def reader(self, program: Program, trace: Trace) -> Reader:
        """Reads what a model writes after `trace`."""

    @abstractmethod
    def jump(self, program: Program, trace: Trace, aim: Aim) -> Asked:
        """Asks for the one frame that `aim` leads to. Raises CannotJump."""

    @abstractmethod
    def way_back(self, program: Program, state: State) -> WayBack:
        """Goes back from a state whose stack is known."""
