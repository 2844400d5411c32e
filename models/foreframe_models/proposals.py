"""What a model would write in place of a `??` hole: several answers, each with its likelihood."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foreframe_models.dialects.base import Dialect
from foreframe_models.dialects.compact import CompactDialect
from foreframe_models.dialects.compact_hole import Example, expression_text, hole_prompt
from foreframe_models.engines.base import Engine, Finish, Request
from foreframe_protocol.states import Event, Frame, Value

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program
    from foreframe_models.world_model import Entry, WorldModel

MOST_TOKENS = 40  # of an answer
HEAT = 0.8  # temperature of all answers but the first


@dataclass(frozen=True, slots=True)
class Proposal:
    """An expression or statement as source text; `logprob`: of all its tokens, raw if known."""

    text: str
    logprob: float | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A call and the repr of what it is to return."""

    entry: Entry
    returned: str


async def proposals(
    world: WorldModel,
    program: Program,
    hole: int,
    wishes: Sequence[Wish],
    *,
    count: int = 4,
    priority: int = 0,
) -> AsyncIterator[Proposal]:
    """Answers for one hole of `program`, as they come, each once: the likeliest first, then others.

    The other holes are left open. Raises EngineError.
    """
    dialect = await world.open()
    prompt, grammar = await _prompt(world, dialect, program, hole, wishes)
    seen: set[str] = set()
    for number in range(count):
        request = Request(
            prompt,
            MOST_TOKENS,
            grammar,
            stop_ids=frozenset(_ends(dialect)),
            temperature=HEAT if number else 0.0,
            seed=number,
            priority=priority,
        )
        text, logprob = await _answer(world.engine, dialect, request)
        text = trimmed(text)
        if text and text not in seen:
            seen.add(text)
            yield Proposal(text, logprob)


async def _prompt(
    world: WorldModel, dialect: Dialect, program: Program, hole: int, wishes: Sequence[Wish]
) -> tuple[tuple[int, ...], str | None]:
    """The token ids up to the answer, and the grammar of answers."""
    if isinstance(dialect, CompactDialect):
        examples: list[Example] = []
        start = None
        for wish in wishes:
            start = await world.start(program, wish.entry)
            call = start.frame
            assert call is not None
            examples.append((call, _return(program, call, wish.returned)))
        if start is None:
            start = await world.start(program, _module())
        listing = await asyncio.to_thread(dialect.listing, program, start)
        vocabulary = dialect.vocabulary
        plain = f"<[{len(vocabulary.special)}-{len(vocabulary) - 1}]>"
        end = f"<[{vocabulary.special['<;>']}]>"
        return tuple(hole_prompt(listing, examples)), f"start: {plain}{{1,{MOST_TOKENS}}} {end}\n"
    return await _completion(dialect, program, hole, wishes), None


async def _completion(
    dialect: Dialect, program: Program, hole: int, wishes: Sequence[Wish]
) -> tuple[int, ...]:
    """The file up to the hole, after what is wanted: CWM goes on writing. By ids, as always."""
    line, column = program.holes[hole]
    before = "\n".join([*program.lines[: line - 1], program.lines[line - 1][:column]])
    told = "".join(
        f"# {wish.entry.function}({wish.entry.args}) returns {wish.returned}\n" for wish in wishes
    )
    text = told + before.rstrip(" ")
    begin = dialect.info.specials["<|begin_of_text|>"]
    return (begin, *await dialect.engine.encode(text))


def _ends(dialect: Dialect) -> list[int]:
    """The ids that end an answer."""
    if isinstance(dialect, CompactDialect):
        return [dialect.vocabulary.special["<;>"]]
    return [dialect.info.specials["<|end_of_text|>"]]


async def _answer(engine: Engine, dialect: Dialect, request: Request) -> tuple[str, float | None]:
    """One answer's text, and the sum of its tokens' log-probabilities."""
    ids: list[int] = []
    total: float | None = None
    texts: list[str] = []
    stream = engine.stream(request)
    try:
        async for chunk in stream:
            for token, text, logprob in zip(chunk.ids, chunk.texts, chunk.logprobs, strict=True):
                ids.append(token)
                texts.append(text)
                if logprob is not None:
                    total = (total or 0.0) + logprob
            if chunk.finish is Finish.LENGTH or "\n" in "".join(texts):
                break
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
    if isinstance(dialect, CompactDialect):
        plain = [i for i in ids if not dialect.vocabulary.is_special(i)]
        return expression_text(plain, dialect.vocabulary), total
    return (await engine.decode(tuple(ids))).split("\n")[0], total


def trimmed(text: str) -> str:
    """The longest beginning of an answer that is an expression; "" if none is."""
    text = text.strip()
    for end in range(len(text), 0, -1):
        piece = text[:end].strip()
        try:
            ast.parse(piece, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return piece
    return ""


def _return(program: Program, call: Frame, returned: str) -> Frame:
    """The return frame that an example shows: on the function's last line that returns."""
    function = program.function_for(call.function, call.scope_line)
    line = max(function.returns, default=call.line)
    return Frame(
        Event.RETURN,
        call.function,
        call.scope_line,
        line,
        program.line_text(line),
        value=Value(returned),
    )


def _module() -> Entry:
    from foreframe_models.entry import Entry

    return Entry()
