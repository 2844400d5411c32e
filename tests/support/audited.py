"""Runs `foreframe dap` under an audit hook: `python audited.py LOG PROGRAM SCRIPT...`.

SCRIPT is a file, or a module with a `main`.

LOG gets a line for each thing that a session which executes nothing must not do.
"""

from __future__ import annotations

import importlib
import os
import runpy
import sys

FORBIDDEN = {
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "subprocess.Popen",
}


def main() -> None:
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    folder = os.path.dirname(sys.argv[2])

    def hook(event: str, args: tuple[object, ...]) -> None:
        found = ""
        if event in FORBIDDEN:
            found = repr(args)[:200]
        elif event == "exec":
            name = getattr(args[0], "co_filename", "")
            found = name if name.startswith(folder) else ""
        elif event == "import":
            path = args[1]
            found = str(path) if isinstance(path, str) and path.startswith(folder) else ""
            found = found or (str(args[0]) if args[0] == "sibling" else "")
        elif event == "open" and isinstance(args[0], str) and args[0].startswith(folder):
            mode, flags = args[1], args[2]
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            found = f"{args[0]} {mode}" if writes else ""
        if found:
            os.write(log, f"{event} {found}\n".encode())

    script, *arguments = sys.argv[3:]
    sys.argv = [script, *arguments]
    sys.addaudithook(hook)
    if script.endswith(".py"):
        runpy.run_path(script, run_name="__main__")
    else:
        importlib.import_module(script).main()


if __name__ == "__main__":
    main()
