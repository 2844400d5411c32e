"""Cheap candidates for a hole, from what is in scope and what its place asks for. Pure.

They know nothing of what the program does: predicted execution has to tell the right ones.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from foreframe.holes import HOLE, Hole, Missing

MOST = 80
MOST_FILLED = 400  # forms of a statement, with something in them
_SEQUENCE = re.compile(r"(?i)\b(?:list|tuple|sequence|str|bytes|iterable|deque|set|dict|mapping)\b")
_WORD = re.compile(r"[^\W\d]\w*")
_ELEMENT = re.compile(r"(\w+)\[(\w+)\]")
_FROM = frozenset("left lo low l i start begin first slow".split())
_TO = frozenset("right hi high r j end last stop fast".split())
_MIDDLE = frozenset("mid middle m center centre half".split())
_COUNTED = frozenset("count counter n total sum_ acc s result depth size length".split())
_PRODUCTS = frozenset("product prod p result factorial".split())
_BEST = frozenset("best largest biggest smallest longest most least max_ min_ top".split())
_GATHERED = frozenset("result results out output res found items stack parts words".split())
_MAPPED = frozenset("counts table d seen by_key groups index memo cache freq".split())
_SEEN = frozenset("seen unique visited done".split())
_NUMBER = re.compile(r"\b(?:int|float)\b")
_PLURAL = re.compile(r"(?:s|list|arr|array|text|string|word|nums|data|stack|queue|seq|items)$")


def guesses(hole: Hole) -> list[str]:
    """Expressions, or statements, the likelier first, each once.

    Those that read a parameter which nothing else reads are the likeliest.
    """
    if hole.missing is Missing.STATEMENT:
        found = list(dict.fromkeys(_statements(hole)))
    else:
        found = list(dict.fromkeys(_ordered(hole)))[:MOST]
    if hole.unread:
        found.sort(key=lambda text: hole.unread.isdisjoint(_WORD.findall(text)))
    return found


def is_sequence(hole: Hole, name: str) -> bool:
    """Whether a name holds something with a length, by its annotation or by how it is called."""
    hint = hole.hints.get(name)
    return bool(_SEQUENCE.search(hint) if hint else _PLURAL.search(name))


def is_number(hole: Hole, name: str) -> bool:
    """Whether a name may hold a number, by its annotation or by how it is called."""
    hint = hole.hints.get(name)
    return bool(_NUMBER.search(hint)) if hint else not is_sequence(hole, name)


def _ordered(hole: Hole) -> Iterator[str]:
    names = list(reversed(hole.names))  # what was bound last is the likelier
    sequences = [name for name in names if is_sequence(hole, name)]
    numbers = [name for name in names if is_number(hole, name) and name not in sequences]
    if hole.target is not None:
        yield from _by_name(hole.target, numbers, sequences)
    match hole.missing:
        case Missing.CONDITION:
            yield from _conditions(numbers, sequences)
        case Missing.ITERABLE:
            yield from sequences
            yield from (f"range(len({name}))" for name in sequences)
            yield from (f"range({name})" for name in numbers)
            yield from (f"range({name} + 1)" for name in numbers)
            yield from (f"range(1, {name} + 1)" for name in numbers)
            yield from (f"reversed({name})" for name in sequences)
            yield from (f"enumerate({name})" for name in sequences)
        case Missing.BOUND:
            yield from _bounds(numbers, sequences)
        case _:
            yield from _values(hole, numbers, sequences)


def _by_name(target: str, numbers: list[str], sequences: list[str]) -> Iterator[str]:
    """What a variable of such a name begins with, or is, as often as not."""
    if (element := _ELEMENT.fullmatch(target)) is not None:
        yield from (f"{element[1]}.get({element[2]}, 0) + 1", f"{element[1]}.get({element[2]}, 0)")
    if target in _FROM:
        yield "0"
    if target in _TO:
        yield from (f"len({name}) - 1" for name in sequences)
        yield from (f"len({name})" for name in sequences)
    if target in _MIDDLE:
        yield from (f"({name} + {other}) // 2" for other, name in itertools.pairwise(numbers))
        yield from (f"len({name}) // 2" for name in sequences)
    if target in _COUNTED:
        yield "0"
    if target in _PRODUCTS:
        yield "1"
    if target in _BEST:
        yield from (f"{name}[0]" for name in sequences)
    if target in _GATHERED:
        yield "[]"
    if target in _MAPPED:
        yield "{}"
    if target in _SEEN:
        yield "set()"


def _statements(hole: Hole) -> Iterator[str]:
    """Each of the forms in turn, with what could be its expression."""
    texts = guesses(replace(hole, missing=Missing.ARGUMENT, forms=()))
    tests = guesses(replace(hole, missing=Missing.CONDITION, forms=()))
    open_ = [form for form in hole.forms if HOLE in form]
    filled = [[form.replace(HOLE, t) for t in _for(form, texts, tests)] for form in open_]
    most = MOST_FILLED // max(1, len(open_))
    for row in itertools.zip_longest(*(found[:most] for found in filled)):
        yield from (text for text in row if text is not None)
    yield from (form for form in hole.forms if HOLE not in form)


def _for(form: str, texts: list[str], tests: list[str]) -> Iterator[str]:
    """What may stand in a form: a condition, or an expression."""
    if form.startswith("if "):
        yield from tests
        return
    yield from _counting(form)
    yield from (text for text in texts if not _says_itself(form, text))


def _counting(form: str) -> Iterator[str]:
    """`d[key] = ??` counts, as often as not."""
    target, _, _ = form.partition(" = ")
    if (match := _ELEMENT.fullmatch(target)) is not None:
        yield f"{match[1]}.get({match[2]}, 0) + 1"


def _says_itself(form: str, text: str) -> bool:
    """Whether a form would only give a name its own value, or put it into itself."""
    return form.startswith((f"{text} ", f"{text}.", f"{text}["))


def _bounds(numbers: list[str], sequences: list[str]) -> Iterator[str]:
    yield from ("0", "1", "-1")
    yield from numbers
    yield from (f"len({name})" for name in sequences)
    yield from (f"{name} + 1" for name in numbers)
    yield from (f"{name} - 1" for name in numbers)
    yield from (f"len({name}) - 1" for name in sequences)
    yield "2"


def _values(hole: Hole, numbers: list[str], sequences: list[str]) -> Iterator[str]:
    wanted = hole.wanted_type or ""
    if wanted == "bool" and hole.missing is Missing.RETURNED:
        yield from ("True", "False")
    if hole.missing in (Missing.RETURNED, Missing.ARGUMENT, Missing.PART):
        yield from (*numbers, *sequences) if not _SEQUENCE.search(wanted) else sequences
    if wanted == "bool" and hole.missing is not Missing.RETURNED:
        yield from ("True", "False")
    yield from _bounds(numbers, sequences)
    for name in numbers:
        for other in numbers:
            if name < other:
                yield f"{name} + {other}"
                yield f"({name} + {other}) // 2"
            if name != other:
                yield f"{name} - {other}"
    yield from (f"{name} * 2" for name in numbers)
    yield from (f"{name} // {by}" for name in numbers for by in (2, 10))
    yield from (f"{name}[{index}]" for name in sequences for index in (*numbers, "0", "-1"))
    yield from numbers + sequences
    yield from ("[]", "''", "{}", "None", "True", "False", "set()")
    yield from (f"sorted({name})" for name in sequences)
    yield from (f"{name}[::-1]" for name in sequences)
    yield from (f"sum({name})" for name in sequences)
    yield from (f"max({name})" for name in sequences)
    yield from (f"min({name})" for name in sequences)
    for name in numbers:
        yield from (f"{name} * {other}" for other in numbers if name <= other)
    yield from (f"-{name}" for name in numbers)
    for name in numbers:
        yield from (f"{name} % {other}" for other in (*numbers, "2") if name != other)


def _conditions(numbers: list[str], sequences: list[str]) -> Iterator[str]:
    for at, name in enumerate(numbers):
        for other in numbers[at + 1 :]:
            yield from (f"{name} {sign} {other}" for sign in ("<", ">", "==", "<=", ">=", "!="))
    for name in numbers:
        yield from (f"{name} > 0", f"{name} % 2 == 0", f"{name} == 0", f"{name} < 0")
        yield from (f"{name} not in {other}" for other in sequences)
        yield from (f"{name} in {other}" for other in sequences)
        yield from (f"{name} < len({other})" for other in sequences)
    yield from (f"{name} % {other} == 0" for name in numbers for other in numbers if name != other)
    yield from sequences
    yield from (f"not {name}" for name in sequences)
    yield from (f"{name} != 0" for name in numbers)
    yield from (f"{name} % 2 == 1" for name in numbers)
    yield from (f"len({name}) > 0" for name in sequences)
    yield from ("True", "False")
