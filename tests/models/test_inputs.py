"""Inputs from an outcome: tries, their ranking, and their verification forward."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
from truth import real_frames

from foreframe_models.dialects.compact_backward import write_past
from foreframe_models.dialects.compact_text import Place, write_frame
from foreframe_models.dialects.listing import Listing
from foreframe_models.engines.base import Chunk, Engine, Finish, ModelInfo, Request
from foreframe_models.engines.constraint import GrammarVocabulary
from foreframe_models.engines.recorded import BYTE_MODEL, Exchange, RecordedEngine, byte_text
from foreframe_models.entry import EntryError
from foreframe_models.input_completion import call_arguments
from foreframe_models.inputs import (
    Raised,
    Reached,
    Returned,
    Verified,
    arguments_text,
    guess_inputs,
    read_literal,
)
from foreframe_models.past import PastPlace, retreat
from foreframe_models.program.control_flow import Program
from foreframe_models.vocabulary import Vocabulary
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import Event, Frame, Value

VOCABULARY = Vocabulary.standard()
IDS = GrammarVocabulary.of_ids(len(VOCABULARY), VOCABULARY.special["<pad>"])
SOURCE = """\
def f(n, k=2):
    total = n * k
    if total > 10:
        raise ValueError('large')
    return total

def nothing():
    return 1

def calm(a):
    pass

class A:
    def m(self, x):
        return x

def every(a, *rest, b=1, **named):
    return a
