"""A safe evaluator: Python expressions on predicted values, walked as a tree, never executed.

What a value is may be known only in part (an object's repr, a text that was cut): whatever needs
more than is known raises NotKnown, whatever would need to run code raises NotAllowed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from foreframe.errors import BadExpression, ExpressionError, NotAllowed, NotKnown, Raises
from foreframe.known_values import Budget, Known, plain
from foreframe.operations import (
    FUNCTIONS,
    MAX_WIDTH,
    METHODS,
    OPERATORS,
    TYPES,
    UNARY,
    call_on_known,
    check_size,
    contains,
    get_item,
    is_same,
    iterate,
    make_range,
    refuse,
)
from foreframe_models.program.compared import COMPARISONS
from foreframe_models.program.syntax import parse as parse_module
from foreframe_models.program.syntax import parse_expression
from foreframe_protocol.states import Provenance, Value
from foreframe_protocol.values import Tree, parse_value

MAX_SOURCE = 10_000  # characters of an expression


@dataclass(frozen=True, slots=True)
class Result:
    """What an expression gives: its repr, and what is known of where that comes from."""

    text: str
    tree: Tree
    provenance: Provenance
    confidence: float | None
    object: object  # the Python object where it is plain, else a Known

    @property
    def truth(self) -> bool:
        """Whether a condition holds. Raises NotKnown."""
        return bool(plain(self.object, Budget()))

    @property
    def shown(self) -> str:
        """What `str` gives: of a string, its characters."""
        value = plain(self.object, Budget())
        return value if isinstance(value, str) else self.text


@dataclass(frozen=True, slots=True)
class Returned:
    """What a call of one of the program's own functions gave, as predicted."""

    function: str
    value: Value


NOTHING_RETURNED: Iterator[Returned] = iter(())


