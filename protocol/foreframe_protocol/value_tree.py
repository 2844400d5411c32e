"""A value's repr as a tree to expand, read from its text alone: nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from foreframe_protocol.repr_text import (
    STRING,
    UNFINISHED_STRING,
    Item,
    Level,
    escaped_length,
    split_level,
    unescape,
)

MAX_DEPTH = 50  # levels that can be expanded; below, a value is its text
MAX_NODES = 100_000  # elements of one container that can be expanded


class Kind(StrEnum):
    """What a repr looks like."""

    NONE = "none"
    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    COMPLEX = "complex"
    STR = "str"
    BYTES = "bytes"
    LIST = "list"  # also a deque, an array: `type_name` says which
    TUPLE = "tuple"
    SET = "set"
    FROZENSET = "frozenset"
    DICT = "dict"  # also a Counter, an OrderedDict, a defaultdict, ...
    CALL = "call"  # Name(1, x=2): dataclasses, named tuples, most classes with a repr of their own
    ENUM = "enum"  # <Color.RED: 1>
    ELLIPSIS = "ellipsis"  # also `...`: a container in itself, or elements that are left out
    OPAQUE = "opaque"  # <A object at 0x...> and every text that is nothing of the above


SEQUENCES = frozenset({Kind.LIST, Kind.TUPLE})
SETS = frozenset({Kind.SET, Kind.FROZENSET})

_NAME = r"[^\W\d]\w*+(?:\.(?:<locals>|[^\W\d]\w*+))*+"
_CALL = re.compile(rf"({_NAME})\(")
_ENUM = re.compile(r"<([^\W\d]\w*)\.([\w|]+): (.*)>", re.DOTALL)
_OBJECT = re.compile(rf"<({_NAME})[ :>]")
_INT = re.compile(r"-?(?:0|[1-9]\d*)", re.ASCII)
_REAL = r"(?:\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+|inf|nan)"
_FLOAT = re.compile(rf"-?{_REAL}", re.ASCII)
_COMPLEX = re.compile(rf"-?(?:{_REAL}|\d+)j|\(-?(?:{_REAL}|\d+)[+-](?:{_REAL}|\d+)j\)", re.ASCII)
_WORDS = {
    "None": Kind.NONE,
    "True": Kind.BOOL,
    "False": Kind.BOOL,
    "Ellipsis": Kind.ELLIPSIS,
    "...": Kind.ELLIPSIS,
}
_TYPE_NAMES = {Kind.NONE: "NoneType", Kind.OPAQUE: "", Kind.CALL: ""}

# Classes that show one container: the argument that holds it, and what it is shown as.
_WRAPPERS = {
    "Counter": (0, Kind.DICT),
    "OrderedDict": (0, Kind.DICT),
    "defaultdict": (1, Kind.DICT),
    "mappingproxy": (0, Kind.DICT),
    "deque": (0, Kind.LIST),
    "array": (1, Kind.LIST),
    "dict_keys": (0, Kind.LIST),
    "dict_values": (0, Kind.LIST),
    "dict_items": (0, Kind.LIST),
    "frozenset": (0, Kind.FROZENSET),
}


class NotLiteral(ValueError):
    """A value that is no plain Python literal, or not all of one."""


@dataclass(frozen=True)
class Child:
    """A part of a value. `name` is for people; `access` is what is put behind the parent's
    expression to get it ("[0]", "['k']", ".x"), empty where Python has no such expression."""

    name: str
    access: str
    value: Tree
    key: Tree | None = None  # a dict entry's


@dataclass(frozen=True)
class Tree:
    """A value as its repr shows it. Children are read when asked for.

    `cut`: the text is a prefix of the repr (said by the caller, or brackets or quotes stay open).
    `truncated`: there is more in the text than children, as it is too long or too deep.
    `length`: of a str or bytes its characters, of a container its elements; None: not known.
    `details`: what a wrapper shows beside its container, as a defaultdict its factory.
    """

    kind: Kind
    text: str
    type_name: str = ""
    length: int | None = None
    cut: bool = False
    truncated: bool = False
    details: tuple[Item, ...] = ()
    items: tuple[Item, ...] = field(default=(), repr=False)
    depth: int = field(default=0, repr=False)
    max_nodes: int = field(default=MAX_NODES, repr=False)

    @cached_property
    def children(self) -> tuple[Child, ...]:
        """All parts, in the order of the text."""
        return self.page(0, len(self.items))

    def page(self, start: int, count: int) -> tuple[Child, ...]:
        """The parts from `start` on, at most `count`: reads no others."""
        stop = min(start + count, len(self.items))
        return tuple(self._child(i) for i in range(max(0, start), stop))

    def child(self, index: int) -> Child:
        """One part. Raises IndexError."""
        return self._child(range(len(self.items))[index])

    def _part(self, text: str, last: bool) -> Tree:
        """A part of this value; the last one of a cut value is cut too, unless it is closed."""
        cut = self.cut and last and text[-1:] not in (")", "]", "}", ">", "'", '"')
        return parse_value(text, cut=cut, max_nodes=self.max_nodes, depth=self.depth + 1)

    def _child(self, index: int) -> Child:
        key, text = self.items[index]
        last = index == len(self.items) - 1
        value = self._part(text, last)
        match self.kind:
            case Kind.DICT if key is not None:
                tree = self._part(key, last and not text)
                return Child(key, f"[{key}]" if _is_literal(tree) else "", value, tree)
            case Kind.CALL | Kind.ENUM if key is not None:
                return Child(key, f".{key}", value)
            case Kind.LIST if self.type_name.startswith("dict_"):
                return Child(str(index), "", value)
            case Kind.LIST | Kind.TUPLE:
                return Child(str(index), f"[{index}]", value)
            case _:
                return Child(str(index), "", value)


class _Source(NamedTuple):
    """A text to read, and how far."""

    text: str
    cut: bool
    max_nodes: int
    depth: int
    more: bool = False  # there are more elements than asked for


def parse_value(
    text: str, *, cut: bool = False, max_nodes: int = MAX_NODES, depth: int = 0
) -> Tree:
    """Reads the repr of a value. Never raises; linear in the text.

    `cut`: the text is only the start of the repr. Of each container at most `max_nodes` elements
    become children, and no more than MAX_DEPTH levels, `depth` of which are above this value.
    """
    if not text:
        return Tree(Kind.OPAQUE, text, cut=cut)
    kind = _WORDS.get(text)
    if kind is None:
        first = text[0]
        if first in "'\"b" and (tree := _string(text)):
            return tree
        if first.isdecimal() or first in "-(in":
            kind = _number(text)
    if kind is not None:
        return Tree(kind, text, _TYPE_NAMES.get(kind, kind.value), cut=cut)
    if first in "[({<" or _CALL.match(text):
        return _container(_Source(text, cut, max_nodes, depth))
    return Tree(Kind.OPAQUE, text, cut=cut)


def _number(text: str) -> Kind | None:
    if _INT.fullmatch(text):
        return Kind.INT
    if _FLOAT.fullmatch(text):
        return Kind.FLOAT
    return Kind.COMPLEX if _COMPLEX.fullmatch(text) else None


def _string(text: str) -> Tree | None:
    """A str or bytes; cut exactly when its closing quote is not there."""
    match = STRING.fullmatch(text)
    whole = match is not None
    match = match or UNFINISHED_STRING.fullmatch(text)
    if match is None:
        return None
    kind = Kind.BYTES if match[1] else Kind.STR
    length = escaped_length(text[match.end(1) + 1 : -1]) if whole else None
    return Tree(kind, text, kind.value, length, not whole)


def _container(source: _Source) -> Tree:
    """A text that starts with a bracket, or with a name and a bracket."""
    text = source.text
    opaque = Tree(Kind.OPAQUE, text, _object_type(text), cut=source.cut)
    if text[0] == "<":
        enum = _ENUM.fullmatch(text)
        if enum is None:
            return opaque
        return _tree(Kind.ENUM, enum[1], [Item("value", enum[3])], source, length=1)
    call = _CALL.match(text)
    level = split_level(text, call.end() - 1 if call else 0, source.max_nodes)
    if level is None or (level.closed and level.end != len(text)):
        return opaque
    source = source._replace(
        cut=source.cut or not (level.closed or level.truncated), more=level.truncated
    )
    length = None if source.cut or level.truncated else len(level.items)
    if not call:
        kind = _kind_in_brackets(text[0], level)
        items = level.items
        if kind is Kind.DICT and items and items[-1].key is None:
            items = [*items[:-1], Item(items[-1].text, "")]  # cut in the middle of a key
        if kind in (Kind.OPAQUE, Kind.ELLIPSIS):
            return Tree(kind, text, cut=source.cut)
        return _tree(kind, kind.value, items, source, length=length)
    name = call[1]
    if text == "set()":
        return _tree(Kind.SET, name, [], source, length=0)
    if (wrapper := _WRAPPERS.get(name.rpartition(".")[2])) and level.items:
        wrapped = _wrapped(name, *wrapper, level.items, source)
        if wrapped is not None:
            return wrapped
    kind = wrapper[1] if wrapper and text.endswith("()") else Kind.CALL
    return _tree(kind, name, level.items, source, length=length)


def _kind_in_brackets(bracket: str, level: Level) -> Kind:
    """What stands in brackets without a name. OPAQUE: nothing that a builtin type writes."""
    items = level.items
    if level.closed and items == [(None, "...")]:
        return Kind.ELLIPSIS  # the container holds itself
    if bracket == "[":
        return Kind.LIST
    if bracket == "(":
        lone = level.closed and len(items) == 1 and not level.comma
        return Kind.OPAQUE if lone else Kind.TUPLE
    keyed = [item.key is not None for item in items]
    if not level.closed and len(keyed) > 1:
        keyed.pop()  # may be cut in the middle of its key
    if all(keyed):
        return Kind.DICT
    return Kind.OPAQUE if any(keyed) else Kind.SET


def _wrapped(
    name: str, position: int, kind: Kind, arguments: list[Item], source: _Source
) -> Tree | None:
    """A Counter, deque, ... with the children of its container; None when it shows none."""
    if len(arguments) <= position or arguments[position].text[:1] not in ("[", "{"):
        return None
    inner = parse_value(arguments[position].text, max_nodes=source.max_nodes, depth=source.depth)
    items = inner.items
    if kind is Kind.DICT and inner.kind is Kind.LIST:  # OrderedDict([('a', 1)]), before 3.12
        if not all(item.text.startswith("(") for item in items):
            return None
        pairs = [parse_value(item.text, max_nodes=3).items for item in items]
        if any(len(pair) != 2 for pair in pairs):
            return None
        items = tuple(Item(key.text, value.text) for key, value in pairs)
    elif inner.kind is not (Kind.SET if kind is Kind.FROZENSET else kind):
        return None
    details = arguments[:position] + arguments[position + 1 :]
    tree = _tree(kind, name, items, source, length=None if source.cut else inner.length)
    deep = source.depth >= MAX_DEPTH
    return replace(
        tree,
        truncated=tree.truncated or inner.truncated,
        details=() if deep else tuple(details),
    )


def _tree(
    kind: Kind, name: str, items: Sequence[Item], source: _Source, *, length: int | None
) -> Tree:
    """A container, without children where it stands too deep."""
    deep = source.depth >= MAX_DEPTH and bool(items)
    return Tree(
        kind,
        source.text,
        name,
        length,
        source.cut,
        deep or source.more,
        (),
        () if deep else tuple(items),
        source.depth,
        source.max_nodes,
    )


def _object_type(text: str) -> str:
    """The type that an opaque repr names: `A` of `<m.A object at 0x1>`, else empty."""
    match = _OBJECT.match(text)
    return match[1].rpartition(".")[2] if match else ""


def item(tree: Tree, key: object) -> Tree:
    """`value[key]` for a list, tuple, dict and their like.

    Raises IndexError, KeyError (which may only mean that the entry was cut off) or TypeError.
    """
    if tree.kind in SEQUENCES and not tree.type_name.startswith("dict_"):
        if not isinstance(key, int):
            raise TypeError(f"{tree.type_name} indices must be integers")
        if key < 0 and tree.length is None:
            raise IndexError("the length of a cut value is not known")
        return tree.child(key).value
    if tree.kind is Kind.DICT:
        wanted = repr(key)
        for index, (text, _) in enumerate(tree.items):
            if text == wanted:
                return tree.child(index).value
        for index, (text, _) in enumerate(tree.items):
            part = parse_value(text or "")
            if _is_literal(part) and literal(part) == key:
                return tree.child(index).value
        raise KeyError(key)
    raise TypeError(f"{tree.type_name or 'this value'} is not subscriptable")


def attribute(tree: Tree, name: str) -> Tree:
    """`value.name` where the repr shows it: keywords of a call, an enum's value.

    Raises AttributeError.
    """
    if tree.kind in (Kind.CALL, Kind.ENUM):
        for index, (key, _) in enumerate(tree.items):
            if key == name:
                return tree.child(index).value
    raise AttributeError(f"{tree.type_name or 'this value'} shows no attribute {name!r}")


def _is_literal(tree: Tree) -> bool:
    try:
        literal(tree)
    except NotLiteral:
        return False
    return True


def literal(tree: Tree) -> object:
    """The Python object of a plain literal: numbers, strings, bytes, None, bools, Ellipsis and
    lists, tuples, dicts, sets, frozensets of them. Raises NotLiteral for anything else."""
    if tree.cut or tree.truncated:
        raise NotLiteral("the value is cut")
    text = tree.text
    try:
        match tree.kind:
            case Kind.NONE:
                return None
            case Kind.BOOL:
                return text == "True"
            case Kind.INT:
                return int(text)
            case Kind.FLOAT:
                return float(text)
            case Kind.COMPLEX:
                return complex(text)
            case Kind.STR:
                return unescape(text[1:-1])
            case Kind.BYTES:
                return unescape(text[2:-1]).encode("latin-1")
            case Kind.ELLIPSIS if text == "Ellipsis":
                return Ellipsis
            case Kind.DICT if tree.type_name == "dict":
                return {
                    literal(child.key): literal(child.value)
                    for child in tree.children
                    if child.key is not None
                }
            case Kind.LIST if tree.type_name == "list":
                return [literal(child.value) for child in tree.children]
            case Kind.TUPLE:
                return tuple(literal(child.value) for child in tree.children)
            case Kind.SET:
                return {literal(child.value) for child in tree.children}
            case Kind.FROZENSET:
                return frozenset(literal(child.value) for child in tree.children)
    except (TypeError, ValueError) as error:  # unhashable, or too many digits
        raise NotLiteral(str(error)) from error
    raise NotLiteral(f"{text[:60]} is not a literal")
