"""A run that was told by rules, told again by a model that chats: in its own words, which may err.

What it says is text for a person. Nothing is read from it, and no prediction comes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from foreframe_models import chat
from foreframe_models.dialects.compact import CompactDialect
from foreframe_models.engines.base import Engine, EngineError, Finish, Request

if TYPE_CHECKING:
    from foreframe_models.world_model import WorldModel

MOST_TOKENS = 400  # of the answer
MOST_CHARS = 8_000  # of what is to be told again
LEFT_OUT = "(steps left out)"


class CannotRetell(EngineError):
    """The model has no chat format."""

    code = 1040


async def must_retell(world: WorldModel) -> tuple[Engine, chat.Headers]:
    """What a retelling is asked of. Raises CannotRetell, and what opening the engine does."""
    if getattr(world, "engine", None) is None:
        raise CannotRetell("what predicts here is no language model: it cannot retell a run")
    dialect = await world.open()
    ids = None
    if not isinstance(dialect, CompactDialect):
        begin = dialect.info.specials["<|begin_of_text|>"]
        ids = await chat.headers(dialect.engine, begin)
    if ids is None:
        raise CannotRetell(
            f"{dialect.info.name} cannot retell a run: it has no chat format. Name an engine that "
            "serves CWM, or leave retelling out: the sentences told by rules need no model"
        )
    return dialect.engine, ids


async def retold(world: WorldModel, story: Sequence[str], *, priority: int = 0) -> str:
    """The sentences of `story` in the model's own words; empty when it has nothing to say.

    Raises EngineError, of it CannotRetell for a model that was not made to chat.
    """
    engine, ids = await must_retell(world)
    prompt = await chat.prompt(engine, ids, question(story), reasoning=False)
    request = Request(prompt, MOST_TOKENS, stop_ids=frozenset({ids.turn}), priority=priority)
    answer: list[int] = []
    finish: Finish | None = None
    async for chunk in engine.stream(request):
        answer += (token for token in chunk.ids if token != ids.turn)
        finish = chunk.finish or finish
    text = plain(await engine.decode(tuple(answer)))
    return f"{text} …" if text and finish is Finish.LENGTH else text


def question(story: Sequence[str]) -> str:
    """Asks for the same in a few sentences; the middle of a long story is left out."""
    told = list(story)
    while len(told) > 2 and sum(map(len, told)) > MOST_CHARS:
        del told[len(told) // 2]
    if len(told) < len(story):
        told.insert((len(told) + 1) // 2, LEFT_OUT)
    text = "\n".join(line[:MOST_CHARS] for line in told)
    return (
        "These sentences tell, step by step, what a run of a Python program does.\n\n"
        f"{text}\n\n"
        "Tell a programmer in at most five plain sentences what happens and why it comes out as it "
        "does. Say nothing that these sentences do not say. Answer with your sentences alone."
    )


def plain(text: str) -> str:
    """An answer as text that a terminal or an editor shows as it is: no control characters."""
    return "".join(c for c in text if c == "\n" or c.isprintable()).strip()
