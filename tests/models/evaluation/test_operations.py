"""What lines do, in words."""

from foreframe_models.evaluation.operations import operations
from foreframe_models.program.control_flow import Program

SOURCE = """\
def f(items):
    total = 0
    for item in sorted(items)[1:]:
        total += len(item.split()) * 2
        items[0] = f'{item}'
    if total > 3 and items:
        return [x for x in items]
    def g():
        return lambda: 1
"""


def test_each_line_is_told_without_the_statements_inside_it() -> None:
    found = operations(Program.parse(SOURCE, "program.py"))
    assert found[1] == frozenset()
    assert found[2] == {"copy or literal"}
    assert found[3] == {"for", "sorted()", "slice"}
    assert found[4] == {"augmented assignment", "len()", ".split()", "arithmetic"}
    assert found[5] == {"subscript assignment", "f-string"}
    assert found[6] == {"if", "comparison", "and/or"}
    assert found[7] == {"return", "comprehension"}
    assert found[8] == frozenset()
    assert found[9] == {"return", "lambda"}
