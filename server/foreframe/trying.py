"""Trying a candidate on one example: by rules where they tell, by predicting it, by a real run."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from foreframe.candidates import Basis, Evidence, judge, mixed, outcome_of, sure_of
from foreframe.errors import RunFailed
from foreframe.examples import AtStop, Example
from foreframe.reality import Limits, observe
from foreframe.reckoned_trace import Steps, reckoned_trace
from foreframe.reckoning import BUDGET, Limited, Reckoned, reckon, reckon_line
from foreframe_models.engines.base import CannotJump, EngineRefused, PromptTooLong
from foreframe_models.entry import Entry, EntryError
from foreframe_models.likelihood import return_logprob
from foreframe_protocol.states import (
    Action,
    End,
    Event,
    Frame,
    Goal,
    Prediction,
    Provenance,
    Scope,
    State,
    Trace,
    Value,
    Verdict,
)

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program
    from foreframe_models.world_model import WorldModel

MOST_FRAMES = 200  # of an example's predicted run
MOST_TOKENS = 600
RUN_LIMITS = Limits(frames=100_000, seconds=2.0, memory_mb=512, confined=True)


@dataclass(slots=True)
class Trying:
    """What tries examples with a world model."""

    world: WorldModel
    _thought: dict[tuple[str, Example], float | None] = field(default_factory=dict)

    async def evidence(
        self, program: Program, example: Example, *, walks: bool, runs: bool
    ) -> Evidence:
        """What the model predicts, and with `runs` what a run gives, in a limited child process.

        Without `walks` only what it thinks of the example at once. Raises EngineError.
        """
        if example.stop is not None:
            return await self._at_stop(program, example, example.stop)
        entry = Entry(example.function, example.args)
        try:
            start = await self.world.start(program, entry)
        except EntryError:
            return Evidence(example, None, Verdict.NOT_COMPARABLE)
        at_once = await self.at_once(program, start, example)
        if not walks:
            return Evidence(example, None, Verdict.NOT_COMPARABLE, probability=at_once)
        prediction = await self._walked(program, start, Goal(Action.RUN_TO))
        trace = prediction.trace
        outcome = outcome_of(trace) if prediction.end is End.FINISHED else None
        verdict = judge(example, outcome)
        last = trace.frame.value.confidence if trace.frame and trace.frame.value else None
        probability = mixed(verdict, sure_of(trace), at_once)
        evidence = Evidence(example, outcome, verdict, last, trace, probability=probability)
        if not runs or program.holes:
            return evidence
        try:
            run = await observe(program, entry, RUN_LIMITS)
        except RunFailed as error:  # before the call: the module itself does not get so far
            return replace(evidence, ran=str(error), ran_right=False)
        real = Trace()
        for frame in run.frames:
            real = real.append(frame)
        ran = outcome_of(real) if run.end is End.FINISHED else None
        right = judge(example, ran) is Verdict.MATCH
        return replace(evidence, ran=ran or run.message, ran_right=right)

    async def weakest(self, program: Program, examples: Sequence[Example]) -> float | None:
        """What the model thinks at once of the call that it thinks the least of.

        None where it cannot say so, or there is no call. Raises EngineError and EntryError.
        """
        found: list[float] = []
        for example in examples:
            if example.stop is None:
                start = await self.world.start(program, Entry(example.function, example.args))
                at_once = await self.at_once(program, start, example)
                if at_once is None:
                    return None
                found.append(at_once)
        return min(found, default=None)

    async def at_once(self, program: Program, start: Trace, example: Example) -> float | None:
        """The probability that the model gives to what is wanted, without the way there."""
        if example.returned is None or self.world.engine is None:
            return None
        key = program.source, example
        if key not in self._thought:
            try:
                logprob = await return_logprob(self.world, program, start, example.returned)
            except (EngineRefused, CannotJump, PromptTooLong):
                logprob = None
            self._thought[key] = None if logprob is None else math.exp(logprob)
        return self._thought[key]

    async def _at_stop(self, program: Program, example: Example, stop: AtStop) -> Evidence:
        """One step from a stop where a person has chosen what it is to give."""
        state = state_at(program, stop)
        if state is None:
            return Evidence(example, None, Verdict.NOT_COMPARABLE)
        start = self.world.begin(program, state)
        prediction = await self._walked(program, start, Goal(Action.STEP_OVER))
        after = prediction.trace.state
        value = after.stack[0].locals.get(stop.name) if len(after.stack) == 1 else None
        if prediction.end not in (End.REACHED, End.FINISHED) or value is None:
            return Evidence(example, None, Verdict.NOT_COMPARABLE, trace=prediction.trace)
        verdict = judge(example, value.text)
        return Evidence(example, value.text, verdict, value.confidence, prediction.trace)

    async def _walked(self, program: Program, start: Trace, goal: Goal) -> Prediction:
        on_frame = _until(MOST_FRAMES)
        return await self.world.predict(
            program, start, goal, on_frame=on_frame, max_tokens=MOST_TOKENS
        )


@dataclass(frozen=True, slots=True)
class Tried:
    """What rules alone give of an example: its evidence, if they can tell.

    `opened`: the place of an open hole that the run came to. `is_long`: it was not through within
    what it may compute.
    """

    evidence: Evidence | None
    opened: tuple[int, int] | None = None
    is_long: bool = False


def by_rules(
    program: Program, texts: Sequence[str | None], examples: Sequence[Example]
) -> tuple[Evidence, ...]:
    """The evidence that rules alone give with `texts` in the holes, up to the first wrong example.

    Empty if they cannot tell of all. Pure.
    """
    found: list[Evidence] = []
    for example in examples:
        evidence = reckoned_evidence(program, texts, example).evidence
        if evidence is None:
            return ()
        found.append(evidence)
        if not is_right(evidence):
            break
    return tuple(found)


def reckoned_evidence(
    program: Program, texts: Sequence[str | None], example: Example, budget: int | None = None
) -> Tried:
    """What one example gives with `texts` in the holes, as far as rules alone can tell. Pure.

    `budget`: how many nodes it may compute, if fewer than usual.
    """
    steps, limits = Steps(), Limited(budget or BUDGET)
    stop = example.stop
    known: Reckoned | None
    if stop is not None:
        known = reckon_line(
            program, stop.line, dict(stop.known), stop.name, filled=texts, limits=limits
        )
    else:
        entry = Entry(example.function, example.args)
        try:
            known = reckon(program, entry, filled=texts, watch=steps, limits=limits)
        except EntryError:
            known = None
    if known is not None:
        verdict = judge(example, known.outcome)
        if verdict is Verdict.NOT_COMPARABLE:
            return Tried(None)
        right = float(verdict is Verdict.MATCH)
        return Tried(
            Evidence(example, known.outcome, verdict, basis=Basis.RULES, probability=right)
        )
    if limits.opened is not None:
        return Tried(None, opened=limits.opened)
    if limits.is_spent and budget is not None:
        return Tried(None, is_long=True)
    if steps.count >= MOST_FRAMES:  # a walk would not come to its end
        return Tried(Evidence(example, None, Verdict.NOT_COMPARABLE, basis=Basis.RULES))
    return Tried(None, is_long=limits.is_spent)


def is_right(evidence: Evidence) -> bool:
    """Whether an example comes out as wanted."""
    return evidence.verdict is Verdict.MATCH


def traced(program: Program, evidence: Evidence) -> Evidence:
    """Evidence by rules with the trace that rules tell of a call; `program` has no hole there."""
    if evidence.example.stop is not None:
        return evidence
    entry = Entry(evidence.example.function, evidence.example.args)
    return replace(evidence, trace=reckoned_trace(program, entry))


def state_at(program: Program, stop: AtStop) -> State | None:
    """The stop as far as it is known: its scope. None where no code stands there."""
    functions = [program.functions[ident] for ident in program.scopes_on(stop.line)]
    if not functions:
        return None
    inner = max(functions, key=lambda function: function.scope_line)
    known = {name: Value(text, Provenance.GIVEN) for name, text in stop.known}
    return State((Scope(inner.qualname, inner.scope_line, stop.line, known),), Event.LINE)


def _until(limit: int) -> Callable[[Frame], bool]:
    """Ends a walk after so many frames."""
    numbers = itertools.count(1)
    return lambda frame: next(numbers) >= limit
