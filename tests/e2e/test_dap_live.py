"""Live mode over DAP: a real program leads, looking ahead and back runs nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from dap_client import Client, Failed, in_process
from live_tape import LiveTape
from tape import marks, record

from foreframe.dap.adapter import Adapter

SOURCE = """\
def area(w, h):
    size = w * h  # @size
    return size

def run(n):
    total = 0  # @first
    for i in range(n):
        total += area(i, 2)  # @call
        print(total)  # @print
    return total  # @return

result = run(3)  # @module
"""
MARKS = marks(SOURCE)
LABEL = "label"


class Setting:
    """A program on disk, and a client of an adapter whose model knows the truth about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = str(folder / "program.py")
        self.client, self.adapter = self.open()

    def open(self) -> tuple[Client, Adapter]:
        self.write(SOURCE)
        return in_process(lambda engine, frames: LiveTape(record(SOURCE)))

    async def begin(self, *lines: str, **arguments: Any) -> dict[str, Any]:
        await self.client.start(
            self.path, [MARKS[line] for line in lines], mode="live", **arguments
        )
        return await self.client.event("stopped")

    def write(self, source: str) -> None:
        Path(self.path).write_text(source)

    async def attach(self, port: int) -> None:
        """Attaches as soon as somebody listens there."""
        while True:
            try:
                await self.client.attach(connect={"host": "127.0.0.1", "port": port})
            except Failed as failed:
                if "nothing that can be attached to" not in str(failed):
                    raise
                await asyncio.sleep(0.1)
            else:
                return

    async def shown(self) -> list[tuple[str, int]]:
        """Function and line of each frame, innermost first; labels without a line."""
        return [(f["name"], f["line"]) for f in await self.client.stack()]

    async def top(self) -> dict[str, Any]:
        stack = await self.client.stack()
        return stack[1] if stack[0].get("presentationHint") == LABEL else stack[0]

    async def values(self) -> dict[str, str]:
        """Name → value of the innermost scope."""
        return {name: value for name, (value, _) in (await self.values_and_types()).items()}

    async def values_and_types(self) -> dict[str, tuple[str, str]]:
        scopes = (await self.client.scopes(frameId=(await self.top())["id"]))["scopes"]
        page = await self.client.variables(variablesReference=scopes[0]["variablesReference"])
        return {v["name"]: (v["value"], v.get("type", "")) for v in page["variables"]}

    async def ahead(self, **how: int) -> dict[str, Any]:
        body = await self.client.ask("foreframe/lookAhead", how)
        stopped = await self.client.event("stopped")
        assert (stopped["reason"], stopped["description"]) == ("goto", "Imagined")
        return body


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Setting]:
    setting = Setting(tmp_path)
    yield setting
    await setting.adapter.close()


async def test_the_real_program_is_stepped_as_with_debugpy_alone(live: Setting) -> None:
    stopped = await live.begin("size")
    assert stopped["reason"] == "breakpoint"
    assert await live.shown() == [
        ("area", MARKS["size"]), ("run", MARKS["call"]), ("<module>", MARKS["module"])
    ]  # fmt: skip
    assert await live.values() == {"w": "0", "h": "2"}
    assert (await live.client.step("next"))["reason"] == "step"
    assert await live.values() == {"w": "0", "h": "2", "size": "0"}
    await live.client.step("stepOut")
    assert (await live.values())["(return) area"] == "0"
    told = live.client.events("capabilities")[0]["capabilities"]
    assert told["supportsStepBack"]
    assert told["supportsModulesRequest"]
    assert not told["supportsDataBreakpoints"]
    said = [e["output"] for e in live.client.events("output")]
    assert any("is EXECUTED" in text for text in said)


async def test_the_program_runs_to_its_end_and_tells_how(live: Setting) -> None:
    await live.begin("print")
    await live.client.set_breakpoints(live.path)
    await live.client.ask("continue", {"threadId": 1})
    assert (await live.client.event("exited"))["exitCode"] == 0
    await live.client.event("terminated")
    assert live.client.printed() == "0\n2\n6\n"
    with pytest.raises(Failed) as failed:
        await live.client.ask("foreframe/lookAhead")
    assert failed.value.code == 2102


async def test_looking_ahead_shows_what_will_be_and_runs_nothing(live: Setting) -> None:
    await live.begin("call")
    body = await live.ahead(frames=3)
    assert body["frames"] == 3
    stack = await live.client.stack()
    assert stack[0]["presentationHint"] == LABEL
    assert stack[0]["name"].startswith("IMAGINED, 3 ahead: nothing runs, the program stands at ")
    assert (stack[1]["name"], stack[1]["line"]) == ("run", MARKS["call"])
    assert (await live.values_and_types())["(return) area"] == ("0", "int, predicted 87%")
    await live.ahead(frames=2)
    assert (await live.top())["line"] == MARKS["print"] + 0 - 2  # the loop's header
    assert (await live.values_and_types())["total"][0] == "0"
    assert live.client.printed() == ""
    # Any step forward returns to reality; the next one is real.
    assert (await live.client.step("next"))["description"] == "Back at the real stop"
    assert await live.shown() == [("run", MARKS["call"]), ("<module>", MARKS["module"])]
    assert (await live.client.step("next"))["reason"] == "step"
    assert await live.shown() == [("run", MARKS["print"]), ("<module>", MARKS["module"])]


