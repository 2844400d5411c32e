"""What the safe evaluator may compute: pure operations on plain values, and their limits."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Never

from foreframe.errors import NotAllowed, NotKnown
from foreframe.known_values import Known
from foreframe_protocol.values import parse_value

MAX_BITS = 20_000  # of an integer that is computed
MAX_ITEMS = 1_000_000  # of a sequence that is computed, or of a range
MAX_WIDTH = 1_000  # of a format specification

Operation = Callable[..., object]  # what is wrong with operands is found when they meet

OPERATORS: Mapping[type[ast.operator], Operation] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}  # fmt: skip
UNARY: Mapping[type[ast.unaryop], Operation] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}

TYPES: Mapping[str, type] = {
    kind.__name__: kind
    for kind in (
        *(bool, bytes, complex, dict, enumerate, float, frozenset, int, list, range),
        *(reversed, set, slice, str, tuple, type, zip),
    )
}
FUNCTIONS: Mapping[str, Operation] = {
    function.__name__: function
    for function in (
        *(abs, all, any, bin, chr, divmod, hex, isinstance, len, max, min),
        *(oct, ord, repr, round, sorted, sum),
    )
}


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


METHODS: Mapping[type, frozenset[str]] = {
    str: words(
        "capitalize casefold count endswith find index isalnum isalpha isascii isdecimal isdigit "
        "isidentifier islower isnumeric isprintable isspace istitle isupper join lower lstrip "
        "partition removeprefix removesuffix rfind rindex rpartition rsplit rstrip split "
        "splitlines startswith strip swapcase title upper"
    ),
    list: words("copy count index"),
    tuple: words("count index"),
    dict: words("copy get items keys values"),
    set: words(
        "copy difference intersection isdisjoint issubset issuperset symmetric_difference union"
    ),
    int: words("bit_count bit_length"),
    float: words("is_integer"),
}
METHODS = {**METHODS, frozenset: METHODS[set], bool: METHODS[int]}
SINGLETONS = (None, True, False, ...)
get_item: Operation = operator.getitem
contains: Operation = operator.contains
make_range: Callable[..., range] = range
length: Callable[..., int] = len
iterate: Callable[..., Iterator[object]] = iter


def call_on_known(function: Callable[..., object], args: Sequence[object]) -> object:
    """The few functions that say something about a value of which only the repr is known."""
    first = args[0]
    if isinstance(first, Known) and len(args) == 1:
        if function is len and first.tree.length is not None:
            return first.tree.length
        if function is repr or function is str:
            return first.tree.text
        if function is type and first.tree.type_name:
            return Known(parse_value(f"<class '{first.tree.type_name}'>"))
    raise NotKnown("this needs more of the value than its repr shows")


def is_same(left: object, right: object) -> bool:
    """`left is right`, where identity is a matter of values: with None, True, False and `...`."""
    for one, other in ((left, right), (right, left)):
        if any(one is singleton for singleton in SINGLETONS):
            return one is other
    raise NotAllowed("which object is which is not predicted: compare with ==")


def check_size(sign: ast.operator, left: object, right: object) -> None:
    """Refuses what would compute a huge number or sequence."""
    bits = 0
    if isinstance(left, int) and isinstance(right, int):
        match sign:
            case ast.Mult():
                bits = left.bit_length() + right.bit_length()
            case ast.Pow():
                bits = left.bit_length() * max(0, right)
            case ast.LShift():
                bits = left.bit_length() + max(0, right)
    elif isinstance(sign, ast.Mult):
        for sequence, count in ((left, right), (right, left)):
            is_sequence = isinstance(sequence, str | bytes | list | tuple)
            if is_sequence and isinstance(count, int) and length(sequence) * count > MAX_ITEMS:
                refuse(f"a sequence of more than {MAX_ITEMS:,} elements")
    elif isinstance(sign, ast.Mod) and isinstance(left, str | bytes):
        refuse("`%` on strings is not evaluated: use an f-string")
    if bits > MAX_BITS:
        refuse(f"a number of more than {MAX_BITS:,} bits")


def refuse(what: str) -> Never:
    """Raises NotAllowed."""
    raise NotAllowed(what)
