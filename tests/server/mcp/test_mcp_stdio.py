"""`foreframe mcp` as a process, over its stdin and stdout, by the SDK's own client."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp_types import CallToolResult
from serve_tape import SLOWLY
from served import serve_tape, served
from tape import record, save

SUPPORT = Path(__file__).parents[2] / "support"
FOREFRAME = ("-c", "import sys; from foreframe.cli import run; sys.exit(run())")
TOKEN = "a-token-that-nobody-guesses"
SOURCE = """\
def total(numbers):
    result = 0
    for number in numbers:
        result += number
    return result
"""
CALL = {"source": SOURCE, "function": "total", "args": "[1, 2, 3]"}
HOSTILE = """\
import os
import sibling

os.system("touch evidence")
open("evidence", "w").close()

def f(n):
    '''
    >>> f(1)
    2
    '''
    os.system("touch evidence")
    return n + 1
"""
HOLE = 'import os\n# f(os.system("touch evidence")) -> 2\ndef f(n):\n    return ??\n'
EVIL = "__import__('os').system('touch evidence')"


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mcp") / "total.tape"
    save(record(SOURCE, "total", "[1, 2, 3]"), path)
    return path


@asynccontextmanager
async def agent(words: Sequence[str], log: Path) -> AsyncIterator[Client]:
    """A client of a server that is started so; what it says on stderr goes to a file."""
    parameters = StdioServerParameters(
        command=sys.executable, args=[*words], cwd=log.parent, env=dict(os.environ)
    )
    with log.open("w") as said:
        async with Client(stdio_client(parameters, errlog=said)) as client:
            yield client


def read(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def until(log: Path, text: str, times: int) -> None:
    """Waits until something was said so often."""
    end = time.monotonic() + 60
    while log.read_text().count(text) < times:
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def left_behind(folder: Path) -> list[Path]:
    return list(folder.rglob("evidence"))


async def test_tools_answer_tell_progress_and_are_cancelled_at_the_model(tape: Path) -> None:
    log = tape.with_name("stdio.log")
    async with agent([str(SUPPORT / "mcp_tape.py"), str(tape)], log) as client:
        assert len((await client.list_tools()).tools) > 20
        told = read(await client.call_tool("predict_call", CALL))
        assert told["value"]["text"] == "6"

        begun = asyncio.Event()
        heard: list[float] = []

        async def progress(done: float, total: float | None, message: str | None) -> None:
            heard.append(done)
            begun.set()

        slow = {**CALL, "max_frames": SLOWLY}
        session = read(await client.call_tool("start_session", slow))["session"]
        run = {"session": session, "way": "run"}
        for number, (tool, arguments) in enumerate((("predict_call", slow), ("step", run)), 1):
            begun.clear()
            heard.clear()
            call = asyncio.create_task(
                client.call_tool(tool, arguments, progress_callback=progress)
            )
            await begun.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await asyncio.to_thread(until, log, "cancelled", number)
        told = read(await client.call_tool("get_state", {"session": session}))
        assert (told["status"], told["reason"]) == ("stopped", "pause")

        heard.clear()
        told = read(await client.call_tool("step", run, progress_callback=progress))
        assert told["value"]["text"] == "6"
        assert heard == sorted(heard)
    assert "some library" in log.read_text()  # and not in the protocol
    assert "Traceback" not in log.read_text()


async def test_the_tools_work_on_a_server_that_runs_elsewhere(tape: Path) -> None:
    secret = tape.with_name("token")
    secret.write_text(TOKEN)
    secret.chmod(0o600)
    log = tape.with_name("remote.log")
    with serve_tape(tape, FOREFRAME_TOKEN=TOKEN) as server:
        words = [*FOREFRAME, "mcp", "--server", server.url, "--token-file", str(secret)]
        async with agent(words, log) as client:
            told = read(await client.call_tool("start_session", CALL))
            arguments = {"session": told["session"], "way": "run"}
            told = read(await client.call_tool("step", arguments))
            assert told["value"]["text"] == "6"
            assert "compare" not in {tool.name for tool in (await client.list_tools()).tools}
    assert TOKEN not in log.read_text()


async def test_agents_can_come_over_a_loopback_port_but_not_by_another_name(tape: Path) -> None:
    words = (str(SUPPORT / "mcp_tape.py"), str(tape), "0")
    with served(*words, log=tape.with_name("http.log")) as server:
        async with Client(server.url) as client:
            told = read(await client.call_tool("predict_call", CALL))
            assert told["value"]["text"] == "6"
        async with httpx.AsyncClient(trust_env=False) as http:
            strange = {"Host": "rebound.example", "Accept": "application/json"}
            answer = await http.post(server.url, headers=strange, json={})
            assert answer.status_code == 421
            page = {"Origin": "https://other.example", "Accept": "application/json"}
            answer = await http.post(server.url, headers=page, json={})
            assert answer.status_code == 403


async def test_a_hostile_program_runs_nothing(tmp_path: Path) -> None:
    folder, watched = tmp_path / "hostile", tmp_path / "watched.log"
    folder.mkdir()
    path = folder / "program.py"
    path.write_text(HOSTILE)
    (folder / "sibling.py").write_text("open('evidence', 'w')\n")
    words = [
        str(SUPPORT / "audited.py"), str(watched), str(path), "foreframe.cli", "mcp", "--folder",
        str(folder),
    ]  # fmt: skip
    call = {"file": "program.py", "function": "f", "args": "1", "max_frames": 40}
    async with agent(words, tmp_path / "said.log") as client:
        module = {"file": "program.py", "max_frames": 40}
        for tool, arguments in (
            ("predict_call", call),
            ("predict_call", module),
            ("explain", module),
            ("does_it_end", call),
            ("fill_holes", {"source": HOLE, "candidates": 2, "examples": [f"f({EVIL}) -> 1"]}),
            ("guess_inputs", {"file": "program.py", "function": "f", "returned": EVIL}),
            ("compare", module),
            ("start_session", {**module, "check": True}),
            ("predict_call", {**call, "args": EVIL}),
        ):
            await client.call_tool(tool, arguments)
        session = read(await client.call_tool("start_session", call))["session"]
        for tool, arguments in (
            ("evaluate", {"expression": EVIL}),
            ("set_variable", {"name": "n", "value": EVIL}),
            ("set_breakpoints", {"breakpoints": [{"line": 13, "condition": EVIL}]}),
            ("search", {"wanted": "condition", "condition": EVIL}),
            ("step", {"way": "run"}),
        ):
            await client.call_tool(tool, {"session": session, **arguments})
    assert watched.read_text() == ""
    assert not left_behind(tmp_path)


def test_other_commands_do_not_load_what_only_this_one_needs() -> None:
    program = (
        "import sys, foreframe.cli, foreframe.dap.server, foreframe.client\n"
        "print([n for n in ('mcp', 'websockets', 'fastapi', 'uvicorn') if n in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
