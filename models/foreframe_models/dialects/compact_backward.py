"""The compact dialect backward: frames before a known stop, nearest first. Pure, and lossless.

    backward   head scope* <rev> past*            before the last frame of these scopes
               head <rev> known past*             before an outcome: what the entry scope ends with
               head <rev> <scope> (name <=> value <;>)* <Lk> past*    and what it is on line k
    known      <ret> value | <unwind> value
    past       <jump>? frame
    return     <ret> which? value <Lk>            opens a scope whose locals are not known yet
               <unwind> which? value <Lk>         the same, and the exception frame before it
    exception  <exc> value <Lk>
    line       <line> <Lk> (name old <;>)* <;>
    call       <call> <Lk> (name old <;>)* <;>    closes its scope: what comes next is the caller's
    old        <del> | a change, as forward       <del>: it is not bound yet
               <^> index <=> value                a name that was unbound since, and its position

Lines come first here: which line ran tells what it may have changed. A line or call frame holds
what differs from its activation's following frame with locals, or all names where that is not
known; a name that the line binds without reading it is always written, whole. The frames of what
a line has called are left out where a `<jump>` goes to the line frame on this level, or to the
call of this scope, which then shows all its locals. Parts and upcoming elements are not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from foreframe_models.dialects.base import MalformedFrame
from foreframe_models.dialects.compact_changes import SIGNS, VALUE_CHARS, read_path
from foreframe_models.dialects.compact_text import number_of, which_ids
from foreframe_models.dialects.listing import Listing
from foreframe_models.dialects.value_delta import apply, change
from foreframe_models.past import Past, PastPlace, leaves, retreat
from foreframe_protocol.states import Event, Frame, Provenance, Value

_ENDED_BY_LINE = frozenset({"<ret>", "<unwind>", "<exc>"})
_NONE = "None"


@dataclass(frozen=True, slots=True)
class ParsedPast:
    """A frame read from tokens, and where its parts stood: half-open ranges of tokens."""

    frame: Frame
    place: PastPlace  # after it, on the way back
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    value: tuple[int, int] | None = None
    line: tuple[int, int] = (0, 0)  # of the line's token


# frames → tokens


def write_past(
    listing: Listing, place: PastPlace, frames: Sequence[Frame], *, jumped: bool = False
) -> tuple[list[int], int, PastPlace]:
    """The tokens of the first of `frames` (nearest first), how many they hold, the place after.

    They hold two where an exception left a scope. `jumped`: those in between were left out.
    Raises ValueError for a line that is not listed.
    """
    special = listing.vocabulary.special
    frame = frames[0]
    after = retreat(place, frame)
    number = number_of(listing, frame.line)
    jump = [special["<jump>"]] if jumped else []
    if frame.event is Event.EXCEPTION:
        assert frame.value is not None
        return [*jump, special["<exc>"], *_value(listing, frame.value), number], 1, after
    if frame.event is Event.RETURN:
        assert frame.value is not None
        which = which_ids(listing, frame.function, frame.scope_line, frame.line)
        raised = frames[1] if len(frames) > 1 else None
        if raised is not None and leaves(raised, frame):
            assert raised.value is not None
            ids = [special["<unwind>"], *which, *_value(listing, raised.value), number]
            return [*jump, *ids], 2, retreat(after, raised)
        return [*jump, special["<ret>"], *which, *_value(listing, frame.value), number], 1, after
    event = special["<line>" if frame.event is Event.LINE else "<call>"]
    top = place.live[-1]
    if jumped and frame.event is Event.CALL:
        top = replace(top, locals=None)
    olds = _olds(listing, top, frame)
    return [*jump, event, number, *olds, special["<;>"]], 1, after


def write_known(
    listing: Listing, function: str, scope_line: int, line: int, value: Value, *, raised: bool
) -> list[int]:
    """What a prompt tells of an outcome; `line` is any on which the function can end so."""
    kind = listing.vocabulary.special["<unwind>" if raised else "<ret>"]
    return [kind, *which_ids(listing, function, scope_line, line), *_value(listing, value)]


def write_partly(
    listing: Listing, function: str, scope_line: int, line: int, known: Mapping[str, Value]
) -> list[int]:
    """What a prompt tells of a state at a line: some of the names that are bound there."""
    special = listing.vocabulary.special
    which = which_ids(listing, function, scope_line, line)
    given = _bindings(listing, known)
    return [special["<scope>"], *which, *given, number_of(listing, line)]


def written(listing: Listing, top: Past, line: int) -> frozenset[str]:
    """The names that a frame on `line` writes in any case, when `top` is what follows."""
    if top.following is None or top.raised:
        return frozenset()
    return listing.written(line, top.following)


def _olds(listing: Listing, top: Past, frame: Frame) -> list[int]:
    """What differs between a frame and its activation's following one."""
    earlier, later = frame.locals or {}, top.locals
    if later is None:
        return _bindings(listing, earlier)
    vocabulary = listing.vocabulary
    special = vocabulary.special
    always = written(listing, top, frame.line)
    ids: list[int] = []
    for name, new in later.items():
        old = earlier.get(name)
        if old is not None and _same(old, new) and name not in always:
            continue
        ids += vocabulary.word(name)
        if old is None:
            ids.append(special["<del>"])
        elif name in always or _is_cut(old) or _is_cut(new):
            ids += (special["<=>"], *_value(listing, old))
        else:
            for sign, text in change(new.text, old.text):
                ids.append(special[SIGNS[sign]])
                ids += vocabulary.value(text)
        ids.append(special["<;>"])
    count = sum(name in later for name in earlier)
    for index, (name, value) in enumerate(earlier.items()):
        if name in later:
            continue
        ids += vocabulary.word(name)
        if index < count:
            ids += (special["<^>"], *vocabulary.value(str(index)))
        ids += (special["<=>"], *_value(listing, value), special["<;>"])
        count += 1
    return ids


