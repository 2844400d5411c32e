"""Conversations with the debug adapter, the language server and the WebSocket, all of them mutated.

Each gives what was wrong, in words: a fault of our own, no answer, something left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import rule_world
from mutations import Mutator, is_harmless

from foreframe.dap.adapter import Adapter
from foreframe.door import Limits
from foreframe.language.port import Requests
from foreframe.language.server import make_server
from foreframe.web.app import create_app
from foreframe.web.settings import ServeSettings
from foreframe_models.engines.base import EngineAborted
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import Frame, Goal, Trace
from foreframe_protocol.wire import Decoder, encode

DEADLINE = 60.0  # seconds, of what hangs
PROGRAM = rule_world.SOURCE
HOLES = '# f(1) -> 2\ndef f(n):\n    """>>> f(2)\n    3\n    """\n    a = ??\n    return a\n'
MOST = 120  # frames


class FuzzWorld(rule_world.RuleWorld):
    """The rules, asked for programs and values that they do not know."""

    def __init__(self, max_frames: int) -> None:
        super().__init__()
        self.max_frames = max_frames

    async def start(self, program: Program, entry: Entry) -> Trace:
        if entry.function != "f":
            raise EngineAborted("there are only rules for f")
        return await super().start(program, entry)

    async def predict(self, program: Program, trace: Trace, goal: Goal, **options: Any) -> Any:
        watch = options.pop("on_frame", None)
        count = itertools.count(trace.length)

        def on_frame(frame: Frame) -> bool | None:
            return (watch is not None and watch(frame)) or next(count) >= self.max_frames

        try:
            return await super().predict(program, trace, goal, on_frame=on_frame, **options)
        except (LookupError, ValueError, AssertionError) as error:
            raise EngineAborted(f"no rule: {error!r}"[:200]) from None


# The debug adapter


def dap_conversation(program: Path) -> list[dict[str, Any]]:
    """A valid one, from beginning to end."""
    source = {"path": str(program)}
    thread, frame = {"threadId": 1}, {"frameId": 1}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("initialize", {"adapterID": "foreframe", "linesStartAt1": True, "pathFormat": "path"}),
        ("launch", {"program": str(program), "function": "f", "args": "3", "stopOnEntry": True}),
        ("setBreakpoints", {"source": source, "breakpoints": [{"line": 8, "condition": "n < 2"}]}),
        ("setFunctionBreakpoints", {"breakpoints": [{"name": "f"}]}),
        ("setExceptionBreakpoints", {"filters": []}),
        ("configurationDone", {}),
        ("threads", {}),
        ("next", thread),
        ("stackTrace", {**thread, "startFrame": 0, "levels": 20}),
        ("scopes", frame),
        ("variables", {"variablesReference": 1, "start": 0, "count": 10}),
        ("stepIn", thread),
        ("evaluate", {"expression": "[n, total][0] + 1", **frame, "context": "watch"}),
        ("setVariable", {"variablesReference": 1, "name": "n", "value": "5"}),
        ("setExpression", {"expression": "total", "value": "7", **frame}),
        ("completions", {**frame, "text": "n", "column": 2}),
        ("dataBreakpointInfo", {"variablesReference": 1, "name": "n"}),
        ("setDataBreakpoints", {"breakpoints": [{"dataId": "f:n", "accessType": "write"}]}),
        ("stepBack", thread),
        ("continue", thread),
        ("reverseContinue", thread),
        ("stepOut", thread),
        ("gotoTargets", {"source": source, "line": 9}),
        ("goto", {**thread, "targetId": 1}),
        ("stepInTargets", frame),
        ("restartFrame", frame),
        ("source", {"source": source, "sourceReference": 0}),
        ("loadedSources", {}),
        ("exceptionInfo", thread),
        ("breakpointLocations", {"source": source, "line": 1, "endLine": 7}),
        ("foreframe/timeline", {"start": 0, "count": 10}),
        ("foreframe/branches", {}),
        ("foreframe/goTo", {"step": 0, "branch": 0}),
        ("foreframe/setDirection", {"direction": "backward"}),
        ("foreframe/ahead", {"frames": 5}),
        ("foreframe/passed", frame),
        ("foreframe/lookAhead", {"frames": 2}),
        ("foreframe/explain", {}),
        ("foreframe/halts", {}),
        ("pause", thread),
        ("cancel", {"requestId": 3}),
        ("restart", {}),
        ("terminate", {}),
    ]
    return [
        {"seq": seq, "type": "request", "command": command, "arguments": arguments}
        for seq, (command, arguments) in enumerate(steps, 1)
    ]


async def dap(mutator: Mutator, folder: Path) -> tuple[int, list[str]]:
    """One mutated session: how many messages it had, and what was wrong."""
    program = folder / "program.py"
    if not program.exists():
        program.write_text(PROGRAM)
    told: list[dict[str, Any]] = []
    adapter = Adapter(lambda m: told.append(json.loads(encode(m).split(b"\r\n\r\n")[1])), opened)
    decoder, count, wrong = Decoder(), 0, []
    noise = io.StringIO()
    with contextlib.redirect_stderr(noise):
        for message in mutator.messages(dap_conversation(program)):
            data = mutator.framed(message)
            if not is_harmless(data):
                continue
            count += 1
            for found in decoder.feed(data):
                adapter.receive(found)
            if mutator.chance.random() < 0.5:
                await asyncio.sleep(0)
        # Whatever came before, after a blank line a message is read again.
        last = {"seq": 10**6, "type": "request", "command": "threads"}
        for found in [*decoder.feed(b"\r\n\r\n" + encode(last)), *Decoder().feed(encode(last))]:
            adapter.receive(found)
        async with asyncio.timeout(DEADLINE):
            while adapter.pending:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            await adapter.close()
    answered = [m["request_seq"] for m in told if m["type"] == "response"]
    if answered.count(10**6) < 1:
        wrong.append("the last request was not answered")
    wrong += [
        f"a fault of our own: {m}"
        for m in told
        if m["type"] == "response"
        and not m["success"]
        and m["body"].get("error", {}).get("id") == 2900
    ]
    if "Traceback" in noise.getvalue() or "(error 2900)" in json.dumps(told):
        wrong.append(noise.getvalue()[-3000:] or "internal error")
    return count, wrong


def opened(engine: str, max_frames: int | None) -> FuzzWorld:
    return FuzzWorld(max_frames=min(max_frames or MOST, MOST))


# The language server


def lsp_conversation() -> list[dict[str, Any]]:
    """A valid one, from beginning to end."""
    uri = "file:///fuzz.py"
    document = {"uri": uri}
    at = {"textDocument": document, "position": {"line": 5, "character": 9}}
    span = {"start": {"line": 0, "character": 0}, "end": {"line": 7, "character": 0}}
    edit = {"range": {"start": span["start"], "end": span["start"]}, "text": "# 字\n"}
    item = {"uri": uri, "languageId": "python", "version": 1, "text": HOLES}
    context = {"frameId": 1, "stoppedLocation": span}
    whole = {"textDocument": document, "range": span}
    second = {"uri": uri, "version": 2}

    def command(name: str, line: int) -> dict[str, Any]:
        return {"command": f"foreframe.{name}", "arguments": [uri, line]}

    begin = {"processId": None, "rootUri": None, "capabilities": {"textDocument": {}}}
    steps: list[tuple[str, Any, bool]] = [
        ("initialize", begin, True),
        ("initialized", {}, False),
        ("textDocument/didOpen", {"textDocument": item}, False),
        ("textDocument/codeLens", {"textDocument": document}, True),
        ("textDocument/inlayHint", whole, True),
        ("textDocument/hover", at, True),
        ("textDocument/inlineValue", {**whole, "context": context}, True),
        ("textDocument/completion", at, True),
        ("textDocument/inlineCompletion", {**at, "context": {"triggerKind": 1}}, True),
        ("textDocument/codeAction", {**whole, "context": {"diagnostics": []}}, True),
        ("codeAction/resolve", {"title": "x", "data": {"uri": uri, "hole": 0}}, True),
        ("textDocument/didChange", {"textDocument": second, "contentChanges": [edit]}, False),
        ("workspace/executeCommand", command("fillHoles", 6), True),
        ("workspace/executeCommand", command("halts", 2), True),
        ("workspace/executeCommand", command("explain", 2), True),
        ("workspace/didChangeConfiguration", {"settings": {"inlayHints": True}}, False),
        ("$/cancelRequest", {"id": 5}, False),
        ("textDocument/didClose", {"textDocument": document}, False),
    ]  # fmt: skip
    return [
        {"jsonrpc": "2.0", **({"id": number} if asks else {}), "method": method, "params": params}
        for number, (method, params, asks) in enumerate(steps, 1)
    ]


class Pipe:
    """In place of a visitor: what was written is read, once."""

    limits = Limits()

    def __init__(self, parts: list[bytes]) -> None:
        self.parts = parts

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        return self.parts.pop(0) if self.parts else b""

    async def drain(self) -> None: ...

    async def caught_up(self, pending: object) -> None: ...


class Answers:
    """What the language server has written."""

    def __init__(self) -> None:
        self.found: list[Any] = []
        self._decoder = Decoder()

    def write(self, data: bytes) -> None:
        self.found += self._decoder.feed(data)

    def close(self) -> None: ...


async def lsp(mutator: Mutator, folder: Path) -> tuple[int, list[str]]:
    """One mutated session: how many messages it had, and what was wrong."""
    from pygls.io_ import run_async

    server = make_server("fuzz", opened)
    answers, parts = Answers(), list[bytes]()
    server.protocol.set_writer(answers)
    parts += [mutator.framed(message) for message in mutator.messages(lsp_conversation())]
    count = len(parts)
    last = {"jsonrpc": "2.0", "id": 10**6, "method": "shutdown"}
    parts += [b"\r\n\r\n", encode(last)]
    wrong = []
    pipe: Any = Pipe(parts)
    async with asyncio.timeout(DEADLINE):
        with contextlib.suppress(SystemExit):
            from threading import Event

            await run_async(Event(), Requests(pipe, server.protocol), server.protocol)
        # what was asked last may still be predicted
        await server.language.close()
        while server.protocol.pending:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        server.shutdown()
    is_answered = any(isinstance(m, dict) and m.get("id") == 10**6 for m in answers.found)
    if not (is_answered or mutator.has_broken_headers):
        wrong.append("`shutdown` was not answered")
    return count, wrong


# The WebSocket


def socket_conversation() -> list[dict[str, Any]]:
    """Valid messages of one socket."""
    actions: list[dict[str, Any]] = [
        {"kind": "step", "action": "step_over", "direction": "forward"},
        {"kind": "step", "action": "step_into", "direction": "forward"},
        {"kind": "set_variable", "name": "n", "value": "2", "scope": 0, "path": []},
        {"kind": "step", "action": "step_over", "direction": "backward"},
        {"kind": "go_to", "step": 0, "branch": 0},
        {"kind": "look_ahead", "frames": 3},
        {"kind": "search", "wanted": "change", "name": "total", "direction": "backward"},
        {"kind": "search", "wanted": "condition", "condition": "total > 1", "direction": "forward"},
        {"kind": "set_breakpoints", "breakpoints": [{"line": 8, "condition": "n == 1"}]},
        {"kind": "step", "action": "run_to", "direction": "forward"},
        {"kind": "set_line", "line": 9},
        {"kind": "restart_frame", "scope": 0},
        {"kind": "pause"},
    ]
    return [{"request": number, "action": action} for number, action in enumerate(actions)]


@asynccontextmanager
async def application() -> AsyncIterator[Any]:
    """The whole server without a port, from its start to its end."""
    app = create_app(ServeSettings(keeps=False, most_sessions=8), opened)
    events: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    said: asyncio.Queue[Any] = asyncio.Queue()
    life = asyncio.ensure_future(app({"type": "lifespan"}, events.get, said.put))
    events.put_nowait({"type": "lifespan.startup"})
    assert (await said.get())["type"] == "lifespan.startup.complete"
    try:
        yield app
    finally:
        events.put_nowait({"type": "lifespan.shutdown"})
        await life


async def ask(app: Any, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """A request of HTTP without a port."""
    data = b"" if body is None else json.dumps(body).encode()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "scheme": "http", "server": ("127.0.0.1", 8642), "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
    }  # fmt: skip
    answers: list[Any] = []
    requests = [{"type": "http.request", "body": data, "more_body": False}]

    async def receive() -> Any:
        if requests:
            return requests.pop()
        await asyncio.Event().wait()

    async def send(event: Any) -> None:
        answers.append(event)

    await app(scope, receive, send)
    text = b"".join(event.get("body", b"") for event in answers)
    return answers[0]["status"], json.loads(text) if text else None


async def socket(mutator: Mutator, app: Any) -> tuple[int, list[str]]:
    """One mutated socket: how many messages it had, and what was wrong."""
    body = {"source": PROGRAM, "function": "f", "args": "3", "look_ahead_tokens": 0}
    status, session = await ask(app, "POST", "/api/v1/sessions", body)
    assert status == 201, session
    path = f"/api/v1/sessions/{session['id']}"
    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "path": f"{path}/socket", "raw_path": b"",
        "query_string": b"", "root_path": "", "scheme": "ws", "subprotocols": [],
        "server": ("127.0.0.1", 8642), "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"127.0.0.1")], "extensions": {"websocket.http.response": {}},
    }  # fmt: skip
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    told: list[Any] = []

    async def send(event: Any) -> None:
        told.append(event)

    noise = io.StringIO()
    count = 0
    wrong: list[str] = []
    with contextlib.redirect_stderr(noise):
        incoming.put_nowait({"type": "websocket.connect"})
        talking = asyncio.ensure_future(app(scope, incoming.get, send))
        messages = mutator.messages(socket_conversation())
        for message in messages:
            data = mutator.text(message)
            event: dict[str, Any] = {"type": "websocket.receive"}
            if mutator.chance.random() < 0.03:
                event["bytes"] = data
            else:
                event["text"] = data.decode("utf-8", "replace")
            incoming.put_nowait(event)
            count += 1
            for _ in range(mutator.chance.randrange(6)):
                await asyncio.sleep(0)
        async with asyncio.timeout(DEADLINE):
            for _ in range(50):
                await asyncio.sleep(0)
            incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
            await talking
            status, _ = await ask(app, "GET", path)
            if status != 200:
                wrong.append(f"the session is gone: {status}")
            status, _ = await ask(app, "DELETE", path)
            if status != 204:
                wrong.append(f"the session cannot be closed: {status}")
    texts = [event.get("text") or "" for event in told]
    wrong += [text for text in texts if '"code":2900' in text.replace(" ", "")]
    if "Traceback" in noise.getvalue() or any("error 2900" in text for text in texts):
        wrong.append(noise.getvalue()[-3000:] or "internal error")
    return count, wrong
