"""What a way back is: a dialect's search for the frames before a known state, nearest first."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from foreframe_models.engines.base import Chunk, EngineError
from foreframe_protocol.states import Frame, Usage


class NoPast(EngineError):
    """Nothing can have led to what is known: no line of the program does."""

    code = 1030


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a model's answers are drawn: at temperature 0 always the likeliest."""

    temperature: float = 0.0
    seed: int | None = None


GREEDY = Sampling()


class WayBack(ABC):
    """Goes back from a state or an outcome, frame by frame, until the entry's call is passed."""

    def __init__(self) -> None:
        self.usage = Usage()  # of all steps so far
        self.logprob = 0.0  # of all that was chosen so far, as a natural logarithm

    @abstractmethod
    async def step(self, *, max_tokens: int, priority: int = 0) -> tuple[Frame, ...]:
        """The frames right before what is known, nearest first: one, or two that belong together.

        None are given where the limit, or the model's context, is too small for a whole frame.
        Cancelling ends the request at the engine. Raises EngineError, of it NoPast where nothing
        can have come before.
        """

    def forget(self) -> None:
        """What was found so far is complete: no more of it is needed than its first state."""
        return None

    @property
    def skips(self) -> bool:
        """Whether what the last step's line had called was passed over: no one knows its frames."""
        return False


def usage_of(chunk: Chunk) -> Usage:
    """What a chunk adds to the cost of a prediction."""
    forced = sum(chunk.forced)
    return Usage(
        prompt_tokens=chunk.prompt_tokens,
        cached_tokens=chunk.cached_tokens,
        forced_tokens=forced,
        generated_tokens=len(chunk.ids) - forced,
    )