async def test_looking_ahead_to_a_line_goes_as_far_as_that(live: Setting) -> None:
    await live.begin("first")
    body = await live.ahead(line=MARKS["return"])
    assert body["end"] == "reached"
    assert (await live.values_and_types())["total"] == ("6", "int, predicted 87%")
    assert live.client.printed() == ""
    await live.client.ask("foreframe/backToReal")
    assert (await live.client.event("stopped"))["description"] == "Back at the real stop"
    with pytest.raises(Failed, match="no code to stop at"):
        await live.client.ask("foreframe/lookAhead", {"line": 4})


async def test_back_from_the_future_comes_past_the_real_stop(live: Setting) -> None:
    await live.begin("call")
    await live.ahead(frames=3)
    assert (await live.client.step("stepBack"))["description"] == "Back at the real stop"
    assert (await live.client.step("stepBack"))["description"] == "Imagined"
    assert (await live.top())["line"] == MARKS["call"] - 1


async def test_back_shows_the_stops_that_were_seen_and_then_imagines(live: Setting) -> None:
    await live.begin("call")
    await live.client.step("next")
    assert (await live.values())["total"] == "0"
    assert (await live.client.step("stepBack"))["description"] == "Seen before"
    stack = await live.client.stack()
    assert stack[0]["name"].startswith("SEEN BEFORE, 1 back: nothing runs")
    assert (stack[1]["name"], stack[1]["line"]) == ("run", MARKS["call"])
    assert (await live.values_and_types())["i"] == ("0", "int, observed")
    assert (await live.client.step("stepBack"))["description"] == "Imagined"
    assert (await live.top())["line"] == MARKS["call"] - 1
    assert "i" not in await live.values()
    assert (await live.client.step("stepBack"))["description"] == "Imagined"
    assert (await live.top())["line"] == MARKS["first"]
    assert (await live.values_and_types())["n"] == ("3", "int, predicted 87%")
    assert (await live.client.step("continue"))["description"] == "Back at the real stop"
    assert (await live.top())["line"] == MARKS["print"]
    assert live.client.printed() == ""


async def test_reverse_continue_goes_to_the_breakpoint_before(live: Setting) -> None:
    await live.begin("call")
    for _ in range(3):
        await live.client.step("next")
    stopped = await live.client.step("reverseContinue")
    assert stopped["description"] == "Seen before"
    assert await live.values() == {"n": "3", "total": "0", "i": "0"}


async def test_where_nothing_is_known_it_stays_and_says_so(live: Setting) -> None:
    await live.begin("module", stopOnEntry=True)
    stopped = await live.client.step("stepBack")
    assert "is not known" in stopped["text"]
    assert stopped["description"] == "Back at the real stop"


async def test_expressions_on_imagined_values_run_nothing(live: Setting) -> None:
    await live.begin("call")
    await live.ahead(frames=3)
    assert await live.client.value("i + 1") == "1"
    with pytest.raises(Failed):
        await live.client.value("print('no')")
    frame = (await live.top())["id"]
    scopes = (await live.client.scopes(frameId=frame))["scopes"]
    reference = scopes[0]["variablesReference"]
    with pytest.raises(Failed, match="go back to the real stop"):
        await live.client.setVariable(variablesReference=reference, name="i", value="5")
    assert live.client.printed() == ""


async def test_real_values_are_set_and_expressions_are_really_evaluated(live: Setting) -> None:
    await live.begin("call")
    assert await live.client.value("area(3, 4)") == "12"
    frame = (await live.top())["id"]
    scopes = (await live.client.scopes(frameId=frame))["scopes"]
    await live.client.setVariable(
        variablesReference=scopes[0]["variablesReference"], name="total", value="100"
    )
    await live.client.step("next")
    assert (await live.values())["total"] == "100"


@pytest.mark.parametrize("command", ["restartFrame", "setDataBreakpoints", "nonsense"])
async def test_what_debugpy_would_never_answer_is_refused(live: Setting, command: str) -> None:
    await live.begin("call")
    with pytest.raises(Failed) as failed:
        await live.client.ask(command, {"threadId": 1})
    assert failed.value.code == 2301
    assert (await live.client.ask("threads"))["threads"]


async def test_a_module_with_words_is_run(live: Setting) -> None:
    package = live.folder / "package"
    package.mkdir()
    (package / "__main__.py").write_text("import sys\nprint(sys.argv[1:])\n")
    await live.client.initialize(adapterID="foreframe")
    await live.client.launch(mode="live", module="package", args=["a b"], cwd=str(live.folder))
    await live.client.event("initialized")
    await live.client.configurationDone()
    await live.client.event("terminated")
    assert live.client.printed() == "['a b']\n"


