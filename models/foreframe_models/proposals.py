"""What a model would write in place of a `??` hole: several answers, each with its likelihood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foreframe_models import chat
from foreframe_models.dialects.base import Dialect
from foreframe_models.dialects.compact import CompactDialect
from foreframe_models.dialects.compact_hole import Example, expression_text, hole_prompt
from foreframe_models.engines.base import Engine, Finish, Request
from foreframe_models.program.source import HOLE, ProgramError
from foreframe_models.program.syntax import indented, is_expression, is_statement
from foreframe_protocol.states import Event, Frame, Value

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program
    from foreframe_models.world_model import Entry, WorldModel

MOST_TOKENS = 40  # of an answer
CHAT_TOKENS = 300  # of one in the chat format
REASONING_TOKENS = 4_000  # of one that thinks before
HEAT = 0.8  # temperature of all answers but the first


@dataclass(frozen=True, slots=True)
class Proposal:
    """An expression or statement as source text; `logprob`: of all its tokens, raw if known.

    `form`: the statement that was given with its expression left open, which alone is the model's.
    """

    text: str
    logprob: float | None
    form: str | None = None


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
    reasoning: bool = False,
    forms: Sequence[str] | None = None,
) -> AsyncIterator[Proposal]:
    """Answers for one hole of `program`, as they come, each once: the likeliest first, then others.

    The other holes are left open. A model that chats is asked for several answers at once too,
    with `reasoning` after it has thought. `forms`, of a hole that stands for a whole statement:
    what it may be, with one `??` each. The small model, which tells expressions, fills each of
    them; others are asked for the statement. Raises EngineError.
    """
    dialect = await world.open()
    seen: set[str] = set()
    if forms is not None and isinstance(dialect, CompactDialect):
        async for proposal in _formed(
            world, dialect, program, hole, wishes, count, priority, forms
        ):
            if proposal.text not in seen:
                seen.add(proposal.text)
                yield proposal
        return
    whole = forms is not None
    asked = _completions(world, dialect, program, hole, wishes, range(count), priority, whole=whole)
    first = await anext(asked, None)
    if first is not None:
        seen.add(first.text)
        yield first
    if not isinstance(dialect, CompactDialect):
        for proposal in await _chatted(
            dialect, program, hole, wishes, count, priority, reasoning=reasoning, whole=whole
        ):
            if proposal.text not in seen and len(seen) < count:
                seen.add(proposal.text)
                yield proposal
    while len(seen) < count and (other := await anext(asked, None)) is not None:
        if other.text not in seen:
            seen.add(other.text)
            yield other


async def _formed(
    world: WorldModel,
    dialect: Dialect,
    program: Program,
    hole: int,
    wishes: Sequence[Wish],
    count: int,
    priority: int,
    forms: Sequence[str],
) -> AsyncIterator[Proposal]:
    """The best expression for each form, then others by chance until there are about `count`."""
    open_: list[tuple[str, Program]] = []
    for form in forms:
        if form.count(HOLE) == 1:
            with suppress(ProgramError):
                shaped = await asyncio.to_thread(_with_form, program, hole, form)
                open_.append((form, shaped))
    for number in range(-(-count // max(1, len(open_)))):
        for form, shaped in open_:
            numbers = range(number, number + 1)
            asked = _completions(world, dialect, shaped, hole, wishes, numbers, priority)
            async for proposal in asked:
                text = form.replace(HOLE, proposal.text)
                yield Proposal(text, proposal.logprob, form)


def _with_form(program: Program, hole: int, form: str) -> Program:
    """The program with a form in place of a hole, in which it is the hole. Raises ProgramError."""
    line, column = program.holes[hole]
    lines = list(program.lines)
    text = lines[line - 1]
    shaped = indented(form, text[:column])
    lines[line - 1] = f"{text[:column]}{shaped}{text[column + len(HOLE) :]}"
    return type(program).parse("\n".join(lines), program.path)


async def _completions(
    world: WorldModel,
    dialect: Dialect,
    program: Program,
    hole: int,
    wishes: Sequence[Wish],
    numbers: Iterable[int],
    priority: int,
    *,
    whole: bool = False,
) -> AsyncIterator[Proposal]:
    """What the model goes on with at the hole: number 0 is its best answer, others by chance.

    `whole`: with a statement.
    """
    prompt, grammar = await _prompt(world, dialect, program, hole, wishes)
    for number in numbers:
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
        text = trimmed(text, whole=whole)
        if text:
            yield Proposal(text, logprob)


async def _chatted(
    dialect: Dialect,
    program: Program,
    hole: int,
    wishes: Sequence[Wish],
    count: int,
    priority: int,
    *,
    reasoning: bool,
    whole: bool,
) -> list[Proposal]:
    """What the model answers when it is asked in its chat format; nothing if it has none."""
    engine = dialect.engine
    ids = await chat.headers(engine, dialect.info.specials["<|begin_of_text|>"])
    if ids is None:
        return []
    wanted = [f"{w.entry.function}({w.entry.args}) returns {w.returned}" for w in wishes]
    question = chat.question(program, hole, wanted, count, whole=whole)
    request = Request(
        await chat.prompt(engine, ids, question, reasoning=reasoning),
        REASONING_TOKENS if reasoning else CHAT_TOKENS,
        stop_ids=frozenset({ids.turn}),
        priority=priority,
    )
    answer: list[int] = []
    scores: list[tuple[int, float | None]] = []  # where a token starts, and how likely it was
    length = 0
    async for chunk in engine.stream(request):
        for token, piece, logprob in zip(chunk.ids, chunk.texts, chunk.logprobs, strict=True):
            if token != ids.turn:
                answer.append(token)
                scores.append((length, logprob))
                length += len(piece)
    text = await engine.decode(tuple(answer))
    found: list[Proposal] = []
    for expression, start, end in chat.answers(text, reasoning=reasoning, whole=whole):
        parts = [score for at, score in scores if start <= at < end]
        known = [score for score in parts if score is not None]
        sure = known and len(known) == len(parts) and length == len(text)
        found.append(Proposal(expression, sum(known) if sure else None))
    return found


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


def trimmed(text: str, *, whole: bool = False) -> str:
    """The longest beginning of an answer that is an expression; "" if none is.

    `whole`: one that is a statement of a line.
    """
    text = text.strip()
    for end in range(len(text), 0, -1):
        piece = text[:end].strip()
        if is_statement(piece) if whole else is_expression(piece):
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
