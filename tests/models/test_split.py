"""Programs with nested expressions split, and traces of the split ones mapped back."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from random import Random

import pytest
import traced_programs

from foreframe_models.micro import Place, SplitProgram
from foreframe_models.program.control_flow import Program
from foreframe_models.program.split import fresh_prefix, split
from foreframe_models.training.documents import TraceLimits, Untraceable, trace
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_protocol.states import Frame, Trace

LIMITS = TraceLimits(frames=300, seconds=5)
MORE = TraceLimits(frames=1500, seconds=5, parts=False)


def text(source: str) -> str:
    return split(textwrap.dedent(source)).source


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = f(g(a), b + 1)", ["_t0 = g(a)", "_t1 = b + 1", "x = f(_t0, _t1)"]),
        ("x.append(a[b + 1])", ["_t0 = b + 1", "_t1 = a[_t0]", "x.append(_t1)"]),
        ("d[k + 1] = f(v.x)", ["_t0 = v.x", "_t1 = f(_t0)", "_t2 = k + 1", "d[_t2] = _t1"]),
        ("t += p * q", ["_t0 = p * q", "t += _t0"]),
        ("if len(x) > 3: # 3", ["_t0 = len(x)", "if _t0 > 3: # 3"]),
        ("for i in x.split():", ["_t0 = x.split()", "for i in _t0:"]),
        ("x = f(a + 1 if g(b) else c + 1)", [
            "_t0 = g(b)",
            "_t3 = a + 1 if _t0 else c + 1",
            "x = f(_t3)",
        ]),
        ("x = f(a) and g(b)", ["_t0 = f(a)", "x = _t0 and g(b)"]),
        ("x = 0 < f(a) < g(b)", ["_t0 = f(a)", "x = 0 < _t0 < g(b)"]),
    ],
)  # fmt: skip
def test_operations_get_lines_of_their_own_before_their_statement(
    line: str, expected: list[str]
) -> None:
    block = line.partition("#")[0].rstrip().endswith(":")
    found = text(line + ("\n    pass\n" if block else "\n")).splitlines()
    assert found[: len(expected)] == expected


@pytest.mark.parametrize(
    "source",
    [
        "while f(g(x)):\n    pass\n",
        "class A:\n    x = f(g(1))\n",
        "x = 1; y = f(g(x))\n",
        "if x: y = f(g(x))\n",
        "x = f(\n    g(1))\n",
        "x = f(y := g(1), h(2))\n",
        "x = f(lambda: g(1 + a), (i for i in h(2)))\n",
        "def g():\n    yield 1\nx = next(g())\n",
        "n = 0\ndef f():\n    global n\n    n += 1\nx = n + len(f())\n",
        "x = len(locals())\n",
        "async def f():\n    return g(await h(1), k(2))\n",
    ],
)
def test_what_would_not_run_the_same_is_left_as_it_is(source: str) -> None:
    assert text(source) == source


def test_an_elif_is_left_as_it_is_and_its_body_is_not() -> None:
    source = "if a:\n    pass\nelif f(g(x)):\n    y = f(g(x))\n"
    assert text(source) == "if a:\n    pass\nelif f(g(x)):\n    _t0 = g(x)\n    y = f(_t0)\n"


def test_nothing_after_what_must_stay_is_taken_out_before_it() -> None:
    assert text("x = f(*g(a), h(b))\n") == "_t0 = g(a)\nx = f(*_t0, h(b))\n"
    assert text("x = f((i for i in g(a)), h(b))\n") == "x = f((i for i in g(a)), h(b))\n"


def test_lines_lead_back_and_forth() -> None:
    found = split("a = 1\nx = f(g(a), a + 1)\n")
    assert found.line_of == {1: 1, 2: 2, 3: 2, 4: 2, 5: 3}
    assert (found.first[2], found.own[2]) == (2, 4)
    assert found.names == {2: (0, "_t0"), 3: (1, "_t1")}


def test_hidden_names_are_new_ones() -> None:
    assert fresh_prefix("_t0 = 1\n_u12 = 2\n") == "_v"
    assert "_u0 = g(a)" in text("_t5 = 1\nx = f(g(a))\n")


# The trace of the split program, mapped back, is that of the program.


def mapped(program: Program, frames: list[Frame]) -> list[Frame]:
    halves = SplitProgram(program)
    found: list[Frame] = []
    place = Place(Trace())
    for frame in frames:
        shown, place = halves.follow(place, place.trace.append(frame))
        if shown is not None:
            found.append(shown)
    return found


def check(source: str, function: str | None, args: str) -> int:
    """How many parts the split program gave, all of them right."""
    frames, finished = trace(Sample(source, function, args), LIMITS)
    made, _ = trace(Sample(split(source).source, function, args), MORE)
    found = mapped(Program.parse(source, "p.py"), made)
    if not finished:
        found = found[: len(frames)]
    bare = [replace(frame, parts=(), upcoming=None) for frame in frames]
    if " at 0x" not in str(bare):
        assert [replace(frame, parts=()) for frame in found] == bare, source
    count = 0
    for frame, real in zip(found, frames, strict=False):
        told = {part.index: part.value for part in real.parts}
        for part in frame.parts:
            value = told.get(part.index)
            assert value is None or part.value.text.startswith(value.text) or value.cut, source
            count += value is not None
    return count


@pytest.mark.parametrize("name", traced_programs.NAMES)
def test_a_split_program_gives_the_plain_trace_back(name: str) -> None:
    check(traced_programs.program(name).source, None, "")


def test_split_generated_programs_give_the_plain_traces_back() -> None:
    rng = Random(23)
    count = 0
    for _ in range(400):
        sample = draw(rng, rng.random())
        try:
            count += check(sample.source, sample.function, sample.args)
        except Untraceable:
            continue
    assert count > 700
