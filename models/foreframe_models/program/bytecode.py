"""Compiled code as a graph of instructions; everything that differs between Python versions."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

from foreframe_models.program.visible import Span, inlined_comprehensions

INLINES = sys.version_info >= (3, 12)  # comprehensions, and line events by sys.monitoring
THROW_STARTS_A_LINE = sys.version_info >= (3, 13)  # that which handles what a yield is thrown

# A jump's end that no line event happens on: FOR_ITER and SEND skip it.
_NEVER_STARTS_A_LINE = frozenset({"RESUME"}) | (
    {"END_FOR", "END_SEND", "END_ASYNC_FOR"} if INLINES else frozenset()
)
_JUMPS = frozenset({"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP"})
RETURNS = frozenset({"RETURN_VALUE", "RETURN_CONST"})
_ENDS = RETURNS | {"RAISE_VARARGS", "RERAISE"}
_BRANCHES = frozenset(dis.opname[code] for code in (*dis.hasjrel, *dis.hasjabs)) - _JUMPS
CANNOT_RAISE = (
    _JUMPS
    | RETURNS
    | {
        "RESUME",
        "NOP",
        "POP_TOP",
        "LOAD_CONST",
        "STORE_FAST",
        "STORE_NAME",
        "STORE_GLOBAL",
        "STORE_DEREF",
    }
    | {"COPY", "SWAP", "PUSH_NULL", "PRECALL", "KW_NAMES", "CACHE", "EXTENDED_ARG", "IS_OP"}
    | {"PUSH_EXC_INFO", "POP_EXCEPT", "MAKE_FUNCTION", "MAKE_CELL", "COPY_FREE_VARS", "END_FOR"}
    | {"RETURN_GENERATOR", "LOAD_CLOSURE", "BUILD_TUPLE", "BUILD_LIST", "LOAD_FAST_AND_CLEAR"}
    | {"SET_FUNCTION_ATTRIBUTE", "RERAISE", "LOAD_BUILD_CLASS", "END_SEND", "STORE_FAST_STORE_FAST"}
    | {"POP_JUMP_IF_NONE", "POP_JUMP_IF_NOT_NONE", "POP_JUMP_FORWARD_IF_NONE"}
    | {"POP_JUMP_FORWARD_IF_NOT_NONE", "POP_JUMP_BACKWARD_IF_NONE", "LOAD_ASSERTION_ERROR"}
    | {"POP_JUMP_BACKWARD_IF_NOT_NONE", "LIST_APPEND", "RETURN_GENERATOR", "GET_YIELD_FROM_ITER"}
) | ({"LOAD_FAST", "LOAD_FAST_LOAD_FAST", "STORE_FAST_LOAD_FAST"} if INLINES else set())
# What a handler may do on its way without any event: neither calls nor raises anew.
SILENT_IN_HANDLER = CANNOT_RAISE | {
    "DELETE_FAST", "DELETE_NAME", "DELETE_GLOBAL", "DELETE_DEREF", "LOAD_FAST",
    "CALL_INTRINSIC_1", "END_ASYNC_FOR", "CLEANUP_THROW",
}  # fmt: skip
RESUMES_AFTER_CATCH = frozenset({"END_ASYNC_FOR", "CLEANUP_THROW"})
SWALLOWS_STOP_ITERATION = frozenset({"FOR_ITER", "SEND"})

_STORES = {"STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_DEREF"}
_DELETES = {"DELETE_FAST", "DELETE_NAME", "DELETE_GLOBAL", "DELETE_DEREF"}


@dataclass(frozen=True, slots=True, eq=False)
class Instruction:
    """One instruction. `line` as the compiler gives it, None for what it made up itself.

    `inside`: the line where the inlined comprehension starts that this is a part of, else None.
    """

    index: int
    offset: int
    name: str
    argument: object
    line: int | None
    span: Span
    inside: int | None

    @property
    def stored(self) -> tuple[str, ...]:
        """The names it binds, in that order."""
        if self.name in _STORES:
            return (str(self.argument),)
        if self.name.startswith("STORE_FAST_") and isinstance(self.argument, tuple):
            both = self.name == "STORE_FAST_STORE_FAST"
            return tuple(map(str, self.argument)) if both else (str(self.argument[0]),)
        return ()

    @property
    def deleted(self) -> str | None:
        """The name it unbinds."""
        return str(self.argument) if self.name in _DELETES else None


class CodeGraph:
    """The instructions of one code object, where each leads to, and what handles its errors.

    `entry`: index of the instruction whose execution is the call event. `following[i]`: indices
    that control goes to without an error; `handler[i]`: where it goes with one, None when the
    error leaves the code.
    """

    def __init__(self, code: CodeType) -> None:
        self.code = code
        inside = inlined_comprehensions(code)
        self.instructions = [
            Instruction(index, i.offset, i.opname, i.argval, *_place(i), inside.get(i.offset))
            for index, i in enumerate(dis.get_instructions(code))
        ]
        at = {i.offset: i.index for i in self.instructions}
        self.following = [self._following(i, at) for i in self.instructions]
        self.handler: list[int | None] = [None] * len(self.instructions)
        for start, end, target in exception_table(code):
            for offset in range(start, end, 2):
                if offset in at:
                    self.handler[at[offset]] = at[target]
        resumes = (i.index for i in self.instructions if i.name == "RESUME")
        self.entry = next(resumes, 0)

    def _following(self, i: Instruction, at: dict[int, int]) -> tuple[int, ...]:
        if i.name in _ENDS:
            return ()
        if i.name in _JUMPS:
            return (at[int(str(i.argument))],)
        follows = [i.index + 1] if i.index + 1 < len(self.instructions) else []
        if i.name in _BRANCHES:
            target = at[int(str(i.argument))]
            if i.name == "FOR_ITER" and INLINES:
                target += 1  # END_FOR is skipped, and the POP_TOP that 3.13 has behind it
                if sys.version_info >= (3, 13):
                    target += 1
            follows.append(target)
        return tuple(follows)

    def starts_line(self, before: int, after: int) -> bool:
        """Whether CPython sends a line event when control goes from one instruction to another."""
        old, new = self.instructions[before], self.instructions[after]
        if new.line is None or new.name in _NEVER_STARTS_A_LINE:
            return False
        if before == self.entry or new.line != old.line:
            return True
        if INLINES:
            thrown = old.name == "YIELD_VALUE" and after == self.handler[before]
            return old.name == "JUMP_BACKWARD" or (thrown and THROW_STARTS_A_LINE)
        return new.offset < old.offset and new.name != "SEND"

    def shown_line(self, before: int, after: int, current: int) -> int | None:
        """The line of the frame that a trace shows on this way, None when it shows none."""
        if not self.starts_line(before, after):
            return None
        new = self.instructions[after]
        if new.inside is not None:
            return new.inside if new.inside != current else None
        return new.line


def _place(instruction: dis.Instruction) -> tuple[int | None, Span]:
    p = instruction.positions
    if p is None:
        return None, (None, None, None, None)
    return p.lineno, (p.lineno, p.end_lineno, p.col_offset, p.end_col_offset)


def exception_table(code: CodeType) -> Iterator[tuple[int, int, int]]:
    """The entries of `co_exceptiontable` as offsets: start, end (exclusive), handler."""
    data = iter(code.co_exceptiontable)

    def number(byte: int) -> int:
        value = byte & 63
        while byte & 64:
            byte = next(data)
            value = value << 6 | byte & 63
        return value

    for first in data:
        start = number(first) * 2
        length, target = number(next(data)) * 2, number(next(data)) * 2
        number(next(data))  # stack depth, of no interest here
        yield start, start + length, target


def nested(code: CodeType) -> Iterator[CodeType]:
    """The code objects directly within one."""
    return (c for c in code.co_consts if isinstance(c, CodeType))


def outer_stores(code: CodeType) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Names of outer scopes that a code object (binds or unbinds globally, by closure; unbinds)."""
    watched = {"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF", "DELETE_DEREF"}
    if not {dis.opmap[name] for name in watched} & set(code.co_code[::2]):
        return frozenset(), frozenset(), frozenset()
    found = [(i.opname, str(i.argval)) for i in dis.get_instructions(code) if i.opname in watched]
    free = set(code.co_freevars)
    return (
        frozenset(name for opcode, name in found if opcode.endswith("_GLOBAL")),
        frozenset(name for opcode, name in found if opcode.endswith("_DEREF") and name in free),
        frozenset(name for opcode, name in found if opcode.startswith("DELETE")),
    )
