"""CWM's own dialect: its trace format as token ids, for a served CWM.

Decisions where the format is silent, kept here:
- A call `f(1, 2)` is traced inside an added `main`, as CWM's authors do. A module is its own entry
  scope: the first line carries the mark, and the first frame is a call that stands on it.
- A trace begun in mid-program, or cut to the model's context, opens with a call and a line frame
  for each scope of the stack, outermost first, as if each had just been called and come there.
- A value longer than `VALUE_CHARS` is written as its first `VALUE_CHARS` characters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from foreframe_models.dialects.base import Asked, Dialect, MalformedFrame, Reader
from foreframe_models.dialects.cwm_backward import CwmWayBack
from foreframe_models.dialects.cwm_grammar import CwmWriter
from foreframe_models.engines.base import (
    CannotJump,
    Chunk,
    Engine,
    ModelInfo,
    VocabularyMismatch,
)
from foreframe_models.grammar import Exceptions, frame_grammar, walk_grammar
from foreframe_models.jumps import Aim, targets
from foreframe_models.program.walker import Walker
from foreframe_protocol.states import (
    NO_LOCALS,
    Action,
    Event,
    Frame,
    Goal,
    Locals,
    State,
    Trace,
    Value,
)
from foreframe_protocol.trace_text import (
    START_OF_TRACE,
    FrameParser,
    MalformedTrace,
    Piece,
    Place,
    RawFrame,
    Separator,
    Span,
    compared_with,
    resolve,
    write_context,
    write_frame,
)

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

VALUE_CHARS = 200
CALL_CHARS = 2000  # of the arguments in the added main
REPLACEMENT = "\ufffd"


def clipped(value: Value) -> Value:
    """A value no longer than what is written of it."""
    if len(value.text) <= VALUE_CHARS:
        return value
    return replace(value, text=value.text[:VALUE_CHARS], cut=True)


def clipped_locals(shown: Locals | None) -> Locals | None:
    """Locals as they are written; the same object when none is too long."""
    if shown is None or all(len(v.text) <= VALUE_CHARS for v in shown.values()):
        return shown
    return {name: clipped(value) for name, value in shown.items()}


def frame_pieces(frame: Frame, before: State) -> list[Piece]:
    """A frame as it is written after `before`."""
    short = replace(
        frame,
        locals=clipped_locals(frame.locals),
        value=None if frame.value is None else clipped(frame.value),
    )
    return write_frame(short, clipped_locals(compared_with(before)))


def call_text(program: Program, call: Frame) -> str:
    """The call that leads to a function's first frame, `f(1, 2, key='x')`, from its locals."""
    function = program.function_for(call.function, call.scope_line)
    given = call.locals or NO_LOCALS
    parts: list[str] = []
    for parameter in function.parameters:
        text = given[parameter.name].text
        match parameter.kind:
            case "VAR_POSITIONAL":
                parts += [f"*{text}"] if text != "()" else []
            case "VAR_KEYWORD":
                parts += [f"**{text}"] if text != "{}" else []
            case "KEYWORD_ONLY":
                parts.append(f"{parameter.name}={text}")
            case _:
                parts.append(text)
    arguments = ", ".join(parts)
    if len(arguments) > CALL_CHARS:
        arguments = "..."
    return f"{call.function}({arguments})"


def opening(program: Program, trace: Trace) -> list[Piece]:
    """What stands before the first frame of `trace`: the context, and frames that lead there."""
    root = trace.root()
    lines = list(program.lines) or [""]
    if root.state.stack:
        return _opening_in_mid_program(program, lines, root.state)
    first = trace.nodes()[0].frame
    assert first is not None
    if first.scope_line == 0:
        lines[first.line - 1] += START_OF_TRACE
        return write_context("\n" + "\n".join(lines) + "\n")
    name = "main" if "main" not in program.source else "trace_main"
    head, call = f"def {name}():", f"    return {call_text(program, first)}"
    code = "\n".join(lines).rstrip("\n")
    main = Frame(Event.CALL, name, 1, 1, head, NO_LOCALS)
    line = replace(main, event=Event.LINE, line=2, source=call)
    return [
        *write_context(f"\n{code}\n{head}{START_OF_TRACE}\n{call}\n"),
        *write_frame(main),
        *write_frame(line, NO_LOCALS),
    ]


