"""The safe evaluator: what it knows, what it refuses, and that it runs nothing."""

from __future__ import annotations

import sys

import pytest

from foreframe.errors import BadExpression, ExpressionError, NotAllowed, NotKnown, Raises
from foreframe.expressions import evaluate
from foreframe_protocol.states import Provenance, Value

NAMES = {
    "x": Value("3", confidence=0.5),
    "y": Value("4", confidence=0.8),
    "given": Value("10", Provenance.GIVEN),
    "text": Value("'héllo'"),
    "items": Value("[1, 2, 3]"),
    "mixed": Value("[1, Point(x=1, y=[2, 3])]"),
    "point": Value("Point(x=1, y=[2, 3])"),
    "table": Value("{'a': 1, 2: 'b', (1, 2): None}"),
    "color": Value("<Color.RED: 1>"),
    "thing": Value("<Thing object at 0x7f00>"),
    "start": Value("[1, 2, 3, 4", cut=True),
    "half": Value("'abc", cut=True),
    "nothing": Value("None"),
    "flag": Value("True"),
    "tags": Value("{1, 2}"),
    "missing": Value("compute()", Provenance.UNKNOWN),
    "max_value": Value("7"),
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x", "3"),
        ("x + y * 2", "11"),
        ("-x // 2", "-2"),
        ("x ** 2 == 9 and not flag is False", "True"),
        ("1 < x < y", "True"),
        ("x > 5 or text", "'héllo'"),
        ("'big' if x > 2 else 'small'", "'big'"),
        ("items[0] + items[-1]", "4"),
        ("items[1:]", "[2, 3]"),
        ("text[1]", "'é'"),
        ("table['a']", "1"),
        ("table[(1, 2)]", "None"),
        ("table.get('zz', 5)", "5"),
        ("2 in table", "True"),
        ("x not in items", "False"),
        ("point.y[1]", "3"),
        ("mixed[1].x", "1"),
        ("mixed", "[1, Point(x=1, y=[2, 3])]"),
        ("[mixed[1], 2]", "[Point(x=1, y=[2, 3]), 2]"),
        ("len(mixed)", "2"),
        ("color.value", "1"),
        ("thing is None", "False"),
        ("nothing is None", "True"),
        ("start[2]", "3"),
        ("sum(items) / len(items)", "2.0"),
        ("max(x, y)", "4"),
        ("sorted([3, 1, 2])", "[1, 2, 3]"),
        ("text.upper()", "'HÉLLO'"),
        ("', '.join(str(i) for i in items)", "'1, 2, 3'"),
        ("[i * j for i in items for j in items if i < j]", "[2, 3, 6]"),
        ("{i: i + 1 for i in items}", "{1: 2, 2: 3, 3: 4}"),
        ("any(i > 2 for i in items)", "True"),
        ("[a + b for a, b in zip(items, items)]", "[2, 4, 6]"),
        ("f'{x:>4}|{text!r}'", "\"   3|'héllo'\""),
        ("tags | {3}", "{1, 2, 3}"),
        ("isinstance(x, int)", "True"),
        ("type(point)", "<class 'Point'>"),
        ("bool(items)", "True"),
        ("  x  ", "3"),
    ],
)
def test_it_computes_what_python_would(expression, expected):
    assert evaluate(expression, NAMES).text == expected


@pytest.mark.parametrize(
    "expression",
    [
        "unknown",
        "missing",
        "thing == 3",
        "thing.size",
        "bool(thing)",
        "len(start)",
        "start[9]",
        "half == 'abc'",
        "point == point",
        "mixed == [1, 2]",
        "1 if thing else 2",
        "x.real",
    ],
)
def test_what_is_not_known_says_so(expression):
    with pytest.raises(NotKnown):
        print(evaluate(expression, NAMES))


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os')",
        "open('/etc/passwd')",
        "eval('1')",
        "exec('1')",
        "print(x)",
        "getattr(x, 'real')",
        "text.format(x)",
        "text.encode()",
        "items.append(4)",
        "().__class__.__bases__",
        "(lambda: 1)()",
        "lambda: 1",
        "(z := 3)",
        "x is 3",
        "point.method()",
        "f'{x:100000000}'",
        "'%0100000000d' % x",
        "text @ text",
        "[*items]",
        "max(*items)",
    ],
)
def test_what_would_need_to_run_code_is_refused(expression):
    with pytest.raises((NotAllowed, NotKnown)):
        print(evaluate(expression, NAMES))


@pytest.mark.parametrize(
    "expression",
    [
        "9 ** 9 ** 9",
        "1 << 10 ** 9",
        "10 ** 10000 * 10 ** 10000",
        "'a' * 10 ** 9",
        "[0] * 10 ** 9",
        "sum(range(10 ** 12))",
        "[i for i in range(10 ** 9)]",
        "[[[i for i in range(999)] for j in range(999)] for k in range(999)]",
        "sorted([[0] * 1000] * 1000)",
        "str([[[0] * 900] * 900] * 900)",
        "list(zip(range(10 ** 9)))",
        "9 in range(10 ** 12)",
    ],
)
def test_no_expression_can_hang_a_session(expression):
    with pytest.raises((NotAllowed, Raises)):
        print(len(evaluate(expression, NAMES).text))


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("items[9]", "IndexError"),
        ("table['zz']", "KeyError"),
        ("x + text", "TypeError"),
        ("int('a')", "ValueError"),
    ],
)
def test_what_python_would_raise_is_named(expression, what):
    with pytest.raises(Raises, match=what):
        evaluate(expression, NAMES)


@pytest.mark.parametrize("expression", ["", "  ", "x +", "x = 3", "import os", "(" * 500, "x\0"])
def test_what_is_no_expression_is_told_apart(expression):
    with pytest.raises(BadExpression):
        evaluate(expression, NAMES)


def test_the_confidence_is_that_of_all_values_used():
    result = evaluate("x + y + x", NAMES)
    assert result.provenance is Provenance.PREDICTED
    assert result.confidence == pytest.approx(0.4)
    assert evaluate("given + 1", NAMES).provenance is Provenance.GIVEN


def test_a_variable_hides_the_function_of_its_name():
    with pytest.raises(ExpressionError):
        evaluate("len(items)", {**NAMES, "len": Value("3")})


def test_a_value_of_ten_megabytes_is_looked_into_quickly():
    names = {"big": Value(repr("x" * 10_000_000)), "many": Value(repr(list(range(50_000))))}
    assert evaluate("len(big)", names).text == "10000000"
    assert evaluate("many[49_999]", names).text == "49999"


def test_nothing_is_executed_or_imported():
    events: list[str] = []
    is_on = True

    def hook(event: str, args: tuple[object, ...]) -> None:
        if is_on and event in ("exec", "import", "open", "os.system", "subprocess.Popen"):
            events.append(event)

    evaluate("x + len(items)", NAMES)
    sys.addaudithook(hook)
    try:
        for expression in ("x + y", "[i for i in items]", "text.upper()", "f'{x}'", "point.y"):
            evaluate(expression, NAMES)
    finally:
        is_on = False
    assert events == []
