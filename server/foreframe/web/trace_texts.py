"""Traces as CWM writes them, read without the program: what they say, and nothing of places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from foreframe_protocol.states import Frame, Provenance, State
from foreframe_protocol.trace_parser import FrameParser, MalformedTrace
from foreframe_protocol.trace_pieces import parse_text
from foreframe_protocol.trace_text import Place, resolve

UNPLACED = ""  # the function of a frame that is known by its text alone


class Lines:
    """Numbers for source lines, the same for the same text: all that a trace says of places."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, source: str) -> int:
        return self._numbers.setdefault(source.strip(), len(self._numbers) + 1)

    def place(self, source: str) -> Place:
        return Place(UNPLACED, 0, self.number(source))

    def unplaced(self, frames: Iterable[Frame]) -> list[Frame]:
        """Frames of a real run, known by their text alone."""
        return [
            replace(frame, function=UNPLACED, scope_line=0, line=self.number(frame.source))
            for frame in frames
        ]


def frames_of(text: str, lines: Lines) -> list[Frame]:
    """The frames of a trace's text; one that breaks off has those before.

    Raises ValueError, which says where it is no trace.
    """
    parser, state = FrameParser(), State()
    frames: list[Frame] = []
    try:
        for piece in parse_text(text):
            for raw in parser.feed(piece):
                frame = resolve(raw, state, lines.place(raw.source))
                frames.append(frame)
                state = state.after(frame)
    except MalformedTrace:
        raise
    except (ValueError, RecursionError) as error:
        raise ValueError(f"frame {len(frames)}: {error}") from error
    return frames


def with_provenance(frame: Frame, provenance: Provenance) -> Frame:
    """The frame with its values from there."""
    shown = frame.locals
    if shown is not None:
        shown = {name: replace(value, provenance=provenance) for name, value in shown.items()}
    value = None if frame.value is None else replace(frame.value, provenance=provenance)
    return replace(frame, locals=shown, value=value)
