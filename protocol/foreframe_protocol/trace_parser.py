"""CWM's trace read as a stream: pieces in any chunking → raw frames, each when it is complete."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, NoReturn, TypeVar

from foreframe_protocol.states import Event
from foreframe_protocol.trace_pieces import Piece, Separator

UNCHANGED = ".."  # stands for the value a variable had in its activation's previous frame
UNCHANGED_JSON = '".."'


class Span(NamedTuple):
    """Characters [start, end) of a frame's plain text: its texts joined, separators left out."""

    start: int
    end: int

    def tokens(self, starts: Sequence[int]) -> range:
        """The indices of the tokens that share characters with this span.

        `starts`: for each token of the frame where its text starts (`FrameParser.position` before
        it is fed), and at the end the frame's length; ascending. Separators, having no
        characters, are in no span.
        """
        first = max(0, bisect_right(starts, self.start) - 1)
        last = bisect_left(starts, self.end)
        return range(first, min(last, len(starts) - 1))


@dataclass(frozen=True, slots=True)
class Spans:
    """Where a frame's parts stand. Spans of keys and values run from behind the opening quote
    through the closing one, which says that the text is over."""

    source: Span  # with its newline
    keys: Mapping[str, Span] = field(default_factory=dict)
    locals: Mapping[str, Span] = field(default_factory=dict)
    value: Span | None = None


@dataclass(frozen=True, slots=True)
class RawFrame:
    """A frame as written: `".."` not looked up, nothing known of functions and line numbers.

    `locals` are name → text in written order for call and line frames, `value` is the text of a
    return or exception frame. `unchanged` names the locals written `".."`; a value whose repr is
    two dots is written `"\\u002e."` and is not among them.
    """

    event: Event
    source: str  # without its newline
    locals: Mapping[str, str] | None
    value: str | None
    unchanged: frozenset[str]
    spans: Spans
    length: int  # characters of plain text


class Segment(StrEnum):
    """The places of a trace where text can stand."""

    CONTEXT = "context"
    EVENT = "event"  # between frames
    LOCALS = "locals"
    SOURCE = "source"
    VALUE = "value"


class MalformedTrace(ValueError):
    """Text that is no trace: what was expected and what came, and where.

    `frame` counts the complete frames before; `offset` is a 0-based character of `segment`.
    """

    def __init__(self, message: str, *, frame: int, segment: Segment, offset: int) -> None:
        super().__init__(f"frame {frame}, {segment}, character {offset}: {message}")
        self.message, self.frame, self.segment, self.offset = message, frame, segment, offset


_EVENTS = {
    Separator.CALL: Event.CALL,
    Separator.LINE: Event.LINE,
    Separator.RETURN: Event.RETURN,
    Separator.EXCEPTION: Event.EXCEPTION,
}
_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()
_T = TypeVar("_T")


