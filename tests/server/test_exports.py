"""What a timeline becomes for other programs: each format is read again by its own rules."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest
from person import BACK, INTO, OVER, RUN, Person
from rule_world import SOURCE, RuleWorld
from tape import TapeWorld, record

from foreframe.checking import compare_stops
from foreframe.editing import Target
from foreframe.exports import cwm, jsonl, perfetto
from foreframe.observation import Observation
from foreframe.timeline import Timeline, nodes_of
from foreframe_protocol.states import (
    End,
    Event,
    Frame,
    Provenance,
    State,
    Trace,
    Value,
    Verdict,
    left_entry,
)
from foreframe_protocol.trace_text import FrameParser, Place, parse_text, resolve

RAISING = """\
def f(values):
    total = 0.5
    for value in values:
        try:
            total += 12 // value
        except ZeroDivisionError:
            total = "none"
    return total
"""


async def branched() -> Timeline:
    """Steps, a branch by an edit in a deeper scope's caller, and one by a jump."""
    person = Person(SOURCE, "3", RuleWorld())
    await person.begin()
    await person.walk(INTO, INTO, INTO)
    person.session.edit(0, Target("n"), "5")
    await person.step(RUN)
    person.session.go_to(2)
    await person.wait()
    person.session.set_line(10)
    await person.wait()
    await person.step(OVER)
    return person.session.timeline


async def raised() -> Timeline:
    person = Person(RAISING, "[4, 0]", TapeWorld(record(RAISING, "f", "[4, 0]")))
    await person.begin()
    await person.step(RUN)
    return person.session.timeline


def told(timeline: Timeline) -> list[dict[str, Any]]:
    return [json.loads(line) for line in jsonl.lines(timeline)]


async def test_json_lines_have_a_step_each_with_all_that_is_documented():
    timeline = await branched()
    records = told(timeline)
    assert [one["step"] for one in records] == list(range(len(timeline.steps)))
    assert jsonl.__doc__ is not None
    for one in records:
        assert all(f"`{name}`" in jsonl.__doc__ for name in one)
    edit, goto = (one for one in records if one["change"] is not None)
    assert (edit["reason"], edit["change"], edit["branch"]) == ("edit", "n = 5", 1)
    assert (goto["reason"], goto["change"], goto["branch"]) == ("goto", "line 10", 2)
    assert edit["stack"][0]["locals"]["n"] == {"value": "5", "provenance": "edited"}
    last = records[edit["step"] + 1]
    assert (last["event"], last["value"]["value"]) == ("return", "13")
    assert (last["reason"], last["end"], last["usage"]["requests"]) == ("run_to", "finished", 1)


async def test_json_lines_hold_every_frame_of_every_branch():
    timeline = await branched()
    for branch in timeline.branches:
        frames, step = [], branch.tip
        while step is not None:
            frames = told(timeline)[step.number]["frames"] + frames
            step = step.parent
        assert [(f["event"], f["line"]) for f in frames] == [
            (f.event.value, f.line) for f in branch.tip.trace.frames()
        ]


async def test_what_a_value_is_worth_goes_along():
    value = Value("'\ud800", Provenance.PREDICTED, 0.25, cut=True)
    frame = Frame(Event.LINE, "f", 1, 2, "x", {"n": value})
    timeline = Timeline(Trace().append(Frame(Event.CALL, "f", 1, 1, "def f(n):", {"n": value})))
    timeline.append(OVER, timeline.tip.append(frame), timeline.tip, End.CUT_OFF, "a limit")
    last = told(timeline)[-1]
    shown = {"value": "'\ud800", "provenance": "predicted", "confidence": 0.25, "cut": True}
    assert last["stack"][0]["locals"]["n"] == shown
    assert (last["end"], last["message"]) == ("cut off", "a limit")


def read_back(text: str, frames: list[Frame]) -> list[Frame]:
    """CWM's text as frames; where they stand is taken from those that it was written from."""
    parser, state, found = FrameParser(), State(), []
    raws = [raw for piece in parse_text(text) for raw in parser.feed(piece)]
    parser.finish()
    for raw, frame in zip(raws, frames, strict=True):
        place = Place(frame.function, frame.scope_line, frame.line)
        found.append(resolve(raw, state, place))
        state = state.after(found[-1])
    return found


def plain(frame: Frame) -> object:
    """What CWM's text says of a frame."""
    shown = frame.locals and {name: value.text for name, value in frame.locals.items()}
    return frame.event, frame.source, frame.depth, shown, frame.value and frame.value.text


async def test_cwm_text_reads_back_to_the_same_frames():
    for timeline in (await branched(), await raised()):
        for branch in timeline.branches:
            frames = list(branch.tip.trace.frames())
            found = read_back(cwm.text(branch), frames)
            assert [plain(frame) for frame in found] == [plain(frame) for frame in frames]


async def test_cwm_text_ends_only_where_the_trace_does():
    timeline = await branched()
    ends = [cwm.text(branch).endswith("<|end_of_text|>") for branch in timeline.branches]
    over = [left_entry(branch.tip.trace.frame) for branch in timeline.branches]
    assert ends == over == [False, True, True]


