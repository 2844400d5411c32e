"""States read from the real program, in the words that predicted ones have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from foreframe_models.program.syntax import parse
from foreframe_models.program.visible import hidden_names
from foreframe_protocol.states import Event, Provenance, Scope, State, Value

MAX_SOURCE = 10_000_000  # bytes; no names are hidden in larger files


@dataclass(frozen=True, slots=True)
class Observation:
    """A state read from the debuggee.

    `state` holds the scopes of the user's program, outermost first, values as bounded `repr` texts.
    Its event is LINE; RETURN after a step that came back from a call, the scope that returns still
    on top and its value where debugpy tells it; or EXCEPTION.
    """

    state: State
    reason: str  # DAP's: step, breakpoint, exception, entry, pause, goto, ...; "" at the end
    thread: int  # debugpy's number of the thread that stopped; 0 at the end
    text: str = ""  # what was raised; how the program died
    ended: bool = False
    exit_code: int | None = None  # negative: killed by that signal
    paths: tuple[str, ...] = ()  # the file of each scope on the stack
    breakpoints: tuple[int, ...] = ()  # debugpy's numbers of those that were hit
    in_comprehension: bool = False  # which is one step of a trace: its own scope is left out
    stop: Mapping[str, object] = field(default_factory=dict)  # the `stopped` event's body
    returned: Value | None = None  # at the end: what a launched function returned

    @property
    def shown(self) -> tuple[Scope, ...]:
        """The scopes that a person sees: without one that returns to another."""
        stack = self.state.stack
        return stack[:-1] if self.state.event is Event.RETURN and len(stack) > 1 else stack


def read(record: str, stop: Mapping[str, object], thread: int) -> Observation:
    """The observation in what the debuggee's observer wrote at a `stopped` event with this body.

    Raises ValueError for other texts.
    """
    told = json.loads(record)
    hits, text = stop.get("hitBreakpointIds"), str(stop.get("text") or "")
    stack = tuple(scope_of(scope) for scope in told["stack"])
    value = None
    if told["value"] is not None:
        value = Value(told["value"], Provenance.OBSERVED, cut=told["cut"])
    event = Event(told["event"]) if stack else None
    return Observation(
        State(stack, event, value),
        str(stop.get("reason", "")),
        thread,
        value.text if event is Event.EXCEPTION and value is not None else text,
        paths=tuple(scope["path"] for scope in told["stack"]),
        breakpoints=tuple(hits) if isinstance(hits, list) else (),
        stop=stop,
        in_comprehension=bool(told.get("comprehension")),
    )


def scope_of(told: dict[str, object]) -> Scope:
    """One scope, without the names that a trace does not show."""
    shown, line, scope_line = told["locals"], told["line"], told["scope_line"]
    assert isinstance(shown, list)
    assert isinstance(line, int)
    assert isinstance(scope_line, int)
    hidden = hidden_in(str(told["path"]))
    values = {
        name: Value(text, Provenance.OBSERVED, cut=cut)
        for name, text, cut in shown
        if name not in hidden
    }
    return Scope(str(told["function"]), scope_line, line, values)


def hidden_in(path: str) -> frozenset[str]:
    """The names that a trace of the file does not show; none where it cannot be read."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return frozenset()
    if status.st_size > MAX_SOURCE:
        return frozenset()
    return hidden_at(path, status.st_mtime_ns)


@lru_cache(maxsize=256)
def hidden_at(path: str, changed: int) -> frozenset[str]:
    try:
        return hidden_names(parse(Path(path).read_bytes()))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return frozenset()
