"""`foreframe dap` as a process, over its stdin and stdout."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from dap_client import SUPPORT, Client, Piped
from tape import marks, record, save

from foreframe_protocol.states import Frame
from foreframe_protocol.wire import Decoder, encode

SOURCE = """\
def fib(n):
    if n < 2:  # @test
        return n
    left = fib(n - 1)  # @left
    right = fib(n - 2)
    return left + right

answer = fib(4)  # @call
print("fib", answer)
"""
MARKS = marks(SOURCE)


class Program:
    """A file and its tape."""

    def __init__(self, folder: Path, source: str, function: str | None = None, args: str = ""):
        self.path = folder / "program.py"
        self.path.write_text(source)
        self.tape = folder / "program.tape"
        save(record(source, function, args), self.tape)


@pytest.fixture
def fib(tmp_path: Path) -> Program:
    return Program(tmp_path, SOURCE)


async def test_a_session_over_pipes_ends_with_the_client(fib: Program):
    client = await Piped.tape(fib.tape)
    await client.start(str(fib.path), [MARKS["left"]])
    assert (await client.event("stopped"))["reason"] == "breakpoint"
    assert await client.locals() == {"n": "4"}
    assert [f["name"] for f in await client.stack()] == ["fib", "<module>"]
    await client.set_breakpoints(str(fib.path))
    await client.step("stepOut")
    assert (await client.locals())["(return) fib"] == "3"
    await client.step("continue")
    assert client.printed() == "fib 3\n"
    await client.disconnect()
    assert await client.close() == 0


async def test_the_end_of_stdin_ends_the_process(fib: Program):
    client = await Piped.tape(fib.tape)
    await client.start(str(fib.path), stopOnEntry=True)
    await client.event("stopped")
    assert await client.close() == 0


async def test_rubbish_is_answered_and_survived(fib: Program):
    client = await Piped.tape(fib.tape)
    stdin = client.process.stdin
    assert stdin is not None
    await client.initialize(adapterID="x")
    body = b'{"seq": 77, "type": "request", "command": "next", '
    stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    response = await client.response(77)
    assert response["body"]["error"]["id"] == 2303
    stdin.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    stdin.write(encode({"no": "request"}))
    stdin.write(encode({"seq": 78, "type": "request", "command": "makeCoffee"}))
    response = await client.response(78)
    assert response["body"]["error"]["id"] == 2301
    assert len([e for e in client.events("output") if e["category"] == "stderr"]) == 2
    await client.launch(program=str(fib.path), stopOnEntry=True)
    await client.configurationDone()
    assert (await client.event("stopped"))["reason"] == "entry"
    await client.close()


async def test_what_else_is_printed_in_the_process_does_not_disturb_the_protocol(tmp_path: Path):
    code = (
        "import os\n"
        "from foreframe.dap import server\n"
        "def world(engine, frames):\n"
        "    print('loading'); os.write(1, b'from C'); raise ValueError('none here')\n"
        "server.serve_stdio(open_world=world)\n"
    )
    (tmp_path / "program.py").write_text("x = 1\n")
    client = await Piped.open(sys.executable, "-c", code)
    await client.initialize(adapterID="x")
    response = await client.response(
        client.post("launch", {"program": str(tmp_path / "program.py")})
    )
    assert "none here" in response["message"]
    await client.close()


async def test_a_recursion_of_hundreds_of_scopes_is_shown_in_parts(tmp_path: Path):
    source = "def down(n):\n    if n:\n        return down(n - 1)\n    return 0  # @deep\n"
    program = Program(tmp_path, source, "down", "480")
    client = await Piped.tape(program.tape)
    await client.start(
        str(program.path), [marks(source)["deep"]], function="down", args="480", maxFrames=5000
    )
    await client.event("stopped")
    body = await client.stackTrace(threadId=1, startFrame=470, levels=5)
    assert body["totalFrames"] == 481
    assert len(body["stackFrames"]) == 5
    frame = body["stackFrames"][0]["id"]
    assert (await client.evaluate(expression="n", frameId=frame))["result"] == "470"
    await client.close()


async def test_a_file_of_twenty_thousand_lines_and_a_value_of_ten_megabytes(tmp_path: Path):
    path, tape = tmp_path / "program.py", tmp_path / "program.tape"
    path.write_text("x = 1\n" * 20_000 + "big = 'x' * 10_000_000\ny = 2\n")
    big = repr("x" * 10_000_000)

    def grown(frame: Frame) -> Frame:
        line = 1 if frame.line == 1 else frame.line + 19_999
        if frame.locals is None or "big" not in frame.locals:
            return replace(frame, line=line)
        values = {**frame.locals, "big": replace(frame.locals["big"], text=big)}
        return replace(frame, line=line, locals=values)

    frames = [grown(frame) for frame in record("x = 1\nbig = 'xx'\ny = 2\n")]
    save(frames, tape)
    client = await Piped.tape(tape)
    await client.start(str(path), [20_002])
    await client.event("stopped")
    assert await client.line() == 20_002
    assert (await client.locals())["big"].endswith("(10,000,002 characters)")
    assert len(await client.value("big", "clipboard")) == 10_000_002
    assert await client.value("len(big)") == "10000000"
    await client.close()


HOSTILE = """\
import pathlib
import sibling
pathlib.Path(__file__).with_name("was-run").write_text("x")
x = sibling.value
print(x)
"""


HARMLESS = """\
import pathlib
import json
pathlib.PurePath("x").with_name("was-run")
x = 3
print(x)
"""  # the same lines and values


async def test_a_session_runs_imports_and_writes_nothing_of_the_users(tmp_path: Path):
    folder = tmp_path / "users"
    folder.mkdir()
    (folder / "sibling.py").write_text("value = 3\n")
    tape = tmp_path / "program.tape"
    save(record(HARMLESS), tape)
    (folder / "program.py").write_text(HOSTILE)
    log = tmp_path / "audit.log"
    client = await Piped.open(
        sys.executable,
        str(SUPPORT / "audited.py"),
        str(log),
        str(folder / "program.py"),
        str(SUPPORT / "tape_adapter.py"),
        str(tape),
    )
    await client.start(str(folder / "program.py"), [4], stopOnEntry=True)
    await client.event("stopped")
    for command in ("next", "stepIn", "stepBack", "continue"):
        await client.step(command)
        await client.local_variables()
    for expression in ("sibling.value", "pathlib", "__import__('sibling')", "open('x', 'w')"):
        await client.response(client.post("evaluate", {"expression": expression}))
    await client.step("continue")
    await client.close()
    assert log.read_text() == ""
    assert not (folder / "was-run").exists()


async def test_the_audit_hook_would_have_seen_it(tmp_path: Path):
    (tmp_path / "sibling.py").write_text("value = 3\n")
    program = tmp_path / "program.py"
    program.write_text(f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n{HOSTILE}")
    log = tmp_path / "audit.log"
    command = (str(SUPPORT / "audited.py"), str(log), str(program), str(program))
    process = await asyncio.create_subprocess_exec(sys.executable, *command)
    assert await process.wait() == 0
    seen = {line.split()[0] for line in log.read_text().splitlines()}
    assert seen >= {"exec", "import", "open"}


async def test_tcp_serves_several_clients_one_after_another_and_at_once(fib: Program):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SUPPORT / "tape_adapter.py"),
        str(fib.tape),
        "--tcp",
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        told = (await process.stderr.readline()).decode()
        host, _, port = told.rpartition(" ")[2].strip().rpartition(":")
        assert host == "127.0.0.1"

        async def session(line: int) -> str:
            reader, writer = await asyncio.open_connection(host, int(port))
            client = Client(lambda message: writer.write(encode(message)))

            async def read() -> None:
                decoder = Decoder()
                while data := await reader.read(1 << 16):
                    for message in decoder.feed(data):
                        client.receive(message)  # type: ignore[arg-type]

            reading = asyncio.ensure_future(read())
            await client.start(str(fib.path), [line])
            await client.event("stopped")
            value = (await client.locals()).get("n", "module")
            await client.disconnect()
            await reading  # the server closes the connection
            writer.close()
            return value

        assert await session(MARKS["left"]) == "4"
        both = await asyncio.gather(session(MARKS["left"]), session(MARKS["call"]))
        assert both == ["4", "module"]
    finally:
        process.kill()
        await process.wait()


async def test_a_port_that_is_taken_is_the_persons_mistake():
    taken = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    foreframe = str(Path(sys.executable).with_name("foreframe"))
    process = await asyncio.create_subprocess_exec(
        foreframe, "dap", "--port", str(port), stderr=asyncio.subprocess.PIPE
    )
    _, told = await process.communicate()
    taken.close()
    assert process.returncode == 2
    assert f"--port {port}".encode() in told
    assert b"Traceback" not in told
