"""Where holes stand, and what filling them gives."""

import pytest

from foreframe.holes import Missing, fill, holes_of
from foreframe_models.program.control_flow import Program

SOURCE = '''\
def find(nums: list[int], target: int) -> int:
    """?? is no hole"""
    left, right = ??, ??
    é = "é ??"
    q = f"{??:>3} {é} {target + ??}"
    while left <= ??:
        mid: int = ??
        ??
        nums[??:] = foo(3, k=??)
        for x in ??:
            if ??:
                return ??
    return ?? - 1
'''


@pytest.fixture(scope="module")
def holes():
    return holes_of(Program.parse(SOURCE, "/p.py"))


def test_holes_are_found_where_they_stand_and_not_in_strings(holes):
    lines = SOURCE.split("\n")
    assert len(holes) == 13
    assert all(lines[h.line - 1][h.column : h.column + 2] == "??" for h in holes)
    assert [h.index for h in holes] == list(range(13))


def test_the_place_of_a_hole_tells_what_is_missing(holes):
    m = Missing
    assert [h.missing for h in holes] == [
        *(m.VALUE, m.VALUE, m.PART, m.PART, m.PART, m.VALUE, m.STATEMENT),
        *(m.BOUND, m.ARGUMENT, m.ITERABLE, m.CONDITION, m.RETURNED, m.PART),
    ]


def test_a_hole_knows_the_names_before_it_and_their_types(holes):
    mid = holes[5]
    assert mid.names[:2] == ("nums", "target")
    assert "left" in mid.names
    assert "mid" not in mid.names
    assert mid.hints["nums"] == "list[int]"
    assert mid.wanted_type == "int"
    assert holes[11].wanted_type == "int"
    assert {h.function for h in holes} == {"find"}


def test_methods_and_module_level_holes_name_their_place():
    source = "class A:\n    def m(self):\n        return ??\nx = ??\n"
    assert [h.function for h in holes_of(Program.parse(source, "/p.py"))] == ["A.m", None]


@pytest.mark.parametrize(
    ("line", "text", "filled"),
    [
        ("x = ??", "a or b", "x = a or b"),
        ("x = ?? + 1", "a or b", "x = (a or b) + 1"),
        ("x = 2 * ??", "a + b", "x = 2 * (a + b)"),
        ("x = 2 * ??", "f(a)", "x = 2 * f(a)"),
        ("x = y == ??", "a or b", "x = y == (a or b)"),
        ("f(??, 1)", "a if b else c", "f(a if b else c, 1)"),
        ("x = f(??)", "a, b", "x = f((a, b))"),
        ("x[??:] = y", "n + 1", "x[n + 1:] = y"),
        ("??", "x += 1", "x += 1"),
        ("é = '😀'; x = ??", "a", "é = '😀'; x = a"),
    ],
)
def test_a_text_is_put_in_parentheses_only_where_it_needs_them(line, text, filled):
    program = Program.parse(line + "\n", "/p.py")
    assert fill(line, program.holes, (text,)) == filled


def test_several_holes_of_a_line_are_filled_at_once_and_some_left_open():
    program = Program.parse("a, b = ??, ??\n", "/p.py")
    assert fill("a, b = ??, ??", program.holes, ("len(x)", "1")) == "a, b = len(x), 1"
    assert fill("a, b = ??, ??", program.holes, (None, "1")) == "a, b = ??, 1"


def names_at(source: str) -> tuple[str, ...]:
    return holes_of(Program.parse(source, "/p.py"))[0].names


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("return [x for x in a if ??]", ("a", "x")),
        ("return [?? for x in a for y in x]", ("a", "x", "y")),
        ("return [x for x in a for y in ??]", ("a", "x")),
        ("return [x for x in ??]", ("a",)),
        ("return sorted(a, key=lambda v: ??)", ("a", "v")),
        ("return sorted(a, key=lambda v=??: v)", ("a",)),
        ("b = 1; return ??", ("a", "b")),
        ("b = ??", ("a",)),
        ("for b in ??: pass", ("a",)),
        ("for b in a: c = ??", ("a", "b")),
    ],
)
def test_a_hole_knows_what_is_bound_where_it_stands(line: str, names: tuple[str, ...]):
    assert names_at(f"def f(a):\n    {line}\n") == names


def test_a_default_and_a_decorator_are_outside_their_function():
    source = "def g(k):\n    @??\n    def f(a, b=??):\n        return a + k + ??\n    return f\n"
    decorator, default, inner = holes_of(Program.parse(source, "/p.py"))
    assert decorator.names == default.names == ("k",)
    assert (default.function, inner.function) == ("g", "g.f")
    assert inner.names == ("k", "a", "b")
    assert inner.within == ("g", "g.f")


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("a + b", True),
        ("[x for x in a]", True),
        ("max(a, key=lambda v: v)", True),
        ("(c := a)", True),
        ("LIMIT", True),
        ("later + 1", True),
        ("helper(a)", True),
        ("len", False),
        ("helper", False),
        ("words", False),
        ("tt[-1]", False),
    ],
)
def test_names_that_mean_nothing_at_a_hole_are_told(text: str, known: bool):
    source = "LIMIT = 3\ndef f(a, b):\n    n = ??\n    later = 1\n    return n\n"
    source += "def helper(a): return a\n"
    (hole,) = holes_of(Program.parse(source, "/p.py"))
    assert hole.knows(text) is known


def test_any_name_may_mean_something_where_the_text_does_not_show_them_all():
    (hole,) = holes_of(Program.parse("from m import *\ndef f(a):\n    return ??\n", "/p.py"))
    assert hole.knows("words")


@pytest.mark.parametrize(
    ("line", "targets"),
    [
        ("n = ??", ["n"]),
        ("n: int = ??", ["n"]),
        ("a, b = ??, ??", ["a", "b"]),
        ("n = ?? + 1", [None]),
        ("x[0] = ??", ["x[0]"]),
        ("x[k] = 1 + ??", ["x[k]"]),
        ("x[??] = 1", [None]),
        ("return ??", [None]),
    ],
)
def test_a_hole_knows_the_name_that_its_value_goes_to(line: str, targets: list[str | None]):
    found = holes_of(Program.parse(f"def f(x):\n    {line}\n    return x\n", "/p.py"))
    assert [hole.target for hole in found] == targets


def test_a_statement_of_several_lines_is_indented_where_it_is_put():
    source = "def f(a):\n    for x in a:\n        ??\n    return a\n"
    program = Program.parse(source, "/p.py")
    filled = fill(source, program.holes, ("if x:\n    return x\nelse:\n    pass",))
    assert filled.split("\n")[2:6] == [
        "        if x:",
        "            return x",
        "        else:",
        "            pass",
    ]
    Program.parse(filled, "/p.py")
