"""Which values a line can change at all: those it binds, and those it may change in place.

Read from the syntax tree. A line such as `count = 0` or `if a < len(b):` runs nothing that could
change an object, so every other variable is certain to stay as it is. Where a line may change
objects, names that can only ever hold immutable ones are still certain.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from foreframe_models.program.dispatch import words

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Function, Program

# Builtins and methods of builtin types whose results are immutable, and which change nothing.
_GIVES_IMMUTABLE = words(
    "abs all any ascii bin bool bytes callable chr complex float format hash hex id int isinstance "
    "issubclass len oct ord print range repr round str"
)
_METHOD_GIVES_IMMUTABLE = words(
    "bit_count bit_length capitalize casefold center count decode encode endswith expandtabs find "
    "index isalnum isalpha isascii isdecimal isdigit isdisjoint isidentifier islower isnumeric "
    "isprintable isspace issubset issuperset istitle isupper join ljust lower lstrip removeprefix "
    "removesuffix replace rfind rindex rjust rstrip startswith strip swapcase title upper zfill"
)
# Others that change nothing that shows. (How far an iterator has got does not show.)
_HARMLESS = _GIVES_IMMUTABLE | words(
    "dict divmod enumerate frozenset list max min pow reversed set slice sorted sum tuple type zip"
)
_METHOD_HARMLESS = _METHOD_GIVES_IMMUTABLE | words(
    "copy difference get intersection items keys maketrans partition rpartition rsplit split "
    "splitlines symmetric_difference translate union values"
)
_FILLS_IN_WHEN_READ = words("defaultdict __missing__ __getitem__ __getattr__ cached_property")
_ONLY_NUMBERS = (ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift, ast.RShift)

IsKnown = Callable[[str], bool]
Statements = Iterator[tuple[ast.stmt, list[ast.AST]]]


class Mutations:
    """What the lines of one program may change."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._lines: dict[int, frozenset[int] | None] = {}
        self._immutable: dict[int, frozenset[str]] = {}

    def changes(self, function: Function, line: int) -> frozenset[str]:
        """The names whose value may be another in the frame that follows one on `line`."""
        bound = function.binds.get(line, frozenset())
        if line in self._open:
            return frozenset(function.names)
        others_may_run = function.calls.get(line) or self._dropping_runs
        if not others_may_run and not self._may_change_objects(function, line):
            return bound
        return bound | (frozenset(function.names) - self.immutable_names(function))

    def within(self, function: Function, *nodes: ast.expr) -> frozenset[str]:
        """The names whose value may change while these expressions of a line are evaluated."""
        immutable = self.immutable_names(function)
        if not any(self._changes(node, immutable) for node in nodes):
            return self._bound_by_expressions
        return (frozenset(function.names) - immutable) | self._bound_by_expressions

    def immutable_names(self, function: Function) -> frozenset[str]:
        """Names of a function's own that can only ever hold numbers, strings and the like."""
        found = self._immutable.get(function.id)
        if found is None:
            found = self._immutable[function.id] = self._find_immutable(function)
        return found

    def _may_change_objects(self, function: Function, line: int) -> bool:
        if function.id not in self._lines:
            self._lines[function.id] = self._find_lines(function)
        lines = self._lines[function.id]
        return lines is None or line in lines

    def _find_lines(self, function: Function) -> frozenset[int] | None:
        """The lines that may change objects; None for all, where no syntax tree is at hand."""
        node = self.program.tree if function.is_module else function.node
        if node is None or isinstance(node, ast.Lambda):
            return None
        immutable = self.immutable_names(function)
        found: set[int] = set()
        for statement, parts in _statements(getattr(node, "body", [])):
            if any(self._changes(part, immutable) for part in parts):
                last = max((getattr(p, "end_lineno", 0) or 0) for p in (*parts, statement))
                if parts != [statement]:  # a compound statement: its head alone
                    last = max(getattr(p, "end_lineno", 0) or 0 for p in parts)
                found.update(range(statement.lineno, last + 1))
        return frozenset(found)

    def _changes(self, root: ast.AST, immutable: frozenset[str]) -> bool:
        """Whether evaluating or executing this may change an object."""
        match root:
            case ast.Lambda():
                return False  # its body runs elsewhere
            case ast.Name(id=name) if name == self.program.hole_name:
                return True  # `xs.pop()`, perhaps
            case ast.Call(func=ast.Name(id=name)) if self._is_builtin(name, _HARMLESS):
                pass
            case ast.Call(func=ast.Attribute(attr=name)) if name in _METHOD_HARMLESS:
                pass
            case ast.Call() | ast.Yield() | ast.YieldFrom() | ast.Await():
                return True
            case ast.Subscript(ctx=ast.Load()) | ast.Attribute(ctx=ast.Load()):
                if self._reading_changes:
                    return True
            case ast.Subscript() | ast.Attribute() | ast.withitem() | ast.alias():
                return True
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return True
            case ast.AugAssign() if not _is_quiet(root, immutable):
                return True
        return any(self._changes(part, immutable) for part in ast.iter_child_nodes(root))

    @cached_property
    def _bound_by_expressions(self) -> frozenset[str]:
        """Names that an expression may bind, `(n := 1)`, wherever it stands."""
        tree = self.program.tree
        return frozenset(
            node.target.id for node in ast.walk(tree) if isinstance(node, ast.NamedExpr)
        )

    @cached_property
    def _open(self) -> frozenset[int]:
        """The lines of holes that stand for a whole statement, which may bind any name anew."""
        name = self.program.hole_name
        return frozenset(
            node.lineno
            for node in (ast.walk(self.program.tree) if name is not None else ())
            if isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Name)
            and node.value.id == name
        )

    def _is_builtin(self, name: str, among: frozenset[str]) -> bool:
        return name in among and name not in self.bound_anywhere

    @cached_property
    def bound_anywhere(self) -> frozenset[str]:
        """Every name that the program gives a meaning of its own."""
        found: set[str] = set()
        for node in ast.walk(self.program.tree):
            match node:
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                    found.add(name)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    found.add(name)
                case ast.ClassDef(name=name):
                    found.add(name)
                case ast.alias():
                    found.add((node.asname or node.name).split(".")[0])
        return frozenset(found)

    @cached_property
    def _dropping_runs(self) -> bool:
        """Whether dropping a suspended generator, which can happen on any line, runs code."""
        guards = ast.Try | ast.TryStar | ast.With | ast.AsyncWith
        nodes = (f.node for f in self.program.functions if f.is_generator)
        return any(isinstance(n, guards) for node in nodes if node for n in ast.walk(node))

    @cached_property
    def _has_only_builtin_types(self) -> bool:
        """Whether operators can only have their built-in meaning."""
        foreign = ast.Import | ast.ImportFrom | ast.ClassDef
        return not any(isinstance(node, foreign) for node in ast.walk(self.program.tree))

    @cached_property
    def _reading_changes(self) -> bool:
        """Whether some object may change by being read."""
        used = {n.id for n in ast.walk(self.program.tree) if isinstance(n, ast.Name)}
        used |= {n.attr for n in ast.walk(self.program.tree) if isinstance(n, ast.Attribute)}
        used |= self.bound_anywhere
        return bool(used & _FILLS_IN_WHEN_READ)

    def _find_immutable(self, function: Function) -> frozenset[str]:
        node = function.node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return frozenset()
        bindings: dict[str, list[ast.expr | None]] = {}
        for name, value in _bindings(node):
            bindings.setdefault(name, []).append(value)
        known = set(bindings) - {parameter.name for parameter in function.parameters}
        while True:
            unsure = {
                name
                for name in known
                if not all(v is not None and self._is_immutable(v, known) for v in bindings[name])
            }
            if not unsure:
                return frozenset(known)
            known -= unsure

    def _is_immutable(self, value: ast.expr, known: set[str]) -> bool:
        """Whether a value is certain to be a number, a string or the like, whatever happens."""
        match value:
            case ast.Constant() | ast.JoinedStr() | ast.Compare(ops=[ast.In() | ast.NotIn()]):
                return True
            case ast.UnaryOp(op=ast.Not()):
                return True
            case ast.Name(id=name):
                return name in known
            case ast.UnaryOp(operand=operand):
                return self._is_immutable(operand, known)
            case ast.BinOp(left=left, op=op, right=right):
                sides = (self._is_immutable(left, known), self._is_immutable(right, known))
                # `0 + x`, `x % 2`: among builtin types no other sum is possible but `2 * [x]`.
                closed = self._has_only_builtin_types and not isinstance(op, ast.Mult)
                return any(sides) if closed else all(sides)
            case ast.BoolOp(values=values):
                return all(self._is_immutable(v, known) for v in values)
            case ast.IfExp(body=body, orelse=orelse):
                return self._is_immutable(body, known) and self._is_immutable(orelse, known)
            case ast.Call(func=ast.Name(id=name)):
                return self._is_builtin(name, _GIVES_IMMUTABLE)
            case ast.Call(func=ast.Attribute(value=of, attr=name)):
                return name in _METHOD_GIVES_IMMUTABLE and self._is_immutable(of, known)
        return False


