"""What a model predicts of one program: a walk on its own, and each frame with the true past."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from foreframe_models.engines.base import (
    EngineAborted,
    EngineError,
    EngineRefused,
    PromptTooLong,
)
from foreframe_models.entry import EntryError
from foreframe_models.evaluation.cruxeval import Item
from foreframe_models.lark import GrammarTooLarge
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import (
    Action,
    End,
    Event,
    Frame,
    Goal,
    Prediction,
    State,
    Trace,
    Usage,
)

NOTHING = Usage()
NEXT_FRAME = Goal(Action.STEP_INTO, events=frozenset(Event))

Truth = Callable[[Item], Awaitable[tuple[Frame, ...] | None]]
"""The frames of a real run from its call on; None where it has no end within its limits."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A whole trace as the model went on by itself from the call.

    `end` is FAILED where the answer was no legal frame, or the model could not be asked.
    """

    frames: tuple[Frame, ...]
    end: End
    message: str = ""
    usage: Usage = NOTHING


@dataclass(frozen=True, slots=True)
class Step:
    """One frame predicted from the true frames before it; `predicted` is None where that failed."""

    before: State
    real: Frame
    predicted: Frame | None
    usage: Usage = NOTHING
    message: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that was predicted of one program. `real` is empty where no truth was asked for."""

    item: Item
    walk: Walk
    real: tuple[Frame, ...] = ()  # after the call
    steps: tuple[Step, ...] = ()


async def outcomes(
    model: WorldModel,
    items: Sequence[Item],
    *,
    truth: Truth | None = None,
    parallel: int = 1,
    on_outcome: Callable[[Outcome | None], None] = lambda _: None,
) -> list[Outcome]:
    """Predicts every program, `parallel` at a time, and gives what came of each, in order.

    With `truth` also frame by frame; a program without a real end is left out then, and
    `on_outcome` gets None for it. Raises EngineError when the engine cannot be used at all.
    """
    gate = asyncio.Semaphore(parallel)

    async def one(item: Item) -> Outcome | None:
        async with gate:
            found = await outcome(model, item, truth)
            on_outcome(found)
            return found

    await model.open()
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [found for task in tasks if (found := task.result()) is not None]


async def outcome(model: WorldModel, item: Item, truth: Truth | None) -> Outcome | None:
    """One program; None where its real run has no end."""
    try:
        start = await model.start(item.program, item.entry)
    except EntryError as error:  # the model cannot be asked, which is no answer
        return Outcome(item, Walk((), End.FAILED, str(error)))
    real = None if truth is None else await truth(item)
    if truth is not None and real is None:
        return None
    walked = await walk(model, item, start)
    if real is None:
        return Outcome(item, walked)
    return Outcome(item, walked, real[1:], await steps(model, item, start, real[1:]))


async def walk(model: WorldModel, item: Item, start: Trace) -> Walk:
    """The model goes on from the call until the end."""
    found, message = await ask(model.predict(item.program, start, Goal(Action.RUN_TO)), start)
    return Walk(found.frames, found.end, message, found.usage)


async def steps(
    model: WorldModel, item: Item, start: Trace, real: Sequence[Frame]
) -> tuple[Step, ...]:
    """Each frame of the real trace, predicted from those before it."""
    found: list[Step] = []
    trace = start
    for frame in real:
        answer, message = await ask(model.predict(item.program, trace, NEXT_FRAME), trace)
        predicted = answer.frames[0] if answer.frames else None
        found.append(Step(trace.state, frame, predicted, answer.usage, message))
        trace = trace.append(frame)
    return tuple(found)


async def ask(prediction: Awaitable[Prediction], start: Trace) -> tuple[Prediction, str]:
    """A prediction, or what there is of one that failed on this program alone."""
    try:
        found = await prediction
    except PromptTooLong as error:
        found = error.partial or Prediction(start, (), End.CUT_OFF)
        return replace(found, end=End.CUT_OFF), str(error)
    except (EngineAborted, EngineRefused) as error:
        return error.partial or Prediction(start, (), End.FAILED), str(error)
    except GrammarTooLarge as error:
        return Prediction(start, (), End.FAILED), str(error)
    return found, found.message


def all_failed(found: Sequence[Outcome]) -> EngineError | None:
    """An error in place of a report, where no program got any answer."""
    if found and all(o.walk.end is End.FAILED and not o.walk.frames for o in found):
        return EngineAborted(f"no program could be predicted: {found[0].walk.message}")
    return None
