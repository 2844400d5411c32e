"""A launch that begins from the end: `"start": "end"` and what the call comes to.

`returned` (a literal), `raised` (`"KeyError: 'a'"`, or the name alone) or `state` (`line`, and
`variables` by name) is what is known. Inputs that would lead there are guessed, each is verified by
predicting forward, and the session stands at the end of the best: stepping back leads to the call.
The others are branches of the timeline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from foreframe.errors import BadOption
from foreframe.outcome import best_of, ending, read_outcome, stand_at_the_end, told, way_there
from foreframe_models.inputs import Guess, Outcome, Reached, check_guessable
from foreframe_protocol.states import Trace

if TYPE_CHECKING:
    from foreframe.parties import WorldModel
    from foreframe.session import Session
    from foreframe_models.program.control_flow import Program
    from foreframe_protocol.dap_arguments import LaunchArguments

STARTS = ("entry", "end")


@dataclass(frozen=True, slots=True)
class FromTheEnd:
    """What is known of the end, and what may have led there, the best first."""

    function: str
    outcome: Outcome
    guesses: list[Guess]
    start: Trace

    def place(self, session: Session) -> None:
        """Puts what may have been before the end that the session begins with."""
        stand_at_the_end(session, self.function, self.outcome, self.guesses)

    def begin(self, session: Session) -> None:
        """Stands at the end."""
        best = told(self.function, self.guesses[0])
        where = "At the line" if isinstance(self.outcome, Reached) else "At the end"
        session.begin_here(where, f"guessed: {best}; step back to see how")

    def report(self) -> str:
        """The guesses, for a person."""
        lines = [f"inputs for which {self.function} {self.outcome}, guessed and verified forward:"]
        lines += (f"  {n}. {told(self.function, one)}" for n, one in enumerate(self.guesses, 1))
        return "\n".join(lines)


def wants_the_end(arguments: LaunchArguments) -> bool:
    """Whether a launch begins from the end. Raises BadOption where that is not clear."""
    if arguments.start not in STARTS:
        raise BadOption(f'`start` is "entry", "end" or "state", not {arguments.start!r}')
    given = (arguments.returned, arguments.raised, arguments.state)
    if arguments.start == "end":
        if arguments.mode != "imagine":
            raise BadOption('a session that begins from the end is imagined: use `mode` "imagine"')
        if arguments.args:
            raise BadOption("`args` are guessed in a session that begins from the end: leave them")
        return True
    if any(one is not None for one in given):
        raise BadOption('`returned`, `raised` and `state` are outcomes: set `start` to "end"')
    return False


async def from_the_end(
    arguments: LaunchArguments, program: Program, world: WorldModel
) -> FromTheEnd:
    """Guesses and verifies. Raises BadOutcome, NoGuess, EntryError, EngineError."""
    returned = arguments.returned
    if returned is not None and not isinstance(returned, str):
        returned = repr(returned)
    reached = None
    if arguments.state is not None:
        values = ", ".join(f"{n} = {text}" for n, text in arguments.state.variables.items())
        reached = f"{arguments.state.line}: {values}"
    outcome = read_outcome(returned, arguments.raised, reached, arguments.function or None)
    return await find_the_end(program, world, arguments.function or "", outcome, arguments.guesses)


async def find_the_end(
    program: Program, world: WorldModel, function: str, outcome: Outcome, count: int
) -> FromTheEnd:
    """Guesses what may have led to an outcome. Raises NoGuess, EntryError, EngineError."""
    check_guessable(program, function, outcome)
    guesses = await world.guess_inputs(program, function, outcome, count)
    best = way_there(best_of(guesses, outcome), outcome)
    start = ending(program, function, outcome, best.state.top.line)
    return FromTheEnd(function, outcome, guesses, start)
