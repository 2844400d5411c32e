"""Frames ⇄ tokens of the small model's dialect. Pure; lossless for frames, canonical for tokens.

A document is a program, then a trace. `<Lk>` are line tokens, in the program's own numbering;
code is normalised (no comments, no free spacing), values are byte for byte what `repr` gave.

    document   <bos> <prog> (<Lk> <indent> code)* <trace> scope* (part* frame)* <end>
    scope      <scope> which? (name <=> value <;>)* <Lk>          outermost first
    part       <pN> value <;>      of the line that was left, see `program/parts.py`
    call       <call> which? (name <=> value <;>)* <Lk>
    line       <line> (name change <;>)* next? <Lk>               the state before line k runs
    return     <ret> value <Lk>  |  <unwind> <Lk>                 left by an exception
    exception  <exc> value <Lk>
    which      <fn> index <;>      the scope, where line k does not tell: lambdas, the module...
    next       <it> elements <;>   on the header of a `for`: the few that it takes next
    change     <=> value | <del> | <+> elements | <-> key | <@> key change | <^> index <=> value

A line frame holds only what changed since its own activation's previous frame; `<cut>` follows a
value whose text was cut. Which form a change takes is canonical: `value_delta` decides from the
texts, but a name that the line just run rebinds without reading it (`x = 1`, the target of a `for`
on the way into its body) is always written, and whole, be it changed or not.
Parts and next elements are written where they are known: frames that were observed or edited have
none. No elements before `<;>` means that the loop ends; `<cut>` that more than these follow.
A document with scopes starts in mid-trace from a full stack; if that stack's last event was a
return or an exception, its frame is repeated after the scopes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from foreframe_models.dialects.base import MalformedFrame
from foreframe_models.dialects.compact_changes import (
    SIGNS,
    VALUE_CHARS,
    apply_fields,
    is_cut,
    read_fields,
    read_value,
)
from foreframe_models.dialects.listing import Listing
from foreframe_models.dialects.value_delta import Change, change
from foreframe_models.vocabulary import PARTS
from foreframe_protocol.states import Event, Frame, Part, State, Value

_EVENTS = {"<call>": Event.CALL, "<line>": Event.LINE, "<ret>": Event.RETURN}
_NONE = "None"


@dataclass(frozen=True, slots=True)
class Activation:
    """One scope on the stack."""

    function: str
    scope_line: int
    line: int
    locals: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a trace a document stands: what the next frame is written against."""

    stack: tuple[Activation, ...] = ()
    event: Event | None = None

    @classmethod
    def of(cls, state: State) -> Place:
        """The place of a state."""
        stack = tuple(Activation(s.function, s.scope_line, s.line, s.locals) for s in state.stack)
        return cls(stack, state.event)

    @property
    def live(self) -> tuple[Activation, ...]:
        """The stack once a scope that has returned is gone."""
        return self.stack[:-1] if self.event is Event.RETURN else self.stack


@dataclass(frozen=True, slots=True)
class Parsed:
    """A frame read from tokens, and where each part stood: half-open ranges of tokens."""

    frame: Frame
    place: Place  # after it
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # local → its change
    value: tuple[int, int] | None = None  # of a return or an exception
    parts: tuple[tuple[int, int], ...] = ()  # values of the frame's parts, in their order
    upcoming: tuple[int, int] | None = None
    event: int = 0  # where the frame's event stands, behind its parts


def head(listing: Listing) -> list[int]:
    """The tokens up to the trace."""
    special = listing.vocabulary.special
    return [special["<bos>"], *listing.tokens, special["<trace>"]]


def number_of(listing: Listing, line: int) -> int:
    """The id of the line's token. Raises ValueError when the listing does not show the line."""
    number = listing.number.get(line)
    if number is None:
        raise ValueError(f"line {line} is not in the listing")
    return listing.vocabulary.line(number)


def write_scopes(listing: Listing, state: State) -> list[int]:
    """The stack that a document in mid-trace starts from."""
    vocabulary = listing.vocabulary
    special = vocabulary.special
    ids: list[int] = []
    for scope in state.stack:
        ids.append(special["<scope>"])
        ids += which_ids(listing, scope.function, scope.scope_line, scope.line)
        ids += _bindings(listing, scope.locals)
        ids.append(number_of(listing, scope.line))
    if state.event in (Event.RETURN, Event.EXCEPTION) and state.value is not None:
        ids.append(special["<ret>" if state.event is Event.RETURN else "<exc>"])
        ids += _value(listing, state.value)
        ids.append(number_of(listing, state.top.line))
    return ids


