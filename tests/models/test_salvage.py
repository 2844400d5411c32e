"""Programs with errors, read as far as they can be."""

import ast

import pytest

from foreframe_models.program.salvage import salvage
from foreframe_models.program.source import fill_holes

GOOD = "def find(x):\n    return ?? + x\n"


@pytest.mark.parametrize(
    "broken",
    [
        "def a(x):\n    return x +\n",
        "class B:\n    def q(self:\n        pass\n",
        "x = (1,\n",
        "if x\n    pass\nelse:\n    y\n",
        "@decorated\ndef f(:\n    pass\n",
        "y = 'open\n",
        "  indented = 1\n",
        ") ]\n",
        "await soon()\n",
        "return 3\n",
        "def twice(a, a):\n    return a\n",
        "def far():\n    nonlocal away\n",
        "while x:\n    def g():\n        break\n",
    ],
)
def test_what_is_broken_is_blanked_and_the_rest_keeps_its_lines(broken: str):
    text = f"import os\n{broken}{GOOD}z = 1\n"
    kept = salvage(text)
    assert kept.count("\n") == text.count("\n")
    ast.parse(fill_holes(kept)[0])
    before, after = text.split("\n"), kept.split("\n")
    assert all(new in (old, "") for old, new in zip(before, after, strict=True))
    assert "import os" in kept
    assert "z = 1" in kept


@pytest.mark.parametrize(
    "broken", ["def a(:\n    pass\n\n", "%magic\n", "x = (1,\n", 'y = """open\n']
)
def test_a_comment_behind_what_is_broken_stays(broken: str):
    assert salvage(f"{broken}# find(1) -> 2\n{GOOD}").endswith(f"# find(1) -> 2\n{GOOD}")


def test_a_text_without_errors_stays_as_it_is():
    assert salvage(GOOD) == GOOD


def test_a_text_of_which_nothing_can_be_read_is_all_blank():
    assert salvage("(((\n(((\n").strip() == ""
