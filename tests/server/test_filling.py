"""Holes filled with a world model that knows the truth, and a model whose answers are given."""

import json
from pathlib import Path

import pytest
from oracle_world import OracleWorld

from foreframe import filling as filling_module
from foreframe import trying
from foreframe import trying as trying_module
from foreframe.candidates import Basis, Candidate, Evidence, mixed, ranked
from foreframe.errors import RunFailed
from foreframe.examples import Example, Kind, examples_in
from foreframe.filling import Budget, Filling, holes_in_function, wanted_for
from foreframe.holes import holes_of
from foreframe_models.engines.base import EngineUnreachable, PromptTooLong
from foreframe_models.program.control_flow import Program
from foreframe_models.proposals import Proposal, trimmed
from foreframe_protocol.states import Event, Verdict

HOLES = Path(__file__).parent.parent / "holes"
TASKS = [json.loads(line) for line in (HOLES / "tasks.jsonl").read_text().splitlines()]
STATEMENTS = [json.loads(line) for line in (HOLES / "statements.jsonl").read_text().splitlines()]
MAX = "# f([3, 9, 2]) -> 9\n# f([1]) -> 1\ndef f(nums):\n    return ??\n"


def answers(*texts: str):
    async def propose(program, hole):
        for number, text in enumerate(texts):
            yield Proposal(text, -float(number))

    return propose


async def filled(
    source: str, propose=None, budget: Budget | None = None, world=None
) -> list[Candidate]:
    program = Program.parse(source, "/p.py")
    holes = holes_in_function(program, holes_of(program)[0])
    wanted = wanted_for(holes[0], program, examples_in(source, program.tree))
    filling = Filling(world or OracleWorld(), source, "/p.py", holes, wanted, budget or Budget())
    return ranked([c async for c in filling.candidates(propose)])


async def test_what_execution_bears_out_comes_before_what_the_model_likes_best():
    found = await filled(MAX, answers("nums[0]", "sum(nums)", "max(nums)"))
    assert found[0].texts == ("max(nums)",)
    assert [e.verdict for e in found[0].evidence] == [Verdict.MATCH] * 2
    assert found[0].origin == "model"
    wrong = next(c for c in found if c.texts == ("nums[0]",))
    assert wrong.evidence[0].predicted == "3"


async def test_prediction_alone_bears_the_same_out():
    budget = Budget(candidates=3, rules=False)
    found = await filled(MAX, answers("nums[0]", "sum(nums)", "max(nums)"), budget)
    assert found[0].texts == ("max(nums)",)
    assert {e.basis for c in found for e in c.evidence} == {Basis.MODEL}


async def test_what_rules_tell_is_marked_so_and_asks_no_model():
    world = OracleWorld()
    found = await filled(MAX, answers("nums[0]", "max(nums)"), world=world)
    assert world.asked == 0
    assert {e.basis for c in found for e in c.evidence if c.right} == {Basis.RULES}
    best = found[0].evidence[0]
    assert (best.predicted, best.probability, best.confidence) == ("9", 1.0, None)
    assert best.trace is not None
    assert [f.event for f in best.trace.frames()] == [Event.CALL, Event.LINE, Event.RETURN]


async def test_what_rules_cannot_tell_is_predicted():
    source = "import math\n# f(4) -> 2\ndef f(n):\n    return math.isqrt(??)\n"
    world = OracleWorld()
    found = await filled(source, answers("n + 1", "n - n", "n"), Budget(candidates=3), world)
    assert world.asked == 3
    assert {e.basis for e in found[0].evidence} == {Basis.MODEL}
    assert {c.texts[0] for c in found if c.right} == {"n + 1", "n"}


async def test_what_rules_follow_for_longer_than_a_walk_is_not_walked():
    source = "# f(3) -> [3, 2, 1]\ndef f(n):\n    out = []\n    while n > 0:\n"
    source += "        out.append(n)\n        ??\n    return out\n"
    world = OracleWorld()
    found = await filled(source, answers("n = n", "n += 1", "n -= 1"), Budget(candidates=3), world)
    assert found[0].texts == ("n -= 1",)
    assert world.asked == 0
    assert {c.evidence[0].predicted for c in found if not c.right} <= {None, "[3]"}


