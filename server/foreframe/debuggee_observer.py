"""What is looked at in a debuggee: its stack, full locals as bounded texts. A file of the child's.

Stdlib only, and it works on any Python that debugpy does. It is a module of the debuggee under the
name `NAME`, put there by `debuggee_bootstrap` or by an attaching Foreframe. Nothing of the user's
is called but `__repr__`, and that only where the size of its answer is known to be bounded.
"""

from __future__ import annotations

import json
import sys
import threading
import types
from importlib import import_module
from typing import Any

NAME = "_foreframe_observer"
MAX_CHARS = 2000  # of one value's text
MAX_BITS = 1 << 20  # of an int
MAX_DEPTH = 60  # of nested containers
HIDDEN_FRAMES = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>"})
RETURNED = "__pydevd_ret_val_dict"
EXCEPTION = "__exception__"
PYDEVD_OWN = frozenset({RETURNED, EXCEPTION, "_pydev_stop_at_break"})

visible_path = ""  # of the file which knows the comprehensions of Python 3.12 on
stop_on_entry = False  # set before `configurationDone`, read by the bootstrap


class TooLong(Exception):
    """The text has reached its limit."""


class Text:
    """A text that grows up to a limit."""

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.pieces: list[str] = []

    def write(self, piece: str) -> None:
        self.pieces.append(piece[: self.left])
        self.left -= len(piece)
        if self.left < 0:
            raise TooLong


def text_of(value: object, limit: int = MAX_CHARS) -> tuple[str, bool]:
    """(`repr(value)` or a prefix of at most `limit` characters, whether it was cut).

    Takes time in proportion to `limit`, however large the value is. Never raises.
    """
    text = Text(limit)
    try:
        write(value, text, [])
    except TooLong:
        return "".join(text.pieces), True
    except Exception as error:
        kind = type(value).__name__
        return f"<unprintable {kind} object: {type(error).__name__}>", False
    return "".join(text.pieces), False


def write(value: Any, text: Text, path: list[int]) -> None:
    """Writes `repr(value)`; raises TooLong, or what a `__repr__` raises."""
    kind: Any = type(value)
    shown_by: Any = kind.__repr__
    if shown_by is str.__repr__ or shown_by is bytes.__repr__:
        write_string(value, text)
        return
    for base, opening, closing in SEQUENCES:
        if shown_by is base.__repr__:
            write_items(value, base, opening, closing, text, path)
            return
    if shown_by is dict.__repr__:
        write_dict(value, text, path)
    elif shown_by is int.__repr__ and value.bit_length() > MAX_BITS:
        raise ValueError  # as it does where the limit on digits was not lifted
    elif is_dataclass_repr(kind):
        write_fields(value, text, path)
    elif is_bulky(value, text.left):
        text.write(kind.__name__ + "(")
        raise TooLong
    else:
        text.write(repr(value))


def write_string(value: Any, text: Text) -> None:
    """A long string is cut before it is written; its quotes are those of the whole."""
    kind: Any = str if isinstance(value, str) else bytes
    if len(value) <= text.left:
        text.write(kind.__repr__(value))
        return
    quotes: Any = ("'", '"') if kind is str else (b"'", b'"')
    single, double = quotes
    in_double = single in value and double not in value
    ending: Any = value[:0]
    if single in value:  # what is added decides which quotes `repr` takes, and is cut off again
        ending = single if in_double else single + double
    shown = repr(kind(value[: text.left]) + ending)
    text.write(shown[: text.left] + " ")  # longer than what is left: raises


CONTAINERS = (list, tuple, set, frozenset, dict)
SEQUENCES = (
    (list, "[", "]"),
    (tuple, "(", ")"),
    (set, "{", "}"),
    (frozenset, "frozenset({", "})"),
)


def write_items(
    value: Any, base: Any, opening: str, closing: str, text: Text, path: list[int]
) -> None:
    """A list, tuple, set or frozenset, item by item."""
    kind = type(value)
    if not base.__len__(value) or (base is set and kind is not set):
        if base.__len__(value) <= text.left:
            text.write(repr(value))
            return
        opening, closing = kind.__name__ + "({", "})"
    if base is frozenset and kind is not frozenset:
        opening = kind.__name__ + "({"
    if id(value) in path or len(path) > MAX_DEPTH:
        text.write({list: "[...]", tuple: "(...)"}.get(base, kind.__name__ + "(...)"))
        return
    path.append(id(value))
    text.write(opening)
    for index, item in enumerate(base.__iter__(value)):
        if index:
            text.write(", ")
        write(item, text, path)
    text.write(",)" if base is tuple and tuple.__len__(value) == 1 else closing)
    path.pop()


