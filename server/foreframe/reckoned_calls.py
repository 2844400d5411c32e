"""A call under way, statement by statement, and those that it makes: see `reckoning.py`."""

from __future__ import annotations

import ast
import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from foreframe.errors import ExpressionError, NotAllowed, NotKnown
from foreframe.operations import check_size, get_item, refuse
from foreframe.reckoned_expressions import EXCEPTIONS, ReckonedExpressions
from foreframe.reckoned_module import Definition, Module, signature_of
from foreframe_models.entry import frame_order
from foreframe_models.program.syntax import parse

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

MOST_CALLS = 30  # below one another
IN_PLACE: Mapping[type[ast.operator], Callable[[object, object], object]] = {
    ast.Add: operator.iadd,
    ast.Sub: operator.isub,
    ast.Mult: operator.imul,
    ast.Div: operator.itruediv,
    ast.FloorDiv: operator.ifloordiv,
    ast.Mod: operator.imod,
    ast.Pow: operator.ipow,
    ast.LShift: operator.ilshift,
    ast.RShift: operator.irshift,
    ast.BitAnd: operator.iand,
    ast.BitOr: operator.ior,
    ast.BitXor: operator.ixor,
}


class Watch(Protocol):
    """Told of each step of a walk, with the variables of the scope on top."""

    def called(self, function: Definition, names: Mapping[str, object]) -> None: ...
    def line(self, statement: ast.stmt, names: Mapping[str, object]) -> None: ...
    def returned(self, value: object) -> None: ...
    def raised(self, error: Exception) -> None: ...


class Flow(Enum):
    """How a block was left before its end."""

    BREAK = auto()
    CONTINUE = auto()
    RETURN = auto()


