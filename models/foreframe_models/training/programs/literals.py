"""Random values with the lengths of real code, as Python objects, by type code.

Type codes: I int, S str, B bool, F float, LI list of int, LS list of str, LLI list of lists of
int, LF list of float, DSI dict str → int, DSS str → str, DIS int → str, DSL str → list of int,
TI tuple of ints, LT list of (str, int), SI set of int, N digits in a string.
"""

from __future__ import annotations

import string
from random import Random

from foreframe_models.training.programs.names import WORDS, invented

TYPES = ("I", "S", "B", "F", "LI", "LS", "LLI", "LF", "DSI", "DSS", "DIS", "DSL", "TI", "LT", "SI")
_PUNCTUATION = "!@#$%^&*()-_=+[]{};:'\"\\|,.<>/?`~"
_ODD = "éüñßçøÄ中文字日本かなабвжяΩλ€–…😀🎉²½١"  # noqa: RUF001


def length(rng: Random, median: float, most: int) -> int:
    """A length with a long tail."""
    return min(most, int(rng.lognormvariate(0, 0.75) * median + rng.random()))


def integer(rng: Random) -> int:
    """Mostly small, some negative, some large."""
    kind = rng.random()
    if kind < 0.5:
        return rng.randrange(0, 12)
    if kind < 0.8:
        return rng.randrange(-20, 101)
    if kind < 0.95:
        return rng.randrange(-500, 1000)
    return rng.randrange(-(10**6), 10**6)


def word(rng: Random) -> str:
    """A short word."""
    kind = rng.random()
    if kind < 0.5:
        text = rng.choice(WORDS).strip("_")
    elif kind < 0.8:
        text = invented(rng)
    else:
        letters = rng.choice((string.ascii_lowercase, "abc", "abcdef", string.ascii_letters))
        text = "".join(rng.choices(letters, k=rng.randrange(1, 8)))
    shape = rng.random()
    if shape < 0.12:
        return text.upper()
    return text.capitalize() if shape < 0.24 else text


def text(rng: Random) -> str:
    """A string: words, sentences, letters, digits, odd characters."""
    kind = rng.random()
    size = length(rng, 7, 60)
    if kind < 0.27:
        return word(rng)
    if kind < 0.47:
        separator = rng.choice((" ", " ", " ", ", ", "-", "_", ",", ".", "  ", "\n", "/", ":"))
        return separator.join(word(rng) for _ in range(rng.randrange(2, 7)))[:60]
    if kind < 0.62:
        pool = rng.choice(
            ("ab", "abc", "01", "xyz", string.ascii_lowercase, string.ascii_letters, "aAbBcC")
        )
        return "".join(rng.choices(pool, k=size))
    if kind < 0.72:
        return "".join(rng.choices(string.digits, k=size))
    if kind < 0.84:
        return "".join(rng.choices(string.ascii_letters + string.digits + " ", k=size))
    if kind < 0.94:
        pool = string.ascii_lowercase + _PUNCTUATION + "  " + string.digits
        return "".join(rng.choices(pool, k=size))
    if kind < 0.96:
        rare = "".join(filter(str.isprintable, (chr(rng.randrange(161, 65_000)) for _ in range(3))))
        return "".join(rng.choices(_ODD + rare + string.ascii_lowercase, k=min(size, 12)))
    if kind < 0.98:
        return word(rng) + rng.choice(("\n", "\t", " ", "\\", "'", '"', "\r\n")) + word(rng)
    return ""


def key(rng: Random) -> str:
    """A string for a dict's key or a list's element."""
    kind = rng.random()
    if kind < 0.25:
        return rng.choice(string.ascii_lowercase)
    return word(rng) if kind < 0.9 else text(rng)[:14]


def integers(rng: Random, most: int = 14) -> list[int]:
    """A list of numbers of one size."""
    size = length(rng, 4.5, most)
    kind = rng.random()
    if kind < 0.45:
        return [rng.randrange(0, 10) for _ in range(size)]
    if kind < 0.6:
        return [rng.randrange(-9, 10) for _ in range(size)]
    if kind < 0.72:
        start = rng.randrange(0, 10)
        return list(range(start, start + size))
    return [integer(rng) for _ in range(size)]


def value(rng: Random, kind: str) -> object:
    """A value of the type code."""
    size = length(rng, 2.6, 7)
    match kind:
        case "I":
            return integer(rng)
        case "S":
            return text(rng)
        case "N":
            return "".join(rng.choices(string.digits, k=rng.randrange(1, 8)))
        case "B":
            return rng.random() < 0.5
        case "F":
            return round(rng.uniform(-10, 50), rng.choice((1, 1, 2)))
        case "LI":
            return integers(rng)
        case "LS":
            if rng.random() < 0.15:
                return list(word(rng))
            return [key(rng) for _ in range(length(rng, 3.5, 9))]
        case "LLI":
            width = rng.randrange(1, 5)
            even = rng.random() < 0.6
            return [
                [rng.randrange(0, 10) for _ in range(width if even else rng.randrange(0, 5))]
                for _ in range(rng.randrange(1, 5))
            ]
        case "LF":
            return [round(rng.uniform(0, 20), 1) for _ in range(length(rng, 3, 7))]
        case "DSI":
            return {key(rng): integer(rng) for _ in range(size)}
        case "DSS":
            return {key(rng): word(rng) for _ in range(size)}
        case "DIS":
            return {rng.randrange(0, 20): key(rng) for _ in range(size)}
        case "DSL":
            return {key(rng): integers(rng, 5) for _ in range(min(size, 4))}
        case "TI":
            return tuple(integers(rng, 6)) or (0,)
        case "LT":
            return [(key(rng), integer(rng)) for _ in range(size)]
        case "SI":
            return {rng.randrange(0, 30) for _ in range(size + 1)}
    raise ValueError(f"no type {kind}")
