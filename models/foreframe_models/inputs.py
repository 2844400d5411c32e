"""Inputs from an outcome: arguments that would lead there, each checked by predicting forward."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from foreframe_models.dialects.compact import CompactDialect
from foreframe_models.dialects.compact_way_back import CompactWayBack
from foreframe_models.dialects.way_back import NoPast, Sampling
from foreframe_models.entry import (
    Entry,
    EntryError,
    bind_arguments,
    find_function,
    is_instance_method,
    literal,
    shorten,
)
from foreframe_models.input_completion import complete_inputs
from foreframe_models.program.syntax import literal_of, parse_expression
from foreframe_protocol.states import (
    Action,
    End,
    Event,
    Frame,
    Goal,
    Prediction,
    Trace,
    Usage,
    Value,
    Verdict,
    left_entry,
)
from foreframe_protocol.values import compare

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Function, Program
    from foreframe_models.world_model import WorldModel

TRIES_PER_GUESS = 3  # of which some find nothing new, or no arguments
WALKED = 4  # one in so many tries goes back frame by frame, the others straight to the call
HEAT = 0.8  # temperature of all tries but the first of each kind
TRY_TOKENS = 2000  # of one try
TRY_FRAMES = 120
VERIFY_TOKENS = 6000  # of one way forward; a wrong one may never end


@dataclass(frozen=True, slots=True)
class Returned:
    """The call returns this."""

    value: Value

    def __str__(self) -> str:
        return f"returns {self.value.text}"


@dataclass(frozen=True, slots=True)
class Raised:
    """The call ends with this exception: `TypeName: message`, or the type's name alone."""

    value: Value

    def __str__(self) -> str:
        return f"raises {self.value.text}"


@dataclass(frozen=True, slots=True)
class Reached:
    """The call comes to a line, where some of its variables have these values."""

    line: int
    values: Mapping[str, Value]

    def __str__(self) -> str:
        shown = ", ".join(f"{name} = {value.text}" for name, value in self.values.items())
        return f"is on line {self.line}" + (f" with {shown}" if shown else "")


Outcome = Returned | Raised | Reached


class Verified(StrEnum):
    """What predicting forward from a guess says of it."""

    MATCH = "match"
    DIFFERS = "differs"
    CUT_OFF = "cut off"


@dataclass(frozen=True, slots=True)
class Guess:
    """Arguments that may lead to an outcome.

    `logprob`: of the way back to them, as the model's natural logarithm. `votes`: how many tries
    came to them. `forward`: the outcome that is predicted for them, `trace` with all its frames;
    None and empty before they were verified, or where no outcome was reached. `past`: the frames
    of the way back, call first, where it was walked and not jumped.
    """

    args: str
    logprob: float
    votes: int = 1
    verified: Verified = Verified.CUT_OFF
    forward: Value | None = None
    trace: Trace = field(default_factory=Trace)
    past: tuple[Frame, ...] = ()
    usage: Usage = field(default_factory=Usage)

    @property
    def rank(self) -> tuple[int, int, float]:
        """Smaller is better: verified ones first, then those that several tries came to."""
        return list(Verified).index(self.verified), -self.votes, -self.logprob


async def guess_inputs(
    world: WorldModel,
    program: Program,
    function: str,
    outcome: Outcome | Value,
    n: int = 4,
    *,
    seed: int = 0,
    priority: int = 0,
    on_guess: Callable[[Guess], None] | None = None,
) -> list[Guess]:
    """Up to `n` different guesses, the best first, each verified by a prediction forward.

    A plain value stands for what the call returns. `on_guess` gets each as it is verified. None
    are given where no try came to the call. The same seed gives the same guesses. Raises
    EntryError for a function or an outcome that nothing can be guessed of, and EngineError.
    """
    if isinstance(outcome, Value):
        outcome = Returned(normalised(outcome))
    scope = check_guessable(program, function, outcome)
    await world.open()
    found: dict[str, Guess] = {}
    tries = _tries(world, program, function, scope, outcome, n * TRIES_PER_GUESS, seed, priority)
    async for guess in tries:
        known = found.get(guess.args)
        if known is None and len(found) >= n:
            continue
        if known is None:
            known = await verify(world, program, function, outcome, guess, priority)
            if on_guess is not None:
                on_guess(known)
        else:
            past = known.past or guess.past
            best = max(known.logprob, guess.logprob)
            known = replace(known, votes=known.votes + 1, past=past, logprob=best)
        found[guess.args] = known
        matching = sum(guess.verified is Verified.MATCH for guess in found.values())
        if len(found) >= n and matching:
            break
    return sorted(found.values(), key=lambda guess: guess.rank)


