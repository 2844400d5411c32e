"""Expressions on the way to a stop: in the debugger's scopes, in the terminal, as JSON."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from dap_client import Client, in_process
from tape import TapeWorld, marks, record

from foreframe.evaluated import expressions_of
from foreframe.reality import Run
from foreframe.terminal.records import Records
from foreframe.terminal.story import Story
from foreframe.terminal.table import TracePrinter
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import End, Event, Frame, Trace

SOURCE = """\
def shout(s):
    up = s.upper() + "!"  # @up
    return up  # @back

def f(s, sep):
    for w in s.split():  # @for
        last = len(w) * 2
    x = shout(s[:2]) + shout(s[2:]).strip()  # @call
    return sep.join(sorted(s.split())[::-1])  # @return
"""
ARGS = "'ab c', '-'"
MARKS = marks(SOURCE)


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return record(SOURCE, "f", ARGS)


def to(frames: list[Frame], line: int, event: Event = Event.LINE, nth: int = 1) -> Trace:
    """The trace up to the n-th frame of an event on a line."""
    trace = Trace()
    for frame in frames:
        trace = trace.append(frame)
        nth -= (frame.line, frame.event) == (line, event)
        if not nth:
            return trace
    raise AssertionError("no such frame")


def told(trace: Trace, index: int = 0) -> list[tuple[str, str]]:
    program = Program.parse(SOURCE, "p.py")
    return [(one.source, one.value.text) for one in expressions_of(program).at(trace, index)]


def test_a_stop_tells_what_the_line_just_left_evaluated_calls_and_all(frames: list[Frame]):
    assert told(to(frames, MARKS["return"])) == [
        ("s[:2]", "'ab'"),
        ("shout(s[:2])", "'AB!'"),
        ("s[2:]", "' c'"),
        ("shout(s[2:])", "' C!'"),
        ("shout(s[2:]).strip()", "'C!'"),
    ]


def test_a_caller_tells_what_its_line_has_evaluated_so_far(frames: list[Frame]):
    second = to(frames, MARKS["up"], nth=2)
    assert told(second, 0)[-1] == ("s[2:]", "' c'")
    assert told(second, 1) == []
    assert told(to(frames, MARKS["back"], nth=2), 1) == [("s.upper()", "' C'")]


def test_after_a_return_the_caller_tells_what_came_before_the_call(frames: list[Frame]):
    assert told(to(frames, MARKS["back"], Event.RETURN)) == [("s[:2]", "'ab'")]


def test_a_loop_tells_what_it_takes_next(frames: list[Frame]):
    assert told(to(frames, MARKS["for"])) == []
    assert told(to(frames, MARKS["for"], nth=2))[-1] == ("next of s.split()", "'c'")
    assert told(to(frames, MARKS["for"], nth=3))[-1] == ("next of s.split()", "")


def test_the_text_is_the_programs_own_also_with_holes():
    program = Program.parse("x = f('a'  +  b, ??  * 2)\n", "p.py")
    call = Frame(Event.CALL, "<module>", 0, 1, program.lines[0], {})
    line = Frame(Event.LINE, "<module>", 0, 1, program.lines[0], {})
    state = Trace().append(call).append(line).state
    (first, second) = record("b = 'c'\nx = str('a'  +  b)\n")[2:4]
    expressions = expressions_of(Program.parse("b = 'c'\nx = str('a'  +  b)\n", "q.py"))
    before = Trace().append(call).append(first).state
    assert [one.source for one in expressions.told(before, second)] == ["'a'  +  b"]
    assert [o.source for o in expressions_of(program).told(state, second)] == ["'a' + b"]


async def scopes(client: Client, level: int = 0) -> dict[str, list[tuple[str, str]]]:
    """The variables of each scope of a frame, by its name."""
    stack = await client.stack()
    found = (await client.scopes(frameId=stack[level]["id"]))["scopes"]
    shown = {}
    for scope in found:
        page = await client.variables(variablesReference=scope["variablesReference"])
        shown[scope["name"]] = [(v["name"], v["value"]) for v in page["variables"]]
    return shown


async def test_the_debugger_shows_a_scope_of_expressions_after_the_locals(
    tmp_path: Path, frames: list[Frame]
):
    path = tmp_path / "program.py"
    path.write_text(SOURCE)
    client, _ = in_process(lambda engine, max_frames: TapeWorld(frames))
    await client.start(str(path), [MARKS["for"], MARKS["back"]], function="f", args=ARGS)
    await client.event("stopped")
    assert list(await scopes(client)) == ["Locals"]
    await client.step("continue")
    shown = await scopes(client)
    assert list(shown) == ["Locals", "Expression"]
    assert shown["Expression"] == [("len(w)", "2"), ("next of s.split()", "'c'")]
    await client.step("continue")
    assert (await scopes(client))["Expression"][-1] == (
        "next of s.split()",
        "nothing: the loop ends",
    )
    await client.step("continue")
    assert (await scopes(client))["Expression"] == [("s.upper()", "'AB'")]
    assert (await scopes(client, 1))["Expression"] == [("s[:2]", "'ab'")]


def test_the_terminal_shows_expressions_below_the_line_that_evaluates_them(frames: list[Frame]):
    out = io.StringIO()
    run = Run(frames, End.FINISHED)
    story = Story(run, Program.parse(SOURCE, "p.py"))
    printer = TracePrinter(out, steps=3, places=10, sources=44, checked=True, micro=True)
    for frame in frames:
        printer.frame(story.add(frame))
    rows = [" ".join(row.split()) for row in out.getvalue().splitlines()]
    at = next(i for i, row in enumerate(rows) if "return 'AB!'" in row)
    assert rows[at + 1].startswith("↳ f:8 shout(s[:2]) = 'AB!' ?87%")
    assert rows[at + 1].endswith("✓")
    assert rows[at + 2].startswith("s[2:] = ' c'")
    assert any(row.startswith("next of s.split() nothing: the loop ends") for row in rows)


def test_records_hold_expressions_and_what_comes_next(frames: list[Frame]):
    out = io.StringIO()
    printer, story = Records(out), Story(None, Program.parse(SOURCE, "p.py"))
    for frame in frames:
        printer.frame(story.add(frame))
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    last = found[-1]["expressions"]
    assert [one["source"] for one in last] == [
        "s.split()",
        "sorted(s.split())",
        "sorted(s.split())[::-1]",
    ]
    assert (last[2]["value"], last[2]["confidence"], last[2]["line"]) == (
        "['c', 'ab']",
        0.87,
        MARKS["return"],
    )
    assert [r["next"]["value"] for r in found if r["next"]] == ["'c'", ""]
