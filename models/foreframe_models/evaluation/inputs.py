"""Inputs that a model gives for a wanted output, and whether the real function makes it of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from foreframe_models.engines.base import EngineAborted, EngineRefused, PromptTooLong
from foreframe_models.entry import EntryError
from foreframe_models.evaluation.cruxeval import Item
from foreframe_models.evaluation.outcomes import each
from foreframe_models.inputs import guess_inputs
from foreframe_models.lark import GrammarTooLarge
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import End, Value, Verdict
from foreframe_protocol.values import compare

Replay = Callable[[Item, str], Awaitable[str | None]]
"""The repr of what an item's function really returns for given arguments; None of no return."""


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments that a model gave first for one program's output.

    `end` is FINISHED where there are any, else CUT_OFF or FAILED.
    """

    item: Item
    args: str | None
    right: bool
    end: End
    message: str = ""


async def given_inputs(
    model: WorldModel,
    items: Sequence[Item],
    replay: Replay,
    *,
    guesses: int = 3,
    parallel: int = 1,
    on_given: Callable[[Given], None] = lambda _: None,
) -> list[Given]:
    """Asks for inputs of every program, and runs it with the best. Raises EngineError."""
    await model.open()
    return await each(items, lambda item: given(model, item, replay, guesses), parallel, on_given)


async def given(model: WorldModel, item: Item, replay: Replay, guesses: int) -> Given:
    """One program: of `guesses` tries the one that the model itself thinks best."""
    wanted = Value(item.output)
    try:
        found = await guess_inputs(model, item.program, item.entry.function or "", wanted, guesses)
    except PromptTooLong as error:
        return Given(item, None, False, End.CUT_OFF, str(error))
    except (EngineAborted, EngineRefused, EntryError, GrammarTooLarge) as error:
        return Given(item, None, False, End.FAILED, str(error))
    if not found:
        return Given(item, None, False, End.CUT_OFF, "no try came to the call")
    args = found[0].args
    real = await replay(item, args)
    right = real is not None and compare(real, item.output) is Verdict.MATCH
    return Given(item, args, right, End.FINISHED)