def _same(one: Value, other: Value) -> bool:
    return one.text == other.text and one.cut == other.cut


def _is_cut(value: Value) -> bool:
    return value.cut or len(value.text) > VALUE_CHARS


def _value(listing: Listing, value: Value) -> list[int]:
    ids = list(listing.vocabulary.value(value.text[:VALUE_CHARS]))
    return [*ids, listing.vocabulary.special["<cut>"]] if _is_cut(value) else ids


def _bindings(listing: Listing, values: Mapping[str, Value]) -> list[int]:
    special = listing.vocabulary.special
    ids: list[int] = []
    for name, value in values.items():
        ids += listing.vocabulary.word(name)
        ids += (special["<=>"], *_value(listing, value), special["<;>"])
    return ids


# tokens → frames


def is_whole(listing: Listing, ids: Sequence[int]) -> bool:
    """Whether the tokens of a frame are all there, given that no proper part of them was."""
    vocabulary = listing.vocabulary
    jumped = bool(ids) and ids[0] == vocabulary.special["<jump>"]
    body = ids[jumped:]
    if len(body) < 2:
        return False
    if vocabulary.tokens[body[0]] in _ENDED_BY_LINE:
        return vocabulary.line_number(body[-1]) is not None
    end = vocabulary.special["<;>"]
    return body[-1] == end and (len(body) == 3 or body[-2] == end)