"""
PROGRAM = Program.parse(SOURCE, "program.py")
LISTING = Listing(SOURCE, VOCABULARY)


class Seer(Engine):
    """A small model that comes to the arguments it is told, and knows what really follows."""

    name = "seer"

    def __init__(self, tries: Sequence[str]) -> None:
        self.tries = list(tries)  # arguments, one try each
        self.way: list[list[int]] = []
        self.seeds: list[int | None] = []
        self.forward = 0

    async def open(self) -> ModelInfo:
        return ModelInfo("small", "compact", 2048, VOCABULARY.special)

    async def stream(self, request: Request) -> AsyncIterator[Chunk]:
        if VOCABULARY.special["<rev>"] not in request.prompt:
            self.forward += 1
            ids = self._what_follows(request.prompt)
        else:
            ids = self._what_came_before(request)
        assert request.grammar is not None
        constraint = IDS.constraint(request.grammar)
        for token in ids:
            assert constraint.allowed()[token], VOCABULARY.show(ids) + request.grammar
            constraint.advance((token,))
        yield Chunk(tuple(ids), ("",) * len(ids), (-0.1,) * len(ids), (False,) * len(ids))
        yield Chunk(finish=Finish.STOP)

    def _what_follows(self, prompt: tuple[int, ...]) -> list[int]:
        call = VOCABULARY.show(prompt).rpartition("<call> ")[2]
        values = [part.split("<=>")[1] for part in call.split("<;>")[:-1]]
        frames = real_frames(SOURCE, "f", ", ".join(v.replace(" ", "") for v in values))
        _, place = write_frame(LISTING, Place(), frames[0])
        found: list[int] = []
        for frame in frames[1:]:
            ids, place = write_frame(LISTING, place, frame)
            found += ids
        return found

    def _what_came_before(self, request: Request) -> list[int]:
        prompt = request.prompt
        begun = VOCABULARY.show(prompt).rpartition("<rev>")[2]
        if "<L" not in begun:  # the first frame of a try, its value told
            self.seeds.append(request.seed)
            self.frames = real_frames(SOURCE, "f", self.tries.pop(0))[::-1]
            self.place, self.at = PastPlace(), 0
            return self._next()[-1:]
        if "<jump>" in (request.grammar or "") or self._jumps(request):
            ids, _, self.place = write_past(LISTING, self.place, self.frames[-1:], jumped=True)
            return ids
        return self._next()

    def _jumps(self, request: Request) -> bool:
        return f"<[{VOCABULARY.special['<jump>']}]>" in (request.grammar or "")

    def _next(self) -> list[int]:
        ids, count, self.place = write_past(LISTING, self.place, self.frames[self.at :])
        self.at += count
        return ids

    async def encode(self, text: str) -> tuple[int, ...]:
        raise NotImplementedError

    async def decode(self, ids: tuple[int, ...]) -> str:
        raise NotImplementedError

    async def health(self) -> str:
        return ""

    async def close(self) -> None:
        return None


async def test_guesses_are_verified_and_the_one_that_leads_there_comes_first() -> None:
    engine = Seer(["4, 2", "3, 2", "2, 3", "3, 2", "5, 1", "1, 1"])
    told: list[str] = []
    found = await guess_inputs(
        WorldModel(engine), PROGRAM, "f", Value("6"), 3, on_guess=lambda g: told.append(g.args)
    )
    assert [(g.args, g.verified) for g in found] == [
        ("2, 3", Verified.MATCH),
        ("3, 2", Verified.MATCH),
        ("4, 2", Verified.DIFFERS),
    ]
    assert told == ["4, 2", "3, 2", "2, 3"]
    assert [g.forward and g.forward.text for g in found] == ["6", "6", "8"]
    assert found[0].trace.state.value is not None


async def test_the_first_tries_are_the_likeliest_and_the_others_are_drawn() -> None:
    engine = Seer(["4, 2", "4, 2", "4, 2", "3, 2", "1, 1"])
    found = await guess_inputs(WorldModel(engine), PROGRAM, "f", Value("6"), 2, seed=7)
    assert [g.args for g in found] == ["3, 2", "4, 2"]
    assert found[1].votes == 3
    assert len(set(engine.seeds)) == len(engine.seeds)
    walked = [frame.line for frame in found[1].past]
    assert walked == [1, 2, 3, 5, 5]  # the second try went back frame by frame


async def test_an_exception_is_an_outcome() -> None:
    engine = Seer(["6, 2"] * 6)
    found = await guess_inputs(
        WorldModel(engine), PROGRAM, "f", Raised(Value("ValueError: large")), 1
    )
    assert [(g.args, g.verified) for g in found] == [("6, 2", Verified.MATCH)]
    assert found[0].forward == Value("raises ValueError: large", found[0].forward.provenance,
                                     found[0].forward.confidence)  # fmt: skip
    only_its_type = Raised(Value("ValueError"))
    again = await guess_inputs(WorldModel(Seer(["6, 2"] * 6)), PROGRAM, "f", only_its_type, 1)
    assert again[0].verified is Verified.MATCH


async def test_a_state_at_a_line_is_an_outcome() -> None:
    class There(Seer):
        def _what_came_before(self, request: Request) -> list[int]:
            if VOCABULARY.special["<line>"] in request.prompt[-40:]:
                return super()._what_came_before(request)
            frames = real_frames(SOURCE, "f", self.tries.pop(0))[::-1]
            self.frames = frames[next(i for i, f in enumerate(frames) if f.line == 3) :]
            opened = Frame(Event.RETURN, "f", 1, 3, "")
            self.place, self.at = retreat(PastPlace(), opened), 0
            return self._next()

    reached = Reached(3, {"total": Value("8")})
    found = await guess_inputs(WorldModel(There(["4, 2"] * 6)), PROGRAM, "f", reached, 1)
    assert [(g.args, g.verified) for g in found] == [("4, 2", Verified.MATCH)]


async def test_a_model_that_goes_forward_only_completes_a_call() -> None:
    answers = ["3, 2)\n", "2, 3) and more\n", "(", "1)\n"]
    engine = RecordedEngine([Exchange(a, logprobs=(-0.1,) * len(a)) for a in answers])
    world = WorldModel(engine)
    with pytest.raises(Exception):  # noqa: B017, PT011 - no answer is recorded for the way forward
        await guess_inputs(world, PROGRAM, "f", Returned(Value("6")), 2)
    prompt = byte_text(engine.requests[0].prompt)
    assert prompt.endswith("# This call returns 6\nassert 6 == f(")
    assert engine.requests[0].grammar is None
    assert BYTE_MODEL.dialect == "cwm"
    assert "f(3, 2)" in byte_text(engine.requests[1].prompt)


@pytest.mark.parametrize(
    ("text", "found"),
    [("1, 2) == 3", "1, 2"), ("')', (1, 2))", "')', (1, 2)"), ("[1, 2", None), (")", "")],
)
def test_a_completed_call_ends_at_its_own_parenthesis(text: str, found: str | None) -> None:
    assert call_arguments(text) == found


def test_arguments_are_written_as_they_are_passed() -> None:
    values = {"a": "1", "b": "2", "rest": "(3, 'x')", "named": "{'c': [4]}"}
    call = Frame(
        Event.CALL, "every", 15, 15, "", {name: Value(text) for name, text in values.items()}
    )
    assert arguments_text(PROGRAM.find("every"), call) == "1, 3, 'x', b=2, c=[4]"
    broken = Frame(Event.CALL, "calm", 10, 10, "", {"a": Value("[1, ")})
    assert arguments_text(PROGRAM.find("calm"), broken) is None


@pytest.mark.parametrize(
    ("function", "outcome", "message"),
    [
        ("nothing", Returned(Value("1")), "takes no arguments"),
        ("A.m", Returned(Value("1")), "is a method"),
        ("g", Returned(Value("1")), "no function 'g'"),
        ("f", Reached(99, {}), "line 99 is no line to stop at in 'f': its lines are 2 to 5"),
        ("f", Reached(3, {"totl": Value("1")}), "no variable 'totl'; it has n, k, total"),
    ],
)
async def test_what_cannot_be_guessed_is_said(
    function: str, outcome: Returned | Reached, message: str
) -> None:
    with pytest.raises(EntryError, match=message):
        await guess_inputs(WorldModel(Seer([])), PROGRAM, function, outcome)


@pytest.mark.parametrize("text", ["x + 1", "f(2)", "[1", "<object>"])
def test_an_outcome_that_is_no_literal_is_refused(text: str) -> None:
    with pytest.raises(EntryError, match="the returned value"):
        read_literal(text, "the returned value")


def test_an_outcome_is_read_as_repr_writes_it() -> None:
    assert read_literal(' "a" ', "the value") == Value("'a'")
