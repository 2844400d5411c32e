"""Which replica a session's requests go to: the one that holds their prefix, while it is well."""

from __future__ import annotations

import array
from collections.abc import Collection, Sequence
from hashlib import blake2b

from foreframe_protocol.trace_pieces import Separator

CONTEXT_ENDS = (Separator.FRAME.text, "<trace>")  # of CWM's prompts, and of the compact dialect's
KEY_BYTES = 16
UNENDED_TOKENS = 512  # of a prompt whose context does not end
CROWDED = 2  # times the others' load at which a session is better off without its prefix
ALONE = 8  # requests at a replica that are no crowd


def session_key(prompt: Sequence[int], ends: Collection[int]) -> bytes:
    """The key of all prompts that begin with the same context: the program and its entry's call.

    `ends` are the ids that a context can end with; what follows, the trace, does not matter.
    """
    until = next((at for at, token in enumerate(prompt) if token in ends), UNENDED_TOKENS)
    ids = array.array("Q", prompt[:until])
    return blake2b(ids.tobytes(), digest_size=KEY_BYTES).digest()


def ranked(key: bytes, names: Sequence[str]) -> list[int]:
    """The replicas' indices in the order in which this key prefers them (rendezvous hashing).

    When one leaves or comes, only the keys that it had, or gets, go elsewhere.
    """

    def score(index: int) -> bytes:
        return blake2b(names[index].encode(), key=key, digest_size=KEY_BYTES).digest()

    return sorted(range(len(names)), key=score, reverse=True)


def order(
    key: bytes, names: Sequence[str], loads: Sequence[int], down: Collection[int] = ()
) -> list[int]:
    """The replicas to try, one after the other.

    The preferred one first, unless it has many more requests than the others have on average;
    those that are `down` last, as they may be up again.
    """
    prefer = ranked(key, names)
    up = [index for index in prefer if index not in down]
    if not up:
        return prefer
    crowd = max(ALONE, CROWDED * (sum(loads[index] for index in up) + 1) / len(up))
    free = [index for index in up if loads[index] < crowd]
    full = [index for index in up if loads[index] >= crowd]
    return [*free, *full, *(index for index in prefer if index in down)]
