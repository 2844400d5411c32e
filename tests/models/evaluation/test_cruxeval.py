"""Data files of programs, and what is said about bad ones."""

from pathlib import Path

import pytest
from exam import ADD, ROWS, write

from foreframe_models.evaluation.cruxeval import BadData, literals, load

GOOD = ROWS[0]
MANY = [{**GOOD, "id": f"p{n}"} for n in range(20)]


def ids(path: Path, **options: int) -> list[str]:
    return [item.id for item in load(path, **options)]


def test_a_limit_takes_the_first_programs(tmp_path: Path) -> None:
    assert ids(write(tmp_path / "data.jsonl", MANY), limit=3) == ["p0", "p1", "p2"]


def test_a_seed_takes_as_many_at_random_and_always_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "data.jsonl", MANY)
    chosen = ids(path, limit=5, seed=1)
    assert chosen == ids(path, limit=5, seed=1)
    assert len(set(chosen)) == 5
    assert chosen != ids(path, limit=5, seed=2)
    assert ids(path, limit=50, seed=1) == [row["id"] for row in MANY]


def test_a_string_may_hold_characters_that_end_lines_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text('{"code": "def f(a):\\n    return a", "input": "\'\u2028\'", '
                    '"output": "\'\u2028\'", "id": "x"}\n\n', encoding="utf-8")  # fmt: skip
    assert ids(path) == ["x"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([], ":2: not a JSON object"),
        ({"code": ADD, "input": "1", "output": "2"}, ":2: 'id' is missing"),
        ({**GOOD, "output": 2}, ":2: 'output' is no string"),
        ({**GOOD, "code": "def f(:"}, ":2: the code cannot be traced"),
        ({**GOOD, "code": "def g(a): return a"}, ":2: the code cannot be traced: no function 'f'"),
    ],
)
def test_bad_data_is_named_with_its_line(tmp_path: Path, row: object, message: str) -> None:
    with pytest.raises(BadData) as caught:
        load(write(tmp_path / "data.jsonl", [GOOD, row]))
    assert message in str(caught.value)


def test_what_is_no_json_is_named_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "data.jsonl")
    path.write_text(path.read_text() + "{'code'\n")
    with pytest.raises(BadData, match=":3: not JSON"):
        load(path)


def test_an_empty_file_and_a_missing_one_are_bad_data(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="no programs"):
        load(write(tmp_path / "data.jsonl", []))
    with pytest.raises(BadData, match="No such file"):
        load(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("written", "literal"),
    [
        ("dict(), [list()], k=tuple()", "{}, [[]], k=()"),
        ("'a' ,  1", "'a' ,  1"),
        ("dict(a=1), x.upper()", "dict(a=1), x.upper()"),
        ("(", "("),
    ],
)
def test_empty_containers_are_written_as_literals(written: str, literal: str) -> None:
    assert literals(written) == literal