def write_frame(listing: Listing, place: Place, frame: Frame) -> tuple[list[int], Place]:
    """The tokens of `frame` as what follows `place`, and the place after it."""
    special = listing.vocabulary.special
    number = number_of(listing, frame.line)
    after = advance(listing, place, frame)
    ids = write_parts(listing, frame.parts)
    match frame.event:
        case Event.CALL:
            which = which_ids(listing, frame.function, frame.scope_line, frame.line)
            bindings = _bindings(listing, frame.locals or {})
            return [*ids, special["<call>"], *which, *bindings, number], after
        case Event.LINE:
            ids += (special["<line>"], *_changes(listing, place, frame))
            if frame.line in listing.loops and frame.upcoming is not None:
                ids += (special["<it>"], *_value(listing, frame.upcoming), special["<;>"])
            return [*ids, number], after
        case Event.RETURN:
            assert frame.value is not None
            if place.event is Event.EXCEPTION and frame.value.text == _NONE:
                return [*ids, special["<unwind>"], number], after
            return [*ids, special["<ret>"], *_value(listing, frame.value), number], after
        case Event.EXCEPTION:
            assert frame.value is not None
            return [*ids, special["<exc>"], *_value(listing, frame.value), number], after


def advance(listing: Listing, place: Place, frame: Frame) -> Place:
    """The place after `frame`. Raises ValueError when it cannot follow."""
    stack = place.live
    if frame.event is Event.CALL:
        scope = Activation(frame.function, frame.scope_line, frame.line, frame.locals or {})
        return Place((*stack, scope), frame.event)
    if not stack:
        raise ValueError(f"a {frame.event} frame needs a scope, and the stack is empty")
    top = stack[-1]
    values = top.locals if frame.locals is None else frame.locals
    top = replace(top, line=frame.line, locals=values)
    return Place((*stack[:-1], top), frame.event)


def which_ids(listing: Listing, function: str, scope_line: int, line: int) -> list[int]:
    """The tokens that tell the scope of a call or of the stack; none where the line tells."""
    usual = listing.usual(line)
    if (usual.name, usual.scope_line) == (function, scope_line):
        return []
    for index, code in enumerate(listing.around(line)):
        if (code.name, code.scope_line) == (function, scope_line):
            vocabulary = listing.vocabulary
            digits = vocabulary.value(str(index))
            return [vocabulary.special["<fn>"], *digits, vocabulary.special["<;>"]]
    raise ValueError(f"no scope {function} holds line {line}")


def _value(listing: Listing, value: Value) -> list[int]:
    ids = list(listing.vocabulary.value(value.text[:VALUE_CHARS]))
    return [*ids, listing.vocabulary.special["<cut>"]] if is_cut(value) else ids


def write_parts(listing: Listing, parts: Iterable[Part]) -> list[int]:
    """The tokens of a frame's parts."""
    vocabulary = listing.vocabulary
    ids: list[int] = []
    for part in parts:
        if part.index < PARTS:
            ids.append(vocabulary.first_part + part.index)
            ids += _value(listing, part.value)
            ids.append(vocabulary.special["<;>"])
    return ids


def _bindings(listing: Listing, values: Mapping[str, Value]) -> list[int]:
    vocabulary = listing.vocabulary
    equals, end = vocabulary.special["<=>"], vocabulary.special["<;>"]
    ids: list[int] = []
    for name, value in values.items():
        ids += vocabulary.word(name)
        ids.append(equals)
        ids += _value(listing, value)
        ids.append(end)
    return ids


def _changes(listing: Listing, place: Place, frame: Frame) -> list[int]:
    vocabulary = listing.vocabulary
    special = vocabulary.special
    scope, values = place.live[-1], frame.locals or {}
    raised = place.event is Event.EXCEPTION
    written = frozenset() if raised else listing.written(scope.line, frame.line)
    ids: list[int] = []
    for name, old in scope.locals.items():
        new = values.get(name)
        same = new is not None and new.text == old.text and new.cut == old.cut
        if same and name not in written:
            continue
        ids += vocabulary.word(name)
        if new is None:
            ids.append(special["<del>"])
        else:
            path: Change = [("=", new.text[:VALUE_CHARS])]
            if name not in written and not is_cut(old) and not is_cut(new):
                path = change(old.text, new.text)
            for sign, text in path:
                ids.append(special[SIGNS[sign]])
                ids += vocabulary.value(text)
            if is_cut(new):
                ids.append(special["<cut>"])
        ids.append(special["<;>"])
    return ids + _bindings(listing, {n: v for n, v in values.items() if n not in scope.locals})


