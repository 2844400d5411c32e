"""Programs → real traces → token sequences, with the tokens that count marked."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.records import frame_of
from foreframe_models.training.tracer import Tracer, call_arguments
from foreframe_protocol.states import Frame

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
    parts: bool = True


def trace(sample: Sample, limits: TraceLimits) -> tuple[list[Frame], bool]:
    """The frames of a run in this process, and whether it came to its end.

    Only for generated programs, in a process made for them. Raises Untraceable, SyntaxError.
    """
    records: list[dict[str, Any]] = []

    stopped: list[str] = []  # what is raised while a generator is dropped is lost

    def stop(why: str) -> None:
        stopped.append(why)
        raise _Stopped(why)

    tracer = Tracer(
        sample.source,
        PATH,
        records.append,
        stop=stop,
        max_frames=limits.frames,
        value_chars=limits.value_chars,
        parts=limits.parts,
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
    return list(frames_of(records, sample.source)), finished and not stopped


def _run(sample: Sample, tracer: Tracer, seconds: float) -> bool:
    """Runs the program under the tracer; whether it came to its end."""
    code = tracer.compiled()
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
        line = record["line"]
        yield frame_of(record, lines[line - 1] if line <= len(lines) else "")


@dataclass(frozen=True, slots=True)
class Run:
    """One real run of a program. `full`: its frames before something was left out of them."""

    frames: list[Frame]
    finished: bool
    full: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """Token ids, where the first one that counts for the loss is, and each frame's start.

    `given`: half-open ranges of ids that do not count either.
    """

    ids: list[int]
    start: int
    frames: list[int]  # indexes of the frames' first tokens; one is given if its first token is
    given: tuple[tuple[int, int], ...] = ()
    task: str = "forward"
