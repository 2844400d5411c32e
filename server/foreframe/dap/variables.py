"""Values as a debugger's tree: scopes, variables and their parts, one page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from foreframe.errors import CannotSet, StaleReference
from foreframe.evaluated import NEXT_OF, Evaluated, elements
from foreframe_protocol import dap
from foreframe_protocol.states import Event, Provenance, Scope, State, Trace, Value
from foreframe_protocol.values import Kind, Tree, parse_value

MAX_SHOWN = 1000  # characters of a value in a list of variables; `clipboard` gives them all
MAX_PAGE = 1000  # variables in one answer to a client that does not ask for pages


@dataclass(frozen=True, slots=True)
class Named:
    """A value to show: its name, and the expression that gives it if there is one.

    `frame` is the index of the scope on the stack that the expression means something in.
    """

    name: str
    tree: Tree
    origin: Value
    expression: str | None
    frame: int | None = None
    remark: str = ""  # said behind the value


@dataclass(frozen=True, slots=True)
class _Group:
    """What a variables reference stands for."""

    count: int
    is_indexed: bool
    page: Callable[[int, int], Iterator[Named]]
    remark: str = ""  # what the group leaves out


class Variables:
    """Frames and references of one stop. Numbers are never used twice in a session.

    `first`: all numbers are larger.
    """

    def __init__(self, first: int = 0) -> None:
        self._last = first
        self._groups: dict[int, _Group] = {}
        self._frames: dict[int, int] = {}
        self._ids: dict[int, int] = {}
        self.with_types = True

    def forget(self) -> None:
        """The stop has been left: all that was given out for it is stale."""
        self._groups.clear()
        self._frames.clear()
        self._ids.clear()

    def frame_id(self, index: int) -> int:
        """A number for the scope at `index` of the stack, outermost 0."""
        if index not in self._ids:
            self._last += 1
            self._ids[index] = self._last
            self._frames[self._last] = index
        return self._ids[index]

    def frame_index(self, frame_id: int) -> int:
        """The index that a number was given out for. Raises StaleReference."""
        if frame_id not in self._frames:
            raise StaleReference(
                f"the frame {frame_id} belongs to a stop that has been left: ask for the stack"
            )
        return self._frames[frame_id]

    def scopes(self, trace: Trace, index: int) -> list[dap.Scope]:
        """The scopes of one entry of the stack."""
        stack = trace.state.stack
        is_top = index == len(shown_stack(trace.state)) - 1
        found = [self._scope("Locals", list(locals_of(trace, index, is_top=is_top)))]
        if index > 0 and stack[0].scope_line == 0:
            found.append(self._scope("Globals", list(plain_locals(stack[0], 0))))
        return found

    def evaluated(
        self, found: Iterable[Evaluated], given: Mapping[str, tuple[int, str]]
    ) -> list[dap.Scope]:
        """A scope of the expressions that were evaluated; none where none are known.

        `given`: those that a variable got its value by, each with that variable's scope and name:
        setting one sets that.
        """
        values = []
        for one in found:
            frame, name = given.get(one.source, (None, None))
            values.append(replace(expression(one), frame=frame, expression=name))
        return [self._scope("Expression", values)] if values else []

    def compared(self, titled: Mapping[str, list[Named]]) -> list[dap.Scope]:
        """Scopes by their titles."""
        return [self._scope(title, values) for title, values in titled.items()]

    def _scope(self, name: str, values: list[Named]) -> dap.Scope:
        reference = self._add(
            _Group(len(values), False, lambda start, count: iter(values[start : start + count]))
        )
        return {
            "name": name,
            "presentationHint": name.lower(),
            "variablesReference": reference,
            "namedVariables": len(values),
            "expensive": False,
        }

    def settable(self, reference: int, name: str) -> tuple[int, str]:
        """The index of the scope and the expression to set for a variable behind a reference.

        Raises StaleReference or CannotSet.
        """
        group = self._group(reference)
        for named in group.page(0, group.count):
            if named.name == name:
                if named.frame is None or named.expression is None:
                    raise CannotSet(f"{name} cannot be set: no expression names it")
                return named.frame, named.expression
        raise CannotSet(f"there is no {name!r} here")

    def _group(self, reference: int) -> _Group:
        group = self._groups.get(reference)
        if group is None:
            raise StaleReference(
                f"the variables reference {reference} belongs to a stop that has been left: "
                "ask for the scopes again"
            )
        return group

    def page(
        self, reference: int, kind: str | None, start: int, count: int | None
    ) -> list[dap.Variable]:
        """The variables behind a reference. Raises StaleReference.

        `kind`: only "indexed" or only "named" ones; `count` None or 0: all of them.
        """
        group = self._group(reference)
        if kind is not None and (kind == "indexed") is not group.is_indexed:
            return []
        wanted = count or MAX_PAGE
        found = [self.variable(named) for named in group.page(start, wanted)]
        left = group.count - start - wanted
        if not count and left > 0:
            found.append({"name": "…", "value": f"{left:,} more", "variablesReference": 0})
        elif group.remark and start + len(found) >= group.count:
            found.append({"name": "…", "value": group.remark, "variablesReference": 0})
        return found

    def variable(self, named: Named) -> dap.Variable:
        """One line in a list of variables."""
        shown = self.shown(named.tree, named.origin, named.expression, named.frame)
        text = value_text(named.tree, named.origin) + named.remark
        variable = cast(dap.Variable, {"name": named.name, "value": text, **shown})
        if named.expression is not None:
            variable["evaluateName"] = named.expression
        return variable

    def shown(
        self, tree: Tree, origin: Value, expression: str | None, frame: int | None = None
    ) -> dap.Shown:
        """What is shown beside a value's text: its type, where it comes from, its parts."""
        shown: dap.Shown = {
            "variablesReference": 0,
            "presentationHint": {"kind": "data", "attributes": [origin.provenance.value]},
            "foreframe": provenance(origin),
        }
        if self.with_types:
            shown["type"] = type_text(tree, origin)
        if tree.items and origin.provenance is not Provenance.UNKNOWN:
            is_indexed = tree.kind not in (Kind.DICT, Kind.CALL, Kind.ENUM)
            key = "indexedVariables" if is_indexed else "namedVariables"
            shown[key] = len(tree.items)  # type: ignore[literal-required]
            parts = parts_of(tree, origin, expression, frame, is_indexed)
            shown["variablesReference"] = self._add(parts)
        return shown

    def _add(self, group: _Group) -> int:
        self._last += 1
        self._groups[self._last] = group
        return self._last


