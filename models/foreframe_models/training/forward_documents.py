"""Documents of traces: from the call, several runs one after another, or from the middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from foreframe_models.dialects.compact_text import Place, head, write_frame, write_scopes
from foreframe_models.dialects.listing import Listing
from foreframe_models.training.documents import Document, Run
from foreframe_models.training.programs.generator import Sample
from foreframe_protocol.states import Frame, State

WITHOUT_PARTS = 0.15
WITHOUT_UPCOMING = 0.10


def forward(
    rng: Random, sample: Sample, runs: Sequence[Run], listing: Listing, context: int
) -> Document | None:
    """The runs one after another, each from its call."""
    return traces(listing, [thinned(rng, run) for run in runs], context=context)


def middle(
    rng: Random, sample: Sample, runs: Sequence[Run], listing: Listing, context: int
) -> Document | None:
    """A run from a full stack at a random place; None for one too short for that."""
    if len(runs[0].frames) < 4:
        return None
    run = thinned(rng, runs[0])
    return traces(listing, [run], context=context, begin=rng.randrange(1, len(run.frames) - 1))


def thinned(rng: Random, run: Run) -> Run:
    """The run, sometimes without parts or without upcoming elements up to a random frame.

    Observed and edited states have none, and what follows them is to have them again.
    """
    frames = list(run.frames)
    for share, emptied in ((WITHOUT_PARTS, {"parts": ()}), (WITHOUT_UPCOMING, {"upcoming": None})):
        if rng.random() < share:
            end = rng.choice((len(frames), rng.randrange(len(frames)) + 1))
            frames[:end] = [replace(frame, **emptied) for frame in frames[:end]]  # type: ignore[arg-type]
    return replace(run, frames=frames, full=tuple(run.frames))


def traces(
    listing: Listing, runs: Sequence[Run], *, context: int = 2048, begin: int = 0
) -> Document:
    """Traces as the model learns them, cut where the context ends.

    `begin`: the frame that the first one starts with, from a full stack. What was left out of a
    frame (see `thinned`) teaches nothing: neither the token that should not be there nor its place.
    """
    special = listing.vocabulary.special
    ids = head(listing)
    starts: list[int] = []
    given: list[tuple[int, int]] = []
    start = 0
    for number, run in enumerate(runs):
        opened = len(ids)
        place = Place()
        if number:
            ids.append(special["<trace>"])
            begin = 0
        elif begin:
            state = state_before(run.frames, begin)
            ids += write_scopes(listing, state)
            place = Place.of(state)
        start = start or len(ids)
        whole = True
        for index in range(begin, len(run.frames)):
            tokens, place = write_frame(listing, place, run.frames[index])
            end = len(ids) + len(tokens)
            if end > context - 1:
                whole = False
                break
            starts.append(len(ids))
            if index == 0:
                given.append((opened, end))  # the entry's call
            elif run.full:
                frame, full = run.frames[index], run.full[index]
                if len(frame.parts) < len(full.parts):
                    given.append((len(ids), len(ids) + 1))
                if frame.upcoming != full.upcoming:
                    given.append((end - 1, end))
            ids += tokens
        if number and starts[-1] < opened:
            del ids[opened:]  # not even its call fits
        if not whole or not run.finished:
            break
        ids.append(special["<end>"])
    if given and given[0][0] <= start:
        start = given[0][1]
    return Document(ids, start, starts, tuple(given))


def state_before(frames: Sequence[Frame], count: int) -> State:
    """The state after the first `count` frames."""
    state = State()
    for frame in frames[:count]:
        state = state.after(frame)
    return state
