"""Drills: programs that run as they are meant to, and hold what they are there for."""

import ast
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from foreframe_models.training.documents import TraceLimits, trace
from foreframe_models.training.programs import mixture
from foreframe_models.training.programs.drills import FAMILIES, drill, variants
from foreframe_models.training.programs.generator import Maker, Sample
from foreframe_protocol.states import Event


@pytest.fixture(scope="module")
def drills() -> list[Sample]:
    rng = Random(11)
    return [drill(rng, 1.0) for _ in range(500)]


def test_nearly_every_drill_runs_to_its_return_with_each_of_its_arguments(
    drills: list[Sample],
) -> None:
    ends: Counter[bool] = Counter()
    for sample in drills[:120]:
        for args in (sample.args, *sample.more):
            frames, finished = trace(replace(sample, args=args), TraceLimits())
            raised = any(frame.event is Event.EXCEPTION for frame in frames)
            ends[finished and not raised and frames[-1].event is Event.RETURN] += 1
    assert ends.total() == 360
    assert ends[True] / ends.total() > 0.97


def test_drills_hold_what_is_hard_to_learn(drills: list[Sample]) -> None:
    found: Counter[str] = Counter()
    for sample in drills:
        kinds = set()
        for node in ast.walk(ast.parse(sample.source)):
            match node:
                case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
                    kinds.add(name)
                case ast.Subscript(slice=ast.Slice()):
                    kinds.add("slice")
                case _:
                    kinds.add(type(node).__name__)
        found.update(kinds)
    wanted = "len count index insert remove pop append slice Subscript For AugAssign Compare"
    assert all(found[name] >= 5 for name in wanted.split()), found


def test_the_other_values_of_a_drill_hold_the_elements_of_the_first() -> None:
    rng = Random(5)
    for value in ("abcd", [4, 40, 7], ["x", "yy"]):
        for other in variants(rng, "", value):
            assert type(other) is type(value)
            assert set(other) == set(value)
    for other in variants(rng, "DSI", {"a": 1, "b": 2}):
        assert isinstance(other, dict)
        assert set(other) == {"a", "b"}


def test_programs_like_what_people_write_can_be_drawn_without_drills(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []

    def note(name: str) -> Maker:
        def maker(rng: Random, level: float) -> Sample:
            made.append(name)
            return Sample("")

        return maker

    drilled = note("drill")
    monkeypatch.setattr(mixture, "drill", drilled)
    monkeypatch.setattr(mixture, "KINDS", [(1, 0.0, drilled), (1, 0.0, note("other"))])
    rng = Random(1)
    for _ in range(20):
        mixture.draw(rng, 1.0, drills=False)
    assert set(made) == {"other"}
    for _ in range(20):
        mixture.draw(rng, 1.0)
    assert set(made) == {"drill", "other"}


def test_tests_of_elements_go_both_ways() -> None:
    rng = Random(3)
    ways: Counter[bool] = Counter()
    for _ in range(60):
        sample = drill(rng, 1.0)
        lines = sample.source.split("\n")
        frames, _ = trace(sample, TraceLimits())
        for frame, after in pairwise(frames):
            text = lines[frame.line - 1].strip()
            if text.startswith("if ") and " == " in text and frame.event is Event.LINE:
                ways[after.line == frame.line + 1] += 1
    assert ways.total() > 30
    assert 0.25 < ways[True] / ways.total() < 0.75


def test_every_family_is_drawn_from(drills: list[Sample]) -> None:
    assert all(family.weight > 0 for family in FAMILIES)
    text = "\n".join(sample.source for sample in drills)
    for piece in (".setdefault(", ".partition(", " // ", "enumerate(", "while ", "!= ", "[::-1]"):
        assert piece in text
