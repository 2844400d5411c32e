"""The numbered events of a session: bounded, read from anywhere, waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from foreframe.web.event_log import EventLog
from foreframe_protocol.api import EndedEvent, EventView, OutputEvent, RunningEvent


def now(sequence: int) -> EventView:
    return EndedEvent(sequence=sequence, exit_code=7)


def output(sequence: int) -> EventView:
    return OutputEvent(sequence=sequence, stream="stdout", text=str(sequence))


def numbers(events: list[EventView]) -> list[int]:
    return [event.sequence for event in events]


def test_events_are_read_from_any_number_on() -> None:
    log = EventLog(now)
    for _ in range(3):
        log.tell(output)
    assert numbers(log.since(0)) == [1, 2, 3]
    assert numbers(log.since(2)) == [3]
    assert log.since(3) == []


def test_who_has_missed_more_than_is_kept_hears_how_things_stand_now() -> None:
    log = EventLog(now, most=2)
    for _ in range(4):
        log.tell(output)
    assert numbers(log.since(2)) == [3, 4]
    assert log.since(1) == [now(4)]


def test_a_number_of_another_life_gets_how_things_stand_now() -> None:
    log = EventLog(now, begin=100)
    assert log.since(100) == []
    assert log.since(5) == [now(100)]
    assert log.since(101) == [now(100)]


def test_progress_takes_the_place_of_progress_and_nothing_else() -> None:
    log = EventLog(now)
    for done in range(5):
        log.tell(lambda sequence, done=done: RunningEvent(sequence=sequence, frames_done=done))
    log.tell(output)
    assert numbers(log.since(0)) == [5, 6]
    assert numbers(log.since(3)) == [5, 6]


async def collected(events: AsyncIterator[EventView]) -> list[int]:
    return [event.sequence async for event in events]


async def test_all_who_follow_hear_all_of_it_and_that_it_is_over() -> None:
    log = EventLog(now)
    log.tell(output)
    followers = [asyncio.create_task(collected(log.follow(0))) for _ in range(3)]
    await asyncio.sleep(0)
    assert log.readers == 3
    log.tell(output)
    await asyncio.sleep(0)
    log.tell(output)
    log.close()
    assert await asyncio.gather(*followers) == [[1, 2, 3]] * 3
    assert log.readers == 0


async def test_without_a_number_it_begins_with_how_things_stand() -> None:
    log = EventLog(now)
    log.tell(output)
    events = log.follow()
    assert await anext(events) == now(1)
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    log.tell(output)
    assert (await waiting).sequence == 2


async def test_a_slow_reader_holds_nobody_up_and_catches_up() -> None:
    log = EventLog(now, most=10)
    slow = log.follow(0)
    log.tell(output)
    assert (await anext(slow)).sequence == 1
    for _ in range(50):
        log.tell(output)
    assert await anext(slow) == now(51)
    log.tell(output)
    assert (await anext(slow)).sequence == 52
