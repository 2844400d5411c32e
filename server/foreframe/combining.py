"""Texts for several holes at once, tried by rules: the run itself says which hole is to be filled.

A run that goes wrong before it comes to a hole goes wrong whatever stands there; so what is tried
is a tree, of which a hole is a fork when a run comes to it. Nearer to the first texts comes first.
Pure.
"""

from __future__ import annotations

import heapq
import itertools
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from foreframe.candidates import Evidence
from foreframe.trying import is_right, reckoned_evidence

if TYPE_CHECKING:
    from foreframe.examples import Example
    from foreframe_models.program.control_flow import Program

WORD = re.compile(r"[^\W\d]\w*")
BUDGET = 1_500  # nodes of a run at first; those that are not through by then come last


@dataclass(frozen=True, slots=True)
class Combination:
    """Texts for holes in the order that they were asked in; None of one that no run comes to.

    `evidence` is empty where rules cannot tell what comes of them.
    """

    texts: tuple[str | None, ...]
    evidence: tuple[Evidence, ...]

    @property
    def is_right(self) -> bool:
        return bool(self.evidence) and is_right(self.evidence[-1])


@dataclass(frozen=True, slots=True, order=True)
class _Node:
    """What some of the holes are filled with, by the numbers of their texts."""

    is_long: bool  # not through within the first budget
    cost: int  # the sum of these numbers
    number: int  # which came first
    ranks: Mapping[int, int] = field(compare=False)
    last: int | None = field(compare=False)  # the hole that was filled last
    evidence: tuple[Evidence, ...] = field(compare=False)  # of the examples that are right so far


class Combining:
    """A search that can be gone on with. `lists`: texts for each hole, the likelier first."""

    def __init__(
        self,
        program: Program,
        places: Sequence[tuple[int, int]],
        lists: Sequence[Sequence[str]],
        examples: Sequence[Example],
        unknown: Collection[str] = (),
    ) -> None:
        """`unknown`: names that the program leaves out; what reads one cannot be told by rules."""
        self.program, self.lists, self.examples = program, lists, examples
        self._unknown = frozenset(unknown)
        self._holes = {place: at for at, place in enumerate(places)}
        self._numbers = itertools.count()
        self._heap = [_Node(False, 0, next(self._numbers), {}, None, ())]

    def within(self, seconds: float) -> list[Combination] | None:
        """What is found in about so many seconds; None once there is nothing left."""
        if not self._heap:
            return None
        end = time.monotonic() + seconds
        found: list[Combination] = []
        while self._heap and time.monotonic() < end:
            found += self._step(heapq.heappop(self._heap))
        return found

    def _step(self, node: _Node) -> Iterator[Combination]:
        """Tries the next example on one node."""
        if node.last is not None and not node.is_long:
            self._push_sibling(node)
        texts = [
            self._text(node, self._holes[place]) if place in self._holes else None
            for place in self.program.holes
        ]
        if self._unknown and self._unknown & set(WORD.findall(" ".join(filter(None, texts)))):
            yield self._combination(node, ())
            return
        example = self.examples[len(node.evidence)]
        budget = None if node.is_long else BUDGET
        tried = reckoned_evidence(self.program, texts, example, budget)
        if tried.opened is not None and (hole := self._holes.get(tried.opened)) is not None:
            if self.lists[hole]:
                self._push(node.cost, {**node.ranks, hole: 0}, hole, node.evidence)
        elif tried.is_long and not node.is_long:
            self._push(node.cost, node.ranks, node.last, node.evidence, is_long=True)
        elif tried.evidence is None:
            yield self._combination(node, ())
        elif is_right(tried.evidence) and len(node.evidence) + 1 < len(self.examples):
            self._push(
                node.cost, node.ranks, None, (*node.evidence, tried.evidence), is_long=node.is_long
            )
        else:
            yield self._combination(node, (*node.evidence, tried.evidence))

    def _push_sibling(self, node: _Node) -> None:
        """The same with the next text in the hole that was filled last."""
        assert node.last is not None
        rank = node.ranks[node.last] + 1
        if rank < len(self.lists[node.last]):
            ranks = {**node.ranks, node.last: rank}
            self._push(node.cost + 1, ranks, node.last, node.evidence)

    def _push(
        self,
        cost: int,
        ranks: Mapping[int, int],
        last: int | None,
        evidence: tuple[Evidence, ...],
        *,
        is_long: bool = False,
    ) -> None:
        number = next(self._numbers)
        heapq.heappush(self._heap, _Node(is_long, cost, number, ranks, last, evidence))

    def _combination(self, node: _Node, evidence: tuple[Evidence, ...]) -> Combination:
        texts = tuple(self._text(node, hole) for hole in range(len(self.lists)))
        return Combination(texts, evidence)

    def _text(self, node: _Node, hole: int) -> str | None:
        rank = node.ranks.get(hole)
        return None if rank is None else self.lists[hole][rank]