class _BadJson(Exception):
    """What is wrong with a JSON text, and at which character."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message, self.offset = message, offset


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()


def _found(text: str, at: int) -> str:
    return repr(text[at : at + 20]) if at < len(text) else "the end"


def _string(text: str, at: int, what: str) -> tuple[str, int]:
    """The JSON string that starts at `at`, and the index behind it. Raises _BadJson."""
    if not text.startswith('"', at):
        raise _BadJson(f"expected {what}, found {_found(text, at)}", at)
    try:
        value, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise _BadJson(f"bad JSON string: {error.msg}", error.pos) from None
    assert isinstance(value, str)
    return value, end


def _end(text: str, at: int) -> None:
    at = _skip_space(text, at)
    if at < len(text):
        raise _BadJson(f"expected nothing more, found {_found(text, at)}", at)


@dataclass(slots=True)
class _Locals:
    """A JSON object of strings, with the spans of its parts in `text`."""

    texts: dict[str, str] = field(default_factory=dict)
    keys: dict[str, Span] = field(default_factory=dict)
    values: dict[str, Span] = field(default_factory=dict)
    unchanged: set[str] = field(default_factory=set)


def _read_locals(text: str) -> _Locals:
    """Reads `{"name": "repr", ...}`; all of `text`. Raises _BadJson."""
    read = _Locals()
    at = _skip_space(text, 0)
    if not text.startswith("{", at):
        raise _BadJson(f"expected '{{', found {_found(text, at)}", at)
    at = _skip_space(text, at + 1)
    if text.startswith("}", at):
        _end(text, at + 1)
        return read
    while True:
        start = at
        name, at = _string(text, start, "a name in double quotes")
        if name in read.texts:
            raise _BadJson(f"the name {name!r} stands here twice", start)
        read.keys[name] = Span(start + 1, at)
        at = _skip_space(text, at)
        if not text.startswith(":", at):
            raise _BadJson(f"expected ':', found {_found(text, at)}", at)
        start = _skip_space(text, at + 1)
        read.texts[name], at = _string(text, start, "a value in double quotes")
        read.values[name] = Span(start + 1, at)
        if text.startswith(UNCHANGED_JSON, start):
            read.unchanged.add(name)
        at = _skip_space(text, at)
        if text.startswith("}", at):
            _end(text, at + 1)
            return read
        if not text.startswith(",", at):
            raise _BadJson(f"expected ',' or '}}', found {_found(text, at)}", at)
        at = _skip_space(text, at + 1)


def _read_value(text: str) -> tuple[str, Span]:
    """Reads one JSON string; all of `text`. Raises _BadJson."""
    start = _skip_space(text, 0)
    value, at = _string(text, start, "a value in double quotes")
    _end(text, at)
    return value, Span(start + 1, at)


class FrameParser:
    """Reads a trace piece by piece; text may come in any fragments, a separator comes whole.

    Reads whole prompts too: begin_of_text, trace_context_start, the context, frame_sep. A parser
    that has raised is spent. Texts are read when the separator behind them comes.
    """

    def __init__(self) -> None:
        self.frames = 0  # complete ones so far
        self.context: str | None = None  # the source context, where the stream had one
        self.ended = False  # end_of_text has come
        self.position = 0  # characters of plain text in the frame under way
        self._begun = False  # begin_of_text has come and the context has not
        self._segment = Segment.EVENT
        self._event: Event | None = None
        self._run: list[str] = []  # the fragments of the segment under way
        self._length = 0  # and their characters
        self._locals = _Locals()
        self._source, self._source_span = "", Span(0, 0)
        self._failure: MalformedTrace | None = None

    def feed(self, piece: Piece) -> list[RawFrame]:
        """The frames that this piece completes: one or none. Raises MalformedTrace."""
        if self._failure is not None:
            raise self._failure
        if isinstance(piece, Separator):
            return self._separator(piece)
        if piece:
            self._text(piece)
        return []

    def finish(self) -> None:
        """Says that the stream is over. Raises MalformedTrace in the middle of a frame."""
        if self._failure is not None:
            raise self._failure
        if self._event is not None or self._begun or self._segment is not Segment.EVENT:
            self._fail(f"expected {self._expected()}, and the trace ends", self._length)

    def _text(self, text: str) -> None:
        refused = self._segment is Segment.EVENT or (
            self._segment is Segment.LOCALS and self._event not in (Event.CALL, Event.LINE)
        )
        if refused:
            self._fail(f"expected {self._expected()}, found the text {text[:40]!r}", 0)
        self._run.append(text)
        self._length += len(text)
        self.position += len(text)

    def _separator(self, separator: Separator) -> list[RawFrame]:
        match self._segment, separator:
            case Segment.EVENT, _ if not self.ended:
                self._open(separator)
                return []
            case Segment.CONTEXT, Separator.FRAME:
                self.context, self.position = self._take(), 0
                self._segment = Segment.EVENT
                return []
            case Segment.LOCALS, Separator.ACTION:
                self._close_locals()
                return []
            case Segment.SOURCE, Separator.FRAME if self._event in (Event.CALL, Event.LINE):
                self._close_source()
                return [self._frame()]
            case Segment.SOURCE, Separator.ARG if self._event in (Event.RETURN, Event.EXCEPTION):
                self._close_source()
                self._segment = Segment.VALUE
                return []
            case Segment.VALUE, Separator.FRAME:
                start, text = self.position - self._length, self._take()
                value, span = self._read(_read_value, text)
                return [self._frame(value, Span(span.start + start, span.end + start))]
            case _:
                self._unexpected(separator)

    def _open(self, separator: Separator) -> None:
        """Takes a separator that stands between frames."""
        fresh = self.frames == 0 and self.context is None
        if separator is Separator.TRACE_CONTEXT_START and fresh:
            self._begun = False
            self._segment = Segment.CONTEXT
        elif self._begun:
            self._unexpected(separator)
        elif separator is Separator.BEGIN_OF_TEXT and fresh:
            self._begun = True
        elif separator is Separator.END_OF_TEXT:
            self.ended = True
        elif separator in _EVENTS:
            self._event = _EVENTS[separator]
            self._segment = Segment.LOCALS
        else:
            self._unexpected(separator)

    def _close_locals(self) -> None:
        text = self._take()
        if self._event in (Event.CALL, Event.LINE):
            self._locals = self._read(_read_locals, text)
        self._segment = Segment.SOURCE

    def _close_source(self) -> None:
        span = Span(self.position - self._length, self.position)
        text = "".join(self._run)
        at = text.find("\n")
        if at < 0:
            self._fail("expected a newline at the end of the source line", len(text))
        if at + 1 < len(text):
            self._fail(f"expected one source line, found more: {_found(text, at + 1)}", at + 1)
        self._take()
        self._source, self._source_span = text[:-1], span

    def _frame(self, value: str | None = None, span: Span | None = None) -> RawFrame:
        """The frame that is complete now; the parser is ready for the next."""
        assert self._event is not None
        read = self._locals if value is None else None
        frame = RawFrame(
            self._event,
            self._source,
            None if read is None else read.texts,
            value,
            frozenset() if read is None else frozenset(read.unchanged),
            Spans(self._source_span, read.keys if read else {}, read.values if read else {}, span),
            self.position,
        )
        self.frames += 1
        self.position = 0
        self._event, self._segment, self._locals = None, Segment.EVENT, _Locals()
        return frame

    def _take(self) -> str:
        """The text of the segment under way, which is over."""
        text = "".join(self._run)
        self._run.clear()
        self._length = 0
        return text

    def _read(self, read: Callable[[str], _T], text: str) -> _T:
        try:
            return read(text)
        except _BadJson as error:
            self._fail(error.message, error.offset)

    def _expected(self) -> str:
        """What the format allows next, for a person."""
        match self._segment, self._event:
            case Segment.EVENT, _ if self.ended:
                return "nothing behind <|end_of_text|>"
            case Segment.EVENT, _ if self._begun:
                return Separator.TRACE_CONTEXT_START.text
            case Segment.EVENT, _:
                return "the event of a frame, or <|end_of_text|>"
            case Segment.LOCALS, Event.CALL | Event.LINE:
                return "locals and <|action_sep|>"
            case Segment.LOCALS, _:
                return Separator.ACTION.text
            case Segment.SOURCE, Event.CALL | Event.LINE:
                return "a source line and <|frame_sep|>"
            case Segment.SOURCE, _:
                return "a source line and <|arg_sep|>"
            case Segment.VALUE, _:
                return "a value and <|frame_sep|>"
            case _:
                return "the context and <|frame_sep|>"

    def _unexpected(self, separator: Separator) -> NoReturn:
        self._fail(f"expected {self._expected()}, found {separator.text}", self._length)

    def _fail(self, message: str, offset: int) -> NoReturn:
        self._failure = MalformedTrace(
            message, frame=self.frames, segment=self._segment, offset=offset
        )
        raise self._failure
