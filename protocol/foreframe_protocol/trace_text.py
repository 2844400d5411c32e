"""CWM's trace format both ways: frames → pieces, raw frames → frames with full locals.

Decisions where the format is silent, kept here:
- A variable counts as unchanged when its text is what it was in the activation's previous call or
  line frame, however the value came about.
- That a value is cut is not written; its text is.
- A value whose repr is two dots is written `"\\u002e."`: valid JSON that is not `".."`.
- `".."` with nothing before it becomes a value of unknown provenance with the text `..`, and is
  written `".."` again. The trace goes on.
- An exception's value is `TypeName: message`. A frame of a decorated function is as any other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from foreframe_protocol.states import Event, Frame, Locals, Provenance, State, Value
from foreframe_protocol.trace_parser import (
    UNCHANGED,
    UNCHANGED_JSON,
    FrameParser,
    MalformedTrace,
    RawFrame,
    Segment,
    Span,
    Spans,
)
from foreframe_protocol.trace_pieces import (
    SEPARATORS,
    Piece,
    Separator,
    merged,
    parse_text,
    special,
    to_text,
)

__all__ = [
    "EVENT_SEPARATORS",
    "SEPARATORS",
    "START_OF_TRACE",
    "UNCHANGED",
    "FrameParser",
    "MalformedTrace",
    "Piece",
    "Place",
    "RawFrame",
    "Segment",
    "Separator",
    "Span",
    "Spans",
    "compared_with",
    "json_string",
    "merged",
    "parse_text",
    "resolve",
    "special",
    "to_text",
    "write_context",
    "write_frame",
    "write_locals",
    "write_trace",
]

START_OF_TRACE = "  # << START_OF_TRACE"  # behind the context's line that opens the entry scope

EVENT_SEPARATORS = {
    Event.CALL: Separator.CALL,
    Event.LINE: Separator.LINE,
    Event.RETURN: Separator.RETURN,
    Event.EXCEPTION: Separator.EXCEPTION,
}

_SURROGATE = re.compile("[\ud800-\udfff]")


def json_string(text: str) -> str:
    """`text` as a JSON string, nothing escaped but what must be. Always encodable as UTF-8."""
    written = json.dumps(text, ensure_ascii=False)
    return _SURROGATE.sub(lambda m: f"\\u{ord(m[0]):04x}", written)


def _value(value: Value) -> str:
    """A value written out. The real repr `..` is told apart from "unchanged" by an escape."""
    if value.text == UNCHANGED and value.provenance is not Provenance.UNKNOWN:
        return '"\\u002e."'
    return json_string(value.text)


def write_locals(shown: Locals, previous: Locals | None) -> str:
    """Locals as a JSON object; `".."` for each whose text is the one in `previous`."""
    before = previous or {}
    parts = []
    for name, value in shown.items():
        old = before.get(name)
        same = old is not None and old.text == value.text and old.cut == value.cut
        parts.append(f"{json_string(name)}: {UNCHANGED_JSON if same else _value(value)}")
    return "{" + ", ".join(parts) + "}"


def write_frame(frame: Frame, previous: Locals | None = None) -> list[Piece]:
    """One frame as pieces, from its event to frame_sep.

    `previous`: the full locals of the same activation's previous frame, `compared_with(state)`.
    A call frame, the first of its activation, writes everything. Raises ValueError for a return
    or exception frame without a value.
    """
    pieces: list[Piece] = [EVENT_SEPARATORS[frame.event]]
    if frame.event in (Event.CALL, Event.LINE):
        before = None if frame.event is Event.CALL else previous
        pieces.append(write_locals(frame.locals or {}, before))
    pieces += [Separator.ACTION, frame.source + "\n"]
    if frame.event in (Event.RETURN, Event.EXCEPTION):
        if frame.value is None:
            raise ValueError(f"a {frame.event} frame needs a value")
        pieces += [Separator.ARG, json_string(frame.value.text)]
    pieces.append(Separator.FRAME)
    return pieces


def write_context(context: str) -> list[Piece]:
    """What stands before a trace's first frame: the source, its entry line already marked."""
    return [Separator.BEGIN_OF_TEXT, Separator.TRACE_CONTEXT_START, context, Separator.FRAME]


def write_trace(
    frames: Iterable[Frame], state: State | None = None, *, end: bool = False
) -> list[Piece]:
    """Frames as pieces, without context. `state` is the one before the first frame.

    `end` writes end_of_text behind the last. Raises ValueError where a frame needs a scope that
    was never called.
    """
    state = state or State()
    pieces: list[Piece] = []
    for frame in frames:
        pieces += write_frame(frame, compared_with(state))
        state = state.after(frame)
    if end:
        pieces.append(Separator.END_OF_TEXT)
    return pieces


def compared_with(state: State) -> Locals | None:
    """The locals that `".."` in the next frame refers to, unless that frame is a call.

    They are those of the innermost activation that is still running: after a return, the caller's.
    """
    stack = state.stack[:-1] if state.event is Event.RETURN else state.stack
    return stack[-1].locals if stack else None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a program a frame stands, which CWM's text does not say: control flow knows."""

    function: str
    scope_line: int  # 0 for a module
    line: int


def _no_confidence(_: Span) -> None:
    return None


def resolve(
    raw: RawFrame,
    state: State,
    place: Place,
    *,
    confidence: Callable[[Span], float | None] = _no_confidence,
    line_confidence: float | None = None,
) -> Frame:
    """A raw frame as what follows `state`: full locals, its place, its depth.

    `confidence` gives the probability of a span's tokens. A value written `".."` is no surer than
    the predicted one it repeats; what was given, observed or edited becomes a prediction where the
    model says that it has not changed, and stays what it is where nothing was left to the model
    (no confidence). The next state is `state.after(frame)`.
    """
    left = state.event is Event.RETURN
    depth = len(state.stack) - left - (raw.event is not Event.CALL)
    shown: dict[str, Value] | None = None
    value: Value | None = None
    if raw.locals is not None:
        before = {} if raw.event is Event.CALL else compared_with(state) or {}
        shown = {}
        for name, text in raw.locals.items():
            sure = confidence(raw.spans.locals[name])
            if name in raw.unchanged:
                shown[name] = _repeated(before.get(name), sure)
            else:
                shown[name] = Value(text, Provenance.PREDICTED, sure)
    elif raw.value is not None:
        span = raw.spans.value
        value = Value(raw.value, Provenance.PREDICTED, None if span is None else confidence(span))
    return Frame(
        raw.event,
        place.function,
        place.scope_line,
        place.line,
        raw.source,
        shown,
        value,
        depth,
        line_confidence,
    )


def _repeated(old: Value | None, sure: float | None) -> Value:
    """The value that `".."` stands for."""
    if old is None:
        return Value(UNCHANGED, Provenance.UNKNOWN)
    if sure is None or old.provenance is Provenance.UNKNOWN:
        return old
    if old.provenance is Provenance.PREDICTED and old.confidence is not None:
        sure = min(sure, old.confidence)
    return Value(old.text, Provenance.PREDICTED, sure, old.cut)
