"""Which names a scope binds on which line, and the orders in which its frames show them.

Mirrors the tracer: a frame keeps the order of the one before it in the same activation, and adds
the names bound since in CPython's own order (functions), or as they were bound (modules, classes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import TYPE_CHECKING

from foreframe_models.program.bytecode import CANNOT_RAISE, CodeGraph, Instruction, nested
from foreframe_models.program.flow import CALLED
from foreframe_models.program.visible import HIDDEN_FRAMES, binding_order, is_shown, loop_variables

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Function

Names = tuple[str, ...]
Orders = tuple[Names, ...]
MAX_ORDERS = 6
_MAX_STATES = 36  # at one instruction
_MAX_VISITS = 60_000  # of instructions in one scope
_MAX_FOREIGN = 2
_OPTIMIZED = 2  # CO_NEWLOCALS: a function, neither a module nor a class body


@dataclass(slots=True)
class _Found:
    """What is collected while following the code of one scope."""

    orders: dict[int, set[Names]] = field(default_factory=dict)
    calls: dict[int, set[Names]] = field(default_factory=dict)
    edges: dict[tuple[int, Names], set[tuple[int, Names]]] = field(default_factory=dict)
    surely: dict[int, frozenset[str]] = field(default_factory=dict)  # by id of a nested code


class _TooMany(Exception):
    """The scope has more ways of binding its names than are worth following."""


class Binding:
    """The names of one function."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.hidden = function.program.hidden
        self.is_optimized = bool(function.codes[0].co_flags & _OPTIMIZED)
        self.position: dict[str, int] = {}
        for code in function.codes:
            for name in binding_order(code) if self.is_optimized else ():
                self.position.setdefault(name, len(self.position))
        self.binds, self.deletes = self._by_line()
        bound = set().union(*self.binds.values(), *map(self._given, function.codes))
        bound |= set().union(*(self._free(code) for code in function.codes))
        if self.is_optimized:
            self.names: Names = tuple(n for n in self.position if n in bound)
        else:
            stored = (n for g in function.graphs for i in g.instructions for n in i.stored)
            self.names = tuple(n for n in dict.fromkeys((*stored, *sorted(bound))) if n in bound)
        self._found: _Found | None = None
        self._overflow = False

    def _shown(self, name: str) -> bool:
        return is_shown(name, self.hidden)

    def _given(self, code: CodeType) -> frozenset[str]:
        """The parameters."""
        if not self.is_optimized:
            return frozenset()
        count = code.co_argcount + code.co_kwonlyargcount
        count += bool(code.co_flags & 4) + bool(code.co_flags & 8)
        return frozenset(filter(self._shown, code.co_varnames[:count]))

    def _free(self, code: CodeType) -> frozenset[str]:
        return (
            frozenset(filter(self._shown, code.co_freevars)) if self.is_optimized else frozenset()
        )

    def _private(self, graph: CodeGraph) -> frozenset[str]:
        """Loop variables of inlined comprehensions, which a frame never shows."""
        return loop_variables(graph.code)

    def _own_names(self, instruction: Instruction, private: frozenset[str]) -> Iterator[str]:
        """The names of this scope that an instruction binds."""
        if not self._is_own_opcode(instruction.name):
            return
        for name in instruction.stored:
            if self._shown(name) and not (instruction.inside is not None and name in private):
                yield name

    def _own_deleted(self, instruction: Instruction) -> str | None:
        name = instruction.deleted
        if name is None or not self._shown(name) or instruction.inside is not None:
            return None
        return name if self._is_own_opcode(instruction.name) else None

    def _is_own_opcode(self, name: str) -> bool:
        """Whether a store or delete is one of this scope's own names."""
        if name.endswith("_GLOBAL"):
            return self.function.is_module
        return self.is_optimized or name.endswith("_NAME")

    def _by_line(self) -> tuple[dict[int, frozenset[str]], dict[int, frozenset[str]]]:
        function = self.function
        binds: dict[int, set[str]] = {}
        deletes: dict[int, set[str]] = {}
        private = [self._private(graph) for graph in function.graphs]
        foreign = [self._foreign(code) for code in function.codes]
        unbound = [self._foreign_deleted(code) for code in function.codes]
        flow = function.flow
        for line, places in (*flow.places.items(), *flow.cleanups.items()):
            for number, index in places:
                instruction = function.graphs[number].instructions[index]
                for name in self._own_names(instruction, private[number]):
                    binds.setdefault(line, set()).add(name)
                gone = self._own_deleted(instruction)
                if gone is not None:
                    deletes.setdefault(line, set()).add(gone)
                if foreign[number] and calls_out(instruction):
                    binds.setdefault(line, set()).update(foreign[number])
                    deletes.setdefault(line, set()).update(unbound[number])
        return (
            {line: frozenset(names) for line, names in binds.items()},
            {line: frozenset(names) for line, names in deletes.items()},
        )

    def _foreign(self, code: CodeType) -> frozenset[str]:
        """Names of this scope that other scopes may bind while it runs or is suspended."""
        program = self.function.program
        if self.function.is_module:
            stored = set().union(*(program.outer_stores[id(c)][0] for c in everything_within(code)))
            return frozenset(filter(self._shown, stored))
        found: set[str] = set()
        for inner in everything_within(code):
            names = program.outer_stores[id(inner)][1]
            found |= names & {*code.co_cellvars, *code.co_freevars}
        unsure = set(code.co_freevars) - self._surely_bound(code)
        parent = program.parents.get(id(code))
        if parent is not None and self.is_optimized:
            for sibling in everything_within(parent):
                unsure |= program.outer_stores[id(sibling)][2] & set(code.co_freevars)
        return frozenset(filter(self._shown, found | unsure)) if self.is_optimized else frozenset()

    def _foreign_deleted(self, code: CodeType) -> frozenset[str]:
        """Those of them that other scopes may unbind."""
        stores = self.function.program.outer_stores
        deleted = set().union(*(stores[id(inner)][2] for inner in everything_within(code)))
        return self._foreign(code) & deleted

    def _surely_bound(self, code: CodeType) -> frozenset[str]:
        """The free variables that are bound before this code is made into a function."""
        program = self.function.program
        parent = program.parents.get(id(code))
        while parent is not None and parent.co_name in HIDDEN_FRAMES:
            code, parent = parent, program.parents.get(id(parent))
        if parent is None:
            return frozenset()
        owner = program.by_code[id(parent)]
        if not owner.binding.is_optimized:  # a class body passes on what it got
            return owner.binding._surely_bound(parent)
        found = owner.binding._followed()
        return found.surely.get(id(code), frozenset()) if found is not None else frozenset()

    def orders(self, line: int) -> Orders | None:
        """The possible orders of a line frame's names; None when there are too many."""
        found = self._followed()
        return _limited(found.orders.get(line)) if found is not None else None

    def call_orders(self, line: int = CALLED) -> Orders | None:
        """The same of the call frame, or of the one that resumes the scope on `line`."""
        found = self._followed()
        return _limited(found.calls.get(line)) if found is not None else None

    def has_order(self, line: int, order: Names) -> bool:
        """Whether a frame on `line` with these names is known, and what may follow it."""
        found = self._followed()
        return found is not None and (line, order) in found.edges

    def next_orders(self, line: int, order: Names, after: int) -> Orders | None:
        """The orders of a line frame on `after` that follows one on `line` with this order.

        None when they are not known: too many, or an order that this line cannot have.
        """
        found = self._followed()
        following = found.edges.get((line, order)) if found is not None else None
        if following is None or self.orders(after) is None:
            return None
        return tuple(sorted({names for shown, names in following if shown == after})) or None

    def _followed(self) -> _Found | None:
        if self._found is None and not self._overflow:
            found = _Found()
            try:
                for graph in self.function.graphs:
                    _Follower(self, graph, found).run()
                self._found = found
            except _TooMany:
                self._overflow = True
        return self._found


