"""Requests that schemathesis makes of the server's own OpenAPI document, right and wrong ones."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

import fuzzed
import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

ENGINE = range(1000, 1100)  # numbers of what the engine could not do, which is no fault of ours
DOCUMENT = "/api/v1/openapi.json"
ENDLESS = ("/events",)  # streams that go on until they are left
MODEL = ("/inputs", "/fill")  # what asks a model for more than frames; the rules are none
BASE = "http://127.0.0.1:8642"


class OpenApi:
    """The server without a port, and all that can be asked of it. To be closed."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._open = AsyncExitStack()
        self.app = self._run(self._open.enter_async_context(fuzzed.application()))
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url=BASE)
        document = self._run(self._client.get(DOCUMENT)).json()
        schema = schemathesis.openapi.from_dict(document)
        self.operations = [found.ok() for found in schema.get_all_operations()]
        self.wrong: list[str] = []
        self.statuses: dict[int, int] = {}

    def close(self) -> None:
        self._run(self._client.aclose())
        self._run(self._open.aclose())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)

    def ask(self, operation: Any, count: int, number: int) -> None:
        """So many requests for one operation, valid and invalid ones; notes what was wrong."""
        if operation.path.endswith(ENDLESS + MODEL):
            return
        for mode in GenerationMode:
            fixed = {"path_parameters": {"id": self._session()}} if "{id}" in operation.path else {}
            for options in ({}, fixed) if fixed else ({},):
                self._ask(operation.as_strategy(generation_mode=mode, **options), count, number)

    def _ask(self, cases: Any, count: int, number: int) -> None:
        @seed(number)
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(cases)
        def run(case: Any) -> None:
            self.call(case)

        try:
            run()
        except Exception as error:
            if "Unsatisfiable" not in type(error).__name__:  # nothing of this kind can be made
                raise

    def call(self, case: Any) -> None:
        """One request, and what of its answer no client should see."""
        wanted = case.as_transport_kwargs(base_url=BASE)
        headers = {
            name: value.encode("utf-8", "replace")
            for name, value in dict(wanted.get("headers") or {}).items()
        }
        body = wanted.get("data")
        try:
            request = self._client.build_request(
                wanted["method"],
                wanted["url"],
                params=wanted.get("params"),
                json=wanted.get("json"),
                content=body if isinstance(body, bytes | str) else None,
                headers=headers,
            )
        except (httpx.InvalidURL, TypeError, ValueError):
            return  # nothing that httpx would send
        answer = self._run(asyncio.wait_for(self._client.send(request), fuzzed.DEADLINE))
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        code = None
        if answer.status_code >= 400 and case.method != "HEAD":
            kind = answer.headers.get("content-type")
            if kind != "application/problem+json":
                self.wrong.append(f"{case.as_curl_command()}: {answer.status_code} as {kind}")
                return
            code = answer.json()["code"]
        if answer.status_code >= 500 and code not in ENGINE:
            self.wrong.append(f"{case.as_curl_command()}: {answer.status_code} {answer.text}")

    def _session(self) -> str:
        """One that is open."""
        body = {"source": fuzzed.PROGRAM, "function": "f", "args": "3", "look_ahead_tokens": 0}
        for old in self._run(self._client.get("/api/v1/sessions")).json()["sessions"]:
            self._run(self._client.delete(f"/api/v1/sessions/{old['id']}"))
        answer = self._run(self._client.post("/api/v1/sessions", json=body))
        return str(answer.json()["id"])
