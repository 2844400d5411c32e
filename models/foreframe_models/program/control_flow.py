"""A program as compiled, never executed: its functions, and what their lines can lead to."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import CodeType

from foreframe_models.program.binding import Binding, Names, Orders
from foreframe_models.program.bytecode import CodeGraph, nested, outer_stores
from foreframe_models.program.callees import Callees
from foreframe_models.program.certain import Certain
from foreframe_models.program.elements import Loops
from foreframe_models.program.flow import CALLED, LineFlow, line_flow
from foreframe_models.program.mutation import Mutations
from foreframe_models.program.parts import Group, groups_of
from foreframe_models.program.source import ProgramError, compile_program, fill_holes, split_lines
from foreframe_models.program.visible import HIDDEN_FRAMES, def_lines, hidden_names
from foreframe_models.program.walker import Landing, Walker

__all__ = [
    "CALLED",
    "Function",
    "Landing",
    "Parameter",
    "Program",
    "ProgramError",
    "Walker",
]

DefNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as written. `kind` is one of inspect's names; `default` is source text."""

    name: str
    kind: str
    default: str | None = None


class Function:
    """A scope whose activations a trace shows: the module, a function, a class body, a lambda.

    Scopes that frames cannot tell apart (same qualified name and first line, as two lambdas in
    one line) are one Function. Line maps use 0 for "on the call frame".
    """

    def __init__(self, program: Program, ident: int, codes: list[CodeType]) -> None:
        self.program = program
        self.id = ident
        self.codes = codes
        code = codes[0]
        self.name: str = code.co_name
        self.qualname: str = code.co_qualname
        self.is_module = ident == 0
        self.is_generator = bool(code.co_flags & 0x2A0)  # coroutines too: resumed by a call frame
        self.scope_line = 0 if self.is_module else code.co_firstlineno
        first = max(1, code.co_firstlineno)
        self.def_line = program.def_lines.get((code.co_name, first), first)

    def __repr__(self) -> str:
        return f"<Function {self.id} {self.qualname}:{self.scope_line}>"

    @cached_property
    def graphs(self) -> list[CodeGraph]:
        """The bytecode, one graph for each code object."""
        return [CodeGraph(code) for code in self.codes]

    @cached_property
    def flow(self) -> LineFlow:
        """What can follow each line."""
        return line_flow(self.graphs, exceptions=True)

    @cached_property
    def plain_flow(self) -> LineFlow:
        """What can follow each line when nothing ever raises.

        That of a coroutine and of a generator with `yield from` is the same as `flow`: exceptions
        are how they learn that what they wait for has ended.
        """
        plain = line_flow(self.graphs, exceptions=False)
        return self.flow if plain.awaits else plain

    @property
    def successors(self) -> Mapping[int, set[int]]:
        """Line → lines of a next line frame. Exceptions aside: see `handlers`."""
        return self.flow.successors

    @cached_property
    def predecessors(self) -> Mapping[int, set[int]]:
        """Line → lines of the line frame before it, in or out of handlers."""
        found: dict[int, set[int]] = {}
        for ways in (self.flow.successors, self.flow.handlers):
            for line, following in ways.items():
                for after in following:
                    found.setdefault(after, set()).add(line)
        return found

    @property
    def handlers(self) -> Mapping[int, set[int]]:
        """Line → lines of a line frame that may follow an exception frame there."""
        return self.flow.handlers

    @property
    def returns(self) -> set[int]:
        """Lines that may be followed by a return frame with the function's value."""
        return self.flow.returns

    @property
    def yields(self) -> set[int]:
        """Lines that may be followed by a return frame that is a yield or an await."""
        return self.flow.yields

    @property
    def entry_lines(self) -> set[int]:
        """Lines that may follow the call frame."""
        return self.flow.successors.get(CALLED, set())

    @cached_property
    def lines(self) -> tuple[int, ...]:
        """Every line of this scope that a line frame can stand on, in order."""
        return tuple(sorted(self.flow.lines()))

    @cached_property
    def calls(self) -> Mapping[int, frozenset[int]]:
        """Line → ids of the functions that may be called, or resumed, while it is current."""
        return self.program.callees.of(self).possible

    @cached_property
    def implicit_calls(self) -> Mapping[int, frozenset[int]]:
        """Those of `calls` that other code may make, which may swallow what they raise."""
        return self.program.callees.of(self).implicit

    def raises(self, line: int) -> bool:
        """Whether an exception is likely there: `raise`, `assert`, or within a try that handles."""
        return line in self.program.likely_raises and line in self.flow.raises

    @cached_property
    def binding(self) -> Binding:
        """Which names are bound where, and in which order frames show them."""
        return Binding(self)

    @property
    def names(self) -> tuple[str, ...]:
        """The locals that frames may show, in CPython's order."""
        return self.binding.names

    @property
    def binds(self) -> Mapping[int, frozenset[str]]:
        """Line → names that may be bound or bound anew while it is current."""
        return self.binding.binds

    @property
    def deletes(self) -> Mapping[int, frozenset[str]]:
        """Line → names that may be unbound while it is current."""
        return self.binding.deletes

    def changes(self, line: int) -> frozenset[str]:
        """The names whose value may be another in the next frame; all others stay as they are."""
        return self.program.mutations.changes(self, line)

    def orders(self, line: int) -> Orders | None:
        """The orders of names that a line frame there can have, None if they are too many."""
        return self.binding.orders(line)

    def call_orders(self, line: int = CALLED) -> Orders | None:
        """The same for the call frame, or for the one that resumes the scope on `line`."""
        return self.binding.call_orders(line)

    def next_orders(self, line: int, order: Names, after: int) -> Orders | None:
        """The orders of the frame on `after` that follows one on `line` that shows `order`."""
        return self.binding.next_orders(line, order, after)

    @cached_property
    def node(self) -> ast.AST | None:
        """The definition in the syntax tree, None for the module and what has no name there."""
        return self.program.definitions.get((self.name, self.scope_line))

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters as written, in CPython's order of locals."""
        node = self.node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return ()
        return tuple(_parameters(node.args))

    @cached_property
    def for_lines(self) -> Mapping[int, tuple[int, int]]:
        """Header line of each `for` statement in this scope → first and last line of its body."""
        lines = set(self.lines)
        return {h: body for h, body in self.program.for_bodies.items() if h in lines}


