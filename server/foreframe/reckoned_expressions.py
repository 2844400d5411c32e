"""Expressions of a program whose values are all known: the safe evaluator, with names as objects.

Nothing of the program is executed: what is not among the operations of builtin types that are
listed here and in `operations.py` raises NotAllowed or NotKnown, and so does what Python itself
leaves to chance, such as the order of a set. What an operation raises is what the program would.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Never

from foreframe.errors import ExpressionError, NotKnown
from foreframe.expressions import NOTHING_RETURNED, Evaluation
from foreframe.operations import (
    FUNCTIONS,
    MAX_ITEMS,
    METHODS,
    TYPES,
    Operation,
    iterate,
    length,
    make_range,
    refuse,
    words,
)

EXCEPTIONS: Mapping[str, type[Exception]] = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
}
WIDENING = words("center ljust replace rjust zfill")
MORE_METHODS: Mapping[type, frozenset[str]] = {
    str: WIDENING,
    list: words("append clear extend insert pop remove reverse sort"),
    dict: words("clear pop popitem setdefault update"),
    set: words("add clear difference_update discard intersection_update remove update"),
}  # the last three change their object: it was made by this evaluation, from literals
CHANGING = words(
    "append clear extend insert pop remove reverse sort popitem setdefault update add "
    "difference_update discard intersection_update"
)
# What takes a generator expression and goes through all of it.
WHOLE: frozenset[Operation] = frozenset({sum, min, max, sorted, list, tuple, set, frozenset, dict})
SHORT: frozenset[Operation] = frozenset({any, all})  # stop early
# What gives the same of a set in whatever order it is.
ORDERLESS: frozenset[Operation] = frozenset(
    {len, sorted, min, max, any, all, set, frozenset, isinstance, bool, type}
)
PLAIN = (int, float, complex, str, bytes, type(None), type(...))
UNSUBSCRIPTABLE = (int, float, complex, type(None), set, frozenset)
CONTAINERS = (list, tuple, dict, set, frozenset)


class ReckonedExpressions(Evaluation):
    """Evaluates with `local`, the variables of the scope on top.

    `known_names` are those that the program itself binds anywhere: they mean no builtin.
    """

    def __init__(self, budget: int, known_names: frozenset[str]) -> None:
        super().__init__({}, NOTHING_RETURNED)
        self.budget.left = budget
        self.known_names = known_names
        self.own_names: frozenset[str] = frozenset()  # that the scope on top binds at some time
        self.hole_name: str | None = None
        self.fillings: dict[tuple[int, int], ast.expr] = {}  # of holes, by their place
        self.opened: tuple[int, int] | None = None  # the place of a hole that nothing stands for
        self._inside = 0  # comprehensions around what is evaluated

    def own_function(self, name: str) -> Callable[..., object]:
        """What calls a function of the program's. Raises NotKnown."""
        raise NotKnown(f"{name!r} is not known")

    def module_value(self, name: str) -> object:
        """A module-level name's value. Raises NotKnown."""
        raise NotKnown(f"{name!r} is not known")

    def on_name(self, node: ast.Name) -> object:
        name = node.id
        if name == self.hole_name:
            filling = self.fillings.get(self.place(node))
            if filling is None:
                self.opened = self.place(node)
                raise NotKnown("a hole is open")
            return self.plain(filling)
        if name in self.local:
            return self.local[name]
        if name in self.own_names:
            raise NotKnown(f"{name!r} is not bound yet")
        if name in self.known_names:
            return self.module_value(name)
        found = FUNCTIONS.get(name) or TYPES.get(name) or EXCEPTIONS.get(name)
        if found is not None:
            return found
        if hasattr(builtins, name) or name.startswith("__"):
            raise NotKnown(f"{name!r} is not known")
        raise NameError(f"name {name!r} is not defined")  # as the program would

    def place(self, node: ast.Name) -> tuple[int, int]:
        """Where a name stands: line from 1, bytes from 0."""
        return node.lineno, node.col_offset

    def on_namedexpr(self, node: ast.NamedExpr) -> object:
        if self._inside:
            refuse("`:=` within a comprehension is not reckoned")
        value = self.plain(node.value)
        self.local[node.target.id] = value
        return value

    def on_lambda(self, node: ast.Lambda) -> object:
        given = node.args
        if given.vararg or given.kwarg or given.kwonlyargs or given.defaults:
            refuse("only plain parameters of a lambda are reckoned")
        names = [argument.arg for argument in (*given.posonlyargs, *given.args)]
        if self._inside:
            refuse("a lambda within a comprehension is not reckoned")
        scope = self.local

        def call(*args: object) -> object:
            if len(args) != len(names):
                raise TypeError("a lambda with other arguments")
            before, self.local = self.local, {**scope, **dict(zip(names, args, strict=True))}
            try:
                return self.plain(node.body)
            finally:
                self.local = before

        return call

    def on_listcomp(self, node: ast.ListComp) -> object:
        return self.comprehended(lambda: Evaluation.on_listcomp(self, node))

    def on_setcomp(self, node: ast.SetComp) -> object:
        return self.comprehended(lambda: Evaluation.on_setcomp(self, node))

    def on_dictcomp(self, node: ast.DictComp) -> object:
        return self.comprehended(lambda: Evaluation.on_dictcomp(self, node))

    def on_generatorexp(self, node: ast.GeneratorExp) -> object:
        refuse("a generator is reckoned only where a call goes through it")

    def comprehended(self, evaluate: Callable[[], object]) -> object:
        """Evaluates with a copy of the variables, so that a comprehension's own are gone after."""
        before, self.local = self.local, dict(self.local)
        self._inside += 1
        try:
            return evaluate()
        finally:
            self._inside -= 1
            self.local = before

    def items(self, value: object) -> Iterator[object]:
        if isinstance(value, set | frozenset) and len(value) > 1:
            raise NotKnown("the order of a set is not known")
        return self.counted(iterate(value))

    def counted(self, items: Iterator[object]) -> Iterator[object]:
        """The items, each of which costs."""
        for item in items:
            self.budget.spend(1)
            yield item

    def on_formattedvalue(self, node: ast.FormattedValue) -> object:
        self.ordered(self.plain(node.value))
        return super().on_formattedvalue(node)

    def on_call(self, node: ast.Call) -> object:
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            refuse("`*` is not evaluated")
        if any(keyword.arg is None for keyword in node.keywords):
            refuse("`**` is not evaluated")
        match node.func:
            case ast.Name(id="print") if "print" not in self.known_names | self.local.keys():
                for part in (*node.args, *(keyword.value for keyword in node.keywords)):
                    self.ordered(self.plain(part))
                return None
        function = self.function(node.func)
        if function is None:
            refuse(f"calling {ast.unparse(node.func)!r} would need to run code")
        args = [self.argument(function, part) for part in node.args]
        named = {str(k.arg): self.plain(k.value) for k in node.keywords}
        self.check(function, args, named)
        self.budget.weigh(*args, *named.values())
        return function(*args, **named)

    def argument(self, function: Operation, node: ast.expr) -> object:
        """The value of an argument; a generator as the list of all that it gives."""
        if not isinstance(node, ast.GeneratorExp):
            return self.plain(node)
        joins = getattr(function, "__name__", "") == "join"
        if function not in WHOLE | SHORT and not joins:
            refuse("a generator is reckoned only where a call goes through it")
        if any(isinstance(part, ast.Call | ast.NamedExpr) for part in ast.walk(node)) and (
            function in SHORT
        ):
            refuse("calls in a generator that may be left early are not reckoned")
        try:
            return self.comprehended(lambda: Evaluation.on_listcomp(self, _as_list(node)))
        except ExpressionError:
            raise
        except Exception as error:  # Python may never come so far
            raise NotKnown(f"a generator raises {type(error).__name__}") from error

    def function(self, node: ast.expr) -> Callable[..., object] | None:
        match node:
            case ast.Name(id=name) if name == self.hole_name:
                return None
            case ast.Name(id=name) if name in self.local:
                value = self.local[name]
                return value if callable(value) else partial(_not_callable, value)
            case ast.Name(id=name) if name in self.own_names:
                return None
            case ast.Name(id=name) if name in self.known_names:
                return self.own_function(name)
            case ast.Name(id=name):
                self.on_name(ast.Name(name, ast.Load()))
                return FUNCTIONS.get(name) or TYPES.get(name) or EXCEPTIONS.get(name)
            case ast.Attribute(value=of, attr=name):
                value = self.plain(of)
                kind = type(value)
                _must_have(value, name)
                if name in METHODS.get(kind, ()) or name in MORE_METHODS.get(kind, ()):
                    if name in CHANGING and self._inside:
                        refuse("a change within a comprehension is not reckoned")
                    method: Callable[..., object] = getattr(value, name)
                    return method
        return None

    def on_subscript(self, node: ast.Subscript) -> object:
        value = self.plain(node.value)
        if isinstance(value, UNSUBSCRIPTABLE):
            self.plain(node.slice)
            raise TypeError(f"{type(value).__name__!r} object is not subscriptable")
        return super().on_subscript(node)

    def on_attribute(self, node: ast.Attribute) -> object:
        _must_have(self.plain(node.value), node.attr)
        return super().on_attribute(node)

    def check(
        self, function: Operation, args: Sequence[object], named: Mapping[str, object]
    ) -> None:
        """Refuses what depends on the order of a set, is huge, or makes a type."""
        name = getattr(function, "__name__", "")
        owner = getattr(function, "__self__", None)
        values = (*args, *named.values())
        if function is type and len(args) != 1:
            refuse("no type is made")
        if function is range:
            self.budget.spend(len(make_range(*args)) // 16)
        if function is str or function is repr:
            self.ordered(*values)
        elif any(isinstance(v, set | frozenset) and len(v) > 1 for v in values):
            fine = function in ORDERLESS and not named
            if not fine and not isinstance(owner, set | frozenset):
                raise NotKnown("the order of a set is not known")
        if isinstance(owner, str) and name in WIDENING:
            size = args[0] if args and isinstance(args[0], int) else 0
            if name == "replace":
                size = length(owner) * max(1, *(length(str(value)) for value in args))
            if size > MAX_ITEMS:
                refuse(f"a string of more than {MAX_ITEMS:,} characters")
        if isinstance(owner, list | dict | set | str):
            self.budget.weigh(owner) if name != "append" else self.budget.spend(1)

    def ordered(self, *values: object) -> None:
        """Refuses values whose text depends on the order of a set, or that have no plain one."""
        self.budget.weigh(*values)
        todo = list(values)
        while todo:
            value = todo.pop()
            if isinstance(value, set | frozenset) and len(value) > 1:
                raise NotKnown("the order of a set is not known")
            if isinstance(value, dict):
                todo += (*value.keys(), *value.values())
            elif isinstance(value, list | tuple | set | frozenset):
                todo += value
            elif not isinstance(value, (*PLAIN, range, Exception)):
                raise NotKnown("this value has no plain text")


def is_plain(value: object, most: int = 100_000) -> bool:
    """Whether a value is made of builtin values alone, so that its repr says all of it."""
    todo = [value]
    while todo and most > 0:
        most -= 1
        part = todo.pop()
        if type(part) is dict:
            todo += (*part.keys(), *part.values())
        elif type(part) in CONTAINERS:
            todo += iterate(part)
        elif type(part) not in (*PLAIN, bool, range):
            return False
    return not todo


def _as_list(node: ast.GeneratorExp) -> ast.ListComp:
    return ast.ListComp(node.elt, node.generators)


def _not_callable(value: object, *_: object, **__: object) -> Never:
    raise TypeError(f"{type(value).__name__!r} object is not callable")


def _must_have(value: object, name: str) -> None:
    """Raises AttributeError, as the program would, where a builtin type has no such attribute."""
    kind = type(value)
    if kind in (*PLAIN, *CONTAINERS) and not hasattr(kind, name):
        raise AttributeError(f"{kind.__name__!r} object has no attribute {name!r}")
