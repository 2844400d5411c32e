"""Steps as JSON texts and back, each frame once and of its locals only what has changed.

Dataclasses and enums are written with their names and read back only where they are among `types`:
what lies on disk is data, and nothing else can come of it. Fields that have their default are
left out, so that what is added later is read from older files too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

from foreframe.timeline import Change, Reason
from foreframe_protocol import alignment, states
from foreframe_protocol.states import Frame, Locals, State, Trace, Value
from foreframe_protocol.trace_text import compared_with

MAX_TEXT = 10_000_000  # characters of a value that are kept


@cache
def types() -> Mapping[str, type]:
    """What is kept by its name. A function, as a session that checks nothing needs not all."""
    from foreframe import checking, observation

    kinds = (
        checking.Comparison,
        checking.ScopeCheck,
        checking.Sure,
        observation.Observation,
        states.Action,
        states.Direction,
        states.End,
        states.Event,
        states.Frame,
        states.Part,
        states.Provenance,
        states.Scope,
        states.State,
        states.Trace,
        states.Usage,
        states.Value,
        states.Verdict,
        alignment.FrameCheck,
        alignment.ValueCheck,
        Change,
        Reason,
    )
    return {kind.__name__: kind for kind in kinds}


NODE_FIELDS = frozenset({"state", "frame", "parent", "length"})  # told by what stands around it


class Malformed(ValueError):
    """A text that was not written here."""


@dataclass(slots=True)
class Packer:
    """Objects → what JSON can say. `cut` counts the values that were too long to be kept whole."""

    cut: int = 0

    def text(self, thing: object) -> str:
        """As JSON. Escaped, as a text with half a surrogate pair could not be stored."""
        return json.dumps(self.pack(thing), separators=(",", ":"))

    def pack(self, thing: object) -> object:
        match thing:
            case Value():
                return self.value(thing)
            case StrEnum():
                return {"!": type(thing).__name__, "=": thing.value}
            case None | bool() | int() | float() | str():
                return thing
            case Mapping():
                return {"!": "dict", "=": [[self.pack(k), self.pack(v)] for k, v in thing.items()]}
            case Trace():  # without what led there
                return {"!": "Trace", **self.fields(thing, without=("parent",))}
            case tuple():
                return {"!": "tuple", "=": [self.pack(item) for item in thing]}
            case frozenset():
                return {"!": "frozenset", "=": [self.pack(item) for item in thing]}
            case list():
                return [self.pack(item) for item in thing]
        if is_dataclass(thing) and type(thing).__name__ in types():
            return {"!": type(thing).__name__, **self.fields(thing)}
        raise TypeError(f"{type(thing).__name__} is not among what is kept")

    def fields(self, thing: object, *, without: Iterable[str] = ()) -> dict[str, object]:
        """The fields of a dataclass that differ from their defaults."""
        told: dict[str, object] = {}
        kind: Any = type(thing)
        for name, default in defaults(kind):
            value = getattr(thing, name)
            if name not in without and (default is MISSING or value != default):
                told[name] = self.pack(value)
        return told

    def value(self, value: Value) -> object:
        """`[text, provenance, confidence, cut]`, defaults at the end left out."""
        text, cut = value.text, value.cut
        if len(text) > MAX_TEXT:
            text, cut = text[:MAX_TEXT], True
            self.cut += 1
        told: list[object] = [text, value.provenance.value, value.confidence, cut]
        if not cut:
            del told[3:]
            if value.confidence is None:
                del told[2:]
        return {"!": "Value", "=": told}

    def frame(self, frame: Frame, before: State) -> dict[str, object]:
        """A frame after a state: of its locals, those are written as names alone that are
        what they were in the activation's previous frame."""
        told = self.fields(frame, without=("locals", "event"))
        told["event"] = frame.event.value
        if frame.locals is not None:
            known = known_locals(frame, before)
            told["locals"] = [
                name if known.get(name) == value else [name, self.pack(value)]
                for name, value in frame.locals.items()
            ]
        return told

    def nodes(self, nodes: Sequence[Trace]) -> str:
        """Frames that follow each other, with the states that cannot be told from them."""
        told = []
        for node in nodes:
            assert node.frame is not None
            before = node.parent.state if node.parent is not None else State()
            one = self.frame(node.frame, before)
            if not follows(node, before):
                one["state"] = self.pack(node.state)
            if more := self.fields(node, without=NODE_FIELDS):
                one["node"] = more
            told.append(one)
        return json.dumps(told, separators=(",", ":"))


def follows(node: Trace, before: State) -> bool:
    """Whether a node's state is what its frame makes of the one before: not after an edit."""
    assert node.frame is not None
    try:
        return before.after(node.frame) == node.state
    except ValueError:  # a frame on an empty stack
        return False


def known_locals(frame: Frame, before: State) -> Locals:
    """What the locals of a frame are held against."""
    if frame.event is states.Event.CALL:
        return states.NO_LOCALS
    return compared_with(before) or states.NO_LOCALS


@cache
def defaults(kind: Any) -> tuple[tuple[str, object], ...]:
    """The fields of a dataclass with their defaults, MISSING where there is none."""
    found: list[tuple[str, object]] = []
    for one in fields(kind):
        factory = one.default_factory
        found.append((one.name, one.default if factory is MISSING else factory()))
    return tuple(found)


def unpack(told: object) -> Any:
    """What `Packer.pack` was given. Raises Malformed."""
    try:
        return _unpack(told)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from error


def _unpack(told: Any) -> Any:
    if isinstance(told, list):
        return [_unpack(item) for item in told]
    if not isinstance(told, dict):
        return told
    name = told["!"]
    match name:
        case "Value":
            text, provenance, *rest = told["="]
            return Value(text, states.Provenance(provenance), *rest)
        case "dict":
            return {_unpack(key): _unpack(value) for key, value in told["="]}
        case "tuple":
            return tuple(_unpack(item) for item in told["="])
        case "frozenset":
            return frozenset(_unpack(item) for item in told["="])
    kind = types()[name]
    if issubclass(kind, StrEnum):
        return kind(told["="])
    return kind(**{key: _unpack(value) for key, value in told.items() if key != "!"})


def read_nodes(text: str, onto: Trace) -> list[Trace]:
    """The nodes that `Packer.nodes` was given, grown from the one before. Raises Malformed."""
    nodes: list[Trace] = []
    try:
        for told in json.loads(text):
            state, more = told.pop("state", None), told.pop("node", {})
            frame = _frame(told, onto.state)
            after = onto.state.after(frame) if state is None else _unpack(state)
            known = {name: _unpack(value) for name, value in more.items()}
            onto = Trace(after, frame, onto, onto.length + 1, **known)
            nodes.append(onto)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from error
    return nodes


def _frame(told: dict[str, Any], before: State) -> Frame:
    event, shown = states.Event(told.pop("event")), told.pop("locals", None)
    frame = Frame(event, **{key: _unpack(value) for key, value in told.items()})
    if shown is None:
        return frame
    known = known_locals(frame, before)
    found: dict[str, Value] = {}
    for one in shown:
        if isinstance(one, str):
            found[one] = known[one]
        else:
            found[one[0]] = _unpack(one[1])
    return replace(frame, locals=found)
