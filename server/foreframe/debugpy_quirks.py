"""Everything odd about debugpy in one place: what it needs, leaves unsaid, must never be asked.

Verified with 1.8.22 (`pyproject.toml` holds the range):
- Asked what it does not know (`stepBack`, any custom request), it never answers, nor anything that
  follows: `SUPPORTED` is all that may be sent.
- Each message goes out in two pieces: without TCP_NODELAY a request costs 44 ms.
- Its adapter is a process of its own that only passes messages on. `debugpy.connect` to a socket of
  ours does without. What connects must prove by the token that it is the process we started.
- It warns on stderr about frozen modules, and waits for a file's validation, unless told not to.
- `stopOnEntry` has to be said before the breakpoints are: the bootstrap asks for it itself.
- A step over the end of a call stops in the caller at the line of the call, as `step`. The value is
  in the caller's locals, under a name of pydevd's own.
- Locals come sorted by name, with groups ("special variables") that are no variables.
- `variables` knows no `start` and `count`, and gives no more than a thousand items.
- `evaluate` without a frame is done by a thread of the debugger's, also while the program runs.
- From Python 3.12 on a program that forks is warned on stderr that it has more threads than one:
  they are debugpy's.
- `pause` of a thread that is in C code stops it when it comes back from there, if ever.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from foreframe import debuggee_bootstrap, debuggee_observer

SUPPORTED = frozenset(
    """attach completions configurationDone continue disconnect evaluate
    exceptionInfo goto gotoTargets initialize launch modules next pause pydevdAuthorize scopes
    setBreakpoints setDebuggerProperty setExceptionBreakpoints setExpression
    setFunctionBreakpoints setVariable source stackTrace stepIn stepInTargets stepOut terminate
    threads variables""".split()
)

SETTINGS = {  # of the environment, while debugpy is imported; taken back before the program runs
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYDEVD_CONTAINER_RANDOM_ACCESS_MAX_ITEMS": "1000",
}

CLIENT: dict[str, object] = {
    "clientID": "foreframe",
    "adapterID": "foreframe",
    "pathFormat": "path",
    "linesStartAt1": True,
    "columnsStartAt1": True,
    "supportsVariableType": True,
}


def options(*, just_my_code: bool, given: Mapping[str, object] | None = None) -> dict[str, object]:
    """The arguments of `attach`, those in `given` (a launch configuration's) taking precedence."""
    return {
        "justMyCode": just_my_code,
        "showReturnValue": True,
        "redirectOutput": False,
        "subProcess": False,
        "variablePresentation": {
            "special": "hide",
            "function": "hide",
            "class": "inline",
            "protected": "inline",
        },
        **(given or {}),
    }


def hidden_files() -> dict[str, object]:
    """The arguments of `setDebuggerProperty` that keep our files and debugpy's out of sight."""
    import debugpy

    own = [str(Path(str(m.__file__)).resolve()) for m in (debuggee_bootstrap, debuggee_observer)]
    folder = str(Path(debugpy.__file__).resolve().parent)
    return {"dontTraceStartPatterns": [folder, *own], "dontTraceEndPatterns": []}


def observe(thread: int) -> dict[str, object]:
    """The arguments of `evaluate` that let the observer look at a stopped thread."""
    expression = f"__import__('sys').modules[{debuggee_observer.NAME!r}].observe({thread})"
    return {"expression": expression, "context": "clipboard"}


def stop_on_entry(*, wanted: bool) -> dict[str, object]:
    """The arguments of `evaluate` that let the bootstrap stop at the first line, or not.

    It is answered when the debugger is ready, and what `hidden_files` sets is not lost any more.
    """
    module = f"__import__('sys').modules[{debuggee_observer.NAME!r}]"
    return {"expression": f"setattr({module}, 'stop_on_entry', {wanted})", "context": "clipboard"}


def install_observer() -> dict[str, object]:
    """The arguments of `evaluate` that bring the observer into a process that is attached to."""
    source = Path(str(debuggee_observer.__file__)).read_text(encoding="utf-8")
    name = json.dumps(debuggee_observer.NAME)
    expression = (
        f"exec({source!r}, __import__('sys').modules.setdefault({name}, "
        f"type(__import__('sys'))({name})).__dict__)"
    )
    return {"expression": expression, "context": "clipboard"}
