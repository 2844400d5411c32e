"""Where a trace starts: a module, or a call of one of its functions with literal arguments."""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from foreframe_models.program.syntax import parse_expression
from foreframe_protocol.states import Provenance, Value


class EntryError(ValueError):
    """The person asked for a start that this program does not have: says what to change."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`function` is a dotted name ("f", "Stack.make"), None for the module; `args` are literals."""

    function: str | None = None
    args: str = ""


FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def functions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, FunctionNode]]:
    """Every function that can be reached by a dotted name, also under `if` and `try`."""
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield prefix + node.name, node
            case ast.ClassDef():
                yield from functions(node.body, f"{prefix}{node.name}.")
            case ast.If() | ast.Try() | ast.With():
                parts = [node.body, getattr(node, "orelse", []), getattr(node, "finalbody", [])]
                for part in parts:
                    yield from functions(part, prefix)


def find_function(tree: ast.Module, name: str) -> FunctionNode:
    """The last definition of a dotted name, as running the module would leave it."""
    found = dict(functions(tree.body))
    if name not in found:
        near = difflib.get_close_matches(name, found, n=3)
        known = near or sorted(found)[:8]
        hint = f"; there is {', '.join(known)}" if known else "; it defines no function"
        raise EntryError(f"no function {name!r} in this file{hint}")
    node = found[name]
    if isinstance(node, ast.AsyncFunctionDef):
        raise EntryError(
            f"{name!r} is a coroutine function: a call alone runs none of it. "
            "Trace a function that awaits it, or the module"
        )
    if is_generator(node):
        raise EntryError(
            f"{name!r} is a generator function: a call alone runs none of it. "
            "Trace a function that iterates over it, or the module"
        )
    return node


def is_generator(function: FunctionNode) -> bool:
    """Whether a `yield` belongs to this function itself."""
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, FunctionNode | ast.Lambda | ast.ClassDef):
            todo.extend(ast.iter_child_nodes(node))
    return False


def parse_arguments(text: str) -> tuple[list[object], dict[str, object]]:
    """Positional and named arguments written as Python literals: `1, [2], key='x'`."""
    try:
        call = parse_expression(f"_({text}\n)")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        why = error.msg if isinstance(error, SyntaxError) else str(error) or "nested too deeply"
        raise EntryError(f"the arguments {shorten(text)} are not valid Python: {why}") from error
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise EntryError(f"the arguments {shorten(text)} are not a list of arguments")
    named: dict[str, object] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise EntryError("`**` is not a literal: write each argument by its name")
        named[keyword.arg] = literal(keyword.value)
    return [literal(argument) for argument in call.args], named


def literal(node: ast.expr) -> object:
    """The value of a literal expression; EntryError names what is none."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise EntryError(
            f"the argument {shorten(ast.unparse(node))} is not a Python literal "
            "(numbers, strings, lists, tuples, dicts, sets, True, False, None)"
        ) from error


def shorten(text: str, limit: int = 60) -> str:
    """`text` for a message: quoted, at most `limit` characters of it."""
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")


def bind_arguments(tree: ast.Module, name: str, args: str) -> dict[str, Value]:
    """The locals of a call's first frame, in CPython's order: what `args` and defaults fix.

    A default that is no literal, and no module-level name bound once to one, is UNKNOWN: its text
    is the default's source. Raises EntryError when the arguments do not fit the signature.
    """
    node = find_function(tree, name)
    positional, named = parse_arguments(args)
    signature = signature_of(node, constants(tree))
    if "." in name and is_instance_method(tree, name) and node.args.args:
        raise EntryError(
            f"{name!r} is a method: it needs an object that only a run can make. "
            "Trace a function that calls it, or the module"
        )
    try:
        bound = signature.bind(*positional, **named)
    except TypeError as error:
        raise EntryError(f"{name}{signature_text(node)} cannot take these: {error}") from error
    bound.apply_defaults()
    return {
        parameter: value if isinstance(value, Value) else given(value)
        for parameter in frame_order(node.args)
        for value in (bound.arguments[parameter],)
    }


def given(value: object) -> Value:
    """A value that the person or the program's text fixes."""
    return Value(repr(value), Provenance.GIVEN)


def frame_order(args: ast.arguments) -> list[str]:
    """Parameter names as CPython lays them out: positional, keyword-only, `*`, `**`."""
    names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    return names + [a.arg for a in (args.vararg, args.kwarg) if a is not None]


def signature_of(node: FunctionNode, known: Mapping[str, object]) -> inspect.Signature:
    """A signature whose defaults are literals' values, or Values that stand for the unknown."""
    args, kind = node.args, inspect.Parameter
    plain = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults))
    defaults += args.defaults
    parameters: list[inspect.Parameter] = []

    def add(name: str, of: inspect._ParameterKind, default: ast.expr | None = None) -> None:
        value: object = kind.empty if default is None else default_value(default, known)
        parameters.append(kind(name, of, default=value))

    for index, (argument, default) in enumerate(zip(plain, defaults, strict=True)):
        first = index < len(args.posonlyargs)
        add(argument.arg, kind.POSITIONAL_ONLY if first else kind.POSITIONAL_OR_KEYWORD, default)
    if args.vararg:
        add(args.vararg.arg, kind.VAR_POSITIONAL)
    for argument, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        add(argument.arg, kind.KEYWORD_ONLY, default)
    if args.kwarg:
        add(args.kwarg.arg, kind.VAR_KEYWORD)
    return inspect.Signature(parameters)


def default_value(node: ast.expr, known: Mapping[str, object]) -> object:
    """A default's value if the program's text fixes it, else an UNKNOWN Value."""
    try:
        return given(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        if isinstance(node, ast.Name) and node.id in known:
            return given(known[node.id])
        return Value(ast.unparse(node), Provenance.UNKNOWN)


def signature_text(node: FunctionNode) -> str:
    """The parameters as written, for a message."""
    return f"({ast.unparse(node.args)})"


def constants(tree: ast.Module) -> dict[str, object]:
    """Module-level names that are bound exactly once in the file, to a literal."""
    bound: dict[str, int] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                bound[name] = bound.get(name, 0) + 1
            case ast.Global(names=names):
                bound.update(dict.fromkeys(names, 2))
    found: dict[str, object] = {}
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if bound[name] == 1:
                try:
                    found[name] = ast.literal_eval(value)
                except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                    continue
    return found


def is_instance_method(tree: ast.Module, name: str) -> bool:
    """Whether a dotted name is a method without `@staticmethod`."""
    node = dict(functions(tree.body))[name]
    decorators = {d.id for d in node.decorator_list if isinstance(d, ast.Name)}
    return "staticmethod" not in decorators
