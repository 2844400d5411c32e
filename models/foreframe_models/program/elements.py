"""What a `for` takes next, where the trace before it tells: the elements of what it goes through.

The value that a loop goes through stands in the trace, in a variable or as a part of the loop's
header, and how often the header was come to says how far it has got. Nothing is computed but
positions: a value that no frame shows is not known here, and neither is one that may have been
changed behind the loop's back.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from foreframe_models.program.parts import VALUE_CHARS
from foreframe_protocol.states import Event, Frame, Trace, Value
from foreframe_protocol.value_tree import Kind, literal, parse_value

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

MOST = 1000  # elements among which a place is looked for
TOLD = 3  # elements of a frame's `upcoming`
_IMMUTABLE = frozenset({Kind.STR, Kind.BYTES, Kind.TUPLE})
_SEQUENCES = _IMMUTABLE | {Kind.LIST}
_FRESH = frozenset("dict enumerate list map range reversed set sorted str tuple zip".split())
_METHOD_FRESH = frozenset("copy partition rpartition rsplit split splitlines union".split())
_VIEWS = frozenset({"items", "keys", "values"})

Elements = Sequence[str]  # the texts of elements


@dataclass(frozen=True, slots=True)
class Loop:
    """A `for` on one line with its body on others."""

    line: int
    last: int  # line of its body
    over: ast.expr
    target: ast.expr
    parts: Mapping[int, int]  # the header's parts: by their node's id, their numbers
    bound: frozenset[str]  # names that it or anything in it binds


@dataclass(frozen=True, slots=True)
class _Visit:
    """A stop on a loop's header: how many elements have been taken before, and what tells of it."""

    taken: int
    entry: Trace  # the first stop there
    after: Frame | None  # the next line of that activation
    is_whole: bool = True  # False: the trace begins within the loop, some have been taken before


class Loops:
    """The loops of a program, and what their headers take next."""

    def __init__(self, program: Program) -> None:
        tree = program.tree
        self._names = program.mutations.bound_anywhere
        # What other functions may bind anew while a loop runs.
        self._shared = frozenset(
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.Global | ast.Nonlocal)
            for name in node.names
        )
        self._by_line: dict[int, Loop | None] = {}
        groups = program.groups
        for node in ast.walk(tree):
            if isinstance(node, ast.For):
                loop = _loop(node, groups[node.lineno].parts)
                self._by_line[node.lineno] = None if node.lineno in self._by_line else loop

    def upcoming(self, trace: Trace) -> Value | None:
        """What the header at the end of `trace` takes next; None where that is not known."""
        frame = trace.last
        if frame is None or frame.event is not Event.LINE:
            return None
        loop = self._by_line.get(frame.line)
        visit = None if loop is None else _visit(loop, trace)
        if loop is None or visit is None:
            return None
        found = self._elements(loop, loop.over, trace, visit)
        if found is None or visit.is_whole:
            return None if found is None else told(found, visit.taken)
        first = self._elements(loop, loop.over, visit.entry, visit)
        before = None if first is None else _place(list(islice(first, MOST)), visit.entry)
        return None if before is None else told(found, before + visit.taken)

    def taken(self, trace: Trace, frame: Frame) -> Iterator[tuple[str, str]]:
        """What a loop puts into its target's names on the way to `frame`, the next in its scope.

        Nothing where `frame` is not the first in the loop's body, or where that is not known.
        """
        before = trace.last
        loop = None if before is None else self._by_line.get(before.line)
        if before is None or loop is None or not loop.line < frame.line <= loop.last:
            return
        upcoming = before.upcoming or self.upcoming(trace)
        element = None if upcoming is None else first_of(upcoming)
        if element is not None:
            yield from assigned(loop.target, element)

    def _elements(
        self, loop: Loop, node: ast.expr, here: Trace, visit: _Visit
    ) -> Iterator[str] | None:
        """The elements of an expression in the header, as far as they are told."""
        part = loop.parts.get(id(node))
        if part is not None and visit.after is not None:
            shown = next((p.value for p in visit.after.parts if p.index == part), None)
            if shown is not None and not shown.cut:
                tree = parse_value(shown.text)
                if tree.kind in _IMMUTABLE or shown.text.startswith("range(") or _is_fresh(node):
                    return elements_of(shown.text)
        match node:
            case ast.Constant() | ast.Tuple() | ast.List():
                try:
                    found = ast.literal_eval(node)
                except (ValueError, TypeError, MemoryError, RecursionError):
                    return None
                return elements_of(repr(found))
            case ast.Name(id=name):
                return self._named(loop, name, here, visit)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                if name in self._names:
                    return None
                return self._built_in(loop, name, args, here, visit)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr=which), args=[], keywords=[]
            ) if which in _VIEWS:
                value = None if name in loop.bound | self._shared else _value(here, name)
                if value is None or value.cut or _has_grown(value, _value(visit.entry, name)):
                    return None
                return view(value.text, which)
        return None

    def _named(self, loop: Loop, name: str, here: Trace, visit: _Visit) -> Iterator[str] | None:
        """The elements of a variable: as it is now, for a loop takes from what has changed, too."""
        value = _value(here, name)
        if name in loop.bound | self._shared:
            value = _value(visit.entry, name) if visit.is_whole else None
            if value is not None and parse_value(value.text).kind not in _IMMUTABLE:
                return None
        elif value is not None and _has_grown(value, _value(visit.entry, name)):
            return None
        return None if value is None or value.cut else elements_of(value.text)

    def _built_in(
        self, loop: Loop, name: str, args: Sequence[ast.expr], here: Trace, visit: _Visit
    ) -> Iterator[str] | None:
        """The elements of the iterators that are built in."""
        if name == "range":
            names = {arg.id for arg in args if isinstance(arg, ast.Name)}
            is_known = visit.is_whole or not names & (loop.bound | self._shared)
            return _range(args, visit.entry) if is_known else None
        inner = [self._elements(loop, arg, here, visit) for arg in args[:8]]
        if not inner or any(found is None for found in inner):
            return None
        known = [found for found in inner if found is not None]
        if name == "enumerate" and len(args) == 1:
            return (f"({at}, {text})" for at, text in enumerate(known[0]))
        if name == "zip" and len(args) > 1:
            return (f"({', '.join(texts)})" for texts in zip(*known, strict=False))
        return None


