"""What a session leaves on disk is the session: loaded again, it is walked as it was."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from dap_client import in_process
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kept import Kept, on_disk, rows_on_disk, same_timeline, told
from person import BACK, INTO, OUT, OVER, RUN, Person
from rule_world import SOURCE, RuleWorld
from tape import marks

from foreframe.checking import compare_stops
from foreframe.editing import Target
from foreframe.memory import codec
from foreframe.memory.database import Database
from foreframe.memory.folder import VARIABLE, state_folder, workspace_file, workspace_files
from foreframe.observation import Observation
from foreframe.timeline import Change, Reason, Stop, Timeline
from foreframe_protocol.states import (
    End,
    Event,
    Frame,
    Part,
    Provenance,
    Scope,
    State,
    Trace,
    Value,
    left_entry,
)

MARKS = marks(SOURCE)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "workspace.sqlite3"


def kept(file: Path, timeline: Timeline | None = None, n: str = "3") -> Kept:
    return Kept(file, Person(SOURCE, n, RuleWorld()), timeline)


async def test_a_session_is_read_again_as_it_was(file: Path):
    one = kept(file)
    person = one.person
    await person.begin()
    await person.walk(INTO, OVER, OVER, INTO)
    await person.step(OUT, BACK)
    person.session.edit(0, Target("n"), "5")
    await person.step(RUN)
    person.session.go_to(2)
    await person.wait()
    person.session.set_line(MARKS["f_return"])
    await person.wait()
    await person.step(OVER)
    person.session.go_to(1, 2)
    await person.wait()
    assert same_timeline(one.close(), person.session.timeline)
    assert one.told == []


async def test_frames_are_on_disk_once_and_shared_again_when_they_are_read(file: Path):
    one = kept(file)
    await one.person.begin()
    await one.person.walk(INTO, INTO, INTO)
    await one.person.step(INTO, BACK)
    one.person.session.edit(0, Target("total"), "7")
    await one.person.step(RUN)
    found = one.close()
    frames = [frame for row in rows_on_disk(file) for frame in json.loads(row["frames"])]
    nodes = {id(node) for branch in found.branches for node in branch.tip.trace.nodes()}
    assert len(frames) == len(nodes)
    first, second = (branch.tip.trace.nodes() for branch in found.branches)
    shared = found.branches[1].first.trace.length - 1
    assert first[:shared] == second[:shared]
    values = {id(node.state.stack[0].locals["n"]) for node in second[shared:]}
    assert len(values) == 4  # 3, 2, 1, 0: a value that does not change is one value


async def test_of_the_locals_only_those_that_changed_are_written_out(file: Path):
    one = kept(file)
    await one.person.begin()
    await one.person.walk(OVER, OVER)
    one.keeper.close()
    last = json.loads(rows_on_disk(file)[-1]["frames"])[-1]
    assert last["locals"] == ["n", "total"]


def visited(timeline: Timeline) -> list[State]:
    """The states of a walk back over the whole branch, and forward again."""
    back = [node.state for node in timeline.behind()]
    return [*back, *(node.state for node in timeline.ahead())]


ACTIONS = st.sampled_from([(action, way) for action in (INTO, OVER, OUT) for way in (None, BACK)])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(moves=st.lists(ACTIONS | st.tuples(st.just("edit"), st.integers(0, 9)), max_size=12))
def test_any_walk_visits_the_same_states_when_it_is_read_again(moves, tmp_path_factory):
    async def walk() -> None:
        one = kept(tmp_path_factory.mktemp("walk") / "w.sqlite3")
        session = one.person.session
        await one.person.begin()
        for kind, what in moves:
            frame = session.timeline.cursor.trace.frame
            if frame is not None and left_entry(frame) and what is not BACK:
                continue
            if kind == "edit":
                session.edit(0, Target("n"), str(what))
            else:
                await one.person.step(kind, *([what] if what else []))
        found = one.close()
        assert same_timeline(found, session.timeline)
        assert visited(found) == visited(session.timeline)

    asyncio.run(walk())


async def test_all_that_a_frame_can_tell_is_kept(file: Path):
    odd = Value("'\ud800\x00é'", Provenance.OBSERVED, None, cut=True)
    state = State((Scope("f", 5, 6, {"n": odd}),), Event.LINE)
    frame = Frame(
        Event.LINE, "f", 5, 7, "x = '\ud800'", {"n": odd, "m": Value("1", confidence=0.25)},
        confidence=0.5, parts=(Part(0, odd), Part(2, Value("2"))), upcoming=Value("'a'", cut=True),
    )  # fmt: skip
    timeline = Timeline(Trace(state, length=4).append(frame, skipped=True))
    one = kept(file, timeline)
    step = timeline.append(
        INTO, timeline.tip.append(replace(frame, line=8)), timeline.tip, End.CUT_OFF, "why"
    )
    found = one.close()
    assert [node.frame for node in found.tip.nodes()] == [frame, step.trace.frame]
    assert found.tip.root().state == state
    assert [node.skipped for node in found.tip.nodes()] == [True, False]
    assert (found.steps[1].end, found.steps[1].message) == (End.CUT_OFF, "why")


async def test_what_was_observed_and_how_it_compared_is_kept(file: Path):
    start = Trace().append(Frame(Event.CALL, "f", 1, 1, "def f():", {}))
    place = Event.LINE, "f", 1, 2, "x"
    predicted = start.append(Frame(*place, {"n": Value("1", confidence=0.5)}))
    seen = start.append(Frame(*place, {"n": Value("2", Provenance.OBSERVED)}))
    timeline = Timeline(start)
    one = kept(file, timeline)
    observation = Observation(seen.state, "step", 7, paths=("/f.py",), breakpoints=(3,))
    comparison = compare_stops(start.state, predicted, seen)
    step = timeline.append(
        OVER, seen, seen, End.REACHED, observation=observation, comparison=comparison
    )
    timeline.stop(Stop(seen, Reason.STEP))
    stop = one.close().cursor
    assert (stop.observation, step.observation) == (observation, observation)
    found = stop.comparison
    assert found is not None
    assert (found.frame, found.scopes) == (comparison.frame, comparison.scopes)
    assert (found.values, found.right) == (comparison.values, False)
    assert (found.predicted.frame, found.predicted.state) == (predicted.frame, predicted.state)


async def test_a_past_that_was_predicted_is_kept_as_a_branch(file: Path):
    values = {"n": Value("3")}
    start = Trace(State((Scope("f", 5, 7, values),), Event.LINE), length=0)
    timeline = Timeline(start.append(Frame(Event.LINE, "f", 5, 8, "x", values)))
    one = kept(file, timeline)
    timeline.append(OVER, timeline.tip.append(Frame(Event.LINE, "f", 5, 9, "y", values)), start,
                    End.REACHED)  # fmt: skip
    past = Trace().append(Frame(Event.CALL, "f", 5, 5, "def f(n):", values))
    for line in (6, 7, 8):
        past = past.append(Frame(Event.LINE, "f", 5, line, "z", values))
    timeline.prepend(past, Change("past", "3 earlier frames"))
    timeline.stop(Stop(timeline.tip, Reason.STEP))
    found = one.close()
    assert one.told == []
    assert [told(step) for step in found.steps] == [told(step) for step in timeline.steps]
    assert found.branch.past == timeline.branch.past
    assert visited(found) == visited(timeline)


async def test_a_value_too_long_for_the_disk_is_cut_there_and_said_once(file: Path, monkeypatch):
    monkeypatch.setattr(codec, "MAX_TEXT", 1000)
    one = kept(file)
    await one.person.begin()
    for digit in "12":
        one.person.session.edit(0, Target("n"), digit * 1001)
    await one.person.step(INTO)
    found = one.close()
    value = found.branches[1].tip.trace.state.top.locals["n"]
    assert (value.text, value.cut) == ("1" * 1000, True)
    assert len(one.person.session.timeline.tip.state.top.locals["n"].text) == 1001
    assert [text for text in one.told if "only in part" in text and "2337" in text] == one.told
    assert len(one.told) == 1


def test_what_was_only_launched_leaves_nothing(file: Path):
    asyncio.run(launched(file))
    assert not file.exists()


async def launched(file: Path) -> None:
    kept(file).keeper.close()


async def test_two_servers_on_one_workspace_keep_their_sessions_both(file: Path):
    both = [kept(file), kept(file, n="2")]
    for one in both:
        await one.person.begin()
    for _ in range(5):
        for one in both:
            await one.person.step(INTO)
    for one in both:
        one.keeper.close()
    assert [one.told for one in both] == [[], []]
    with Database(file) as database:
        assert [row["steps"] for row in database.sessions()] == [7, 7]
    starts = [on_disk(file, number).steps[0].trace.state for number in (1, 2)]
    assert {state.top.locals["n"].text for state in starts} == {"3", "2"}


def write(path: Path) -> None:
    path.write_text(SOURCE)


async def started(path: Path, **launch: object):
    write(path)
    client, adapter = in_process(lambda engine, frames: RuleWorld())
    await client.start(str(path), function="f", args="3", stopOnEntry=True, **launch)
    await client.event("stopped")
    return client, adapter


async def test_an_editors_session_is_kept_for_the_folder_of_its_program(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "state"))
    client, adapter = await started(tmp_path / "p.py")
    await client.step("next")
    await adapter.close()
    (file,) = workspace_files(tmp_path / "state")
    assert file == workspace_file(tmp_path / "state", tmp_path)
    with Database(file) as database:
        (session,) = database.sessions()
        assert database.path() == str(tmp_path.resolve())
        assert database.session(1)[0]["source"] == SOURCE
    assert (session["program"], session["steps"]) == (str(tmp_path / "p.py"), 3)
    assert (session["function"], session["args"], session["engine"]) == ("f", "3", "auto")
    assert file.stat().st_mode & 0o077 == 0


async def test_the_folder_of_a_launch_configuration_goes_before_that(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "state"))
    (tmp_path / "deep").mkdir()
    _, adapter = await started(tmp_path / "deep" / "p.py", cwd=str(tmp_path))
    await adapter.close()
    assert workspace_file(tmp_path / "state", tmp_path).exists()


async def test_each_restart_is_a_session_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "state"))
    client, adapter = await started(tmp_path / "p.py")
    await client.restart()
    await client.event("stopped")
    await adapter.close()
    with Database(workspace_file(tmp_path / "state", tmp_path)) as database:
        assert [row["steps"] for row in database.sessions()] == [2, 2]


async def test_nothing_is_kept_when_that_is_turned_off(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "off")
    assert state_folder() is None
    _, adapter = await started(tmp_path / "p.py")
    await adapter.close()
    assert [path.name for path in tmp_path.iterdir()] == ["p.py"]


def test_the_platforms_folder_is_taken_where_none_is_named(monkeypatch):
    monkeypatch.delenv(VARIABLE)
    folder = state_folder()
    assert folder is not None
    assert folder.name == "foreframe"


def test_files_of_folders_with_one_name_are_told_apart(tmp_path: Path):
    one = workspace_file(tmp_path, Path("/a/my project"))
    assert one.name.startswith("my-project-")
    assert one != workspace_file(tmp_path, Path("/b/my project"))
    assert workspace_file(tmp_path, Path("/")).name.startswith("root-")
