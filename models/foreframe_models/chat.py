"""CWM asked in its chat format: what it would write in place of a `??` hole, read as data.

    message   <|start_header_id|> role <|end_header_id|> "\\n\\n" content <|eot_id|>
    prompt    <|begin_of_text|> system user, and an assistant's header to be gone on from

Reasoning is switched by the system prompt, which the model card gives, and by beginning the answer
with `<think>`. Headers are token ids: no text of a person's becomes one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foreframe_models.engines.base import Engine
from foreframe_models.program.syntax import is_expression, is_statement

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

START, STOP, TURN = "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"
ASSISTANT = "You are a helpful AI assistant."
REASONING = (
    f"{ASSISTANT} You always reason before responding, using the following format:\n\n"
    "<think>\nyour internal reasoning\n</think>\nyour external response"
)
THINK, THOUGHT = "<think>\n", "</think>"
LINES_AROUND = 120  # of a hole, that are shown of a long file
FENCED = re.compile(r"```[a-zA-Z]*\n(.*?)(?:```|\Z)", re.DOTALL)
GOING_ON = (" ", "\t", "else:", "elif ", "except", "finally:")  # what a statement goes on with
LISTED = re.compile(r"^(?:\d+[.)]|[-*])\s+")


@dataclass(frozen=True, slots=True)
class Headers:
    """The ids of the tokens that a chat is made of."""

    begin: int
    start: int
    stop: int
    turn: int  # ends a message, and the answer


async def headers(engine: Engine, begin: int) -> Headers | None:
    """None where the model has no chat format: one that was only pre-trained may lack it."""
    found = [await engine.special(text) for text in (START, STOP, TURN)]
    known = [token for token in found if token is not None]
    return Headers(begin, *known) if len(known) == len(found) else None


async def prompt(
    engine: Engine, ids: Headers, question: str, *, reasoning: bool
) -> tuple[int, ...]:
    """A question as the model is to be asked it, up to where its answer begins."""
    system = REASONING if reasoning else ASSISTANT
    found = [ids.begin]
    for role, content in (("system", system), ("user", question)):
        found += await _header(engine, ids, role)
        found += (*await engine.encode(f"\n\n{content}"), ids.turn)
    found += await _header(engine, ids, "assistant")
    found += await engine.encode(f"\n\n{THINK}" if reasoning else "\n\n")
    return tuple(found)


async def _header(engine: Engine, ids: Headers, role: str) -> tuple[int, ...]:
    return ids.start, *await engine.encode(role), ids.stop


def question(
    program: Program, hole: int, wanted: Sequence[str], most: int, *, whole: bool = False
) -> str:
    """Asks for what is to stand in one hole. `wanted`: calls with what they are to give.

    `whole`: a statement is missing there.
    """
    line, column = program.holes[hole]
    first = max(1, line - LINES_AROUND)
    shown = "\n".join(program.lines[first - 1 : line + LINES_AROUND])
    text = program.line_text(line)
    told = f"{text[:column]}??{text[column + 2 :]}".strip()
    like = [
        at
        for at, (other, _) in enumerate(program.holes)
        if other == line or (whole and program.line_text(other).strip() == told and other >= first)
    ]
    among = "in such lines" if whole else "on the line"
    which = f", number {like.index(hole) + 1} of those {among}" if len(like) > 1 else ""
    tests = "".join(f"- {one}\n" for one in wanted)
    asked = f"It has to make these calls come out:\n{tests}\n" if wanted else ""
    kind, a = ("statement", "a") if whole else ("expression", "an")
    on = "beginning on" if whole else "on"
    return (
        f"In this Python code, `??` stands for {a} {kind} that is still missing.\n\n"
        f"```python\n{shown}\n```\n\n"
        f"Which {kind} belongs in the hole in the line `{told}`{which}? {asked}"
        f"Answer with at most {most} alternatives, the best one first, in a single code block, "
        f"each {on} a line of its own: the {kind} alone, nothing else."
    )


def answers(answer: str, *, reasoning: bool, whole: bool = False) -> list[tuple[str, int, int]]:
    """The expressions of an answer, in order, each with where its text starts and ends.

    `whole`: the statements, of one line or several. What stands before the end of the reasoning is
    none of it; a line that is no expression is left out. Nothing of the answer is run.
    """
    start = 0
    if reasoning:
        thought = answer.rfind(THOUGHT)
        if thought < 0:
            return []  # cut off while it reasoned
        start = thought + len(THOUGHT)
    block = FENCED.search(answer, start)
    start, end = block.span(1) if block else (start, len(answer))
    if whole:
        return _statements(answer, start, end)
    found: list[tuple[str, int, int]] = []
    at = start
    for line in answer[start:end].splitlines(keepends=True):
        text = _bare(line)
        if is_expression(text):
            found.append((text, at, at + len(line)))
        at += len(line)
    return found


def _statements(answer: str, start: int, end: int) -> list[tuple[str, int, int]]:
    """The statements of a block, each as long as it is one: indented lines go on with it."""
    found: list[tuple[str, int, int]] = []
    at = start
    for line in answer[start:end].splitlines(keepends=True):
        goes_on = line.startswith(GOING_ON) and bool(line.strip())
        if goes_on and found and found[-1][2] == at:
            text, first, _ = found.pop()
            found.append((f"{text}\n{line.rstrip()}", first, at + len(line)))
        elif line.strip():
            found.append((_bare(line), at, at + len(line)))
        at += len(line)
    return [one for one in found if is_statement(one[0])]


def _bare(line: str) -> str:
    """A line without what lists and code are marked by."""
    return LISTED.sub("", line.strip()).strip().strip("`").strip()