class Program:
    """A parsed and compiled file. `lines` keep the original text, `??` holes included."""

    def __init__(self, source: str, path: str) -> None:
        self.source, self.path = source, path
        self.lines = split_lines(source)
        text, self.hole_name, self.holes = fill_holes(source.removeprefix("\ufeff"))
        self.tree, self.code = compile_program(text, path)
        self.hidden = hidden_names(self.tree)
        if self.hole_name is not None:
            self.hidden |= {self.hole_name}
        self.def_lines = def_lines(self.tree)
        groups: dict[tuple[str, int], list[CodeType]] = {}
        self.parents: dict[int, CodeType] = {}  # id of a code object → the one that holds it
        self.outer_stores = {}
        for code, parent in _code_objects(self.code):
            self.outer_stores[id(code)] = outer_stores(code)
            if parent is not None:
                self.parents[id(code)] = parent
            if code.co_name not in HIDDEN_FRAMES:
                groups.setdefault((code.co_qualname, code.co_firstlineno), []).append(code)
        self.functions = tuple(
            Function(self, ident, codes) for ident, codes in enumerate(groups.values())
        )
        self._by_scope = {(f.qualname, f.scope_line): f for f in self.functions}
        self.by_code = {id(c): f for f in self.functions for c in f.codes}

    @classmethod
    def parse(cls, source: str, path: str) -> Program:
        """Compiles a file's text without running any of it. Raises ProgramError."""
        return cls(source, path)

    def line_text(self, number: int) -> str:
        """The text of a 1-based line; empty beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def function_for(self, name: str, scope_line: int) -> Function:
        """The function that a frame names. Raises KeyError."""
        found = self._by_scope.get((name, scope_line))
        if found is None:
            raise KeyError(f"{self.path} has no scope {name!r} that starts on line {scope_line}")
        return found

    def find(self, name: str) -> Function:
        """The last definition of a dotted name such as `Stack.push`. Raises KeyError."""
        for function in sorted(self.functions, key=lambda f: f.scope_line, reverse=True):
            if function.qualname == name:
                return function
        raise KeyError(f"{self.path} has no function {name!r}")

    @cached_property
    def lines_with_code(self) -> Mapping[int, frozenset[int]]:
        """Line, in order → ids of the functions that have instructions there.

        Quick, where the flow of every function would take seconds for a large file. A line frame
        stands on no other line, and not on all of these: see `scopes_on`.
        """
        found: dict[int, set[int]] = {}
        for function in self.functions:
            coded = {line for code in function.codes for _, _, line in code.co_lines() if line}
            for line in coded:
                found.setdefault(line, set()).add(function.id)
        return {line: frozenset(ids) for line, ids in sorted(found.items())}

    def scopes_on(self, line: int) -> frozenset[int]:
        """Ids of the functions that a line frame can stand in on a line."""
        coded = self.lines_with_code.get(line, frozenset())
        return frozenset(i for i in coded if line in self.functions[i].lines)

    @cached_property
    def mutations(self) -> Mutations:
        """What each line may change."""
        return Mutations(self)

    @cached_property
    def loops(self) -> Loops:
        """What its `for` statements take next."""
        return Loops(self)

    @cached_property
    def groups(self) -> Mapping[int, Group]:
        """Each line that holds a statement header → its parts."""
        return groups_of(self.tree)

    @cached_property
    def certain(self) -> Certain:
        """What must stand in a next frame."""
        return Certain(self)

    @cached_property
    def callees(self) -> Callees:
        """Who may call whom."""
        return Callees(self)

    @cached_property
    def resumable(self) -> frozenset[int]:
        """Ids of generators and coroutines. Dropping a suspended one closes it, on any line."""
        return frozenset(f.id for f in self.functions if f.is_generator)

    @cached_property
    def definitions(self) -> Mapping[tuple[str, int], ast.AST]:
        """(name, first line with decorators) → definition."""
        found: dict[tuple[str, int], ast.AST] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, DefNode):
                first = min((d.lineno for d in node.decorator_list), default=node.lineno)
                found[node.name, first] = node
            elif isinstance(node, ast.Lambda):
                found.setdefault(("<lambda>", node.lineno), node)
        return found

    @cached_property
    def for_bodies(self) -> Mapping[int, tuple[int, int]]:
        """Header line of each `for` statement → first and last line of its body."""
        return {
            node.lineno: (node.body[0].lineno, node.body[-1].end_lineno or node.body[-1].lineno)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.For | ast.AsyncFor)
        }

    @cached_property
    def likely_raises(self) -> frozenset[int]:
        """Lines with `raise` or `assert`, and those within the body of a try that has handlers."""
        found: set[int] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Raise | ast.Assert):
                found.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            elif isinstance(node, ast.Try | ast.TryStar) and node.handlers:
                last = node.body[-1].end_lineno or node.body[-1].lineno
                found.update(range(node.body[0].lineno, last + 1))
        return frozenset(found)


def _code_objects(top: CodeType) -> Iterator[tuple[CodeType, CodeType | None]]:
    """Every code object with the one that holds it, outer before inner, in order of their text."""
    todo: list[tuple[CodeType, CodeType | None]] = [(top, None)]
    while todo:
        code, parent = todo.pop()
        yield code, parent
        todo.extend((inner, code) for inner in reversed(list(nested(code))))


def _parameters(args: ast.arguments) -> Iterator[Parameter]:
    plain = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults))
    defaults += args.defaults
    for index, (node, default) in enumerate(zip(plain, defaults, strict=True)):
        first = index < len(args.posonlyargs)
        kind = "POSITIONAL_ONLY" if first else "POSITIONAL_OR_KEYWORD"
        yield Parameter(node.arg, kind, ast.unparse(default) if default else None)
    for node, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield Parameter(node.arg, "KEYWORD_ONLY", ast.unparse(default) if default else None)
    if args.vararg:
        yield Parameter(args.vararg.arg, "VAR_POSITIONAL")
    if args.kwarg:
        yield Parameter(args.kwarg.arg, "VAR_KEYWORD")