# tokens → frames


def split(listing: Listing, ids: Sequence[int]) -> list[Sequence[int]]:
    """The frames' tokens, one sequence each: a line token ends every frame."""
    vocabulary = listing.vocabulary
    ends = [at + 1 for at, token in enumerate(ids) if vocabulary.line_number(token) is not None]
    return [ids[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def read_frame(
    listing: Listing, place: Place, ids: Sequence[int], *, strict: bool = True
) -> Parsed:
    """One frame's tokens, from its first part or its event to its line token.

    Raises MalformedFrame. Unless `strict`, a change that does not fit leaves the old value, of
    unknown provenance.
    """
    parts, spans, start = _read_parts(listing, ids)
    parsed = _read_event(listing, place, ids, start, strict)
    frame = replace(parsed.frame, parts=parts) if parts else parsed.frame
    return replace(parsed, frame=frame, parts=spans, event=start)


def _read_parts(
    listing: Listing, ids: Sequence[int]
) -> tuple[tuple[Part, ...], tuple[tuple[int, int], ...], int]:
    """(the parts, where their values stand, where the frame's event does)."""
    vocabulary = listing.vocabulary
    parts: list[Part] = []
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(ids) and (index := vocabulary.part(ids[at])) is not None:
        end = at + 1
        while end < len(ids) and ids[end] != vocabulary.special["<;>"]:
            end += 1
        if end == len(ids):
            raise MalformedFrame(f"an open part: {vocabulary.show(ids)}")
        parts.append(Part(index, read_value(listing, ids[at + 1 : end])))
        spans.append((at + 1, end + 1))
        at = end + 1
    return tuple(parts), tuple(spans), at


def _read_event(
    listing: Listing, place: Place, ids: Sequence[int], start: int, strict: bool
) -> Parsed:
    """A frame whose event stands at `start`."""
    vocabulary = listing.vocabulary
    if len(ids) < start + 2:
        raise MalformedFrame(f"a frame has at least two tokens: {vocabulary.show(ids)}")
    line = listing.line_of.get(vocabulary.line_number(ids[-1]) or 0)
    if line is None:
        raise MalformedFrame(f"no such line: {vocabulary.show(ids)}")
    event, body = vocabulary.tokens[ids[start]], ids[start + 1 : -1]
    stack = place.live
    source = listing.source(line)
    if event == "<call>":
        fields, extra = read_fields(listing, body, start + 1)
        scope = listing.usual(line)
        if extra.which is not None:
            around = listing.around(line)
            if not 0 <= extra.which < len(around):
                raise MalformedFrame(f"no scope {extra.which} on line {line}")
            scope = around[extra.which]
        found, spans = apply_fields(listing, {}, fields, strict)
        frame = Frame(
            Event.CALL, scope.name, scope.scope_line, line, source, found, depth=len(stack)
        )
        return Parsed(frame, advance(listing, place, frame), spans)
    if not stack:
        raise MalformedFrame(f"{event} needs a scope, and the stack is empty")
    top, depth = stack[-1], len(stack) - 1
    if event == "<line>":
        fields, extra = read_fields(listing, body, start + 1)
        found, spans = apply_fields(listing, top.locals, fields, strict)
        frame = Frame(
            Event.LINE,
            top.function,
            top.scope_line,
            line,
            source,
            found,
            depth=depth,
            upcoming=extra.upcoming,
        )
        return Parsed(frame, advance(listing, place, frame), spans, upcoming=extra.span)
    if event not in ("<ret>", "<exc>", "<unwind>"):
        raise MalformedFrame(f"{event} opens no frame")
    if event == "<unwind>":
        if body or (strict and place.event is not Event.EXCEPTION):
            raise MalformedFrame("<unwind> comes right after an exception, and alone")
        value, span = Value(_NONE), (start, start + 1)
    else:
        value, span = read_value(listing, body), (start + 1, len(ids) - 1)
    kind = Event.EXCEPTION if event == "<exc>" else Event.RETURN
    frame = Frame(kind, top.function, top.scope_line, line, source, value=value, depth=depth)
    return Parsed(frame, advance(listing, place, frame), {}, span)
