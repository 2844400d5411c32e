"""What a model reads before it goes on: context and frames as token ids, as far as they fit."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from foreframe_models.engines.base import PromptTooLong
from foreframe_protocol.states import Event, Trace

if TYPE_CHECKING:
    from foreframe_models.dialects.base import Dialect
    from foreframe_models.program.control_flow import Program


class Prompts:
    """Prompts of one model. Each frame of a trace is written once, and kept as long as its node."""

    def __init__(self) -> None:
        self._written: WeakKeyDictionary[Trace, tuple[int, ...]] = WeakKeyDictionary()
        self._contexts: WeakKeyDictionary[Trace, tuple[int, ...]] = WeakKeyDictionary()

    def keep(self, node: Trace, ids: tuple[int, ...]) -> None:
        """A frame as the model wrote it."""
        self._written[node] = ids

    async def of(
        self, dialect: Dialect, program: Program, trace: Trace
    ) -> tuple[tuple[int, ...], int]:
        """The token ids of a trace, and how many of its oldest frames were left out to fit.

        Raises PromptTooLong when the program's text alone does not fit, and EngineError.
        """
        room = dialect.info.context_tokens * 3 // 4  # the rest is for the answer
        context = await self._context(dialect, program, trace)
        nodes = trace.nodes()
        written = [await self._write(dialect, program, node) for node in nodes]
        if len(context) > room:
            raise PromptTooLong(
                f"{program.path}: the program takes {len(context)} tokens and {dialect.info.name} "
                f"has room for {room}: trace a smaller file, or one function of it"
            )
        excess = len(context) + sum(map(len, written)) - room
        if excess > 0:
            first = first_kept(nodes, written, excess, (room - len(context)) // 4 or 1)
            trace = self._cut(nodes, written, first)
            context = await self._context(dialect, program, trace)
            written = written[first:]
            if len(context) + sum(map(len, written)) >= dialect.info.context_tokens:
                raise PromptTooLong(
                    f"{program.path}: the program and its variables do not fit the "
                    f"{dialect.info.context_tokens} tokens that {dialect.info.name} reads"
                )
        return context + tuple(i for ids in written for i in ids), len(nodes) - len(written)

    def _cut(self, nodes: list[Trace], written: list[tuple[int, ...]], first: int) -> Trace:
        """The same trace, begun from the state before `nodes[first]`."""
        trace = Trace(nodes[first - 1].state)
        for node, ids in zip(nodes[first:], written[first:], strict=True):
            assert node.frame is not None
            trace = trace.append(node.frame, skipped=node.skipped)
            self._written[trace] = ids
        return trace

    async def _context(self, dialect: Dialect, program: Program, trace: Trace) -> tuple[int, ...]:
        root = trace.root()
        found = self._contexts.get(root)
        if found is None:
            found = self._contexts[root] = await dialect.context(program, trace)
        return found

    async def _write(self, dialect: Dialect, program: Program, node: Trace) -> tuple[int, ...]:
        found = self._written.get(node)
        if found is None:
            found = self._written[node] = await dialect.write(program, node)
        return found


def first_kept(nodes: list[Trace], written: list[tuple[int, ...]], excess: int, stride: int) -> int:
    """The first node that stays when `excess` tokens must go, oldest first.

    What goes is rounded up to a multiple of `stride` tokens, so that the cut, and with it the
    engine's prefix cache, holds still over many steps. The frame before the cut is a line frame,
    if possible one on which a scope that was called has just ended.
    """
    goal = -(-excess // stride) * stride
    dropped, first = 0, 0
    while first < len(nodes) - 1 and dropped < goal:
        dropped += len(written[first])
        first += 1
    fallback = None
    for index in range(first, len(nodes)):
        frame, before = nodes[index - 1].frame, nodes[index - 2].frame if index > 1 else None
        if frame is not None and frame.event is Event.LINE:
            fallback = fallback or index
            if before is not None and before.event is Event.RETURN:
                return index
        dropped += len(written[index])
        if dropped > goal + stride:
            break
    return fallback or first
