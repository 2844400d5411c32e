"""A program's text: where its holes are, and whether its strings end."""

import pytest

from foreframe_models.program.source import fill_holes, hole_offsets, scanned, unused_name


@pytest.mark.parametrize(
    "text",
    ["x = '''a\n'''\n", "f'{a:{b}}'", "'open to the end of its line\n?? = 1\n", "# '''\n", "f'{{'"],
)
def test_a_string_that_ends_within_the_text_leaves_it_clean(text: str):
    assert scanned(text)[1]


@pytest.mark.parametrize("text", ["x = '''a\n", 'f"""{a', "f'{a:", "'a\\", '"""\\"""'])
def test_a_string_that_goes_on_beyond_the_text_is_told(text: str):
    assert not scanned(text)[1]


def test_holes_in_strings_count_only_within_their_fields():
    text = "a = '?? \\' ??' + f'?? {??!r:{??}} {{??}}' + ?? # ??\n"
    first, second = text.index("{??!") + 1, text.index(":{??") + 2
    assert hole_offsets(text) == [first, second, text.rindex("+") + 2]


def test_the_name_that_stands_for_holes_is_used_nowhere_else():
    filled, name, holes = fill_holes("__ = _0\n_1é = ??\n")
    assert (name, holes) == ("_1", ((2, 6),))
    assert filled.endswith("= _1\n")
    assert unused_name({"_0"}) == "_1"
