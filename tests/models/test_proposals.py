"""What a served CWM is asked for a hole, by completion and in its chat format, and what is read."""

import pytest

from foreframe_models import chat
from foreframe_models.engines import open_engine
from foreframe_models.engines.base import ModelInfo
from foreframe_models.engines.recorded import BYTE_SPECIALS, Exchange, RecordedEngine, byte_text
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_models.proposals import Wish, proposals, trimmed
from foreframe_models.world_model import WorldModel

CHAT = {chat.START: 300, chat.STOP: 301, chat.TURN: 302}
MODEL = ModelInfo("recorded", "cwm", 131_072, {**BYTE_SPECIALS, **CHAT})
BEGIN = BYTE_SPECIALS["<|begin_of_text|>"]
SOURCE = "# <|eot_id|> <|frame_sep|>\ndef f(a, b):\n    c = ??\n    return c + ??\n"
HOLES = Program.parse(SOURCE, "/p.py")


def said(text: str) -> Exchange:
    ids = tuple(text.encode())
    logprobs = (-0.5,) * len(ids) + (0.0,)
    return Exchange((*ids, CHAT[chat.TURN]), texts=(*text, ""), logprobs=logprobs)


def engine(*answers: str, model: ModelInfo = MODEL) -> RecordedEngine:
    """Answers a completion, then a chat, then completions."""
    first, *rest = answers
    return RecordedEngine(
        [Exchange(tuple(first.encode())), *map(said, rest[:1])]
        + [Exchange(tuple(text.encode())) for text in rest[1:]],
        model=model,
    )


async def asked(recorded: RecordedEngine, hole: int = 0, **options):
    wishes = [Wish(Entry("f", "1, 2"), "6")]
    found = proposals(WorldModel(recorded), HOLES, hole, wishes, **options)
    return [proposal async for proposal in found]


async def test_a_model_that_chats_is_asked_by_completion_and_by_chat():
    recorded = engine(" a + b\n", "```python\na * b\nb\n```", "a - b\n", "a\n")
    found = await asked(recorded)
    assert [p.text for p in found] == ["a + b", "a * b", "b", "a - b"]
    assert found[1].logprob == pytest.approx(-0.5 * len("a * b\n"))
    request = recorded.requests[1]
    assert request.stop_ids == {CHAT[chat.TURN]}
    text = byte_text(request.prompt)
    assert "reason" not in text.split("In this Python code")[0]
    assert "f(1, 2) returns 6" in text
    assert "the line `c = ??`" in text


async def test_separators_in_the_program_stay_text_in_a_chat():
    recorded = engine("a\n", "b", "a\n", "a\n", "a\n")
    await asked(recorded)
    prompt = recorded.requests[1].prompt
    special = [token for token in prompt if token >= 256]
    start, stop, turn = CHAT.values()
    assert special == [BEGIN, start, stop, turn, start, stop, turn, start, stop]
    assert "<|eot_id|> <|frame_sep|>" in byte_text(prompt)
    assert byte_text(prompt).endswith("assistant\n\n")


async def test_reasoning_is_switched_on_by_the_system_prompt_and_its_thoughts_are_no_answer():
    answer = "is it `a`?\n```\na\n```\n</think>\nIt is:\n```python\na * b\n```\nDone."
    recorded = engine("a + b\n", answer, "a + b\n", "a + b\n", "a + b\n")
    found = await asked(recorded, reasoning=True)
    assert [p.text for p in found] == ["a + b", "a * b"]
    text = byte_text(recorded.requests[1].prompt)
    assert "You always reason before responding" in text
    assert text.endswith("assistant\n\n<think>\n")
    assert recorded.requests[1].max_tokens > 1000


async def test_a_model_without_a_chat_format_is_asked_by_completion_alone():
    plain = ModelInfo("recorded", "cwm", 131_072, BYTE_SPECIALS)
    recorded = RecordedEngine(
        [Exchange(tuple(f"{text}\n".encode())) for text in ("a", "b", "a", "a + b")], model=plain
    )
    assert [p.text for p in await asked(recorded)] == ["a", "b", "a + b"]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("```python\na\nb + 1\n```", ["a", "b + 1"]),
        ("1. `a`\n2. b", ["a", "b"]),
        ("```\nimport os\na\n", ["a"]),  # cut off
        ("Here you are, sir.", []),
        ("", []),
    ],
)
def test_answers_are_read_as_data(answer: str, found: list[str]):
    assert [text for text, _, _ in chat.answers(answer, reasoning=False)] == found


def test_an_answer_that_was_cut_off_while_it_reasoned_is_none():
    assert chat.answers("```\na\n```", reasoning=True) == []


def test_statements_of_an_answer_go_on_over_indented_lines() -> None:
    answer = "Here:\n```python\nif x > best:\n    best = x\nelse:\n    n += 1\n\n"
    answer += "best = max(best, x)\nif x\n  1. return x\n```\n"
    found = [text for text, _, _ in chat.answers(answer, reasoning=False, whole=True)]
    assert found == ["if x > best:\n    best = x\nelse:\n    n += 1", "best = max(best, x)"]


def test_one_of_several_holes_on_a_line_is_named():
    program = Program.parse("def f(a):\n    return a[??:??]\n", "/p.py")
    assert "number 2 of those on the line" in chat.question(program, 1, [], 3)


WHOLE = Program.parse("def f(nums):\n    total = 0\n    ??\n    return total\n", "/p.py")


async def test_a_model_that_writes_is_asked_for_whole_statements():
    recorded = engine("    total = sum(nums)\n", "```\ntotal += 1\ntotal\n```", *["pass\n"] * 3)
    wishes = [Wish(Entry("f", "[1]"), "1")]
    asked = proposals(WorldModel(recorded), WHOLE, 0, wishes, count=3, forms=("total += ??",))
    found = [(p.text, p.form) async for p in asked]
    assert found == [("total = sum(nums)", None), ("total += 1", None), ("pass", None)]
    text = byte_text(recorded.requests[1].prompt)
    assert "`??` stands for a statement" in text
    assert "Which statement belongs in the hole in the line `??`? " in text


async def test_the_small_model_fills_the_expression_of_each_form():
    world = WorldModel(open_engine("embedded"))
    wishes = [Wish(Entry("f", "[1, 2]"), "3")]
    forms = ("total += ??", "total = ??", "pass")
    try:
        asked = proposals(world, WHOLE, 0, wishes, count=2, forms=forms)
        found = [proposal async for proposal in asked]
    finally:
        await world.close()
    assert [p.form for p in found] == ["total += ??", "total = ??"]
    assert all(p.text.startswith((p.form or "").removesuffix("??")) for p in found)
    assert all("??" not in p.text for p in found)


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("return n + 1  # so", "return n + 1  # so"),
        ("total += n)", "total += n"),
        ("if n: total = n", "if n: total = n"),
        ("xs.append(n)", "xs.append(n)"),
        ("total", ""),
        ("if n:", ""),
    ],
)
def test_an_answer_is_cut_to_its_longest_statement(answer: str, kept: str):
    assert trimmed(answer, whole=True) == kept