def parts_of(
    tree: Tree, origin: Value, expression: str | None, frame: int | None, is_indexed: bool
) -> _Group:
    """The parts of a value, read when they are asked for."""

    def page(start: int, count: int) -> Iterator[Named]:
        for child in tree.page(start, count):
            access = None if expression is None or not child.access else expression + child.access
            yield Named(child.name, child.value, origin, access, frame)

    remark = ""
    if tree.cut:
        remark = "cut off: the rest of this value is not known"
    elif tree.truncated:
        remark = "there is more than can be expanded: copy the value for all of it"
    return _Group(len(tree.items), is_indexed, page, remark)


def shown_stack(state: State) -> tuple[Scope, ...]:
    """The scopes that are shown, outermost first: one that has returned only if it is the last."""
    return state.stack[:-1] if state.event is Event.RETURN and len(state.stack) > 1 else state.stack


def locals_of(trace: Trace, index: int, *, is_top: bool) -> Iterator[Named]:
    """What a scope holds, after what has just happened in it."""
    if is_top:
        yield from happened(trace)
    yield from plain_locals(trace.state.stack[index], index)


def plain_locals(scope: Scope, frame: int) -> Iterator[Named]:
    """The variables of the scope at the index `frame` of the stack."""
    for name, value in scope.locals.items():
        yield Named(name, parse_value(value.text, cut=value.cut), value, name, frame)


def expression(one: Evaluated) -> Named:
    """An expression's value, under its source text. What it gives now may be something else."""
    if one.source.startswith(NEXT_OF):
        tree = Tree(Kind.OPAQUE, elements(one.value))
        return Named(one.source, tree, one.value, None)
    return Named(one.source, parse_value(one.value.text, cut=one.value.cut), one.value, None)


def happened(trace: Trace) -> Iterator[Named]:
    """Pseudo variables for the value that was returned, or the exception that was raised."""
    state, frame = trace.state, trace.frame
    value, name = state.value, ""
    if state.event is Event.RETURN and frame is not None:
        before = trace.parent.frame if trace.parent is not None else None
        name = f"(return) {frame.function}"
        if before is not None and before.event is Event.EXCEPTION and before.depth == frame.depth:
            name, value = f"(raised) {frame.function}", before.value
    elif state.event is Event.EXCEPTION:
        name = "(exception)"
    if not name or value is None:
        return
    if name.startswith("(return)"):
        yield Named(name, parse_value(value.text, cut=value.cut), value, None)
    else:
        kind = value.text.partition(":")[0]
        yield Named(name, Tree(Kind.OPAQUE, value.text, kind, cut=value.cut), value, None)


def value_text(tree: Tree, origin: Value, limit: int = MAX_SHOWN) -> str:
    """A value's text for a line on a screen; what is left out is said."""
    if origin.provenance is Provenance.UNKNOWN:
        return f"<unknown> {tree.text}".rstrip()
    text = tree.text
    if len(text) > limit:
        rest = ", cut off" if tree.cut else ""
        return f"{text[:limit]}… ({len(text):,} characters{rest})"
    return text + "… (cut off)" if tree.cut else text


def type_text(tree: Tree, origin: Value) -> str:
    """`int, predicted 87%`: the type, and how much the value is to be trusted."""
    known = origin.provenance.value
    if origin.provenance is Provenance.PREDICTED and origin.confidence is not None:
        known = f"{known} {percent(origin.confidence)}"
    return f"{tree.type_name}, {known}" if tree.type_name else known


def percent(probability: float) -> str:
    """A probability for a person: never 100 % for what is not certain."""
    return ">99%" if probability > 0.99 else f"{probability:.0%}"


def provenance(origin: Value) -> dap.Provenance:
    """Where a value comes from, for clients that know this adapter."""
    known: dap.Provenance = {"provenance": origin.provenance.value}
    if origin.confidence is not None:
        known["confidence"] = round(origin.confidence, 4)
    return known
