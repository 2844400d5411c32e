"""Values of every kind for hypothesis, and texts that are nearly such values' reprs."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from foreframe_protocol.states import Verdict
from foreframe_protocol.values import (
    Tree,
)

MATCH, DIFFERS, UNCLEAR = Verdict.MATCH, Verdict.DIFFERS, Verdict.NOT_COMPARABLE

several = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])

# Strategies

CHARACTERS = st.sampled_from("ab'\"\\()[]{}<>,:=.# \n\t\0\x7f\xa0é\u2028😀")
STRINGS = st.lists(CHARACTERS, max_size=6).map("".join)
HASHABLE = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | STRINGS
    | STRINGS.map(str.encode)
)
KEYS = st.recursive(
    HASHABLE, lambda x: st.tuples(x, x) | st.frozensets(x, max_size=3), max_leaves=4
)


def containers(part: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    lists = st.lists(part, max_size=4)
    return lists | lists.map(tuple) | st.dictionaries(KEYS, part, max_size=4)


OBJECTS = st.recursive(KEYS | st.sets(HASHABLE, max_size=4), containers, max_leaves=12)
TEXTS = st.lists(CHARACTERS | st.sampled_from(["1", "at 0x1f", "set()", "P(", "..."]), max_size=20)


def shape(value: object) -> object:
    """A value with its types, so that 1 is not True: what `compare` has to tell apart."""
    match value:
        case float() | complex():
            return type(value), repr(value)
        case list() | tuple():
            return type(value), tuple(map(shape, value))
        case set() | frozenset():
            return type(value), frozenset(map(shape, value))
        case dict():
            return dict, frozenset((shape(k), shape(v)) for k, v in value.items())
        case _:
            return type(value), value


def respelled(value: object) -> str:
    """Another text of the same value: strings in other quotes, dicts and sets back to front."""
    match value:
        case str():
            plain = value.isprintable() and not set(value) & set("'\"\\")
            return f'"{value}"' if plain else repr(value)
        case list():
            return "[" + ", ".join(map(respelled, value)) + "]"
        case tuple():
            return "(" + "".join(respelled(x) + ", " for x in value).rstrip(" ") + ")"
        case dict():
            pairs = [f"{respelled(k)}: {respelled(v)}" for k, v in value.items()]
            return "{" + ", ".join(reversed(pairs)) + "}"
        case set() | frozenset() if value:
            text = "{" + ", ".join(map(respelled, reversed(list(value)))) + "}"
            return text if isinstance(value, set) else f"frozenset({text})"
        case _:
            return repr(value)


def shown(tree: Tree) -> dict[str, str]:
    return {child.name: child.value.text for child in tree.children}
