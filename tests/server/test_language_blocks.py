"""A document that is edited is read as if it had been read from its beginning."""

from hypothesis import given, settings
from hypothesis import strategies as st
from whole_analysis import expected, found

from foreframe.language.analysis import Analysis

STATEMENTS = [
    "import os, sys as system",
    "from __future__ import annotations",
    "from math import *",
    "x = 1",
    "x: int = ??",
    "a = 1; b = 2",
    "y = x + \\\n    1",
    "z = [\n    1,\n\n    ??,  # no example\n]",
    "def f(a, b=2):\n    return a + ??",
    "def f(n):\n    # f(3) -> 4\n\n    return n + 1\n    # behind",
    'def g(s):\n    """Words.\n\n    >>> g("a")\n    \'b\'\n    """\n    ??\n    return s',
    "@decorated\n@(\n    other\n)\ndef h(x):\n    while x:\n        x -= 1\n    return h(x - 1)",
    "class A:\n    '''>>> f(1)\n    3\n    '''\n\n    def m(s):\n        return ??\n    v: ?? = 0",
    "if x:\n    def inner(q): return ??\nelse:\n    def inner(q):\n        return 2",
    "try:\n    pass\nexcept E as e:\n    ??\nfinally:\n    w = 1",
    "assert f(1, 2) == 3",
    "def t():\n    assert f(1, 2) == 3\n    assert g('é😀') == '字'",
    "# f(1, 2) -> 3",
    "#: a comment \\",
    "",
    "   ",
    "q = '''open\n?? # f(1, 2) -> 4\ndef no(): pass\n'''",
    'r = f"{??} {x!r:>{??}} {{??}}"',
    "u = f'''{\n??\n}'''",
    "é = '😀' + ??; 字 = 2",
    "def k():\n    global x\n    x = 2\n    nonlocal_ = 1",
    "if x: pass",
    "match x:\n    case 1: pass\n    case _: y = 2",
    "lambda _0: _1",
    "async def co():\n    async with a as b: await b\n    return [i async for i in b]",
    '"""A docstring.\n\n>>> f(2, 2)\n4\n"""',
    "'>' '>> f(5)\\n6'",
]
FRAGMENTS = [
    *STATEMENTS,
    "foo(",
    ")",
    '"""',
    "'''",
    "'",
    "f'''{",
    "def broken(",
    "def late():",
    "    return ??",
    "  indented",
    "\tx = 1",
    "else:",
    "elif x:",
    "except E:",
    "finally: pass",
    "@late",
    "x = \\",
    "\\",
    "return 1",
    "await x",
    "global x",
    "if 1:\n    global x",
    "def f(a, a): pass",
    "nonlocal y",
    "del x",
    "import",
    "??",
    "x = ?? if ?? else (",
    "class",
    "case 2: pass",
    "\ufeff",
    "\f",
    "\0",
    "$",
    "_0 = __ = 1",
    "# '''",
    "from __future__ import barry_as_FLUFL",
    "\r",
    "\ud800",
]
lines_of = st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=12)
edits = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from([0, 0, 0, 1, 1, 2, 5]),
        st.lists(st.sampled_from(FRAGMENTS), max_size=2),
    ),
    min_size=1,
    max_size=6,
)


def check(source: str, before: Analysis | None) -> Analysis:
    analysis = Analysis.of("/p.py", source, 1, (), before)
    assert found(analysis) == expected(source)
    return analysis


@settings(max_examples=150, deadline=None)
@given(lines_of, edits)
def test_an_edited_text_is_read_as_if_it_were_new(statements, changes):
    lines = "\n".join(statements).split("\n")
    analysis = check("\n".join(lines), None)
    for at, count, new in changes:
        start = at % (len(lines) + 1)
        lines[start : start + count] = "\n".join(new).split("\n") if new else []
        analysis = check("\n".join(lines), analysis)
