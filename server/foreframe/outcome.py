"""Beginning from the end: an outcome as a person gives it, and a session that stands there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from foreframe.errors import BadOutcome, NoGuess
from foreframe.timeline import Change
from foreframe_models.entry import Entry, EntryError, parse_arguments
from foreframe_models.inputs import (
    Guess,
    Outcome,
    Raised,
    Reached,
    Returned,
    Verified,
    read_literal,
)
from foreframe_protocol.states import Event, Frame, Provenance, Scope, State, Trace, Value

if TYPE_CHECKING:
    from foreframe.session import Session
    from foreframe_models.program.control_flow import Program

MOST_TOLD = 60  # characters of the arguments in a text
_EXCEPTION = re.compile(r"[^\W\d][\w.]*(?:: .*)?", re.DOTALL)
_REACHED = re.compile(r"\s*(\d+)\s*(?::(.*))?", re.DOTALL)


def read_outcome(
    returned: str | None, raised: str | None, reached: str | None, function: str | None
) -> Outcome:
    """The one outcome that is given. Raises BadOutcome, which says what to change.

    `returned` is a literal, `raised` an exception's name or `Name: message`, `reached` a line and
    values of its variables: `7: total = 3, word = 'ab'`.
    """
    given = [text for text in (returned, raised, reached) if text is not None]
    if len(given) != 1:
        raise BadOutcome(
            "to begin from the end, give one outcome: what is returned, what is raised, or a "
            f"state at a line; {'none' if not given else f'{len(given)}'} of them is given"
        )
    if function is None:
        raise BadOutcome("an outcome is that of a call: name its function")
    try:
        if returned is not None:
            return Returned(_given(read_literal(returned, "the returned value")))
        if raised is not None:
            return Raised(_given(Value(_exception(raised))))
        return _reached(reached or "")
    except EntryError as error:
        raise BadOutcome(str(error)) from error


def _given(value: Value) -> Value:
    return Value(value.text, Provenance.GIVEN)


def _exception(text: str) -> str:
    text = text.strip()
    if not _EXCEPTION.fullmatch(text):
        raise BadOutcome(
            f"{text[:MOST_TOLD]!r} is no exception: write its name, or name and message as in "
            "\"KeyError: 'a'\""
        )
    return text


def _reached(text: str) -> Reached:
    match = _REACHED.fullmatch(text)
    if match is None:
        raise BadOutcome(
            f"{text[:MOST_TOLD]!r} is no state at a line: write the line's number and, if you "
            "like, values of its variables, as in \"7: total = 3, word = 'ab'\""
        )
    placed, named = parse_arguments(match[2] or "")
    if placed:
        raise BadOutcome("the values of a state have names: write `name = value`")
    values = {name: Value(repr(value), Provenance.GIVEN) for name, value in named.items()}
    return Reached(int(match[1]), values)


def ending(program: Program, function: str, outcome: Outcome, line: int) -> Trace:
    """What is known of an outcome alone, as a trace of one frame; `line` is where it happens."""
    scope = program.find(function)
    place = scope.qualname, scope.scope_line, line
    if isinstance(outcome, Reached):
        state = State((Scope(*place, outcome.values),), Event.LINE)
        frame = Frame(Event.LINE, *place, program.line_text(line), outcome.values)
    else:
        event = Event.EXCEPTION if isinstance(outcome, Raised) else Event.RETURN
        state = State((Scope(*place),), event, outcome.value)
        frame = Frame(event, *place, program.line_text(line), value=outcome.value)
    return Trace(state, frame, Trace(), 1)


def best_of(guesses: Sequence[Guess], outcome: Outcome) -> Guess:
    """The first guess. Raises NoGuess where there is none."""
    if not guesses:
        raise NoGuess(
            f"no arguments were found for which the call {outcome}: ask for more guesses, or use "
            "a stronger model with `engine`"
        )
    return guesses[0]


def way_there(guess: Guess, outcome: Outcome) -> Trace:
    """The predicted run of a guess, up to the line that was asked for if it comes there."""
    if not isinstance(outcome, Reached) or guess.verified is not Verified.MATCH:
        return guess.trace
    wanted = outcome.values
    for node in guess.trace.nodes():
        frame = node.frame
        if frame is None or frame.event is not Event.LINE or frame.line != outcome.line:
            continue
        values = frame.locals or {}
        if frame.depth == 0 and all(n in values and values[n].text == v.text
                                    for n, v in wanted.items()):  # fmt: skip
            return node
    return guess.trace


def stand_at_the_end(session: Session, function: str, outcome: Outcome, found: list[Guess]) -> None:
    """Puts the ways that lead to an outcome before it, each as a branch; the best is the one taken.

    Guesses that came to something else are not among them, unless all did. The session begins with
    `ending`.
    """
    matching = [guess for guess in found if guess.verified is Verified.MATCH] or found[:1]
    start = session.timeline.branch
    for guess in reversed(matching):
        session.suppose(
            start.number, way_there(guess, outcome), Change("past", told(function, guess))
        )


def told(function: str, guess: Guess) -> str:
    """A guess in a line."""
    args = guess.args if len(guess.args) <= MOST_TOLD else guess.args[:MOST_TOLD] + "…"
    came = "" if guess.forward is None else f" → {guess.forward.text}"
    return f"{function}({args}){came} [{guess.verified.value}]"


def entry_of(function: str, guess: Guess) -> Entry:
    """The call that a guess stands for."""
    return Entry(function, guess.args)