async def verify(
    world: WorldModel,
    program: Program,
    function: str,
    outcome: Outcome,
    guess: Guess,
    priority: int = 0,
) -> Guess:
    """The guess with what is predicted to come of it. Raises EngineError."""
    start = await world.start(program, Entry(function, guess.args))
    prediction = await world.predict(
        program, start, Goal(Action.RUN_TO), priority=priority, max_tokens=VERIFY_TOKENS
    )
    verified, forward = judge(prediction, outcome)
    usage = guess.usage + prediction.usage
    return replace(guess, verified=verified, forward=forward, trace=prediction.trace, usage=usage)


def judge(prediction: Prediction, outcome: Outcome) -> tuple[Verified, Value | None]:
    """Whether a prediction comes to an outcome, and to which it comes instead."""
    nodes = prediction.trace.nodes()
    frames = [node.frame for node in nodes if node.frame is not None]
    if isinstance(outcome, Reached):
        for frame in frames:
            if frame.event is Event.LINE and frame.depth == 0 and frame.line == outcome.line:
                values = frame.locals or {}
                if all(n in values and _same(values[n], v) for n, v in outcome.values.items()):
                    return Verified.MATCH, None
    ended = prediction.end is End.FINISHED and bool(frames) and left_entry(frames[-1])
    if not ended:
        return Verified.CUT_OFF, None
    last = frames[-1].value
    raised = frames[-2].event is Event.EXCEPTION and frames[-2].depth == 0
    if raised and last is not None and last.text == "None":
        last = frames[-2].value
    else:
        raised = False
    if last is None:
        return Verified.DIFFERS, None
    match outcome:
        case Returned(value):
            right = not raised and _same(last, value)
        case Raised(value):
            kind = last.text.partition(":")[0]
            right = raised and value.text in (last.text, kind)
        case Reached():
            right = False
    shown = replace(last, text=f"raises {last.text}") if raised else last
    return (Verified.MATCH if right else Verified.DIFFERS), shown


def _same(one: Value, other: Value) -> bool:
    return compare(one.text, other.text) is Verdict.MATCH


# What can be guessed at all.


def check_guessable(program: Program, name: str, outcome: Outcome) -> Function:
    """The function whose arguments are asked for. Raises EntryError, which says what to change."""
    node = find_function(program.tree, name)
    if "." in name and is_instance_method(program.tree, name) and node.args.args:
        raise EntryError(
            f"{name!r} is a method: it needs an object that only a run can make. "
            "Name a function that calls it"
        )
    scope = program.find(name)
    if not scope.parameters:
        raise EntryError(f"{name!r} takes no arguments: there is nothing to guess")
    match outcome:
        case Raised() if not scope.flow.unwinds and not scope.flow.reraises:
            raise EntryError(f"{name!r} has no line that could raise")
        case Reached(line, values):
            if line not in scope.lines:
                raise EntryError(
                    f"line {line} is no line to stop at in {name!r}: its lines are "
                    f"{_ranges(scope.lines)}"
                )
            unknown = [n for n in values if n not in scope.names]
            if unknown:
                raise EntryError(
                    f"{name!r} has no variable {unknown[0]!r}; it has {', '.join(scope.names)}"
                )
    return scope


