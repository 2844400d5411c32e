"""The hole task of the compact dialect: what stands for `??`, given what the program is to do.

    document := head example* <hole> expression <;>
    example  := call-frame (return-frame | line-frame)

The listing shows each `??` as `<hole>`. An example tells a call of a function and what it is to
return, or what is to hold at a line of it. The expression is written as code: names and operators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from foreframe_models.dialects.compact_text import Place, head, write_frame
from foreframe_models.dialects.listing import Listing
from foreframe_models.vocabulary import KEYWORDS, Vocabulary
from foreframe_protocol.states import Frame

_KEYWORDS = frozenset(KEYWORDS.split())
Example = tuple[Frame, Frame]  # a call, and its return or a line frame with what is to hold there


def hole_prompt(listing: Listing, examples: Sequence[Example]) -> list[int]:
    """The tokens up to the expression. Raises ValueError for lines that the listing lacks."""
    ids = head(listing)
    for example in examples:
        ids += write_example(listing, example)
    return [*ids, listing.vocabulary.special["<hole>"]]


def write_example(listing: Listing, example: Example) -> list[int]:
    """One example's tokens."""
    ids: list[int] = []
    place = Place()
    for frame in example:
        plain = replace(frame, depth=0, parts=(), upcoming=None)
        tokens, place = write_frame(listing, place, plain)
        ids += tokens
    return ids


def expression_ids(text: str, vocabulary: Vocabulary) -> list[int]:
    """The tokens of an expression on one line."""
    return [token for _, ids in vocabulary.code(text).values() for token in ids]


def expression_text(ids: Sequence[int], vocabulary: Vocabulary) -> str:
    """The expression that tokens stand for: what is on either side of a keyword is kept apart."""
    parts: list[str] = []
    for token in ids:
        text = vocabulary.decode([token])
        parts.append(f" {text} " if text in _KEYWORDS else text)
    return "".join(parts).strip()
