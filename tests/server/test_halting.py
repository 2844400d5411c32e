"""Whether programs end, judged from true frames: what is wrong here is wrong in the judging."""

import ast
import json
from pathlib import Path

import pytest

from foreframe.halting import Answer, does_it_end
from foreframe.loops import loops_of, returning_tests
from foreframe.prospects import Outlook, prospect
from foreframe.reality import Limits, observe
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import Trace, Value

PROGRAMS = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "halting/programs.jsonl").read_text().splitlines()
]


async def judged(code: str, args: str, frames: int = 120):
    program = Program.parse(code, "/p.py")
    run = await observe(program, Entry("f", args), Limits(frames=frames))
    trace = Trace()
    for frame in run.frames:
        trace = trace.append(frame)
    return does_it_end(program, trace)


def test_half_of_the_programs_never_end():
    assert len(PROGRAMS) == 60
    assert sum(row["ends"] for row in PROGRAMS) == 30


async def test_no_answer_is_wrong_and_nearly_all_are_known():
    known = 0
    for row in PROGRAMS:
        halting = await judged(row["code"], row["input"])
        if halting.answer is not Answer.UNKNOWN:
            assert (halting.answer is Answer.ENDS) is row["ends"], f"{row['id']}: {halting.text}"
            known += 1
    assert known >= 56


async def test_a_run_that_came_to_its_end_is_counted():
    halting = await judged("def f(n):\n    return n", "3")
    assert (halting.answer, halting.frames) == (Answer.ENDS, 3)


async def test_how_long_a_loop_still_takes_is_told():
    code = "def f(n):\n    while n > 0:\n        n -= 1\n    return n"
    halting = await judged(code, "200", 60)
    assert halting.answer is Answer.ENDS
    assert halting.frames is not None
    assert abs(halting.frames - 404) <= 4  # a call, two frames a turn, the last test, two to leave


async def test_a_cycle_is_shown_by_two_frames_with_the_same_values():
    halting = await judged("def f(a):\n    while True:\n        a = -a", "1")
    assert halting.answer is Answer.REPEATS
    assert halting.cycle is not None
    first, second = halting.cycle
    assert second - first == 4  # two turns of two lines


async def test_a_recursion_that_gets_nowhere_names_its_arguments():
    same = await judged("def f(n):\n    return f(n)", "1")
    assert same.answer is Answer.REPEATS
    assert "n=1" in same.text
    away = await judged("def f(n):\n    if n == 0:\n        return 0\n    return f(n + 1)", "1")
    assert away.answer is Answer.GROWS
    assert "RecursionError" in away.text


@pytest.mark.parametrize(
    "code",
    [
        "import random\ndef f(n):\n    while random.random() < 2:\n        n = 1",
        "k = 0\ndef g():\n    global k\n    k += 1\ndef f(n):\n    while k < 9:\n        g()",
        "def f(n):\n    it = iter([1] * 99)\n    while next(it):\n        n = 1",
    ],
    ids=["random", "global", "iterator"],
)
async def test_what_no_frame_shows_is_never_called_endless(code):
    assert (await judged(code, "1", 30)).answer is Answer.UNKNOWN


async def test_a_break_behind_try_keeps_a_loop_from_being_called_endless():
    code = (
        "def f(n):\n    while True:\n        n += 1\n        try:\n            if n > 900:\n"
        "                break\n        finally:\n            pass"
    )
    assert (await judged(code, "1", 60)).answer is Answer.UNKNOWN


def visits(**names: list[int]) -> list[dict[str, Value]]:
    rows = zip(*names.values(), strict=True)
    return [dict(zip(names, map(Value, map(str, row)), strict=True)) for row in rows]


def test_a_test_comes_out_when_its_sides_come_together():
    seen = visits(i=[0, 2, 4, 6, 8], n=[20] * 5)
    coming = prospect(ast.parse("i < n", mode="eval").body, False, seen)
    assert (coming.outlook, coming.visits) == (Outlook.COMES, 6)
    away = prospect(ast.parse("i >= 0", mode="eval").body, False, seen)
    assert away.outlook is Outlook.NEVER
    over = prospect(ast.parse("i == 11", mode="eval").body, True, seen)
    assert over.outlook is Outlook.NEVER
    assert "stepped over" in over.why


def test_of_two_tests_joined_by_and_one_is_enough_to_leave():
    seen = visits(i=[0, 2, 4, 6, 8], n=[20] * 5)
    joined = ast.parse("i < n and n > 0", mode="eval").body
    assert prospect(joined, False, seen).outlook is Outlook.COMES
    assert prospect(ast.parse("i < n or n > 0", mode="eval").body, False, seen).outlook is (
        Outlook.NEVER
    )


def test_the_exits_of_a_loop_are_its_own_breaks_and_all_returns():
    tree = ast.parse(
        "while a:\n    for x in y:\n        if b:\n            break\n"
        "        if c:\n            return\n    if d:\n        break\n"
    )
    outer, inner = loops_of(tree)
    assert [ast.unparse(e.test) for e in outer.exits] == ["a", "c", "d"]
    assert [ast.unparse(e.test) for e in inner.exits] == ["b", "c"]


def test_only_branches_that_return_without_the_call_end_a_recursion():
    tree = ast.parse(
        "def f(n):\n    if n == 0:\n        return 1\n    if n % 2:\n        return f(n - 1)\n"
    )
    assert [ast.unparse(e.test) for e in returning_tests(tree.body[0], "f")] == ["n == 0"]