def _loop(node: ast.For, parts: Sequence[ast.expr]) -> Loop | None:
    """A loop that can be followed by its lines; None for others."""
    is_one_line = node.lineno == node.iter.lineno == node.iter.end_lineno
    if not is_one_line or node.body[0].lineno == node.lineno:
        return None
    numbers = {id(part): index for index, part in enumerate(parts)}
    bound = {
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load)
    }
    last = node.body[-1].end_lineno or node.lineno
    return Loop(node.lineno, last, node.iter, node.target, numbers, frozenset(bound))


def _visit(loop: Loop, trace: Trace) -> _Visit | None:
    """How far the loop at the end of `trace` has got; None where nothing tells of it."""
    last = trace.last
    assert last is not None
    taken, entry = 0, trace
    after: Frame | None = None
    later: Frame | None = None
    node = trace.parent
    while node is not None and node.frame is not None:
        frame = node.frame
        if node.skipped or frame.depth < last.depth:
            return None
        if frame.depth == last.depth and frame.event in (Event.LINE, Event.CALL):
            is_inside = loop.line <= frame.line <= loop.last
            if frame.event is Event.CALL:  # in the middle of the loop a generator goes on
                return None if is_inside else _Visit(taken, entry, after)
            if not is_inside:
                return _Visit(taken, entry, after)
            if frame.line == loop.line:
                if later is None:  # from the header to the header: its body is nowhere else
                    return None
                taken, entry, after, later = taken + 1, node, later, None
            else:
                later = frame
        node = node.parent
    return None if entry is trace else _Visit(taken, entry, None, is_whole=False)


def _place(elements: Elements, entry: Trace) -> int | None:
    """How many elements had been taken at a stop that tells which come next; None where unsure."""
    shown = None if entry.frame is None else entry.frame.upcoming
    if shown is None or len(elements) == MOST:
        return None
    places = [
        at
        for at in range(len(elements) + 1)
        if (next_there := told(iter(elements), at)) is not None
        and (next_there.text, next_there.cut) == (shown.text, shown.cut)
    ]
    return places[0] if len(places) == 1 else None


def _value(trace: Trace, name: str) -> Value | None:
    """A variable as the frame on top sees it."""
    scope = trace.state.top
    if name in scope.locals:
        return scope.locals[name]
    outer = trace.state.stack[0]
    return outer.locals.get(name) if outer.scope_line == 0 else None


def _has_grown(value: Value, before: Value | None) -> bool:
    """Whether a dict or set has other elements in number than when the loop began: an error."""
    tree = parse_value(value.text)
    if tree.kind in _SEQUENCES or before is None:
        return False
    return tree.length != parse_value(before.text).length


