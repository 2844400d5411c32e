"""Several holes filled by rules: the run says which is next, and what is wrong is not gone into."""

import itertools

from foreframe.combining import Combination, Combining
from foreframe.examples import examples_in
from foreframe.trying import by_rules
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import Verdict

FIND = '''def find(nums, target):
    """>>> find([1, 3, 5, 7], 5)
    2
    >>> find([1, 3, 5, 7], 7)
    3
    >>> find([], 1)
    -1"""
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
BOUNDS = ["1", "0", "len(nums)", "len(nums) - 1", "target"]
MIDDLES = ["left", "right", "(left + right) // 2", "left + right"]


def search(source: str, lists: list[list[str]], unknown: tuple[str, ...] = ()) -> Combining:
    program = Program.parse(source, "/p.py")
    examples = examples_in(source, program.tree)
    return Combining(program, program.holes, lists, examples, unknown)


def all_of(combining: Combining) -> list[Combination]:
    found: list[Combination] = []
    while (more := combining.within(10.0)) is not None:
        found += more
    return found


def test_what_makes_all_examples_right_is_found_and_nothing_else_is_said_to_be():
    found = all_of(search(FIND, [BOUNDS, BOUNDS, MIDDLES]))
    right = {one.texts for one in found if one.is_right}
    assert ("0", "len(nums) - 1", "(left + right) // 2") in right
    assert ("1", "len(nums) - 1", "(left + right) // 2") in right  # what these examples leave open
    assert ("0", "1", "left") not in right
    assert all(len(one.evidence) == 3 for one in found if one.is_right)


def test_the_same_is_right_as_when_each_combination_is_tried_whole():
    program = Program.parse(FIND, "/p.py")
    right = {one.texts for one in all_of(search(FIND, [BOUNDS, BOUNDS, MIDDLES])) if one.is_right}
    for texts in itertools.product(BOUNDS, BOUNDS, MIDDLES):
        whole = by_rules(program, texts, examples_in(FIND, program.tree))
        alone = len(whole) == 3 and all(e.verdict is Verdict.MATCH for e in whole)
        found = (zip(one, texts, strict=True) for one in right)
        assert alone == any(all(a in (None, b) for a, b in pairs) for pairs in found)


def test_a_run_that_goes_wrong_before_a_hole_leaves_it_open():
    source = "# f(1) -> 1\ndef f(n):\n    if ??:\n        return 0\n    return ??\n"
    found = all_of(search(source, [["n", "not n"], ["n", "2"]]))
    assert [(one.texts, one.is_right) for one in found] == [
        (("n", None), False),
        (("not n", "n"), True),
        (("not n", "2"), False),
    ]


def test_what_comes_to_no_end_soon_is_tried_last():
    source = "# f(3) -> 0\ndef f(n):\n    while n:\n        n = ??\n    return ??\n"
    found = all_of(search(source, [["n", "n - 1"], ["n"]]))
    assert [(one.texts, one.is_right) for one in found] == [
        (("n - 1", "n"), True),
        (("n", None), False),
    ]


def test_what_rules_cannot_tell_is_left_without_evidence():
    source = "import math\n# f(3) -> 3\ndef f(n):\n    a = ??\n    return math.floor(??)\n"
    found = all_of(search(source, [["n"], ["a", "n"]]))
    assert {one.texts for one in found} == {("n", None)}
    assert not found[0].evidence
    source = "# f(3) -> 3\ndef f(n):\n    return ??\n"
    (known, unknown) = all_of(search(source, [["n", "LIMIT"]], ("LIMIT",)))
    assert known.is_right
    assert (unknown.texts, unknown.evidence) == (("LIMIT",), ())


def test_a_search_is_gone_on_with():
    combining = search(FIND, [BOUNDS, BOUNDS, MIDDLES])
    parts = 0
    while combining.within(0.001) is not None:
        parts += 1
    assert parts > 1
