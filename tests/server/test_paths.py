"""The lines that a scope goes through."""

from pathlib import Path
from textwrap import dedent

import pytest
from dap_setting import MARKS, Setting
from tape import record

from foreframe.paths import lines_before, lines_passed, seen, whole
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import Event, Trace

SOURCE = dedent("""\
    def sign(n, words):
        if n > 0:
            word = words[
                0
            ]
        elif n == 0:
            word = "zero"
        else:
            word = words[1]
        return word

    def both(a):
        first = sign(a, ["up", "down"])
        second = sign(-a, ["up", "down"])
        return first + second

    both(3)
    """)


def traced(source: str) -> tuple[Program, list[Trace]]:
    """A program, and its run as traces that end on each frame."""
    trace = Trace()
    for frame in record(source):
        trace = trace.append(frame)
    return Program.parse(source, "/p.py"), trace.nodes()


def at(nodes: list[Trace], function: str, line: int) -> Trace:
    """The first stop on a line of a function."""
    for node in nodes:
        frame = node.frame
        if frame and frame.event is Event.LINE and (frame.function, frame.line) == (function, line):
            return node
    raise AssertionError("it never stands there")


def lines(spans: list[tuple[int, int]]) -> set[int]:
    return {line for first, last in spans for line in range(first, last + 1)}


def test_a_scope_has_come_through_the_lines_of_its_own_call_only():
    program, nodes = traced(SOURCE)
    last = [n for n in nodes if n.frame and n.frame.event is Event.LINE and n.frame.line == 10][-1]
    assert lines_passed(last, 2) == {2, 6, 9, 10}
    spans, is_known = seen(program, last, 2)
    assert is_known
    assert lines(spans) == {1, 2, 6, 9, 10}
    outer, _ = seen(program, last, 1)
    assert lines(outer) == {12, 13, 14}


def test_a_statement_of_several_lines_is_passed_as_a_whole():
    program, nodes = traced(SOURCE)
    spans, _ = seen(program, at(nodes, "sign", 10), 2)
    assert lines(spans) == {1, 2, 3, 4, 5, 10}
    assert whole(program, [3]) == [(3, 5)]


def test_behind_a_jump_the_lines_count_that_can_have_run():
    program, nodes = traced(SOURCE)
    stop = at(nodes, "sign", 10)
    before = next(n for n in nodes if n.frame and n.frame.function == "sign")
    assert stop.frame is not None
    jumped = before.append(stop.frame, skipped=True)
    assert lines_passed(jumped, 2) is None
    spans, is_known = seen(program, jumped, 2)
    assert not is_known
    assert lines(spans) == {1, 2, 3, 4, 5, 6, 7, 9, 10}


def test_what_another_branch_does_cannot_have_run_before():
    program, _ = traced(SOURCE)
    assert lines_before(program.find("sign"), 9) == {2, 6, 9}


def test_a_trace_that_begins_in_mid_program_does_not_know_the_way():
    program, nodes = traced(SOURCE)
    stop = at(nodes, "sign", 10)
    begun = Trace(stop.state)
    assert seen(program, begun, 2)[1] is False
    # What is called from there on is known again.
    after = next(n for n in nodes if n.length > stop.length and n.frame.event is Event.CALL)
    trace = begun
    for node in nodes[stop.length : after.length + 1]:
        trace = trace.append(node.frame)
    depth = len(trace.state.stack) - 1
    assert seen(program, trace, depth)[1] is True


@pytest.mark.parametrize("line", [3, 4])
def test_a_generator_is_entered_again_and_again_and_its_way_is_not_known(line: int):
    source = "def g():\n    for n in (1, 2):\n        m = n\n        yield m\n\nlist(g())\n"
    program, nodes = traced(source)
    spans, is_known = seen(program, at(nodes, "g", line), 1)
    assert not is_known
    assert lines(spans) >= {1, 2, 3}


async def test_a_debugger_can_ask_which_lines_a_frame_has_come_through(tmp_path: Path):
    setting = Setting(tmp_path / "program.py", "f", "2")
    client = setting.client
    await setting.start(MARKS["area_return"])
    frames = (await client.ask("stackTrace", {"threadId": 1}))["stackFrames"]
    told = [await client.ask("foreframe/passed", {"frameId": frame["id"]}) for frame in frames]
    top, first = MARKS["area_first"] - 3, MARKS["f_first"]
    assert told[0] == {"lines": [[top, top + 2], [top + 3, top + 3], [top + 4, top + 4]],
                       "isKnown": True}  # fmt: skip
    assert told[1]["lines"] == [[n, n] for n in (first - 1, first, first + 1, first + 2)]
