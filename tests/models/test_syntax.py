"""Parsing in several threads, interrupted wherever that can be."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import foreframe
import foreframe_models
from foreframe_models.program.syntax import literal_of, parse, parse_expression

PACKAGES = [Path(package.__path__[0]) for package in (foreframe, foreframe_models)]
ALONE = ("training/", "debuggee_bootstrap.py")  # in processes that have one thread

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


@pytest.mark.usefixtures("_others_run_while_garbage_is_collected")
def test_expressions_are_parsed_beside_programs():
    def several(number: int) -> object:
        for _ in range(3):
            parse(TEXT) if number % 2 else None
            found = literal_of(" [1, (2, {'x': [3]})]"), parse_expression("a + (b * [c])").lineno
        return found

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(several, range(6))) == [([1, (2, {"x": [3]})], 1)] * 6


def test_nothing_is_parsed_past_the_one_place_that_threads_share():
    texts = {
        path.relative_to(package).as_posix(): path.read_text("utf-8")
        for package in PACKAGES
        for path in package.rglob("*.py")
    }
    parsing = re.compile(r"\bast\.parse\(|PyCF_ONLY_AST|ast import .*\bparse\b")
    found = {name for name, text in texts.items() if parsing.search(text)}
    assert {name for name in found if not name.startswith(ALONE)} == {"program/syntax.py"}


def test_what_is_no_python_is_still_told():
    with pytest.raises(SyntaxError, match=r"program\.py"):
        parse("def", "program.py")


def test_what_python_would_advise_of_a_models_text_is_not_told():
    code = "from foreframe_models.program.syntax import parse, parse_expression as one\n"
    code += "one('1if x else 2'), parse('0in y'), one(chr(39) + chr(92) + 'd' + chr(39))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stderr == ""
