"""Answers that are given again: to the same request alone, and not without end."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import BaseModel

from foreframe.errors import BadRequest, KeyReused
from foreframe.web import idempotency
from foreframe.web.idempotency import Answer, Answers


class Text(BaseModel):
    text: str


class Maker:
    """Counts how often something was really done."""

    def __init__(self) -> None:
        self.count = 0
        self.go = asyncio.Event()
        self.go.set()

    async def make(self) -> Answer:
        self.count += 1
        await self.go.wait()
        return Answer.of(Text(text=str(self.count)), 201)

    async def fail(self) -> Answer:
        self.count += 1
        raise RuntimeError("failed")


async def test_without_a_key_everything_is_done_each_time() -> None:
    answers, maker = Answers(), Maker()
    for _ in range(2):
        await answers.once("place", None, "body", maker.make)
    assert maker.count == 2


async def test_a_key_counts_for_one_place_and_one_body() -> None:
    answers, maker = Answers(), Maker()
    first = await answers.once("place", "key", "body", maker.make)
    assert await answers.once("place", "key", "body", maker.make) is first
    await answers.once("elsewhere", "key", "body", maker.make)
    assert maker.count == 2
    with pytest.raises(KeyReused):
        await answers.once("place", "key", "other", maker.make)
    for key in ("", "x" * 256, "a\nb"):
        with pytest.raises(BadRequest):
            await answers.once("place", key, "body", maker.make)


async def test_what_has_begun_is_done_also_when_its_client_goes() -> None:
    answers, maker = Answers(), Maker()
    maker.go.clear()
    gone = asyncio.create_task(answers.once("place", "key", "body", maker.make))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    maker.go.set()
    again = await answers.once("place", "key", "body", maker.make)
    assert (again.text, maker.count) == ('{"text":"1"}', 1)


async def test_a_failure_may_be_tried_again() -> None:
    answers, maker = Answers(), Maker()
    with pytest.raises(RuntimeError):
        await answers.once("place", "key", "body", maker.fail)
    await asyncio.sleep(0)
    assert (await answers.once("place", "key", "body", maker.make)).text == '{"text":"2"}'


async def test_the_oldest_answers_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, maker = Answers(most=2), Maker()
    for key in "abc":
        await answers.once("place", key, "body", maker.make)
    await answers.once("place", "c", "body", maker.make)
    assert maker.count == 3
    await answers.once("place", "a", "body", maker.make)
    assert maker.count == 4
    monkeypatch.setattr(idempotency, "KEPT_CHARS", 0)
    answers = Answers()
    for _ in range(2):
        await answers.once("place", "a", "body", maker.make)
        await asyncio.sleep(0)
    assert maker.count == 6
