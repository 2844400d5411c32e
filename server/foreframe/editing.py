"""What a person may change at a stop: variables, and parts of them, to Python literals.

Values are texts here: another name for the same object keeps the value that it had.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from foreframe.errors import CannotSet, NotALiteral, NotKnown, TooLarge
from foreframe.expressions import parse
from foreframe_models.program.syntax import literal_of
from foreframe_protocol.states import Event, Frame, Provenance, State, Trace, Value

MAX_TEXT = 1_000_000  # characters of a value that is set
MAX_NAMED = 60  # characters of a text that an error repeats

_FAULTS = (ValueError, TypeError, SyntaxError, RecursionError, MemoryError)


@dataclass(frozen=True, slots=True)
class Target:
    """What is set: a variable, or a part of it by the keys and indices that lead there."""

    name: str
    path: tuple[object, ...] = ()


def read_literal(text: str) -> object:
    """The object that a Python literal means; nothing is executed.

    Raises NotALiteral or TooLarge.
    """
    if len(text) > MAX_TEXT:
        raise TooLarge(f"the value has {len(text):,} characters: at most {MAX_TEXT:,} can be set")
    try:
        return literal_of(text.strip())
    except _FAULTS as error:
        shown = text if len(text) <= MAX_NAMED else text[:MAX_NAMED] + "…"
        raise NotALiteral(
            f"{shown!r} is not a Python literal: a variable can be set to a number, a string, "
            "None, True, False, or a list, tuple, dict or set of these, as nothing is executed"
        ) from error


def write_literal(value: object) -> str:
    """The text of an object as its repr gives it. Raises TooLarge or NotALiteral."""
    try:
        text = repr(value)
    except _FAULTS as error:  # integers of thousands of digits have no repr
        raise NotALiteral(f"the value cannot be shown: {error}") from error
    if len(text) > MAX_TEXT:
        raise TooLarge(f"the value would have {len(text):,} characters: at most {MAX_TEXT:,}")
    return text


def read_target(expression: str) -> Target:
    """What an expression such as `rows[0]['name']` names.

    Raises BadExpression, or CannotSet for what is no variable and no part of one.
    """
    node = parse(expression)
    path: list[object] = []
    while isinstance(node, ast.Subscript):
        try:
            path.append(ast.literal_eval(node.slice))
        except _FAULTS as error:
            raise CannotSet(
                f"[{ast.unparse(node.slice)}]: only an index or a key that is a literal can be set"
            ) from error
        node = node.value
    if not isinstance(node, ast.Name):
        raise CannotSet(
            f"{expression.strip()[:MAX_NAMED]!r} cannot be set: only variables and the elements "
            "of lists, tuples and dicts can, not attributes"
        )
    return Target(node.id, tuple(reversed(path)))


def edited_state(state: State, index: int, target: Target, text: str) -> tuple[State, Value]:
    """The state with `target` set in the scope at `index` of the stack, and its new value.

    A name that the scope does not have is looked for in the module, as in evaluating.
    Raises NotKnown, CannotSet, NotALiteral or TooLarge.
    """
    stack = state.stack
    if target.name not in stack[index].locals and stack[0].scope_line == 0:
        index = 0
    scope = stack[index]
    old = scope.locals.get(target.name)
    if old is None:
        raise NotKnown(
            f"there is no variable {target.name!r} here: only one that has a value can be set"
        )
    new = read_literal(text)
    value = Value(write_literal(_with(old, target, new)), Provenance.EDITED)
    scope = replace(scope, locals={**scope.locals, target.name: value})
    stack = (*stack[:index], scope, *stack[index + 1 :])
    part = Value(write_literal(new), Provenance.EDITED)
    return replace(state, stack=stack), part


def _with(old: Value, target: Target, new: object) -> object:
    """The whole variable with the part that is set in its place."""
    if not target.path:
        return new
    if old.cut or len(old.text) > MAX_TEXT:
        raise CannotSet(f"{target.name} is known only in part: set it as a whole")
    try:
        whole = literal_of(old.text)
    except _FAULTS as error:
        raise CannotSet(
            f"{target.name} is not made of literals alone: its parts cannot be set"
        ) from error
    return _replaced(whole, target.path, new)


def _replaced(container: object, path: Sequence[object], new: object) -> object:
    """A copy of `container` with the part at the end of `path` replaced."""
    if not path:
        return new
    key, rest = path[0], path[1:]
    if isinstance(container, list | tuple) and isinstance(key, int):
        if not -len(container) <= key < len(container):
            raise CannotSet(f"there is no index {key}: there are {len(container)} elements")
        parts = list(container)
        parts[key] = _replaced(parts[key], rest, new)
        return parts if isinstance(container, list) else tuple(parts)
    if isinstance(container, dict):
        with suppress(TypeError):  # a key that cannot be hashed
            if key in container or not rest:
                return {**container, key: _replaced(container.get(key), rest, new)}
        raise CannotSet(f"there is no key {key!r}")
    raise CannotSet(f"[{key!r}]: only elements of lists, tuples and dicts can be set")


def edited(node: Trace, state: State) -> Trace:
    """The same point of the program in another state: it takes the place of `node`."""
    frame = node.frame
    if frame is not None and frame.locals is not None:
        frame = replace(frame, locals=state.top.locals)
    return Trace(state, frame, node.parent, node.length)


def moved(node: Trace, stack_size: int, line: int, source: str) -> Trace:
    """The scope at the top of the first `stack_size` ones, about to run another line."""
    stack = node.state.stack[:stack_size]
    top = replace(stack[-1], line=line)
    state = State((*stack[:-1], top), Event.LINE)
    place = top.function, top.scope_line, line, source
    frame = Frame(Event.LINE, *place, top.locals, depth=stack_size - 1)
    return Trace(state, frame, node.parent, node.length)
