"""A debugger's actions at places of a real trace: where each stops, predicted and really."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from foreframe_models.dialects.way_back import NoPast
from foreframe_models.engines.base import CannotJump, EngineAborted, EngineRefused, PromptTooLong
from foreframe_models.entry import EntryError
from foreframe_models.evaluation.cruxeval import Item
from foreframe_models.jumps import aim_of, landing
from foreframe_models.lark import GrammarTooLarge
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import (
    Action,
    Direction,
    End,
    Event,
    Frame,
    Goal,
    Prediction,
    State,
    Trace,
    Usage,
    left_entry,
)

PAST_PLACES = 8  # of one program, at most


@dataclass(frozen=True, slots=True)
class Act:
    """One action: what it was asked of, where it really ends, and the predicted frame there.

    `way`: "walk" frame by frame, "jump" in one, "back" in time. `predicted` is None where nothing
    came: `end` tells a cut off answer from a failed one.
    """

    way: str
    action: Action
    before: State
    real: Frame
    predicted: Frame | None
    end: End
    usage: Usage


def stops(frames: Sequence[Frame], at: int, state: State, goal: Goal) -> int | None:
    """Where in a real trace an action from `frames[at]` ends, forward."""
    for index in range(at + 1, len(frames)):
        if left_entry(frames[index]) or goal.reached(state, frames[index]):
            return index
    return None


def stops_back(frames: Sequence[Frame], at: int, state: State, goal: Goal) -> int:
    """Where it ends backward: on a line, or at the beginning."""
    for index in range(at - 1, 0, -1):
        if goal.reached_backward(state, frames[index]):
            return index
    return 0


def goals(rng: Random, frames: Sequence[Frame]) -> Iterator[tuple[int, Goal]]:
    """One place for each action: lines that call something first, for what goes over calls."""
    lines = [at for at, frame in enumerate(frames[:-1]) if frame.event is Event.LINE]
    if not lines:
        return
    calling = [at for at in lines if frames[at + 1].event is Event.CALL]
    yield rng.choice(calling or lines), Goal(Action.STEP_OVER)
    yield rng.choice(lines), Goal(Action.STEP_OUT)
    ahead = [(at, later) for at in (0, *lines) if (later := own_lines(frames, at))]
    if ahead:
        at, later = rng.choice(ahead)
        yield at, Goal(Action.RUN_TO, lines=frozenset({rng.choice(later)}))


def own_lines(frames: Sequence[Frame], at: int) -> list[tuple[int, int]]:
    """The lines that the scope of `frames[at]` comes to later, as breakpoints."""
    here = frames[at]
    return [
        (frame.scope_line, frame.line)
        for frame in frames[at + 1 :]
        if frame.event is Event.LINE and frame.depth == here.depth
        if (frame.function, frame.scope_line) == (here.function, here.scope_line)
    ]


async def acts(model: WorldModel, item: Item, start: Trace, real: Sequence[Frame]) -> list[Act]:
    """Actions at places that the item's name fixes. `real` starts with the call.

    What the model cannot do at all (jumps, going backward) is left out.
    """
    rng = Random(item.id)
    nodes = [start]
    for frame in real[1:]:
        nodes.append(nodes[-1].append(frame))
    found: list[Act] = []
    for at, goal in goals(rng, real):
        node = nodes[at]
        end = stops(real, at, node.state, goal)
        if end is not None:
            answer = await said(model.predict(item.program, node, goal))
            found += act("walk", goal.action, node.state, real[end], answer)
        try:
            there = landing(real, at, aim_of(goal, node.state))
        except CannotJump:
            there = None
        if there is not None:
            answer = await said(model.jump(item.program, node, goal))
            found += act("jump", goal.action, node.state, real[there], answer)
    return found + await past(model, item, nodes, real, rng)


async def past(
    model: WorldModel, item: Item, nodes: Sequence[Trace], real: Sequence[Frame], rng: Random
) -> list[Act]:
    """The line before stops on their level, and one way out, from the state alone."""
    known = [at for at in range(1, len(real)) if real[at].event in (Event.LINE, Event.RETURN)]
    wanted = [
        (at, Action.STEP_OVER) for at in sorted(rng.sample(known, min(PAST_PLACES, len(known))))
    ]
    wanted += [(at, Action.STEP_OUT) for at in rng.sample(known, min(1, len(known)))]
    found: list[Act] = []
    for at, action in wanted:
        state, goal = nodes[at].state, Goal(action, Direction.BACKWARD)
        answer = await said(model.predict(item.program, model.begin(item.program, state), goal))
        there = real[stops_back(real, at, state, goal)]
        found += act("back", action, state, there, answer)
        if not found:  # this model does not know the past
            break
    return found


def act(
    way: str, action: Action, before: State, real: Frame, answer: Prediction | None
) -> Iterator[Act]:
    """As a list of one; empty where the model cannot do this."""
    if answer is not None:
        last = answer.frames[-1] if answer.frames else None
        if answer.end in (End.CUT_OFF, End.FAILED):
            last = None
        yield Act(way, action, before, real, last, answer.end, answer.usage)


async def said(prediction: Awaitable[Prediction]) -> Prediction | None:
    """A prediction; of one that failed what there is; None of one that no one can make."""
    try:
        return await prediction
    except (CannotJump, EntryError):
        return None
    except PromptTooLong as error:
        return error.partial or Prediction(Trace(), (), End.CUT_OFF, str(error))
    except (EngineAborted, EngineRefused, NoPast, GrammarTooLarge) as error:
        partial = getattr(error, "partial", None)
        return partial or Prediction(Trace(), (), End.FAILED, str(error))
