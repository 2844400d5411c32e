"""The real program under debugpy: started or attached to, stepped, looked at, surely ended."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from foreframe import debuggee_bootstrap, debugpy_quirks
from foreframe.debugpy_connection import Body, DebugpyConnection
from foreframe.errors import CannotAttach, CannotStart, DebuggeeError, DebuggeeLost
from foreframe.observation import Observation, read
from foreframe.reality import death
from foreframe_protocol.states import Action, Provenance, State, Value

START_SECONDS = 30.0  # for the child to start and connect
EXIT_SECONDS = 5.0  # between the end of the connection and that of the process
PAUSE_SECONDS = 1.0  # for a thread to stop that is asked to pause
OUTPUT_SECONDS = 1.0  # for what the program has written last, which a child of its may hold open
MAX_OUTPUT = 16 << 20  # characters that are passed on
BOOTSTRAP = str(Path(debuggee_bootstrap.__file__).resolve())
COMMANDS = {
    Action.STEP_OVER: "next",
    Action.STEP_INTO: "stepIn",
    Action.STEP_OUT: "stepOut",
    Action.RUN_TO: "continue",
}


class Kind(StrEnum):
    """What is launched."""

    FILE = "file"
    MODULE = "module"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class LaunchTarget:
    """What to run: a file, a module by its name (`-m`), or a function of a file.

    `args`: the function's arguments, Python literals as they stand in a call. `python`: the
    interpreter, ours by default. `env` is added to our environment (None: that name is taken away).
    `stdin`: what the program reads from its standard input, which ends there.
    """

    file: str | None = None
    module: str | None = None
    function: str | None = None
    args: str = ""
    argv: tuple[str, ...] = ()
    python: str | None = None
    cwd: str | None = None
    env: Mapping[str, str | None] | None = None
    just_my_code: bool = True
    stdin: bytes = b""
    options: Mapping[str, object] | None = None  # more of what debugpy's launch knows

    @property
    def kind(self) -> Kind:
        if self.module is not None:
            return Kind.MODULE
        return Kind.FILE if self.function is None else Kind.FUNCTION


@dataclass(frozen=True, slots=True)
class SourceBreakpoint:
    """A breakpoint in debugpy's terms."""

    line: int
    condition: str = ""
    hit_condition: str = ""
    log_message: str = ""


class DebuggeeListener(Protocol):
    """Who is told what the program writes, and what debugpy tells besides stops."""

    def output(self, category: str, text: str) -> None: ...

    def event(self, name: str, body: Mapping[str, object]) -> None: ...