def checked_rules(trace: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a Perfetto file, held against the rules of the Trace Event Format."""
    trace = json.loads(json.dumps(trace))
    assert trace["displayTimeUnit"] in ("ms", "ns")
    events = trace["traceEvents"]
    times = [event["ts"] for event in events]
    assert times == sorted(times)
    named = {(e["pid"], e["tid"]) for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    open_slices: dict[tuple[int, int], list[int]] = defaultdict(list)
    for event in events:
        thread = event["pid"], event["tid"]
        assert all(type(number) is int for number in (*thread, event["ts"]))
        assert thread in named or event["name"] == "process_name"
        match event["ph"]:
            case "B":
                assert event["name"]
                open_slices[thread].append(event["ts"])
            case "E":
                assert open_slices[thread].pop() <= event["ts"]
            case "C":
                assert all(isinstance(n, int | float) for n in event["args"].values())
            case "i":
                assert event["s"] in ("g", "p", "t")
            case kind:
                assert kind == "M"
    assert not any(open_slices.values())
    return events


async def test_perfetto_files_follow_the_formats_rules():
    for timeline in (await branched(), await raised()):
        events = checked_rules(perfetto.trace(timeline, "p.py"))
        assert {event["pid"] for event in events} == {b.number for b in timeline.branches}
        assert json.loads(perfetto.text(timeline, "p.py"))["traceEvents"] == events


async def test_scopes_are_slices_in_each_other_with_frames_as_time():
    timeline = await branched()
    events = checked_rules(perfetto.trace(timeline, "p.py"))
    depth, calls = 0, []
    for event in events:
        if (event["pid"], event["tid"]) != (1, perfetto.SCOPES):
            continue
        depth += {"B": 1, "E": -1}.get(event["ph"], 0)
        if event["ph"] == "B" and event["name"] in ("f", "add"):
            calls.append((event["name"], depth, event["ts"]))
    nodes = timeline.branches[1].tip.trace.nodes()
    first = timeline.branches[1].first.trace.length
    begun = [n for n in nodes if n.length > first and n.frame and n.frame.event is Event.CALL]
    assert calls[:2] == [("f", 1, first), ("add", 3 - 1, first)]  # both were there already
    assert [time for _, _, time in calls[2:]] == [node.length for node in begun]


async def test_numbers_are_counters_and_other_values_are_instants():
    events = checked_rules(perfetto.trace(await raised(), "p.py"))
    counters = [(e["name"], e["args"]["value"]) for e in events if e["ph"] == "C"]
    assert counters == [("f.total", 0.5), ("f.value", 4), ("f.total", 3.5), ("f.value", 0)]
    instants = [event["name"] for event in events if event["ph"] == "i"]
    assert instants[0] == "f.values = [4, 0]"
    assert any(name.startswith("raise ZeroDivisionError") for name in instants)
    assert "f.total = 'none'" in instants
    assert instants[-1] == "return 'none'"


@pytest.mark.parametrize("text", ["nan", "inf", "True", "'1'", "1" * 50, "1j", ""])
def test_what_a_counter_cannot_show_is_not_numeric(text: str):
    assert perfetto.numeric(Value(text)) is None
    assert perfetto.numeric(Value("1", cut=True)) is None
    assert perfetto.numeric(Value("-2.5e3")) == -2500


def compared(guess: str, real: str) -> Timeline:
    """A step that was checked, with `real` as what `n` really was."""
    start = Trace().append(Frame(Event.CALL, "f", 1, 1, "def f():", {}))
    line = Frame(Event.LINE, "f", 1, 2, "x", {"n": Value(guess)})
    predicted = start.append(line)
    seen = start.append(Frame(Event.LINE, "f", 1, 2, "x", {"n": Value(real, Provenance.OBSERVED)}))
    timeline = Timeline(start)
    timeline.append(
        OVER, seen, seen, End.REACHED,
        observation=Observation(seen.state, "step", 1),
        comparison=compare_stops(start.state, predicted, seen),
    )  # fmt: skip
    return timeline


@pytest.mark.parametrize(
    ("guess", "real", "verdict"),
    [
        ("1", "1", Verdict.MATCH),
        ("1", "2", Verdict.DIFFERS),
        ("<f at 0x1>", "<f at 0x2>", Verdict.NOT_COMPARABLE),
    ],
)
def test_verdicts_are_colours_and_told(guess: str, real: str, verdict: Verdict):
    timeline = compared(guess, real)
    events = checked_rules(perfetto.trace(timeline, "p.py"))
    (step,) = (event for event in events if event.get("name") == "step_over")
    assert step["cname"] == perfetto.VERDICT_COLOURS[verdict]
    assert step["args"]["verdict"] == verdict.value
    last = told(timeline)[-1]
    assert last["check"]["values"] == {"n": verdict.value}
    assert last["check"]["right"] == (verdict is not Verdict.DIFFERS)
    assert last["observed"]["stack"][0]["locals"]["n"]["provenance"] == "observed"


async def test_a_step_back_adds_nothing_to_an_export():
    person = Person(SOURCE, "2", RuleWorld())
    await person.begin()
    await person.step(OVER)
    before = told(person.session.timeline)
    await person.step(OVER, BACK)
    assert told(person.session.timeline) == before
    assert [len(nodes_of(step)) for step in person.session.timeline.steps] == [2, 1, 1]
