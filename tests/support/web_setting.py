"""One program that sessions over HTTP are tested with, and what a stop of it shows."""

from __future__ import annotations

from functools import cache
from typing import Any

from tape import record
from web_person import WebTape

from foreframe_protocol.states import Frame

SOURCE = """\
def total(numbers):
    result = 0
    for number in numbers:
        result = add(result, number)
    return result


def add(a, b):
    print(a)
    return a + b
"""
CALL = {"source": SOURCE, "function": "total", "args": "[1, 2]"}


@cache
def frames() -> list[Frame]:
    return record(SOURCE, "total", "[1, 2]")


def tape(**options: Any) -> WebTape:
    return WebTape(frames(), **options)


def shown(stop: Any) -> Any:
    return stop["state"]["stack"][stop["shown"]]
