"""Inputs from a model that only goes forward: it completes a call whose outcome is told before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreframe_models.dialects.way_back import Sampling, usage_of
from foreframe_models.engines.base import PromptTooLong, Request
from foreframe_models.program.syntax import parse_expression
from foreframe_protocol.states import Usage
from foreframe_protocol.trace_pieces import Separator

if TYPE_CHECKING:
    from foreframe_models.dialects.base import Dialect
    from foreframe_models.program.control_flow import Program

MOST_TOKENS = 300  # of the arguments


async def complete_inputs(
    dialect: Dialect,
    program: Program,
    name: str,
    outcome: str,
    sampling: Sampling,
    priority: int = 0,
) -> tuple[str | None, float, Usage]:
    """The arguments of one completed call, its log-probability, and what it cost.

    None where the model wrote no call. `outcome` is told in words: "returns 5". Raises EngineError.
    """
    source = program.source.rstrip("\n")
    returned = outcome.removeprefix("returns ")
    told = f"assert {returned} == {name}(" if returned != outcome else ""
    text = f"{source}\n\n# This call {outcome}\n{told or f'{name}('}"
    begin = dialect.info.specials[Separator.BEGIN_OF_TEXT.text]
    prompt = (begin, *await dialect.engine.encode(text))
    room = dialect.info.context_tokens - len(prompt)
    if room < 1:
        raise PromptTooLong(
            f"{program.path}: the program takes {len(prompt)} tokens, more than "
            f"{dialect.info.name} reads: use a smaller file"
        )
    request = Request(
        prompt,
        min(room, MOST_TOKENS),
        stop_ids=frozenset({dialect.info.specials[Separator.END_OF_TEXT.text]}),
        temperature=sampling.temperature,
        seed=sampling.seed,
        priority=priority,
    )
    usage, logprob, written = Usage(requests=1), 0.0, ""
    found: str | None = None
    stream = dialect.engine.stream(request)
    try:
        async for chunk in stream:
            usage += usage_of(chunk)
            logprob += sum(p for p in chunk.logprobs if p is not None)
            written += "".join(chunk.texts)
            if ")" in written or "\n" in written:
                found = call_arguments(written)
                if found is not None or "\n\n" in written:
                    break
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
    return found, logprob, usage


def call_arguments(text: str) -> str | None:
    """What stands before the parenthesis that closes a call; None where none does."""
    at = text.find(")")
    while at >= 0:
        try:
            parse_expression(f"_({text[:at]}\n)")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            at = text.find(")", at + 1)
        else:
            return text[:at].strip()
    return None
