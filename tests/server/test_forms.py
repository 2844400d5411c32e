"""The statements that may stand in a hole of a whole line, read off what surrounds it."""

import pytest

from foreframe.guesses import guesses
from foreframe.holes import Missing, holes_of
from foreframe_models.program.control_flow import Program


def forms(source: str) -> tuple[str, ...]:
    (hole,) = holes_of(Program.parse(source, "/p.py"))
    assert hole.missing is Missing.STATEMENT
    return tuple(form for form in hole.forms if "??" in form)


@pytest.mark.parametrize(
    ("body", "first"),
    [
        ("square = a * a\n    ??\n    return square + other", "other = ??"),
        ("??", "return ??"),
        ("n = 0\n    for x in a:\n        ??\n    return n", "n += ??"),
        ("out = []\n    for x in a:\n        ??\n    return out", "out.append(??)"),
        ("seen = set()\n    for x in a:\n        ??\n    return seen", "seen.add(??)"),
        ("d = {}\n    for x in a:\n        ??\n    return d", "d[x] = ??"),
        (
            "best = a[0]\n    for x in a:\n        if x > best:\n            ??\n    return best",
            "best = ??",
        ),
        ("for x in a:\n        if x:\n            ??\n    return -1", "return ??"),
        ("while a > 0:\n        ??\n    return a", "a = ??"),
        ("b = len(a)\n    while b:\n        ??\n    return a", "a, b = b, ??"),
        ("for i in range(len(a)):\n        ??\n    return a", "a[i] = ??"),
    ],
)
def test_the_likeliest_form_is_what_the_code_still_lacks(body: str, first: str):
    assert forms(f"def f(a):\n    {body}\n")[0] == first


def test_what_is_changed_elsewhere_in_the_loop_comes_last():
    body = "n = 0\n    out = []\n    for x in a:\n        ??\n        out.append(n)\n    return out"
    found = forms(f"def f(a):\n    {body}\n")
    assert found.index("n += ??") < found.index("out.append(??)")


def test_names_of_the_module_and_of_python_are_bound():
    source = "import math\nLEAST = 3\ndef f(a):\n    ??\n    return math.floor(len(a)) + LEAST\n"
    assert not {"math = ??", "len = ??", "LEAST = ??"} & set(forms(source))


def test_what_a_function_imports_defines_or_catches_is_bound():
    source = "def f(a):\n    import os\n    def g():\n        return 1\n    ??\n    try:\n"
    source += "        return g()\n    except OSError as error:\n        return (error, os)\n"
    assert not {form.split(" ")[0] for form in forms(source)} & {"os", "g", "error"}


def test_a_module_returns_nothing():
    assert forms("xs = [1]\n??\nprint(total)\n") == ("total = ??",)


def test_forms_are_few():
    source = "def f(a):\n" + "".join(f"    n{i} = 0\n" for i in range(30))
    source += "    ??\n    return " + " + ".join(f"n{i}" for i in range(30)) + "\n"
    assert len(forms(source)) <= 6


def test_guesses_fill_each_form_in_turn_and_end_with_what_needs_no_expression():
    source = "def f(nums):\n    n = 0\n    for x in nums:\n        ??\n    return n\n"
    (hole,) = holes_of(Program.parse(source, "/p.py"))
    found = guesses(hole)
    assert found[:2] == ["n += x", "n = x"]
    assert found[-3:] == ["continue", "break", "pass"]


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ("n = 0\n    for x in a:\n        ??\n    return n", "if ??:\n    n += 1"),
        ("out = []\n    for x in a:\n        ??\n    return out", "if ??:\n    out.append(x)"),
        ("best = a[0]\n    for x in a:\n        ??\n    return best", "if ??:\n    best = x"),
        (
            "found = False\n    for x in a:\n        ??\n    return found",
            "if ??:\n    found = True",
        ),
        ("for x in a:\n        ??\n    return True", "if ??:\n    return False"),
        ("for i, x in enumerate(a):\n        ??\n    return -1", "if ??:\n    return i"),
    ],
)
def test_what_a_loop_does_now_and_then_has_a_condition(body: str, form: str):
    assert form in forms(f"def f(a):\n    {body}\n")


def test_conditions_fill_what_is_done_now_and_then():
    source = "def f(a):\n    n = 0\n    for x in a:\n        ??\n    return n\n"
    (hole,) = holes_of(Program.parse(source, "/p.py"))
    assert "if x > 0:\n    n += 1" in guesses(hole)


def test_a_name_whose_first_value_is_a_hole_may_be_of_any_kind():
    source = "def f(a):\n    s = ??\n    for x in a:\n        ??\n    return s\n"
    found = holes_of(Program.parse(source, "/p.py"))[1].forms
    assert found[:3] == ("s += ??", "s.append(??)", "s = ??")
