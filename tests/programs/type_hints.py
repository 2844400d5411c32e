from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    left: int
    right: int = 2

    def swapped(self) -> Pair:
        return Pair(self.right, self.left)


def total(pairs: list[Pair]) -> int:
    result: int = 0
    unset: str
    for pair in pairs:
        result += pair.left
    return result


print(total([Pair(1), Pair(2, 3).swapped()]))
number: float = 1.5
empty: int
