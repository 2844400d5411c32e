"""Documents of the jump task: real traces in which jumps stand for runs of frames.

Every jump goes on from a state that all before it led to, so each frame of such a document, be it
jumped to or stepped to, can be learned from.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from foreframe_models.dialects.compact_jump import write_jump
from foreframe_models.dialects.compact_text import Place, head, write_frame
from foreframe_models.dialects.listing import Listing
from foreframe_models.jumps import Aim, landing
from foreframe_models.training.documents import Document, Run
from foreframe_models.training.programs.generator import Sample
from foreframe_protocol.states import Action, Event, Frame

STRAIGHT, LAST, LATER = 0.45, 0.15, 0.2  # the rest: jumps again and again
RATES = (0.06, 0.15, 0.4)  # of jumps among a document's frames
NEVER = 0.06  # of lines to run to: lines that are not come to


def jump(
    rng: Random, sample: Sample, runs: Sequence[Run], listing: Listing, context: int
) -> Document | None:
    """The runs one after another, each with jumps in it; None where none could be made."""
    special = listing.vocabulary.special
    ids = head(listing)
    starts: list[int] = []
    given: list[tuple[int, int]] = []
    jumps = 0
    for number, run in enumerate(runs):
        opened = len(ids)
        if number:
            ids.append(special["<trace>"])
        place, at = Place(), -1
        plan = Plan.draw(rng)
        while at + 1 < len(run.frames):
            aim = plan.aim(rng, run.frames, at)
            target = None if aim is None else landing(run.frames, at, aim)
            asked: list[int] = []
            if aim is None or target is None:
                target = at + 1
                tokens, after = write_frame(listing, place, run.frames[target])
            else:
                asked, tokens, after = write_jump(listing, place, aim, run.frames[target])
            if len(ids) + len(asked) + len(tokens) > context - 1:
                break
            if asked:
                jumps += 1
                given.append((len(ids), len(ids) + len(asked)))
                ids += asked
            if at < 0:
                given.append((opened, len(ids) + len(tokens)))
            starts.append(len(ids))
            ids += tokens
            place, at = after, target
        if at < 0:
            del ids[opened:]
            break
        if at + 1 < len(run.frames) or not run.finished:
            break
        ids.append(special["<end>"])
    if not jumps:
        return None
    return Document(ids, given[0][1], starts, tuple(given))


class Plan:
    """When jumps are made in one run: straight from its call, at one later place, or often."""

    def __init__(self, first: int | None, rate: float, last: bool = False) -> None:
        self.first, self.rate, self.last = first, rate, last

    @classmethod
    def draw(cls, rng: Random) -> Plan:
        """A plan at random."""
        kind = rng.random()
        if kind < STRAIGHT:
            return cls(0, 0.0)
        if kind < STRAIGHT + LAST:
            return cls(0, 0.0, last=True)
        if kind < STRAIGHT + LAST + LATER:
            return cls(rng.choice((1, 2, 3, 4, 6, 8, 12)), 0.0)
        return cls(None, rng.choice(RATES))

    def aim(self, rng: Random, frames: Sequence[Frame], at: int) -> Aim | None:
        """Where to jump from `frames[at]`; None to step."""
        if at < 0 or frames[at].event is Event.EXCEPTION:
            return None
        level = frames[at].depth - (frames[at].event is Event.RETURN)
        if level < 0:
            return None
        if self.first is not None:
            if at != self.first:
                return None
            if not self.last:
                return Aim(Action.STEP_OUT)
            lines = lines_ahead(frames, at, level)
            return Aim(Action.RUN_TO, lines[-1]) if lines else None
        if rng.random() >= self.rate:
            return None
        kind = rng.random()
        if kind < 0.3:
            return Aim(Action.STEP_OUT)
        if kind < 0.5 and at + 1 < len(frames) and frames[at + 1].depth > level:
            return Aim(Action.STEP_OVER)
        lines = lines_ahead(frames, at, level)
        if rng.random() < NEVER:
            lines = lines_never(frames, at, level)
        return Aim(Action.RUN_TO, rng.choice(lines)) if lines else None


def lines_ahead(frames: Sequence[Frame], at: int, level: int) -> list[int]:
    """The lines that the scope at `level` comes to before it returns, each once, in that order."""
    found: dict[int, None] = {}
    for frame in frames[at + 1 :]:
        if frame.depth == level:
            if frame.event is Event.RETURN:
                break
            if frame.event is Event.LINE:
                found.setdefault(frame.line)
    return list(found)


def lines_never(frames: Sequence[Frame], at: int, level: int) -> list[int]:
    """Lines that the scope has been on before and does not come to again."""
    ahead = set(lines_ahead(frames, at, level))
    top = frames[at]
    return sorted(
        {
            frame.line
            for frame in frames[: at + 1]
            if frame.event is Event.LINE and frame.depth == level
            if (frame.function, frame.scope_line) == (top.function, top.scope_line)
        }
        - ahead
    )