def parse(expression: str) -> ast.expr:
    """The syntax tree of an expression. Raises BadExpression."""
    text = expression.strip()
    if not text:
        raise BadExpression("there is no expression: write one, such as a variable's name")
    if len(text) > MAX_SOURCE:
        raise BadExpression(f"the expression is longer than {MAX_SOURCE:,} characters")
    try:
        return parse_expression(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        why = error.msg if isinstance(error, SyntaxError) else str(error) or "nested too deeply"
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            parse_module(text)
            raise BadExpression(
                f"{text!r} is a statement: only expressions can be evaluated, nothing is executed"
            ) from error
        raise BadExpression(f"{text!r} is not a valid expression: {why}") from error


def evaluate(expression: str, names: Mapping[str, Value]) -> Result:
    """The value of `expression` where `names` are known. Raises ExpressionError."""
    return evaluate_node(parse(expression), names)


def evaluate_node(
    node: ast.expr, names: Mapping[str, Value], returned: Iterator[Returned] = NOTHING_RETURNED
) -> Result:
    """Like `evaluate`, of a syntax tree. `returned`: what the program's own calls gave, in order;
    those in `node` are taken from it."""
    walk = Evaluation(names, returned)
    try:
        value = walk.visit(node)
        if isinstance(value, Known):
            text, tree = value.tree.text, value.tree
        else:
            text = walk.budget.text(value)
            tree = parse_value(text)
    except ExpressionError:
        raise
    except RecursionError as error:
        raise NotAllowed("the expression, or a value in it, is nested too deeply") from error
    except Exception as error:  # what the expression itself raises, as it would in Python
        raise Raises(f"{type(error).__name__}: {error}") from error
    return Result(text, tree, *walk.origin(), value)


class Evaluation:
    """One evaluation: the names it has used, and how much it has computed."""

    def __init__(self, names: Mapping[str, Value], returned: Iterator[Returned]) -> None:
        self.names, self.returned = names, returned
        self.local: dict[str, object] = {}  # bound by comprehensions
        self.used: dict[str, Value] = {}
        self.budget = Budget()

    def origin(self) -> tuple[Provenance, float | None]:
        """Provenance of the result, and the probability that all values used are right."""
        kinds = {value.provenance for value in self.used.values()}
        confidence = 1.0
        for value in self.used.values():
            if value.provenance is Provenance.PREDICTED:
                if value.confidence is None:
                    return Provenance.PREDICTED, None
                confidence *= value.confidence
        if Provenance.PREDICTED in kinds:
            return Provenance.PREDICTED, confidence
        return (kinds.pop() if len(kinds) == 1 else Provenance.GIVEN), None

    def visit(self, node: ast.expr) -> object:
        """The value of a node: a plain object, or a Known."""
        self.budget.spend(1)
        method = getattr(self, f"on_{type(node).__name__.lower()}", None)
        if method is None:
            refuse(f"{ast.unparse(node)!r} is not among what can be evaluated")
        result: object = method(node)
        return result

    def plain(self, node: ast.expr) -> object:
        """The value of a node as a Python object, its unknown parts as Knowns."""
        return plain(self.visit(node), self.budget)

    def on_constant(self, node: ast.Constant) -> object:
        return node.value

    def on_name(self, node: ast.Name) -> object:
        if node.id in self.local:
            return self.local[node.id]
        value = self.names.get(node.id)
        if value is None:
            if node.id in TYPES:
                return TYPES[node.id]
            raise NotKnown(f"there is no variable {node.id!r} at this stop")
        return self.use(node.id, value)

    def use(self, name: str, value: Value) -> Known:
        """A predicted value, noted as one that the result rests on."""
        if value.provenance is Provenance.UNKNOWN:
            raise NotKnown(f"the value of {name!r} is not known at this stop")
        self.used[name] = value
        return Known(parse_value(value.text, cut=value.cut))

    def on_attribute(self, node: ast.Attribute) -> object:
        value = self.visit(node.value)
        if isinstance(value, Known):
            return value.attribute(node.attr)
        if isinstance(value, type) and node.attr == "__name__":
            return value.__name__
        raise NotAllowed(f"the attribute {node.attr!r} would need to run code")

    def on_subscript(self, node: ast.Subscript) -> object:
        value, key = self.visit(node.value), self.plain(node.slice)
        if isinstance(value, Known) and not isinstance(key, slice):
            found = value.item(key)
            if found is not None:
                return found
        value = plain(value, self.budget)
        if isinstance(value, str | bytes | list | tuple | dict | range):
            return get_item(value, key)
        raise NotKnown("what this value holds is not known")

    def on_slice(self, node: ast.Slice) -> object:
        parts = (node.lower, node.upper, node.step)
        return slice(*(None if part is None else self.plain(part) for part in parts))

    def on_unaryop(self, node: ast.UnaryOp) -> object:
        return UNARY[type(node.op)](self.plain(node.operand))

    def on_binop(self, node: ast.BinOp) -> object:
        if type(node.op) not in OPERATORS:
            refuse("matrices are not computed")
        left, right = self.plain(node.left), self.plain(node.right)
        check_size(node.op, left, right)
        self.budget.weigh(left, right)
        return OPERATORS[type(node.op)](left, right)

    def on_boolop(self, node: ast.BoolOp) -> object:
        stops_at = isinstance(node.op, ast.Or)
        value: object = None
        for part in node.values:
            value = self.plain(part)
            if bool(value) is stops_at:
                break
        return value

    def on_ifexp(self, node: ast.IfExp) -> object:
        return self.visit(node.body if self.plain(node.test) else node.orelse)

    def on_compare(self, node: ast.Compare) -> object:
        left = self.plain(node.left)
        result: object = True
        for sign, operand in zip(node.ops, node.comparators, strict=True):
            right = self.plain(operand)
            result = self.compare(sign, left, right)
            if not result:
                break
            left = right
        return result

    def compare(self, sign: ast.cmpop, left: object, right: object) -> object:
        """One comparison of a chain."""
        self.budget.weigh(left, right)
        match sign:
            case ast.Is() | ast.IsNot():
                same = is_same(left, right)
                return same if isinstance(sign, ast.Is) else not same
            case ast.In() | ast.NotIn():
                if isinstance(right, Known):
                    raise NotKnown("what this value holds is not known")
                found = contains(right, left)
                return found if isinstance(sign, ast.In) else not found
        return COMPARISONS[type(sign)](left, right)

    def on_list(self, node: ast.List) -> object:
        return [self.plain(item) for item in node.elts]

    def on_tuple(self, node: ast.Tuple) -> object:
        return tuple(self.plain(item) for item in node.elts)

    def on_set(self, node: ast.Set) -> object:
        return {self.plain(item) for item in node.elts}

    def on_dict(self, node: ast.Dict) -> object:
        if None in node.keys:
            refuse("`**` is not evaluated")
        pairs = zip(node.keys, node.values, strict=True)
        return {self.plain(key): self.plain(value) for key, value in pairs if key is not None}

    def on_joinedstr(self, node: ast.JoinedStr) -> object:
        return "".join(str(self.visit(part)) for part in node.values)

    def on_formattedvalue(self, node: ast.FormattedValue) -> object:
        value = self.plain(node.value)
        self.budget.weigh(value)
        if node.conversion != -1:
            value = ascii(value) if node.conversion == ord("a") else repr(value)
            if node.conversion == ord("s"):
                value = str(self.plain(node.value))
        spec = "" if node.format_spec is None else str(self.visit(node.format_spec))
        widths = "".join(c if c.isdigit() else " " for c in spec).split()
        if any(int(width) > MAX_WIDTH for width in widths):
            refuse(f"a format width above {MAX_WIDTH}")
        return format(value, spec)

    def on_call(self, node: ast.Call) -> object:
        if any(isinstance(arg, ast.Starred) for arg in node.args):
            refuse("`*` is not evaluated")
        function = self.function(node.func)
        if function is None:
            return self.own_call(node)
        args = [self.plain(arg) for arg in node.args]
        named = {str(k.arg): self.plain(k.value) for k in node.keywords if k.arg is not None}
        if len(named) != len(node.keywords):
            refuse("`**` is not evaluated")
        self.budget.weigh(*args, *named.values())
        if function is range:
            self.budget.spend(len(make_range(*args)) // 16)
        if any(isinstance(arg, Known) for arg in args):
            return call_on_known(function, args)
        return function(*args, **named)

    def function(self, node: ast.expr) -> Callable[..., object] | None:
        """The pure function or method that a call means; None: one of the program's own."""
        match node:
            case ast.Name(id=name) if name not in self.names and name not in self.local:
                return FUNCTIONS.get(name) or TYPES.get(name)
            case ast.Attribute(value=of, attr=name):
                try:
                    value = self.plain(of)
                except NotKnown:
                    return None
                if name in METHODS.get(type(value), ()):
                    method: Callable[..., object] = getattr(value, name)
                    return method
        return None

    def own_call(self, node: ast.Call) -> object:
        """What the prediction says that a call gave; the calls in its arguments come first."""
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            with suppress(NotKnown):
                self.visit(argument)
        call = next(self.returned, None)
        match node.func:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                if call is not None and call.function.rpartition(".")[2] == name:
                    return self.use(f"{name}(...)", call.value)
        raise NotAllowed(f"calling {ast.unparse(node.func)!r} would need to run code")

    def on_generatorexp(self, node: ast.GeneratorExp) -> object:
        return [self.plain(node.elt) for _ in self.loops(node.generators)]

    def on_listcomp(self, node: ast.ListComp) -> object:
        return [self.plain(node.elt) for _ in self.loops(node.generators)]

    def on_setcomp(self, node: ast.SetComp) -> object:
        return {self.plain(node.elt) for _ in self.loops(node.generators)}

    def on_dictcomp(self, node: ast.DictComp) -> object:
        return {self.plain(node.key): self.plain(node.value) for _ in self.loops(node.generators)}

    def loops(self, generators: Sequence[ast.comprehension]) -> Iterator[None]:
        """Binds the names of a comprehension, once for each round of its innermost loop."""
        if not generators:
            yield
            return
        first, *rest = generators
        before = dict(self.local)
        for item in self.items(self.plain(first.iter)):
            self.bind(first.target, item)
            if all(self.plain(condition) for condition in first.ifs):
                yield from self.loops(rest)
        self.local = before

    def items(self, value: object) -> Iterator[object]:
        """What a loop over a value goes through."""
        return iterate(value)

    def bind(self, target: ast.expr, value: object) -> None:
        """Binds the target of a comprehension's loop."""
        match target:
            case ast.Name(id=name):
                self.local[name] = value
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                values = list(self.items(value))
                for inner, item in zip(targets, values, strict=True):
                    self.bind(inner, item)
            case _:
                refuse("only names can be bound in a comprehension")
