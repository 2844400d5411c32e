"""Whether calls end, by what follows from their literals alone."""

import json
from pathlib import Path

import pytest

from foreframe.halting import Answer
from foreframe.reckoned_halting import reckoned_halting
from foreframe_models.entry import Entry, EntryError
from foreframe_models.program.control_flow import Program

PROGRAMS = Path(__file__).parent.parent / "halting/programs.jsonl"


def judged(code: str, args: str, most: int = 200):
    return reckoned_halting(Program.parse(code, "/p.py"), Entry("f", args), most)


def test_most_programs_are_told_by_rules_alone_and_none_wrongly():
    known = 0
    for row in map(json.loads, PROGRAMS.read_text().splitlines()):
        found = judged(row["code"], row["input"])
        if found is not None:
            halting, trace = found
            assert (halting.answer is Answer.ENDS) is row["ends"], f"{row['id']}: {halting.text}"
            assert halting.by_rules
            assert 0 < trace.length <= 200
            known += 1
    assert known >= 50


@pytest.mark.parametrize(
    "code",
    [
        "import random\ndef f(n):\n    while n:\n        n = random.randint(0, 1)\n",
        "def f(n):\n    while n:\n        n = ??\n",
        "class A:\n    n = 1\ndef f(n):\n    while A.n:\n        A.n += 1\n",
        "def f(n):\n    while n:\n        n = input()\n",
    ],
)
def test_what_rules_cannot_follow_is_not_told(code: str):
    assert judged(code, "1") is None


def test_arguments_that_do_not_fit_are_told_of():
    with pytest.raises(EntryError):
        judged("def f(n):\n    return n\n", "1, 2")
