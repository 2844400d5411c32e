"""What a line can change: proved on lines with known answers; the grammar's tests prove the rest.

Every true trace of `tests/programs` is accepted by grammars that forbid what `changes` leaves out.
"""

import pytest

from foreframe_models.program.control_flow import Program

SOURCE = """\
def f(items, word, table):
    count = 0  # 2
    text = "a" + word.upper()  # 3
    pair = items  # 4
    if len(items) > count and word in table:  # 5
        items.append(count)  # 6
    for index in range(count):  # 7
        text += word[index]  # 8
        items[index] = count  # 9
    items += [1]  # 10
    count -= 1  # 11
    seen = items.sort()  # 12
    return helper(items)  # 13

def helper(values):
    return values.pop()
"""


def changed(line: int, source: str = SOURCE, function: str = "f") -> set[str]:
    return set(Program.parse(source, "program.py").find(function).changes(line))


@pytest.mark.parametrize(
    ("line", "names"),
    [(2, {"count"}), (3, {"text"}), (4, {"pair"}), (5, set()), (7, {"index"}), (8, {"text"}),
     (11, {"count"})],
)  # fmt: skip
def test_a_line_that_runs_nothing_that_changes_objects_changes_what_it_binds(
    line: int, names: set[str]
) -> None:
    assert changed(line) == names


@pytest.mark.parametrize("line", [6, 9, 10, 12, 13])
def test_a_line_that_may_change_objects_leaves_numbers_and_strings_alone(line: int) -> None:
    assert {"items", "word", "table", "pair"} <= changed(line)
    assert not {"count", "text", "index"} & changed(line) - {"seen"}


def test_nothing_changes_between_the_call_and_the_first_line() -> None:
    assert changed(0) == set()


def test_a_builtin_that_the_program_redefines_is_not_harmless() -> None:
    source = "def f(a):\n    b = len(a)\n    return b\ndef len(x):\n    x.clear()\n"
    assert "a" in changed(2, source)


def test_a_hole_in_place_of_a_statement_may_change_all_and_one_of_a_value_only_objects() -> None:
    source = "def f(items):\n    count = 0\n    ??\n    count = ??\n    first = ??\n"
    assert changed(2, source) == {"count"}
    assert changed(3, source) == {"items", "count", "first"}
    source = "def f(items):\n    count = 0\n    first = ??\n"
    assert changed(3, source) == {"items", "first"}


def test_reading_may_change_a_dictionary_that_fills_itself() -> None:
    plain = "def f(d):\n    x = d[1]\n    return d\n"
    assert changed(2, plain) == {"x"}
    filling = "from collections import defaultdict\n" + plain.replace("x = d", "d2 = defaultdict")
    assert "d" in changed(3, filling)


def test_sums_are_numbers_only_where_no_class_can_give_them_another_meaning() -> None:
    source = "def f(xs):\n    t = 0\n    t += xs\n    xs.clear()\n    return t\n"
    assert "t" not in changed(4, source)
    assert "t" in changed(5, "import numpy\n" + source)


def test_a_generator_that_cleans_up_when_dropped_may_change_things_on_any_line() -> None:
    source = (
        "def g(log):\n    try:\n        yield\n    finally:\n        log.append(1)\n"
        "def f(log):\n    x = g(log)\n    next(x)\n    x = None\n    return log\n"
    )
    assert "log" in changed(9, source, "f")


def test_a_name_that_an_inner_function_rebinds_may_change_where_it_is_called() -> None:
    source = (
        "def f():\n    n = 0\n    def step():\n        nonlocal n\n        n += 1\n"
        "    m = 1\n    step()\n    return n\n"
    )
    assert changed(6, source) == {"m"}
    assert "n" in changed(7, source)
