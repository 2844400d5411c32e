"""Candidates tried on what a person chose at a stop: by rules, and by the model where they end."""

import pytest

from foreframe.examples import AtStop, Example, Kind
from foreframe.trying import Trying, by_rules, state_at
from foreframe_models.engines import open_engine
from foreframe_models.program.control_flow import Program
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import Verdict

SOURCE = "def f(xs, k):\n    n = ??\n    return n\n"
STOP = AtStop(2, 8, "n", (("xs", "[4, 5]"), ("k", "1")))


def example(wanted: str, stop: AtStop = STOP) -> Example:
    return Example("f", "", 2, Kind.STOP, returned=wanted, stop=stop)


@pytest.mark.parametrize(
    ("text", "predicted"),
    [
        ("xs[k]", "5"),
        ("sum(xs) + k", "10"),
        ("xs[9]", "raises IndexError: list index out of range"),
    ],
)
def test_what_a_line_gives_at_a_stop_is_worked_out(text: str, predicted: str):
    (evidence,) = by_rules(Program.parse(SOURCE, "/p.py"), [text], [example("5")])
    assert evidence.predicted == predicted
    assert evidence.verdict is (Verdict.MATCH if predicted == "5" else Verdict.DIFFERS)


@pytest.mark.parametrize("text", ["g(k)", "k.real", "later"])
def test_what_cannot_be_worked_out_at_a_stop_is_left_to_the_model(text: str):
    source = SOURCE + "    later = 1\nclass g: pass\n"
    assert by_rules(Program.parse(source, "/p.py"), [text], [example("5")]) == ()


def test_a_statement_gives_what_it_makes_of_a_variable():
    source = "def f(xs, n):\n    for x in xs:\n        ??\n    return n\n"
    stop = AtStop(3, 8, "n", (("xs", "[4, 5]"), ("n", "1"), ("x", "4")))
    program = Program.parse(source, "/p.py")
    (right,) = by_rules(program, ["n += x"], [example("5", stop)])
    assert right.verdict is Verdict.MATCH
    assert by_rules(program, ["continue"], [example("5", stop)]) == ()


async def test_the_model_steps_on_from_a_stop():
    world = WorldModel(open_engine("embedded"))
    try:
        program = Program.parse(SOURCE.replace("??", "xs"), "/p.py")
        evidence = await Trying(world).evidence(program, example("[4, 5]"), walks=True, runs=False)
    finally:
        await world.close()
    assert (evidence.predicted, evidence.verdict) == ("[4, 5]", Verdict.MATCH)
    assert evidence.trace is not None
    assert evidence.trace.length == 1


def test_a_stop_where_no_code_is_any_more_is_none():
    assert state_at(Program.parse("x = 1\n", "/p.py"), STOP) is None


def test_an_example_at_a_stop_is_told_with_what_was_known_there():
    assert example("5").call == "n at line 2, with xs = [4, 5], k = 1"
    assert example("5").wanted == "5"
