"""What a model predicts of one program: its output in three ways, and each frame of its trace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from foreframe_models.engines.base import (
    CannotJump,
    EngineAborted,
    EngineError,
    EngineRefused,
    PromptTooLong,
)
from foreframe_models.entry import EntryError
from foreframe_models.evaluation.actions import Act, acts
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

T = TypeVar("T")
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
    """All that was predicted of one program. `real` is empty where no truth was asked for.

    `short` are shorter ways to the output, by name, where the model knows them: "jump" to the
    return at once, and "run_to" the function's last line, then on from there.
    """

    item: Item
    walk: Walk
    real: tuple[Frame, ...] = ()  # after the call
    steps: tuple[Step, ...] = ()
    acts: tuple[Act, ...] = ()
    short: Mapping[str, Walk] = field(default_factory=dict)


async def outcomes(
    model: WorldModel,
    items: Sequence[Item],
    *,
    truth: Truth | None = None,
    parallel: int = 1,
    on_outcome: Callable[[Outcome | None], None] = lambda _: None,
) -> list[Outcome]:
    """Predicts every program, `parallel` at a time, and gives what came of each, in order.

    With `truth` frame by frame too, and debuggers' actions at places of the real trace, instead of
    the shorter ways to the output; a program without a real end is left out then, and
    `on_outcome` gets None for it. Raises EngineError when the engine cannot be used at all.
    """
    await model.open()
    found = await each(items, lambda item: outcome(model, item, truth), parallel, on_outcome)
    return [one for one in found if one is not None]


async def each(
    items: Sequence[Item],
    ask: Callable[[Item], Awaitable[T]],
    parallel: int,
    on_answer: Callable[[T], None],
) -> list[T]:
    """Asks about every item, `parallel` at a time; the answers in order."""
    gate = asyncio.Semaphore(parallel)

    async def one(item: Item) -> T:
        async with gate:
            found = await ask(item)
            on_answer(found)
            return found

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


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
        return Outcome(item, walked, short=await shortcuts(model, item, start))
    stepped = await steps(model, item, start, real[1:])
    acted = await acts(model, item, start, real)
    return Outcome(item, walked, real[1:], stepped, tuple(acted))


async def shortcuts(model: WorldModel, item: Item, start: Trace) -> dict[str, Walk]:
    """The output by shorter ways than a whole trace, each as a walk; {} where none is known."""
    program = item.program
    function = program.find(item.entry.function or "")
    last = max([line for line in function.lines if line in function.returns] or function.lines)
    goals = {
        "jump": Goal(Action.STEP_OUT),
        "run_to": Goal(Action.RUN_TO, lines=frozenset({(function.scope_line, last)})),
    }
    found: dict[str, Walk] = {}
    for name, goal in goals.items():
        try:
            answer, message = await ask(model.jump(program, start, goal), start)
        except CannotJump:
            continue
        frames, usage = answer.frames, answer.usage
        if answer.end is End.REACHED:
            rest = model.predict(program, answer.trace, Goal(Action.RUN_TO))
            answer, message = await ask(rest, answer.trace)
            frames, usage = frames + answer.frames, usage + answer.usage
        found[name] = Walk(frames, answer.end, message, usage)
    return found


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
