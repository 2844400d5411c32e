"""What Python calls by itself: special methods by instruction, and what never calls back."""

from __future__ import annotations

import builtins


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


_ITERATE = words("__iter__ __next__ __getitem__ __len__ __length_hint__")
_HASH = words("__hash__ __eq__")
_TEXT = words("__format__ __str__ __repr__")
_TRUTH = words("__bool__ __len__")
_COMPARE = words("__eq__ __ne__ __lt__ __le__ __gt__ __ge__ __len__ __bool__")
_AWAIT = words("__await__ __iter__ __next__ __anext__ __aiter__")
_LOOK_UP = words("__getattr__ __getattribute__ __get__")
_OPERATORS = words("add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or")
_ARITHMETIC = frozenset(f"__{side}{name}__" for name in _OPERATORS for side in ("", "r", "i"))
_NOTHING: frozenset[str] = frozenset()
CONSTRUCTORS = words("__init__ __new__ __post_init__")

# The start of an instruction's name → (special methods, whether callbacks and generators may run).
# The first entry that fits counts. Calls themselves are looked at one by one, elsewhere.
DISPATCH: tuple[tuple[str, frozenset[str], bool], ...] = (
    ("CALL_INTRINSIC", _NOTHING, False),
    ("BINARY_SUBSCR", _HASH | words("__getitem__ __missing__ __index__ __class_getitem__"), True),
    ("BINARY_SLICE", words("__getitem__ __index__"), True),
    ("BINARY_OP", _ARITHMETIC | _TEXT | _ITERATE | _HASH | words("__index__ __float__"), False),
    ("COMPARE_OP", _COMPARE, False),
    ("CONTAINS_OP", _ITERATE | _HASH | {"__contains__"}, True),
    ("STORE_SUBSCR", _ITERATE | _HASH | words("__setitem__ __index__"), True),
    ("STORE_SLICE", _ITERATE | words("__setitem__ __index__"), True),
    ("DELETE_SUBSCR", _HASH | words("__delitem__ __index__"), False),
    ("STORE_ATTR", words("__setattr__ __set__"), False),
    ("DELETE_ATTR", words("__delattr__ __delete__"), False),
    ("LOAD_ATTR", _LOOK_UP, False),
    ("LOAD_METHOD", _LOOK_UP, False),
    ("LOAD_SUPER_ATTR", _LOOK_UP, False),
    ("GET_ITER", _ITERATE, False),
    ("GET_YIELD_FROM_ITER", _ITERATE, False),
    ("FOR_ITER", _ITERATE, True),
    ("SEND", _AWAIT, True),
    ("GET_A", _AWAIT, True),
    ("END_ASYNC_FOR", _AWAIT, True),
    ("UNPACK", _ITERATE, True),
    ("LIST_EXTEND", _ITERATE, True),
    ("SET_UPDATE", _ITERATE | _HASH, True),
    ("SET_ADD", _HASH, False),
    ("DICT_", _ITERATE | _HASH | {"keys"}, True),
    ("MAP_ADD", _HASH, False),
    ("BUILD_MAP", _HASH, False),
    ("BUILD_SET", _HASH, False),
    ("BUILD_CONST_KEY_MAP", _HASH, False),
    ("FORMAT", _TEXT, False),
    ("CONVERT_VALUE", _TEXT, False),
    ("TO_BOOL", _TRUTH, False),
    ("UNARY_NOT", _TRUTH, False),
    ("UNARY", words("__neg__ __pos__ __invert__"), False),
    ("POP_JUMP", _TRUTH, False),
    ("JUMP_IF", _TRUTH, False),
    ("BEFORE_WITH", _LOOK_UP | {"__enter__"}, True),
    ("BEFORE_ASYNC_WITH", _LOOK_UP | {"__aenter__"}, True),
    ("WITH_EXCEPT_START", words("__exit__ __aexit__"), True),
    ("MATCH", _ITERATE | _HASH | _LOOK_UP | words("__instancecheck__ keys get"), False),
    ("GET_LEN", words("__len__"), False),
    ("RAISE_VARARGS", CONSTRUCTORS, False),
    ("IMPORT_NAME", _NOTHING, True),
    ("CHECK_E", words("__instancecheck__ __subclasscheck__"), False),
)
# Names whose use means that any function may be found by its name as a string.
REFLECTION = words(
    "getattr globals locals vars eval exec __dict__ methodcaller attrgetter import_module "
    "__import__ getmembers"
)
# Bases that call no method of a class by names of their own.
PLAIN_BASES = words("object ABC Generic Protocol type") | {
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
}
_BUILTIN_TYPES = (str, bytes, bytearray, list, dict, set, tuple, int, float, complex)
BUILTIN_ATTRIBUTES = words("send throw close read write format_map").union(
    *map(dir, _BUILTIN_TYPES)
)
# Builtins and methods of builtin types that call nothing back but these special methods.
QUIET_FUNCTIONS: dict[str, frozenset[str]] = {
    **dict.fromkeys(words("print str repr format ascii"), _TEXT),
    **dict.fromkeys(words("range chr hex oct bin"), words("__index__")),
    **dict.fromkeys(words("ord id callable super input"), _NOTHING),
    **dict.fromkeys(words("isinstance issubclass"), words("__instancecheck__ __subclasscheck__")),
    **dict.fromkeys(words("abs round divmod pow"), _ARITHMETIC | words("__abs__ __round__")),
    "len": words("__len__"),
    "bool": _TRUTH,
    "hash": words("__hash__"),
}
QUIET_METHODS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        words(
            "append insert copy lower upper strip lstrip rstrip split rsplit splitlines startswith "
            "endswith replace find rfind isdigit isalpha isalnum isspace isupper islower title "
            "capitalize swapcase zfill ljust rjust center encode decode items values keys popitem "
            "reverse partition"
        ),
        _NOTHING,
    ),
    **dict.fromkeys(words("pop get add discard remove index count setdefault"), _HASH),
    "format": _TEXT,
}
