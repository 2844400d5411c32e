"""What can be asked without a session: predictions, words, comparisons, fillings, the server."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from tape import record
from web_person import WebTape, at_web

from foreframe.exports import cwm
from foreframe.timeline import Timeline
from foreframe_models.chat import START, STOP, TURN
from foreframe_models.engines.base import EngineAborted, ModelInfo
from foreframe_models.engines.recorded import BYTE_SPECIALS, Exchange, RecordedEngine
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import Frame, Trace

SOURCE = """\
def total(numbers):
    result = 0
    for number in numbers:
        result += number
    return result
"""
CALL = {"source": SOURCE, "function": "total", "args": "[1, 2]"}
RUN = {**CALL, "action": "run_to"}


@cache
def frames() -> list[Frame]:
    return record(SOURCE, "total", "[1, 2]")


def at_tape(**settings: Any) -> Any:
    return at_web(WebTape(frames()), **settings)


def text_of(frames: list[Frame]) -> str:
    trace = Trace()
    for frame in frames:
        trace = trace.append(frame)
    return cwm.text(Timeline(trace).branch)


async def test_an_action_is_predicted_from_the_entry() -> None:
    async with at_tape() as person:
        told = await person.post("/predict", CALL)
        assert (told["end"], told["state"]["stack"][0]["line"]) == ("reached", 2)
        told = await person.post("/predict", RUN)
        assert (told["end"], told["state"]["value"]["text"]) == ("finished", "3")
        assert [frame["line"] for frame in told["frames"]] == [2, 3, 4, 3, 4, 3, 5, 5]
        told = await person.post("/predict", {**RUN, "breakpoints": [{"line": 4}]})
        assert told["state"]["stack"][0]["line"] == 4
        told = await person.post("/predict", {**RUN, "max_frames": 4})
        assert told["end"] == "reached" or told["message"]
        assert (await person.get("/sessions"))["sessions"] == []


async def test_an_action_is_predicted_from_a_state_that_is_told() -> None:
    async with at_tape() as person:
        first = await person.post("/predict", {**CALL, "action": "step_into"})
        asked = {"source": SOURCE, "state": first["state"], "action": "step_over"}
        world = person.world
        world.frames = [world.frames[0], *world.frames[2:]]  # it stands one further
        told = await person.post("/predict", asked)
        assert told["state"]["stack"][0]["line"] == 3
        assert [frame["line"] for frame in told["frames"]] == [3]


@pytest.mark.parametrize(
    "state",
    [
        {"stack": []},
        {"stack": [{"function": "nix", "scope_line": 1, "line": 2}]},
        {"stack": [{"function": "total", "scope_line": 1, "line": 77}]},
        {"stack": [{"function": "total", "scope_line": 1, "line": 2}], "event": "return"},
        {
            "stack": [{"function": "total", "scope_line": 1, "line": 2}],
            "event": "line",
            "value": {"text": "1"},
        },
    ],
)
async def test_a_state_that_the_program_cannot_have_is_refused(state: Any) -> None:
    async with at_tape() as person:
        asked = {"source": SOURCE, "state": state}
        assert await person.problem("POST", "/predict", 422, json=asked) == 2380


async def test_a_state_and_a_call_exclude_each_other() -> None:
    state = {"stack": [{"function": "total", "scope_line": 1, "line": 2}]}
    async with at_tape() as person:
        assert await person.problem("POST", "/predict", 422, json={**CALL, "state": state}) == 2605


async def test_going_back_to_before_the_entry_stays_there() -> None:
    async with at_tape() as person:
        told = await person.post("/predict", {**CALL, "direction": "backward"})
        assert (told["end"], told["frames"]) == ("finished", [])
        assert "nothing comes before it" in told["message"]


async def test_a_run_is_told_in_words_and_whether_it_ends() -> None:
    async with at_tape() as person:
        told = await person.post("/explain", {**CALL, "detail": "steps"})
        assert told["text"].startswith("total is called with numbers=[1, 2].")
        assert told["sentences"][0]["line"] == 1
        halts = await person.post("/halts", CALL)
        assert (halts["answer"], halts["frames"], halts["basis"]) == ("ends", 9, "worked out")


async def test_what_rules_cannot_follow_is_predicted_whether_it_ends() -> None:
    source = SOURCE.replace("+= number", "+= len([*map(abs, [number])]) and number")
    frames = record(source, "total", "[1, 2]")
    async with at_web(WebTape(frames)) as person:
        halts = await person.post("/halts", {**CALL, "source": source})
        assert (halts["answer"], halts["basis"]) == ("ends", "predicted")


class Chatting(WebTape):
    """A tape with a model that can say one thing."""

    def __init__(self) -> None:
        super().__init__(frames())
        ids = (*b"It adds up.", 302)
        specials = {**BYTE_SPECIALS, START: 300, STOP: 301, TURN: 302}
        model = ModelInfo("recorded", "cwm", 100_000, specials)
        self.engine = RecordedEngine([Exchange(ids)], model=model)
        self.open = WorldModel(self.engine).open


async def test_a_run_is_retold_beside_the_sentences_by_a_model_that_can() -> None:
    async with at_web(Chatting()) as person:
        asked = {**CALL, "detail": "calls"}
        plain = await person.post("/explain", asked)
        told = await person.post("/explain", asked | {"retell": True})
        assert told == plain | {"retold": "It adds up."}
    async with at_tape() as person:
        assert await person.problem("POST", "/explain", 422, json=asked | {"retell": True}) == 1040


async def test_a_comparison_runs_the_program_only_where_that_is_allowed() -> None:
    async with at_tape() as person:
        assert await person.problem("POST", "/compare", 403, json=CALL) == 2603
        assert await person.problem("POST", "/fill", 403, json=HOLE | {"runs": True}) == 2603
        traced = {"predicted": text_of(frames()), **CALL}
        assert await person.problem("POST", "/evaluate", 403, json=traced) == 2603


@pytest.mark.parametrize("resync", ["reality", "free"])
async def test_a_prediction_stands_beside_one_real_run(resync: str) -> None:
    wrong = frames().copy()
    assert wrong[2].locals is not None
    value = wrong[2].locals["result"]
    values = {**wrong[2].locals, "result": replace(value, text="7")}
    wrong[2] = replace(wrong[2], locals=values)
    async with at_web(WebTape(wrong), allows_run=True) as person:
        told = await person.post("/compare", {**CALL, "resync": resync})
    assert (told["total"], told["right"], told["end"]) == (9, 8, "finished")
    (one,) = [frame for frame in told["frames"] if not frame["right"]]
    assert (one["verdicts"]["result"], one["real"]["locals"]["result"]["text"]) == ("differs", "0")
    assert one["real"]["locals"]["result"]["provenance"] == "observed"


async def test_traces_as_text_are_held_against_each_other() -> None:
    text = text_of(frames())
    async with at_tape(allows_run=True) as person:
        told = await person.post("/evaluate", {"predicted": text, "real": text})
        assert (told["total"], told["right"], told["metrics"]["frame_exact"]) == (9, 9, 1.0)
        first = told["frames"][0]
        provenances = [
            first[side]["locals"]["numbers"]["provenance"] for side in ("predicted", "real")
        ]
        assert provenances == ["predicted", "observed"]
        wrong = text.replace('"result": "0"', '"result": "9"')
        told = await person.post("/evaluate", {"predicted": wrong, **CALL})
        assert told["right"] < told["total"] == 9
        assert told["frames"][2]["verdicts"]["result"] == "differs"
        assert told["frames"][2]["real"]["locals"]["result"]["provenance"] == "observed"
        short = text[: text.index("<|return_sep|>")]
        told = await person.post("/evaluate", {"predicted": short, "real": text})
        assert (told["right"], told["frames"][-1]["predicted"]) == (8, None)
        for asked in (
            {"predicted": "hello", "real": text},
            {"predicted": text, "real": "<|return_sep|><|action_sep|>x<|arg_sep|>1<|frame_sep|>"},
            {"predicted": "", "real": text},
            {"predicted": text},
            {"predicted": text, "real": text, "source": SOURCE},
        ):
            assert await person.problem("POST", "/evaluate", 422, json=asked) == 2605, asked


HOLE = {"source": "def add(a, b):\n    return ??\n", "examples": ["add(1, 2) -> 3"]}


async def test_holes_are_filled_and_candidates_told_as_they_are_tried() -> None:
    async with embedded() as person:
        asked = {**HOLE, "candidates": 40}
        async with person.events("/fill", method="POST", json=asked) as events:
            told = [event async for event in events]
        assert {name for name, _, _ in told[:-1]} == {"candidate"}
        name, _, answer = told[-1]
        assert name == "answer"
        assert answer["holes"] == [[2, 11]]
        best = answer["candidates"][0]
        assert best["right"] == 1
        evidence = best["evidence"][0]
        assert evidence["wanted"] == "3"
        assert (evidence["basis"], evidence["probability"]) == ("worked out", 1.0)
        assert best["source"] == HOLE["source"].replace("??", best["texts"][0])
        for asked, code in (
            ({"source": "x = 1\n"}, 2605),
            ({**HOLE, "line": 1}, 2605),
            ({**HOLE, "examples": ["nonsense"]}, 2605),
            ({"source": "def f(:\n"}, 2003),
        ):
            assert await person.problem("POST", "/fill", 422, json=asked) == code, asked


async def test_what_a_model_predicts_of_a_filled_hole_is_told_apart_with_its_probability() -> None:
    source = "import math\ndef half(a):\n    # half(5) -> 2\n    return math.floor(??)\n"
    async with embedded() as person:
        answer = await person.post("/fill", {"source": source, "candidates": 2})
        found = [one for best in answer["candidates"] for one in best["evidence"]]
        assert {one["basis"] for one in found} == {"predicted"}
        assert all(0 <= one["probability"] <= 1 for one in found)


async def test_inputs_of_an_outcome_are_guessed_and_verified() -> None:
    source = "def f(a):\n    return a\n"
    async with embedded() as person:
        asked = {"source": source, "function": "f", "returned": "7", "guesses": 2}
        told = await person.post("/inputs", asked)
        assert len(told["guesses"]) <= 2
        assert all(0 <= one["probability"] <= 1 for one in told["guesses"])
        for change, code in (
            ({"returned": None}, 2320),
            ({"raised": "KeyError"}, 2320),
            ({"args": "1"}, 2605),
            ({"function": "g"}, 2004),
        ):
            assert await person.problem("POST", "/inputs", 422, json={**asked, **change}) == code


async def test_the_server_tells_of_itself_its_model_and_its_numbers() -> None:
    async with embedded() as person:
        health = await person.get("/health")
        assert (health["ok"], health["model"], health["engine"]) == (True, "small", "embedded")
        models = (await person.get("/models"))["models"]
        served = models[0]
        assert served["served"]
        assert [model["served"] for model in models].count(True) == 1
        assert served["parameters"] > 1000
        assert served["figures"]["confidence.values.right"] > 0
        for plot in served["plots"]:
            answer = await person.http.get(f"/api/v1/models/{served['name']}/{plot}")
            assert answer.content.startswith(b"\x89PNG")
        for name in ("model.json", "..%2fcard.json", "nix.png"):
            answer = await person.http.get(f"/api/v1/models/{served['name']}/{name}")
            assert answer.status_code == 404
        await person.post("/predict", RUN)
        text = (await person.http.get("/metrics")).text
        assert 'foreframe_engine_requests_total{end="finished",wanted="person"}' in text
        assert 'foreframe_http_requests_total{method="POST",route="' in text
        assert 'foreframe_tokens_total{kind="generated"}' in text
        assert "foreframe_sessions 0.0" in text


async def test_an_engine_that_fails_gives_its_own_number() -> None:
    world = WebTape(frames())
    async with at_web(world) as person:
        world.failures = {2: EngineAborted("it fell over")}
        assert await person.problem("POST", "/predict", 502, json=RUN) == 1005


def embedded() -> Any:
    """A server with the model that ships."""
    return at_web(None, engine="embedded")
