"""A tokenizer of single bytes with CWM's separators as special tokens, and a grammar's matcher."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper

from foreframe_protocol.states import Frame, State
from foreframe_protocol.trace_text import Piece, Separator, compared_with, write_frame

IDS = {separator: 256 + index for index, separator in enumerate(Separator)}


class _Bytes:
    """What llguidance asks of a tokenizer."""

    def __init__(self) -> None:
        specials = [separator.text.encode() for separator in Separator] + [b"<|eos|>"]
        self.tokens = [bytes([byte]) for byte in range(256)] + specials
        self.special_token_ids = list(range(256, len(self.tokens)))
        self.eos_token_id = len(self.tokens) - 1
        self.bos_token_id = None

    def __call__(self, text: bytes | str) -> list[int]:
        return list(text if isinstance(text, bytes) else text.encode())


TOKENIZER = LLTokenizer(TokenizerWrapper(_Bytes()))


def tokens_of(pieces: Iterable[Piece]) -> list[int]:
    """The ids of pieces."""
    return [
        token
        for piece in pieces
        for token in ([IDS[piece]] if isinstance(piece, Separator) else piece.encode())
    ]


def written(frames: Iterable[Frame], state: State) -> list[list[int]]:
    """Each frame as it is written after `state` and the frames before it."""
    found = []
    for frame in frames:
        found.append(tokens_of(write_frame(frame, compared_with(state))))
        state = state.after(frame)
    return found


def refusal(grammar: str, frames: Sequence[list[int]]) -> str | None:
    """Why a grammar does not take exactly these frames and then ends; None when it does."""
    matcher = LLMatcher(TOKENIZER, LLMatcher.grammar_from_lark(grammar))
    if matcher.is_error():
        return matcher.get_error()
    for number, tokens in enumerate(frames):
        if number and matcher.is_accepting():
            return f"it ends before frame {number}"
        for place, token in enumerate(tokens):
            if not matcher.try_consume_tokens([token]):
                text = bytes(t for t in tokens[: place + 1] if t < 256)
                return f"frame {number} is refused at {text!r}"
    if not matcher.is_accepting():
        return "it goes on after the last frame"
    return None
