"""The parts of statements: which they are, and that telling of them changes no trace."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import traced_programs

from foreframe_models.program.parts import MAX_PARTS, groups_of, source_of
from foreframe_models.training import tracer
from foreframe_models.training.documents import TraceLimits, Untraceable, trace
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_protocol.states import Event, Frame


def parts(source: str, line: int = 1) -> list[str]:
    """The source texts of a line's parts, in order."""
    group = groups_of(ast.parse(textwrap.dedent(source)))[line]
    return [source_of(group, index) for index in range(len(group.parts))]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = f(a)", []),
        ("x = f(g(a), b + 1)", ["g(a)", "b + 1"]),
        ("return_ = sep.join(sorted(s.split())[::-1])", ["s.split()", "sorted(s.split())",
                                                         "sorted(s.split())[::-1]"]),
        ("xs.append(a * 2)", ["a * 2"]),
        ("x, y = f(a)", ["f(a)"]),
        ("a, b = b, a + b", []),
        ("a, b = b, f(a + b)", ["a + b"]),
        ("t += p * q", ["p * q"]),
        ("t += 1", []),
        ("d[k + 1] = v.x", ["v.x", "k + 1"]),
        ("d[f(k)] += 1", ["f(k)"]),
        ("del d[k + 1]", ["k + 1"]),
        ("x = -1", []),
        ("x = f(-1, -a)", ["-a"]),
        ("x = f([1, a], [b + 1])", ["b + 1", "[b + 1]"]),
        ("x = [g(i) for i in f(a)]", []),
        ("x = sum([i for i in f(a)], g(1))", ["[i for i in f(a)]", "g(1)"]),
        ("x = f(lambda: g(1))", []),
        ("x = f(i for i in g(1))", []),
        ("x = (a if b > 1 else c + 1) + 2", ["b > 1", "c + 1", "a if b > 1 else c + 1"]),
        ("x = 0 < f(a) < b.c or not d", ["f(a)", "b.c", "0 < f(a) < b.c", "not d"]),
        ("print(f'{a!r:>{w + 1}} {b}')", ["w + 1"]),
        ("x = f(*a[1:], **b.c)", ["a[1:]", "b.c"]),
        ("super().__init__(a + 1)", ["a + 1"]),
        ("self.x.y.z(a)", ["self.x", "self.x.y"]),
        ("if len(x) > 3 and x[0]: pass", ["len(x)", "len(x) > 3", "x[0]"]),
        ("while not f(x): pass", ["f(x)"]),
        ("for i in range(len(x)): y = i + f(i)", ["len(x)", "range(len(x))", "f(i)"]),
        ("for i in x: pass", []),
        ("for i in (1, 2): pass", []),
        ("with f(a + 1) as b: pass", ["a + 1", "f(a + 1)"]),
        ("assert f(a) == 1, g(a)", ["f(a)"]),
        ("raise E(a + 1) from b.c", ["a + 1", "b.c"]),
        ("x = 1; y = f(a + 1); z = f(a + 2)", ["a + 1", "a + 2"]),
    ],
)  # fmt: skip
def test_parts_are_what_is_evaluated_on_the_way_in_order(line: str, expected: list[str]) -> None:
    assert parts(line) == expected


def test_what_is_returned_and_yielded_is_no_part() -> None:
    tree = "def f(a):\n    return g(a + 1), a.x\n"
    assert parts(tree, 2) == ["a + 1", "g(a + 1)", "a.x"]
    assert parts("def f(a):\n    return g(a)\n", 2) == []
    assert parts("def f(a):\n    x = yield g(a + 1)\n", 2) == ["a + 1"]


def test_lines_of_one_statement_and_statements_of_one_line_share_a_numbering() -> None:
    source = """\
        x = f(a + 1,
              b + 2,
              g(
                  c + 3)); y = f(d + 4)
        z = f(e + 5)
    """
    groups = groups_of(ast.parse(textwrap.dedent(source)))
    assert groups[1] is groups[2] is groups[4]
    assert groups[5] is not groups[1]
    assert [ast.unparse(part) for part in groups[1].parts] == ["a + 1", "b + 2", "c + 3", "d + 4"]


def test_a_line_has_no_more_parts_than_there_are_indexes() -> None:
    line = f"x = f({', '.join(f'a + {n}' for n in range(40))})"
    assert len(parts(line)) == MAX_PARTS
    assert source_of(groups_of(ast.parse(line))[1], MAX_PARTS) == ""


# Telling of parts changes nothing else.


def records(name: str, *, told: bool) -> list[dict[str, Any]]:
    """What the tracer writes about a program of tests/programs, addresses left out."""
    source = traced_programs.program(name).source
    job = {"source": source, "path": "program.py", "max_frames": 3000, "parts": told}
    run = subprocess.run(
        [sys.executable, tracer.__file__],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "7"},
    )
    text = re.sub(r"0x[0-9a-f]{6,}", "0x", run.stdout)
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", traced_programs.NAMES)
def test_a_trace_with_parts_is_the_plain_trace_besides(name: str) -> None:
    told = records(name, told=True)
    for record in told:
        record.pop("parts", None)
        record.pop("upcoming", None)
    assert told == records(name, told=False)