async def test_a_hole_of_a_whole_line_is_filled_with_statements():
    source = "# f([3, 9]) -> 12\n# f([]) -> 0\ndef f(nums):\n    total = 0\n"
    source += "    for n in nums:\n        ??\n    return total\n"

    async def propose(program, hole):
        assert hole.forms[:2] == ("total += ??", "total = ??")
        yield Proposal("total += len(nums)", -1.0, "total += ??")
        yield Proposal("total = n + total", -2.0)

    found = await filled(source, propose)
    assert {(c.texts[0], c.origin) for c in found if c.right == 2} == {
        ("total = n + total", "model"),
        ("total += n", "scope"),
        ("total = sum(nums)", "scope"),
    }
    assert next(c for c in found if c.texts[0] == "total += len(nums)").origin == "form"


async def test_a_model_that_cannot_propose_leaves_the_guesses():
    async def too_long(program, hole):
        raise PromptTooLong("too long")
        yield

    found = await filled(MAX, too_long)
    assert found[0].texts == ("max(nums)",)
    assert {c.origin for c in found} == {"scope"}


async def test_a_hole_in_a_file_of_hundreds_of_functions_is_filled_with_what_matters_of_it():
    rest = "".join(f"def g_{n}(x):\n    return x + {n}\n\n" for n in range(400))
    source = MAX + rest.replace("return x + 7\n", "return ?? + 7\n")
    seen = []

    async def propose(program, hole):
        seen.append((len(program.functions), hole.index, program.holes))
        yield Proposal("g_9(nums[0]) - 9", -1.0)
        yield Proposal("max(nums)", -2.0)

    program = Program.parse(source, "/p.py")
    (hole, _) = holes_of(program)
    wanted = wanted_for(hole, program, examples_in(source, program.tree))
    filling = Filling(OracleWorld(), source, "/p.py", [hole], wanted, Budget(candidates=4))
    found = [c async for c in filling.candidates(propose)]
    assert seen == [(2, 0, ((hole.line, hole.column),))]
    assert ranked(found)[0].texts == ("max(nums)",)
    called = next(c for c in found if c.texts == ("g_9(nums[0]) - 9",))
    assert called.evidence[0].predicted == "3"  # of a function that was left out at first


async def test_an_engine_that_is_not_there_is_told_of():
    async def gone(program, hole):
        raise EngineUnreachable("nobody answers")
        yield

    with pytest.raises(EngineUnreachable):
        await filled(MAX, gone)


def test_candidates_are_ranked_by_how_probable_their_examples_are():
    example = Example("f", "1", 1, Kind.COMMENT, returned="2")

    def candidate(text: str, *probabilities: float) -> Candidate:
        evidence = tuple(
            Evidence(example, "3", Verdict.DIFFERS, probability=p) for p in probabilities
        )
        return Candidate((text,), "scope", evidence=evidence)

    ranked = sorted(
        [candidate("a", 0.3, 0.2), candidate("bb", 0.9, 0.1), candidate("c", 0.4, 0.2)],
        key=lambda c: c.rank,
    )
    assert [c.texts[0] for c in ranked] == ["bb", "c", "a"]
    weaker, even = candidate("a", 0.4, 0.01), candidate("bb", 0.05, 0.05)
    assert even.rank < weaker.rank  # all examples have to come out


async def test_guesses_that_a_model_thinks_well_of_at_once_are_walked_first(monkeypatch):
    async def at_once(world, program, start, returned):
        return 0.0 if "min(nums)" in program.source else -9.0

    source = "import math\n# f([3, 9, 2]) -> 2\ndef f(nums):\n    return math.floor(??)\n"
    world = OracleWorld()
    world.engine = object()
    monkeypatch.setattr(trying_module, "return_logprob", at_once)
    monkeypatch.setattr(filling_module, "SECONDS_AT_ONCE", 60.0)
    (found,) = await filled(source, None, Budget(candidates=1), world)
    assert found.texts == ("min(nums)",)
    assert found.evidence[0].probability == 1.0


def test_a_wrong_walk_leaves_what_is_thought_at_once():
    assert mixed(Verdict.MATCH, 0.9, 0.5) == pytest.approx(0.95)
    assert mixed(Verdict.DIFFERS, 0.9, 0.5) == pytest.approx(0.05)
    assert mixed(Verdict.NOT_COMPARABLE, 0.9, 0.5) == 0.5
    assert mixed(Verdict.MATCH, 0.9, None) is None


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


