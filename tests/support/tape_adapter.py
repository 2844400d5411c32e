"""`foreframe dap` with a tape for a model: `python tape_adapter.py TAPE [--tcp]`.

The tape may also be named by the environment: some clients pass no arguments to an adapter.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from foreframe.dap.server import serve_stdio, serve_tcp
from foreframe.memory import keeper
from foreframe.parties import WorldModel


def main() -> None:
    tape = Path(os.environ.get("FOREFRAME_TAPE") or sys.argv[1])
    # What is told is on disk: tests ask for that on machines that take longer than a person waits.
    keeper.SETTLE_SECONDS = keeper.OPEN_SECONDS = 60.0

    def open_world(engine: str, max_frames: int | None) -> WorldModel:
        from tape import TapeWorld, load

        world = TapeWorld(load(tape), max_frames=max_frames or 1000)
        if engine.startswith("slow:"):
            world.delay = float(engine.removeprefix("slow:"))
        return world

    if "--tcp" in sys.argv:
        serve_tcp(0, open_world=open_world)
    else:
        serve_stdio(open_world=open_world)


if __name__ == "__main__":
    main()
