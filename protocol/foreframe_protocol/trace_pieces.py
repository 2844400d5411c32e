"""What a trace's text is made of: plain text and separators, which text can never become."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum


class Separator(Enum):
    """CWM's special tokens, by name. Ids differ between checkpoints and are looked up by text.

    No `StrEnum`: then a program's own text `"frame_sep"` would equal the separator.
    """

    BEGIN_OF_TEXT = "begin_of_text"  # first token of every prompt
    END_OF_TEXT = "end_of_text"  # the entry scope was left: the trace is over
    FRAME = "frame_sep"  # ends the context and every frame
    ACTION = "action_sep"  # before the source line
    RETURN = "return_sep"
    CALL = "call_sep"
    LINE = "line_sep"
    EXCEPTION = "exception_sep"
    ARG = "arg_sep"  # before a return or exception value
    TRACE_CONTEXT_START = "trace_context_start"  # before the source context

    @property
    def text(self) -> str:
        """The special token's text in a tokenizer: `<|frame_sep|>`."""
        return f"<|{self.value}|>"


Piece = str | Separator

SEPARATORS = tuple(Separator)


def special(name: str | Separator) -> str:
    """The text of a special token, by name: `"frame_sep"` → `"<|frame_sep|>"`.

    Raises ValueError for a name that is no separator's.
    """
    return Separator(name).text


_BY_TEXT = {separator.text: separator for separator in Separator}
_ANY = re.compile("(" + "|".join(map(re.escape, _BY_TEXT)) + ")")


def to_text(pieces: Iterable[Piece]) -> str:
    """Pieces as CWM's text, for files and people. Never tokenize it: see `parse_text`."""
    return "".join(p.text if isinstance(p, Separator) else p for p in pieces)


def parse_text(text: str) -> list[Piece]:
    """Stored CWM text → pieces, where every `<|frame_sep|>` and its like is a separator.

    For files that hold traces, never for prompts: in text, a separator that a program's source or
    a value happens to contain cannot be told from a real one, and would end frames. Prompts are
    built from pieces, and their plain text is encoded with special tokens off.
    """
    return [_BY_TEXT.get(part, part) for part in _ANY.split(text) if part]


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """The same trace with neighbouring texts joined and empty ones dropped."""
    joined: list[Piece] = []
    run: list[str] = []
    for piece in pieces:
        if isinstance(piece, Separator):
            if text := "".join(run):
                joined.append(text)
            run.clear()
            joined.append(piece)
        else:
            run.append(piece)
    if text := "".join(run):
        joined.append(text)
    return joined
