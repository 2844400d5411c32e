"""Frames ⇄ tokens of the small model's dialect. Pure; lossless for frames, canonical for tokens.

A document is a program, then a trace. `<Lk>` are line tokens, in the program's own numbering;
code is normalised (no comments, no free spacing), values are byte for byte what `repr` gave.

    document   <bos> <prog> (<Lk> <indent> code)* <trace> scope* frame* <end>
    scope      <scope> which? (name <=> value <;>)* <Lk>          outermost first
    call       <call> which? (name <=> value <;>)* <Lk>
    line       <line> (name change <;>)* position? <Lk>           the state before line k runs
    return     <ret> value <Lk>  |  <unwind> <Lk>                 left by an exception
    exception  <exc> value <Lk>
    which      <fn> index <;>      the scope, where line k does not tell: lambdas, the module...
    position   <it> iterations <;> on the header of a `for`: how many it has already begun
    change     <=> value | <del> | <+> elements | <-> key | <@> key change | <^> index <=> value

A line frame holds only what changed since its own activation's previous frame; `<cut>` follows a
value whose text was cut. Which form a change takes is canonical: `value_delta` decides from the
texts, but a name that the line just run rebinds without reading it (`x = 1`, the target of a `for`
on the way into its body) is always written, and whole, be it changed or not.
The position comes from line numbers alone, is dropped when frames are read, and is empty when the
loop began before the document did. A document with scopes starts in mid-trace from a full stack;
if that stack's last event was a return or an exception, its frame is repeated after the scopes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from foreframe_models.dialects.base import MalformedFrame
from foreframe_models.dialects.listing import Listing, iteration
from foreframe_models.dialects.value_delta import Change, apply, change
from foreframe_protocol.states import Event, Frame, Provenance, State, Value

VALUE_CHARS = 200  # of a value that are written
_SIGNS = {"=": "<=>", "+": "<+>", "-": "<->", "@": "<@>", "^": "<^>"}
_EVENTS = {"<call>": Event.CALL, "<line>": Event.LINE, "<ret>": Event.RETURN}
_NO_LOOPS: Mapping[int, int | None] = MappingProxyType({})
_NONE = "None"


@dataclass(frozen=True, slots=True)
class Activation:
    """One scope on the stack, with the hidden positions of its `for` loops by header line."""

    function: str
    scope_line: int
    line: int
    locals: Mapping[str, Value]
    loops: Mapping[int, int | None] = field(default_factory=lambda: _NO_LOOPS)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a trace a document stands: what the next frame is written against."""

    stack: tuple[Activation, ...] = ()
    event: Event | None = None

    @classmethod
    def of(cls, state: State) -> Place:
        """The place of a state without its history: positions of loops are not known."""
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
    match frame.event:
        case Event.CALL:
            which = which_ids(listing, frame.function, frame.scope_line, frame.line)
            bindings = _bindings(listing, frame.locals or {})
            return [special["<call>"], *which, *bindings, number], after
        case Event.LINE:
            ids = [special["<line>"], *_changes(listing, place, frame)]
            if frame.line in listing.loops:
                begun = after.stack[-1].loops[frame.line]
                digits = () if begun is None else listing.vocabulary.value(str(begun))
                ids += (special["<it>"], *digits, special["<;>"])
            return [*ids, number], after
        case Event.RETURN:
            assert frame.value is not None
            if place.event is Event.EXCEPTION and frame.value.text == _NONE:
                return [special["<unwind>"], number], after
            return [special["<ret>"], *_value(listing, frame.value), number], after
        case Event.EXCEPTION:
            assert frame.value is not None
            return [special["<exc>"], *_value(listing, frame.value), number], after


def advance(listing: Listing, place: Place, frame: Frame) -> Place:
    """The place after `frame`. Raises ValueError when it cannot follow."""
    stack = place.live
    if frame.event is Event.CALL:
        scope = Activation(frame.function, frame.scope_line, frame.line, frame.locals or {})
        return Place((*stack, scope), frame.event)
    if not stack:
        raise ValueError(f"a {frame.event} frame needs a scope, and the stack is empty")
    top = stack[-1]
    loops = top.loops
    if frame.event is Event.LINE and frame.line in listing.loops:
        loops = {**loops, frame.line: iteration(listing, loops, top.line, frame.line)}
    values = top.locals if frame.locals is None else frame.locals
    top = replace(top, line=frame.line, locals=values, loops=loops)
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


def _is_cut(value: Value) -> bool:
    return value.cut or len(value.text) > VALUE_CHARS