async def test_the_holes_of_a_binary_search_are_filled_from_one_example():
    source = '''def find(nums: list[int], target: int) -> int:
    """>>> find([1, 3, 5, 7], 5)
    2"""
    left, right = ??, ??
    while left <= right:
        mid = ??
        if nums[mid] == target:
            return mid
        if nums[mid] < target:
            left = mid + 1
        else:
            right = mid - 1
    return -1
'''
    world = OracleWorld()
    best = (await filled(source, world=world))[0]
    assert best.texts == ("0", "len(nums) - 1", "(left + right) // 2")
    assert best.right == 1
    assert world.asked == 0


async def test_several_holes_that_rules_leave_open_are_predicted():
    source = "import math\n# f(3) -> 6\ndef f(n):\n    a = ??\n    return math.floor(a + ??)\n"
    found = await filled(source, answers("n"))
    assert {"n", "a"} <= {c.texts[1] for c in found if c.texts[0] == "n" and c.right}


async def test_nothing_is_predicted_any_more_once_rules_show_what_is_right():
    world = OracleWorld()
    found = await filled(MAX, answers("nums[0]"), world=world)
    assert {c.texts[0] for c in found if c.right == 2} == {"max(nums)"}
    assert world.asked == 0


async def test_an_example_of_a_function_around_or_of_a_caller_tells_about_a_hole():
    inner = "# f(3) -> 4\ndef f(n):\n    def g(m):\n        return m + ??\n    return g(n)\n"
    found = await filled(inner, answers("n - 2"))
    assert found[0].right == 1
    helper = "# f(3) -> 9\ndef f(n):\n    return g(n)\ndef g(m):\n    return m * ??\n"
    found = await filled(helper)
    assert (found[0].texts, found[0].right) == (("m",), 1)
    program = Program.parse(helper, "/p.py")
    other = program.source.replace("g(n)", "n")
    program = Program.parse(other, "/p.py")
    assert not wanted_for(holes_of(program)[0], program, examples_in(other, program.tree))


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
    ran = found[0].evidence[0].ran
    assert ran is not None
    assert ran.startswith("raises PermissionError: not in a run to fill a hole: writing")
    assert found[0].right == 0
    assert not mark.exists()


async def test_a_real_run_counts_more_than_what_is_predicted():
    source = "# f(1) -> 1\ndef f(n):\n    return ??\n"
    found = await filled(source, answers("n"), Budget(candidates=1, runs=True))
    assert (found[0].evidence[0].ran, found[0].right) == ("1", 1)


async def test_a_program_that_fails_around_the_function_counts_as_wrong(monkeypatch):
    async def observe(*given):
        raise RunFailed("/p.py could not be run: ZeroDivisionError")

    monkeypatch.setattr(trying, "observe", observe)
    found = await filled(MAX, answers("max(nums)"), Budget(candidates=1, runs=True))
    assert {e.ran for e in found[0].evidence} == {"/p.py could not be run: ZeroDivisionError"}
    assert found[0].right == 0


@pytest.mark.parametrize("task", [*TASKS, *STATEMENTS], ids=lambda task: task["id"])
async def test_the_known_answers_of_the_hole_tasks_bear_out(task):
    for answer in task["answers"]:
        found = await filled(task["code"], answers(answer))
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


async def test_the_other_holes_of_a_function_are_tried_along():
    source = "# f([3, 9]) -> 12\n# f([]) -> 0\ndef f(nums):\n    total = ??\n"
    source += "    for n in nums:\n        total = ??\n    return total\n"
    program = Program.parse(source, "/p.py")
    first, second = holes_of(program)
    wanted = wanted_for(second, program, examples_in(source, program.tree))
    filling = Filling(OracleWorld(), source, "/p.py", [second], wanted)
    found = ranked([c async for c in filling.candidates(None)])
    assert (found[0].texts, found[0].along, found[0].right) == (("n + total",), ("0",), 2)
    assert len({c.texts for c in found}) == len(found)
    assert "??" in found[0].filled(source, [second])
    assert first.function == second.function
