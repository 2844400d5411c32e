"""An independent client, dap-python: it parses and checks all that the adapter says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import dap
import pytest
from dap import events, responses, types
from dap.base import Event
from dap_client import SUPPORT
from tape import marks, record, save

T = TypeVar("T")
SOURCE = """\
def total(items):
    result = 0  # @first
    for item in items:
        result += item  # @add
    print(result)
    return result  # @return

total([1, 2, 3])  # @call
"""
MARKS = marks(SOURCE)


class Handler(dap.handler.Handler):
    """Two mends of dap-python 0.5, which is not as the protocol says in two places.

    It reads the body of a mere acknowledgement as if it were the whole response, and takes the
    numbers of breakpoints for texts.
    """

    def handle_event(self, event: Event) -> object:
        if event.event == "stopped" and "hitBreakpointIds" in event.body:
            event.body["hitBreakpointIds"] = [str(i) for i in event.body["hitBreakpointIds"]]
        return super().handle_event(event)

    def handle_response(self, response: responses.Response) -> object:
        if response.success and response.body is None:
            request = self.client._pending_requests.pop(response.request_seq)
            assert request.command == response.command
            return response
        return super().handle_response(response)


class Connection:
    """dap-python does no I/O: this does it for it."""

    def __init__(self, tape: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SUPPORT / "tape_adapter.py"), str(tape)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.client = dap.Client("foreframe")
        self.client.handler = Handler(self.client)
        self.waiting: list[object] = []
        self.seen: list[object] = []

    def messages(self) -> Iterator[object]:
        """What arrives, as it arrives."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        while True:
            self.process.stdin.write(bytes(self.client.send()))
            self.process.stdin.flush()
            while self.waiting:
                yield self.waiting.pop(0)
            data = self.process.stdout.read1(1 << 16)  # type: ignore[attr-defined]
            if not data:
                return
            self.waiting += self.client.receive(data)

    def until(self, kind: type[T]) -> T:
        for message in self.messages():
            self.seen.append(message)
            if isinstance(message, kind):
                return message
        raise AssertionError(f"no {kind.__name__} came")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    save(record(SOURCE), tmp_path / "program.tape")
    (tmp_path / "program.py").write_text(SOURCE)
    connection = Connection(tmp_path / "program.tape")
    yield connection
    connection.process.kill()
    connection.process.wait()


def test_dap_python_runs_a_session(connection: Connection, tmp_path: Path):
    client = connection.client
    source = types.Source(path=str(tmp_path / "program.py")).model_dump()
    capabilities = connection.until(responses.Initialized)
    assert capabilities.supportsStepBack
    client.send_request("launch", {"program": source["path"]})
    connection.until(events.InitializedEvent)
    wanted = types.SourceBreakpoint(line=MARKS["add"], condition="item == 2").model_dump()
    client.set_breakpoints(source, [wanted])
    (breakpoint_,) = connection.until(responses.SetBreakpointsResponse).breakpoints
    assert breakpoint_.verified
    client.configuration_done()
    stopped = connection.until(events.StoppedEvent)
    assert (stopped.reason, stopped.hitBreakpointIds) == ("breakpoint", [str(breakpoint_.id)])

    client.stack_trace(thread_id=1)
    frame = connection.until(responses.StackTraceResponse).stackFrames[0]
    assert (frame.name, frame.line) == ("total", MARKS["add"])
    client.scopes(frame.id)
    scope = connection.until(responses.ScopesResponse).scopes[0]
    client.variables(scope.variablesReference)
    variables = connection.until(responses.VariablesResponse).variables
    assert {v.name: v.value for v in variables} == {
        "items": "[1, 2, 3]",
        "result": "1",
        "item": "2",
    }
    client.evaluate("items[item] * 10", frame_id=frame.id, context="hover")
    assert connection.until(responses.EvaluateResponse).result == "30"

    client.step_back(thread_id=1)
    connection.until(events.StoppedEvent)
    client.set_breakpoints(source, [])
    client.continue_(thread_id=1)
    assert connection.until(events.StoppedEvent).description == "At the end"
    outputs = [m for m in connection.seen if isinstance(m, events.OutputEvent)]
    assert [m.output for m in outputs if m.category == "stdout"] == ["6\n"]
    client.next(thread_id=1)
    connection.until(events.TerminatedEvent)
    client.disconnect()
    assert connection.until(responses.Response).command == "disconnect"
    assert connection.process.wait(10) == 0
