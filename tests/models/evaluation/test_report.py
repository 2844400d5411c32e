"""Whole evaluations with engines whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from exam import ADD, ROWS, replies, step_answers, truth, walk_answer, write

from foreframe_models.engines.base import EngineAborted, EngineUnreachable
from foreframe_models.engines.recorded import Exchange, RecordedEngine
from foreframe_models.evaluation.actions import Act
from foreframe_models.evaluation.cruxeval import Item, load
from foreframe_models.evaluation.outcomes import Outcome, Walk, all_failed, outcomes
from foreframe_models.evaluation.report import Report, report
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import Action, End, Frame, State, Usage, Value

ONE = ROWS[:1]
FRAMES = truth(ROWS[0])
ONLY = ("final_output", "valid_trace", "state_exact", "action_exact", "frame_exact",
        "valid_values", "keys", "keys_and_values")  # fmt: skip


async def real(item: Item) -> tuple[Frame, ...] | None:
    row = next(row for row in ROWS if row["id"] == item.id)
    return tuple(truth(row))


async def measured(
    folder: Path,
    exchanges: Sequence[Exchange],
    rows: Sequence[dict[str, str]] = ROWS,
    *,
    task: str = "trace",
    check: bool = True,
    max_frames: int = 100,
) -> Report:
    engine = RecordedEngine(exchanges, check_grammar=check)
    model = WorldModel(engine, max_frames=max_frames)
    items = load(write(folder / "data.jsonl", rows))
    found = await outcomes(model, items, truth=real if task == "trace" else None)
    return report(task, found)


def part(found: Report, name: str) -> dict[str, object]:
    metrics = found.metrics[name]
    assert isinstance(metrics, dict)
    return metrics


async def test_who_knows_the_truth_is_right_in_everything(tmp_path: Path) -> None:
    found = await measured(tmp_path, replies(steps=True))
    assert (found.n, found.pass_at_1, found.cut_off, found.failed) == (2, 1, 0, 0)
    assert found.metrics["legal_frames"] == 1
    assert part(found, "free_running") == dict.fromkeys(ONLY, 1)
    past = part(found, "true_past")
    assert (past["frame_exact"], past["state_exact"], past["action_exact"]) == (1, 1, 1)
    assert past["frames"] == sum(len(truth(row)) - 1 for row in ROWS)
    assert past["events"] == {
        "for": {"frames": 3, "exact": 1},
        "line": {"frames": 7, "exact": 1},
        "return": {"frames": 2, "exact": 1},
    }
    operations = past["operations"]
    assert isinstance(operations, dict)
    assert operations[".append()"] == {"frames": 1, "exact": 1}
    assert operations["slice"] == {"frames": 2, "exact": 1}


async def test_the_output_needs_no_truth_but_the_datas(tmp_path: Path) -> None:
    found = await measured(tmp_path, replies(steps=False), task="output")
    assert (found.pass_at_1, found.right) == (1, 2)
    assert "free_running" not in found.metrics


def wrong() -> list[Frame]:
    """`b = a + 1` gives 3 for 2, and that is returned."""
    _, first, second, last = FRAMES
    second = replace(second, locals={**(second.locals or {}), "b": Value("3")})
    return [FRAMES[0], first, second, replace(last, value=Value("3"))]


async def test_a_wrong_value_costs_exactly_its_frames(tmp_path: Path) -> None:
    steps = step_answers(FRAMES)
    steps[1] = step_answers(wrong())[1]
    texts = [walk_answer(wrong()), *steps]
    found = await measured(tmp_path, [Exchange(text) for text in texts], ONE)
    assert (found.pass_at_1, found.cut_off, found.failed) == (0, 0, 0)
    assert part(found, "free_running") == {
        "final_output": 0,
        "valid_trace": 1,
        "state_exact": pytest.approx(1 / 3),
        "action_exact": 1,
        "frame_exact": pytest.approx(1 / 3),
        "valid_values": 1,
        "keys": 1,
        "keys_and_values": pytest.approx((1 + 1 / 3) / 2),
    }
    past = part(found, "true_past")
    assert past["frame_exact"] == pytest.approx(2 / 3)
    assert past["action_exact"] == 1
    assert past["operations"] == {
        "arithmetic": {"frames": 1, "exact": 0},
        "return": {"frames": 1, "exact": 1},
    }


async def test_metrics_are_means_over_traces_not_over_frames(tmp_path: Path) -> None:
    rest = replies(ROWS[1:], steps=True)
    first = [Exchange(walk_answer(wrong())), *map(Exchange, step_answers(FRAMES))]
    found = await measured(tmp_path, [*first, *rest])
    assert part(found, "free_running")["state_exact"] == pytest.approx((1 / 3 + 1) / 2)
    assert found.pass_at_1 == 0.5


async def test_what_is_cut_off_is_counted_apart(tmp_path: Path) -> None:
    found = await measured(tmp_path, replies(steps=True), ONE, max_frames=3)
    assert (found.pass_at_1, found.cut_off, found.failed) == (0, 1, 0)
    metrics = part(found, "free_running")
    assert metrics["valid_trace"] == 1
    assert metrics["frame_exact"] == pytest.approx(2 / 3)  # the return is missing


async def test_an_answer_that_is_no_legal_frame_fails_its_program_alone(tmp_path: Path) -> None:
    bad = '<|line_sep|>{"a": ".."}<|action_sep|>    return 7\n<|frame_sep|>'
    exchanges = [Exchange(bad), *replies(ROWS[1:], steps=False)]
    found = await measured(tmp_path, exchanges, task="output", check=False)
    assert (found.pass_at_1, found.cut_off, found.failed) == (0.5, 0, 1)
    legal = found.metrics["legal_frames"]
    assert legal == pytest.approx(9 / 10)


async def test_a_right_value_after_a_jump_that_is_not_allowed_is_wrong(tmp_path: Path) -> None:
    call, first, _, last = FRAMES
    astray = [call, first, last]  # past the line that returns
    found = await measured(
        tmp_path, [Exchange(walk_answer(astray))], ONE, task="output", check=False
    )
    assert (found.pass_at_1, found.failed) == (0, 1)
    assert found.metrics["legal_frames"] == 0.5


async def test_arguments_that_are_no_literals_count_as_failed(tmp_path: Path) -> None:
    rows = [{"code": ADD, "input": "int('1')", "output": "2", "id": "x"}, *ONE]
    found = await measured(tmp_path, replies(ONE, steps=False), rows, task="output")
    assert (found.n, found.pass_at_1, found.failed) == (2, 0.5, 1)
    assert found.metrics["legal_frames"] == 1


async def test_a_program_without_a_real_end_is_left_out(tmp_path: Path) -> None:
    async def unknown(item: Item) -> tuple[Frame, ...] | None:
        return None if item.id == "loop" else await real(item)

    items = load(write(tmp_path / "data.jsonl"))
    model = WorldModel(RecordedEngine(replies(ONE, steps=True)))
    seen: list[bool] = []
    found = await outcomes(
        model, items, truth=unknown, on_outcome=lambda one: seen.append(one is not None)
    )
    assert [one.item.id for one in found] == ["add"]
    assert seen == [True, False]


async def test_confidences_are_measured_where_the_past_is_true(tmp_path: Path) -> None:
    texts = [walk_answer(wrong()), *step_answers(FRAMES)]
    exchanges = [Exchange(text, logprobs=(0.0,) * 1000) for text in texts]
    found = await measured(tmp_path, exchanges, ONE)
    assert found.calibrations["values"].error == 0  # sure and right
    assert found.calibrations["values"].count == 3  # a; a and b; what is returned is certain
    assert found.calibrations["next frame"].count == 3
    output = await measured(tmp_path, exchanges, ONE, task="output")
    assert output.calibrations["returned values"].error == 1  # sure and wrong


def test_confidences_of_jumps_and_of_the_past_are_measured_where_actions_stop(
    tmp_path: Path,
) -> None:
    (item,) = load(write(tmp_path / "data.jsonl", ONE))
    real = FRAMES[2]
    sure = {name: replace(value, confidence=0.9) for name, value in (real.locals or {}).items()}
    there = replace(real, locals=sure, confidence=0.4)
    lost = replace(there, line=there.line + 1)

    def act(way: str, predicted: Frame | None) -> Act:
        return Act(way, Action.STEP_OVER, State(), real, predicted, End.REACHED, Usage())

    acts = (act("walk", lost), act("jump", there), act("jump", None), act("back", lost))
    walk = Walk(tuple(FRAMES[1:]), End.FINISHED)
    found = report("trace", [Outcome(item, walk, tuple(FRAMES[1:]), acts=acts)]).calibrations
    assert found["values jumped to"].count == len(sure)
    assert found["values jumped to"].error == pytest.approx(0.1)
    assert "past values" not in found  # there is none to be compared where the place is wrong
    assert found["past places"].error == pytest.approx(0.4)


async def test_costs_are_those_of_the_predictions(tmp_path: Path) -> None:
    found = await measured(tmp_path, replies(steps=True))
    speed = part(found, "speed")
    assert all(isinstance(value, float) and value > 0 for value in speed.values())
    assert speed["generated_per_frame"] < speed["tokens_per_frame"]  # type: ignore[operator]


async def test_an_engine_that_is_not_there_ends_the_evaluation(tmp_path: Path) -> None:
    engine = RecordedEngine([], failures={0: EngineUnreachable("gone")})
    items = load(write(tmp_path / "data.jsonl"))
    with pytest.raises(EngineUnreachable):
        await outcomes(WorldModel(engine), items)


async def test_when_nothing_is_answered_there_is_an_error_and_no_report(tmp_path: Path) -> None:
    items = load(write(tmp_path / "data.jsonl"))
    found = await outcomes(WorldModel(RecordedEngine([])), items)
    failure = all_failed(found)
    assert isinstance(failure, EngineAborted)
    assert "no answer left" in str(failure)
