"""Who may call whom: for each line of a scope, the functions of the program that may be entered.

Python decides this at run time. Here every function that could be meant is found, by name where
a call names a function that is bound in no other way, else by what its instruction can dispatch
to: special methods by their operator, functions that are passed around by anything that calls.
A `??` hole enters none: what it gives is predicted at once, however it may come about.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from foreframe_models.program.bytecode import CodeGraph, Instruction, nested
from foreframe_models.program.dispatch import (
    BUILTIN_ATTRIBUTES,
    CONSTRUCTORS,
    DISPATCH,
    PLAIN_BASES,
    QUIET_FUNCTIONS,
    QUIET_METHODS,
    REFLECTION,
)
from foreframe_models.program.visible import HIDDEN_FRAMES

if TYPE_CHECKING:
    from types import CodeType

    from foreframe_models.program.control_flow import Function, Program

Callee = tuple[str, str]  # ("name" | "attribute" | "" | "nothing", identifier)
_UNKNOWN: Callee = ("", "")
_INERT: Callee = ("nothing", "")
_CLASS: Callee = ("class statement", "")


@dataclass(slots=True)
class LineCalls:
    """Line → function ids: all that may be entered, and those entered by unknown code."""

    possible: dict[int, frozenset[int]] = field(default_factory=dict)
    implicit: dict[int, frozenset[int]] = field(default_factory=dict)


class Callees:
    """Answers for one program; what needs the syntax tree is read once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.calls: dict[tuple[int, int], set[Callee]] = {}
        self.loaded: set[str] = set()
        self.stored_attributes: set[str] = set()
        self.imported: set[str] = set()
        self.bound: set[str] = set()
        self.lazy: set[str] = set()  # names of generator functions: calling one runs nothing yet
        self.bases: dict[str, set[str]] = {}
        self.decorated: set[str] = set()
        self.factories: set[str] = set()  # classes that something else gives callbacks to
        self._read(program.tree)
        called = {
            name for callees in self.calls.values() for kind, name in callees if kind == "name"
        }
        self.reflects = bool((self.loaded | called) & REFLECTION)
        self.uses_properties = "property" in called
        self.makes_by_type = "__class__" in self.loaded or bool(called & {"type", "cls"})
        self.by_name: dict[str, set[int]] = {}
        self.escaping: set[int] = set()
        self.resumable: set[int] = set()  # generators and coroutines
        self.special: dict[str, set[int]] = {}
        self.properties: dict[str, set[int]] = {}
        self.finalizers: set[int] = set()
        for function in program.functions[1:]:
            self._sort(function)
        self.constructors = self._constructors()
        self.everything = self.escaping | self.resumable | self._specials()
        self._comprehensions: dict[int, frozenset[int]] = {}
        self._by_opcode: dict[str, frozenset[int]] = {}

    def _read(self, tree: ast.Module) -> None:
        called: set[int] = set()
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=func):
                    if isinstance(func, ast.Name | ast.Attribute):
                        called.add(id(func))
                    self._remember(node, func)
                case ast.ClassDef(name=name, bases=bases):
                    self._note_end(node, _CLASS)
                    known = self.bases.setdefault(name, set())
                    known.update(b.id if isinstance(b, ast.Name) else "?" for b in bases)
                    if node.keywords:
                        known.add("?")
                    if node.decorator_list:
                        self.factories.add(name)
                        known.update("?" for d in node.decorator_list if not _is_dataclass(d))
                case ast.With(items=items) | ast.AsyncWith(items=items):
                    for item in items:  # the call of __exit__ stands there too
                        self._note_end(item.context_expr, _UNKNOWN)
                case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                    self._note_end(node, _INERT)
                case ast.Assert(test=test):
                    self._note_end(node, _INERT)
                    self._note_end(test, _INERT)
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                    self.bound.add(name)
                case ast.Import(names=names) | ast.ImportFrom(names=names):
                    self.imported.update((a.asname or a.name).split(".")[0] for a in names)
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    if node.decorator_list and not isinstance(node, ast.ClassDef):
                        self.decorated.add(node.name)
                    for decorator in node.decorator_list:
                        self._remember(decorator, decorator)
                        called.add(id(decorator))
        for node in ast.walk(tree):
            if id(node) in called:
                continue
            match node:
                case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
                    self.loaded.add(name)
                case ast.Attribute(attr=name, ctx=ast.Store()):
                    self.stored_attributes.add(name)

    def _remember(self, node: ast.expr, func: ast.expr) -> None:
        callee = _UNKNOWN
        if isinstance(func, ast.Name):
            is_hole = func.id == self.program.hole_name
            callee = _INERT if is_hole else ("name", func.id)
        elif isinstance(func, ast.Attribute):
            imported = isinstance(func.value, ast.Name) and func.value.id in self.imported
            callee = _UNKNOWN if imported else ("attribute", func.attr)
        self._note_end(node, callee)

    def _note_end(self, node: ast.expr | ast.stmt, callee: Callee) -> None:
        if node.end_lineno is not None and node.end_col_offset is not None:
            self.calls.setdefault((node.end_lineno, node.end_col_offset), set()).add(callee)

    def _sort(self, function: Function) -> None:
        """Finds out in which ways a function may be entered."""
        name, ident = function.name, function.id
        if function.is_generator:
            self.resumable.add(ident)
            self.lazy.add(name)
            return
        self.by_name.setdefault(name, set()).add(ident)
        owner = function.qualname.rpartition(".")[0].rpartition(".")[2]
        if name == "__del__":
            self.finalizers.add(ident)
        elif name.startswith("__") and name.endswith("__"):
            self.special.setdefault(name, set()).add(ident)
        elif _is_class_body(function):
            return
        elif name in self.decorated:
            self.escaping.add(ident)
            self.properties.setdefault(name, set()).add(ident)
        elif (
            name.startswith("<")
            or name in self.loaded
            or self.reflects
            or not self._ancestors(owner) <= self.bases.keys() | PLAIN_BASES
        ):
            self.escaping.add(ident)
            if self.uses_properties:
                self.properties.setdefault("", set()).add(ident)

    def _ancestors(self, name: str) -> set[str]:
        """A class's bases, theirs, and so on; nothing for what is no class of the program."""
        found: set[str] = set()
        todo = [name]
        while todo:
            for base in self.bases.get(todo.pop(), ()):
                if base not in found:
                    found.add(base)
                    todo.append(base)
        return found

    def _constructors(self) -> dict[str, frozenset[int]]:
        """Class → what making an instance of it may enter."""
        of_class: dict[str, set[int]] = {}
        for name in CONSTRUCTORS:
            for ident in self.special.get(name, ()):
                owner = self.program.functions[ident].qualname.split(".")[-2:-1]
                of_class.setdefault(owner[0] if owner else "", set()).add(ident)
        metaclass = self.special.get("__call__", set()) if self._has_metaclass else set()
        return {
            name: frozenset(
                set().union(
                    metaclass, *(of_class.get(c, ()) for c in (name, *self._ancestors(name)))
                )
            )
            for name in self.bases
        }

    @property
    def _has_metaclass(self) -> bool:
        return any("type" in bases for bases in self.bases.values())

    def _specials(self) -> set[int]:
        """Special methods that code outside of the program may enter."""
        found: set[int] = set()
        for name, idents in self.special.items():
            for ident in idents:
                owner = self.program.functions[ident].qualname.split(".")[-2:-1]
                family = {c for c in self.bases if owner and owner[0] in (c, *self._ancestors(c))}
                passed = family & (self.loaded | self.factories)
                if (
                    name not in CONSTRUCTORS
                    or not owner
                    or passed
                    or self.makes_by_type
                    or any("?" in self.bases[c] for c in family)
                ):
                    found.add(ident)
        return found

    def of(self, function: Function) -> LineCalls:
        """What each line of a function may enter."""
        found = LineCalls()
        for line, places in function.flow.places.items():
            possible: set[int] = set()
            implicit: set[int] = set()
            for number, index in places:
                graph = function.graphs[number]
                direct, other = self._entered(graph, graph.instructions[index])
                possible |= direct | other
                implicit |= other
            possible |= self.finalizers
            implicit |= self.finalizers
            if possible:
                found.possible[line] = frozenset(possible)
                found.implicit[line] = frozenset(implicit)
        return found

    def _entered(
        self, graph: CodeGraph, instruction: Instruction
    ) -> tuple[set[int] | frozenset[int], set[int] | frozenset[int]]:
        """(functions an instruction itself calls, those it may call by way of other code)."""
        name, argument = instruction.name, instruction.argument
        if name == "LOAD_CONST":
            return frozenset(), self._within_comprehension(argument)
        if name.startswith("CALL") and not name.startswith("CALL_INTRINSIC"):
            return self._called(graph, instruction)
        other = self._dispatched(name)
        if self.properties and (name.endswith("_ATTR") or name == "LOAD_METHOD"):
            attribute = argument if isinstance(argument, str) else ""
            found = self.properties.get(attribute, set()) | self.properties.get("", set())
            return frozenset(), other | found
        if name == "BINARY_OP" and argument in (13, 26):  # += of a list runs a generator
            return frozenset(), other | self.escaping | self.resumable
        return frozenset(), other

    def _dispatched(self, name: str) -> frozenset[int]:
        """What an instruction of this name may enter by what Python calls for it."""
        if name not in self._by_opcode:
            found: set[int] = set()
            dispatch = next((d for d in DISPATCH if name.startswith(d[0])), None)
            if dispatch is not None:
                _, methods, callbacks = dispatch
                for method in methods:
                    ways = self.special if method[0] == "_" else self.by_name
                    found |= ways.get(method, set())
                found |= self.escaping | self.resumable if callbacks else set()
            self._by_opcode[name] = frozenset(found)
        return self._by_opcode[name]

    def _within_comprehension(self, constant: object) -> frozenset[int]:
        """What the frame of a comprehension, which traces do not show, may enter."""
        name = getattr(constant, "co_name", None)
        if name not in HIDDEN_FRAMES:
            return frozenset()
        code: CodeType = constant  # type: ignore[assignment]
        if id(code) not in self._comprehensions:
            graph = CodeGraph(code)
            found: set[int] = set()
            for instruction in graph.instructions:
                direct, other = self._entered(graph, instruction)
                found |= direct | other
            self._comprehensions[id(code)] = frozenset(found)
        return self._comprehensions[id(code)]

    def _called(
        self, graph: CodeGraph, instruction: Instruction
    ) -> tuple[set[int] | frozenset[int], set[int] | frozenset[int]]:
        _, end_line, _, end_column = instruction.span
        if end_line is None or end_column is None:
            anything = self.everything | set().union(*self.by_name.values())
            return frozenset(), anything
        direct: set[int] = set()
        other: set[int] = set()
        callees = self.calls.get((end_line, end_column))
        if callees is None:  # a class's body, a decorator at work, __exit__, a comprehension
            direct |= self._bodies(graph, instruction)
            return direct, self.everything
        for callee in callees:
            own, foreign = self._meant(callee)
            direct |= own
            other |= foreign
        if _CLASS in callees or any(c.co_name.startswith("<generic") for c in nested(graph.code)):
            direct |= self._bodies(graph, instruction)
        return direct, other

    def _meant(self, callee: Callee) -> tuple[set[int] | frozenset[int], set[int]]:
        """What a call of a name or of an attribute enters: (surely by itself, by other code)."""
        kind, name = callee
        if callee == _INERT:
            return frozenset(), set()
        if callee == _CLASS:
            return frozenset(), self.everything
        quiet = QUIET_FUNCTIONS if kind == "name" else QUIET_METHODS
        if name in quiet and kind and not self._is_own(name):
            return frozenset(), set().union(*(self.special.get(m, ()) for m in quiet[name]))
        known = self.by_name.get(name, set())
        exact = name in self.program.hidden and name not in self.decorated
        if kind == "name" and name in self.constructors:
            made = self.constructors[name] | known_functions(self.program, known)
            sure = exact and not self._ancestors(name) - self.bases.keys() - PLAIN_BASES
            sure = sure and name not in self.factories
            return made, set() if sure else self.everything
        if kind == "name" and exact and (known or name in self.lazy):
            return known, set()
        if kind == "attribute" and known:
            sure = name != "__call__" and (
                name in self.special
                or (
                    name not in BUILTIN_ATTRIBUTES
                    and name not in self.decorated
                    and name not in self.stored_attributes
                    and name not in self.imported
                )
            )
            return known, set() if sure else self.everything
        if kind == "attribute" and name in self.constructors:
            return self.constructors[name], self.everything
        return known, self.everything

    def _is_own(self, name: str) -> bool:
        """Whether the program itself binds a name, in whatever way."""
        return (
            name in self.by_name
            or name in self.lazy
            or name in self.bound
            or name in self.stored_attributes
            or name in self.imported
            or name in self.bases
        )

    def _bodies(self, graph: CodeGraph, instruction: Instruction) -> set[int]:
        """The class bodies and type parameter scopes that a call in this code may run."""
        found: set[int] = set()
        for code in nested(graph.code):
            function = self.program.by_code.get(id(code))
            if function is None or not (_is_class_body(function) or code.co_name[0] == "<"):
                continue
            start, end = function.scope_line, function.def_line
            if instruction.line is None or start <= instruction.line <= end:
                found.add(function.id)
        return found


def known_functions(program: Program, idents: set[int]) -> set[int]:
    """Those that are no class bodies."""
    return {i for i in idents if not _is_class_body(program.functions[i])}


def _is_class_body(function: Function) -> bool:
    """Whether a scope is the body of a class statement: code without locals of its own."""
    return not function.codes[0].co_flags & 2 and not function.is_module


def _is_dataclass(decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
    return name == "dataclass"