def plain(frames: list[Frame]) -> list[Frame]:
    return [replace(frame, parts=(), upcoming=None) for frame in frames]


def test_generated_programs_run_the_same_with_parts_as_without() -> None:
    rng = Random(17)
    limits = TraceLimits(frames=200, seconds=5)
    parts_seen = upcoming_seen = 0
    for _ in range(400):
        sample = draw(rng, rng.random())
        try:
            expected = trace(sample, replace(limits, parts=False))
            frames, finished = trace(sample, limits)
        except Untraceable:
            continue
        if " at 0x" not in str(expected):
            assert (plain(frames), finished) == expected, sample.source
        parts_seen += sum(len(frame.parts) for frame in frames)
        upcoming_seen += sum(frame.upcoming is not None for frame in frames)
    assert parts_seen > 800
    assert upcoming_seen > 400


def told(source: str, function: str | None = None, args: str = "") -> list[Frame]:
    return trace(Sample(textwrap.dedent(source), function, args), TraceLimits(seconds=5))[0]


def test_a_value_is_told_as_it_was_when_it_was_evaluated() -> None:
    source = """\
        class Box:
            def __init__(self):
                self.items = []
        box = Box()
        box.items.append(len(box.items) + 1)
    """
    shown = [(part.index, part.value.text) for part in told(source)[-1].parts]
    assert shown == [(0, "[]"), (1, "[]"), (2, "0"), (3, "1")]


def test_what_short_circuits_leave_out_is_not_told() -> None:
    frames = told("def f(a, b):\n    if a > 1 and b > 1:\n        return 1\n", "f", "1, 2")
    assert [part.index for part in frames[-1].parts] == [0]


def test_addresses_and_modules_paths_are_not_told_and_long_values_are_cut() -> None:
    line = "x = str(object()) and str(os.path)[:4] + str(len([0] * 99))"
    frames = told(f"import os\n{line}\n")
    assert [parts(line)[part.index] for part in frames[-1].parts] == [
        "str(os.path)[:4]",
        "[0] * 99",
        "len([0] * 99)",
        "str(len([0] * 99))",
        "str(os.path)[:4] + str(len([0] * 99))",
    ]
    value = frames[-1].parts[1].value
    assert (len(value.text), value.cut) == (60, True)


def test_a_loop_tells_what_it_takes_next() -> None:
    source = """\
        def f(xs, d):
            for x in xs:
                if x == 'b':
                    continue
            for i, (k, v) in enumerate(d.items()):
                pass
            for c in sorted(xs):
                pass
            for n in map(len, xs):
                pass
    """
    frames = told(source, "f", "['a', 'b', 'c', 'd'], {1: 2}")
    loops = [(f.line, f.upcoming) for f in frames if f.source.strip().startswith("for ")]
    shown = [(line, u and (u.text, u.cut)) for line, u in loops]
    assert shown[:5] == [
        (2, ("'a', 'b', 'c'", True)),
        (2, ("'b', 'c', 'd'", False)),
        (2, ("'c', 'd'", False)),
        (2, ("'d'", False)),
        (2, ("", False)),
    ]
    assert shown[5:7] == [(5, ("(0, (1, 2))", False)), (5, ("", False))]
    assert shown[7:9] == [(7, None), (7, ("'b', 'c', 'd'", False))]
    assert {u for line, u in shown if line == 9} == {None}


def test_long_elements_are_told_as_far_as_they_fit_and_the_first_in_any_case() -> None:
    frames = told(f"for x in ['{'a' * 40}', '{'b' * 40}']:\n    pass\n")
    assert frames[1].upcoming is not None
    assert frames[1].upcoming.text == repr("a" * 40)
    assert frames[1].upcoming.cut
    frames = told(f"for x in ['{'a' * 70}']:\n    pass\n")
    assert frames[1].upcoming is not None
    assert len(frames[1].upcoming.text) == 60


def test_a_program_whose_objects_tell_when_they_go_is_not_kept_from_it() -> None:
    source = """\
        class Noisy:
            def __del__(self):
                print('gone')
        for x in [Noisy(), Noisy()]:
            break
        x = None
        y = 1
    """
    sample = Sample(textwrap.dedent(source))
    frames, _ = trace(sample, TraceLimits(seconds=5))
    expected, _ = trace(sample, TraceLimits(seconds=5, parts=False))
    assert [(f.event, f.line) for f in frames] == [(f.event, f.line) for f in expected]


def test_a_name_like_a_built_in_iterator_is_not_taken_for_it() -> None:
    source = """\
        def range(n):
            return 'ab'
        for x in range(2):
            pass
    """
    loops = [f for f in told(source) if f.line == 3 and f.event is Event.LINE]
    assert [f.upcoming and f.upcoming.text for f in loops] == [None, "'b'", ""]


def test_the_tracer_needs_no_package_to_tell_of_parts() -> None:
    job = {"source": "x = len('ab' * 2) + 1\n", "path": "p.py", "parts": True}
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(Path(tracer.__file__))],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    last = json.loads(run.stdout.splitlines()[-2])
    assert last["parts"] == [[0, "'abab'", False], [1, "4", False]]
