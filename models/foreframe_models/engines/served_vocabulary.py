"""Which model a server has: CWM, by its separators; a small model, by its tokens' texts."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from foreframe_models.engines.base import EngineRefused, VocabularyMismatch
from foreframe_models.vocabulary import Vocabulary

OPENING = ("<pad>", "<bos>", "<end>", "<prog>", "<trace>")  # of every vocabulary of ours
END = "<end>"
_SPECIAL = re.compile(r"<[^<>]+>")

Detokenize = Callable[[Sequence[int]], Awaitable[str]]


async def compact_specials(name: str, detokenize: Detokenize) -> Mapping[str, int] | None:
    """Special token → id of a small model's checkpoint; None where another model is served.

    `detokenize` asks the server for the text of ids, special tokens' texts among it. Raises
    VocabularyMismatch for a checkpoint with other plain tokens than this version's.
    """
    vocabulary = Vocabulary.standard()
    plain = list(vocabulary.plain.values())
    try:
        specials = read_specials(await detokenize(range(len(vocabulary.special))))
        if specials is None:
            return None
        told = await detokenize(plain)
    except EngineRefused:  # it has fewer tokens
        return None
    if told != vocabulary.decode(plain):
        raise VocabularyMismatch(
            f"{name} was trained with another vocabulary than this version's "
            f"({vocabulary.version}): serve the checkpoint that came with it, or train one"
        )
    return specials


def read_specials(text: str) -> Mapping[str, int] | None:
    """Special token → id, from the text of the first ids; None for another model's text."""
    found = _SPECIAL.findall(text.replace(" ", ""))
    if tuple(found[: len(OPENING)]) != OPENING:
        return None
    return {token: index for index, token in enumerate(found)}
