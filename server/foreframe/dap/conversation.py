"""Requests in, responses and events out: every request is answered, exactly once."""

from __future__ import annotations

import asyncio
import re
import sys
import traceback
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from foreframe.errors import (
    BadArguments,
    BadEntry,
    ForeframeError,
    InternalError,
    MalformedMessage,
    UnknownCommand,
)
from foreframe_models.engines.base import EngineError
from foreframe_protocol import dap
from foreframe_protocol.wire import Malformed, Message

if TYPE_CHECKING:
    from pydantic import ValidationError

    from foreframe_protocol.dap_arguments import Model

Raw = Mapping[str, object]  # arguments that are not checked
Send = Callable[[Message], None]
Body = Mapping[str, object] | None
Handler = Callable[[Any], Body | Coroutine[None, None, Body]]

# Requests after which a client knows by itself that the program goes on.
_MOVES = frozenset(
    (
        "continue", "goto", "next", "restart", "restartFrame", "reverseContinue", "stepBack",
        "stepIn", "stepOut",
    )
)  # fmt: skip
_CAPITAL = re.compile(r"(?<=[a-z])([A-Z])")
_COMMAND = re.compile(r"(?:foreframe/)?[a-z][A-Za-z]{0,63}")


class Conversation:
    """One client's requests, answered by methods named `on_` + the command, in any of its rooms.

    Requests that the protocol has not are named `foreframe/...`; their methods, `own_...`.
    What such a method returns is the body of the response; one that is a coroutine answers later.
    The annotation of its argument names the model in `dap_arguments` that the request's arguments
    are checked against; `Raw` ones are not. Models are imported when the first one is needed.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self.rooms: tuple[object, ...] = (self,)
        self._seq = 0
        self._handlers: dict[str, tuple[Handler, type[Model] | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._after: list[Callable[[], None]] = []
        self._is_standing = False  # as the client knows it
        self.current_request = 0  # the number of the request that is being answered

    @property
    def pending(self) -> int:
        """How many requests are still to be answered."""
        return len(self._tasks)

    def receive(self, message: Message | Malformed) -> None:
        """Handles one message. Never raises."""
        if isinstance(message, Malformed):
            self._refuse_malformed(message)
            return
        seq, command = number(message.get("seq")), message.get("command")
        if message.get("type") == "response":
            self.tell(f"a response to nothing that was asked: {command!r}")
            return
        if seq is None or not isinstance(command, str) or message.get("type") != "request":
            reason = 'a message must have a number `seq`, `type` "request" and a text `command`'
            self._refuse_malformed(Malformed(reason, seq, str(command or "")))
            return
        self.current_request = seq
        if command in _MOVES:
            self._is_standing = False
        try:
            handler, model = self._handler(command)
            answer = handler(self._arguments(message.get("arguments"), model))
        except Exception as error:
            self._fail(seq, command, error)
            return
        if isinstance(answer, Coroutine):
            task = asyncio.ensure_future(self._answer_later(seq, command, answer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._respond(seq, command, answer)

    def event(self, name: str, body: Mapping[str, object] | None = None) -> None:
        """Sends an event."""
        if name in ("stopped", "continued"):
            self._is_standing = name == "stopped"
        message: Message = {"type": "event", "event": name}
        if body is not None:
            message["body"] = body
        self._emit(message)

    def goes_on(self, thread: int) -> None:
        """Tells a client for which a thread stands that what it asks for now leads elsewhere.

        Of two stops without a way on between them editors go on telling the first one's reason. It
        has to come before the response: VS Code takes two events in a row as one happening.
        """
        if self._is_standing:
            self.event("continued", {"threadId": thread, "allThreadsContinued": True})

    def tell(self, text: str, category: str = "console") -> None:
        """Shows a line of our own to the person."""
        self.event("output", {"category": category, "output": f"foreframe: {text}\n"})

    def move_to(self, *rooms: object) -> None:
        """Requests are answered in these rooms from now on."""
        self.rooms = rooms
        self._handlers.clear()

    def after_response(self, action: Callable[[], None]) -> None:
        """`action` is done when the response to the request that is being answered is out."""
        self._after.append(action)

    async def finish(self) -> None:
        """Cancels the answers that are still to come."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _handler(self, command: str) -> tuple[Handler, type[Model] | None]:
        """The method for a command and the model of its arguments. Raises UnknownCommand."""
        found = self._handlers.get(command)
        if found is None:
            prefix = "own_" if command.startswith("foreframe/") else "on_"
            name = prefix + _CAPITAL.sub(r"_\1", command.removeprefix("foreframe/")).lower()
            known = [room for room in self.rooms if hasattr(room, name)]
            if not known or not _COMMAND.fullmatch(command):
                raise UnknownCommand(f"{command!r} is not supported by this adapter")
            method: Handler = getattr(known[0], name)
            found = self._handlers[command] = method, model_of(method)
        return found

    def _arguments(self, given: object, model: type[Model] | None) -> Model | Raw:
        """The arguments of a request, checked. Raises BadArguments."""
        given = {} if given is None else given
        if not isinstance(given, dict):
            raise BadArguments("arguments: an object is needed")
        if model is None:
            return {name: value for name, value in given.items() if value is not None}
        from pydantic import ValidationError

        try:
            return model.model_validate(given)
        except ValidationError as error:
            raise BadArguments(problems(error)) from error

    async def _answer_later(
        self, seq: int, command: str, answer: Coroutine[None, None, Body]
    ) -> None:
        try:
            body = await answer
        except asyncio.CancelledError:
            self._respond_error(seq, command, "cancelled", None)
            raise
        except Exception as error:
            self._fail(seq, command, error)
        else:
            self._respond(seq, command, body)

    def _respond(self, seq: int, command: str, body: Body) -> None:
        response: Message = {
            "type": "response",
            "request_seq": seq,
            "success": True,
            "command": command,
        }
        if body is not None:
            response["body"] = body
        self._emit(response)
        after, self._after = self._after, []
        for action in after:
            action()

    def _fail(self, seq: int, command: str, error: Exception) -> None:
        """The error response for what a handler raised."""
        self._after.clear()
        code, text = code_of(error), str(error)
        if code == InternalError.code:
            traceback.print_exception(error, file=sys.stderr)
            text = f"internal error, please report it: {type(error).__name__}: {error}"
        show = command in ("launch", "attach", "restart") or code == InternalError.code
        self._respond_error(seq, command, text, {"id": code, "format": text, "showUser": show})

    def _respond_error(
        self, seq: int, command: str, message: str, error: dap.ErrorMessage | None
    ) -> None:
        self._emit(
            {
                "type": "response",
                "request_seq": seq,
                "success": False,
                "command": command,
                "message": message,
                "body": {} if error is None else {"error": error},
            }
        )

    def _refuse_malformed(self, found: Malformed) -> None:
        """An error response where it is known to which request, else a line for the person."""
        if found.seq is None:
            self.tell(f"a message that cannot be read was skipped: {found.reason}", "stderr")
        else:
            self._fail(found.seq, found.command, MalformedMessage(found.reason))

    def _emit(self, message: Message) -> None:
        self._seq += 1
        self._send({"seq": self._seq, **message})


def model_of(handler: Handler) -> type[Model] | None:
    """The model that the annotation of a handler's argument names; None for `Raw`."""
    name: str = handler.__annotations__["arguments"]
    if name == "Raw":
        return None
    from foreframe_protocol import dap_arguments

    model: type[Model] = getattr(dap_arguments, name.rpartition(".")[2])
    return model


def number(value: object) -> int | None:
    """A JSON value that is an integer."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def code_of(error: Exception) -> int:
    """The stable number of an error."""
    if isinstance(error, ForeframeError | EngineError):
        return error.code
    # Known only where it can occur: importing the world model would cost start-up time.
    if type(error).__name__ == "EntryError":
        return BadEntry.code
    return InternalError.code


def problems(error: ValidationError) -> str:
    """What is wrong with arguments, field by field."""
    found = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(str(part) for part in problem["loc"])
        found.append(f"{place}: {problem['msg']}" if place else str(problem["msg"]))
    return "; ".join(found)
