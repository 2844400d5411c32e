"""debugpy as it comes: `debugpy --listen`, its adapter, and a plain client. To compare with."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

from foreframe.debugpy_connection import DebugpyConnection


class StockDebugpy:
    """One program, stepped and looked at by requests of the protocol."""

    process: asyncio.subprocess.Process
    connection: DebugpyConnection

    def __init__(self) -> None:
        self.news: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()

    @classmethod
    async def launch(cls, path: str) -> StockDebugpy:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        stock = cls()
        stock.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "debugpy", "--listen", f"127.0.0.1:{port}",
            "--wait-for-client", path,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        loop = asyncio.get_running_loop()

        def hear(name: str, body: dict[str, Any]) -> None:
            stock.news.put_nowait((name, body))

        while True:
            try:
                _, stock.connection = await loop.create_connection(
                    lambda: DebugpyConnection(
                        lambda name, body: stock.news.put_nowait((name, body))
                    ),
                    "127.0.0.1",
                    port,
                )
            except OSError:
                await asyncio.sleep(0.05)
            else:
                break
        await stock.connection.request("initialize", {"adapterID": "stock"})
        stock.attached = stock.connection.send("attach", {"justMyCode": True})
        await stock.event("initialized")
        return stock

    async def event(self, *names: str) -> tuple[str, dict[str, Any]]:
        """The next event of one of these names."""
        while True:
            name, body = await self.news.get()
            if name in names:
                return name, body

    async def start(self, path: str, line: int) -> int:
        """Runs to a line; the thread that stops there."""
        source = {"source": {"path": path}, "breakpoints": [{"line": line}]}
        await self.connection.request("setBreakpoints", source)
        await self.connection.request("configurationDone")
        _, body = await self.event("stopped")
        return int(body["threadId"])

    async def step(self, command: str, thread: int) -> bool:
        """Whether it stopped again: the program may end."""
        await self.connection.request(command, {"threadId": thread})
        name, _ = await self.event("stopped", "terminated")
        return name == "stopped"

    async def look(self, thread: int) -> list[tuple[str, int, dict[str, str]]]:
        """Function, line and locals of each frame, outermost first."""
        stack = await self.connection.request("stackTrace", {"threadId": thread})
        frames = stack["stackFrames"][::-1]
        found = await asyncio.gather(*(self.locals(frame["id"]) for frame in frames))
        places = [(frame["name"], frame["line"]) for frame in frames]
        return [(*place, values) for place, values in zip(places, found, strict=True)]

    async def locals(self, frame: int) -> dict[str, str]:
        scopes = await self.connection.request("scopes", {"frameId": frame})
        reference = scopes["scopes"][0]["variablesReference"]
        page = await self.connection.request("variables", {"variablesReference": reference})
        return {one["name"]: one["value"] for one in page["variables"]}

    async def close(self) -> None:
        self.connection.close()
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
