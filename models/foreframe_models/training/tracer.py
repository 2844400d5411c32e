"""The truth: frames of a real run, as `sys.settrace` sees them. A stand-alone script, stdlib only.

Run as a child process (`python -I tracer.py`), it reads one job as JSON from stdin and writes one
JSON object a line: frames as they come, then `{"end": "finished" | "cut off" | "failed", ...}`.
This is the one file of these packages that runs a user's program, and only when asked to.

Decisions where CWM's format is silent, kept here:
- List, set and dict comprehensions are one step: their own frames (3.11) are left out, and so are
  the line events of inlined ones (3.12 on), which stand on the line where the comprehension starts.
- Names bound only by `def`, `class` or `import` anywhere in the file are not shown, nor dunders.
- A call frame stands on the `def` line, also under decorators; a resumed generator's on its yield.
- A scope left by an exception gives the exception frame, then a return frame with value None.
- Return and exception frames stand on the line that the activation showed last.
- The trace is over when its first scope is left, whatever the garbage collector runs after that.
- The loop variables of a comprehension are not shown.
- Locals are in order of first binding as snapshots see it: the names seen at the activation's
  previous event keep their order, new ones follow in the code object's own order.
"""

from __future__ import annotations

import ast
import dis
import io
import json
import os
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

HIDDEN_FRAMES = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>"})


def hidden_names(tree: ast.AST) -> frozenset[str]:
    """Names that the file binds by def, class or import, and in no other way anywhere."""
    defined: set[str] = set()
    otherwise: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                defined.add(node.name)
            case ast.Import() | ast.ImportFrom():
                defined.update((a.asname or a.name.split(".")[0]) for a in node.names)
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                otherwise.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                otherwise.add(name)
            case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                otherwise.add(name)
    return frozenset(defined - otherwise)


def is_shown(name: str, hidden: frozenset[str]) -> bool:
    """Whether a trace shows a local of this name."""
    dunder = name.startswith("__") and name.endswith("__")
    return name.isidentifier() and not dunder and name not in hidden


def def_lines(tree: ast.AST) -> dict[tuple[str, int], int]:
    """(name, co_firstlineno) → the line of `def` or `class`, where decorators come before it."""
    found: dict[tuple[str, int], int] = {}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and node.decorator_list
        ):
            first = min(d.lineno for d in node.decorator_list)
            found[node.name, first] = node.lineno
    return found


def binding_order(code: CodeType) -> list[str]:
    """The names of a function's locals in CPython's own order: variables, cells, free ones."""
    return list(dict.fromkeys((*code.co_varnames, *code.co_cellvars, *code.co_freevars)))


Span = tuple[int | None, int | None, int | None, int | None]  # line, end line, column, end column


