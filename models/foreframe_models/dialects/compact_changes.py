"""Values and changes of names as the compact dialect writes them: tokens → what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from foreframe_models.dialects.base import MalformedFrame
from foreframe_models.dialects.listing import Listing
from foreframe_models.dialects.value_delta import Change, apply
from foreframe_protocol.states import Provenance, Value

VALUE_CHARS = 200  # of a value that are written
SIGNS = {"=": "<=>", "+": "<+>", "-": "<->", "@": "<@>", "^": "<^>"}


def is_cut(value: Value) -> bool:
    """Whether a document tells only the beginning of a value."""
    return value.cut or len(value.text) > VALUE_CHARS


def read_value(listing: Listing, ids: Sequence[int]) -> Value:
    """A value, which `<cut>` may follow. Raises MalformedFrame."""
    vocabulary = listing.vocabulary
    cut = bool(ids) and ids[-1] == vocabulary.special["<cut>"]
    plain = ids[:-1] if cut else ids
    if any(map(vocabulary.is_special, plain)):
        raise MalformedFrame(f"special tokens inside a value: {vocabulary.show(ids)}")
    return Value(vocabulary.decode(plain), Provenance.PREDICTED, cut=cut)


Field = tuple[str, Sequence[int], int, int]  # name, tokens of the change, where they stand


@dataclass(slots=True)
class Extra:
    """What a frame tells besides changes: its scope's index, and the next elements of a `for`."""

    which: int | None = None
    upcoming: Value | None = None
    span: tuple[int, int] | None = None  # where those elements stand


def read_fields(listing: Listing, body: Sequence[int], offset: int) -> tuple[list[Field], Extra]:
    """What stands between a frame's event and its line; `offset` is where that begins."""
    vocabulary = listing.vocabulary
    special = vocabulary.special
    fields: list[Field] = []
    extra = Extra()
    start = 0
    for at, token in enumerate(body):
        if token != special["<;>"]:
            continue
        part = body[start:at]
        if part and part[0] == special["<it>"]:
            extra.upcoming = read_value(listing, part[1:])
            extra.span = (offset + start + 1, offset + at + 1)
        elif part and part[0] == special["<fn>"]:
            digits = vocabulary.decode(part[1:])
            if not digits.isdigit():
                raise MalformedFrame(f"no scope {digits!r}")
            extra.which = int(digits)
        else:
            sign = next((i for i, t in enumerate(part) if vocabulary.is_special(t)), 0)
            if not sign:
                raise MalformedFrame(f"no change of a name: {vocabulary.show(part)}")
            name = vocabulary.decode(part[:sign])
            fields.append((name, part[sign:], offset + start, offset + at + 1))
        start = at + 1
    if start != len(body):
        raise MalformedFrame(f"an open change: {vocabulary.show(body[start:])}")
    return fields, extra


def apply_fields(
    listing: Listing, before: Mapping[str, Value], fields: Iterable[Field], strict: bool
) -> tuple[dict[str, Value], dict[str, tuple[int, int]]]:
    """(the locals after these changes, where each stood). If `strict`, raises MalformedFrame."""
    deleted = (listing.vocabulary.special["<del>"],)
    found = dict(before)
    spans: dict[str, tuple[int, int]] = {}
    for name, ids, start, end in fields:
        old = found.get(name)
        try:
            if tuple(ids) != deleted:
                found[name] = _changed(listing, name, old, ids)
                spans[name] = (start, end)
            elif old is None:
                raise MalformedFrame(f"{name} is deleted and was not bound")
            else:
                del found[name]
        except MalformedFrame:
            if strict:
                raise
            if old is not None:
                found[name] = replace(old, provenance=Provenance.UNKNOWN, confidence=None)
    return found, spans


def _changed(listing: Listing, name: str, old: Value | None, ids: Sequence[int]) -> Value:
    """The new value of a name. Raises MalformedFrame."""
    vocabulary = listing.vocabulary
    cut = ids[-1] == vocabulary.special["<cut>"]
    plain = ids[:-1] if cut else ids
    path = read_path(listing, name, plain)
    if path[0][0] != "=" and old is not None and is_cut(old):
        raise MalformedFrame(f"{name} was cut, and only a whole value can follow")
    text = apply(old.text if old else None, path)
    return Value(text, Provenance.PREDICTED, cut=cut)


def read_path(listing: Listing, name: str, ids: Sequence[int]) -> Change:
    """The signs and texts of a change. Raises MalformedFrame."""
    vocabulary = listing.vocabulary
    signs = {vocabulary.special[text]: sign for sign, text in SIGNS.items()}
    path: Change = []
    at = 0
    while at < len(ids):
        sign = signs.get(ids[at])
        if sign is None or (path and path[-1][0] in "=+-"):
            raise MalformedFrame(f"no change of {name}: {vocabulary.show(ids)}")
        rest = range(at + 1, len(ids))
        end = next((i for i in rest if vocabulary.is_special(ids[i])), len(ids))
        path.append((sign, vocabulary.decode(ids[at + 1 : end])))
        at = end
    if not path or path[-1][0] in "@^":
        raise MalformedFrame(f"{name} has an unfinished change: {vocabulary.show(ids)}")
    return path
