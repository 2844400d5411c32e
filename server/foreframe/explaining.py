"""A trace in plain sentences, told by rules from its frames: it cannot say what they do not."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from foreframe_protocol.states import Event, Frame, Locals, Trace, Value

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

SHOWN = 60  # characters of a value, and of a piece of the program
FEW, SOME = 30, 150  # frames up to which every step, or only what changed, is told
UNSURE = 0.5  # a confidence below which a sentence says so
NO_LOCALS: Locals = {}
OWN_WORDS = "In the model's own words, which may be wrong and predict nothing:"


class Detail(StrEnum):
    """How much is told."""

    STEPS = "steps"  # every line
    CHANGES = "changes"  # the lines that changed a variable, calls, returns, exceptions
    CALLS = "calls"  # a sentence for each call


@dataclass(frozen=True, slots=True)
class Sentence:
    """What one frame tells. `frame` is its number from 1, `depth` that of its activation."""

    text: str
    frame: int
    line: int
    depth: int
    confidence: float | None = None
    changes: bool = True  # something besides the place

    def __str__(self) -> str:
        """The sentence, with how sure it is where that is not much."""
        if self.confidence is not None and self.confidence < UNSURE:
            return f"{self.text} (only {self.confidence:.0%} sure)"
        return self.text


def detail_for(frames: int) -> Detail:
    """What suits a trace of this length."""
    return Detail.STEPS if frames <= FEW else Detail.CHANGES if frames <= SOME else Detail.CALLS


def explain(program: Program, trace: Trace, detail: Detail | None = None) -> list[Sentence]:
    """The frames of `trace` as sentences, in order."""
    chosen = detail or detail_for(trace.length)
    if chosen is Detail.CALLS:
        return list(_calls(trace))
    told = _Teller(program).tell(trace)
    return [one for one in told if chosen is Detail.STEPS or one.changes]


def short(text: str) -> str:
    """A value or a piece of code that fits into a sentence."""
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN else f"{flat[: SHOWN - 3]}..."


def arguments(values: Locals | None) -> str:
    """What a call was given, as it could be written."""
    return ", ".join(f"{name}={short(value.text)}" for name, value in (values or {}).items())


def statements(tree: ast.Module) -> Mapping[int, ast.stmt]:
    """Line → the statement that runs there; of a compound one its header."""
    found: dict[int, ast.stmt] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt):
            continue
        body = getattr(node, "body", None)
        last = node.end_lineno or node.lineno
        if isinstance(body, list) and body:
            last = max(node.lineno, body[0].lineno - 1)
        elif isinstance(node, ast.Match):
            last = node.lineno
        for line in range(node.lineno, last + 1):
            found[line] = node
    return found


@dataclass(slots=True)
class _Activation:
    """A scope under way: the line it stands on, and the locals it had there."""

    name: str
    line: int
    locals: Locals
    is_raising: bool = False
    has_begun: bool = False  # a line of it has been shown


class _Teller:
    """Goes through frames and says what each means."""

    def __init__(self, program: Program) -> None:
        self.statements = statements(program.tree)
        self.hole_name = program.hole_name
        self.holed = {line for line, _ in program.holes}
        self.stack: list[_Activation] = []
        self.left = False  # the last frame was a return: its scope is still on the stack

    def tell(self, trace: Trace) -> Iterator[Sentence]:
        self.stack = [
            _Activation(s.function, s.line, s.locals, has_begun=True)
            for s in trace.root().state.stack
        ]
        self.left = trace.root().state.event is Event.RETURN
        for number, frame in enumerate(trace.frames(), 1):
            if self.left:
                self.stack.pop()
            self.left = frame.event is Event.RETURN
            text, sure, changes = self.frame(frame)
            line = self.stack[-1].line if self.stack else frame.line
            if frame.event is not Event.CALL and text:
                yield Sentence(text, number, line, frame.depth, sure, changes)
            elif text:
                yield Sentence(text, number, frame.line, frame.depth, sure, changes)
            self.move(frame)

    def frame(self, frame: Frame) -> tuple[str, float | None, bool]:
        """The sentence of a frame, its confidence, whether it tells of a change."""
        if frame.event is Event.CALL:
            return self.call(frame), _sure(frame, frame.locals), True
        here = self.stack[-1]
        value = frame.value or Value("None")
        match frame.event:
            case Event.RETURN if here.is_raising and value.text == "None":
                return f"The exception leaves {_name(here.name)}.", frame.confidence, True
            case Event.RETURN:
                return self.returned(here, value), value.confidence, True
            case Event.EXCEPTION:
                return f"Line {here.line} raises {short(value.text)}.", value.confidence, True
        if not here.has_begun:
            return "", None, False
        return self.effect(here, frame)

    def move(self, frame: Frame) -> None:
        """The activation stands where the frame says."""
        if frame.event is Event.CALL:
            self.stack.append(_Activation(frame.function, frame.line, frame.locals or NO_LOCALS))
            return
        here = self.stack[-1]
        here.is_raising = frame.event is Event.EXCEPTION
        if frame.event is Event.LINE:
            here.line, here.locals = frame.line, frame.locals or NO_LOCALS
            here.has_begun = True

    def call(self, frame: Frame) -> str:
        name, given = _name(frame.function), arguments(frame.locals)
        if not self.stack:
            if frame.function == "<module>":
                return "The program starts."
            return f"{name} is called with {given}." if given else f"{name} is called."
        what = f"{name}({given})"
        return f"Line {self.stack[-1].line} calls {what}."

    def returned(self, here: _Activation, value: Value) -> str:
        text = short(value.text)
        match self.statements.get(here.line):
            case ast.Return(value=ast.Constant()):
                return f"Line {here.line} returns {text}."
            case ast.Return(value=ast.expr() as given):
                return f"Line {here.line} returns `{self.text(given)}`, which is {text}."
            case ast.Return():
                return f"Line {here.line} returns."
        if here.name == "<module>":
            return "The program ends."
        if value.text == "None":
            return f"{_name(here.name)} ends, and returns None."
        return f"Line {here.line} gives {text}."

    def effect(self, here: _Activation, frame: Frame) -> tuple[str, float | None, bool]:
        """What the line that `here` stands on has done, when `frame` comes next."""
        after = frame.locals or NO_LOCALS
        changed = {
            name: value
            for name, value in after.items()
            if name not in here.locals or here.locals[name].text != value.text
        }
        gone = [name for name in here.locals if name not in after]
        sure = _sure(frame, changed)
        parts = [self.change(here, name, value) for name, value in changed.items()]
        parts += [f"`{name}` is no more" for name in gone]
        what = _joined(parts)
        line = here.line
        if here.is_raising:
            tail = f"; {what}" if what else ""
            return f"The exception is caught: line {frame.line} is next{tail}.", sure, True
        match self.statements.get(line):
            case ast.For() | ast.AsyncFor() as loop:
                if _inside(loop, frame.line):
                    return f"Line {line} takes the next element: {what or 'the same'}.", sure, True
                return f"Line {line} has nothing left: the loop ends.", sure, False
            case ast.While() as loop:
                test = self.text(loop.test)
                if _inside(loop, frame.line):
                    return f"Line {line}: `{test}` holds, the loop goes on.", sure, False
                return f"Line {line}: `{test}` does not hold, the loop ends.", sure, False
            case ast.If() as choice:
                test = self.text(choice.test)
                truth = "holds" if _inside(choice, frame.line) else "does not hold"
                return f"Line {line}: `{test}` {truth}, line {frame.line} is next.", sure, False
            case ast.Break():
                return f"Line {line} leaves the loop.", sure, False
            case ast.Continue():
                return f"Line {line} goes on with the loop.", sure, False
            case ast.Assert() as claim if not what:
                return f"Line {line}: `{self.text(claim.test)}` holds.", sure, False
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                return f"Line {line} defines {name}.", sure, False
            case ast.ClassDef(name=name):
                return f"Line {line} defines the class {name}.", sure, False
        if what:
            whose = ", by its hole" if line in self.holed else ""
            return f"Line {line}: {what}{whose}.", sure, True
        return f"Line {line} changes no variable.", sure, False

    def text(self, node: ast.expr) -> str:
        """Code as a person wrote it, holes included."""
        text = ast.unparse(node)
        return short(text if self.hole_name is None else text.replace(self.hole_name, "??"))

    def change(self, here: _Activation, name: str, value: Value) -> str:
        new = short(value.text)
        if name not in here.locals:
            return f"`{name}` is {new}"
        return f"`{name}` goes from {short(here.locals[name].text)} to {new}"


def _inside(node: ast.For | ast.AsyncFor | ast.While | ast.If, line: int) -> bool:
    """Whether a line is of the first body of a statement (for a loop: its header is not)."""
    return node.body[0].lineno <= line <= (node.body[-1].end_lineno or line)


def _name(qualname: str) -> str:
    return "the program" if qualname == "<module>" else qualname.replace(".<locals>", "")


def _joined(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _sure(frame: Frame, values: Locals | None) -> float | None:
    """The confidence of the least certain thing that a sentence tells."""
    known = [v.confidence for v in (values or {}).values() if v.confidence is not None]
    if frame.confidence is not None:
        known.append(frame.confidence)
    return min(known, default=None)


def _calls(trace: Trace) -> Iterator[Sentence]:
    """One sentence a call, where it began; calls that are not over are told last words too."""
    nodes = trace.nodes()
    ends: dict[int, Sentence] = {}
    order: list[int] = []
    open_calls: list[tuple[int, Frame, bool]] = []  # its index, its call, whether it is raising
    for index, node in enumerate(nodes):
        frame = node.frame
        assert frame is not None
        if frame.event is Event.CALL:
            open_calls.append((index, frame, False))
            order.append(index)
        elif frame.event is Event.EXCEPTION and open_calls:
            begun, call, _ = open_calls.pop()
            open_calls.append((begun, call, True))
        elif frame.event is Event.RETURN and open_calls:
            begun, call, raised = open_calls.pop()
            ends[begun] = _call_sentence(begun, index, call, frame, raised)
        elif frame.event is Event.LINE and open_calls and open_calls[-1][2]:
            begun, call, _ = open_calls.pop()
            open_calls.append((begun, call, False))
    for begun, call, _ in open_calls:
        text = f"{_name(call.function)}({arguments(call.locals)}) is not over."
        ends[begun] = Sentence(text, begun + 1, call.line, call.depth, _sure(call, call.locals))
    for begun in order:
        yield ends[begun]


def _call_sentence(begun: int, ended: int, call: Frame, frame: Frame, raised: bool) -> Sentence:
    value = frame.value or Value("None")
    count = ended - begun - 1
    steps = f"{count} step{'s' if count != 1 else ''}"
    what = f"{_name(call.function)}({arguments(call.locals)})"
    if call.function == "<module>":
        what = "The program"
    if raised and value.text == "None":
        text = f"{what} is left by an exception after {steps}."
    elif call.function == "<module>":
        text = f"{what} ends after {steps}."
    else:
        text = f"{what} returns {short(value.text)} after {steps}."
    return Sentence(text, begun + 1, call.line, call.depth, value.confidence)