def _opening_in_mid_program(program: Program, lines: list[str], state: State) -> list[Piece]:
    """A context and, for each scope of the stack, a call and a line frame."""
    entry = program.function_for(state.stack[0].function, state.stack[0].scope_line)
    lines[max(entry.def_line, 1) - 1] += START_OF_TRACE
    pieces = write_context("\n" + "\n".join(lines) + "\n")
    now = State()

    def add(frame: Frame) -> None:
        nonlocal now
        pieces.extend(frame_pieces(frame, now))
        now = now.after(frame)

    stack = state.stack[:-1] if state.event is Event.RETURN else state.stack
    for depth, scope in enumerate(stack):
        function = program.function_for(scope.function, scope.scope_line)
        line = max(function.def_line, 1)
        names = [p.name for p in function.parameters]
        given = {name: scope.locals[name] for name in names if name in scope.locals}
        place = (scope.function, scope.scope_line)
        add(Frame(Event.CALL, *place, line, program.line_text(line), given, depth=depth))
        if scope is stack[-1] and state.event is Event.CALL:
            break
        source = program.line_text(scope.line)
        add(Frame(Event.LINE, *place, scope.line, source, scope.locals, depth=depth))
        if scope is stack[-1] and state.event is Event.EXCEPTION:
            add(Frame(Event.EXCEPTION, *place, scope.line, source, None, state.value, depth))
    return pieces


class CwmDialect(Dialect):
    """Traces as CWM-32B was trained on them."""

    name = "cwm"
    exceptions: Exceptions = "all"  # it knows which lines raise

    def __init__(self, engine: Engine, info: ModelInfo) -> None:
        super().__init__(engine, info)
        missing = [s.text for s in Separator if s.text not in info.specials]
        if missing:
            raise VocabularyMismatch(
                f"{info.name} is not a CWM-like model: its vocabulary lacks {', '.join(missing)}"
            )
        self.ids = {s: info.specials[s.text] for s in Separator}
        self.separators = {i: s for s, i in self.ids.items()}

    async def encode(self, pieces: Sequence[Piece]) -> tuple[int, ...]:
        """Token ids of pieces; separators come from pieces alone, never from text."""
        ids: list[int] = []
        for piece in pieces:
            if isinstance(piece, Separator):
                ids.append(self.ids[piece])
            else:
                ids.extend(await self.engine.encode(piece))
        return tuple(ids)

    async def context(self, program: Program, trace: Trace) -> tuple[int, ...]:
        return await self.encode(opening(program, trace))

    async def write(self, program: Program, node: Trace) -> tuple[int, ...]:
        assert node.frame is not None
        assert node.parent is not None
        return await self.encode(frame_pieces(node.frame, node.parent.state))

    def grammar(self, program: Program, trace: Trace, goal: Goal, *, one_frame: bool) -> str:
        make = frame_grammar if one_frame else walk_grammar
        writer = CwmWriter(self.ids, value_chars=VALUE_CHARS)
        return make(program, trace.state, goal, writer, exceptions=self.exceptions)

    def reader(self, program: Program, trace: Trace) -> Reader:
        return CwmReader(self, program, trace.state)

    def jump(self, program: Program, trace: Trace, aim: Aim) -> Asked:
        found = targets(program, trace.state, aim)
        if aim.action is not Action.STEP_OUT or not found.returns:
            raise CannotJump(
                f"{self.info.name} can jump to the return of a scope only, by leaving out what "
                "comes before it: walk to other places instead"
            )
        writer = CwmWriter(self.ids, value_chars=VALUE_CHARS)
        ways = [writer.returned(found.function, line) for line in sorted(found.returns)]
        grammar = f"start: {' | '.join(f'({way})' for way in ways)}\n{writer.prelude()}\n"
        walker = Walker.ahead(program, trace.state)
        return Asked((), grammar, CwmReader(self, program, trace.state, walker))

    def way_back(self, program: Program, state: State) -> CwmWayBack:
        return CwmWayBack(self, program, state)

    def reader_ahead(self, program: Program, state: State) -> CwmReader:
        """Reads a frame on any line that the scope on top may come to."""
        return CwmReader(self, program, state, Walker.ahead(program, state))


