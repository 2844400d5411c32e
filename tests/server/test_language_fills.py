"""Fillings that several requests share: what each gets, and when the work ends."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from foreframe.candidates import Candidate
from foreframe.language.fills import Fills
from foreframe_models.engines.base import EngineAborted

NEVER = 60.0


class Source:
    """Gives the candidates "0", "1", "2", each when it is let."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.begun = self.ended = 0
        self.steps = [asyncio.Event() for _ in range(3)]
        self.failure = failure

    async def ask(self) -> AsyncGenerator[Candidate, None]:
        self.begun += 1
        try:
            for number, step in enumerate(self.steps):
                await step.wait()
                if self.failure is not None:
                    raise self.failure
                yield Candidate((str(number),), "scope", logprob=float(number))
        finally:
            self.ended += 1


def is_one(candidate: Candidate) -> bool:
    return candidate.texts == ("1",)


async def best(
    fills: Fills,
    source: Source,
    seconds=NEVER,
    enough=None,
    settle=0.0,
    text="x",
    patience=None,
):
    how = {"seconds": seconds, "patience": patience, "enough": enough, "settle": settle}
    found = await fills.best(text, "hole", source.ask, **how)
    return [candidate.texts[0] for candidate in found.candidates], found.is_all


async def test_what_was_not_there_in_time_goes_on_for_who_asks_again():
    fills, source = Fills(), Source()
    source.steps[0].set()
    assert await best(fills, source, seconds=0.01) == (["0"], False)
    asked = asyncio.create_task(best(fills, source))
    for step in source.steps:
        step.set()
    assert await asked == (["2", "1", "0"], True)
    assert await best(fills, source, seconds=0.0) == (["2", "1", "0"], True)
    assert (source.begun, source.ended) == (1, 1)


async def test_one_that_is_enough_waits_no_longer_for_others():
    fills, source = Fills(), Source()
    source.steps[0].set()
    source.steps[1].set()
    assert await best(fills, source, enough=is_one, settle=0.01) == (["1", "0"], False)
    source.steps[2].set()
    assert await best(fills, source, enough=is_one, settle=NEVER) == (["2", "1", "0"], True)


async def test_after_a_while_anything_will_do_and_nothing_is_waited_for():
    fills, source = Fills(), Source()
    source.steps[0].set()
    assert await best(fills, source, enough=is_one, patience=0.01) == (["0"], False)
    empty = Source()
    asked = asyncio.create_task(best(fills, empty, enough=is_one, patience=0.01, text="y"))
    await asyncio.sleep(0.05)
    assert not asked.done()
    empty.steps[0].set()
    assert await asked == (["0"], False)
    assert await best(fills, Source(), seconds=0.01, patience=0.01, text="z") == ([], False)
    await fills.close()


async def test_the_last_one_to_wait_ends_the_work_by_being_cancelled():
    fills, source = Fills(), Source()
    first, second = (asyncio.create_task(best(fills, source)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.wait([first])
    await asyncio.sleep(0.01)
    assert source.ended == 0
    second.cancel()
    await asyncio.wait([second])
    await asyncio.sleep(0.01)
    assert (source.begun, source.ended) == (1, 1)


async def test_a_text_that_is_no_more_ends_even_what_nobody_waits_for():
    fills, source, other = Fills(), Source(), Source()
    await best(fills, source, seconds=0.01)
    await best(fills, other, seconds=0.01, text="y")
    fills.drop("x")
    await asyncio.sleep(0.01)
    assert (source.ended, other.ended) == (1, 0)
    await fills.close()
    assert other.ended == 1


async def test_trouble_is_told_to_who_waits_and_tried_again_by_the_next():
    fills, source = Fills(), Source(EngineAborted("gone"))
    source.steps[0].set()
    with pytest.raises(EngineAborted, match="gone"):
        await best(fills, source)
    source.failure = None
    for step in source.steps:
        step.set()
    assert (await best(fills, source))[1]
