"""Two values compared by what their reprs say, not by the letters they say it with.

What counts as the same:
- strings in any quotes and escapes, floats of the same value (nan is nan, -0.0 is not 0.0), sets in
  any order, dicts in any order as `==` has it (an OrderedDict's order counts).
- Types count: 1, 1.0 and True differ. The modules `__main__` and the like in a repr do not.
- Reprs that differ in nothing but addresses, and what stands behind a cut, are not comparable; so
  is a whole that has such parts and no difference elsewhere.
- Below MAX_DEPTH levels a value is compared as text.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from foreframe_protocol.repr_text import NO_LIMIT, Item, unescape
from foreframe_protocol.states import Verdict
from foreframe_protocol.value_tree import SEQUENCES, SETS, Child, Kind, Tree, parse_value

_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")
_ANY_ADDRESS = "at \0"  # in spellings; reprs of strings hold no NUL
_PARTED = SEQUENCES | SETS | {Kind.DICT, Kind.CALL, Kind.ENUM}
_DUNDER_MODULE = re.compile(r"\b__\w+?__\.")

_Pair = tuple[str, Tree, Tree]
_Part = tuple[str, Verdict]


def compare(
    predicted: str, real: str, *, predicted_cut: bool = False, real_cut: bool = False
) -> Verdict:
    """MATCH, DIFFERS or NOT_COMPARABLE, of two reprs. Never raises.

    `..._cut`: the text is only the start of the repr.
    """
    verdict = Verdict.MATCH
    for _, part in _walk(predicted, real, predicted_cut, real_cut):
        if part is not Verdict.NOT_COMPARABLE:
            return Verdict.DIFFERS
        verdict = part
    return verdict


def differences(
    predicted: str,
    real: str,
    *,
    predicted_cut: bool = False,
    real_cut: bool = False,
    limit: int = 100,
) -> list[_Part]:
    """Where inside a value the two differ: (path, verdict) of at most `limit` parts.

    A path is what is put behind the variable's name, `[0]['k'].x`; a set's element stands in
    braces, and "" is the value itself.
    """
    return list(islice(_walk(predicted, real, predicted_cut, real_cut), limit))


def _walk(predicted: str, real: str, predicted_cut: bool, real_cut: bool) -> Iterator[_Part]:
    """The parts that do not match, outermost first."""
    if predicted == real and not (predicted_cut or real_cut):
        return
    first = parse_value(predicted, cut=predicted_cut, max_nodes=NO_LIMIT)
    second = parse_value(real, cut=real_cut, max_nodes=NO_LIMIT)
    todo: list[_Pair] = [("", first, second)]
    while todo:
        path, one, other = todo.pop()
        if one.text == other.text and not (one.cut or other.cut):
            continue
        found: list[_Part] = []
        pairs: list[_Pair] = []
        _compare_level(path, one, other, found, pairs)
        yield from found
        todo.extend(reversed(pairs))


def _compare_level(
    path: str, one: Tree, other: Tree, found: list[_Part], pairs: list[_Pair]
) -> None:
    """Compares two values without their children: verdicts to `found`, children to `pairs`."""
    if _agree_to_the_cut(one, other):
        found.append((path, Verdict.NOT_COMPARABLE))
        return
    if one.kind is not other.kind:
        open_braces = {one.kind, other.kind} <= SETS | {Kind.DICT}
        unclear = open_braces and (one.cut or other.cut) and one.text[0] == other.text[0]
        found.append((path, Verdict.NOT_COMPARABLE if unclear else Verdict.DIFFERS))
        return
    if one.truncated or other.truncated or one.kind not in _PARTED:
        if (verdict := _leaf(one, other)) is not Verdict.MATCH:
            found.append((path, verdict))
        return
    if _type_name(one) != _type_name(other) or len(one.details) != len(other.details):
        found.append((path, Verdict.DIFFERS))
        return
    for mine, yours in zip(one.details, other.details, strict=True):
        below = one.depth + 1
        parts = parse_value(mine.text, depth=below), parse_value(yours.text, depth=below)
        pairs.append((path, *parts))
    if one.cut or other.cut:
        found.append((path, Verdict.NOT_COMPARABLE))
    if one.kind in SETS:
        _pair_elements(path, one, other, found)
    elif one.kind in (Kind.DICT, Kind.CALL):
        _pair_entries(path, one, other, found, pairs)
    else:
        _pair_in_order(path, one, other, found, pairs)


def _type_name(tree: Tree) -> str:
    name = _DUNDER_MODULE.sub("", tree.type_name)
    return f"{name}.{tree.text.partition(':')[0]}" if tree.kind is Kind.ENUM else name


def _agree_to_the_cut(one: Tree, other: Tree) -> bool:
    """Whether a cut text says nothing that goes against the other."""
    mine, yours = one.text, other.text
    if one.kind is other.kind and one.kind in (Kind.STR, Kind.BYTES):
        mine, yours = _body(one), _body(other)
    return (other.cut and mine.startswith(yours)) or (one.cut and yours.startswith(mine))


def _body(tree: Tree) -> str:
    """The characters of a str or bytes, as far as its text goes."""
    start = 2 if tree.kind is Kind.BYTES else 1
    return unescape(tree.text[start:] if tree.length is None else tree.text[start:-1])


def _leaf(one: Tree, other: Tree) -> Verdict:
    """The verdict on two values of one kind whose texts are not the same."""
    same = False
    match one.kind:
        case Kind.FLOAT:
            mine, yours = float(one.text), float(other.text)
            signs = math.copysign(1, mine) == math.copysign(1, yours)
            same = (mine == yours and signs) or (math.isnan(mine) and math.isnan(yours))
        case Kind.COMPLEX:
            same = repr(complex(one.text)) == repr(complex(other.text))
        case Kind.STR | Kind.BYTES:
            same = not (one.cut or other.cut) and _body(one) == _body(other)
        case Kind.NONE | Kind.BOOL | Kind.INT | Kind.ELLIPSIS:
            same = one.text == other.text
        case _:
            if _stripped(one.text) == _stripped(other.text):
                return Verdict.NOT_COMPARABLE if _ADDRESS.search(one.text) else Verdict.MATCH
    return Verdict.MATCH if same else Verdict.DIFFERS


def _stripped(text: str) -> str:
    """A repr without what differs from run to run."""
    return _DUNDER_MODULE.sub("", _ADDRESS.sub(_ANY_ADDRESS, text))


def _pair_in_order(
    path: str, one: Tree, other: Tree, found: list[_Part], pairs: list[_Pair]
) -> None:
    both = min(len(one.items), len(other.items))
    for index in range(both):
        known = index < both - 1 or not (one.cut or other.cut)
        if known and one.items[index] == other.items[index]:
            continue
        left, right = one.child(index), other.child(index)
        pairs.append((path + (left.access or f"[{left.name}]"), left.value, right.value))
    for child in one.page(both, len(one.items)):
        _unmatched(path, child, other, Verdict.EXTRA, found)
    for child in other.page(both, len(other.items)):
        _unmatched(path, child, one, Verdict.MISSING, found)


def _pair_entries(
    path: str, one: Tree, other: Tree, found: list[_Part], pairs: list[_Pair]
) -> None:
    """Pairs dict entries by key, arguments of a call by name or position."""
    ordered = one.type_name == "OrderedDict" and not (one.cut or other.cut)
    whole = one.kind is Kind.DICT and not (ordered or one.cut or other.cut)
    same = set(one.items) & set(other.items) if whole else set()
    mine, yours = _keyed(one, same), _keyed(other, same)
    for key, left in mine.items():
        right = yours.get(key)
        if right is None:
            _unmatched(path, left, other, Verdict.EXTRA, found)
            continue
        here = path + (left.access or f"[{left.name}]")
        if left.key and right.key and left.name != right.name and _ANY_ADDRESS in key:
            found.append((here, Verdict.NOT_COMPARABLE))
        pairs.append((here, left.value, right.value))
    for key, child in yours.items():
        if key not in mine:
            _unmatched(path, child, one, Verdict.MISSING, found)
    if ordered and mine.keys() == yours.keys() and list(mine) != list(yours):
        found.append((path, Verdict.DIFFERS))


def _keyed(tree: Tree, known: set[Item]) -> dict[str, Child]:
    """Children by key, without those in `known`. Keys that are equal but for addresses are
    numbered."""
    keyed: dict[str, Child] = {}
    counts: Counter[str] = Counter()
    for index, entry in enumerate(tree.items):
        if entry in known:
            continue
        child = tree.child(index)
        key = canonical(child.key) if child.key else child.name
        counts[key] += 1
        keyed[f"{key}#{counts[key]}"] = child
    return keyed


def _unmatched(
    path: str, child: Child, partner: Tree, verdict: Verdict, found: list[_Part]
) -> None:
    """One has this child, `partner` does not: no difference if it may stand behind a cut."""
    if partner.cut or (child.key is not None and child.key.cut):
        return  # that the whole is cut has its own verdict
    found.append((path + (child.access or f"[{child.name}]"), verdict))


def _pair_elements(path: str, one: Tree, other: Tree, found: list[_Part]) -> None:
    """Compares sets: equal texts first, then what is equal in another spelling."""
    texts = {text for _, text in one.items} & {text for _, text in other.items}
    mine = _spellings(one, texts)
    yours = _spellings(other, texts)
    for key, left in mine.items():
        if key in yours:
            if _ANY_ADDRESS in key:
                found.append((f"{path}{{{left}}}", Verdict.NOT_COMPARABLE))
        elif not other.cut:
            found.append((f"{path}{{{left}}}", Verdict.EXTRA))
    if not one.cut:
        found += [(f"{path}{{{t}}}", Verdict.MISSING) for k, t in yours.items() if k not in mine]


def _spellings(tree: Tree, known: set[str]) -> dict[str, str]:
    """Canonical text → text of a set's elements that are not in `known` and not cut."""
    found: dict[str, str] = {}
    counts: Counter[str] = Counter()
    last = len(tree.items) - 1
    for index, (_, text) in enumerate(tree.items):
        if text in known or (tree.cut and index == last):
            continue
        key = canonical(parse_value(text, max_nodes=NO_LIMIT, depth=tree.depth + 1))
        counts[key] += 1
        found[f"{key}#{counts[key]}"] = text
    return found


def canonical(tree: Tree) -> str:
    """One spelling for all texts of a value: equal exactly for values that compare as the same,
    addresses aside."""
    if tree.truncated or tree.cut:
        return tree.text
    match tree.kind:
        case Kind.STR | Kind.BYTES:
            prefix = "b" if tree.kind is Kind.BYTES else ""
            return f"{prefix}{_body(tree)!r}"
        case Kind.FLOAT:
            return repr(float(tree.text))
        case Kind.COMPLEX:
            return repr(complex(tree.text))
        case Kind.OPAQUE:
            return _DUNDER_MODULE.sub("", _ADDRESS.sub(_ANY_ADDRESS, tree.text))
        case kind if kind in _PARTED:
            parts = [
                f"{canonical(c.key) if c.key else c.name}: {canonical(c.value)}"
                if kind in (Kind.DICT, Kind.CALL)
                else canonical(c.value)
                for c in tree.children
            ]
            if kind in SETS or (kind is Kind.DICT and tree.type_name != "OrderedDict"):
                parts.sort()
            details = ", ".join(
                canonical(parse_value(d.text, depth=tree.depth + 1)) for d in tree.details
            )
            return f"{kind} {_type_name(tree)}({details})({', '.join(parts)})"
        case _:
            return tree.text
