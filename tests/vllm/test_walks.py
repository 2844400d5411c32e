"""Whole steps through a real vLLM: whatever its weights say, every walk is a legal trace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from foreframe_models.dialects.cwm import CwmDialect
from foreframe_models.engines.base import Request
from foreframe_models.engines.vllm import VllmEngine
from foreframe_models.grammar import GrammarTooLarge
from foreframe_models.program.control_flow import Program
from foreframe_models.world_model import Entry, WorldModel
from foreframe_protocol.states import Action, End, Event, Frame, Goal, Scope, State, Trace, Value

if TYPE_CHECKING:
    from .conftest import Server

pytestmark = pytest.mark.vllm

SOURCE = '''\
def vowels(word):
    """Counts <|frame_sep|> and "é"."""
    n = 0
    for c in word:
        if is_vowel(c):
            n += 1
    return n


def is_vowel(c):
    return c in "aeiou"
'''
COUNT = Program.parse(SOURCE, "vowels.py")
CALL = Entry("vowels", "'<|frame_sep|>é'")
MOST = 1500  # tokens of one walk
OVER, INTO, OUT = (Goal(action) for action in (Action.STEP_OVER, Action.STEP_INTO, Action.STEP_OUT))


@pytest.fixture
async def model(engine: VllmEngine) -> WorldModel:
    model = WorldModel(engine, max_frames=60, max_tokens=MOST)
    dialect = await model.open()
    assert isinstance(dialect, CwmDialect)
    dialect.exceptions = "none"  # a model of random weights would raise one on every other line
    return model


def lines(frames: tuple[Frame, ...]) -> list[tuple[str, int]]:
    """Function and line of each frame."""
    return [(frame.function, frame.line) for frame in frames]


async def test_steps_over_lines_stop_on_legal_lines_with_all_locals(model: WorldModel) -> None:
    trace = await model.start(COUNT, CALL)
    for line, names in ((3, ["word"]), (4, ["word", "n"])):
        prediction = await model.predict(COUNT, trace, OVER)
        trace = prediction.trace
        assert prediction.end is End.REACHED
        assert lines(prediction.frames) == [("vowels", line)]
        assert trace.frame is not None
        assert list(trace.frame.locals or ())[: len(names)] == names
        assert trace.frame.source == COUNT.line_text(line)


async def test_one_request_walks_over_a_call_and_back(model: WorldModel) -> None:
    shown = {"word": Value("'é'"), "n": Value("0"), "c": Value("'é'")}
    state = State((Scope("vowels", 1, 5, shown),), Event.LINE)
    trace = model.begin(COUNT, state)
    prediction = await model.predict(COUNT, trace, OVER)
    assert prediction.usage.requests == 1
    assert prediction.end is End.REACHED
    frames = lines(prediction.frames)
    assert frames[0] == ("is_vowel", 10)
    assert frames[-1][0] == "vowels"
    assert {function for function, _ in frames[:-1]} == {"is_vowel"}


async def test_the_second_step_finds_over_nine_tenths_of_its_prompt_cached(
    model: WorldModel,
) -> None:
    padded = Program.parse(SOURCE + "\n\n# " + "padding " * 400, "padded.py")
    trace = await model.start(padded, CALL)
    first = await model.predict(padded, trace, OVER)
    second = await model.predict(padded, first.trace, OVER)
    assert second.usage.prompt_tokens > 400
    assert second.usage.cached_tokens > 0.9 * second.usage.prompt_tokens


async def test_a_walk_that_is_cancelled_ends_at_the_engine(
    model: WorldModel, server: Server
) -> None:
    before = await server.written_when_idle()
    program = Program.parse("def f(x):\n" + "    x += 1\n" * 200, "long.py")
    trace = await model.start(program, Entry("f", "1"))
    seen = asyncio.Event()
    task = asyncio.create_task(model.predict(program, trace, OUT, on_frame=lambda _: seen.set()))
    await asyncio.wait_for(seen.wait(), 120)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 0 < await server.written_when_idle() - before < MOST


async def test_a_trace_without_end_is_cut_off_and_says_so(model: WorldModel) -> None:
    program = Program.parse("def f():\n    while True:\n        pass\n", "endless.py")
    model.max_frames = 12
    trace = await model.start(program, Entry("f"))
    prediction = await model.predict(program, trace, OUT)
    assert prediction.end is End.CUT_OFF
    assert prediction.trace.length == 12
    assert "12 frames" in prediction.message


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n" + "    x += 1\n" * 5000 + "    return x\n",
        "\n".join(f"def g{n}(x):\n    return x" for n in range(400))
        + "\nTABLE = ["
        + ", ".join(f"g{n}" for n in range(400))
        + "]\ndef f(x):\n    y = TABLE[x](x)\n    return y\n",
    ],
    ids=["5000 lines", "table of 400 functions"],
)
async def test_a_hostile_program_does_not_kill_the_server(model: WorldModel, source: str) -> None:
    program = Program.parse(source, "hostile.py")
    line = program.find("f").def_line
    trace = Trace().append(
        Frame(Event.CALL, "f", line, line, program.line_text(line), {"x": Value("1")})
    )
    dialect = await model.open()
    try:
        grammar = dialect.grammar(program, trace, OUT, one_frame=False)
    except GrammarTooLarge:
        grammar = dialect.grammar(program, trace, OUT, one_frame=True)
    prompt = await model.engine.encode("def f(x):")
    stream = model.engine.stream(Request(prompt, 100, grammar))
    ids = [token async for chunk in stream for token in chunk.ids]
    assert dialect.info.specials["<|frame_sep|>"] in ids
    assert await model.engine.health() == ""
