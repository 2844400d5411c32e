"""An independent client, dap-python: it parses and checks all that the adapter says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dap import events, responses, types
from dap_client import SUPPORT
from dap_python import Connection
from tape import marks, record, save

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


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    save(record(SOURCE), tmp_path / "program.tape")
    (tmp_path / "program.py").write_text(SOURCE)
    connection = Connection(
        sys.executable, str(SUPPORT / "tape_adapter.py"), str(tmp_path / "program.tape")
    )
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