async def test_without_debugging_nothing_stops(live: Setting) -> None:
    await live.client.start(live.path, [MARKS["call"]], mode="live", noDebug=True, stopOnEntry=True)
    await live.client.event("terminated")
    assert live.client.printed() == "0\n2\n6\n"
    assert not live.client.events("stopped")


async def test_a_program_that_hangs_in_c_is_said_to(live: Setting) -> None:
    # on one line, so that no other line can begin, and stop, before the sleep does
    live.write("import time\n\ntime.sleep(print('now') or 1000)\n")
    await live.client.start(live.path, mode="live")
    await live.client.until(lambda: live.client.printed() or None)
    await live.client.pause(threadId=1)
    said = "".join(e["output"] for e in live.client.events("output"))
    assert "does not stop yet: line 3 of <module> is in code that is not Python" in said


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, 2302),
        ({"program": "no.py"}, 2001),
        ({"program": "program.py", "module": "m"}, 2302),
        ({"module": "m", "function": "f"}, 2004),
        ({"program": "program.py", "python": "/no/python"}, 2401),
        ({"program": 5}, 2302),
    ],
)
async def test_a_launch_that_cannot_be_says_why(
    live: Setting, arguments: dict[str, Any], code: int
) -> None:
    await live.client.initialize(adapterID="foreframe")
    with pytest.raises(Failed) as failed:
        await live.client.launch(mode="live", cwd=str(live.folder), **arguments)
    assert failed.value.code == code


async def test_only_modes_that_say_so_execute_the_program(live: Setting) -> None:
    live.write("open('ran', 'w').close()\nx = 1\n")
    trace = live.folder / "ran"
    await live.client.start(live.path, mode="imagine", cwd=str(live.folder), stopOnEntry=True)
    await live.client.event("stopped")
    await live.adapter.close()
    assert not trace.exists()
    live.client, live.adapter = in_process(lambda engine, frames: LiveTape(record("x = 1\n")))
    await live.client.start(live.path, mode="live", cwd=str(live.folder))
    await live.client.event("terminated")
    assert trace.exists()


# Attaching


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def listening(path: str, *, waits: bool = True) -> tuple[asyncio.subprocess.Process, int]:
    """A program under debugpy, listening as its users let it."""
    port = free_port()
    options = ["--wait-for-client"] if waits else []
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "debugpy", "--listen", f"127.0.0.1:{port}", *options, path,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    return process, port


async def test_a_program_that_runs_already_is_attached_to_and_left_running(live: Setting) -> None:
    process, port = await listening(live.path)
    try:
        await live.client.initialize(adapterID="foreframe")
        await live.attach(port)
        await live.client.event("initialized")
        await live.client.set_breakpoints(live.path, [MARKS["call"]])
        await live.client.configurationDone()
        assert (await live.client.event("stopped"))["reason"] == "breakpoint"
        assert (await live.top())["line"] == MARKS["call"]
        await live.ahead(line=MARKS["return"])
        assert (await live.values_and_types())["total"] == ("6", "int, predicted 87%")
        await live.client.step("next")
        assert (await live.client.step("next"))["reason"] == "step"
        assert (await live.top())["line"] == MARKS["print"]
        assert (await live.client.step("stepBack"))["description"] == "Seen before"
        await live.client.disconnect()
        await live.adapter.close()
        printed, _ = await process.communicate()
        assert (printed.decode(), process.returncode) == ("0\n2\n6\n", 0)
    finally:
        if process.returncode is None:
            process.kill()


async def test_the_end_of_a_program_that_was_attached_to_is_told(live: Setting) -> None:
    process, port = await listening(live.path)
    try:
        await live.client.initialize(adapterID="foreframe")
        await live.attach(port)
        await live.client.event("initialized")
        await live.client.configurationDone()
        await live.client.event("terminated")
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


async def test_attaching_to_nothing_says_so(live: Setting) -> None:
    await live.client.initialize(adapterID="foreframe")
    for arguments in ({}, {"port": free_port()}, {"processId": "x"}):
        with pytest.raises(Failed) as failed:
            await live.client.attach(**arguments)
        assert failed.value.code == 2402


@pytest.mark.skipif(not shutil.which("gdb"), reason="debugpy attaches to processes by gdb")
async def test_a_process_is_attached_to_by_its_number(live: Setting) -> None:
    live.write("import time\nwhile True:\n    time.sleep(0.01)\n")
    process = await asyncio.create_subprocess_exec(sys.executable, live.path)
    try:
        await live.client.initialize(adapterID="foreframe")
        await live.client.attach(processId=process.pid)
        await live.client.event("initialized")
        await live.client.set_breakpoints(live.path, [3])
        await live.client.configurationDone()
        assert (await live.client.event("stopped"))["reason"] == "breakpoint"
        assert (await live.top())["line"] == 3
        await live.client.disconnect()
        await live.adapter.close()
        os.kill(process.pid, 0)
    finally:
        process.kill()
        await process.wait()
