"""Holes filled with a world model that knows the truth, and a model whose answers are given."""

import json
from pathlib import Path

import pytest
from oracle_world import OracleWorld

from foreframe.examples import examples_in
from foreframe.filling import Budget, Candidate, Filling, holes_in_function, wanted_for
from foreframe.holes import holes_of
from foreframe_models.program.control_flow import Program
from foreframe_models.proposals import Proposal, trimmed
from foreframe_protocol.states import Verdict

TASKS = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "holes/tasks.jsonl").read_text().splitlines()
]
MAX = "# f([3, 9, 2]) -> 9\n# f([1]) -> 1\ndef f(nums):\n    return ??\n"


def answers(*texts: str):
    async def propose(program, hole):
        for number, text in enumerate(texts):
            yield Proposal(text, -float(number))

    return propose


async def filled(source: str, propose=None, budget: Budget | None = None) -> list[Candidate]:
    program = Program.parse(source, "/p.py")
    holes = holes_in_function(program, holes_of(program)[0])
    wanted = wanted_for(holes[0], program, examples_in(source, program.tree))
    filling = Filling(OracleWorld(), source, "/p.py", holes, wanted, budget or Budget())
    return sorted([c async for c in filling.candidates(propose)], key=lambda c: c.rank)


async def test_what_execution_bears_out_comes_before_what_the_model_likes_best():
    found = await filled(MAX, answers("nums[0]", "sum(nums)", "max(nums)"))
    assert found[0].texts == ("max(nums)",)
    assert [e.verdict for e in found[0].evidence] == [Verdict.MATCH] * 2
    assert found[0].origin == "model"
    wrong = next(c for c in found if c.texts == ("nums[0]",))
    assert wrong.evidence[0].predicted == "3"


async def test_cheap_guesses_are_marked_and_tried_after_the_model():
    found = await filled(MAX, answers("nums"))
    assert found[0].texts == ("max(nums)",)
    assert found[0].origin == "scope"


async def test_the_same_expression_is_tried_once():
    found = await filled(MAX, answers("max(nums)", "max( nums )", "(max(nums))"))
    assert [c.texts[0] for c in found if c.origin == "model"] == ["max(nums)"]


async def test_answers_that_are_no_python_or_make_no_program_are_left_out():
    found = await filled(MAX, answers("max(", "yield from", "max(nums)"), Budget(candidates=1))
    assert [c.texts for c in found] == [("max(nums)",)]


async def test_several_holes_are_filled_together():
    source = (
        "# f(3) -> [0, 1, 2]\ndef f(n):\n    out = ??\n"
        "    for i in ??:\n        out.append(i)\n    return out\n"
    )

    async def propose(program, hole):
        for text in (["0", "[]"], ["range(1)", "range(n)"])[hole.index]:
            yield Proposal(text, -1.0)

    found = await filled(source, propose)
    assert found[0].texts == ("[]", "range(n)")
    assert found[0].right == 1


async def test_wanted_exceptions_count_as_right():
    source = "# f(0) -> raises ZeroDivisionError\ndef f(n):\n    return 1 // ??\n"
    assert (await filled(source, answers("n")))[0].right == 1


async def test_nothing_runs_for_real_unless_it_is_allowed(tmp_path: Path):
    mark = tmp_path / "mark"
    source = f"# f(1) -> 1\ndef f(n):\n    open({str(mark)!r}, 'w').close()\n    return ??\n"
    budget = Budget(candidates=1)
    program = Program.parse(source, "/p.py")
    hole = holes_of(program)[0]
    wanted = wanted_for(hole, program, examples_in(source, program.tree))

    class Nothing(OracleWorld):
        async def predict(self, *args, **options):
            from foreframe_protocol.states import End, Prediction

            return Prediction(args[1], (), End.CUT_OFF)

    filling = Filling(Nothing(), source, "/p.py", [hole], wanted, budget)
    found = [c async for c in filling.candidates(answers("n"))]
    assert found[0].evidence[0].verdict is Verdict.NOT_COMPARABLE
    assert not mark.exists()
    budget.runs = True
    found = [c async for c in filling.candidates(answers("n"))]
    assert mark.exists()
    assert found[0].evidence[0].ran == "1"
    assert found[0].right == 1


@pytest.mark.parametrize("task", TASKS, ids=[task["id"] for task in TASKS])
async def test_the_known_answers_of_the_hole_tasks_bear_out(task):
    for answer in task["answers"]:
        found = await filled(task["code"], answers(answer), Budget(candidates=1))
        assert found[0].texts == (answer,)
        assert found[0].right == len(found[0].evidence) >= 2


def test_the_hole_tasks_are_of_five_kinds():
    kinds = [task["kind"] for task in TASKS]
    assert len(TASKS) == 40
    assert {kinds.count(kind) for kind in kinds} == {8}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("len(xs)", "len(xs)"),
        ("len(xs)):", "len(xs)"),
        ("a + ", "a"),
        (")", ""),
        ("x == 1:", "x == 1"),
    ],
)
def test_an_answer_is_cut_to_its_longest_expression(text: str, kept: str):
    assert trimmed(text) == kept
