"""What a module's text alone says of its names: plain functions and constants. Pure."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from foreframe.errors import NotKnown
from foreframe_models.entry import is_generator

Definition = ast.FunctionDef
Parameter = inspect.Parameter
BINDING = frozenset({"exec", "eval", "globals", "setattr", "vars", "builtins", "__builtins__"})


@dataclass(frozen=True)
class Module:
    """The names that a module binds, as far as its text fixes what they mean."""

    functions: Mapping[str, Definition]  # bound once, plain
    constants: Mapping[str, ast.expr]  # bound once, to a literal that nothing else touches
    bound: frozenset[str]  # anywhere but as a plain local of a function
    is_open: bool  # names may come from anywhere
    _locals: dict[Definition, frozenset[str]] = field(default_factory=dict)

    @property
    def plain(self) -> Collection[Definition]:
        """The functions that can be entered."""
        return self.functions.values()

    def can_enter(self, node: ast.AST) -> bool:
        """Whether a function can be entered from outside: a plain one, or a class's static one."""
        match node:
            case ast.FunctionDef(decorator_list=[ast.Name(id="staticmethod")]):
                return "staticmethod" not in self.bound and not is_generator(node)
        return node in self.plain

    def locals_of(self, node: Definition) -> frozenset[str]:
        """The names that a function of the module's binds itself, before it has done so too."""
        found = self._locals.get(node)
        if found is None:
            stores = (n for n in ast.walk(node) if isinstance(n, ast.Name))
            names = {n.id for n in stores if not isinstance(n.ctx, ast.Load)}
            names |= {n.name for n in ast.walk(node) if isinstance(n, ast.ExceptHandler) and n.name}
            found = self._locals[node] = frozenset(names)
        return found

    @classmethod
    def of(cls, tree: ast.Module) -> Module:
        """Reads the module-level names; nothing counts that is bound more than once."""
        counts: dict[str, int] = {}
        is_open = False
        local: set[int] = set()  # stores that are locals of plain functions, `global` aside
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                local.update(id(n) for n in ast.walk(node) if n is not node)
        for node in ast.walk(tree):
            names: list[str] = []
            is_open = is_open or (isinstance(node, ast.Name) and node.id in BINDING)
            match node:
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()) if id(node) not in local:
                    names = [name]
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    names = [name]
                case ast.ClassDef(name=name):
                    names = [name]
                case ast.Global(names=found) | ast.Nonlocal(names=found):
                    names = [*found, *found]
                case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                    names = [(alias.asname or alias.name).split(".")[0] for alias in aliases]
                    is_open = is_open or "*" in names
            for name in names:
                counts[name] = counts.get(name, 0) + 1
        functions: dict[str, Definition] = {}
        constants: dict[str, ast.expr] = {}
        still = all(map(_is_still, tree.body))
        for statement in tree.body:
            match statement:
                case ast.FunctionDef(name=name, decorator_list=[]) if counts[name] == 1:
                    if not is_generator(statement):
                        functions[name] = statement
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if counts[name] == 1:
                    constant = _literal(value)
                    if constant and (still or isinstance(constant[0], str | int | float | tuple)):
                        constants[name] = value
        return cls(functions, constants, frozenset(counts), is_open)


def _is_still(statement: ast.stmt) -> bool:
    """Whether a module-level statement can change no object that another one made."""
    match statement:
        case ast.FunctionDef(decorator_list=[]) | ast.Import() | ast.ImportFrom():
            return True
        case ast.Assign(value=value) | ast.Expr(value=value):
            return _literal(value) is not None
    return False


def _literal(node: ast.expr) -> tuple[object] | None:
    try:
        return (ast.literal_eval(node),)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def signature_of(node: Definition) -> inspect.Signature:
    """A function's signature. Raises NotKnown for defaults that are no literals."""
    args = node.args

    def made(of: ast.arg, how: inspect._ParameterKind, default: ast.expr | None) -> Parameter:
        if default is None:
            return Parameter(of.arg, how)
        constant = _literal(default)
        if constant is None:
            raise NotKnown("a default is not known")
        return Parameter(of.arg, how, default=constant[0])

    plain = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults))
    defaults += args.defaults
    found: list[Parameter] = []
    for at, (one, default) in enumerate(zip(plain, defaults, strict=True)):
        only = at < len(args.posonlyargs)
        how = Parameter.POSITIONAL_ONLY if only else Parameter.POSITIONAL_OR_KEYWORD
        found.append(made(one, how, default))
    if args.vararg:
        found.append(made(args.vararg, Parameter.VAR_POSITIONAL, None))
    found += (
        made(one, Parameter.KEYWORD_ONLY, default)
        for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
    )
    if args.kwarg:
        found.append(made(args.kwarg, Parameter.VAR_KEYWORD, None))
    return inspect.Signature(found)
