"""A document's versions: each is read once, from the last one, and in time."""

import asyncio
import threading

import pytest

from foreframe.language.analysis import Analysis
from foreframe.language.garbage import Garbage
from foreframe.language.reader import Reader


class Slow:
    """Reads when it is let to, and remembers what it has read, from which version."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.read: list[tuple[int | None, int | None]] = []

    def __call__(self, source: str, version: int | None, before: Analysis | None) -> Analysis:
        assert self.gate.wait(20)
        self.read.append((before.version if before else None, version))
        return Analysis.of("/p.py", source, version, (), before)


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
def reader(slow: Slow):
    return Reader(slow, Garbage())


async def test_a_version_is_read_once_for_all_who_ask(reader: Reader, slow: Slow):
    reader.begin("x = 1\n", 1)
    asked = [asyncio.create_task(reader.read("x = 1\n", 1)) for _ in range(3)]
    await asyncio.sleep(0)
    slow.gate.set()
    first, *others = await asyncio.gather(*asked)
    assert all(other is first for other in others)
    assert await reader.read("x = 1\n", 1) is first
    assert slow.read == [(None, 1)]


async def test_a_version_that_nobody_wants_any_more_is_passed_over(reader: Reader, slow: Slow):
    reader.begin("x = 1\n", 1)
    await asyncio.sleep(0)
    for version in (2, 3, 4):
        reader.begin(f"x = {version}\n", version)
    wanted = asyncio.create_task(reader.read("x = 4\n", 4))
    await asyncio.sleep(0)
    reader.begin("x = 5\n", 5)
    slow.gate.set()
    assert (await wanted).source == "x = 4\n"
    assert (await reader.read("x = 5\n", 5)).source == "x = 5\n"
    assert slow.read == [(None, 1), (1, 4), (4, 5)]


async def test_who_gives_up_waiting_ends_it_for_nobody_else(reader: Reader, slow: Slow):
    one = asyncio.create_task(reader.read("x = 1\n", 1))
    other = asyncio.create_task(reader.read("x = 1\n", 1))
    await asyncio.sleep(0)
    one.cancel()
    slow.gate.set()
    assert (await other).version == 1
    with pytest.raises(asyncio.CancelledError):
        await one
