"""Programs → real traces → token sequences, with the tokens that count marked."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from types import FrameType
from typing import Any

from foreframe_models.dialects.compact_text import Place, head, write_frame, write_scopes
from foreframe_models.dialects.listing import Listing
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.tracer import Tracer, call_arguments
from foreframe_models.vocabulary import LINES, Vocabulary
from foreframe_protocol.states import Event, Frame, Provenance, State, Value

PATH = "<sample>"


class Untraceable(Exception):
    """The program took too long, wrote too much, or failed before its first frame."""


class _Stopped(BaseException):
    """Ends a traced program. Generated programs never catch it: none has a bare except."""


def _on_alarm(signum: int, frame: FrameType | None) -> None:
    raise _Stopped("took too long")


@dataclass(frozen=True, slots=True)
class TraceLimits:
    """When a trace is given up."""

    frames: int = 400
    seconds: float = 0.25
    value_chars: int = 200


def trace(sample: Sample, limits: TraceLimits) -> tuple[list[Frame], bool]:
    """The frames of a run in this process, and whether it came to its end.

    Only for generated programs, in a process made for them. Raises Untraceable, SyntaxError.
    """
    records: list[dict[str, Any]] = []

    def stop(why: str) -> None:
        raise _Stopped(why)

    tracer = Tracer(
        sample.source,
        PATH,
        records.append,
        stop=stop,
        max_frames=limits.frames,
        value_chars=limits.value_chars,
    )
    old = signal.signal(signal.SIGALRM, _on_alarm)
    try:
        finished = _run(sample, tracer, limits.seconds)
    except _Stopped:  # the alarm came just as the run had ended
        finished = False
    finally:
        sys.settrace(None)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    if not records:
        raise Untraceable("no frames")
    return list(frames_of(records, sample.source)), finished


def _run(sample: Sample, tracer: Tracer, seconds: float) -> bool:
    """Runs the program under the tracer; whether it came to its end."""
    code = compile(sample.source, PATH, "exec", dont_inherit=True)
    space: dict[str, Any] = {"__name__": "__sample__" if sample.function else "__main__"}
    # Again and again: what is raised within a callback of the garbage collector is lost.
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if sample.function is None:
                sys.settrace(tracer)
                exec(code, space)
            else:
                exec(code, space)
                entry = space[sample.function]
                args, named = call_arguments(sample.args)
                sys.settrace(tracer)
                entry(*args, **named)
    except _Stopped:
        return False
    except (Exception, RecursionError):
        return True  # the program's own error; its trace shows it
    finally:
        sys.settrace(None)
        signal.setitimer(signal.ITIMER_REAL, 0)
    return True


def frames_of(records: list[dict[str, Any]], source: str) -> Iterator[Frame]:
    """The tracer's records as frames."""
    lines = source.split("\n")
    for record in records:
        event = Event(record["event"])
        cut = record["cut"]
        values: dict[str, Value] | None = None
        value: Value | None = None
        if "locals" in record:
            values = {
                name: Value(text, Provenance.OBSERVED, cut=name in cut)
                for name, text in record["locals"].items()
            }
        else:
            value = Value(record["value"], Provenance.OBSERVED, cut=bool(cut))
        line = record["line"]
        yield Frame(
            event,
            record["function"],
            record["scope_line"],
            line,
            lines[line - 1] if line <= len(lines) else "",
            values,
            value,
            record["depth"],
        )


@dataclass(frozen=True, slots=True)
class Document:
    """Token ids, where the first one that counts for the loss is, and each frame's start."""

    ids: list[int]
    start: int
    frames: list[int]  # indexes of the frames' first tokens; the first frame is given, if any


def document(
    sample: Sample,
    frames: list[Frame],
    finished: bool,
    vocabulary: Vocabulary,
    rng: Random | None = None,
    *,
    context: int = 2048,
    middle: bool = False,
) -> Document:
    """A trace as the model learns it. Cut where the context ends.

    `rng` picks the first line number, so that all line tokens are learned; without it, 1.
    `middle`: starts from a full stack at a random place in the trace.
    """
    listing = Listing(sample.source, vocabulary)
    if rng is not None and rng.random() < 0.5:
        first = rng.randrange(1, LINES - len(listing.number) + 2)
        listing = Listing(sample.source, vocabulary, first=first)
    ids = head(listing)
    place = Place()
    begin = 0
    if middle and rng is not None and len(frames) > 3:
        begin = rng.randrange(1, len(frames) - 1)
        state = State()
        for frame in frames[:begin]:
            state = state.after(frame)
        ids += write_scopes(listing, state)
        place = Place.of(state)
    starts: list[int] = []
    start = len(ids)
    whole = True
    for index, frame in enumerate(frames[begin:]):
        tokens, place = write_frame(listing, place, frame)
        if len(ids) + len(tokens) > context - 1:
            whole = False
            break
        starts.append(len(ids))
        ids += tokens
        if index == 0 and not begin:
            start = len(ids)  # the entry's call is given
    if finished and whole:
        ids.append(vocabulary.special["<end>"])
    return Document(ids, start, starts)