class CwmReader(Reader):
    """Reads CWM's answers: separators by id, places by control flow, confidences by token."""

    def __init__(
        self, dialect: CwmDialect, program: Program, state: State, walker: Walker | None = None
    ) -> None:
        self._dialect, self._program, self._state = dialect, program, state
        self._walker = walker or Walker.from_state(program, state)
        self._parser = FrameParser()
        self._segment: list[tuple[int, str, float | None]] = []  # text tokens not yet parsed
        self._ids: list[int] = []  # of the frame under way
        self._starts: list[int] = []  # where each of the frame's text tokens starts
        self._logprobs: list[float | None] = []
        self._event_logprob: float | None = None

    async def feed(self, chunk: Chunk) -> Sequence[tuple[Frame, tuple[int, ...]]]:
        frames: list[tuple[Frame, tuple[int, ...]]] = []
        for token, text, logprob in zip(chunk.ids, chunk.texts, chunk.logprobs, strict=True):
            separator = self._dialect.separators.get(token)
            if separator is None:
                self._ids.append(token)
                self._segment.append((token, text, logprob))
                continue
            if not self._ids:
                self._event_logprob = logprob
            self._ids.append(token)
            if separator is Separator.END_OF_TEXT:
                self._ids.clear()
                continue
            await self._flush()
            try:
                complete = self._parser.feed(separator)
            except MalformedTrace as error:
                raise MalformedFrame(str(error)) from error
            for raw in complete:
                frames.append((self._frame(raw), tuple(self._ids)))
                self._ids.clear()
                self._starts.clear()
                self._logprobs.clear()
        return frames

    async def _flush(self) -> None:
        """Gives the parser the text since the last separator."""
        texts = [text for _, text, _ in self._segment]
        if any(REPLACEMENT in text for text in texts):
            # Some token is a part of a character: the whole is right, and its last token gets it.
            whole = await self._dialect.engine.decode(tuple(i for i, _, _ in self._segment))
            texts = [""] * (len(texts) - 1) + [whole]
        try:
            for text, (_, _, logprob) in zip(texts, self._segment, strict=True):
                self._starts.append(self._parser.position)
                self._logprobs.append(logprob)
                self._parser.feed(text)
        except MalformedTrace as error:
            raise MalformedFrame(str(error)) from error
        self._segment.clear()

    def _frame(self, raw: RawFrame) -> Frame:
        starts = [*self._starts, raw.length]

        def confidence(span: Span) -> float | None:
            found = [self._logprobs[i] for i in span.tokens(starts)]
            known = [p for p in found if p is not None]
            return math.exp(sum(known)) if known else None

        chosen = self._walker.advance(raw.event, source=raw.source)
        if not chosen:
            raise MalformedFrame(f"a {raw.event} frame on {raw.source.strip()!r} cannot come here")
        line = confidence(raw.spans.source)
        known = [p for p in (self._event_logprob,) if p is not None]
        sure = (line if line is not None else 1.0) * math.exp(sum(known)) if known else line
        frame = resolve(
            raw,
            self._state,
            Place(chosen.function.qualname, chosen.function.scope_line, chosen.line),
            confidence=confidence,
            line_confidence=sure,
        )
        self._state = self._state.after(frame)
        return frame
