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
- Parts, where asked for, are recorded as their expressions are evaluated, before anything can
  change their values; those with an address or a module's path are left out.
- Locals are in order of first binding as snapshots see it: the names seen at the activation's
  previous event keep their order, new ones follow in the code object's own order.
"""

from __future__ import annotations

import ast
import dis
import importlib.util
import io
import json
import os
import sys
from collections.abc import Callable
from types import CodeType, FrameType, ModuleType
from typing import TYPE_CHECKING, Any


def _beside(folder: str, name: str) -> ModuleType:
    """A module of the package, where this file runs as a script and so has none.

    It is in `sys.modules` by another name, `_foreframe_` and its own, for those that need it.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    path = os.path.join(package, folder, f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"_foreframe_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING or __package__:
    from foreframe_models.program import visible
    from foreframe_models.training.confinement import confine
    from foreframe_models.training.recording import Parts, text_of
else:
    _beside("program", "iterators")
    _beside("program", "parts")
    visible = _beside("program", "visible")
    _recording = _beside("training", "recording")
    Parts, text_of = _recording.Parts, _recording.text_of
    confine = _beside("training", "confinement").confine


class Tracer:
    """Turns `sys.settrace` events of one file's code into frame dictionaries.

    `emit` gets each frame: event, function, scope_line, line, depth, locals (name → text, full) or
    value, and `cut`, the names whose text was cut ("" for the value). After `max_frames` frames
    `stop` is called instead, which must not return.

    With `parts`, frames have `parts`, [index, text, whether cut] of each that was evaluated since
    the frame before, and where it is known `upcoming`, [text, whether cut] of the elements that a
    `for` takes next. For that the program must be run as `compiled` gives it.
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
        parts: bool = False,
    ) -> None:
        tree = self.tree = ast.parse(source, path)
        self.hidden = visible.hidden_names(tree)
        self.def_lines = visible.def_lines(tree)
        self.parts = Parts(source, tree, self) if parts else None
        self.path = path
        self.emit, self.stop = emit, stop
        self.max_frames, self.value_chars = max_frames, value_chars
        self.count = 0
        self.depth = -1
        self.orders: dict[FrameType, list[str]] = {}
        self.lines: dict[FrameType, int] = {}  # the line that each activation showed last
        self.inlined: dict[int, tuple[CodeType, dict[int, int]]] = {}  # by id: hashing is slow
        self.finished = False
        self.looking = False  # a program's own __repr__ may be running, which is no part of it

    def compiled(self) -> CodeType:
        """The program's code. Gives it once only."""
        if self.parts is not None:
            return self.parts.compiled(self.tree, self.path)
        return compile(self.tree, self.path, "exec", dont_inherit=True)

    def __call__(self, frame: FrameType, event: str, arg: object) -> Tracer | None:
        code = frame.f_code
        if code.co_filename != self.path or code.co_name in visible.HIDDEN_FRAMES or self.looking:
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
        self.looking = True
        try:
            self.fill(record, frame, event, arg)
        finally:
            self.looking = False
        self.emit(record)
        if event == "return":
            self.depth -= 1
            self.finished = self.depth < 0
            self.orders.pop(frame, None)
            self.lines.pop(frame, None)
        return self

    def fill(self, record: dict[str, Any], frame: FrameType, event: str, arg: object) -> None:
        """Puts the values into a record."""
        if self.parts is not None:
            self.parts.fill(record, frame, event)
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

    def inside(self, frame: FrameType) -> int | None:
        """Where the inlined comprehension that `frame` is in starts; None outside of one."""
        code = frame.f_code
        if id(code) not in self.inlined:
            self.inlined[id(code)] = code, visible.inlined_comprehensions(code)
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
        fresh = visible.binding_order(code) if code.co_flags & 2 else list(found)
        if not code.co_flags & 2 and code.co_name != "<module>":
            fresh = [n for n in fresh if n in code.co_names]  # not what a metaclass put there
        if self.inside(frame) is not None:  # resumed in the middle of a comprehension
            private = visible.loop_variables(code)
            fresh = [name for name in fresh if name not in private]
        order += [
            n for n in fresh if n in found and n not in known and visible.is_shown(n, self.hidden)
        ]
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
    the module; `parts`; `max_frames`, `value_chars`, `seconds` (CPU), `memory_mb`, `recursion`;
    `folder`: the one folder to write in, without network or other processes.
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
        parts=job.get("parts", False),
    )
    space: dict[str, Any] = {"__name__": "__main__", "__file__": path, "__builtins__": __builtins__}
    code = tracer.compiled()
    sys.stdout = _Output(emit)
    if job.get("folder"):
        confine(job["folder"])
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
