"""A value's repr as a tree to expand, read from its text alone: nothing is evaluated."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from foreframe_protocol.repr_text import (
    STRING,
    UNFINISHED_STRING,
    Item,
    Level,
    escaped_length,
    split_level,
    unescape,
)

MAX_DEPTH = 100  # levels that can be expanded; below, a value is its text
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
    ELLIPSIS = (
        "ellipsis"  # Ellipsis, and `...` where a container holds itself or elements are left out
    )
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

    def _part(self, text: str, cut: bool) -> Tree:
        return parse_value(text, cut=cut, max_nodes=self.max_nodes, depth=self.depth + 1)

    def _child(self, index: int) -> Child:
        key, text = self.items[index]
        last = index == len(self.items) - 1
        value = self._part(text, self.cut and last)
        match self.kind:
            case Kind.DICT if key is not None:
                tree = self._part(key, self.cut and last and not text)
                return Child(key, f"[{key}]" if _is_literal(tree) else "", value, tree)
            case Kind.CALL | Kind.ENUM if key is not None:
                return Child(key, f".{key}", value)
            case Kind.LIST if self.type_name.startswith("dict_"):
                return Child(str(index), "", value)
            case Kind.LIST | Kind.TUPLE:
                return Child(str(index), f"[{index}]", value)
            case _:
                return Child(str(index), "", value)


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
        first = text[:1]
        if first in "'\"b" and (tree := _parse_string(text, cut)):
            return tree
        if first.isdecimal() or first in "-(in":
            kind = _number(text)
    if kind is not None:
        return Tree(kind, text, _TYPE_NAMES.get(kind, kind.value), cut=cut)
    if first in "[({<" or _CALL.match(text):
        return _parse_container(text, cut, max_nodes, depth)
    return Tree(Kind.OPAQUE, text, cut=cut)


def _number(text: str) -> Kind | None:
    if _INT.fullmatch(text):
        return Kind.INT
    if _FLOAT.fullmatch(text):
        return Kind.FLOAT
    return Kind.COMPLEX if _COMPLEX.fullmatch(text) else None


def _parse_string(text: str, cut: bool) -> Tree | None:
    match = STRING.fullmatch(text)
    if match is None:
        match, cut = UNFINISHED_STRING.fullmatch(text), True
        if match is None:
            return None
    kind = Kind.BYTES if match[1] else Kind.STR
    length = None if cut else escaped_length(text[match.end(1) + 1 : -1])
    return Tree(kind, text, kind.value, length, cut)


def _parse_container(text: str, cut: bool, max_nodes: int, depth: int) -> Tree:
    """A text that starts with a bracket, or with a name and a bracket."""
    opaque = Tree(Kind.OPAQUE, text, _object_type(text), cut=cut)
    if text[0] == "<":
        enum = _ENUM.fullmatch(text)
        if enum is None:
            return opaque
        item = Item("value", enum[3])
        return Tree(Kind.ENUM, text, enum[1], 1, cut, depth >= MAX_DEPTH, (), (item,), depth)
    call = _CALL.match(text)
    level = split_level(text, call.end() - 1 if call else 0, max_nodes)
    if level is None or (level.closed and level.end != len(text)):
        return opaque
    if not call:
        return _plain(text, text[0], "", level, cut, max_nodes, depth)
    name = call[1]
    if text == "set()":
        return _tree(Kind.SET, text, name, level, cut, max_nodes, depth)
    if wrapper := _WRAPPERS.get(name.rpartition(".")[2]):
        tree = _wrapped(text, name, wrapper, level, cut, max_nodes, depth)
        if tree is not None:
            return tree
    return _tree(Kind.CALL, text, name, level, cut, max_nodes, depth)


def _plain(
    text: str, bracket: str, name: str, level: Level, cut: bool, max_nodes: int, depth: int
) -> Tree:
    """A list, tuple, set or dict in brackets."""
    items = level.items
    if level.closed and len(items) == 1 and items[0] == (None, "..."):
        return Tree(Kind.ELLIPSIS, text, "", cut=cut)  # the container holds itself
    kind = Kind.LIST if bracket == "[" else Kind.TUPLE
    if bracket == "{":
        kind = Kind.SET if items and items[0].key is None else Kind.DICT
        keys = [item.key is not None for item in items]
        if level.closed is False and kind is Kind.DICT and items and not keys[-1]:
            items[-1] = Item(items[-1].text, "")  # cut in the middle of a key
            keys[-1] = True
        if any(keys) and not all(keys):
            return Tree(Kind.OPAQUE, text, cut=cut)
    if kind is Kind.TUPLE and level.closed and len(items) == 1 and "," not in text[-3:]:
        return Tree(Kind.OPAQUE, text, cut=cut)  # (1): parentheses, no tuple
    return _tree(kind, text, name or kind.value, level, cut, max_nodes, depth)


def _wrapped(
    text: str,
    name: str,
    wrapper: tuple[int, Kind],
    level: Level,
    cut: bool,
    max_nodes: int,
    depth: int,
) -> Tree | None:
    """A Counter, deque, ... with the children of its container; None when it shows none."""
    position, kind = wrapper
    if not level.items and level.closed:
        return _tree(kind, text, name, level, cut, max_nodes, depth)
    if len(level.items) <= position or level.items[position].text[:1] not in ("[", "{"):
        return None
    inner = parse_value(
        level.items[position].text,
        cut=cut or not level.closed,
        max_nodes=max_nodes,
        depth=depth,
    )
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
    details = tuple(item for i, item in enumerate(level.items) if i != position)
    length = inner.length if level.closed else None
    return Tree(
        kind,
        text,
        name,
        length,
        cut or not level.closed,
        inner.truncated,
        details,
        items,
        depth,
        max_nodes,
    )


def _tree(
    kind: Kind, text: str, name: str, level: Level, cut: bool, max_nodes: int, depth: int
) -> Tree:
    cut = cut or not (level.closed or level.truncated)
    deep = depth >= MAX_DEPTH and bool(level.items)
    return Tree(
        kind,
        text,
        name,
        None if cut or level.truncated else len(level.items),
        cut,
        level.truncated or deep,
        (),
        () if deep else tuple(level.items),
        depth,
        max_nodes,
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
