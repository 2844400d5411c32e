"""What of a large file matters to a function: the rest is blanked, lines stay where they are."""

import ast

from foreframe.narrowing import narrowed

HEAD = """\
import math
import os

RATE = 2
TABLE = [1, 2]
TABLE.append(3)
OTHER = 5


def double(n):
    return n * RATE


class Box:
    def size(self):
        return other(1)


@os.path
def other(n):
    return math.floor(n)


def f(n):
    return double(n) + TABLE[0]

"""
LARGE = HEAD + "def unused():\n    return 1\n" * 200


def kept(functions, lines=(), source=LARGE) -> str:
    return narrowed(source, ast.parse(source), functions, lines)


def test_a_function_keeps_what_it_uses_and_what_that_uses():
    text = kept(["f"])
    shown = [line for line in text.split("\n") if line]
    assert [line for line in shown if line.startswith("def")] == ["def double(n):", "def f(n):"]
    assert {"RATE = 2", "TABLE = [1, 2]", "TABLE.append(3)"} <= set(shown)
    assert not {"import math", "OTHER = 5", "class Box:"} & set(shown)


def test_lines_stay_where_they_are():
    text = kept(["f"])
    assert text.count("\n") == LARGE.count("\n")
    for old, new in zip(LARGE.split("\n"), text.split("\n"), strict=True):
        assert new in ("", old)


def test_decorators_and_imports_come_with_what_they_belong_to():
    shown = kept(["Box.size"])
    assert "@os.path\ndef other(n):" in shown
    assert {"import math", "import os"} <= set(shown.split("\n"))


def test_the_statement_on_a_line_is_kept():
    line = LARGE.split("\n").index("OTHER = 5") + 1
    assert "OTHER = 5" in kept([], [line])


def test_small_files_and_names_from_anywhere_are_left_alone():
    assert kept(["f"], source=HEAD) == HEAD
    assert "from x import *" in kept(["f"], source="from x import *\n" + LARGE)


def test_statements_on_one_line_stay_together():
    source = LARGE + "a = 1; b = 2\n"
    assert "a = 1; b = 2" in kept(["f"], source=source)
