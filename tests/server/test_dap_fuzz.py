"""Requests that nobody would send: each is answered once, and none is a fault of our own."""

from __future__ import annotations

import asyncio

from dap_client import in_process
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tape import TapeWorld, record

FRAMES = record("x = 1\n")
COMMANDS = [
    *("initialize", "launch", "attach", "setBreakpoints", "setFunctionBreakpoints", "threads"),
    *("setExceptionBreakpoints", "breakpointLocations", "configurationDone", "stackTrace"),
    *("scopes", "variables", "next", "stepIn", "stepOut", "continue", "pause", "stepBack"),
    *("reverseContinue", "evaluate", "completions", "source", "loadedSources", "exceptionInfo"),
    *("setVariable", "setExpression", "restartFrame", "gotoTargets", "goto", "stepInTargets"),
    *("dataBreakpointInfo", "setDataBreakpoints"),
    *("foreframe/timeline", "foreframe/branches", "foreframe/goTo", "foreframe/"),
    *("cancel", "terminate", "restart", "fly", "", "on_next"),
]
NAMES = st.sampled_from(
    "threadId frameId variablesReference expression source breakpoints line text column filters "
    "start count filter program levels name value targetId step branch dataId x".split()
)
VALUES = st.none() | st.booleans() | st.integers(-3, 5) | st.text(max_size=3) | st.just({})
ARGUMENTS = st.none() | VALUES | st.lists(VALUES, max_size=2)
ARGUMENTS |= st.dictionaries(NAMES, VALUES | st.lists(st.dictionaries(NAMES, VALUES), max_size=2))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(COMMANDS), ARGUMENTS), min_size=1, max_size=12))
def test_every_request_is_answered_exactly_once_whatever_it_says(requests):
    async def talk() -> None:
        client, adapter = in_process(lambda engine, frames: TapeWorld(FRAMES))
        seqs = [client.post(command, arguments) for command, arguments in requests]
        for seq in seqs:
            await client.response(seq)
        answered = [m["request_seq"] for m in client.log if m["type"] == "response"]
        assert sorted(answered) == seqs
        assert all(
            m["success"] or m["body"]["error"]["id"] != 2900 for m in client.log if "success" in m
        )
        await adapter.close()

    asyncio.run(talk())
