"""What changed in a value, told from its old and its new text; and the new text from that.

A change is a path of operations, each a sign and a text. The last one ends the path:
    =  the whole new text
    +  what was put at the end: elements of a list, dict or set, or a string literal for a string
    -  the key, index (-1 for the last) or set element that was removed
and two go one step inside, followed by what happened there:
    @  key or index of the one element that changed; attribute name in `Point(x=1, y=2)`
    ^  index where a new list element came in; `=` and its text follow
The rule for which form is written depends on the two texts alone, so that it is always the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from foreframe_models.dialects.base import MalformedFrame

Change = list[tuple[str, str]]

_TOKEN = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\[({]|[\])}]|, |[^'"\[({\])},]+|.""", re.DOTALL
)
_HEAD = re.compile(r"\[|\{|[A-Za-z_][\w.]*\(")
_ATTRIBUTE = re.compile(r"([A-Za-z_]\w*)=")
_CLOSE = {"[": "]", "{": "}", "(": ")"}
_DEPTH = {"[": 1, "(": 1, "{": 1, "]": -1, ")": -1, "}": -1}
MAX_PATH = 8


@dataclass(frozen=True, slots=True)
class Container:
    """The text of a list, dict, set or object, taken apart: `head` + elements + last character."""

    head: str
    elements: tuple[str, ...]
    keys: tuple[str, ...]  # of a dict or an object; indexes of a list; the elements of a set

    @property
    def text(self) -> str:
        """Put together again."""
        return f"{self.head}{', '.join(self.elements)}{_CLOSE[self.head[-1]]}"

    def value_at(self, index: int) -> str:
        """The element without its key."""
        return self.elements[index][self.offset(index) :]

    def offset(self, index: int) -> int:
        """How many characters of the element are its key."""
        element, key = self.elements[index], self.keys[index]
        if self.head == "{":
            return len(key) + 2 if element != key else len(element)
        match = _ATTRIBUTE.match(element) if self.head != "[" else None
        return match.end() if match else 0


def container(text: str) -> Container | None:
    """Takes a container's text apart; None for any other value, and for tuples."""
    head = _HEAD.match(text)
    if head is None or len(text) < 2:
        return None
    opening = head.group()
    elements: list[str] = []
    keys: list[str] = []
    depth = 1
    start = at = head.end()
    key_end = 0
    closed = False
    for match in _TOKEN.finditer(text, head.end()):
        token, at = match.group(), match.start()
        if closed:
            return None
        if token in _DEPTH:
            depth += _DEPTH[token]
            closed = depth == 0
        elif depth == 1 and not key_end and opening == "{" and token[0] not in "'\"":
            colon = token.find(": ")
            key_end = at + colon if colon >= 0 else 0
        if closed and at == start and not elements:
            continue
        if closed or (depth == 1 and token == ", "):
            element = text[start:at]
            elements.append(element)
            if opening == "{":
                keys.append(text[start:key_end] if key_end else element)
            else:
                attribute = _ATTRIBUTE.match(element) if opening != "[" else None
                keys.append(attribute.group(1) if attribute else str(len(elements) - 1))
            start, key_end = match.end(), 0
    if not closed or text[-1] != _CLOSE[opening[-1]]:
        return None
    return Container(opening, tuple(elements), tuple(keys))


def is_string(text: str) -> bool:
    """Whether the text is a string literal as `repr` writes it."""
    return len(text) >= 2 and text[0] in "'\"" and text[-1] == text[0]


def change(old: str, new: str, *, depth: int = 0) -> Change:
    """The path from `old` to `new`."""
    whole = [("=", new)]
    if is_string(old):
        grown = is_string(new) and len(old) >= 4 and new.startswith(old[:-1])
        return [("+", new[0] + new[len(old) - 1 :])] if grown and new[0] == old[0] else whole
    if old[:1] != new[:1] or depth == MAX_PATH:
        return whole
    before, after = container(old), container(new)
    if before is None or after is None or before.head != after.head or not before.elements:
        return whole
    olds, news = before.elements, after.elements
    if before.head[-1] != "(" and len(news) > len(olds) and news[: len(olds)] == olds:
        return [("+", ", ".join(news[len(olds) :]))]
    if len(olds) == len(news):
        return _one_changed(before, after, depth) or whole
    if before.head[-1] == "(":
        return whole
    if len(news) == len(olds) - 1 and news:
        return _one_removed(before, after) or whole
    if len(news) == len(olds) + 1 and before.head == "[":
        at = next(i for i in range(len(news)) if news[i] != olds[i])
        if olds[at:] == news[at + 1 :]:
            return [("^", str(at)), ("=", news[at])]
    return whole


def _one_changed(before: Container, after: Container, depth: int) -> Change | None:
    olds, news = before.elements, after.elements
    places = [i for i in range(len(olds)) if olds[i] != news[i]]
    if len(places) != 1 or before.keys != after.keys:
        return None
    at = places[0]
    if before.head == "{" and before.keys[at] == olds[at]:
        return None  # a set
    inner = change(before.value_at(at), after.value_at(at), depth=depth + 1)
    return [("@", before.keys[at]), *inner]


def _one_removed(before: Container, after: Container) -> Change | None:
    olds, news = before.elements, after.elements
    if olds[:-1] == news and before.head == "[":
        return [("-", "-1")]
    at = next((i for i in range(len(news)) if news[i] != olds[i]), len(news))
    return [("-", before.keys[at])] if olds[at + 1 :] == news[at:] else None


def apply(old: str | None, path: Change) -> str:
    """The new text. Raises MalformedFrame when the change does not fit the old one."""
    sign, text = path[0]
    if sign == "=":
        return text
    if old is None:
        raise MalformedFrame(f"a name that is not bound cannot change by {sign}")
    if sign == "+" and is_string(old):
        if not is_string(text) or text[0] != old[0]:
            raise MalformedFrame(f"cannot put {text} at the end of {old}")
        return old[:-1] + text[1:]
    parts = container(old)
    if parts is None:
        raise MalformedFrame(f"{old} has no elements")
    if sign == "+":
        if not parts.elements or not text:
            raise MalformedFrame(f"cannot put elements at the end of {old}")
        return f"{old[:-1]}, {text}{old[-1]}"
    elements = list(parts.elements)
    if sign == "^":
        at = int(text) if text.isdigit() else -1
        if not 0 <= at <= len(elements) or len(path) != 2 or path[1][0] != "=":
            raise MalformedFrame(f"cannot insert at {text} into {old}")
        elements.insert(at, path[1][1])
    elif text == "-1" and sign == "-" and parts.head == "[" and elements:
        elements.pop()
    elif text not in parts.keys:
        raise MalformedFrame(f"{old} has no element {text}")
    else:
        at = parts.keys.index(text)
        if sign == "-":
            elements.pop(at)
        else:
            offset = parts.offset(at)
            elements[at] = elements[at][:offset] + apply(elements[at][offset:], path[1:])
    return f"{parts.head}{', '.join(elements)}{old[-1]}"
