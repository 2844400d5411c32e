"""Documents of the past: from a stop back to the entry's call, and from an outcome back to it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from foreframe_models.dialects.compact_backward import write_known, write_partly, write_past
from foreframe_models.dialects.compact_text import head, write_scopes
from foreframe_models.dialects.listing import Listing
from foreframe_models.past import PastPlace, leaves, retreat
from foreframe_models.training.documents import Document, Run
from foreframe_models.training.forward_documents import state_before
from foreframe_models.training.programs.generator import Sample
from foreframe_protocol.states import Event, Frame

OVER = 0.2  # of the ways back: calls are passed over
TO_THE_CALL = 0.3  # of the outcomes: straight to the call; of the ways back, half as many
AT_A_LINE = 0.25  # of the outcomes: a state at a line, the others a return or an exception


def backward(
    rng: Random, sample: Sample, runs: Sequence[Run], listing: Listing, context: int
) -> Document | None:
    """Back from a random stop of a run, to the call that it began with."""
    frames = runs[0].frames
    if len(frames) < 3:
        return None
    at = rng.randrange(1, len(frames))
    if frames[at].event is Event.CALL:
        at -= 1
    if at == 0:
        return None
    state = state_before(frames, at + 1)
    ids = [*head(listing), *write_scopes(listing, state), listing.vocabulary.special["<rev>"]]
    start = len(ids)
    way = frames[:at][::-1]
    if rng.random() < TO_THE_CALL / 2:
        way = way[: rng.randrange(4)]
        rest = frames[: at - len(way)][::-1]
        return _document(listing, ids, start, PastPlace.of(state), way, rest, False, context)
    over = rng.random() < OVER
    return _document(listing, ids, start, PastPlace.of(state), way, [], over, context)


def outcome(
    rng: Random, sample: Sample, runs: Sequence[Run], listing: Listing, context: int
) -> Document | None:
    """Back from what a call ended with, or from a part of a state on one of its lines."""
    run = runs[0]
    if sample.function is None or not run.finished or len(run.frames) < 3:
        return None
    frames = run.frames[::-1]
    ids = [*head(listing), listing.vocabulary.special["<rev>"]]
    lines = [i for i, f in enumerate(frames) if f.depth == 0 and f.event is Event.LINE]
    if lines and rng.random() < AT_A_LINE:
        frames = frames[rng.choice(lines) :]
        ids += _partly(rng, listing, frames[0])
        start = len(ids)
        opened = Frame(Event.RETURN, *_place(frames[0]))
        place = retreat(PastPlace(), opened)
    else:
        last = frames[0]
        raised = leaves(frames[1], last)
        value = frames[1].value if raised else last.value
        assert value is not None
        scope = last.function, last.scope_line, last.line
        known = write_known(listing, *scope, value, raised=raised)
        start, place = len(ids) + len(known), PastPlace()
    if rng.random() < TO_THE_CALL:
        count = 1
        if frames[0].event is Event.RETURN and leaves(frames[1], frames[0]):
            count = 2
        return _document(listing, ids, start, place, frames[:count], frames[count:], False, context)
    return _document(listing, ids, start, place, frames, [], rng.random() < OVER, context)


def _partly(rng: Random, listing: Listing, frame: Frame) -> list[int]:
    """Some of the names of a line frame: the last bound ones rather than the arguments."""
    names = list(frame.locals or {})
    count = rng.randrange(len(names) + 1)
    chosen = set(rng.sample(names, count) if rng.random() < 0.5 else names[len(names) - count :])
    known = {n: v for n, v in (frame.locals or {}).items() if n in chosen}
    return write_partly(listing, frame.function, frame.scope_line, frame.line, known)


def _place(frame: Frame) -> tuple[str, int, int, str]:
    return frame.function, frame.scope_line, frame.line, frame.source


def _document(
    listing: Listing,
    ids: list[int],
    start: int,
    place: PastPlace,
    way: Sequence[Frame],
    rest: Sequence[Frame],
    over: bool,
    context: int,
) -> Document | None:
    """Writes the frames of `way`, nearest first; then, by a jump, the call of the scope reached.

    `rest`: the frames beyond the way. `over`: what lines have called is left out.
    """
    special = listing.vocabulary.special
    starts: list[int] = []
    at, whole = 0, True
    while at < len(way):
        frame, jumped, next_at = way[at], False, at
        if over and frame.event is Event.RETURN and place.live:
            next_at = _passed(way, at, len(place.live) - 1)
            if next_at == len(way):
                whole = False
                break
            frame, jumped = way[next_at], True
        tokens, count, place = write_past(listing, place, way[next_at:], jumped=jumped)
        if len(ids) + len(tokens) > context - 1:
            whole = False
            break
        starts.append(len(ids))
        ids += tokens
        at = next_at + count
    if whole and rest:
        depth = len(place.live) - 1
        call = next((f for f in rest if f.event is Event.CALL and f.depth == depth), None)
        if call is not None:
            tokens, _, place = write_past(listing, place, [call], jumped=True)
            whole = len(ids) + len(tokens) <= context - 1
            if whole:
                starts.append(len(ids))
                ids += tokens
    if not starts:
        return None
    if whole and not place.live:
        ids.append(special["<end>"])
    return Document(ids, start, starts) if len(ids) > start else None


def _passed(way: Sequence[Frame], at: int, depth: int) -> int:
    """Where the frames of what the scope at `depth` has called end, going on from `at`."""
    while at < len(way) and way[at].depth > depth:
        at += 1
    return at