def _range(args: Sequence[ast.expr], entry: Trace) -> Iterator[str] | None:
    """A range of constants and of variables as they were when the loop began."""
    numbers: list[int] = []
    for arg in args:
        text = ast.unparse(arg)
        if isinstance(arg, ast.Name):
            value = _value(entry, arg.id)
            text = "" if value is None or value.cut else value.text
        tree = parse_value(text)
        if tree.kind is not Kind.INT:
            return None
        numbers.append(int(text))
    try:
        return map(str, range(*numbers))
    except (TypeError, ValueError):
        return None


def _is_fresh(node: ast.expr) -> bool:
    """Whether an expression gives an object that nothing else holds."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in _FRESH
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in _METHOD_FRESH
        case ast.Subscript(slice=ast.Slice()):
            return True
    return isinstance(node, ast.BinOp | ast.ListComp | ast.SetComp | ast.DictComp | ast.List)


def elements_of(text: str) -> Iterator[str] | None:
    """The texts of what iterating over a value gives, from its repr; None for other values."""
    found = _texts(text)
    return None if found is None else iter(found)


@lru_cache(maxsize=256)
def _texts(text: str) -> Elements | None:
    tree = parse_value(text)
    if tree.cut or tree.truncated:
        return None
    if tree.kind in (Kind.STR, Kind.BYTES):
        value = literal(tree)
        assert isinstance(value, str | bytes)
        return tuple(map(repr, value))
    if tree.kind is Kind.DICT and tree.type_name == "dict":
        return tuple(child.key.text for child in tree.children if child.key is not None)
    if tree.kind in (Kind.LIST, Kind.TUPLE, Kind.SET, Kind.FROZENSET) and (
        tree.type_name in ("list", "tuple", "set", "frozenset", "dict_keys", "dict_values")
        or tree.type_name == "dict_items"
    ):
        return tuple(child.value.text for child in tree.children)
    if text.startswith("range(") and text.endswith(")"):
        numbers = text[len("range(") : -1].split(", ")
        if 2 <= len(numbers) <= 3 and all(parse_value(n).kind is Kind.INT for n in numbers):
            try:
                return _Numbers(range(*map(int, numbers)))
            except ValueError:
                return None
    return None


class _Numbers(Sequence[str]):
    """A range, its elements as texts."""

    def __init__(self, numbers: range) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, at: int) -> str:  # type: ignore[override]
        return str(self._numbers[at])


def view(text: str, which: str) -> Iterator[str] | None:
    """The texts of what a dict's keys, values or items are; None for other values."""
    tree = parse_value(text)
    if tree.kind is not Kind.DICT or tree.type_name != "dict" or tree.cut or tree.truncated:
        return None
    pairs = [(c.key.text, c.value.text) for c in tree.children if c.key is not None]
    give: Callable[[tuple[str, str]], str] = {
        "keys": lambda pair: pair[0],
        "values": lambda pair: pair[1],
        "items": lambda pair: f"({pair[0]}, {pair[1]})",
    }[which]
    return map(give, pairs)


def told(elements: Iterator[str], taken: int) -> Value | None:
    """The next elements as a frame tells them: see `told_elements` of the tracer."""
    items = list(islice(elements, taken, taken + TOLD + 1))
    shown = items[:TOLD]
    if any(" at 0x" in text for text in shown):
        return None
    while len(shown) > 1 and len(", ".join(shown)) > VALUE_CHARS:
        shown.pop()
    text = ", ".join(shown)
    return Value(text[:VALUE_CHARS], cut=len(shown) < len(items) or len(text) > VALUE_CHARS)


def first_of(upcoming: Value) -> str | None:
    """The text of the first element; None where there is none, or only its beginning."""
    if not upcoming.text or len(upcoming.text) >= VALUE_CHARS:
        return None
    found = parse_value(f"[{upcoming.text}]")
    if found.kind is not Kind.LIST or found.cut or not found.items:
        return None
    return found.child(0).value.text


def assigned(target: ast.expr, text: str) -> Iterator[tuple[str, str]]:
    """What assigning a value to a target gives its names, as far as the value's text tells."""
    match target:
        case ast.Name(id=name):
            yield name, text
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            if any(isinstance(inner, ast.Starred) for inner in targets):
                return
            found = _texts(text)
            if found is None or len(found) != len(targets):
                return
            for inner, element in zip(targets, found, strict=True):
                yield from assigned(inner, element)
