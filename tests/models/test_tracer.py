"""The tracer's own decisions."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

from foreframe_models.evaluation.transitions import real_frames
from foreframe_models.training import tracer
from foreframe_protocol.states import Event, Frame


def run(text: str, function: str | None = None, args: str = "") -> list[Frame]:
    return real_frames(textwrap.dedent(text).lstrip("\n"), function, args)


def lines(frames: list[Frame]) -> list[tuple[str, int]]:
    return [(frame.event.value, frame.line) for frame in frames]


def test_a_comprehension_is_one_step_on_every_python() -> None:
    frames = run(
        """
        def f(xs):
            squares = [
                x * x
                for x in xs
                if x
            ]
            return squares, {y for y in squares}, {k: [z for z in xs] for k in xs}
        """,
        "f",
        "[1, 2, 0]",
    )
    shown = [(frame.event.value, frame.line) for frame in frames if frame.line != 4]
    shown = [place for i, place in enumerate(shown) if place != ("line", 2) or i < 2]
    assert shown == [("call", 1), ("line", 2), ("line", 7), ("return", 7)]
    assert all(set(frame.locals or ()) <= {"xs", "squares"} for frame in frames)


def test_a_call_from_a_comprehension_comes_from_its_scope() -> None:
    frames = run("def g(x):\n    return x\ndef f():\n    return [g(x) for x in 'ab']\n", "f")
    assert [(f.event.value, f.function, f.depth) for f in frames] == [
        ("call", "f", 0),
        ("line", "f", 0),
        *[("call", "g", 1), ("line", "g", 1), ("return", "g", 1)] * 2,
        ("return", "f", 0),
    ]


def test_an_exception_in_a_comprehension_shows_once() -> None:
    frames = run("def f(xs):\n    return [1 // x\n            for x in xs]\n", "f", "[1, 0]")
    raised = [f for f in frames if f.event is Event.EXCEPTION]
    assert [(f.line, f.value.text if f.value else "") for f in raised] == [
        (2, "ZeroDivisionError: integer division or modulo by zero")
    ]
    assert frames[-1].event is Event.RETURN
    assert frames[-1].line == 2


def test_a_trace_ends_with_its_first_scope() -> None:
    frames = run(
        """
        def g():
            try:
                yield 1
            finally:
                print("closed")
        def f():
            held = g()
            return next(held)
        """,
        "f",
    )
    assert (frames[-1].function, frames[-1].event) == ("f", Event.RETURN)


def test_a_decorated_function_is_called_on_its_def_line() -> None:
    frames = run("def d(f):\n    return f\n@d\n@d\ndef f():\n    return 1\n", "f")
    assert (frames[0].line, frames[0].scope_line) == (5, 3)


def test_names_of_functions_classes_and_modules_are_not_shown() -> None:
    frames = run("import os\nimport sys as y\ndef f(): pass\nclass A: pass\nx = 1\ny = x\n")
    assert list(frames[-2].locals or ()) == ["y", "x"]


def test_names_keep_the_order_in_which_frames_saw_them() -> None:
    frames = run(
        """
        def f(b):
            if b:
                z = 1
            a = 2
            del z
            z = 3
            return a
        """,
        "f",
        "1",
    )
    assert [list(f.locals) for f in frames if f.locals is not None][-3:] == [
        ["b", "z", "a"],
        ["b", "a"],
        ["b", "a", "z"],
    ]


def test_values_and_traces_are_cut_where_asked() -> None:
    job = {"source": "x = 'a' * 50\nwhile True:\n    y = x\n", "path": "p.py"}
    done = subprocess.run(
        [sys.executable, "-I", tracer.__file__],
        input=json.dumps(job | {"value_chars": 10, "max_frames": 6}),
        capture_output=True,
        text=True,
        check=True,
    )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r.get("end") for r in records] == [None] * 6 + ["cut off"]
    assert records[5]["locals"] == {"x": "'aaaaaaaaa", "y": "'aaaaaaaaa"}
    assert records[5]["cut"] == ["x", "y"]


def test_a_program_that_does_not_start_says_why() -> None:
    with pytest.raises(RuntimeError, match="KeyError: 'missing'"):
        run("x = 1\n", "missing")


def test_a_return_stands_on_the_line_shown_last() -> None:
    frames = run(
        """
        def f():
            for x in (1, 2):
                with open(0, closefd=False):
                    return (
                        x
                    )
        """,
        "f",
    )
    assert lines(frames)[-1] == ("return", frames[-2].line)
