"""Parsing in several threads, interrupted wherever that can be."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from foreframe_models.program.syntax import parse

TEXT = "def f(a, b):\n    return [a + (b * 2), {'x': (a, [b])}]\n" * 300


@pytest.fixture
def _others_run_while_garbage_is_collected() -> Iterator[None]:
    def give_way(phase: str, info: object) -> None:
        time.sleep(0.0001)

    before = gc.get_threshold()
    gc.set_threshold(200)
    gc.callbacks.append(give_way)
    yield
    gc.callbacks.remove(give_way)
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_others_run_while_garbage_is_collected")
def test_threads_that_parse_at_once_do_not_disturb_each_other():
    def several(number: int) -> int:
        for _ in range(3):
            tree = parse(TEXT)
        return len(tree.body)

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(several, range(6))) == [300] * 6


def test_what_is_no_python_is_still_told():
    with pytest.raises(SyntaxError, match=r"program\.py"):
        parse("def", "program.py")