class Debuggee:
    """One real program. After `close` nothing of it is left.

    Made by `launch` or `attach`; then `set_breakpoints`, `start`, `step`... Only one of `start` and
    `step` waits at a time; it can be cancelled, the program goes on then until `pause` or `close`.
    """

    def __init__(self, listener: DebuggeeListener) -> None:
        self.listener = listener
        self.capabilities: Body = {}
        self.thread = 0  # that stopped last
        self.is_attached = False
        self._connection = DebugpyConnection(self._event)
        self._process: asyncio.subprocess.Process | None = None
        self._server: asyncio.Server | None = None
        self._stops: asyncio.Queue[Body | None] = asyncio.Queue()  # None: the end
        self._readers: list[asyncio.Task[None]] = []
        self._watch: asyncio.Task[None] | None = None
        self._left = MAX_OUTPUT
        self._initialized = asyncio.Event()
        self._depth: dict[int, int] = {}
        self._end: Observation | None = None
        self._returned: Value | None = None
        self._is_running = True

    # Beginning

    @classmethod
    async def launch(cls, target: LaunchTarget, listener: DebuggeeListener) -> Debuggee:
        """Starts the program; it waits for `start`. Raises CannotStart."""
        debuggee = cls(listener)
        try:
            await debuggee._launch(target)
        except (DebuggeeError, OSError) as error:
            await debuggee.close()
            if isinstance(error, CannotStart):
                raise
            raise CannotStart(f"{target.file or target.module}: not started: {error}") from error
        except BaseException:
            await debuggee.close()
            raise
        return debuggee

    async def _launch(self, target: LaunchTarget) -> None:
        token = secrets.token_hex(16)
        connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def protocol() -> asyncio.Protocol:
            if connected.done():  # one process was started, and it connects once
                return asyncio.Protocol()
            connected.set_result(None)
            return self._connection

        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(protocol, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self._process = await spawn(target, port, token)
        self._read_output(target.stdin)
        exited = asyncio.ensure_future(self._process.wait())
        first: list[asyncio.Future[Any]] = [connected, exited]
        done, _ = await asyncio.wait(
            first, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        self._server.close()
        if connected not in done:
            exited.cancel()
            why = f"no connection within {START_SECONDS:g} s"
            if exited in done:
                await self._drain()
                why = f"it ended at once: {death(self._process.returncode)}"
            raise CannotStart(f"{target.file or target.module}: debugpy did not start: {why}")
        self._watch = asyncio.ensure_future(self._watch_end())
        told = await self._connection.request("pydevdAuthorize", {})
        if told.get("clientAccessToken") != token:
            raise CannotStart("what connected is not the program that was started")
        options = debugpy_quirks.options(just_my_code=target.just_my_code, given=target.options)
        await self._open("launch", options)

    @classmethod
    async def attach(
        cls,
        address: tuple[str, int] | int,
        listener: DebuggeeListener,
        *,
        just_my_code: bool = True,
        options: Mapping[str, object] | None = None,
    ) -> Debuggee:
        """Connects to where debugpy listens, or brings it into the process with this number.

        Raises CannotAttach.
        """
        debuggee = cls(listener)
        debuggee.is_attached = True
        wanted = debugpy_quirks.options(just_my_code=just_my_code, given=options)
        try:
            if isinstance(address, int):
                address = await inject(address)
            host, port = address
            loop = asyncio.get_running_loop()
            try:
                await loop.create_connection(lambda: debuggee._connection, host, port)
            except OSError as error:
                raise CannotAttach(
                    f"{host}:{port}: nothing that can be attached to: {error.strerror or error}. "
                    f"Start the program with `python -m debugpy --listen {host}:{port} ...`"
                ) from error
            debuggee._watch = asyncio.ensure_future(debuggee._watch_end())
            async with asyncio.timeout(START_SECONDS):
                await debuggee._open("attach", wanted)
        except TimeoutError:
            await debuggee.close()
            raise CannotAttach(
                f"{address}: no answer within {START_SECONDS:g} s: is it debugpy that listens?"
            ) from None
        except DebuggeeError as error:
            await debuggee.close()
            raise CannotAttach(str(error)) from error
        except BaseException:
            await debuggee.close()
            raise
        return debuggee

    async def _open(self, command: str, options: Body) -> None:
        self.capabilities = await self._connection.request("initialize", debugpy_quirks.CLIENT)
        answer = self._connection.send(command, options)
        waiting = asyncio.ensure_future(self._initialized.wait())
        lost = asyncio.shield(self._connection.lost)
        await asyncio.wait([waiting, lost], return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            raise DebuggeeLost("it ended while it was connected to")
        if command == "launch":
            await answer

    async def set_breakpoints(
        self, path: str, breakpoints: Sequence[SourceBreakpoint]
    ) -> list[Body]:
        """Replaces the breakpoints of a file; what debugpy says of each."""
        wanted = [
            {
                "line": one.line,
                **({"condition": one.condition} if one.condition else {}),
                **({"hitCondition": one.hit_condition} if one.hit_condition else {}),
                **({"logMessage": one.log_message} if one.log_message else {}),
            }
            for one in breakpoints
        ]
        told = await self.request(
            "setBreakpoints", {"source": {"path": path}, "breakpoints": wanted}
        )
        found = told.get("breakpoints")
        return found if isinstance(found, list) else []

    async def set_exceptions(self, filters: Sequence[str]) -> None:
        """Of "raised", "uncaught", "userUnhandled"."""
        await self.request("setExceptionBreakpoints", {"filters": list(filters)})

    async def start(self, *, stop_on_entry: bool) -> Observation:
        """Lets the program run to its first stop, or its end."""
        try:
            if stop_on_entry and not self.is_attached:
                await self._connection.request("evaluate", debugpy_quirks.stop_on_entry())
            await self._connection.request("configurationDone")
            if self.is_attached:
                await self._connection.request("evaluate", debugpy_quirks.install_observer())
        except DebuggeeLost:
            pass
        return await self.wait()

    # Going on

    async def step(self, action: Action) -> Observation:
        """The next stop, or the end, after an action of the thread that stopped last."""
        if self._end is not None:
            return self._end
        self.resume()
        with contextlib.suppress(DebuggeeLost):
            await self._connection.request(COMMANDS[action], {"threadId": self.thread})
        return await self.wait()

    def resume(self) -> None:
        """The program is about to go on: stops that were not waited for are forgotten."""
        self._is_running = True
        while not self._stops.empty() and self._end is None:
            self._stops.get_nowait()

    async def wait(self) -> Observation:
        """The next stop, or the end; also of a program that nobody has asked to stop."""
        if self._end is not None:
            return self._end
        stop = await self._stops.get()
        if stop is None:
            self._stops.put_nowait(None)
            assert self._end is not None
            return self._end
        return await self.observe(stop)

    async def observe(self, stop: Mapping[str, object]) -> Observation:
        """The state at a `stopped` event's body."""
        thread, reason = stop.get("threadId"), str(stop.get("reason", ""))
        self.thread = thread if isinstance(thread, int) else self.thread
        self._is_running = False
        hits = stop.get("hitBreakpointIds")
        text = str(stop.get("text") or "")
        try:
            told = await self._connection.request("evaluate", debugpy_quirks.observe(self.thread))
        except DebuggeeLost:
            return await self.wait()
        numbers = hits if isinstance(hits, list) else []
        return read(str(told.get("result", "")), reason, self.thread, text, numbers)

    async def pause(self) -> bool:
        """Asks the program to stop; False when it has not within a second: it is in C code."""
        if not self._is_running or self._end is not None:
            return True
        thread = self.thread or 1
        try:
            await self._connection.request("pause", {"threadId": thread})
        except DebuggeeLost:
            return True
        return True

    async def request(self, command: str, arguments: Mapping[str, object] | None = None) -> Body:
        """Any request that debugpy knows. Raises NotSupportedByDebugpy and others."""
        return await self._connection.request(command, arguments)

    async def variables(self, reference: int, start: int = 0, count: int = 100) -> list[Body]:
        """A page of what is behind a reference: names, types, values, more references."""
        told = await self.request(
            "variables", {"variablesReference": reference, "start": start, "count": count}
        )
        found = told.get("variables")
        return found if isinstance(found, list) else []

    # What debugpy tells

    def _event(self, name: str, body: Body) -> None:
        if name == "initialized":
            self._initialized.set()
        elif name == "stopped":
            self._stops.put_nowait(body)
        elif name == "foreframe/returned":
            self._returned = Value(
                str(body["text"]), Provenance.OBSERVED, cut=bool(body.get("cut"))
            )
        elif name == "output":
            self.listener.output(str(body.get("category")), str(body.get("output")))
        self.listener.event(name, body)

    # The end

    async def _watch_end(self) -> None:
        """Waits for the end of the process, or of the connection to one that was attached to."""
        process = self._process
        if process is None:
            await self._connection.lost
            text = "the program has ended, or debugpy in it"
            self._ended(Observation(State(), "", 0, text, ended=True))
            return
        exited = asyncio.ensure_future(process.wait())
        await asyncio.wait([exited, self._connection.lost], return_when=asyncio.FIRST_COMPLETED)
        text = ""
        if not exited.done():
            await asyncio.wait([exited], timeout=EXIT_SECONDS)
            if not exited.done():
                text = "the connection to debugpy was lost: the program was ended"
                kill_group(process.pid)
        code = await exited
        await self._drain()
        if code < 0 and not text:
            text = death(code)
        end = Observation(State(), "", 0, text, ended=True, exit_code=code, returned=self._returned)
        self._ended(end)

    def _ended(self, end: Observation) -> None:
        if self._end is None:
            self._end, self._is_running = end, False
            self._stops.put_nowait(None)

    async def close(self) -> None:
        """Ends the program that was launched, and all that it started; leaves one attached to."""
        if self._server is not None:
            self._server.close()
        if self.is_attached and self._end is None:
            try:
                async with asyncio.timeout(EXIT_SECONDS):
                    await self.request("disconnect", {"terminateDebuggee": False})
            except (TimeoutError, DebuggeeError):
                pass
        process = self._process
        if process is not None:
            kill_group(process.pid)
            await process.wait()
        self._connection.close()
        tasks = [*self._readers, *([self._watch] if self._watch is not None else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        text = "ended by Foreframe"
        self._ended(Observation(State(), "", 0, text, ended=True))

    # What the program writes

    def _read_output(self, stdin: bytes) -> None:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = [
            asyncio.ensure_future(self._read(process.stdout, "stdout")),
            asyncio.ensure_future(self._read(process.stderr, "stderr")),
        ]
        if process.stdin is not None:
            self._readers.append(asyncio.ensure_future(feed(process.stdin, stdin)))

    async def _read(self, stream: asyncio.StreamReader, category: str) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while data := await stream.read(1 << 16):
            self._write(category, decoder.decode(data))
        self._write(category, decoder.decode(b"", final=True))

    def _write(self, category: str, text: str) -> None:
        """Passes text on, up to a limit, which is said once."""
        if self._left <= 0 or not text:
            return
        self.listener.output(category, text[: self._left])
        self._left -= len(text)
        if self._left <= 0:
            told = f"\nforeframe: output of more than {MAX_OUTPUT:,} characters is not shown\n"
            self.listener.output("important", told)

    async def _drain(self) -> None:
        """Waits a moment for what was written last."""
        if self._readers:
            await asyncio.wait(self._readers, timeout=OUTPUT_SECONDS)


async def feed(stdin: asyncio.StreamWriter, data: bytes) -> None:
    """Writes what the program reads, and ends it there."""
    try:
        stdin.write(data)
        await stdin.drain()
        stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        return


async def spawn(target: LaunchTarget, port: int, token: str) -> asyncio.subprocess.Process:
    """The child, which connects to `port`. Raises OSError or CannotStart."""
    import debugpy

    job = {
        "kind": target.kind,
        "target": target.module or target.file,
        "function": target.function,
        "args": target.args,
        "argv": list(target.argv),
        "module_name": "__foreframe__",
        "port": port,
        "token": token,
        "debugpy": str(Path(debugpy.__file__).parents[1]),
        "settings": debugpy_quirks.SETTINGS,
        "own_files": list(debugpy_quirks.OWN_FILES),
    }
    env = {**os.environ, **(target.env or {}), debuggee_bootstrap.JOB: json.dumps(job)}
    cwd = target.cwd or None
    if cwd is not None and not is_folder(cwd):
        raise CannotStart(f'{cwd}: no such directory: check "cwd" in the launch configuration')
    python = target.python or sys.executable
    try:
        return await asyncio.create_subprocess_exec(
            python,
            BOOTSTRAP,
            stdin=asyncio.subprocess.PIPE if target.stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=cwd,
            env={name: value for name, value in env.items() if value is not None},
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError) as error:
        raise CannotStart(
            f'{python}: {error.strerror}: check "python" in the launch configuration'
        ) from error


def is_folder(path: str) -> bool:
    return Path(path).is_dir()


async def inject(pid: int) -> tuple[str, int]:
    """Brings debugpy into a running process; where it listens then. Raises CannotAttach."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "debugpy", "--listen", f"127.0.0.1:{port}", "--pid", str(pid)]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise CannotAttach(f"process {pid}: debugpy could not be brought into it in time") from None
    if process.returncode:
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise CannotAttach(f"process {pid}: debugpy could not be brought into it: {last[0]}")
    return "127.0.0.1", port


def kill_group(pid: int) -> None:
    """Ends a process and what it started, at once."""
    try:
        if os.name == "posix":
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
