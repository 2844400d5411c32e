"""Content-Length framing of the Debug Adapter Protocol, sans I/O: bytes ⇄ JSON objects."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

Message = dict[str, object]

MAX_HEADER = 4096  # bytes before the blank line; more is no header
MAX_BODY = 64 << 20  # bytes; no client sends more in one message
MAX_SKIP = 1 << 30  # bytes; a length beyond it is no length

_BLANK_LINE = b"\r\n\r\n"
_BLANK_LINES = re.compile(rb"(?:\r\n)+")
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,18})[ \t]*$", re.IGNORECASE | re.MULTILINE)
_NEXT_HEADER = re.compile(rb"content-length:", re.IGNORECASE)
_SEQ = re.compile(rb'"seq"\s*:\s*(\d{1,15})(?!\d)')
_COMMAND = re.compile(rb'"command"\s*:\s*"(\w{1,64})"')


@dataclass(frozen=True, slots=True)
class Malformed:
    """Bytes that are no message: why, and whose they would have been where that can be read."""

    reason: str
    seq: int | None = None
    command: str = ""
    is_rubbish: bool = False  # no header, or a bad one: nobody knows how long it is


def encode(message: Mapping[str, object]) -> bytes:
    """One message with its header, ready to send."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    try:
        body = text.encode()
    except UnicodeEncodeError:  # lone surrogates, as Python strings may hold
        body = json.dumps(message, separators=(",", ":")).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class Decoder:
    """Fed bytes as they come, gives the messages they complete; resynchronises after rubbish.

    After a bad header everything up to the next `Content-Length:` is skipped, and told about once
    until there is a message again, but for requests that can be told apart in it. Keeps no more
    than one message of `most` bytes and what `feed` was given, and takes time in proportion to
    what it was fed, whatever that is.
    """

    def __init__(self, most: int = MAX_BODY) -> None:
        self._most = most
        self._buffer = bytearray()
        self._body: int | None = None  # length of the body that is being waited for
        self._lost = False  # skipping to the next header
        self._told = False  # of rubbish, since the last message
        self._skip = 0  # bytes left of a body that is too large

    def feed(self, data: bytes) -> list[Message | Malformed]:
        """The messages that `data` completes, in order. Never raises."""
        self._buffer += data
        found: list[Message | Malformed] = []
        while True:
            item = self._next()
            if item is None:
                return found
            if isinstance(item, Malformed) and item.is_rubbish and item.seq is None:
                if self._told:
                    continue
                self._told = True
            elif not isinstance(item, Malformed):
                self._told = False
            found.append(item)

    def end(self) -> Malformed | None:
        """To be called when the stream ends: what was left unfinished, if anything."""
        if self._lost or not (self._buffer.strip() or self._body is not None):
            return None
        return Malformed("the stream ended in the middle of a message")

    def _next(self) -> Message | Malformed | None:
        if self._skip:
            dropped = min(self._skip, len(self._buffer))
            del self._buffer[:dropped]
            self._skip -= dropped
            if self._skip:
                return None
        if self._lost and not self._find_header():
            return None
        if self._body is None:
            problem = self._read_header()
            if problem is not None or self._body is None:
                return problem
        if len(self._buffer) < self._body:
            return None
        body = bytes(self._buffer[: self._body])
        del self._buffer[: self._body]
        self._body = None
        return parse_body(body)

    def _find_header(self) -> bool:
        """Drops what precedes the next header; False when there is none yet."""
        match = _NEXT_HEADER.search(self._buffer)
        if match is None:
            del self._buffer[: max(0, len(self._buffer) - len(b"content-length:") + 1)]
            return False
        del self._buffer[: match.start()]
        self._lost = False
        return True

    def _read_header(self) -> Malformed | None:
        """Sets the body's length, or says what is wrong; neither while the header is unfinished."""
        blank = _BLANK_LINES.match(self._buffer)
        if blank:  # between messages they harm nobody
            del self._buffer[: blank.end()]
        end = self._buffer.find(_BLANK_LINE, 0, MAX_HEADER)
        if end < 0:
            if len(self._buffer) < MAX_HEADER:
                return None
            return self._lose(MAX_HEADER, f"no end of the header within {MAX_HEADER} bytes")
        header = bytes(self._buffer[:end]).replace(b"\r\n", b"\n")
        lengths = {int(digits) for digits in _LENGTH.findall(header)}
        if len(lengths) != 1 or max(lengths) > MAX_SKIP:
            shown = header[:80].decode("latin-1")
            reason = f"a header without a valid Content-Length: {shown!r}"
            return self._lose(end, reason, is_ambiguous=len(lengths) > 1)
        del self._buffer[: end + len(_BLANK_LINE)]
        length = lengths.pop()
        if length > self._most:
            self._skip = length
            return Malformed(f"a message of {length:,} bytes; at most {self._most:,} are read")
        self._body = length
        return None

    def _lose(self, end: int, reason: str, *, is_ambiguous: bool = False) -> Malformed:
        """Starts to look for the next header, past the one that was no good and had `end` bytes.

        Where there are several in it, only the last one can still be good.
        """
        following = _NEXT_HEADER.search(self._buffer, 1, MAX_HEADER)
        request = bytes(self._buffer[: following.start() if following else MAX_HEADER])
        last = self._buffer[:end].lower().rfind(b"content-length:", 1)
        if last < 0 or is_ambiguous:
            last = max(1, end - len(b"content-length:") if end == MAX_HEADER else end)
        del self._buffer[:last]
        self._lost = True
        return replace(malformed(reason, request), is_rubbish=True)


def parse_body(body: bytes) -> Message | Malformed:
    """The JSON object of a message's body."""
    try:
        message = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return malformed(f"the body is not valid JSON: {why}", body)
    if not isinstance(message, dict):
        return Malformed(f"the body is a JSON {type(message).__name__}, not an object")
    return message


def _no_number(text: str) -> float:
    """NaN and the infinities are Python's; no other reader of JSON knows them."""
    raise ValueError(f"{text} is no JSON")


def malformed(reason: str, text: bytes) -> Malformed:
    """What is wrong, with the request's number and command where the text still shows them."""
    seq, command = _SEQ.search(text), _COMMAND.search(text)
    return Malformed(
        reason, int(seq[1]) if seq else None, command[1].decode("latin-1") if command else ""
    )
