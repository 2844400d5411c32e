"""What is wanted of functions, read from files."""

import ast

import pytest

from foreframe.examples import Kind, call_of, examples_in


def read(source: str):
    return examples_in(source, ast.parse(source))


def test_doctests_asserts_and_comments_are_read_in_order_of_lines():
    source = (
        "def f(x, y=0):\n"
        '    """Adds.\n\n    >>> f(1, 2)\n    3\n    >>> f(5)\n    5\n    """\n'
        "    return x + y  # f(2, y=3) -> 5\n\n"
        "def test_f():\n    assert f(4, 4) == 8\n    assert 9 == f(9)\n"
    )
    found = read(source)
    assert [(e.line, e.kind, e.call, e.returned) for e in found] == [
        (4, Kind.DOCTEST, "f(1, 2)", "3"),
        (6, Kind.DOCTEST, "f(5)", "5"),
        (9, Kind.COMMENT, "f(2, y=3)", "5"),
        (12, Kind.ASSERT, "f(4, 4)", "8"),
        (13, Kind.ASSERT, "f(9)", "9"),
    ]


def test_wanted_exceptions_are_read():
    source = (
        'def f(x):\n    """\n    >>> f(0)\n    Traceback (most recent call last):\n'
        '    ValueError: no\n    """\n    # f(1) -> raises KeyError\n    return x\n'
    )
    assert [(e.raised, e.wanted) for e in read(source)] == [
        ("ValueError", "raises ValueError"),
        ("KeyError", "raises KeyError"),
    ]


@pytest.mark.parametrize(
    "comment",
    [
        "# f(__import__('os').system('x')) -> 1",
        "# f(open('x')) -> 1",
        "# f(1) -> open('x')",
        "# f(*args) -> 1",
        "# f(x for x in y) -> 1",
        "# f(1 -> 2",
        "# see f(1)",
    ],
)
def test_what_is_no_literal_is_no_example(comment: str):
    assert read(f"def f(x):\n    return x\n{comment}\n") == []


def test_comments_within_strings_are_no_examples():
    assert read("x = '# f(1) -> 2'\n") == []


def test_a_result_is_written_as_repr_writes_it():
    assert read("# f(1) -> {'b':1,  'a':[1,2]}\n")[0].returned == "{'b': 1, 'a': [1, 2]}"


def test_methods_are_named_with_their_class():
    assert call_of("A.make(3, k='x')") == ("A.make", "3, k='x'")
    assert call_of("a[0](3)") is None
