"""A DAP client for tests: checks every message it gets against the protocol's JSON schema."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import debugpy
import jsonschema

from foreframe.dap.adapter import Adapter
from foreframe.dap.launch import OpenWorld
from foreframe_protocol.wire import Decoder, encode

TIMEOUT = 60.0  # seconds; nothing here takes long unless it hangs
SUPPORT = Path(__file__).parent


@cache
def schema() -> dict[str, Any]:
    """The protocol's schema, as debugpy carries it."""
    path = Path(debugpy.__file__).parent / (
        "_vendored/pydevd/_pydevd_bundle/_debug_adapter/debugProtocol.json"
    )
    return json.loads(path.read_text())


@cache
def validator(definition: str) -> jsonschema.Validator:
    return jsonschema.Draft4Validator({"$ref": f"#/definitions/{definition}", **schema()})


def check(message: dict[str, Any]) -> None:
    """Raises ValidationError when a message from the adapter is not as the protocol says."""
    known = schema()["definitions"]
    if message["type"] == "event":
        name = message["event"][0].upper() + message["event"][1:] + "Event"
    else:
        name = message["command"][:1].upper() + message["command"][1:] + "Response"
        if not message["success"]:
            name = "ErrorResponse"
    is_known = name in known or name.startswith("Foreframe/")
    assert is_known or not message.get("success", True), f"{name} is not in the schema"
    plain = "Event" if message["type"] == "event" else "Response"
    validator(name if name in known else plain).validate(message)


class Failed(Exception):
    """An error response."""

    def __init__(self, response: dict[str, Any]) -> None:
        super().__init__(response["message"])
        self.response = response
        self.error = response.get("body", {}).get("error", {})
        self.code = self.error.get("id")


class Client:
    """Requests by name: `await client.next(threadId=1)`. Events are kept in order."""

    def __init__(self, write: Callable[[dict[str, Any]], None]) -> None:
        self.write = write
        self.seq = 0
        self.log: list[dict[str, Any]] = []
        self.news = asyncio.Event()
        self.read_events = 0

    def receive(self, message: dict[str, Any]) -> None:
        message = json.loads(json.dumps(message))
        check(message)
        self.log.append(message)
        self.news.set()

    async def until(self, find: Callable[[], Any]) -> Any:
        """What `find` gives, as soon as it gives something."""
        async with asyncio.timeout(TIMEOUT):
            while (found := find()) is None:
                self.news.clear()
                await self.news.wait()
        return found

    def post(self, command: str, arguments: object = None) -> int:
        """Sends a request and does not wait."""
        self.seq += 1
        message: dict[str, Any] = {"seq": self.seq, "type": "request", "command": command}
        if arguments is not None:
            message["arguments"] = arguments
        self.write(message)
        return self.seq

    async def response(self, seq: int) -> dict[str, Any]:
        """The response to a request, whatever it says."""

        def find() -> dict[str, Any] | None:
            return next((m for m in self.log if m.get("request_seq") == seq), None)

        return await self.until(find)

    async def ask(self, command: str, arguments: object = None) -> dict[str, Any]:
        """The body of the response. Raises Failed."""
        response = await self.response(self.post(command, arguments))
        if not response["success"]:
            raise Failed(response)
        return response.get("body", {})

    def __getattr__(self, command: str) -> Callable[..., Any]:
        if command.startswith("_"):
            raise AttributeError(command)
        return lambda **arguments: self.ask(command, arguments)

    def events(self, name: str) -> list[dict[str, Any]]:
        return [m["body"] for m in self.log if m.get("event") == name]

    async def event(self, name: str) -> dict[str, Any]:
        """The body of the next event of this name after the last one asked for."""

        def find() -> dict[str, Any] | None:
            for index in range(self.read_events, len(self.log)):
                if self.log[index].get("event") == name:
                    self.read_events = index + 1
                    return self.log[index].get("body", {})
            return None

        return await self.until(find)

    def printed(self, category: str = "stdout") -> str:
        return "".join(e["output"] for e in self.events("output") if e["category"] == category)

    async def start(self, program: str, breakpoints: object = (), **arguments: object) -> None:
        """Initializes, launches, sets breakpoints (lines or objects) and lets it run."""
        await self.initialize(adapterID="foreframe", supportsVariableType=True)
        launch = self.post("launch", {"program": program, **arguments})
        response = await self.response(launch)
        if not response["success"]:
            raise Failed(response)
        await self.event("initialized")
        await self.set_breakpoints(program, breakpoints)
        await self.configurationDone()

    async def set_breakpoints(self, program: str, breakpoints: Any = ()) -> list[dict[str, Any]]:
        wanted = [b if isinstance(b, dict) else {"line": b} for b in breakpoints]
        body = await self.setBreakpoints(source={"path": program}, breakpoints=wanted)
        return body["breakpoints"]

    async def step(self, command: str) -> dict[str, Any]:
        """Steps, and gives the `stopped` event's body."""
        await self.ask(command, {"threadId": 1})
        return await self.event("stopped")

    async def stack(self) -> list[dict[str, Any]]:
        return (await self.stackTrace(threadId=1))["stackFrames"]

    async def line(self) -> int:
        return (await self.stack())[0]["line"]

    async def locals(self, frame: int = 0) -> dict[str, str]:
        """Name → value of a frame's locals, innermost 0."""
        return {v["name"]: v["value"] for v in await self.local_variables(frame)}

    async def local_variables(self, frame: int = 0) -> list[dict[str, Any]]:
        stack = await self.stack()
        scopes = (await self.scopes(frameId=stack[frame]["id"]))["scopes"]
        page = await self.variables(variablesReference=scopes[0]["variablesReference"])
        return page["variables"]

    async def value(self, expression: str, context: str = "watch") -> str:
        frame = (await self.stack())[0]["id"]
        body = await self.evaluate(expression=expression, frameId=frame, context=context)
        return body["result"]


def in_process(open_world: OpenWorld) -> tuple[Client, Adapter]:
    """A client of an adapter in this process, without a transport."""
    client = Client(lambda message: adapter.receive(json.loads(json.dumps(message))))
    adapter = Adapter(client.receive, open_world)
    return client, adapter


class Piped(Client):
    """A client of an adapter in a process of its own, over its stdin and stdout."""

    process: asyncio.subprocess.Process

    @classmethod
    async def open(cls, *command: str) -> Piped:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None
        client = cls(lambda message: stdin.write(encode(message)))
        client.process = process
        client.reading = asyncio.ensure_future(client._read(stdout))
        return client

    @classmethod
    async def tape(cls, tape: Path, *options: str) -> Piped:
        """A client of `tape_adapter.py`."""
        return await cls.open(sys.executable, str(SUPPORT / "tape_adapter.py"), str(tape), *options)

    async def _read(self, stdout: asyncio.StreamReader) -> None:
        decoder = Decoder()
        while data := await stdout.read(1 << 16):
            for message in decoder.feed(data):
                assert isinstance(message, dict), message
                self.receive(message)

    async def close(self) -> int:
        """Waits for the adapter's end; its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        async with asyncio.timeout(TIMEOUT):
            status = await self.process.wait()
            await self.reading
        return status
