"""A walk ends where nothing new can follow, and nowhere else."""

import pytest

from foreframe.halting import Answer
from foreframe.reality import Limits, observe
from foreframe.reckoned_halting import reckoned_halting
from foreframe.recurring import Recurrence
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import Trace

AROUND = "def f(n):\n    while n != 5:\n        n = (n + 2) % 8\n    return n\n"


async def walked(code: str, args: str, most: int = 80) -> int | None:
    """How many true frames a walk takes until it is told to end; None if it never is."""
    program = Program.parse(code, "/p.py")
    run = await observe(program, Entry("f", args), Limits(frames=most))
    recurrence = Recurrence(program, Trace())
    for frame in run.frames:
        if recurrence(frame):
            return recurrence.trace.length
    return None


def test_the_first_cycle_is_shown_and_nothing_behind_it_is_walked():
    found = reckoned_halting(Program.parse(AROUND, "/p.py"), Entry("f", "0"), 200)
    assert found is not None
    halting, trace = found
    assert (halting.answer, halting.cycle) == (Answer.REPEATS, (2, 10))
    assert trace.length == 10


async def test_a_function_that_calls_itself_with_the_same_is_not_followed_further():
    assert await walked("def f(n):\n    return f(n)", "1") == 7


@pytest.mark.parametrize(
    "code",
    [
        "def g(n):\n    while n > 1:\n        n -= 1\n    return n\n"
        "def f(n):\n    for i in range(9):\n        g(2)\n    return n",
        "def f(n):\n    for i in range(3):\n        k = 2\n        while k:\n            k -= 1\n",
        "import random\ndef f(n):\n    while random.random() < 0.99:\n        pass",
        "def f(n):\n    it = iter([1] * 9 + [0])\n    while next(it):\n        pass",
        "def f(n, more=True):\n    return f(n, not more) if n else 0",
    ],
    ids=["called again", "a loop in a loop", "random", "an iterator", "two in turns"],
)
async def test_what_looks_the_same_and_is_not_ends_no_walk(code: str):
    assert await walked(code, "1", 40) is None


async def test_it_goes_on_from_where_a_walk_begins():
    program = Program.parse(AROUND, "/p.py")
    frames = (await observe(program, Entry("f", "0"), Limits(frames=40))).frames
    start = Trace()
    for frame in frames[:6]:
        start = start.append(frame)
    recurrence = Recurrence(program, start)
    taken = next(i for i, frame in enumerate(frames[6:], 7) if recurrence(frame))
    assert (taken, recurrence.trace.length) == (10, 10)