def _value(listing: Listing, value: Value) -> list[int]:
    ids = list(listing.vocabulary.value(value.text[:VALUE_CHARS]))
    return [*ids, listing.vocabulary.special["<cut>"]] if _is_cut(value) else ids


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
            if name not in written and not _is_cut(old) and not _is_cut(new):
                path = change(old.text, new.text)
            for sign, text in path:
                ids.append(special[_SIGNS[sign]])
                ids += vocabulary.value(text)
            if _is_cut(new):
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
    """One frame's tokens, from its event to its line token. Raises MalformedFrame.

    Unless `strict`, a change that does not fit leaves the old value, of unknown provenance.
    """
    vocabulary = listing.vocabulary
    if len(ids) < 2:
        raise MalformedFrame(f"a frame has at least two tokens: {vocabulary.show(ids)}")
    line = listing.line_of.get(vocabulary.line_number(ids[-1]) or 0)
    if line is None:
        raise MalformedFrame(f"no such line: {vocabulary.show(ids)}")
    event, body = vocabulary.tokens[ids[0]], ids[1:-1]
    stack = place.live
    source = listing.source(line)
    if event == "<call>":
        fields, which = _fields(listing, body)
        scope = listing.usual(line)
        if which is not None:
            around = listing.around(line)
            if not 0 <= which < len(around):
                raise MalformedFrame(f"no scope {which} on line {line}")
            scope = around[which]
        found, spans = _apply(listing, {}, fields, strict)
        frame = Frame(
            Event.CALL, scope.name, scope.scope_line, line, source, found, depth=len(stack)
        )
        return Parsed(frame, advance(listing, place, frame), spans)
    if not stack:
        raise MalformedFrame(f"{event} needs a scope, and the stack is empty")
    top, depth = stack[-1], len(stack) - 1
    if event == "<line>":
        fields, _ = _fields(listing, body)
        found, spans = _apply(listing, top.locals, fields, strict)
        frame = Frame(Event.LINE, top.function, top.scope_line, line, source, found, depth=depth)
        return Parsed(frame, advance(listing, place, frame), spans)
    if event not in ("<ret>", "<exc>", "<unwind>"):
        raise MalformedFrame(f"{event} opens no frame")
    if event == "<unwind>":
        if body or (strict and place.event is not Event.EXCEPTION):
            raise MalformedFrame("<unwind> comes right after an exception, and alone")
        value, span = Value(_NONE), (0, 1)
    else:
        value, span = _read_value(listing, body), (1, len(ids) - 1)
    kind = Event.EXCEPTION if event == "<exc>" else Event.RETURN
    frame = Frame(kind, top.function, top.scope_line, line, source, value=value, depth=depth)
    return Parsed(frame, advance(listing, place, frame), {}, span)


def _read_value(listing: Listing, ids: Sequence[int]) -> Value:
    vocabulary = listing.vocabulary
    cut = bool(ids) and ids[-1] == vocabulary.special["<cut>"]
    plain = ids[:-1] if cut else ids
    if any(map(vocabulary.is_special, plain)):
        raise MalformedFrame(f"special tokens inside a value: {vocabulary.show(ids)}")
    return Value(vocabulary.decode(plain), Provenance.PREDICTED, cut=cut)


Field = tuple[str, Sequence[int], int, int]  # name, tokens of the change, where they stand


def _fields(listing: Listing, body: Sequence[int]) -> tuple[list[Field], int | None]:
    """The parts of a frame between its event and its line, and the scope's index if told."""
    vocabulary = listing.vocabulary
    special = vocabulary.special
    fields: list[Field] = []
    which: int | None = None
    start = 0
    for at, token in enumerate(body):
        if token != special["<;>"]:
            continue
        part = body[start:at]
        if part and part[0] in (special["<fn>"], special["<it>"]):
            digits = vocabulary.decode(part[1:])
            if part[0] == special["<fn>"]:
                if not digits.isdigit():
                    raise MalformedFrame(f"no scope {digits!r}")
                which = int(digits)
        else:
            sign = next((i for i, t in enumerate(part) if vocabulary.is_special(t)), 0)
            if not sign:
                raise MalformedFrame(f"no change of a name: {vocabulary.show(part)}")
            name = vocabulary.decode(part[:sign])
            fields.append((name, part[sign:], start + 1, at + 2))
        start = at + 1
    if start != len(body):
        raise MalformedFrame(f"an open change: {vocabulary.show(body[start:])}")
    return fields, which


def _apply(
    listing: Listing, before: Mapping[str, Value], fields: Iterable[Field], strict: bool
) -> tuple[dict[str, Value], dict[str, tuple[int, int]]]:
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
    signs = {vocabulary.special[text]: sign for sign, text in _SIGNS.items()}
    path: Change = []
    at = 0
    while at < len(plain):
        sign = signs.get(plain[at])
        if sign is None or (path and path[-1][0] in "=+-"):
            raise MalformedFrame(f"no change of {name}: {vocabulary.show(ids)}")
        rest = range(at + 1, len(plain))
        end = next((i for i in rest if vocabulary.is_special(plain[i])), len(plain))
        path.append((sign, vocabulary.decode(plain[at + 1 : end])))
        at = end
    if not path or path[-1][0] in "@^":
        raise MalformedFrame(f"{name} has an unfinished change: {vocabulary.show(ids)}")
    if path[0][0] != "=" and old is not None and _is_cut(old):
        raise MalformedFrame(f"{name} was cut, and only a whole value can follow")
    text = apply(old.text if old else None, path)
    return Value(text, Provenance.PREDICTED, cut=cut)
