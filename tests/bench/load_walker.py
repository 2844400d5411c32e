"""One of many sessions of the load: steps at random, looks at every stop, and notes what is odd."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

SOURCE = """\
def helper_{0}(x):
    y = x + 1
    return y

def work_{0}(marker, n):
    total = 0
    for i in range(n):
        total = total + i
        total = helper_{0}(total)
    return total
"""
ACTIONS: list[tuple[int, dict[str, Any]]] = [  # how often, and what
    (10, {"kind": "step", "action": "step_over", "direction": "forward"}),
    (6, {"kind": "step", "action": "step_into", "direction": "forward"}),
    (2, {"kind": "step", "action": "step_out", "direction": "forward"}),
    (3, {"kind": "step", "action": "step_over", "direction": "backward"}),
    (1, {"kind": "step", "action": "run_to", "direction": "forward"}),
    (1, {"kind": "set_variable", "name": "n", "value": "3"}),
    (2, {"kind": "look_ahead", "frames": 3}),
]
FIRST_MARKER = 100_000
Shown = tuple[Any, ...]


@dataclass
class Found:
    """What all sessions together have seen. Seconds; MiB by seconds since the start."""

    steps: list[float] = field(default_factory=list)
    per_session: dict[int, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    rewritten: int = 0  # stops whose marker the model has made something else
    later: int = 0  # requests that were told to come back
    broken: int = 0  # connections that were lost before the answer; asked again, with the same key
    memory: list[tuple[float, float]] = field(default_factory=list)


class Walker:
    """One session after the other with the same marker, over HTTP or a WebSocket."""

    def __init__(
        self, number: int, url: str, client: httpx.AsyncClient, found: Found, patience: float
    ) -> None:
        """`patience`: seconds for one action, before it counts as lost."""
        self.number, self.url, self.client, self.found = number, url, client, found
        self.patience = patience
        self.marker = str(FIRST_MARKER + number)
        self.over_socket = number % 2 == 1
        self.ident = ""
        self.socket: ClientConnection | None = None
        self.shown: list[tuple[dict[str, Any], Shown]] = []  # of the first session: action and stop
        self.is_first = True
        self.requests = 0

    async def begin(self, **options: object) -> None:
        source = SOURCE.format(self.number)
        body = {
            "source": source,
            "function": f"work_{self.number}",
            "args": f"{self.marker}, 4",
            "max_frames": 60,
            "breakpoints": [{"line": 9}],
            **options,
        }
        view = await self.ask("POST", "/sessions", body)
        self.ident = view["id"]
        while view["status"] == "running":
            await asyncio.sleep(0.5)
            view = await self.ask("GET", f"/sessions/{self.ident}")
        self.look(view["stop"])
        self.is_at_end = False
        if self.over_socket:
            address = f"{self.url.replace('http', 'ws', 1)}/api/v1/sessions/{self.ident}/socket"
            self.socket = await connect(
                f"{address}?after={view['sequence']}", max_size=None, open_timeout=self.patience
            )

    async def end(self) -> None:
        if self.socket is not None:
            await self.socket.close()
            self.socket = None
        await self.ask("DELETE", f"/sessions/{self.ident}")
        self.is_first = False

    async def ask(self, method: str, path: str, body: object = None, **params: object) -> Any:
        """An answer; asks again when it is told to."""
        key = {"Idempotency-Key": secrets.token_hex(8)} if method == "POST" else {}
        while True:
            try:
                answer = await self.client.request(
                    method, f"{self.url}/api/v1{path}", json=body, params=params, headers=key
                )
            except httpx.TransportError as error:
                self.found.broken += 1
                print(f"{self.number}: {method} {path}: {error!r}", file=sys.stderr)
                continue
            if answer.status_code not in (429, 503):
                break
            self.found.later += 1
            await asyncio.sleep(float(answer.headers["retry-after"]) * (1 + random.random()))
        if answer.status_code >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    async def act(self, action: dict[str, Any]) -> bool:
        """Does one thing and looks where it leads; whether the program goes on."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self.patience):
                status, stop = await (self._send(action) if self.socket else self._post(action))
        except TimeoutError:
            self.found.lost.append(f"{self.number}: {action}")
            return False
        if action["kind"] == "step":
            self.found.steps.append(time.perf_counter() - began)
        self.found.per_session[self.number] = self.found.per_session.get(self.number, 0) + 1
        shown = self.look(stop) if stop else ()
        state = stop["state"] if stop else {"event": None}
        self.is_at_end = state["event"] == "return" and len(state["stack"]) == 1
        if self.is_first:
            self.shown.append((action, (status, shown)))
        return status != "ended"

    async def _post(self, action: dict[str, Any]) -> tuple[str, Any]:
        path = f"/sessions/{self.ident}"
        session = (await self.ask("POST", f"{path}/actions", action, wait=60))["session"]
        while session["status"] == "running":
            await asyncio.sleep(0.2)
            session = await self.ask("GET", path)
        return session["status"], session["stop"]

    async def _send(self, action: dict[str, Any]) -> tuple[str, Any]:
        """The answer to this request, and the event that ends the action."""
        assert self.socket is not None
        self.requests += 1
        await self.socket.send(json.dumps({"request": self.requests, "action": action}))
        answer: Any = None
        ending: Any = None
        since = None
        while True:
            told = json.loads(await self.socket.recv())
            match told["kind"]:
                case "answer":
                    if told["request"] != self.requests:
                        self.found.mixed.append(f"{self.number}: an answer to {told['request']}")
                    if told.get("problem"):
                        raise RuntimeError(told["problem"]["detail"])
                    answer = told["answer"]["session"]
                case "running":
                    since = told["sequence"]
                case "stopped" | "ended":
                    ending = told
            if answer is None:
                continue
            if action["kind"] == "look_ahead":
                return answer["status"], answer["stop"]
            if ending is not None and since is not None and ending["sequence"] > since:
                if ending["kind"] == "ended":
                    view = await self.ask("GET", f"/sessions/{self.ident}")
                    return view["status"], view["stop"]
                return "stopped", ending["stop"]

    def look(self, stop: Any) -> Shown:
        """What a stop shows; notes what is somebody else's."""
        stack = stop["state"]["stack"]
        for scope in stack:
            name, _, number = scope["function"].rpartition("_")
            marker = scope["locals"].get("marker", {"text": self.marker})["text"]
            if (name and number != str(self.number)) or is_others(marker, self.marker):
                self.found.mixed.append(f"{self.number}: {scope['function']} {marker}")
            elif marker != self.marker:
                self.found.rewritten += 1
        return tuple(
            (s["function"], s["line"], tuple((n, v["text"]) for n, v in s["locals"].items()))
            for s in stack
        )

    async def walk(self, until: float, pause: float, **options: object) -> None:
        """Until then, with pauses as of somebody who reads."""
        chance = random.Random(self.number)
        weights = [often for often, _ in ACTIONS]
        await asyncio.sleep(chance.random() * pause)
        while time.monotonic() < until:
            await self.begin(**options)
            goes_on = True
            while goes_on and time.monotonic() < until:
                await asyncio.sleep(pause * (0.5 + chance.random()))
                (_, action), *_rest = chance.choices(ACTIONS, weights)
                goes_on = await self.act(self.possible(action))
            await self.end()

    def possible(self, action: dict[str, Any]) -> dict[str, Any]:
        """Nobody edits what has ended or is not shown: the variables of the outermost scope are."""
        if action["kind"] != "set_variable":
            return action
        back = {"kind": "step", "action": "step_over", "direction": "backward"}
        return back if self.is_at_end else {**action, "scope": 0}


def is_others(marker: str, own: str) -> bool:
    """Whether a value is the marker of another session."""
    return marker != own and marker.isdecimal() and len(marker) == len(str(FIRST_MARKER))
