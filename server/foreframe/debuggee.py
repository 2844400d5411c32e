"""The real program under debugpy: started or attached to, stepped, looked at, surely ended."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from foreframe import debugpy_quirks
from foreframe.debuggee_process import START_SECONDS, DebuggeeProcess, Kind, LaunchTarget, inject
from foreframe.debugpy_connection import Body, DebugpyConnection
from foreframe.errors import CannotAttach, CannotStart, DebuggeeError, DebuggeeLost, DebuggeeSilent
from foreframe.observation import Observation, read
from foreframe.reality import death
from foreframe_protocol.states import Action, Provenance, State, Value

EXIT_SECONDS = 5.0  # between the end of the connection and that of the process
LOOK_SECONDS = 20.0  # to look at a stop
PAUSE_SECONDS = 1.0  # for a thread to stop that is asked to pause
__all__ = ["Debuggee", "DebuggeeListener", "Kind", "LaunchTarget", "SourceBreakpoint"]
COMMANDS = {
    Action.STEP_OVER: "next",
    Action.STEP_INTO: "stepIn",
    Action.STEP_OUT: "stepOut",
    Action.RUN_TO: "continue",
}


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
        self._process: DebuggeeProcess | None = None
        self._server: asyncio.Server | None = None
        self._stops: asyncio.Queue[Body | None] = asyncio.Queue()  # None: the end
        self._watch: asyncio.Task[None] | None = None
        self._exit_code: int | None = None  # as debugpy's adapter tells it
        self._initialized = asyncio.Event()
        self._halted = asyncio.Event()  # stopped, or at the end
        self._end: Observation | None = None
        self._returned: Value | None = None
        self._said = ""  # the last of what was written to stderr
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
        self._process = process = await DebuggeeProcess.start(target, port, token, self._hear)
        first: list[asyncio.Future[Any]] = [connected, process.exited]
        await asyncio.wait(first, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        self._server.close()
        if not connected.done():
            why = f"no connection within {START_SECONDS:g} s"
            if process.exited.done():
                await process.drain()
                why = f"it ended at once: {death(process.exited.result())}"
            said = self._said.strip().splitlines()[-1:] or [""]
            raise CannotStart(
                f"{target.file or target.module}: debugpy did not start in it: {why}. {said[0]}"
            )
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
        first: list[asyncio.Future[Any]] = [waiting, answer]
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if command == "launch" or not waiting.done():  # debugpy's adapter answers `attach` late
            waiting.cancel()
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
            if not self.is_attached:
                entry = debugpy_quirks.stop_on_entry(wanted=stop_on_entry)
                await self._connection.request("evaluate", entry)
                hidden = debugpy_quirks.hidden_files()
                await self._connection.request("setDebuggerProperty", hidden)
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
        with contextlib.suppress(DebuggeeLost):
            await self.request(COMMANDS[action], {"threadId": self.thread})
        return await self.wait()

    def resume(self) -> None:
        """The program is about to go on: stops that were not waited for are forgotten."""
        self._is_running = True
        self._halted.clear()
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
        thread = stop.get("threadId")
        self.thread = thread if isinstance(thread, int) else self.thread
        self._is_running = False
        try:
            return await self._state_at(stop)
        except DebuggeeLost:
            return await self.wait()
        except (DebuggeeError, ValueError) as error:
            reason = str(stop.get("reason", ""))
            return Observation(State(), reason, self.thread, str(error), stop=stop)

    async def _state_at(self, stop: Mapping[str, object]) -> Observation:
        asked = debugpy_quirks.observe(self.thread or 1)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                told = await self._connection.request("evaluate", asked)
        except TimeoutError:
            raise DebuggeeSilent(
                f"debugpy in the program has not answered for {LOOK_SECONDS:g} s: it lets no other "
                "thread run, or showing one of its values takes for ever"
            ) from None
        return read(str(told.get("result", "")), stop, self.thread)

    async def pause(self) -> bool:
        """Asks the program to stop; whether it has within a second. It cannot while in C code.

        The stop is what `start`, `step` or `wait` gives.
        """
        if self._is_running and self._end is None:
            with contextlib.suppress(DebuggeeLost):
                await self._connection.request("pause", {"threadId": self.thread or 1})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_SECONDS):
                    await self._halted.wait()
        return self._halted.is_set()

    async def look(self) -> Observation:
        """Where the program is while it runs: the state of the thread that stopped last.

        Raises DebuggeeLost; DebuggeeSilent where the program lets no other thread of its own run.
        """
        return await self._state_at({"reason": "running", "threadId": self.thread or 1})

    async def request(self, command: str, arguments: Mapping[str, object] | None = None) -> Body:
        """Any request that debugpy knows. Raises NotSupportedByDebugpy and others."""
        if command in COMMANDS.values():
            self.resume()
        return await self._connection.request(command, arguments)

    async def variables(self, reference: int, start: int = 0, count: int = 100) -> list[Body]:
        """A page of what is behind a reference: names, types, values, more references."""
        told = await self.request("variables", {"variablesReference": reference})
        found = told.get("variables")
        return found[start : start + count] if isinstance(found, list) else []

    # What debugpy tells

    def _event(self, name: str, body: Body) -> None:
        if name == "initialized":
            self._initialized.set()
        elif name == "stopped":
            self._halted.set()
            self._stops.put_nowait(body)
        elif name == "thread" and not self.thread and isinstance(body.get("threadId"), int):
            self.thread = cast(int, body["threadId"])  # the main one
        elif name == "exited" and isinstance(body.get("exitCode"), int):
            self._exit_code = cast(int, body["exitCode"])
        elif name == "terminated" and self.is_attached:
            self._connection.close()  # debugpy's adapter would wait for that
        elif name == "foreframe/returned":
            self._returned = Value(
                str(body["text"]), Provenance.OBSERVED, cut=bool(body.get("cut"))
            )
        elif name == "output":
            self.listener.output(str(body.get("category")), str(body.get("output")))
        self.listener.event(name, body)

    def _hear(self, category: str, text: str) -> None:
        if category == "stderr":
            self._said = (self._said + text)[-1000:]
        self.listener.output(category, text)

    # The end

    async def _watch_end(self) -> None:
        """Waits for the end of the process, or of the connection to one that was attached to."""
        process = self._process
        if process is None:
            await self._connection.lost
            text = "the program has ended, or debugpy in it"
            code = self._exit_code
            self._ended(Observation(State(), "", 0, text, ended=True, exit_code=code))
            return
        first: list[asyncio.Future[Any]] = [process.exited, self._connection.lost]
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        text = ""
        if not process.exited.done():
            await asyncio.wait([process.exited], timeout=EXIT_SECONDS)
            if not process.exited.done():
                text = "the connection to debugpy was lost: the program was ended"
                process.kill()
        code = await process.exited
        await process.drain()
        if code < 0 and not text:
            text = death(code)
        end = Observation(State(), "", 0, text, ended=True, exit_code=code, returned=self._returned)
        self._ended(end)

    def _ended(self, end: Observation) -> None:
        if self._end is None:
            self._end, self._is_running = end, False
            self._halted.set()
            self._stops.put_nowait(None)

    async def close(self, *, terminate: bool = False) -> None:
        """Ends the program that was launched, and all that it started; leaves one attached to.

        `terminate` ends that one as well.
        """
        if self._server is not None:
            self._server.close()
        if self.is_attached and self._end is None:
            try:
                async with asyncio.timeout(EXIT_SECONDS):
                    await self.request("disconnect", {"terminateDebuggee": terminate})
            except (TimeoutError, DebuggeeError):
                pass
        if self._process is not None:
            await self._process.close()
        self._connection.close()
        if self._watch is not None:
            await asyncio.wait([self._watch])
        text = "ended by Foreframe"
        self._ended(Observation(State(), "", 0, text, ended=True))