def split_past(listing: Listing, ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """The frames' tokens, one sequence each; what is not finished is left out."""
    start = 0
    for at in range(len(ids)):
        if is_whole(listing, ids[start : at + 1]):
            yield ids[start : at + 1]
            start = at + 1


def read_past(
    listing: Listing, place: PastPlace, ids: Sequence[int], *, strict: bool = True
) -> list[ParsedPast]:
    """The frames of `ids`, nearest first: two where an exception left a scope.

    Raises MalformedFrame. Unless `strict`, a change that does not fit leaves the later value, of
    unknown provenance.
    """
    vocabulary = listing.vocabulary
    special = vocabulary.special
    if not is_whole(listing, ids):
        raise MalformedFrame(f"an unfinished frame: {vocabulary.show(ids)}")
    shift = int(ids[0] == special["<jump>"])
    event = vocabulary.tokens[ids[shift]]
    if event in _ENDED_BY_LINE:
        return _read_left(listing, place, ids, shift)
    if event not in ("<line>", "<call>"):
        raise MalformedFrame(f"{event} opens no frame")
    line = _line(listing, ids[shift + 1])
    top = _top(place)
    later = top.locals
    if shift and event == "<call>":
        later = None
    found, spans = _read_olds(listing, later, ids[shift + 2 : -1], strict)
    kind = Event.LINE if event == "<line>" else Event.CALL
    frame = Frame(kind, top.function, top.scope_line, line, listing.source(line), found,
                  depth=len(place.live) - 1)  # fmt: skip
    moved = {name: (start + shift + 2, end + shift + 2) for name, (start, end) in spans.items()}
    return [ParsedPast(frame, retreat(place, frame), moved, line=(shift + 1, shift + 2))]


def _read_left(
    listing: Listing, place: PastPlace, ids: Sequence[int], shift: int
) -> list[ParsedPast]:
    """A return, an exception, or both."""
    vocabulary = listing.vocabulary
    special = vocabulary.special
    event = vocabulary.tokens[ids[shift]]
    line = _line(listing, ids[-1])
    source = listing.source(line)
    start = shift + 1
    at_line = (len(ids) - 1, len(ids))
    if event == "<exc>":
        top = _top(place)
        value = _read_value(listing, ids[start:-1])
        frame = Frame(Event.EXCEPTION, top.function, top.scope_line, line, source, value=value,
                      depth=len(place.live) - 1)  # fmt: skip
        span = (start, len(ids) - 1)
        return [ParsedPast(frame, retreat(place, frame), {}, span, at_line)]
    scope = listing.usual(line)
    if ids[start] == special["<fn>"]:
        end = list(ids).index(special["<;>"]) if special["<;>"] in ids else len(ids)
        digits = vocabulary.decode(ids[start + 1 : end])
        around = listing.around(line)
        if not digits.isdigit() or int(digits) >= len(around):
            raise MalformedFrame(f"no scope {digits!r} on line {line}")
        scope, start = around[int(digits)], end + 1
    value, span = _read_value(listing, ids[start:-1]), (start, len(ids) - 1)
    left = Value(_NONE) if event == "<unwind>" else value
    frame = Frame(Event.RETURN, scope.name, scope.scope_line, line, source, value=left,
                  depth=len(place.live))  # fmt: skip
    found = [ParsedPast(frame, retreat(place, frame), {}, span, at_line)]
    if event == "<unwind>":
        raised = replace(frame, event=Event.EXCEPTION, value=value)
        found.append(ParsedPast(raised, retreat(found[0].place, raised), {}, span, at_line))
    return found


def _line(listing: Listing, token: int) -> int:
    line = listing.line_of.get(listing.vocabulary.line_number(token) or 0)
    if line is None:
        raise MalformedFrame(f"no such line: {listing.vocabulary.show([token])}")
    return line


def _top(place: PastPlace) -> Past:
    if not place.live:
        raise MalformedFrame("nothing comes before the call of the entry scope")
    return place.live[-1]


def _read_value(listing: Listing, ids: Sequence[int]) -> Value:
    vocabulary = listing.vocabulary
    cut = bool(ids) and ids[-1] == vocabulary.special["<cut>"]
    plain = ids[:-1] if cut else ids
    if any(map(vocabulary.is_special, plain)):
        raise MalformedFrame(f"special tokens inside a value: {vocabulary.show(ids)}")
    return Value(vocabulary.decode(plain), Provenance.PREDICTED, cut=cut)


Part = tuple[str, Sequence[int], int, int]  # name, tokens of its old value, where they stand


def _parts(listing: Listing, body: Sequence[int]) -> Iterator[Part]:
    """The names of a frame with what stands for their old values. Raises MalformedFrame."""
    vocabulary = listing.vocabulary
    start = 0
    for at, token in enumerate(body):
        if token != vocabulary.special["<;>"]:
            continue
        part = body[start:at]
        sign = next((i for i, t in enumerate(part) if vocabulary.is_special(t)), 0)
        if not sign:
            raise MalformedFrame(f"no old value of a name: {vocabulary.show(part)}")
        yield vocabulary.decode(part[:sign]), part[sign:], start, at + 1
        start = at + 1
    if start != len(body):
        raise MalformedFrame(f"an open change: {vocabulary.show(body[start:])}")


def _read_olds(
    listing: Listing, later: Mapping[str, Value] | None, body: Sequence[int], strict: bool
) -> tuple[dict[str, Value], dict[str, tuple[int, int]]]:
    deleted = (listing.vocabulary.special["<del>"],)
    found = dict(later or {})
    spans: dict[str, tuple[int, int]] = {}
    back: list[tuple[str, int | None, Value]] = []  # names that were unbound since
    for name, ids, start, end in _parts(listing, body):
        new = None if later is None else later.get(name)
        try:
            if tuple(ids) == deleted:
                if new is None:
                    raise MalformedFrame(f"{name} is not bound yet, nor is it later")
                found.pop(name, None)
            elif new is None:
                index, value = _read_binding(listing, name, ids)
                back.append((name, index, value))
                spans[name] = (start, end)
            else:
                found[name] = _read_old(listing, name, new, ids)
                spans[name] = (start, end)
        except MalformedFrame:
            if strict:
                raise
            if new is not None:
                found[name] = replace(new, provenance=Provenance.UNKNOWN, confidence=None)
    return _with(found, back), spans


def _with(
    values: dict[str, Value], back: Iterable[tuple[str, int | None, Value]]
) -> dict[str, Value]:
    """The locals with the names that were unbound since, each at its position."""
    items = list(values.items())
    for name, index, value in back:
        items.insert(len(items) if index is None else index, (name, value))
    return dict(items)


def _read_binding(listing: Listing, name: str, ids: Sequence[int]) -> tuple[int | None, Value]:
    """A name that is not bound later: its position (None: after all others) and its value."""
    vocabulary = listing.vocabulary
    special = vocabulary.special
    index: int | None = None
    equals = next((i for i, t in enumerate(ids) if t == special["<=>"]), None)
    if equals is None or (equals and ids[0] != special["<^>"]):
        raise MalformedFrame(f"{name} has no value: {vocabulary.show(ids)}")
    if equals:
        digits = vocabulary.decode(ids[1:equals])
        if not digits.isdigit():
            raise MalformedFrame(f"{name} has no position {digits!r}")
        index = int(digits)
    return index, _read_value(listing, ids[equals + 1 :])


def _read_old(listing: Listing, name: str, new: Value, ids: Sequence[int]) -> Value:
    """The old value of a name that is bound later. Raises MalformedFrame."""
    vocabulary = listing.vocabulary
    special = vocabulary.special
    if ids[0] == special["<=>"]:
        return _read_value(listing, ids[1:])
    if _is_cut(new):
        raise MalformedFrame(f"{name} was cut, and only a whole value can come before")
    path = read_path(listing, name, ids)
    return Value(apply(new.text, path), Provenance.PREDICTED)
