"""Values of expressions whose text is shown: read off the trace, or put together of what it shows.

What a frame tells of the expressions within its line counts as shown, too.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from foreframe_models.program import compared, moved, sought
from foreframe_models.program.elements import view
from foreframe_protocol.states import Event, Trace, Value
from foreframe_protocol.value_tree import Kind, NotLiteral, item, literal, parse_value

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

_CONTAINERS = frozenset({"list", "tuple", "dict", "defaultdict", "OrderedDict", "Counter"})
_VIEWS = frozenset({"items", "keys", "values"})
_MADE: dict[str, Callable[[str], str | None]] = {
    "str": moved.as_string,
    "list": moved.listed,
    "tuple": moved.fixed,
    "sorted": moved.ordered,
    "min": moved.least,
    "max": moved.largest,
}
MOST_CHARS = 200  # of a value put together here: longer ones are cut where they are shown


@dataclass(frozen=True, slots=True)
class Sight:
    """Where an expression is evaluated: after `trace`, in the line that it has stopped at.

    `told`: the values of parts of it that are told, by their nodes' ids. `unsure`: names that the
    line may change before they are read.
    """

    trace: Trace
    told: Mapping[int, Value] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()

    def confidence(self, *nodes: ast.AST) -> float | None:
        """The least one of the parts that are told of expressions; None where none has any."""
        told = [self.told.get(id(inner)) for node in nodes for inner in ast.walk(node)]
        known = [value.confidence for value in told if value is not None]
        return min((one for one in known if one is not None), default=None)


class Shown:
    """What expressions of one program give, as far as they work nothing out."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._decorated: set[str] = set()
        self.has_own_types = False
        for node in ast.walk(program.tree):
            if isinstance(node, ast.ClassDef) and (node.bases or _shows_itself(node)):
                self.has_own_types = True  # perhaps of dict, with elements of its own
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                self._decorated.add(node.name)

    def value(self, node: ast.expr | None, sight: Sight) -> Value | None:
        """The value of an expression that works nothing out, as the trace shows it.

        As sure as the parts that it is made of; without a confidence where there are none.
        """
        before = sight.trace.last
        match node:
            case ast.Name(id=name) if before is not None and before.event is Event.LINE:
                known = sight.trace.state.top.locals.get(name)
                return None if name in sight.unsure else known
            case ast.Call(func=ast.Name(id=name)) if before is not None and before.value:
                gives = self.program.function_for(before.function, before.scope_line)
                is_plain = isinstance(gives.node, ast.FunctionDef) and not gives.is_generator
                if gives.qualname == name and is_plain and name not in self._decorated:
                    return before.value
            case ast.expr() if before is not None and before.event is Event.LINE:
                text = self.text(node, sight)
                if text is not None and len(text) <= MOST_CHARS:
                    return Value(text, confidence=sight.confidence(node))
        return None

    def text(self, node: ast.expr, sight: Sight) -> str | None:
        """The text of a value that is shown, an element of one, a constant, or a few of these."""
        told = sight.told.get(id(node))
        if told is not None:
            may_have_changed = sight.unsure and told.text[:1] in "[{<"
            return None if told.cut or may_have_changed or " at 0x" in told.text else told.text
        match node:
            case ast.Name():
                value = self.value(node, sight)
                return None if value is None or value.cut else value.text
            case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
                return _constant(node)
            case ast.Tuple(elts=elements):
                texts = self.texts(elements, sight)
                return None if texts is None else moved.sequence(Kind.TUPLE, texts)
            case ast.List(elts=elements):
                texts = self.texts(elements, sight)
                return None if texts is None else moved.sequence(Kind.LIST, texts)
        return None if self.has_own_types else self._put_together(node, sight)

    def texts(self, nodes: Sequence[ast.expr], sight: Sight) -> list[str] | None:
        """The texts of several; None where one of them is not known."""
        texts = []
        for node in nodes:
            text = self.text(node, sight)
            if text is None:
                return None
            texts.append(text)
        return texts

    def outcome(self, node: ast.expr, sight: Sight) -> moved.Outcome | None:
        """What a call of a method makes of what is shown, and what it gives."""
        match node:
            case ast.Call(func=ast.Attribute(value=of, attr=method), args=args, keywords=[]):
                texts = None if self.has_own_types else self.texts([of, *args], sight)
                return None if texts is None else moved.called(texts[0], method, texts[1:])
        return None

    def _put_together(self, node: ast.expr, sight: Sight) -> str | None:
        """What takes a piece out of values that are built in, or puts them together."""
        match node:
            case ast.Subscript(value=of, slice=ast.Slice() as bounds):
                text = self.text(of, sight)
                return None if text is None else self._cut(text, bounds, sight)
            case ast.Subscript(value=of, slice=index):
                texts = self.texts([of, index], sight)
                return None if texts is None else _element(*texts)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                texts = self.texts([left, right], sight)
                return None if texts is None else moved.together(*texts)
            case ast.Call(func=ast.Attribute(value=of, attr="join"), args=[inner], keywords=[]):
                between, text = self.text(of, sight), self._gone_through(inner, sight)
                return None if between is None or text is None else moved.joined(between, text)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                texts = self.texts([left, right], sight)
                return None if texts is None else moved.repeated(*texts)
            case ast.Call(func=ast.Attribute(value=of, attr=name), args=[], keywords=[]) if (
                name in _VIEWS
            ):
                text = self.text(of, sight)
                found = None if text is None else view(text, name)
                return None if found is None else f"dict_{name}([{', '.join(found)}])"
            case ast.Call(func=ast.Attribute(attr="copy" | "get")):
                outcome = self.outcome(node, sight)
                return None if outcome is None else outcome[1]
            case ast.Call(func=ast.Attribute(value=of, attr=name), args=args, keywords=[]) if (
                name in sought.METHODS
            ):
                texts = self.texts([of, *args], sight)
                return None if texts is None else sought.called(texts[0], name, texts[1:])
            case ast.Call(func=ast.Name(id=name)) if name in _MADE:
                is_theirs = name in self.program.mutations.bound_anywhere
                return None if is_theirs else self._made(name, node, sight)
            case ast.JoinedStr(values=values):
                return self._formatted(values, sight)
            case ast.Compare():
                holds = self._comparison(node, sight)
                return None if holds is None else str(holds)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                holds = self.truth(operand, sight)
                return None if holds is None else str(not holds)
            case ast.BoolOp(op=op, values=values):
                return self._first_deciding(isinstance(op, ast.Or), values, sight)
            case ast.IfExp(test=test, body=body, orelse=other):
                holds = self.truth(test, sight)
                return None if holds is None else self.text(body if holds else other, sight)
        return None

    def truth(self, test: ast.expr, sight: Sight) -> bool | None:
        """Whether a test holds; None where what is shown does not tell."""
        text = None if self.has_own_types else self.text(test, sight)
        return None if text is None else compared.is_true(text)

    def _comparison(self, node: ast.Compare, sight: Sight) -> bool | None:
        texts = self.texts([node.left, *node.comparators], sight)
        if texts is None:
            return None
        for sign, one, other in zip(node.ops, texts, texts[1:], strict=False):
            holds = compared.holds(sign, one, other)
            if not holds:
                return holds
        return True

    def _first_deciding(self, decides: bool, values: list[ast.expr], sight: Sight) -> str | None:
        """What `and` and `or` give: the first that decides, or the last."""
        *others, last = values
        for value in others:
            text = self.text(value, sight)
            holds = None if text is None else compared.is_true(text)
            if holds is None or holds is decides:
                return None if holds is None else text
        return self.text(last, sight)

    def _made(self, name: str, node: ast.Call, sight: Sight) -> str | None:
        """What a function that is built in makes of the elements of its argument."""
        backward = False
        match node.keywords:
            case []:
                pass
            case [ast.keyword(arg="reverse", value=ast.Constant(value=bool(backward)))] if (
                name == "sorted"
            ):
                pass
            case _:
                return None
        match node.args:
            case [inner]:
                through = self.text if name == "str" else self._gone_through
                text = through(inner, sight)
            case [_, _, *_] if name in ("min", "max"):
                texts = self.texts(node.args, sight)
                text = None if texts is None else moved.sequence(Kind.LIST, texts)
            case _:
                return None
        if text is None:
            return None
        return moved.ordered(text, backward=backward) if name == "sorted" else _MADE[name](text)

    def _gone_through(self, node: ast.expr, sight: Sight) -> str | None:
        """The text of a value with the elements that one gets of an expression, one by one."""
        match node:
            case ast.Call(func=ast.Name(id="reversed"), args=[inner], keywords=[]):
                text = self.text(inner, sight)
                if text is None or "reversed" in self.program.mutations.bound_anywhere:
                    return None
                return moved.turned(text)
        return self.text(node, sight)

    def _cut(self, text: str, bounds: ast.Slice, sight: Sight) -> str | None:
        """A piece of a value."""
        numbers: list[int | None] = []
        for bound in (bounds.lower, bounds.upper, bounds.step):
            shown = "None" if bound is None else self.text(bound, sight)
            try:
                number = None if shown is None else literal(parse_value(shown))
            except NotLiteral:
                return None
            if shown is None or not (number is None or isinstance(number, int)):
                return None
            numbers.append(number)
        lower, upper, step = numbers
        return moved.cut(text, lower, upper, step)

    def _formatted(self, values: list[ast.expr], sight: Sight) -> str | None:
        """An f-string of what is shown, without formats."""
        pieces = []
        for value in values:
            match value:
                case ast.Constant(value=str(piece)):
                    pieces.append(piece)
                case ast.FormattedValue(value=inner, conversion=conversion, format_spec=None):
                    text = self.text(inner, sight)
                    shown = None if text is None else moved.characters(text)
                    if text is None or shown is None or conversion == ord("a"):
                        return None
                    pieces.append(text if conversion == ord("r") else shown)
                case _:
                    return None
        return repr("".join(pieces))


def _shows_itself(node: ast.ClassDef) -> bool:
    """Whether instances of a class may look like a value that is built in."""
    return any(isinstance(one, ast.FunctionDef) and one.name == "__repr__" for one in node.body)


def _constant(node: ast.expr) -> str | None:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return None
    if isinstance(value, int) and value.bit_length() > 10_000:  # Python refuses to write it
        return None
    return repr(value)


def _element(text: str, key: str) -> str | None:
    """`value[key]` from the texts of both; None where it is no element that is shown."""
    tree = parse_value(text)
    try:
        at = literal(parse_value(key))
        if tree.cut or tree.truncated:
            return None
        if tree.kind in (Kind.STR, Kind.BYTES):
            whole = literal(tree)
            is_index = isinstance(at, int) and isinstance(whole, str | bytes)
            return repr(whole[at]) if is_index else None  # type: ignore[index]
        return item(tree, at).text if tree.type_name in _CONTAINERS else None
    except (NotLiteral, IndexError, KeyError, TypeError, ValueError):
        return None
