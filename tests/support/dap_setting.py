"""A program on disk, its tape, and a client of an adapter without a transport."""

from __future__ import annotations

from pathlib import Path

from dap_client import in_process
from tape import TapeWorld, marks, record

SOURCE = """\
from dataclasses import dataclass

@dataclass
class Point:
    x: int
    y: list

def area(point):

    # a comment
    size = point.x * len(point.y)  # @area_first
    return size  # @area_return

def f(n):
    points = {"a": Point(n, [1, 2])}  # @f_first
    big = list(range(250))  # @big
    size = area(points["a"])  # @call
    print("size is", area(points["a"]))  # @print
    if n > 5:
        raise ValueError("too large")  # @raise
    return size  # @f_return

text = "x" * 1500  # @text
result = f(2)  # @module_call
"""
MARKS = marks(SOURCE)


class Setting:
    """A program on disk, its tape, and a client of an adapter."""

    def __init__(self, path: Path, function: str | None, args: str) -> None:
        self.path = str(path)
        path.write_text(SOURCE)
        self.world = TapeWorld(record(SOURCE, function, args))
        self.engines: list[tuple[str, int | None]] = []
        self.client, self.adapter = in_process(self.open_world)
        self.launch = {"function": function, "args": args} if function else {}

    def write(self, content: bytes) -> None:
        Path(self.path).write_bytes(content)

    def open_world(self, engine: str, max_frames: int | None) -> TapeWorld:
        self.engines.append((engine, max_frames))
        return self.world

    async def start(self, *breakpoints: object, **options: object) -> dict[str, object]:
        await self.client.start(self.path, breakpoints, **self.launch, **options)
        return await self.client.event("stopped")
