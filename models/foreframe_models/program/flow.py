"""Which frames can follow which, line by line: control flow as a trace shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from foreframe_models.program.bytecode import (
    CANNOT_RAISE,
    RESUMES_AFTER_CATCH,
    RETURNS,
    SILENT_IN_HANDLER,
    SWALLOWS_STOP_ITERATION,
    CodeGraph,
)

CALLED = 0  # stands for "on the call frame": no line of this activation was shown yet

LineSets = dict[int, set[int]]


@dataclass(slots=True)
class LineFlow:
    """What can come next in one activation that stands on a line; line 0 is the call frame.

    After a line frame:
      successors  lines of the next line frame
      returns     the next frame may be a return, with the scope's value
      yields      ... or a yield; a later call frame on that line resumes the scope
      raises      the next frame may be an exception
      awaits      ... also where no code raises: what is awaited or delegated to ends with one
      reraises    the next frame may be a return because an exception caught before goes on
    After an exception frame:
      handlers    lines of the next line frame
      swallows    the line goes on as if nothing was: what follows a line frame may follow
      unwinds     the next frame may be a return that leaves the scope by the exception
    `places`: the instructions (graph, index) that may run while a line is the current one;
    `cleanups`: those that run after an exception frame there, before any other frame.
    """

    successors: LineSets = field(default_factory=dict)
    handlers: LineSets = field(default_factory=dict)
    returns: set[int] = field(default_factory=set)
    yields: set[int] = field(default_factory=set)
    raises: set[int] = field(default_factory=set)
    awaits: set[int] = field(default_factory=set)
    reraises: set[int] = field(default_factory=set)
    swallows: set[int] = field(default_factory=set)
    unwinds: set[int] = field(default_factory=set)
    places: dict[int, set[tuple[int, int]]] = field(default_factory=dict)
    cleanups: dict[int, set[tuple[int, int]]] = field(default_factory=dict)

    def lines(self) -> set[int]:
        """Every line that a line frame can stand on."""
        targets: Iterable[set[int]] = (*self.successors.values(), *self.handlers.values())
        return set().union(*targets)


_AFTER_LINE, _AFTER_EXCEPTION = False, True


def line_flow(graphs: Iterable[CodeGraph], *, exceptions: bool) -> LineFlow:
    """The flow of code objects that frames cannot tell apart.

    Without `exceptions` only what runs when nothing ever raises.
    """
    flow = LineFlow()
    for number, graph in enumerate(graphs):
        _Follower(graph, number, flow, exceptions).run()
    return flow


class _Follower:
    """Follows one graph: each instruction with every line that may be current when it runs."""

    def __init__(self, graph: CodeGraph, number: int, flow: LineFlow, exceptions: bool) -> None:
        self.graph, self.number, self.flow, self.exceptions = graph, number, flow, exceptions
        self.seen: set[tuple[int, int, bool]] = set()
        self.todo: list[tuple[int, int, bool]] = []

    def run(self) -> None:
        graph, flow = self.graph, self.flow
        self.visit(graph.entry, CALLED, _AFTER_LINE)
        if self.exceptions and graph.code.co_flags & 0x2A0:
            flow.raises.add(CALLED)  # thrown into before it ran
            flow.unwinds.add(CALLED)
        while self.todo:
            index, line, caught = self.todo.pop()
            name = graph.instructions[index].name
            if caught == _AFTER_EXCEPTION and (name not in SILENT_IN_HANDLER or name in RETURNS):
                flow.swallows.add(line)
                self.visit(index, line, _AFTER_LINE)
                continue
            for after in graph.following[index]:
                self.go(index, after, line, caught)
            again = name == "RERAISE" or (
                name == "RAISE_VARARGS" and graph.instructions[index].argument == 0
            )
            if again or (caught and name in RESUMES_AFTER_CATCH):
                self.go_on_raising(index, line, caught)
            if caught == _AFTER_EXCEPTION:
                flow.cleanups.setdefault(line, set()).add((self.number, index))
            elif name != "RERAISE":
                self.note(index, line, name)

    def visit(self, index: int, line: int, caught: bool) -> None:
        key = (index, line, caught)
        if key not in self.seen:
            self.seen.add(key)
            self.todo.append(key)

    def go(self, index: int, after: int, line: int, caught: bool) -> None:
        """Control goes from one instruction to another, by a jump, in order or to a handler."""
        shown = self.graph.shown_line(index, after, line)
        if shown is None:
            self.visit(after, line, caught)
            return
        ways = self.flow.handlers if caught else self.flow.successors
        ways.setdefault(line, set()).add(shown)
        self.visit(after, shown, _AFTER_LINE)

    def go_on_raising(self, index: int, line: int, caught: bool) -> None:
        """An error goes on to the next handler without an exception frame of its own."""
        handler = self.graph.handler[index]
        if handler is not None:
            self.go(index, handler, line, caught)
        elif caught:
            self.flow.unwinds.add(line)
        else:
            self.flow.reraises.add(line)

    def note(self, index: int, line: int, name: str) -> None:
        """What may happen at an instruction besides going on to the next one."""
        flow = self.flow
        flow.places.setdefault(line, set()).add((self.number, index))
        if name in RETURNS:
            flow.returns.add(line)
        elif name == "YIELD_VALUE":
            flow.yields.add(line)
        if name == "SEND":
            flow.awaits.add(line)
        if not self.exceptions or name in CANNOT_RAISE:
            return
        flow.raises.add(line)
        if name in SWALLOWS_STOP_ITERATION:
            flow.swallows.add(line)
        handler = self.graph.handler[index]
        if handler is None:
            flow.unwinds.add(line)
        else:
            self.go(index, handler, line, _AFTER_EXCEPTION)
