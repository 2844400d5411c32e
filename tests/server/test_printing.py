"""Print statements evaluated on predicted values: what a program would have printed."""

from __future__ import annotations

import contextlib
import io

import pytest
from tape import record

from foreframe.printing import Printing
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import Trace


def printed(source: str, stream: str = "stdout") -> str:
    """What the true trace of a module is predicted to print."""
    printing = Printing(Program.parse(source, "/tape.py").tree)
    trace, found = Trace(), ""
    for frame in record(source):
        trace = trace.append(frame)
        one = printing.feed(trace)
        if one is not None and one.stream == stream:
            found += one.text
    return found


EXACT = {
    "values": 'x = 3\nprint(x, "is", [1, "a"], None)\n',
    "options": 'print(1, 2, sep="-", end="!")\nprint("a", "b", sep="", end=None)\n',
    "nothing": "print()\n",
    "a loop": "for i in range(3):\n    print(i * i)\n",
    "several lines": 'x = 1\nprint(\n    x,\n    "two",\n)\nprint(x)\n',
    "the program's own function": "def f(n):\n    return n + 1\n\nprint(f(2), f(f(3)))\n",
    "a print within a call": "def f():\n    print('in')\n    return 5\n\nprint(f(), len('abc'))\n",
    "a condition": "x = 2\nif x > 1:\n    print('big')\nelse:\n    print('small')\n",
    "an f-string": "x = 0.5\nprint(f'{x:.2f} of {10:>4}')\n",
    "a recursion": "def f(n):\n    print(n)\n    return n and f(n - 1)\n\nprint(f(2))\n",
    "an exception": "try:\n    print(1 // 0)\nexcept ZeroDivisionError:\n    print('caught')\n",
    "a repr": (
        "from dataclasses import dataclass\n\n@dataclass\nclass P:\n    x: int\n\n"
        "p = P(3)\nprint(p)\n"
    ),
    "a name of the person's own": "def print(*args):\n    return None\n\nprint(1)\n",
}


@pytest.mark.parametrize("name", EXACT)
def test_it_prints_what_the_program_does(name):
    source = EXACT[name]
    real = io.StringIO()
    with contextlib.redirect_stdout(real):
        code = compile(source, "printed.py", "exec", dont_inherit=True)
        exec(code, {"__name__": "builtins"})
    assert printed(source) == real.getvalue()


def test_what_is_not_known_is_marked():
    source = "class A:\n    pass\n\na = A()\nprint('is', hash('x'), a == a)\n"
    assert printed(source) == "is <unknown> <unknown>\n"


def test_streams_are_told_apart():
    source = "import sys\nprint('out')\nprint('err', file=sys.stderr)\n"
    assert printed(source) == "out\n"
    assert printed(source, "stderr") == "err\n"


def test_a_file_that_is_written_to_is_no_output():
    source = "import io\nf = io.StringIO()\nprint('x', file=f)\n"
    assert printed(source) == printed(source, "stderr") == ""
