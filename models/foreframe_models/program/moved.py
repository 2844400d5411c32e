"""Values whose parts are only moved: cut out, put in, taken out, put side by side.

From texts to texts, as `repr` writes values; nothing is worked out, and None stands for what the
texts do not tell: a value that is cut, one of a class of its own, an element that is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from foreframe_models.program.compared import order
from foreframe_models.program.elements import elements_of
from foreframe_protocol.value_tree import Kind, NotLiteral, Tree, literal, parse_value

_PLAIN = frozenset({Kind.LIST, Kind.TUPLE, Kind.DICT, Kind.STR, Kind.BYTES})
_TEXTS = frozenset({Kind.STR, Kind.BYTES})
_SHOWN_BY_STR = frozenset(
    {Kind.NONE, Kind.BOOL, Kind.INT, Kind.FLOAT, Kind.STR, Kind.LIST, Kind.TUPLE, Kind.DICT}
)
NOTHING = "None"
MOST_ELEMENTS = 1000  # of a list that is made of something else
MOST_CHARS = 10_000  # of what is repeated

Outcome = tuple[str, str]  # what a value becomes, and what the call gives


def sequence(kind: Kind, elements: Sequence[str]) -> str:
    """A list of these elements, or a tuple."""
    inner = ", ".join(elements)
    if kind is Kind.LIST:
        return f"[{inner}]"
    return f"({inner},)" if len(elements) == 1 else f"({inner})"


def cut(text: str, lower: int | None, upper: int | None, step: int | None) -> str | None:
    """`value[lower:upper:step]`."""
    tree, bounds = plain(text), slice(lower, upper, step)
    if tree is None or tree.kind is Kind.DICT or step == 0:
        return None
    if tree.kind in _TEXTS:
        return repr(_string(tree)[bounds])
    return sequence(tree.kind, _elements(tree)[bounds])


def together(left: str, right: str) -> str | None:
    """`left + right` of two strings, lists or tuples."""
    one, other = plain(left), plain(right)
    if one is None or other is None or one.kind is not other.kind or one.kind is Kind.DICT:
        return None
    if one.kind in _TEXTS:
        return repr(_string(one) + _string(other))  # type: ignore[operator]
    return sequence(one.kind, [*_elements(one), *_elements(other)])


def repeated(left: str, right: str) -> str | None:
    """`left * right` of a string, list or tuple and a number, either way round."""
    one, other = plain(left), plain(right)
    if one is None:
        one, right = other, left
    number = parse_value(right)
    if one is None or one.kind is Kind.DICT or number.kind is not Kind.INT:
        return None
    times = max(0, int(number.text[:9]))
    if times * len(one.text) > MOST_CHARS:
        return None
    if one.kind in _TEXTS:
        return repr(_string(one) * times)
    return sequence(one.kind, _elements(one) * times)


def extended(text: str, more: str) -> str | None:
    """What `value += more` makes of a value: a list takes elements of anything."""
    tree = plain(text)
    if tree is None or tree.kind is not Kind.LIST:
        return together(text, more)
    found = None if _holds(more, text) else elements_of(more)
    return None if found is None else sequence(Kind.LIST, [*_elements(tree), *found])


def joined(separator: str, values: str) -> str | None:
    """`separator.join(values)`."""
    between, found = plain(separator), elements_of(values)
    if between is None or between.kind is not Kind.STR or found is None:
        return None
    trees = [plain(text) for text in found]
    if any(tree is None or tree.kind is not Kind.STR for tree in trees):
        return None
    return repr(str(_string(between)).join(str(_string(tree)) for tree in trees if tree))


def listed(text: str) -> str | None:
    """`list(value)`."""
    found = _held(text)
    return None if found is None else sequence(Kind.LIST, found)


def fixed(text: str) -> str | None:
    """`tuple(value)`."""
    found = _held(text)
    return None if found is None else sequence(Kind.TUPLE, found)


def turned(text: str) -> str | None:
    """`list(reversed(value))`."""
    found = None if parse_value(text).kind in (Kind.SET, Kind.FROZENSET) else _held(text)
    return None if found is None else sequence(Kind.LIST, found[::-1])


def ordered(text: str, *, backward: bool = False) -> str | None:
    """`sorted(value, reverse=backward)`."""
    found = _held(text)
    places = None if found is None else order(found, backward=backward)
    if found is None or places is None:
        return None
    return sequence(Kind.LIST, [found[place] for place in places])


def least(text: str) -> str | None:
    """`min(value)`."""
    found = _held(text)
    places = None if found is None else order(found)
    return found[places[0]] if found and places else None


def largest(text: str) -> str | None:
    """`max(value)`: of several that are the same the first."""
    found = _held(text)
    places = None if found is None else order(found, backward=True)
    return found[places[0]] if found and places else None


def as_string(text: str) -> str | None:
    """`str(value)`."""
    shown = characters(text)
    return None if shown is None else repr(shown)


def characters(text: str) -> str | None:
    """The characters of `str(value)`, for values that show themselves as such."""
    tree = parse_value(text)
    if tree.cut or tree.truncated or tree.kind not in _SHOWN_BY_STR:
        return None
    if tree.kind in _PLAIN and tree.type_name != tree.kind.value:
        return None
    return str(_string(tree)) if tree.kind is Kind.STR else text


def called(text: str, method: str, args: Sequence[str]) -> Outcome | None:
    """What `value.method(*args)` makes of a plain list or dict, and what it gives."""
    tree = plain(text)
    try:
        match None if tree is None else tree.kind, method, args:
            case ((Kind.LIST | Kind.DICT), "copy", []):
                return text, text
            case Kind.LIST | Kind.DICT as kind, "clear", []:
                return ("[]" if kind is Kind.LIST else "{}"), NOTHING
            case Kind.LIST, _, _ if tree is not None:
                return _list(text, _elements(tree), method, args)
            case Kind.DICT, _, _ if tree is not None:
                return _dict(text, tree, method, args)
    except (IndexError, KeyError, NotLiteral, TypeError, ValueError):
        pass
    return None


def changed(method: str, text: str, *args: str) -> str | None:
    """What `value.method(*args)` makes of a value."""
    outcome = called(text, method, args)
    return None if outcome is None else outcome[0]


def stored(text: str, key: str, value: str) -> str | None:
    """What `container[key] = value` makes of a plain list or dict."""
    tree = plain(text)
    if tree is None or _holds(value, text):
        return None
    try:
        if tree.kind is Kind.LIST:
            elements = _elements(tree)
            elements[_index(key)] = value
            return sequence(Kind.LIST, elements)
        if tree.kind is Kind.DICT:
            return _pairs({**_entries(tree), _key(key): (key, value)}, _entries(tree))
    except (IndexError, NotLiteral, TypeError, ValueError):
        pass
    return None


def without(text: str, key: str) -> str | None:
    """What `del container[key]` makes of a plain list or dict."""
    return changed("pop", text, key)


def _list(text: str, elements: list[str], method: str, args: Sequence[str]) -> Outcome | None:
    if any(_holds(arg, text) for arg in args):
        return None
    given = NOTHING
    match method, args:
        case "append", [value]:
            elements.append(value)
        case "insert", [at, value]:
            elements.insert(_index(at), value)
        case "extend", [values]:
            found = elements_of(values)
            if found is None:
                return None
            elements.extend(found)
        case "remove", [value]:
            elements.pop([_key(one) for one in elements].index(_key(value)))
        case "pop", []:
            given = elements.pop()
        case "pop", [at]:
            given = elements.pop(_index(at))
        case "reverse", []:
            elements.reverse()
        case "sort", []:
            places = order(elements)
            if places is None:
                return None
            elements = [elements[place] for place in places]
        case _:
            return None
    return sequence(Kind.LIST, elements), given


def _dict(text: str, tree: Tree, method: str, args: Sequence[str]) -> Outcome | None:
    entries = _entries(tree)
    if any(_holds(arg, text) for arg in args):
        return None
    match method, args:
        case "get", [key, *default]:
            found = entries.get(_key(key))
            return text, found[1] if found else (*default, NOTHING)[0]
        case "pop", [key, *default]:
            if default and _key(key) not in entries:
                return text, default[0]
            given = entries.pop(_key(key))[1]
        case "popitem", []:
            given = sequence(Kind.TUPLE, entries.popitem()[1])
        case "setdefault", [key, value]:
            given = entries.setdefault(_key(key), (key, value))[1]
        case "update", [other]:
            more = plain(other)
            if more is None or more.kind is not Kind.DICT:
                return None
            given = NOTHING
            return _pairs({**entries, **_entries(more)}, entries), given
        case _:
            return None
    return _pairs(entries, entries), given


def plain(text: str) -> Tree | None:
    """The tree of a whole list, tuple, dict or string of no class of its own."""
    tree = parse_value(text)
    if tree.kind not in _PLAIN or tree.type_name != tree.kind.value or tree.cut or tree.truncated:
        return None
    return None if "[...]" in text or "{...}" in text else tree  # in itself


def _held(text: str) -> list[str] | None:
    """The elements of a value; None of one that has too many."""
    found = elements_of(text)
    elements = [] if found is None else list(islice(found, MOST_ELEMENTS + 1))
    return None if found is None or len(elements) > MOST_ELEMENTS else elements


def _string(tree: Tree) -> str | bytes:
    value = literal(tree)
    assert isinstance(value, str | bytes)
    return value


def _elements(tree: Tree) -> list[str]:
    return [text for _, text in tree.items]


def _entries(tree: Tree) -> dict[object, tuple[str, str]]:
    """By each key itself its text and its value's. Raises NotLiteral."""
    return {_key(key): (key, text) for key, text in tree.items if key is not None}


def _pairs(entries: dict[object, tuple[str, str]], before: dict[object, tuple[str, str]]) -> str:
    """A dict's text; a key that was there before stays the object that it was."""
    texts = (
        f"{before[key][0] if key in before else text}: {value}"
        for key, (text, value) in entries.items()
    )
    return f"{{{', '.join(texts)}}}"


def _key(text: str) -> object:
    """The value itself, to be compared. Raises NotLiteral."""
    return literal(parse_value(text))


def _index(text: str) -> int:
    """Raises ValueError and NotLiteral."""
    value = _key(text)
    if not isinstance(value, int):
        raise NotLiteral(f"{text} is no index")
    return value


def _holds(value: str, text: str) -> bool:
    """Whether `value` may hold the very container that is shown as `text`."""
    return text in value and parse_value(value).kind not in _TEXTS
