"""Beginning from the end: outcomes as people write them, sessions that stand there, and tables."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from dap_client import Failed, in_process
from tape import TapeWorld, record

from foreframe.errors import BadOption, BadOutcome, NoGuess
from foreframe.outcome import best_of, ending, read_outcome, way_there
from foreframe.terminal.guesses import GuessOptions, guess, show
from foreframe.terminal.trace import TraceOptions
from foreframe_models.engines.recorded import RecordedEngine
from foreframe_models.inputs import Guess, Outcome, Raised, Reached, Returned, Verified
from foreframe_models.program.control_flow import Program
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import Provenance, Trace, Value

SOURCE = """\
def f(n, k=2):
    total = 0
    for i in range(n):
        total += k
    return total

def none():
    return 1
"""
PROGRAM = Program.parse(SOURCE, "program.py")


def run_of(args: str) -> Trace:
    trace = Trace()
    for frame in record(SOURCE, "f", args):
        trace = trace.append(frame)
    return trace


def made(args: str, verified: Verified = Verified.MATCH, logprob: float = -1.0) -> Guess:
    trace = run_of(args)
    return Guess(args, logprob, 1, verified, trace.state.value, trace)


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({"returned": ' "a" '}, Returned(Value("'a'", Provenance.GIVEN))),
        ({"raised": "KeyError: 'a'"}, Raised(Value("KeyError: 'a'", Provenance.GIVEN))),
        ({"raised": "json.JSONDecodeError"}, Raised(Value("json.JSONDecodeError",
                                                          Provenance.GIVEN))),
        ({"reached": "4"}, Reached(4, {})),
        ({"reached": "4: i = 1, w='x'"}, Reached(4, {"i": Value("1", Provenance.GIVEN),
                                                     "w": Value("'x'", Provenance.GIVEN)})),
    ],
)  # fmt: skip
def test_outcomes_are_read(given: dict[str, str], outcome: Outcome) -> None:
    asked = {"returned": None, "raised": None, "reached": None, **given}
    assert read_outcome(**asked, function="f") == outcome


@pytest.mark.parametrize(
    ("given", "function", "message"),
    [
        ({}, "f", "give one outcome"),
        ({"returned": "1", "raised": "E"}, "f", "2 of them is given"),
        ({"returned": "1"}, None, "name its function"),
        ({"returned": "x + 1"}, "f", "is not a Python literal"),
        ({"returned": "["}, "f", "is not valid Python"),
        ({"raised": "no exception"}, "f", "is no exception"),
        ({"reached": "total = 3"}, "f", "is no state at a line"),
        ({"reached": "4: 3"}, "f", "have names"),
        ({"reached": "4: total = x"}, "f", "not a Python literal"),
    ],
)
def test_what_is_no_outcome_is_refused_with_advice(
    given: dict[str, str], function: str | None, message: str
) -> None:
    asked = {"returned": None, "raised": None, "reached": None, **given}
    with pytest.raises(BadOutcome, match=message):
        read_outcome(**asked, function=function)


def test_an_outcome_alone_is_a_state_with_little_in_it() -> None:
    trace = ending(PROGRAM, "f", Returned(Value("4")), 5)
    assert (trace.state.top.line, trace.state.value, dict(trace.state.top.locals)) == (
        5, Value("4"), {},
    )  # fmt: skip


def test_a_way_to_a_line_ends_on_that_line_with_those_values() -> None:
    reached = Reached(4, {"i": Value("1")})
    way = way_there(made("3"), reached)
    assert way.frame is not None
    assert (way.frame.line, way.state.top.locals["i"].text) == (4, "1")
    assert way_there(made("3", Verified.DIFFERS), reached).state.value == run_of("3").state.value


def test_without_a_guess_it_says_what_to_do() -> None:
    with pytest.raises(NoGuess, match="ask for more guesses"):
        best_of([], Returned(Value("4")))


# foreframe trace --returned


def shown(style: str, guesses: list[Guess], outcome: Outcome) -> str:
    out = io.StringIO()
    asked = TraceOptions(Path("program.py"), "f", style=style)
    world = WorldModel(RecordedEngine([]))
    show(out, PROGRAM, world, GuessOptions(asked, returned="4"), outcome, guesses)
    return out.getvalue()


def test_guesses_are_a_table_and_the_trace_of_the_best_follows() -> None:
    guesses = [made("2"), made("1, 4"), made("3", Verified.DIFFERS)]
    text = shown("table", guesses, Returned(Value("4")))
    lines = text.splitlines()
    assert lines[0] == "guessed backward, nothing is executed: f(?) returns 4"
    assert [line.split()[:2] for line in lines[2:5]] == [
        ["✓", "f(2)"], ["✓", "f(1,"], ["✗", "f(3)"],
    ]  # fmt: skip
    assert "predicted, nothing is executed: f(2)" in text
    assert "return 4" in text
    assert lines[4].split() == ["✗", "f(3)", "6", "1", "-1.0"]


def test_guesses_as_json_come_before_the_frames() -> None:
    text = shown("json", [made("2"), made("3", Verified.DIFFERS)], Returned(Value("4")))
    first, second, *frames, last = map(json.loads, text.splitlines())
    assert (first["guess"], first["args"], first["verified"], first["forward"]) == (
        1, "2", "match", "4",
    )  # fmt: skip
    assert (second["args"], second["verified"]) == ("3", "differs")
    assert frames[0]["event"] == "call"
    assert last["summary"]["end"] == "finished"


@pytest.mark.parametrize(
    ("trace", "message"),
    [({"args": "1"}, "--args and an outcome"), ({"check": True}, "--check and an outcome")],
)
def test_options_that_contradict_an_outcome_are_refused(
    trace: dict[str, Any], message: str
) -> None:
    options = GuessOptions(TraceOptions(Path("p.py"), "f", **trace), returned="1")
    with pytest.raises(BadOption, match=message):
        asyncio.run(guess(options, io.StringIO(), io.StringIO()))


# "start": "end"


class Knowing(TapeWorld):
    """A world that has guesses ready."""

    def __init__(self, guesses: Sequence[Guess]) -> None:
        super().__init__(record(SOURCE, "f", "2"))
        self.guesses = list(guesses)
        self.asked: list[tuple[str, Outcome, int]] = []

    async def guess_inputs(
        self, program: Program, function: str, outcome: Outcome, n: int = 4
    ) -> list[Guess]:
        self.asked.append((function, outcome, n))
        return self.guesses


class Setting:
    def __init__(self, tmp_path: Path, guesses: Sequence[Guess] = ()) -> None:
        self.path = tmp_path / "program.py"
        self.path.write_text(SOURCE)
        self.world = Knowing(guesses or [made("2"), made("1, 4"), made("3", Verified.DIFFERS)])
        self.client, self.adapter = in_process(lambda engine, frames: self.world)

    async def start(self, **options: object) -> dict[str, Any]:
        asked = {"function": "f", "start": "end", **options}
        await self.client.start(str(self.path), (), **asked)
        return await self.client.event("stopped")

    async def back(self) -> dict[str, Any]:
        return await self.client.step("stepBack")

    async def line(self) -> int:
        return await self.client.line()


async def test_a_session_begins_at_the_end_and_goes_back_to_the_call(tmp_path: Path) -> None:
    one = Setting(tmp_path)
    stop = await one.start(returned="4")
    assert (stop["description"], stop["reason"]) == ("At the end", "entry")
    assert "f(2) → 4 [match]" in stop["text"]
    assert await one.line() == 5
    told = "".join(e["output"] for e in one.client.events("output"))
    assert "inputs for which f returns 4" in told
    assert "3. f(3) → 6 [differs]" in told
    stop = await one.back()
    assert (await one.line(), stop["description"]) == (5, "Predicted past")
    for _ in range(7):
        stop = await one.back()
    assert (await one.line(), stop["description"]) == (2, "At the start")
    assert one.world.goals == []  # all of it had been found before


async def test_other_ways_that_lead_there_are_branches(tmp_path: Path) -> None:
    one = Setting(tmp_path)
    await one.start(returned=4, guesses=3)
    assert one.world.asked[0][2] == 3
    assert one.world.asked[0][1] == Returned(Value("4", Provenance.GIVEN))
    session = one.adapter._current.live
    assert session is not None
    branches = session.timeline.branches
    assert [b.first.change and b.first.change.text for b in branches] == [
        None, "f(1, 4) → 4 [match]", "f(2) → 4 [match]",
    ]  # fmt: skip
    assert session.timeline.branch is branches[2]


async def test_a_state_at_a_line_is_where_a_session_can_begin(tmp_path: Path) -> None:
    one = Setting(tmp_path)
    stop = await one.start(state={"line": 4, "variables": {"i": "1"}})
    assert stop["description"] == "At the line"
    assert await one.line() == 4
    assert one.world.asked[0][1] == Reached(4, {"i": Value("1", Provenance.GIVEN)})


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"returned": "x +"}, 2320, "not valid Python"),
        ({}, 2320, "give one outcome"),
        ({"returned": "1", "function": "none"}, 2004, "takes no arguments"),
        ({"returned": "1", "function": "g"}, 2004, "no function 'g'"),
        ({"returned": "1", "function": None}, 2320, "name its function"),
        ({"returned": "1", "args": "1"}, 2010, "are guessed"),
        ({"returned": "1", "mode": "check"}, 2010, "is imagined"),
        ({"returned": "1", "start": "entry"}, 2010, 'set `start` to "end"'),
        ({"returned": "1", "start": "middle"}, 2010, '"entry", "end" or "state"'),
        ({"state": {"line": 99}}, 2004, "line 99 is no line to stop at"),
        ({"state": {"line": 4, "variables": {"j": "1"}}}, 2004, "no variable 'j'"),
    ],
)
async def test_an_end_that_cannot_be_begun_from_is_refused(
    tmp_path: Path, options: dict[str, object], code: int, message: str
) -> None:
    one = Setting(tmp_path)
    with pytest.raises(Failed, match=message) as caught:
        await one.start(**options)
    assert caught.value.code == code


async def test_a_launch_without_a_guess_says_so(tmp_path: Path) -> None:
    one = Setting(tmp_path)
    one.world.guesses = []
    with pytest.raises(Failed, match="no arguments were found") as caught:
        await one.start(returned="4")
    assert caught.value.code == 2321
