"""Live mode over stdio, with the model that ships, seen by an independent client."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dap import events, responses, types
from dap_python import Connection

SOURCE = """\
def total(items):
    result = 0
    for item in items:
        result += item
    print(result)
    return result

total([1, 2, 3])
"""
FOREFRAME = str(Path(sys.executable).with_name("foreframe"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    (tmp_path / "program.py").write_text(SOURCE)
    connection = Connection(FOREFRAME, "dap")
    yield connection
    connection.process.kill()
    connection.process.wait()


def test_dap_python_leads_a_real_program_and_looks_ahead(connection: Connection, tmp_path: Path):
    client = connection.client
    source = types.Source(path=str(tmp_path / "program.py")).model_dump()
    connection.until(responses.Initialized)
    client.send_request("launch", {"program": source["path"], "mode": "live"})
    connection.until(events.InitializedEvent)
    wanted = types.SourceBreakpoint(line=4, condition="item == 2").model_dump()
    client.set_breakpoints(source, [wanted])
    (breakpoint_,) = connection.until(responses.SetBreakpointsResponse).breakpoints
    assert breakpoint_.verified
    client.configuration_done()
    stopped = connection.until(events.StoppedEvent)
    assert stopped.reason == "breakpoint"

    def shown() -> tuple[list[str], dict[str, str]]:
        """The frames, and the variables of the innermost that is no label."""
        client.stack_trace(thread_id=stopped.threadId)
        frames = connection.until(responses.StackTraceResponse).stackFrames
        client.scopes(next(f.id for f in frames if f.presentationHint != "label"))
        scope = connection.until(responses.ScopesResponse).scopes[0]
        client.variables(scope.variablesReference)
        variables = connection.until(responses.VariablesResponse).variables
        return [f.name for f in frames], {v.name: v.value for v in variables}

    names, values = shown()
    assert names == ["total", "<module>"]
    assert values == {"items": "[1, 2, 3]", "result": "1", "item": "2"}
    client.send_request("foreframe/lookAhead", {"frames": 1})
    assert connection.until(events.StoppedEvent).description == "Imagined"
    names, values = shown()
    assert names[0].startswith("IMAGINED, 1 ahead: nothing runs")
    assert values["items"] == "[1, 2, 3]"
    client.step_in(thread_id=stopped.threadId)
    assert connection.until(events.StoppedEvent).description == "Back at the real stop"
    client.step_in(thread_id=stopped.threadId)
    assert connection.until(events.StoppedEvent).reason == "step"
    names, values = shown()
    assert values == {"items": "[1, 2, 3]", "result": "3", "item": "2"}
    client.set_breakpoints(source, [])
    client.continue_(thread_id=stopped.threadId)
    connection.until(events.TerminatedEvent)
    outputs = [m for m in connection.seen if isinstance(m, events.OutputEvent)]
    assert "".join(m.output for m in outputs if m.category == "stdout") == "6\n"
    client.disconnect()
    assert connection.until(responses.Response).command == "disconnect"
    assert connection.process.wait(20) == 0
