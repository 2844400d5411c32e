"""Values of which only the repr is known, and a budget for computing with the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Never

from foreframe.errors import NotAllowed, NotKnown
from foreframe_protocol.values import (
    Kind,
    NotLiteral,
    Tree,
    attribute,
    item,
    literal,
)

BUDGET = 200_000  # of one evaluation, in nodes visited
MAX_TEXT = 20_000_000  # characters of a result

_CONTAINERS: Mapping[Kind, str] = {
    Kind.LIST: "list",
    Kind.TUPLE: "tuple",
    Kind.DICT: "dict",
    Kind.SET: "set",
    Kind.FROZENSET: "frozenset",
}


class Known:
    """A value known by its repr. What Python would ask the object itself raises NotKnown."""

    __slots__ = ("tree",)

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def attribute(self, name: str) -> Known:
        """`value.name`, where the repr shows it."""
        try:
            return Known(attribute(self.tree, name))
        except AttributeError as error:
            raise NotKnown(f"{error}: only what a value's repr shows is known") from error

    def item(self, key: object) -> Known | None:
        """`value[key]`, where the repr shows it as an element; None for strings and the like.

        Raises NotKnown if the element may be in what was cut off; IndexError, KeyError.
        """
        if self.tree.kind not in (Kind.LIST, Kind.TUPLE, Kind.DICT):
            return None
        try:
            return Known(item(self.tree, key))
        except (IndexError, KeyError) as error:
            if self.tree.cut or self.tree.truncated:
                raise NotKnown(
                    f"[{key!r}] is not in the part of the value that is known"
                ) from error
            raise

    def __repr__(self) -> str:
        return self.tree.text

    def __format__(self, spec: str) -> str:
        return format(self.tree.text, spec)

    def _unknown(self, *_: object) -> Never:
        shown = self.tree.text[:40]
        raise NotKnown(f"only the repr {shown!r} is known, not how this value behaves")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _unknown
    __bool__ = __len__ = __iter__ = __contains__ = __index__ = __int__ = __float__ = _unknown
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _unknown
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _unknown
    __pow__ = __rpow__ = __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = _unknown
    __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = __neg__ = __pos__ = _unknown
    __invert__ = __abs__ = __round__ = __reversed__ = __divmod__ = __rdivmod__ = _unknown


class Budget:
    """How much one evaluation may still compute, so that no expression can hang a session."""

    def __init__(self) -> None:
        self.left = BUDGET

    def spend(self, amount: int) -> None:
        """Raises NotAllowed when there is nothing left."""
        self.left -= amount
        if self.left < 0:
            raise NotAllowed("the expression computes too much: ask for a part of it")

    def weigh(self, *values: object) -> None:
        """Spends what it costs to walk through `values`, shared parts as often as they occur."""
        todo = list(values)
        while todo:
            value = todo.pop()
            if isinstance(value, str | bytes):
                self.spend(len(value) // 1024)
            elif isinstance(value, list | tuple | set | frozenset):
                self.spend(len(value))
                todo.extend(value)
            elif isinstance(value, dict):
                self.spend(len(value) * 2)
                todo.extend(value.keys())
                todo.extend(value.values())

    def text(self, value: object) -> str:
        """`repr(value)`, unless it would be huge."""
        self.weigh(value)
        text = repr(value)
        if len(text) > MAX_TEXT:
            raise NotAllowed(f"a result of more than {MAX_TEXT:,} characters")
        return text


def plain(value: object, budget: Budget) -> object:
    """A Python object for a Known, with Knowns in it where parts are not plain."""
    if not isinstance(value, Known):
        return value
    tree = value.tree
    try:
        if tree.kind not in _CONTAINERS:
            return literal(tree)
    except NotLiteral:
        return value
    if tree.cut or tree.truncated or tree.type_name != _CONTAINERS[tree.kind]:
        return value
    budget.spend(len(tree.items))
    parts = [plain(Known(child.value), budget) for child in tree.children]
    try:
        match tree.kind:
            case Kind.LIST:
                return parts
            case Kind.TUPLE:
                return tuple(parts)
            case Kind.SET:
                return set(parts)
            case Kind.FROZENSET:
                return frozenset(parts)
        keys = [plain(Known(child.key), budget) for child in tree.children if child.key]
        return dict(zip(keys, parts, strict=True))
    except (NotKnown, TypeError):  # elements of a set, or keys, that are not plain themselves
        return value
