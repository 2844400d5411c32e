"""How a debuggee starts: connects debugpy to Foreframe, then is the program that was asked for.

A stand-alone script, stdlib only: `python debuggee_bootstrap.py` with its job as JSON in the
environment variable JOB. The program finds `sys.argv`, `sys.path`, `__main__`, the environment and
its own exit status as it would alone; an uncaught exception's traceback begins with its own frames.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from importlib import import_module
from types import CodeType, FrameType, ModuleType
from typing import Any

JOB = "FOREFRAME_DEBUGGEE"
RUNNER = "pydevd_runpy.py"


def main() -> None:
    job = json.loads(os.environ.pop(JOB))
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0] or os.curdir) == here:
        del sys.path[0]  # put there for this script
    observer = load(os.path.join(here, "debuggee_observer.py"))
    observer.__dict__["visible_path"] = job["visible"]
    sys.modules[observer.NAME] = observer
    sys.argv = [job["target"], *job["argv"]]
    debugger = connect(job)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)  # what was printed is there at the next stop
    status = 0
    try:
        run(job, debugger, observer)
    except SystemExit:
        raise
    except BaseException as error:
        status = report(error)
    sys.exit(status)


def load(path: str) -> ModuleType:
    """The module in the file at `path`, under no name."""
    module = ModuleType("_foreframe_observer")
    module.__file__ = path
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), module.__dict__)
    return module


def connect(job: dict[str, Any]) -> Any:
    """Waits until Foreframe has set its breakpoints and lets the program run; pydevd's state."""
    before = dict(os.environ)
    os.environ.update(job["settings"])
    sys.path.insert(0, job["debugpy"])
    try:
        import debugpy
        import debugpy.server.api  # so that pydevd can be imported
    finally:
        sys.path.remove(job["debugpy"])
    quicken(import_module("pydevd"))
    constants = import_module("_pydevd_bundle.pydevd_constants")
    constants.DebugInfoHolder.DEBUG_TRACE_LEVEL = -1  # what it logs would stand in our stderr
    debugpy.configure(subProcess=False)
    debugpy.connect(("127.0.0.1", job["port"]), access_token=job["token"])
    debugpy.wait_for_client()
    debugger = constants.get_global_debugger()
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: forget(debugger))
    return debugger


def quicken(pydevd: Any) -> None:
    """No Nagle: each message of debugpy's goes out in two pieces."""
    import socket

    start_client = pydevd.start_client

    def start(host: str, port: int) -> Any:
        connected = start_client(host, port)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bind(import_module("_pydevd_bundle.pydevd_constants").get_global_debugger())
        return connected

    pydevd.start_client = start


def bind(debugger: Any) -> None:
    """Nothing of the program outlives Foreframe, and its end does not wait for pydevd's threads.

    Half a second would pass until it believes that some of them do not finish.
    """
    dispose = debugger.dispose_and_kill_all_pydevd_threads

    def end(wait: bool = True, timeout: float = 0.1) -> None:
        is_lost = threading.current_thread() is debugger.reader and not debugger.pydb_disposed
        if is_lost and os.name == "posix" and os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        elif is_lost:
            os._exit(1)
        dispose(wait, min(timeout, 0.1))

    debugger.dispose_and_kill_all_pydevd_threads = end


def forget(debugger: Any) -> None:
    """A fork goes on as it would alone: nobody would answer its breakpoints."""
    import_module("pydevd").settrace_forked(setup_tracing=False)
    sys.settrace(None)
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is not None and monitoring.get_tool(monitoring.DEBUGGER_ID):
        monitoring.set_events(monitoring.DEBUGGER_ID, 0)
        monitoring.free_tool_id(monitoring.DEBUGGER_ID)
    try:
        os.close(debugger.writer.sock.detach())
    except (AttributeError, OSError):
        return


def run(job: dict[str, Any], debugger: Any, observer: ModuleType) -> None:
    """Is the program."""
    main_module = ModuleType("__main__")
    main = main_module.__dict__
    main["__builtins__"] = __builtins__
    if sys.version_info < (3, 14):
        main["__annotations__"] = {}
    sys.modules["__main__"] = main_module
    kind, target = job["kind"], job["target"]

    def entered() -> None:
        if observer.stop_on_entry:
            stop_here()

    def _run_program() -> None:
        if kind == "module":
            insert_path(os.getcwd())
            entered()
            import_module("runpy")._run_module_as_main(target, alter_argv=True)
            return
        insert_path(os.path.dirname(os.path.realpath(target)))
        path = os.path.abspath(target)
        code = compiled(path)
        if kind == "file":
            from importlib.machinery import SourceFileLoader

            main.update(__file__=path, __loader__=SourceFileLoader("__main__", path))
            main["__cached__"] = None
            entered()
            exec(code, main)
        else:
            module = ModuleType(job["module_name"])
            module.__file__ = path
            sys.modules[module.__name__] = module
            exec(code, module.__dict__)
            head, *rest = job["function"].split(".")
            function = getattr(module, head)
            for name in rest:
                function = getattr(function, name)
            positional, named = literals(job["args"])
            entered()
            returned = function(*positional, **named)
            del function
            tell_returned(debugger, observer, returned)

    # pydevd knows by the names of its own functions where an exception is uncaught.
    _run_program.__code__ = _run_program.__code__.replace(co_filename=RUNNER)
    entry = ModuleType("_foreframe_entry")
    entry.__dict__["_run_program"] = _run_program
    sys.modules[entry.__name__] = entry
    frame: FrameType | None = sys._getframe()
    while frame is not None:  # of ours, where no exception is the program's own
        frame.f_trace = None
        frame = frame.f_back
    debugger.enable_tracing(debugger.trace_dispatch)  # anew: what it sees first is that name
    debugger._exec(True, "_run_program", entry.__name__, "", {}, {})


def insert_path(folder: str) -> None:
    """As Python does for what it is started with."""
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        sys.path.insert(0, folder)


def compiled(path: str) -> CodeType:
    import io

    with io.open_code(path) as file:
        return compile(file.read(), path, "exec", dont_inherit=True)


def literals(text: str) -> tuple[list[object], dict[str, object]]:
    """Positional and named arguments, written as Python literals."""
    import ast

    call = ast.parse(f"_({text}\n)", mode="eval").body
    assert isinstance(call, ast.Call)
    named = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    return [ast.literal_eval(argument) for argument in call.args], named


def tell_returned(debugger: Any, observer: ModuleType, returned: object) -> None:
    """What a function that was launched has returned, as an event."""
    text, cut = observer.text_of(returned)
    body = {"text": text, "cut": cut}
    event = {"type": "event", "event": "foreframe/returned", "seq": 0, "body": body}
    command = import_module("_pydevd_bundle.pydevd_net_command").NetCommand
    debugger.writer.add_command(command(0, 0, event, is_json=True))


def stop_here() -> None:
    """The next line of the user's is stopped at."""
    api().stop_on_entry()


def api() -> Any:
    """What pydevd lets its own front end do."""
    return import_module("_pydevd_bundle.pydevd_api").PyDevdAPI()


def report(error: BaseException) -> int:
    """Writes an uncaught exception as Python would; the exit status that goes with it."""
    trace = error.__traceback__
    while trace is not None and is_own(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)
    if isinstance(error, KeyboardInterrupt) and os.name == "posix":
        sys.stdout.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return 1


def is_own(path: str) -> bool:
    return path == __file__ or os.path.basename(path) in (RUNNER, "pydevd.py")


if __name__ == "__main__":
    main()
