"""The client for code without an event loop: the same methods, which return when it is done.

One implementation serves both: an event loop in a thread of its own runs the async client, and each
method here hands a call over and waits. So retries, resuming and cancelling are written once; an
interrupt (Ctrl-C) cancels the call on the loop, and so at the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, Unpack

from anyio.from_thread import start_blocking_portal

from foreframe.client.client import Client, SessionOptions, new_session
from foreframe.client.session import Session
from foreframe_protocol.api import (
    EventView,
    NewSession,
    SessionView,
    StateView,
    StopView,
)

P = ParamSpec("P")
T = TypeVar("T")
Inner = TypeVar("Inner")


class Blocking(Generic[Inner]):
    """Something whose async twin lives on an event loop in another thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, inner: Inner) -> None:
        self._loop, self._inner = loop, inner

    def _wait_for(self, run: Callable[[], Awaitable[T]]) -> T:
        """Runs something on the loop; an exception here, as an interrupt, cancels it there."""

        task: asyncio.Task[Any] | None = None
        is_left = False

        async def on_the_loop() -> T:
            nonlocal task
            task = asyncio.current_task()
            if is_left:
                raise asyncio.CancelledError
            return await run()

        def leave() -> None:
            nonlocal is_left
            is_left = True
            if task is not None:
                task.cancel()

        # An interrupt can come at any point here, also before there is a future to cancel.
        try:
            return asyncio.run_coroutine_threadsafe(on_the_loop(), self._loop).result()
        except BaseException:
            with suppress(RuntimeError):  # the loop has ended, and all on it
                self._loop.call_soon_threadsafe(leave)
            raise


def blocking(
    method: Callable[Concatenate[Inner, P], Awaitable[T]],
) -> Callable[Concatenate[Blocking[Inner], P], T]:
    """The same method, waited for."""

    def call(self: Blocking[Inner], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._wait_for(lambda: method(self._inner, *args, **kwargs))

    call.__name__, call.__doc__ = method.__name__, method.__doc__
    return call


class SyncSession(Blocking[Session]):
    """One session on a server, as `Session`."""

    @property
    def view(self) -> SessionView:
        return self._inner.view

    @property
    def id(self) -> str:
        return self._inner.id

    @property
    def stop(self) -> StopView:
        """Where it stands, or last stood. Raises NotStopped before the first stop."""
        return self._inner.stop

    @property
    def state(self) -> StateView:
        """The stack at the stop. Raises NotStopped."""
        return self._inner.state

    @property
    def is_over(self) -> bool:
        """Whether the program has ended."""
        return self._inner.is_over

    step_over = blocking(Session.step_over)
    step_into = blocking(Session.step_into)
    step_out = blocking(Session.step_out)
    run = blocking(Session.run)
    step_back = blocking(Session.step_back)
    step_back_into = blocking(Session.step_back_into)
    step_back_out = blocking(Session.step_back_out)
    run_back = blocking(Session.run_back)
    pause = blocking(Session.pause)
    go_to = blocking(Session.go_to)
    set_variable = blocking(Session.set_variable)
    set_line = blocking(Session.set_line)
    restart_frame = blocking(Session.restart_frame)
    search = blocking(Session.search)
    look_ahead = blocking(Session.look_ahead)
    set_breakpoints = blocking(Session.set_breakpoints)
    act = blocking(Session.act)
    settle = blocking(Session.settle)
    refresh = blocking(Session.refresh)
    timeline = blocking(Session.timeline)
    evaluate = blocking(Session.evaluate)
    explain = blocking(Session.explain)
    halts = blocking(Session.halts)
    export = blocking(Session.export)
    delete = blocking(Session.delete)
    leave = blocking(Session.leave)

    def events(self, after: int = 0) -> Iterator[EventView]:
        """What happens, from the event after number `after` on; ends with the session."""
        happening: AsyncGenerator[EventView, None] = self._inner.events(after)
        try:
            while True:
                try:
                    yield self._wait_for(lambda: anext(happening))
                except StopAsyncIteration:
                    return
        finally:
            self._wait_for(happening.aclose)


class SyncClient(Blocking[Client]):
    """Talks to one server, from any number of threads at a time. Takes what `Client` takes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._stack = ExitStack()
        self._portal = self._stack.enter_context(start_blocking_portal(name="foreframe client"))
        try:
            loop = self._portal.call(asyncio.get_running_loop)
            super().__init__(loop, self._portal.call(lambda: Client(*args, **options)))
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes its connections and ends its thread. Sessions stay on the server."""
        if self._loop.is_closed():
            return
        try:
            self._wait_for(self._inner.close)
        finally:
            self._portal.call(self._portal.stop, True)
            self._stack.close()

    @contextmanager
    def session(self, **options: Unpack[SessionOptions]) -> Iterator[SyncSession]:
        """A new session at its first stop, ended on the server when it is left."""
        session = self.create_session(new_session(**options))
        try:
            session.settle()
            yield session
        finally:
            session.leave()

    def create_session(self, asked: NewSession) -> SyncSession:
        """A new session, which stays on the server. It may be on the way to its first stop."""
        return SyncSession(self._loop, self._wait_for(lambda: self._inner.create_session(asked)))

    def find_session(self, identity: str) -> SyncSession:
        """One of those that the server holds."""
        return SyncSession(self._loop, self._wait_for(lambda: self._inner.find_session(identity)))

    def open_kept(self, number: int) -> SyncSession:
        """One of those on the server's disk (`kept`), by its number: goes on where it was left."""
        return SyncSession(self._loop, self._wait_for(lambda: self._inner.open_kept(number)))

    sessions = blocking(Client.sessions)
    kept = blocking(Client.kept)
    predict = blocking(Client.predict)
    inputs = blocking(Client.inputs)
    compare = blocking(Client.compare)
    fill = blocking(Client.fill)
    halts = blocking(Client.halts)
    explain = blocking(Client.explain)
    evaluate = blocking(Client.evaluate)
    models = blocking(Client.models)
    plot = blocking(Client.plot)
    health = blocking(Client.health)
    metrics = blocking(Client.metrics)
