"""Predicted runs and fillings for open documents: kept while the text stays, cancellable."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from foreframe.candidates import Basis
from foreframe.examples import Example
from foreframe.filling import Budget, Candidate, Filling, outcome_of
from foreframe.holes import Missing
from foreframe.language.analysis import Analysis
from foreframe.language.fills import Fills, Found
from foreframe.reckoned_trace import reckoned_trace
from foreframe_models.entry import Entry
from foreframe_models.proposals import Proposal, Wish, proposals
from foreframe_models.retelling import retold
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import Action, End, Frame, Goal, Trace

if TYPE_CHECKING:
    from foreframe.holes import Hole
    from foreframe_models.program.control_flow import Program

KEPT = 64  # predicted runs
FRAMES = 200
PRIORITY = 5  # below a person's step in a debug session


@dataclass(frozen=True, slots=True)
class PredictedRun:
    """One example's run, as predicted, or by rules alone where these can tell all of it.

    `outcome` is None when it was cut off.
    """

    example: Example
    trace: Trace
    end: End
    outcome: str | None
    basis: Basis = Basis.MODEL

    @property
    def confidence(self) -> float | None:
        """That of the least certain place on the way, and of the outcome."""
        frames = list(self.trace.frames())
        known = [f.confidence for f in frames if f.confidence is not None]
        last = frames[-1].value
        if last is not None and last.confidence is not None:
            known.append(last.confidence)
        return min(known, default=None)


class Foresight(ABC):
    """What the language server asks of whoever predicts; runs are kept while the text stays."""

    def __init__(self) -> None:
        self._runs: OrderedDict[tuple[str, str], PredictedRun] = OrderedDict()
        self._fills = Fills()

    def known(self, analysis: Analysis, example: Example) -> PredictedRun | None:
        """A run that has been predicted already for this very text."""
        return self._runs.get((analysis.text, example.call))

    async def run(self, analysis: Analysis, example: Example) -> PredictedRun:
        """Predicts a call. Cancelling the task ends the request at the engine.

        Raises EngineError, and EntryError where the arguments do not fit.
        """
        key = (analysis.text, example.call)
        if key in self._runs:
            self._runs.move_to_end(key)
            return self._runs[key]
        run = self._runs[key] = await self._predict(analysis, example)
        if len(self._runs) > KEPT:
            self._runs.popitem(last=False)
        return run

    @abstractmethod
    async def _predict(self, analysis: Analysis, example: Example) -> PredictedRun:
        """A run that is not known yet."""

    @abstractmethod
    def fill(
        self,
        analysis: Analysis,
        holes: Sequence[Hole],
        examples: Sequence[Example],
        budget: Budget,
    ) -> AsyncGenerator[Candidate, None]:
        """Candidates for holes, as they are tried. Raises EngineError."""

    @abstractmethod
    async def retell(self, story: Sequence[str]) -> str:
        """Sentences in the model's own words. Raises EngineError."""

    async def close(self) -> None:
        """Ends what is being filled, and frees what predicts."""
        await self._fills.close()

    def drop(self, analysis: Analysis) -> None:
        """Ends what is still being filled of a text that is no more, at the engine too."""
        self._fills.drop(analysis.text)

    async def best(
        self,
        analysis: Analysis,
        holes: Sequence[Hole],
        examples: Sequence[Example],
        budget: Budget,
        *,
        seconds: float | None = None,
        patience: float | None = None,
        enough: Callable[[Candidate], bool] | None = None,
        settle: float = 0.0,
    ) -> Found:
        """The candidates that could be tried in time, best first.

        Waits no longer than `settle` seconds after one that is enough, nor than `patience` once
        there is any. Cancelling the task ends the request at the engine if nobody else waits.
        Raises EngineError.
        """
        what = tuple(hole.index for hole in holes), tuple(examples), astuple(budget)
        return await self._fills.best(
            analysis.text,
            what,
            lambda: self.fill(analysis, holes, examples, budget),
            seconds=seconds,
            patience=patience,
            enough=enough,
            settle=settle,
        )


class Predictor(Foresight):
    """Asks a world model in this process."""

    def __init__(self, world: WorldModel, *, max_frames: int = FRAMES) -> None:
        super().__init__()
        self.world, self.max_frames = world, max_frames

    async def close(self) -> None:
        await super().close()
        await self.world.close()

    async def retell(self, story: Sequence[str]) -> str:
        return await retold(self.world, story, priority=PRIORITY)

    async def _predict(self, analysis: Analysis, example: Example) -> PredictedRun:
        assert analysis.program is not None
        entry = Entry(example.function, example.args)
        known = await asyncio.to_thread(reckoned_trace, analysis.program, entry)
        if known is not None:
            return PredictedRun(example, known, End.FINISHED, outcome_of(known), Basis.RULES)
        start = await self.world.start(analysis.program, entry)
        count = 0

        def watch(frame: Frame) -> bool:
            nonlocal count
            count += 1
            return count >= self.max_frames

        found = await self.world.predict(
            analysis.program, start, Goal(Action.RUN_TO), on_frame=watch, priority=PRIORITY
        )
        outcome = outcome_of(found.trace) if found.end is End.FINISHED else None
        return PredictedRun(example, found.trace, found.end, outcome)

    async def fill(
        self,
        analysis: Analysis,
        holes: Sequence[Hole],
        examples: Sequence[Example],
        budget: Budget,
    ) -> AsyncGenerator[Candidate, None]:
        """Candidates for holes, as they are tried. Raises EngineError."""
        filling = Filling(self.world, analysis.text, analysis.path, holes, examples, budget)

        async def propose(program: Program, hole: Hole) -> AsyncIterator[Proposal]:
            calls = [e for e in examples if e.stop is None]
            wishes = [Wish(Entry(e.function, e.args), e.returned) for e in calls if e.returned]
            async for proposal in proposals(
                self.world,
                program,
                hole.index,
                wishes,
                count=budget.proposals,
                priority=PRIORITY,
                reasoning=budget.reasoning,
                forms=hole.forms if hole.missing is Missing.STATEMENT else None,
            ):
                yield proposal

        async for candidate in filling.candidates(propose):
            yield candidate