def normalised(value: Value) -> Value:
    """The value as `repr` writes it, where it is a literal."""
    try:
        return replace(value, text=repr(literal_of(value.text.strip())))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return value


def read_literal(text: str, what: str) -> Value:
    """A value that a person gives as text, as `repr` writes it. Raises EntryError."""
    try:
        node = parse_expression(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise EntryError(f"{what} {shorten(text)} is not valid Python") from error
    try:
        return Value(repr(literal(node)))
    except EntryError as error:
        raise EntryError(
            f"{what} {shorten(text)} is not a Python literal (numbers, strings, lists, tuples, "
            "dicts, sets, True, False, None)"
        ) from error


def _ranges(lines: tuple[int, ...]) -> str:
    return f"{lines[0]} to {lines[-1]}" if lines else "none"


# Tries.


async def _tries(
    world: WorldModel,
    program: Program,
    name: str,
    function: Function,
    outcome: Outcome,
    count: int,
    seed: int,
    priority: int,
) -> AsyncIterator[Guess]:
    """Arguments that one try each came to. Each fits the function."""
    dialect = await world.open()
    for number in range(count):
        sampling = Sampling(HEAT if number > 1 else 0.0, seed + 1000 * number)
        if isinstance(dialect, CompactDialect):
            walked = number % WALKED == 1
            guess = await _back(dialect, program, function, outcome, sampling, walked, priority)
        elif number == 1:
            continue  # the likeliest completion is always the same
        else:
            text, logprob, usage = await complete_inputs(
                dialect, program, name, str(outcome), sampling, priority
            )
            guess = None if text is None else Guess(text, logprob, usage=usage)
        if guess is not None and fits(program, name, guess.args):
            yield guess


async def _back(
    dialect: CompactDialect,
    program: Program,
    function: Function,
    outcome: Outcome,
    sampling: Sampling,
    walked: bool,
    priority: int,
) -> Guess | None:
    """One way back: straight to the call, or frame by frame if `walked`."""
    match outcome:
        case Reached(line, values):
            way = CompactWayBack.standing(dialect, program, function, line, values, sampling)
        case Returned(value) | Raised(value):
            raised = isinstance(outcome, Raised)
            way = CompactWayBack.ending(
                dialect, program, function, value, raised=raised, sampling=sampling
            )
    frames: list[Frame] = []
    while len(frames) < TRY_FRAMES:
        left = TRY_TOKENS - way.usage.generated_tokens - way.usage.forced_tokens
        if left <= 0:
            return None
        way.to_call = bool(frames) and not walked
        try:
            step = await way.step(max_tokens=left, priority=priority)
        except NoPast:
            return None
        if not step:
            return None
        frames += step
        if frames[-1].event is Event.CALL and frames[-1].depth == 0:
            args = arguments_text(function, frames[-1])
            if args is None:
                return None
            past = tuple(reversed(frames)) if walked else ()
            return Guess(args, way.logprob, past=past, usage=way.usage)
    return None


def arguments_text(function: Function, call: Frame) -> str | None:
    """The arguments of a call as they would be written, None where a value is no literal."""
    given = call.locals or {}
    placed: list[str] = []
    named: list[str] = []
    try:
        for parameter in function.parameters:
            value = literal_of(given[parameter.name].text)
            match parameter.kind, value:
                case "VAR_POSITIONAL", tuple():
                    placed += map(repr, value)
                case "VAR_KEYWORD", dict():
                    named += (f"{key}={item!r}" for key, item in value.items())
                case "VAR_POSITIONAL" | "VAR_KEYWORD", _:
                    return None
                case "KEYWORD_ONLY", _:
                    named.append(f"{parameter.name}={value!r}")
                case _:
                    placed.append(repr(value))
    except (KeyError, ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    return ", ".join([*placed, *named])


def fits(program: Program, name: str, args: str) -> bool:
    """Whether a function can be called with these arguments."""
    try:
        bind_arguments(program.tree, name, args)
    except EntryError:
        return False
    return True
