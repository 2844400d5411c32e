"""The grammar of legal traces: takes every real one, refuses every corrupted one, ends on goals."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Sequence
from dataclasses import replace

import pytest
import traced_programs
from byte_tokens import IDS, refusal, written

from foreframe_models.dialects.cwm_grammar import CwmWriter
from foreframe_models.evaluation.transitions import real_frames
from foreframe_models.grammar import Exceptions, GrammarTooLarge, frame_grammar, walk_grammar
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import (
    Action,
    Event,
    Frame,
    Goal,
    Scope,
    State,
    Value,
    left_entry,
)

RUN = Goal(Action.RUN_TO)


def parse(text: str) -> Program:
    return Program.parse(textwrap.dedent(text).lstrip("\n"), "p.py")


def walk(program: Program, state: State, goal: Goal, exceptions: Exceptions = "all") -> str:
    return walk_grammar(program, state, goal, CwmWriter(IDS), exceptions=exceptions)


def states(frames: Sequence[Frame]) -> list[State]:
    """The state before each frame."""
    found = [State()]
    for frame in frames:
        found.append(found[-1].after(frame))
    return found[:-1]


def to_goal(frames: Sequence[Frame], start: State, goal: Goal) -> list[Frame]:
    """The real walk from `start`: the frames up to the one that reaches the goal."""
    found = []
    for frame in frames:
        found.append(frame)
        if goal.reached(start, frame) or left_entry(frame):
            break
    return found


@pytest.mark.parametrize("name", traced_programs.NAMES)
def test_every_real_trace_is_taken(name: str) -> None:
    program, frames = traced_programs.program(name), traced_programs.trace(name)
    start = State().after(frames[0])
    assert refusal(walk(program, start, RUN), written(frames[1:], start)) is None


def corrupted(
    program: Program, frames: list[Frame], at: int, choose: random.Random
) -> Frame | None:
    """The frame at `at` made wrong in a way that no legal trace has; None where that is unsure."""
    frame = frames[at]
    if frame.event is Event.LINE:
        function = program.function_for(frame.function, frame.scope_line)
        before = frames[at - 1]
        match choose.randrange(3):
            case 0 if before.event is Event.LINE and before.function == frame.function:
                legal = {program.line_text(n) for n in function.successors.get(before.line, ())}
                wrong = [n for n in function.lines if program.line_text(n) not in legal]
                if wrong:
                    line = choose.choice(wrong)
                    return replace(frame, line=line, source=program.line_text(line))
            case 1:
                return replace(frame, locals={**(frame.locals or {}), "stranger": Value("1")})
            case 2:
                others = [f for f in program.functions if f is not function and f.lines]
                own = {program.line_text(n) for n in function.lines}
                lines = [n for f in others for n in f.lines if program.line_text(n) not in own]
                if lines:
                    return replace(frame, source=program.line_text(choose.choice(lines)))
    if frame.event is Event.RETURN:
        function = program.function_for(frame.function, frame.scope_line)
        if frame.line not in function.successors.get(frame.line, set()) | function.entry_lines:
            return replace(frame, event=Event.LINE, locals={}, value=None)
    return None


@pytest.mark.parametrize("name", traced_programs.NAMES)
def test_corrupted_traces_are_refused_where_they_are_wrong(name: str) -> None:
    program, frames = traced_programs.program(name), list(traced_programs.trace(name))
    start = State().after(frames[0])
    grammar = walk(program, start, RUN, "none" if name == "recursion" else "all")
    choose = random.Random(name)
    tried = 0
    for at in choose.sample(range(2, len(frames)), min(12, len(frames) - 2)):
        wrong = corrupted(program, frames, at, choose)
        if wrong is None:
            continue
        tried += 1
        tokens = written([*frames[1:at], wrong], start)
        said = refusal(grammar, tokens)
        assert said is not None
        assert said.startswith(f"frame {at - 1} is refused"), (at, wrong, said)
    assert tried > 2


@pytest.mark.parametrize("name", traced_programs.NAMES)
def test_a_missing_return_is_refused(name: str) -> None:
    program, frames = traced_programs.program(name), list(traced_programs.trace(name))
    inner = [
        i
        for i, frame in enumerate(frames[:-2])
        if frame.event is Event.RETURN
        and frames[i + 1].event is Event.LINE
        and program.line_text(frames[i + 1].line)
        not in {
            program.line_text(line)
            for line in program.function_for(frame.function, frame.scope_line).lines
        }
    ]
    if not inner:
        pytest.skip("no call in this program comes back to a line that its callee does not have")
    start = State().after(frames[0])
    tokens = written(frames[1:], start)
    del tokens[inner[0] - 1]
    said = refusal(walk(program, start, RUN), tokens)
    assert said is not None
    assert said.startswith(f"frame {inner[0] - 1} is refused")


GOALS = [
    Goal(Action.STEP_INTO),
    Goal(Action.STEP_OVER),
    Goal(Action.STEP_OUT),
    Goal(Action.STEP_INTO, events=frozenset(Event)),
    Goal(Action.STEP_OVER, events=frozenset({Event.LINE})),
    Goal(Action.STEP_OVER, exceptions=True),
    Goal(Action.RUN_TO, exceptions=True),
]


@pytest.mark.parametrize("goal", GOALS, ids=lambda g: f"{g.action}-{len(g.events)}-{g.exceptions}")
@pytest.mark.parametrize("name", ["try_nests", "generators", "special_methods", "recursion"])
def test_a_walk_from_any_state_ends_on_its_goal(name: str, goal: Goal) -> None:
    program, frames = traced_programs.program(name), traced_programs.trace(name)
    before = states(frames)
    chosen = random.Random(f"{name}{goal}").sample(range(1, len(frames)), 8)
    for number in chosen:
        start = before[number]
        expected = to_goal(frames[number:], start, goal)
        said = refusal(walk(program, start, goal), written(expected, start))
        assert said is None, (number, expected[-1])


@pytest.mark.parametrize("action", list(Action))
def test_breakpoints_end_any_action_also_within_calls(action: Action) -> None:
    name = "state_machine"
    program, frames = traced_programs.program(name), traced_programs.trace(name)
    pop = program.find("Stack.pop")
    evaluate = program.find("evaluate")
    lines = {(pop.scope_line, pop.lines[0]), (evaluate.scope_line, evaluate.lines[1])}
    goal = Goal(action, lines=frozenset(lines))
    before = states(frames)
    for number in range(1, len(frames), 11):
        start = before[number]
        expected = to_goal(frames[number:], start, goal)
        said = refusal(walk(program, start, goal), written(expected, start))
        assert said is None, number


def test_a_breakpoint_on_the_line_that_a_walk_starts_from_does_not_end_it_at_once() -> None:
    program = parse("""
        def f(n):
            while n:
                n -= 1
            return n
    """)
    frames = real_frames(program.source, "f", "2")
    start = State().after(frames[0]).after(frames[1])
    assert start.top.line == 2
    goal = Goal(Action.RUN_TO, lines=frozenset({(1, 2)}))
    grammar = walk(program, start, goal)
    assert refusal(grammar, written(frames[2:4], start)) is None
    assert refusal(grammar, []) is not None


def test_without_exceptions_a_line_raises_only_where_nothing_else_is_possible() -> None:
    source = """
        def f(d):
            x = d["key"]
            return x
        def g():
            raise ValueError("always")
    """
    program = parse(source)
    frames = real_frames(program.source, "f", "{}")
    start = State().after(frames[0])
    for exceptions, taken in (("all", True), ("likely", False), ("none", False)):
        said = refusal(walk(program, start, RUN, exceptions), written(frames[1:], start))
        assert (said is None) == taken, exceptions
    frames = real_frames(program.source, "g")
    start = State().after(frames[0])
    assert refusal(walk(program, start, RUN, "none"), written(frames[1:], start)) is None


def test_likely_exceptions_are_those_raised_asserted_or_handled() -> None:
    program, frames = traced_programs.program("asserts"), traced_programs.trace("asserts")
    start = State().after(frames[0])
    assert refusal(walk(program, start, RUN, "likely"), written(frames[1:], start)) is None
    assert refusal(walk(program, start, RUN, "none"), written(frames[1:], start)) is not None


@pytest.mark.parametrize("name", ["recursion", "try_nests", "generators", "uncaught"])
def test_a_grammar_of_one_frame_takes_the_next_frame_and_ends(name: str) -> None:
    program, frames = traced_programs.program(name), traced_programs.trace(name)
    for number, start in enumerate(states(frames)):
        if number % 5 == 1:
            grammar = frame_grammar(program, start, RUN, CwmWriter(IDS), exceptions="all")
            assert refusal(grammar, written([frames[number]], start)) is None
            if number + 1 < len(frames):
                assert refusal(grammar, written(frames[number : number + 2], start)) is not None


def test_a_value_is_cut_at_its_longest_and_may_hold_what_looks_like_a_separator() -> None:
    program = parse("def f(x):\n    return x\n")
    start = State((Scope("f", 1, 2, {"x": Value("1")}),), Event.LINE)

    def back(text: str) -> list[list[int]]:
        frame = Frame(Event.RETURN, "f", 1, 2, "    return x", value=Value(text))
        return written([frame], start)

    writer = CwmWriter(IDS, value_chars=30)
    grammar = walk_grammar(program, start, RUN, writer, exceptions="all")
    assert refusal(grammar, back("'<|frame_sep|>\\n\"\\\\é'")) is None
    assert refusal(grammar, back("a" * 30)) is None
    assert refusal(grammar, back("a" * 31)) is not None


def test_functions_that_cannot_be_reached_are_left_out() -> None:
    program = parse("def f():\n    return 1\ndef unreached():\n    return 'never here'\n")
    start = State((Scope("f", 1, 1),), Event.CALL)
    assert "never here" not in walk(program, start, RUN)


def straight(lines: int) -> Program:
    return parse("def f(x):\n" + "    x += 1\n" * lines + "    return x\ny = f(1)\n")


def test_a_long_function_is_taken_as_a_whole_up_to_a_cap_and_frame_by_frame_beyond() -> None:
    long = straight(500)
    frames = real_frames(long.source)
    start = State().after(frames[0])
    assert refusal(walk(long, start, RUN), written(frames[1:], start)) is None
    longer = straight(2500)
    start = State((Scope("<module>", 0, 2503),), Event.LINE)
    with pytest.raises(GrammarTooLarge):
        walk(longer, start, RUN)
    frame = Frame(Event.CALL, "f", 1, 1, "def f(x):", {"x": Value("1")})
    grammar = frame_grammar(longer, start, RUN, CwmWriter(IDS), exceptions="all")
    assert refusal(grammar, written([frame], start)) is None


def test_many_functions_that_call_each_other_do_not_overflow_the_compiler() -> None:
    body = "    x += 1\n" * 70
    source = "".join(f"def f{i}(x):\n    x = f{i + 1}(x)\n{body}    return x\n" for i in range(40))
    program = parse(f"{source}def f40(x):\n    return x\nf0(1)\n")
    frames = real_frames(program.source, max_frames=10_000)
    start = State().after(frames[0])
    grammar = walk(program, start, RUN, "none")
    assert refusal(grammar, written(frames[1:], start)) is None


def test_a_table_of_very_many_functions_is_too_large() -> None:
    source = "".join(f"def f{i}(x):\n    y = x\n    y += {i}\n    return y\n" for i in range(400))
    table = "[" + ", ".join(f"f{i}" for i in range(400)) + "]"
    program = parse(f"{source}def run(x):\n    for f in {table}:\n        x = f(x)\n    return x\n")
    run = program.find("run")
    start = State((Scope("run", run.scope_line, run.lines[-2]),), Event.LINE)
    with pytest.raises(GrammarTooLarge):
        walk(program, start, RUN)
    grammar = frame_grammar(program, start, RUN, CwmWriter(IDS), exceptions="none")
    frame = Frame(Event.CALL, "f350", 1401, 1401, "def f350(x):", {"x": Value("1")})
    assert refusal(grammar, written([frame], start)) is None


def test_after_the_end_there_is_no_grammar() -> None:
    program = parse("def f():\n    return 1\n")
    over = State((Scope("f", 1, 2),), Event.RETURN, Value("1"))
    with pytest.raises(ValueError, match="over"):
        frame_grammar(program, over, RUN, CwmWriter(IDS), exceptions="all")
    with pytest.raises(ValueError, match="empty"):
        walk(program, State(), RUN)
