"""The arguments of requests: names, strict types, unknown fields."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from foreframe_protocol.dap import CAPABILITIES
from foreframe_protocol.dap_arguments import (
    LaunchArguments,
    SetBreakpointsArguments,
    StackTraceArguments,
    VariablesArguments,
)


def test_names_are_camel_case_on_the_wire():
    launch = LaunchArguments.model_validate({"program": "a.py", "stopOnEntry": True})
    assert launch.stop_on_entry is True


def test_unknown_fields_are_no_error():
    launch = LaunchArguments.model_validate({"program": "a.py", "__sessionId": "x", "new": 1})
    assert launch.program == "a.py"


def test_null_says_nothing():
    launch = {"program": "a.py", "stopOnEntry": None, "mode": None, "args": [None]}
    launch = LaunchArguments.model_validate(launch)
    assert (launch.stop_on_entry, launch.mode, launch.args) == (False, "imagine", [None])


@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        (LaunchArguments, {}),
        (LaunchArguments, {"program": 3}),
        (LaunchArguments, {"program": "a.py", "stopOnEntry": "yes"}),
        (LaunchArguments, {"program": "a.py", "maxFrames": 0}),
        (LaunchArguments, {"program": "a.py", "args": {"n": 1}}),
        (StackTraceArguments, {"threadId": "1"}),
        (StackTraceArguments, {"threadId": 1, "levels": -1}),
        (VariablesArguments, {"variablesReference": 1, "filter": "all"}),
        (SetBreakpointsArguments, {"source": {}, "breakpoints": [{"line": "3"}]}),
    ],
)
def test_wrong_types_are_refused(model, arguments):
    with pytest.raises(ValidationError):
        model.model_validate(arguments)


def test_the_deprecated_lines_are_breakpoints_too():
    arguments = SetBreakpointsArguments.model_validate({"source": {"path": "a"}, "lines": [3, 5]})
    assert [b.line for b in arguments.wanted()] == [3, 5]


def test_nothing_is_announced_twice_or_switched_off():
    assert all(CAPABILITIES.values())