class ReckonedCalls(ReckonedExpressions):
    """One walk. `watch` is told of its steps."""

    def __init__(self, module: Module, budget: int, watch: Watch | None) -> None:
        super().__init__(budget, module.bound)
        self.module, self.watch = module, watch
        self.depth = 0
        self.value: object = None  # of the return statement that was come to
        self.statements: dict[tuple[int, int], list[ast.stmt]] = {}  # of holes, by their place
        self.filled_names: frozenset[str] = frozenset()
        self._constants: dict[str, object] = {}
        self._signatures: dict[str, inspect.Signature] = {}

    # Names

    def fill(self, program: Program, texts: Sequence[str | None]) -> None:
        """Takes what is to stand for holes. Raises SyntaxError."""
        self.hole_name = program.hole_name
        for (line, column), text in zip(program.holes, texts, strict=False):
            if text is None:
                continue
            at = line, len(program.lines[line - 1][:column].encode("utf-8"))
            tree = parse(text)
            match tree.body:
                case [ast.Expr(value=value)]:
                    self.fillings[at] = value
                case body:
                    self.statements[at] = body
            names = (n for n in ast.walk(tree) if isinstance(n, ast.Name))
            self.filled_names |= {n.id for n in names if not isinstance(n.ctx, ast.Load)}

    def own_function(self, name: str) -> Callable[..., object]:
        node = self.module.functions.get(name)
        if node is None:
            raise NotKnown(f"{name!r} is no plain function")
        if self._inside:
            refuse("a call within a comprehension is not reckoned")
        return lambda *args, **named: self.call(node, args, named)

    def module_value(self, name: str) -> object:
        if name in self.module.constants and name not in self._constants:
            self._constants[name] = ast.literal_eval(self.module.constants[name])
        if name not in self._constants:
            raise NotKnown(f"{name!r} is not known")
        return self._constants[name]

    # Calls

    def call(
        self, node: Definition, args: tuple[object, ...] | list[object], named: dict[str, object]
    ) -> object:
        """Enters a function of the program's."""
        bound = self.signature(node).bind(*args, **named)
        bound.apply_defaults()
        self.depth += 1
        if self.depth > MOST_CALLS:
            raise NotAllowed("too many calls below one another")
        local = {name: bound.arguments[name] for name in frame_order(node.args)}
        before, own = self.local, self.own_names
        self.local = local
        self.own_names = self.module.locals_of(node) | self.filled_names
        if self.watch:
            self.watch.called(node, self.local)
        try:
            flow = self.block(node.body)
        except (ExpressionError, RecursionError, MemoryError):
            raise
        except Exception as error:
            if self.watch:
                self.watch.raised(error)
                self.watch.returned(None)
            raise
        finally:
            self.depth -= 1
            self.local, self.own_names = before, own
        value = self.value if flow is Flow.RETURN else None
        if self.watch:
            self.watch.returned(value)
        return value

    def signature(self, node: Definition) -> inspect.Signature:
        """A function's signature; defaults are made once, as Python makes them."""
        found = self._signatures.get(node.name)
        if found is None:
            found = self._signatures[node.name] = signature_of(node)
        return found

    # Statements

    def block(self, body: list[ast.stmt]) -> Flow | None:
        for statement in body:
            flow = self.statement(statement)
            if flow is not None:
                return flow
        return None

    def statement(self, node: ast.stmt) -> Flow | None:
        """Does one statement. None: the next one follows."""
        self.budget.spend(1)
        if self.watch and not isinstance(node, ast.For | ast.While):
            self.watch.line(node, self.local)
        match node:
            case ast.Expr(value=ast.Name() as name) if self.place(name) in self.statements:
                return self.block(self.statements[self.place(name)])
            case ast.Expr(value=value):
                self.plain(value)
            case ast.Assign(targets=targets, value=expression):
                given = self.plain(expression)
                for target in targets:
                    self.store(target, given)
            case ast.AnnAssign(target=target, value=expression):
                if expression is not None:
                    self.store(target, self.plain(expression))
            case ast.AugAssign():
                self.add_in_place(node)
            case ast.Return(value=expression):
                self.value = None if expression is None else self.plain(expression)
                return Flow.RETURN
            case ast.If(test=test):
                return self.block(node.body if self.plain(test) else node.orelse)
            case ast.While():
                return self.while_loop(node)
            case ast.For():
                return self.for_loop(node)
            case ast.Pass():
                pass
            case ast.Break():
                return Flow.BREAK
            case ast.Continue():
                return Flow.CONTINUE
            case ast.Assert(test=test, msg=message):
                if not self.plain(test):
                    told = () if message is None else (self.plain(message),)
                    raise AssertionError(*told)
            case ast.Raise(exc=expression):
                self.raise_(expression)
            case ast.Try(finalbody=[]):
                return self.try_(node)
            case ast.Delete(targets=targets):
                for target in targets:
                    self.delete(target)
            case _:
                refuse(f"{type(node).__name__} is not reckoned")
        return None

    def while_loop(self, node: ast.While) -> Flow | None:
        while True:
            self.budget.spend(1)
            if self.watch:
                self.watch.line(node, self.local)
            if not self.plain(node.test):
                return self.block(node.orelse)
            flow = self.block(node.body)
            if flow is Flow.RETURN:
                return flow
            if flow is Flow.BREAK:
                return None

    def for_loop(self, node: ast.For) -> Flow | None:
        if self.watch:
            self.watch.line(node, self.local)
        for item in self.items(self.plain(node.iter)):
            self.store(node.target, item)
            flow = self.block(node.body)
            if flow is Flow.RETURN:
                return flow
            if flow is Flow.BREAK:
                return None
            if self.watch:
                self.watch.line(node, self.local)
        return self.block(node.orelse)

    def try_(self, node: ast.Try) -> Flow | None:
        try:
            flow = self.block(node.body)
        except (ExpressionError, RecursionError, MemoryError):
            raise
        except Exception as error:
            if self.watch:
                self.watch.raised(error)
            for handler in node.handlers:
                if isinstance(error, self.caught(handler.type)):
                    if handler.name is not None:
                        self.local[handler.name] = error
                    try:
                        return self.block(handler.body)
                    finally:
                        self.local.pop(handler.name or "", None)
            raise
        return flow if flow is not None else self.block(node.orelse)

    def caught(self, node: ast.expr | None) -> tuple[type[Exception], ...]:
        """The exceptions that a handler is for."""
        if node is None:
            return (Exception,)
        found: list[type[Exception]] = []
        for part in node.elts if isinstance(node, ast.Tuple) else [node]:
            if not isinstance(part, ast.Name) or part.id in self.known_names:
                refuse("only Python's own exceptions are reckoned")
            if part.id not in EXCEPTIONS:
                refuse("only Python's own exceptions are reckoned")
            found.append(EXCEPTIONS[part.id])
        return tuple(found)

    def raise_(self, node: ast.expr | None) -> None:
        value = None if node is None else self.plain(node)
        if isinstance(value, type) and issubclass(value, Exception):
            value = value()
        if not isinstance(value, Exception):
            refuse("only Python's own exceptions are reckoned")
        raise value

    # What is bound

    def store(self, target: ast.expr, value: object) -> None:
        match target:
            case ast.Name(id=name):
                self.local[name] = value
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self.unpack(targets, list(self.items(value)))
            case ast.Subscript(value=of, slice=key):
                holder, index = self.plain(of), self.plain(key)
                if not isinstance(holder, list | dict):
                    kind = type(holder).__name__
                    raise TypeError(f"{kind!r} object does not support item assignment")
                if isinstance(index, slice):
                    value = list(self.items(value))
                    self.budget.weigh(holder)
                _set_item(holder, index, value)
            case _:
                refuse("attributes are not reckoned")

    def unpack(self, targets: list[ast.expr], values: list[object]) -> None:
        starred = [at for at, target in enumerate(targets) if isinstance(target, ast.Starred)]
        if starred:
            at, after = starred[0], len(targets) - starred[0] - 1
            if len(values) < len(targets) - 1:
                raise ValueError(f"not enough values to unpack (expected at least {at + after})")
            end = len(values) - after
            values = [*values[:at], values[at:end], *values[end:]]
        if len(values) > len(targets):
            raise ValueError(f"too many values to unpack (expected {len(targets)})")
        if len(values) < len(targets):
            raise ValueError(
                f"not enough values to unpack (expected {len(targets)}, got {len(values)})"
            )
        for target, value in zip(targets, values, strict=True):
            self.store(target.value if isinstance(target, ast.Starred) else target, value)

    def add_in_place(self, node: ast.AugAssign) -> None:
        if type(node.op) not in IN_PLACE:
            refuse("matrices are not computed")
        holder: object = None
        key: object = None
        match node.target:
            case ast.Name():
                old = self.plain(node.target)
            case ast.Subscript(value=of, slice=index):
                holder, key = self.plain(of), self.plain(index)
                if not isinstance(holder, list | dict) or isinstance(key, slice):
                    refuse("only elements of lists and dicts are reckoned")
                old = get_item(holder, key)
            case _:
                refuse("attributes are not reckoned")
        value = self.plain(node.value)
        if isinstance(old, list) and isinstance(value, set | frozenset):
            raise NotKnown("the order of a set is not known")
        check_size(node.op, old, value)
        self.budget.weigh(old, value)
        new = IN_PLACE[type(node.op)](old, value)
        if isinstance(node.target, ast.Name):
            self.local[node.target.id] = new
        else:
            _set_item(holder, key, new)

    def delete(self, target: ast.expr) -> None:
        match target:
            case ast.Name(id=name) if name in self.local:
                del self.local[name]
            case ast.Subscript(value=of, slice=key):
                holder, index = self.plain(of), self.plain(key)
                if not isinstance(holder, list | dict):
                    refuse("only elements of lists and dicts are reckoned")
                _del_item(holder, index)
            case _:
                refuse("this is not deleted")


_set_item: Callable[[object, object, object], None] = operator.setitem  # type: ignore[assignment]
_del_item: Callable[[object, object], None] = operator.delitem  # type: ignore[assignment]