def _is_quiet(node: ast.AugAssign, immutable: frozenset[str]) -> bool:
    """Whether `a op= b` leaves the object that `a` was alone: no list or set is changed by it."""
    if not isinstance(node.target, ast.Name):
        return False
    if node.target.id in immutable or isinstance(node.op, _ONLY_NUMBERS):
        return True
    number = isinstance(node.value, ast.Constant) and isinstance(node.value.value, int | float)
    return number and isinstance(node.op, ast.Add | ast.Sub)


def _statements(body: list[ast.stmt]) -> Statements:
    """Each statement with the parts of it that run on its own lines; no inner definitions'."""
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if statement.decorator_list:
                    yield statement, list(statement.decorator_list)
                yield statement, [statement.args]
                continue
            case ast.ClassDef():
                yield statement, [*statement.decorator_list, *statement.bases, statement]
                continue
            case ast.If() | ast.While():
                yield statement, [statement.test]
            case ast.For() | ast.AsyncFor():
                yield statement, [statement.target, statement.iter]
            case ast.With() | ast.AsyncWith():
                yield statement, list(statement.items)
            case ast.Match():
                guards = [case.guard for case in statement.cases if case.guard]
                yield statement, [statement.subject, *guards]
            case ast.Try() | ast.TryStar():
                pass
            case _:
                yield statement, [statement]
                continue
        for inner in _blocks(statement):
            yield from _statements(inner)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for part in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
        yield part.body


def _bindings(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[
    tuple[str, ast.expr | None]
]:  # fmt: skip
    """Each name that a function or what it holds binds, with what to; None where that is unknown.

    Inner functions count as well: what they bind of the same name may be this scope's.
    """
    plain: set[int] = set()
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value):
                plain.add(id(target))
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name) as target, value=value):
                plain.add(id(target))
                if value is not None:
                    yield name, value
            case ast.NamedExpr(target=ast.Name(id=name) as target, value=value):
                plain.add(id(target))
                yield name, value
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                plain.add(id(target))
                yield name, ast.BinOp(ast.Name(name, ast.Load()), op, value)
            case ast.For(
                target=ast.Name(id=name) as target,
                iter=ast.Call(func=ast.Name(id="range")) as source,
            ):
                plain.add(id(target))
                yield name, source
            case ast.Name(id=name, ctx=ast.Store()) if id(node) not in plain:
                yield name, None
            case ast.ExceptHandler(name=str(name)) | ast.arg(arg=name):
                yield name, None
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, None
            case ast.MatchMapping(rest=str(name)):
                yield name, None
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if node is not function:
                yield name, None