def _limited(orders: set[Names] | None) -> Orders | None:
    return tuple(sorted(orders)) if orders and len(orders) <= MAX_ORDERS else None


@dataclass(frozen=True, slots=True)
class _State:
    """What is bound (in order of binding where that counts), and the order shown last."""

    line: int
    order: Names
    bound: Names


class _Follower:
    """Follows one code object with every state of its names that can reach an instruction."""

    def __init__(self, binding: Binding, graph: CodeGraph, found: _Found) -> None:
        self.binding, self.graph, self.found = binding, graph, found
        self.private = binding._private(graph)
        self.foreign = binding._foreign(graph.code)
        self.deleted = binding._foreign_deleted(graph.code)
        if len(self.foreign) > _MAX_FOREIGN:
            raise _TooMany
        self.inner = {id(c): set(c.co_freevars) for c in nested(graph.code)}
        self.seen: list[set[_State]] = [set() for _ in graph.instructions]
        self.todo: list[tuple[int, _State]] = []
        self.visits = 0

    def run(self) -> None:
        code = self.graph.code
        given = self.binding._given(code) | (self.binding._free(code) - self.foreign)
        for bound in self.with_foreign(self.sorted(given)):
            order = self.snapshot((), bound)
            self.found.calls.setdefault(CALLED, set()).add(order)
            self.visit(self.graph.entry, _State(CALLED, order, bound))
        while self.todo:
            self.step(*self.todo.pop())

    def sorted(self, names: frozenset[str] | set[str]) -> Names:
        position = self.binding.position
        return tuple(sorted(names, key=lambda n: (position.get(n, -1), n)))

    def with_foreign(self, bound: Names) -> list[Names]:
        """`bound`, with and without each name that other scopes may bind or unbind."""
        found = [bound]
        for name in self.foreign:
            found += [self.bind(b, name) for b in found if name not in b]
        for name in self.deleted:
            found += [tuple(n for n in b if n != name) for b in found if name in b]
        return list(dict.fromkeys(found))

    def bind(self, bound: Names, name: str) -> Names:
        if name in bound:
            return bound
        return self.sorted({*bound, name}) if self.binding.is_optimized else (*bound, name)

    def snapshot(self, order: Names, bound: Names) -> Names:
        """The order of a frame's names, given the order of the frame before."""
        kept = tuple(n for n in order if n in bound)
        return kept + tuple(n for n in bound if n not in kept)

    def visit(self, index: int, state: _State) -> None:
        states = self.seen[index]
        if state in states:
            return
        self.visits += 1
        if len(states) >= _MAX_STATES or self.visits > _MAX_VISITS:
            raise _TooMany
        states.add(state)
        self.todo.append((index, state))

    def go(self, index: int, after: int, state: _State) -> None:
        shown = self.graph.shown_line(index, after, state.line)
        if shown is not None:
            order = self.snapshot(state.order, state.bound)
            self.found.orders.setdefault(shown, set()).add(order)
            edge = self.found.edges.setdefault((state.line, state.order), set())
            edge.add((shown, order))
            state = _State(shown, order, state.bound)
        self.visit(after, state)

    def step(self, index: int, state: _State) -> None:
        instruction = self.graph.instructions[index]
        handler = self.graph.handler[index]
        inner = self.inner.get(id(instruction.argument))
        if inner is not None:
            surely = self.found.surely.setdefault(id(instruction.argument), frozenset(inner))
            bound_here = surely & frozenset(state.bound)
            self.found.surely[id(instruction.argument)] = bound_here
        bounds = [state.bound]
        if self.foreign and calls_out(instruction):
            bounds = self.with_foreign(state.bound)
        for bound in bounds:
            before = _State(state.line, state.order, bound)
            if handler is not None and (
                instruction.name not in CANNOT_RAISE or instruction.name == "RERAISE"
            ):
                self.go(index, handler, before)
            for name in self.binding._own_names(instruction, self.private):
                bound = self.bind(bound, name)
            gone = self.binding._own_deleted(instruction)
            if gone is not None:
                bound = tuple(n for n in bound if n != gone)
            order = state.order
            if instruction.name == "YIELD_VALUE":  # its activation ends, another one goes on
                inside = instruction.inside is not None
                order = tuple(n for n in bound if not (inside and n in self.private))
                self.found.calls.setdefault(state.line, set()).add(order)
            for after in self.graph.following[index]:
                self.go(index, after, _State(state.line, order, bound))


_CALLS_OUT = ("CALL", "FOR_ITER", "SEND", "YIELD_VALUE", "RESUME", "BINARY", "COMPARE", "CONTAINS",
              "STORE_ATTR", "LOAD_ATTR", "LOAD_METHOD", "STORE_SUBSCR", "GET_", "BEFORE_", "UNPACK",
              "LIST_EXTEND", "FORMAT", "WITH_EXCEPT")  # fmt: skip


def calls_out(instruction: Instruction) -> bool:
    """Whether code of other scopes may run there."""
    return instruction.name.startswith(_CALLS_OUT)


def everything_within(code: CodeType) -> Iterator[CodeType]:
    """Every code object nested in one, at any depth."""
    for inner in nested(code):
        yield inner
        yield from everything_within(inner)
