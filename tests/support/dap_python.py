"""dap-python, an independent client, with a process to talk to: for tests only."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import TypeVar

import dap
from dap import responses
from dap.base import Event

T = TypeVar("T")


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

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
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
