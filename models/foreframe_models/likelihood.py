"""How likely a model finds it that a call returns a certain value, without the way there."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

from foreframe_models.dialects.compact import CompactDialect
from foreframe_models.dialects.compact_jump import write_jump
from foreframe_models.jumps import Aim, targets
from foreframe_protocol.states import Action, Event, Frame, Trace, Value
from foreframe_protocol.trace_text import Separator

if TYPE_CHECKING:
    from foreframe_models.dialects.base import Dialect
    from foreframe_models.program.control_flow import Program
    from foreframe_models.world_model import WorldModel

MOST_LINES = 4  # that return, of a function

Tokens = tuple[int, ...]


async def return_logprob(
    world: WorldModel, program: Program, start: Trace, returned: str
) -> float | None:
    """The log-probability that the call which `start` ends on returns a value of this repr.

    The model is asked to jump: nobody walks. The best over the lines that return; None where the
    function has no such line. Raises EngineError, of it EngineRefused by engines that cannot score.
    """
    dialect = await world.open()
    context = await world.prompt(program, start)
    scope = start.state.top
    aim = Aim(Action.STEP_OUT)
    found = await asyncio.to_thread(targets, program, start.state, aim)
    best: float | None = None
    for line in itertools.islice(sorted(found.returns), MOST_LINES):
        frame = Frame(
            Event.RETURN,
            scope.function,
            scope.scope_line,
            line,
            program.line_text(line),
            value=Value(returned),
            depth=len(start.state.stack) - 1,
        )
        given, value = await _split(dialect, program, start, frame, aim)
        scores = await world.engine.score((*context, *given, *value), len(context) + len(given))
        total = sum(scores[: len(value)])
        best = total if best is None else max(best, total)
    return best


async def _split(
    dialect: Dialect, program: Program, start: Trace, frame: Frame, aim: Aim
) -> tuple[Tokens, Tokens]:
    """A return frame's tokens: those that ask for it, and those of its value."""
    if isinstance(dialect, CompactDialect):
        listing, place = dialect.listing(program, start), dialect.place(program, start)
        asked, ids, _ = write_jump(listing, place, aim, frame)
        return tuple(asked), tuple(ids[:-1])  # the last one is the line
    ids = [*await dialect.write(program, start.append(frame, skipped=True))]
    before = dialect.info.specials[Separator.ARG.text]
    end = dialect.info.specials[Separator.FRAME.text]
    at = len(ids) - ids[::-1].index(before)
    value = ids[at:-1] if ids[-1] == end else ids[at:]
    return tuple(ids[:at]), tuple(value)