def inlined_comprehensions(code: CodeType) -> dict[int, int]:
    """Offset of each instruction of an inlined comprehension → the line where that one starts.

    Empty before Python 3.12. The first iterable belongs to the scope around it, not to the
    comprehension; what saves and restores the loop variables belongs to the comprehension.
    """
    if not loop_variables(code):
        return {}
    spans: list[Span] = list(code.co_positions())
    found: dict[int, int] = {}
    starts: dict[Span, int] = {}
    instructions = list(dis.get_instructions(code))
    start: int | None = None
    end = -1  # the last offset of the comprehension's loop, once that is seen
    tail: list[int] = []  # stores after the loop: the last of them may restore a loop variable
    for instruction in instructions:
        offset, name = instruction.offset, instruction.opname
        span = spans[offset // 2]
        if start is None and name == "LOAD_FAST_AND_CLEAR" and span[0] is not None:
            starts[span] = start = span[0]
            end = -1
        elif start is not None and end < 0 and name in ("FOR_ITER", "GET_ANEXT"):
            jumps = [i for i in instructions if i.opname == "JUMP_BACKWARD" and i.argval == offset]
            end = instruction.argval if name == "FOR_ITER" else jumps[-1].offset
        if start is not None:
            found[offset] = start
            if offset >= end >= 0:
                start, tail = None, [offset]
        elif tail and (name.startswith("STORE_FAST") or name in ("SWAP", "POP_TOP")):
            tail.append(offset)
            if span in starts:
                found.update(dict.fromkeys(tail, starts[span]))
        else:
            tail = []
    for index, span in enumerate(spans):
        if span in starts and span[2] is not None:
            found.setdefault(2 * index, starts[span])
    return found


def loop_variables(code: CodeType) -> frozenset[str]:
    """The names that inlined comprehensions bind for themselves."""
    clear = dis.opmap.get("LOAD_FAST_AND_CLEAR")
    if clear is None or clear not in code.co_code[::2]:
        return frozenset()
    instructions = dis.get_instructions(code)
    return frozenset(i.argval for i in instructions if i.opname == "LOAD_FAST_AND_CLEAR")


def text_of(value: object, limit: int) -> tuple[str, bool]:
    """(`repr(value)` or its first `limit` characters, whether it was cut). Never raises."""
    try:
        text = repr(value)
    except Exception as error:
        text = f"<unprintable {type(value).__name__} object: {type(error).__name__}>"
    return (text, False) if len(text) <= limit else (text[:limit], True)


class Tracer:
    """Turns `sys.settrace` events of one file's code into frame dictionaries.

    `emit` gets each frame: event, function, scope_line, line, depth, locals (name → text, full) or
    value, and `cut`, the names whose text was cut ("" for the value). After `max_frames` frames
    `stop` is called instead, which must not return.
    """

    def __init__(
        self,
        source: str,
        path: str,
        emit: Callable[[dict[str, Any]], None],
        *,
        stop: Callable[[str], None],
        max_frames: int = 10_000,
        value_chars: int = 200,
    ) -> None:
        tree = ast.parse(source)
        self.hidden = hidden_names(tree)
        self.def_lines = def_lines(tree)
        self.path = path
        self.emit, self.stop = emit, stop
        self.max_frames, self.value_chars = max_frames, value_chars
        self.count = 0
        self.depth = -1
        self.orders: dict[FrameType, list[str]] = {}
        self.lines: dict[FrameType, int] = {}  # the line that each activation showed last
        self.inlined: dict[int, tuple[CodeType, dict[int, int]]] = {}  # by id: hashing is slow
        self.finished = False

    def __call__(self, frame: FrameType, event: str, arg: object) -> Tracer | None:
        code = frame.f_code
        if code.co_filename != self.path or code.co_name in HIDDEN_FRAMES:
            return None
        if event not in ("call", "line", "return", "exception"):
            return self
        if self.finished or self.is_silent(frame, event, arg):
            return self
        if self.count >= self.max_frames:
            self.stop(f"after {self.max_frames} frames")
            return None
        self.count += 1
        if event == "call":
            self.depth += 1
        module = code.co_name == "<module>"
        line = self.lines[frame] = self.line_of(frame, event)
        record: dict[str, Any] = {
            "event": event,
            "function": code.co_qualname,
            "scope_line": 0 if module else code.co_firstlineno,
            "line": line,
            "depth": self.depth,
        }
        if event in ("call", "line"):
            record["locals"], record["cut"] = self.locals_of(frame)
        else:
            if event == "exception":
                assert isinstance(arg, tuple)
                kind, error = arg[0], arg[1]
                try:
                    message = str(error)
                except Exception:
                    message = "<unprintable>"
                text = f"{kind.__name__}: {message}" if message else kind.__name__
                record["value"] = text[: self.value_chars]
                record["cut"] = [""] if len(text) > self.value_chars else []
            else:
                record["value"], cut = text_of(arg, self.value_chars)
                record["cut"] = [""] if cut else []
        self.emit(record)
        if event == "return":
            self.depth -= 1
            self.finished = self.depth < 0
            self.orders.pop(frame, None)
            self.lines.pop(frame, None)
        return self

    def inside(self, frame: FrameType) -> int | None:
        """Where the inlined comprehension that `frame` is in starts; None outside of one."""
        code = frame.f_code
        if id(code) not in self.inlined:
            self.inlined[id(code)] = code, inlined_comprehensions(code)
        return self.inlined[id(code)][1].get(frame.f_lasti)

    def is_silent(self, frame: FrameType, event: str, arg: object) -> bool:
        """Whether an event happens within the one step that a comprehension is."""
        start = self.inside(frame)
        if start is None:
            return False
        if event == "exception" and isinstance(arg, tuple) and issubclass(arg[0], StopIteration):
            return dis.opname[frame.f_code.co_code[frame.f_lasti]] == "FOR_ITER"
        return event == "line" and start == self.lines.get(frame)

    def line_of(self, frame: FrameType, event: str) -> int:
        """The line that a frame of the trace stands on."""
        if event in ("return", "exception") and frame in self.lines:
            return self.lines[frame]
        line = self.inside(frame) or max(1, frame.f_lineno or 1)
        if event == "call" and line == frame.f_code.co_firstlineno:
            return self.def_lines.get((frame.f_code.co_name, line), line)
        return line

    def locals_of(self, frame: FrameType) -> tuple[dict[str, str], list[str]]:
        """The shown locals in binding order, as text, and the names of those cut."""
        found = frame.f_locals
        before = self.orders.get(frame, [])
        order = [name for name in before if name in found]
        known = set(order)
        code = frame.f_code
        fresh = binding_order(code) if code.co_flags & 2 else list(found)
        if not code.co_flags & 2 and code.co_name != "<module>":
            fresh = [n for n in fresh if n in code.co_names]  # not what a metaclass put there
        if self.inside(frame) is not None:  # resumed in the middle of a comprehension
            private = loop_variables(code)
            fresh = [name for name in fresh if name not in private]
        order += [n for n in fresh if n in found and n not in known and is_shown(n, self.hidden)]
        self.orders[frame] = order
        texts: dict[str, str] = {}
        cut: list[str] = []
        for name in order:
            texts[name], was_cut = text_of(found[name], self.value_chars)
            if was_cut:
                cut.append(name)
        return texts, cut


def call_arguments(text: str) -> tuple[list[Any], dict[str, Any]]:
    """Arguments written as Python literals, `1, [2], k='x'`. ValueError if they are not."""
    call = ast.parse(f"_({text}\n)", mode="eval").body
    if not isinstance(call, ast.Call) or any(k.arg is None for k in call.keywords):
        raise ValueError("arguments must be literals")
    args = [ast.literal_eval(a) for a in call.args]
    return args, {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}


def limit_resources(seconds: int, memory_mb: int) -> None:
    """Ends this process after `seconds` of CPU time, and refuses it more than `memory_mb`."""
    try:
        import resource
    except ImportError:  # Windows: the parent's time limit is all there is
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    if sys.platform == "linux":
        size = memory_mb << 20
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


class _Output(io.TextIOBase):
    """Stands for the program's stdout: what it writes becomes `{"output": text}` records."""

    def __init__(self, emit: Callable[[dict[str, Any]], None], limit: int = 100_000) -> None:
        self.emit, self.left = emit, limit

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        if self.left > 0:
            self.emit({"output": text[: self.left]})
            self.left -= len(text)
        return len(text)


def main() -> None:
    """Reads a job, runs it, writes its frames.

    Job: `source`, `path`; `function` (dotted name) and `args` (literals) for a call, neither for
    the module; `max_frames`, `value_chars`, `seconds` (CPU), `memory_mb`, `recursion`.
    """
    job = json.load(sys.stdin)
    # By line, so that no frame is lost when the program dies; the program's own fd 1 leads nowhere.
    out = os.fdopen(os.dup(1), "w", 1, encoding="utf-8", errors="backslashreplace")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    source, path = job["source"], job["path"]

    def emit(record: dict[str, Any]) -> None:
        out.write(json.dumps(record) + "\n")

    def finish(end: str, message: str) -> None:
        emit({"end": end, "message": message})
        out.flush()
        os._exit(0)  # also past a bare `except:` and non-daemon threads of the program

    limit_resources(job.get("seconds", 10), job.get("memory_mb", 1024))
    sys.setrecursionlimit(job.get("recursion", 1000))
    sys.stdin = io.StringIO()
    sys.argv = [path]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    tracer = Tracer(
        source,
        path,
        emit,
        stop=lambda why: finish("cut off", why),
        max_frames=job.get("max_frames", 10_000),
        value_chars=job.get("value_chars", 200),
    )
    space: dict[str, Any] = {"__name__": "__main__", "__file__": path, "__builtins__": __builtins__}
    code = compile(source, path, "exec", dont_inherit=True)
    sys.stdout = _Output(emit)
    try:
        if job.get("function"):
            space["__name__"] = "__foreframe__"  # as an import would: no `if __name__ == ...` block
            exec(code, space)
            head, *rest = job["function"].split(".")
            entry = space[head]
            for name in rest:
                entry = getattr(entry, name)
            args, named = call_arguments(job.get("args", ""))
            sys.settrace(tracer)
            entry(*args, **named)
        else:
            sys.settrace(tracer)
            exec(code, space)
    except BaseException as error:
        sys.settrace(None)
        if not tracer.count:
            finish("failed", f"{type(error).__name__}: {error}")
    sys.settrace(None)
    finish("finished", "")


if __name__ == "__main__":
    main()
