"""`foreframe mcp` with a tape for a model: `python mcp_tape.py TAPE [DELAY]`.

Each call of the model's that is cancelled is told on stderr.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from tape import TapeWorld, load

from foreframe.client.in_process import in_process
from foreframe.mcp.server import run
from foreframe.web.settings import ServeSettings


class ToldWorld(TapeWorld):
    """Says on stdout, as some library might, that it was asked, and on stderr how that ended."""

    async def predict(self, *args: Any, **options: Any) -> Any:
        print("predicting")
        try:
            return await super().predict(*args, **options)
        except asyncio.CancelledError:
            print("cancelled", file=sys.stderr, flush=True)
            raise


def main() -> None:
    frames = load(Path(sys.argv[1]))
    delay = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0

    def open_world(engine: str, max_frames: int | None) -> TapeWorld:
        world = ToldWorld(frames, max_frames=max_frames or 1000)
        world.delay = delay
        return world

    run(in_process(ServeSettings(keeps=False, engine="tape"), open_world=open_world))


if __name__ == "__main__":
    main()
