"""How a client comes to a live session: `launch` with the mode "live", or `attach`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from foreframe.dap.conversation import Body, Conversation, Raw, problems
from foreframe.dap.launch import OpenWorld, literals
from foreframe.errors import BadArguments, BadEntry, CannotAttach, NoSuchProgram

if TYPE_CHECKING:
    from foreframe.dap.live import Live
    from foreframe.debuggee import Debuggee, LaunchTarget
    from foreframe.parties import WorldModel
    from foreframe_protocol import dap_arguments as asked
    from foreframe_protocol.dap_arguments import LiveArguments

M = TypeVar("M", bound="asked.Model")
OURS = frozenset(("adapterID", "mode", "name", "request", "type"))  # not for debugpy
Predict = Callable[["asked.LaunchArguments"], Coroutine[None, None, Body]]


class LiveDoor:
    """Answers `launch` and `attach`; what is not live goes on to `predict`."""

    def __init__(
        self, conversation: Conversation, open_world: OpenWorld, engine: str, predict: Predict
    ) -> None:
        self._conversation, self._predict = conversation, predict
        self._open_world, self._engine = open_world, engine
        self._live: Live | None = None

    @property
    def is_left(self) -> bool:
        """Whether the client of a live session has disconnected."""
        return self._live is not None and self._live.is_disconnected

    async def close(self) -> None:
        """Ends the live session, if there is one."""
        if self._live is not None:
            await self._live.close()

    async def on_launch(self, arguments: Raw) -> Body:
        from foreframe_protocol.dap_arguments import LaunchArguments, LiveArguments

        if arguments.get("mode") != "live":
            return await self._predict(checked(LaunchArguments, arguments))
        asked = checked(LiveArguments, arguments)
        target = target_of(asked)
        from foreframe.debuggee import Debuggee

        def start(live: Live) -> Coroutine[None, None, Debuggee]:
            return Debuggee.launch(target, live)

        name = target.module or Path(target.file or "").name
        return await self._open(asked, start, f'{name} is EXECUTED, as "mode" is "live"')

    async def on_attach(self, arguments: Raw) -> Body:
        from foreframe.debuggee import Debuggee
        from foreframe_protocol.dap_arguments import LiveArguments

        asked = checked(LiveArguments, arguments)
        address = address_of(asked)

        def start(live: Live) -> Coroutine[None, None, Debuggee]:
            options = debugpy_options(asked)
            return Debuggee.attach(address, live, just_my_code=asked.just_my_code, options=options)

        return await self._open(asked, start, "the program that runs already is real")

    async def _open(
        self,
        asked: LiveArguments,
        start: Callable[[Live], Coroutine[None, None, Debuggee]],
        told: str,
    ) -> Body:
        if self._live is not None:
            raise BadArguments("a program is debugged already: disconnect first")
        from foreframe.dap.live import Live

        live = self._live = Live(self._conversation, self._world_of(asked))
        try:
            debuggee = await start(live)
        except BaseException:
            self._live = None
            raise
        self._conversation.move_to(live)

        def announce() -> None:
            self._conversation.tell(f"{told}; looking ahead and stepping back execute nothing")
            stops, only_runs = asked.stop_on_entry, asked.no_debug
            live.begin(debuggee, stop_on_entry=stops, only_runs=only_runs)

        self._conversation.after_response(announce)
        return None

    def _world_of(self, asked: LiveArguments) -> Callable[[], WorldModel]:
        return lambda: self._open_world(asked.engine or self._engine, asked.max_frames)


def checked(model: type[M], arguments: Raw) -> M:
    """The arguments, if they are right. Raises BadArguments."""
    from pydantic import ValidationError

    try:
        return model.model_validate(dict(arguments))
    except ValidationError as error:
        raise BadArguments(problems(error)) from error


def target_of(asked: LiveArguments) -> LaunchTarget:
    """What is launched. Raises NoSuchProgram, BadEntry or BadArguments."""
    from foreframe.debuggee import LaunchTarget

    if (asked.program is None) == (asked.module is None):
        raise BadArguments('a "program" (a file) or a "module" (as by python -m) must be named')
    path = cwd = None
    if asked.cwd is not None:
        cwd = os.path.abspath(asked.cwd)
    if asked.program is not None:
        path = os.path.abspath(Path(cwd or ".") / asked.program)
        cwd = cwd or str(Path(path).parent)
        if not Path(path).is_file():
            raise NoSuchProgram(f'{path}: no such file: check "program" in the configuration')
    if asked.function is not None and path is None:
        raise BadEntry('a "function" is one of a file: name that with "program"')
    is_call = asked.function is not None
    words = asked.args if isinstance(asked.args, list) else shlex.split(asked.args or "")
    return LaunchTarget(
        file=path,
        module=asked.module,
        function=asked.function,
        args=literals(asked.args) if is_call else "",
        argv=() if is_call else tuple(str(word) for word in words),
        python=asked.python,
        cwd=cwd,
        env=asked.env,
        just_my_code=asked.just_my_code,
        options=debugpy_options(asked),
    )


def debugpy_options(asked: LiveArguments) -> dict[str, object]:
    """What a launch configuration says to debugpy: paths, frameworks, rules..."""
    given = asked.model_extra or {}
    return {name: value for name, value in given.items() if name not in OURS and name[:2] != "__"}


def address_of(asked: LiveArguments) -> tuple[str, int] | int:
    """Where to attach. Raises CannotAttach."""
    if asked.connect is not None:
        return asked.connect.host, asked.connect.port
    if asked.port is not None:
        return asked.host or "127.0.0.1", asked.port
    if asked.process_id is not None:
        try:
            return int(asked.process_id)
        except ValueError:
            raise CannotAttach(f"`processId`: {asked.process_id!r} is no number") from None
    raise CannotAttach(
        'say what to attach to: "connect": {"host": ..., "port": ...} where `python -m debugpy '
        '--listen` waits, or "processId". To predict a program, use "request": "launch"'
    )