def write_dict(value: Any, text: Text, path: list[int]) -> None:
    """A dict, item by item."""
    if id(value) in path or len(path) > MAX_DEPTH:
        text.write("{...}")
        return
    path.append(id(value))
    text.write("{")
    for index, (key, item) in enumerate(dict.items(value)):
        if index:
            text.write(", ")
        write(key, text, path)
        text.write(": ")
        write(item, text, path)
    text.write("}")
    path.pop()


def is_dataclass_repr(kind: Any) -> bool:
    """Whether a class is shown by the `__repr__` that `dataclass` made."""
    found = getattr(kind, "__repr__", None)
    made = getattr(found, "__wrapped__", None)
    name = getattr(getattr(made, "__code__", None), "co_filename", "")
    return made is not None and hasattr(kind, "__dataclass_fields__") and name == "<string>"


def write_fields(value: Any, text: Text, path: list[int]) -> None:
    """A dataclass, field by field: one of them may be huge."""
    kind = type(value)
    if id(value) in path or len(path) > MAX_DEPTH:
        text.write("...")
        return
    path.append(id(value))
    text.write(kind.__qualname__ + "(")
    shown = [f.name for f in kind.__dataclass_fields__.values() if is_shown_field(f)]
    for index, name in enumerate(shown):
        text.write((", " if index else "") + name + "=")
        write(getattr(value, name), text, path)
    text.write(")")
    path.pop()


def is_shown_field(field: Any) -> bool:
    """Whether a field is one of the instance's, and shown."""
    return field.repr and getattr(field._field_type, "name", "") == "_FIELD"


def is_bulky(value: Any, limit: int) -> bool:
    """Whether the text of some container of another kind is surely, or may be, too long."""
    try:
        seen = 0
        todo = [value]
        while todo:
            one = todo.pop()
            if isinstance(one, (str, bytes, bytearray)):
                seen += len(one)
            elif one is value or isinstance(one, CONTAINERS):
                seen += len(one) if hasattr(type(one), "__len__") else 0
                if seen <= limit and isinstance(one, dict):
                    todo += dict.values(one)
                elif seen <= limit and (isinstance(one, CONTAINERS) or is_collection(one)):
                    todo += one
            if seen > limit:
                return hasattr(type(value), "__len__")
    except Exception:
        return False
    return False


def is_collection(value: object) -> bool:
    """Whether a value is one of the standard library's own containers, as `deque` is."""
    return type(value).__module__ == "collections" and hasattr(type(value), "__len__")


def debugger() -> Any:
    """pydevd's own state; None where it is not there."""
    constants = sys.modules.get("_pydevd_bundle.pydevd_constants")
    return constants.get_global_debugger() if constants else None


def observe(dap_thread: int) -> str:
    """The state of a stopped thread, as JSON: see `observation.py` for its fields."""
    pydb = debugger()
    thread, frames, error = stopped_frames(pydb, dap_thread)
    record: dict[str, Any] = {"stack": [], "event": "line", "value": None, "cut": False}
    if thread is None or not frames:
        return json.dumps(record)
    callee = returning(pydb, thread, frames[0])
    if error is not None:
        record["event"], (record["value"], record["cut"]) = "exception", exception_text(error)
    elif callee is not None:
        record["event"], frames = "return", [callee, *frames]
        returned = frames[1].f_locals.get(RETURNED)
        name = callee.f_code.co_name
        if isinstance(returned, dict) and name in returned:
            record["value"], record["cut"] = text_of(returned[name])
    record["comprehension"] = is_in_comprehension(frames[0])
    stack = [scope_of(frame) for frame in frames if is_users(pydb, frame)]
    record["stack"] = stack[::-1]
    return json.dumps(record)


def stopped_frames(pydb: Any, dap_thread: int) -> tuple[Any, list[Any], Any]:
    """The thread, its frames as pydevd shows them, innermost first, and what was raised there."""
    schema = import_module("_pydevd_bundle._debug_adapter.pydevd_base_schema")
    get_thread_id = import_module("_pydevd_bundle.pydevd_constants").get_thread_id
    found = schema.BaseSchema._translate_id_from_dap(dap_thread)
    for thread in threading.enumerate():
        if get_thread_id(thread) != found:
            continue
        frames = pydb.suspended_frames_manager.get_frames_list(found)
        shown = list(frames or running(pydb, thread))
        error = None
        if shown and EXCEPTION in shown[0].f_locals:
            error = shown[0].f_locals[EXCEPTION]
        reason = getattr(thread, "stop_reason", None)
        return thread, shown, error if is_exception(reason) else None
    return None, [], None


