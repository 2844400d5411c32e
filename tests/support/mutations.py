"""Messages that are almost right: a seeded mutator over valid ones, their shape and bytes."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Sequence
from typing import Any

ODD: Sequence[Any] = (
    None, True, False, 0, 1, -1, 2, 3, 2**31, 2**63, -(2**63), 10**30, 0.5, -0.0, 1e308,
    "", " ", "x", "n", "1", "a" * 300, "\x00", "\ud800", "é字\U0001f600", "../..", "/", "%s%n",
    "{}", "<img onerror=x>", "n + 1", "n[", "__import__('os')", "9" * 5000, "[" * 200,
    "len('x' * 10**9)",
    [], {}, [[]], [None], {"": {}}, [1] * 50, {"a": [{"b": None}]},
)  # fmt: skip
FORBIDDEN = ("check", "live", "attach")  # what would run a program is not for this


class Mutator:
    """Always the same mutations for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.has_broken_headers = False  # a wrong length swallows what follows, rightly

    def messages(self, valid: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """A conversation in which a few messages are lost, twice there, moved or changed."""
        found = copy.deepcopy(list(valid))
        for _ in range(self.chance.randint(1, 5)):
            at = self.chance.randrange(len(found))
            match self.chance.randrange(8):
                case 0 if len(found) > 2:
                    del found[at]
                case 1:
                    found.insert(at, copy.deepcopy(found[at]))
                case 2:
                    other = self.chance.randrange(len(found))
                    found[at], found[other] = found[other], found[at]
                case _:
                    self.change(found[at])
        return found

    def change(self, message: Any) -> None:
        """One place of a message."""
        places = list(walk(message))
        holder, key = self.chance.choice(places) if places else (None, None)
        if holder is None:
            return
        match self.chance.randrange(6):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[key]))
            case 1:
                holder[str(self.chance.choice(ODD))] = holder[key]
            case 2:
                other, place = self.chance.choice(places)
                try:
                    holder[key] = copy.deepcopy(other[place])
                except (LookupError, RecursionError):
                    holder[key] = None
            case _:
                holder[key] = copy.deepcopy(self.chance.choice(ODD))

    def text(self, message: Any) -> bytes:
        """Its JSON, at times with bytes that are wrong."""
        data = json.dumps(message).encode()
        return self.bytes(data) if self.chance.random() < 0.1 else data

    def framed(self, message: Any) -> bytes:
        """With its header, either of them wrong at times."""
        body = self.text(message)
        data = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        if self.chance.random() >= 0.08:
            return data
        self.has_broken_headers = True
        return self.bytes(data)

    def bytes(self, data: bytes) -> bytes:
        """Some of them changed, lost, or twice there."""
        found = bytearray(data)
        for _ in range(self.chance.randint(1, 4)):
            at = self.chance.randrange(len(found) + 1)
            end = min(len(found), at + self.chance.randint(1, 12))
            match self.chance.randrange(5):
                case 0:
                    del found[at:end]
                case 1:
                    found[at:at] = found[at:end]
                case 2:
                    found[at:at] = self.chance.randbytes(self.chance.randint(1, 8))
                case 3:
                    found[at:at] = self.chance.choice(
                        [b"\r\n\r\n", b"Content-Length: 10\r\n\r\n", b'"', b"\x00", b"{", b"999999"]
                    )
                case _ if found:
                    found[at % len(found)] ^= 1 << self.chance.randrange(8)
        return bytes(found)


def walk(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a message: what holds it, and its key or index."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items: Any = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        return found
    for key, inner in items:
        found.append((value, key))
        found += walk(inner)
    return found


def is_harmless(data: bytes) -> bool:
    """Whether a message could not have a program really run."""
    return not any(word.encode() in data for word in FORBIDDEN)
