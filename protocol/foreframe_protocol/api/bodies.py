"""What every body is, errors, and states as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from foreframe_protocol.states import (
    Event,
    Frame,
    Locals,
    Provenance,
    Scope,
    State,
    Usage,
    Value,
)

PREFIX = "/api/v1"
MOST_SOURCE = 1_000_000  # characters
MOST_TEXT = 20_000  # of arguments, expressions, values


class Asked(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(extra="ignore")


def shown(example: JsonDict) -> ConfigDict:
    """What a request's body is told with in the documentation."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class Problem(Told):
    """An error (RFC 9457). `code`: the stable number, the same as in the debug adapter."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: int
    instance: str | None = None


class ValueView(Told):
    """A value as text: what `repr` gives, or its beginning when `cut`."""

    text: str = Field(max_length=MOST_SOURCE)
    provenance: Provenance = Provenance.GIVEN
    confidence: float | None = Field(None, ge=0, le=1)
    cut: bool = False

    @classmethod
    def of(cls, value: Value) -> ValueView:
        return cls(
            text=value.text,
            provenance=value.provenance,
            confidence=value.confidence,
            cut=value.cut,
        )

    def value(self) -> Value:
        return Value(self.text, self.provenance, self.confidence, self.cut)


LocalsView = dict[str, ValueView]


def locals_view(shown: Locals) -> LocalsView:
    """Variables by name, in order of first binding."""
    return {name: ValueView.of(value) for name, value in shown.items()}


class ScopeView(Told):
    """One activation on the stack. `scope_line`: the first line of its code, 0 for a module."""

    function: str
    scope_line: int = Field(ge=0)
    line: int = Field(ge=0)
    locals: LocalsView = Field(default_factory=dict)

    @classmethod
    def of(cls, scope: Scope) -> ScopeView:
        return cls(
            function=scope.function,
            scope_line=scope.scope_line,
            line=scope.line,
            locals=locals_view(scope.locals),
        )

    def scope(self) -> Scope:
        known = {name: view.value() for name, view in self.locals.items()}
        return Scope(self.function, self.scope_line, self.line, known)


class StateView(Told):
    """The stack, outermost scope first, and what just happened.

    After a return the scope that returns is still on top.
    """

    stack: list[ScopeView] = Field(default_factory=list, max_length=1000)
    event: Event | None = None
    value: ValueView | None = None

    @classmethod
    def of(cls, state: State) -> StateView:
        value = None if state.value is None else ValueView.of(state.value)
        return cls(stack=[*map(ScopeView.of, state.stack)], event=state.event, value=value)

    def state(self) -> State:
        value = None if self.value is None else self.value.value()
        return State(tuple(view.scope() for view in self.stack), self.event, value)


class FrameView(Told):
    """One entry of a trace. A line frame shows the state before its line runs."""

    event: Event
    function: str
    scope_line: int
    line: int
    depth: int
    source: str
    locals: LocalsView | None = None
    value: ValueView | None = None
    confidence: float | None = None

    @classmethod
    def of(cls, frame: Frame) -> FrameView:
        return cls(
            event=frame.event,
            function=frame.function,
            scope_line=frame.scope_line,
            line=frame.line,
            depth=frame.depth,
            source=frame.source,
            locals=None if frame.locals is None else locals_view(frame.locals),
            value=None if frame.value is None else ValueView.of(frame.value),
            confidence=frame.confidence,
        )


class UsageView(Told):
    """What a prediction cost."""

    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    forced_tokens: int = 0
    generated_tokens: int = 0
    seconds: float = 0.0

    @classmethod
    def of(cls, usage: Usage) -> UsageView:
        return cls.model_validate(usage, from_attributes=True)