def running(pydb: Any, thread: Any) -> list[Any]:
    """The frames of the user's that a thread is in while it runs, innermost first."""
    frame, found = sys._current_frames().get(thread.ident), []
    while frame is not None:
        if is_users(pydb, frame):
            found.append(frame)
        frame = frame.f_back
    return found


def is_in_comprehension(frame: Any) -> bool:
    """Whether a frame is that of a comprehension, or in the middle of one (Python 3.12 on)."""
    if frame.f_code.co_name in HIDDEN_FRAMES:
        return True
    return frame.f_lasti in inlined(frame.f_code)[0]


def inlined(code: Any) -> tuple[dict[int, int], frozenset[str]]:
    """The instructions of a code's inlined comprehensions, and the names of their variables."""
    if sys.version_info < (3, 12) or not visible_path:
        return {}, frozenset()
    if code not in INLINED:
        if "loop_variables" not in VISIBLE:
            with open(visible_path, encoding="utf-8") as file:
                exec(compile(file.read(), visible_path, "exec"), VISIBLE)
        INLINED[code] = VISIBLE["inlined_comprehensions"](code), VISIBLE["loop_variables"](code)
    return INLINED[code]


VISIBLE: dict[str, Any] = {"__name__": NAME + "_visible"}
INLINED: dict[Any, tuple[dict[int, int], frozenset[str]]] = {}


def is_exception(reason: object) -> bool:
    """Whether a thread stopped because something was raised."""
    commands = import_module("_pydevd_bundle.pydevd_comm_constants")
    return reason in (
        commands.CMD_STEP_CAUGHT_EXCEPTION,
        commands.CMD_ADD_EXCEPTION_BREAK,
    )


def returning(pydb: Any, thread: Any, shown: Any) -> Any:
    """The frame that is just being left for `shown`, if that is why the thread stands there."""
    frame = sys._current_frames().get(thread.ident)
    while frame is not None and frame is not shown:
        if is_users(pydb, frame):
            return frame
        frame = frame.f_back
    return None


def is_users(pydb: Any, frame: Any) -> bool:
    """Whether a frame belongs to the user's program, as far as it is debugged."""
    if frame.f_code.co_name in HIDDEN_FRAMES:
        return False
    path = frame.f_code.co_filename
    if pydb.get_file_type(frame) is not None:
        return False
    if getattr(pydb, "is_files_filter_enabled", False):
        return not pydb.apply_files_filter(frame, path, False)
    return not path.startswith("<frozen ")


def exception_text(error: Any) -> tuple[str, bool]:
    """`TypeName: message`, and whether it was cut."""
    kind, value = error[0], error[1]
    try:
        message = str(value)
    except Exception:
        message = "<unprintable>"
    name = getattr(kind, "__name__", str(kind))
    text = f"{name}: {message}" if message else name
    return text[:MAX_CHARS], len(text) > MAX_CHARS


def scope_of(frame: Any) -> dict[str, Any]:
    """One scope: its locals are `[name, text, cut]`, in the order of the code object's names."""
    code = frame.f_code
    is_module = code.co_name == "<module>"
    found = frame.f_locals
    names = list(found)
    if code.co_flags & 2:  # a function's
        order = dict.fromkeys((*code.co_varnames, *code.co_cellvars, *code.co_freevars))
        known = [name for name in order if name in found]
        names = known + [name for name in names if name not in order]
    spans, private = inlined(code)
    if frame.f_lasti in spans:
        if is_module:  # of which Python 3.13 shows the comprehension's variables alone
            found, names = frame.f_globals, list(frame.f_globals)
        names = [name for name in names if name not in private]
    shown = []
    for name in names:
        if name in PYDEVD_OWN or (name.startswith("__") and name.endswith("__")):
            continue
        value = found[name]
        if (
            isinstance(name, str)
            and name.isidentifier()
            and not is_plumbing(value, is_module=is_module)
        ):
            shown.append((name, *text_of(value)))
    return {
        "path": code.co_filename,
        "function": getattr(code, "co_qualname", code.co_name),
        "scope_line": 0 if is_module else code.co_firstlineno,
        "line": frame.f_lineno or code.co_firstlineno,
        "locals": shown,
    }


def is_plumbing(value: object, *, is_module: bool) -> bool:
    """Modules say nothing as values."""
    return is_module and isinstance(value, types.ModuleType)
