"""`foreframe serve` with a tape for a model: `python serve_tape.py TAPE PORT`.

What has `max_frames` = SLOWLY is predicted slowly. Each call of the model, and each that is
cancelled, is told on stderr.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from tape import TapeWorld, load

from foreframe.tokens import read_token
from foreframe.web.running import serve
from foreframe.web.settings import ServeSettings

SLOWLY = 777  # frames
DELAY = 0.25  # seconds before each frame


class ToldWorld(TapeWorld):
    """Says when it is asked, and when somebody has it stop."""

    async def predict(self, *args: Any, **options: Any) -> Any:
        print("predicting", file=sys.stderr, flush=True)
        try:
            return await super().predict(*args, **options)
        except asyncio.CancelledError:
            print("cancelled", file=sys.stderr, flush=True)
            raise


def opener(tape: Path) -> Any:
    """What opens a world of that tape, whatever the engine is called."""
    frames = load(tape)

    def open_world(engine: str, max_frames: int | None) -> TapeWorld:
        world = ToldWorld(frames, max_frames=max_frames or 1000)
        world.delay = DELAY if max_frames == SLOWLY else 0.0
        return world

    return open_world


def main() -> None:
    tape, port = sys.argv[1:]
    settings = ServeSettings(engine="tape", port=int(port), token=read_token(None))
    serve(settings, open_world=opener(Path(tape)))


if __name__ == "__main__":
    main()
